// SPDX-License-Identifier: Apache-2.0
//
// The report as results: store.bare_sync, store.load, store.open, store.commit and store.stall.
//
// Threads: pure.
#include "bench/store/store_report.h"

namespace vexfs {

namespace {

std::vector<double> times(std::vector<double> values, double factor) {
    for (double& value : values)
        value *= factor;
    return values;
}

double per(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void add_disk(Measurement& one, const DiskCounts& disk, uint64_t operations) {
    one.add("disk_writes", "count", Better::kLess, per(disk.writes, operations));
    one.add("disk_bytes", "bytes", Better::kLess, per(disk.write_bytes, operations));
    one.add("disk_flushes", "count", Better::kLess, per(disk.flushes, operations));
}

// Only our store counts what it asks of the device.
void add_own(Measurement& one, const OwnCounts& own, uint64_t operations) {
    if (own.reads + own.writes + own.flushes == 0)
        return;
    one.add("own_reads", "count", Better::kLess, per(own.reads, operations));
    one.add("own_read_bytes", "bytes", Better::kLess, per(own.read_bytes, operations));
    one.add("own_writes", "count", Better::kLess, per(own.writes, operations));
    one.add("own_write_bytes", "bytes", Better::kLess, per(own.write_bytes, operations));
    one.add("own_flushes", "count", Better::kLess, per(own.flushes, operations));
}

class StoreResults {
  public:
    explicit StoreResults(const StoreReport& report) : report_(report) {}

    void add_all(std::vector<Measurement>& all) const {
        Measurement bare = begin("store.bare_sync", 0);
        bare.subject = "bare write and flush";
        bare.description = "4 KiB with fdatasync on " + report_.disk;
        bare.peer = true;
        bare.add_latency(report_.bare_rounds);
        all.push_back(std::move(bare));
        for (size_t store = 0; store < report_.stores.size(); ++store) {
            all.push_back(of_load(store));
            all.push_back(of_open(store, "clean", &StoreFigures::clean));
            all.push_back(of_open(store, "killed", &StoreFigures::killed));
            for (size_t cell = 0; cell < report_.stores[store].commits.size(); ++cell)
                all.push_back(of_commit(store, cell));
        }
        for (const StallFigures& stall : report_.stalls) {
            Measurement one = begin("store.stall", 0);
            one.parameters.emplace_back("data_placed", stall.placed);
            one.add("longest_wait", "ns", Better::kLess, times(stall.longest_ms, 1e6));
            one.add("commit_time", "ns", Better::kLess, times(stall.commit_ms, 1e6));
            all.push_back(std::move(one));
        }
    }

  private:
    [[nodiscard]] Measurement begin(const char* benchmark, size_t store) const {
        return {benchmark,
                report_.stores[store].name,
                store > 0,
                report_.stores[store].description,
                {{"keys", report_.keys}, {"order", report_.order}},
                {},
                {}};
    }
    // The peers' time over ours, to our own measurement only.
    template <typename Pick>
    void add_ratios(Measurement& one, const char* figure, size_t store, Pick pick) const {
        for (size_t other = 1; store == 0 && other < report_.stores.size(); ++other)
            one.ratios.push_back({figure, report_.stores[other].name,
                                  ratio_of(pick(report_.stores[other]), pick(report_.stores[0]))});
    }
    [[nodiscard]] Measurement of_load(size_t store) const {
        const LoadFigures& load = report_.stores[store].load;
        Measurement one = begin("store.load", store);
        one.add("time", "s", Better::kLess, load.seconds);
        add_disk(one, load.disk, report_.keys);
        add_ratios(one, "time", store, [](const StoreFigures& of) { return of.load.seconds; });
        return one;
    }
    [[nodiscard]] Measurement of_open(size_t store, const char* stop,
                                      OpenFigures StoreFigures::*which) const {
        const OpenFigures& open = report_.stores[store].*which;
        Measurement one = begin("store.open", store);
        one.parameters.emplace_back("stop", stop);
        one.add("time", "ns", Better::kLess, times(open.milliseconds, 1e6));
        one.add("synced_puts", "count", Better::kNeither, static_cast<double>(open.synced_puts));
        add_own(one, open.counts, 1);
        add_ratios(one, "time", store,
                   [&](const StoreFigures& of) { return (of.*which).milliseconds; });
        return one;
    }
    [[nodiscard]] Measurement of_commit(size_t store, size_t cell) const {
        const CommitFigures& commit = report_.stores[store].commits[cell];
        Measurement one = begin("store.commit", store);
        one.parameters.emplace_back("pattern", commit.pattern);
        one.parameters.emplace_back("puts", commit.size);
        one.add_latency(commit.rounds);
        one.add("throughput", "1/s", Better::kMore, commit.puts_per_second);
        one.add("commits", "count", Better::kNeither, static_cast<double>(commit.commits));
        add_disk(one, commit.disk, commit.commits);
        add_own(one, commit.counts, commit.commits);
        add_ratios(one, "latency_p50", store,
                   [cell](const StoreFigures& of) { return medians_of(of.commits[cell].rounds); });
        return one;
    }

    const StoreReport& report_;
};

} // namespace

ResultFile results_of(const StoreReport& report) {
    BenchRun run;
    run.command = report.command;
    run.setting =
        "disk " + report.disk + "; each store has " + std::to_string(report.size_bytes) + " bytes";
    StoreResults(report).add_all(run.measurements);
    return {report.machine, {std::move(run)}};
}

} // namespace vexfs
