// SPDX-License-Identifier: Apache-2.0
//
// Options of `vexfs-bench ann`.
//
// Threads: pure.
#include "bench/ann/ann_options.h"

#include "bench/machine/machine.h"

namespace vexfs {

void AnnOptions::bind(Options& options) {
    processor = last_processor();
    options.text("--base", "FILE", "rows: .fbin .u8bin .i8bin .fvecs .bvecs .npy .idx *-ubyte",
                 &base);
    options.text("--query", "FILE", "queries, of the same element type and dimension", &query);
    options.text("--truth", "FILE", "exact answers as .ibin; without it they are computed", &truth);
    options.flag("--cache-truth", "keep computed answers beside the base, by its checksum",
                 &cache_truth);
    options.number("--rows", "N", "use the first N rows", 1, UINT32_MAX, &rows);
    options.number("--queries", "N", "use the first N queries", 1, UINT32_MAX, &queries);
    options.choice("--metric", "distance (l2)", {"l2", "cosine", "dot"}, &metric);
    options.number("--k", "N", "neighbours per query (10)", 1, 1000, &k);
    options.number("--m", "N", "links per row on upper levels (16, of which ours has no more)", 2,
                   256, &links);
    options.number("--efc", "N", "effort while building (200)", 1, 10'000, &build_effort);
    options.number("--threads", "N", "threads that build (1)", 1, 256, &threads);
    options.choice("--peer", "measured side by side (hnswlib)",
                   {"hnswlib", "faiss", "faiss-sq8", "faiss-ivfpq", "all", "none"}, &peer);
    options.text("--external", "FILE,...", "adapters of other indexes: bench/external/*_peer.py",
                 &external);
    options.reals("--filter", "P,P,...", "also search with this percentage of the rows allowed",
                  0.001, 100, &filter_percents);
    options.numbers("--clients", "N,N,...",
                    "also search from so many threads at once, at recall 0.95", 1, 256, &clients);
    options.flag("--correlated", "allow rows away from the queries instead of random ones",
                 &correlated);
    options.number("--churn", "ROUNDS", "instead: replace a tenth of the live rows per round", 1,
                   10'000, &churn_rounds);
    options.number("--live", "N", "live rows of --churn (half of the rows, at most 50,000)", 10,
                   UINT32_MAX, &live_rows);
    options.flag("--reload", "search ours as exported and loaded again, and time that", &reload);
    options.flag("--small", "instead: latency on the first 1,000 and 10,000 rows", &small_sets);
    options.flag("--quick", "all of it in about two minutes, on a generated set", &quick);
    options.number("--rounds", "N", "timed rounds per effort (3)", 1, 1000, &rounds);
    options.numbers("--ef", "N,N,...", "efforts to sweep (a grid up to 1,024)", 1, 100'000,
                    &efforts);
    options.choice("--isa", "instruction set of our kernels and hnswlib's (the best)",
                   {"scalar", "avx2", "avx512", "neon"}, &isa);
    options.number("--core", "N", "processor to measure on (the last one)", 0, 1023, &processor);
    options.number("--seed", "N", "seed of everything that is drawn (1)", 0, UINT64_MAX, &seed);
    options.flag("--json", "report as JSON", &json);
}

std::string AnnOptions::complaint() const {
    if (quick && !(base.empty() && query.empty() && truth.empty()))
        return "--quick generates its own set: --base, --query and --truth do not go with it";
    if (quick && with_faiss())
        return "--quick filters and churns, which FAISS does not; take --peer hnswlib or none";
    if (!quick && base.empty())
        return "--base is missing (or --quick for a generated set)";
    if (!quick && query.empty())
        return "--query is missing";
    if (!truth.empty() && (rows != 0 || churn_rounds != 0 || small_sets))
        return "--truth is for the whole base: with --rows, --churn or --small it is computed";
    if (!truth.empty() && cache_truth)
        return "--cache-truth does not go with --truth";
    if (correlated && filter_percents.empty())
        return "--correlated needs --filter PERCENT";
    if (live_rows != 0 && churn_rounds == 0)
        return "--live needs --churn ROUNDS";
    if (churn_rounds != 0 && with_faiss())
        return "--churn: FAISS removes no rows from these indexes; take --peer hnswlib or none";
    if (!filter_percents.empty() && peer.starts_with("faiss"))
        return "--filter: these indexes of FAISS have no filter; take --peer hnswlib or none";
    if (churn_rounds != 0 && !external.empty())
        return "--external does not go with --churn";
    if (churn_rounds != 0 && !clients.empty())
        return "--clients does not go with --churn";
    if (churn_rounds != 0 && small_sets)
        return "--churn and --small are measured one at a time";
    if ((churn_rounds != 0 || small_sets) && !filter_percents.empty())
        return "--filter does not go with --churn or --small";
    return "";
}

bool AnnOptions::with_faiss() const {
    return peer.starts_with("faiss") || peer == "all";
}

index::Metric AnnOptions::metric_value() const {
    return metric == "l2"       ? index::Metric::kL2
           : metric == "cosine" ? index::Metric::kCosine
                                : index::Metric::kDot;
}

std::vector<uint32_t> AnnOptions::effort_grid() const {
    if (!efforts.empty())
        return {efforts.begin(), efforts.end()};
    // Shares of k first: not every index has to look at k rows to find them.
    std::vector<uint32_t> grid;
    for (uint64_t tenths : {4, 5, 6, 7, 8, 10}) {
        const auto effort = static_cast<uint32_t>(std::max<uint64_t>(k * tenths / 10, 1));
        if (grid.empty() || effort > grid.back())
            grid.push_back(effort);
    }
    for (uint32_t effort : {12U, 14U,  16U,  20U,  24U,  28U,  32U,  40U,  48U,  64U,  80U,
                            96U, 128U, 160U, 192U, 256U, 320U, 384U, 512U, 640U, 768U, 1024U}) {
        if (effort > grid.back())
            grid.push_back(effort);
    }
    return grid;
}

} // namespace vexfs
