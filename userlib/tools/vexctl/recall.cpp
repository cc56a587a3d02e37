// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/random.h"
#include "userlib/tools/vexctl/schema_words.h"
#include "userlib/tools/vexctl/status.h"
#include "userlib/tools/vexctl/walk.h"

namespace vexfs {

namespace {

struct Sample {
    std::string path;
    uint32_t row;
};

// Rows below a directory, each with the same chance, drawn in one pass; a row may come twice.
Result<std::vector<Sample>> draw(const std::string& start, size_t count, uint64_t seed,
                                 Failure& failure) {
    Random random(seed);
    std::vector<Sample> samples;
    uint64_t seen = 0;
    const auto visit = [&](const FileWithRows& file) {
        seen += file.rows;
        if (samples.empty())
            samples.resize(count);
        for (Sample& sample : samples)
            if (random.below(seen) < file.rows)
                sample = {file.path, static_cast<uint32_t>(random.below(file.rows))};
        return ok();
    };
    VEXFS_TRY_VOID(walk_rows(start, visit, failure));
    return samples;
}

// One of the two ways to search, and what it took.
class Searches {
  public:
    explicit Searches(uint32_t flags) : flags_(flags) {}

    Result<std::unique_ptr<vexfs_hits, Free>> ask(const Node& node, vexfs_query query,
                                                  Failure& failure) {
        query.flags |= flags_;
        vexfs_hits* raw = nullptr;
        vexfs_reason reason{};
        const auto start = std::chrono::steady_clock::now();
        const int result = vexfs_rows_search(node.raw(), &query, &raw, &reason);
        times_.push_back(static_cast<uint64_t>(
            std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count()));
        if (result != 0)
            return explain(result, node.path(), reason, failure);
        plan_ = raw->answers[0].plan;
        return std::unique_ptr<vexfs_hits, Free>(raw);
    }

    // The time that `percent` of the searches did not exceed.
    [[nodiscard]] uint64_t quantile(size_t percent) {
        std::sort(times_.begin(), times_.end());
        return times_.empty() ? 0 : times_[(times_.size() - 1) * percent / 100];
    }
    [[nodiscard]] const char* plan() const { return plan_name(plan_); }

  private:
    const uint32_t flags_;
    std::vector<uint64_t> times_;
    uint32_t plan_ = VEXFS_PLAN_NONE;
};

// The hits other than the row itself, `k` at most.
std::vector<vexfs_hit> others(const vexfs_hits& hits, uint64_t ino, uint32_t row, uint32_t k) {
    std::vector<vexfs_hit> list;
    for (uint32_t i = 0; i < hits.hits && list.size() < k; ++i)
        if (hits.hit[i].ino != ino || hits.hit[i].row != row)
            list.push_back(hits.hit[i]);
    return list;
}

// How many of the true neighbours were found. One that is as near as the last true one counts:
// which of several at the same distance is found does not matter.
size_t common(const std::vector<vexfs_hit>& found, const std::vector<vexfs_hit>& truth) {
    return static_cast<size_t>(std::count_if(found.begin(), found.end(), [&](const vexfs_hit& hit) {
        return hit.distance <= truth.back().distance;
    }));
}

class Measurement {
  public:
    Measurement(const Node& node, const vexfs_schema& schema, vexfs_query query)
        : node_(node), schema_(schema), query_(query), k_(query.k) {
        query_.dim = schema.dim;
        query_.element = schema.element;
        query_.queries = 1;
        query_.k = k_ + 1; // the row itself is found, too
    }

    Status add(const Sample& sample, Failure& failure) {
        const Node file = VEXFS_TRY(Node::open(node_.path() + "/" + sample.path, failure));
        std::vector<std::byte> vector;
        const auto keep = [&](uint32_t, const vexfs_row& row, const std::byte* bytes) {
            if ((row.flags & VEXFS_ROW_DAMAGED) == 0)
                vector.assign(bytes, bytes + vexfs_vector_bytes(schema_.element, schema_.dim));
            return ok();
        };
        VEXFS_TRY_VOID(file.rows(nullptr, schema_, sample.row, 1, keep, failure));
        if (vector.empty())
            return ok(); // damaged, or removed meanwhile
        vexfs_query query = query_;
        query.vectors = vector.data();
        const auto truth = VEXFS_TRY(exact_.ask(node_, query, failure));
        const auto found = VEXFS_TRY(usual_.ask(node_, query, failure));
        const uint64_t ino = vexfs_node_ino(file.raw());
        const std::vector<vexfs_hit> expected = others(*truth, ino, sample.row, k_);
        ++queries_;
        true_ += expected.size();
        if (!expected.empty())
            found_ +=
                std::min(expected.size(), common(others(*found, ino, sample.row, k_), expected));
        return ok();
    }

    [[nodiscard]] double recall() const {
        return true_ == 0 ? 1 : static_cast<double>(found_) / static_cast<double>(true_);
    }

    void print(bool json) {
        if (json) {
            Json document{{"schema", "vexctl.recall/1"}};
            add_bytes(document, "directory", node_.path());
            document.update({{"k", k_},
                             {"queries", queries_},
                             {"recall", recall()},
                             {"plan", usual_.plan()},
                             {"p50_ns", usual_.quantile(50)},
                             {"p99_ns", usual_.quantile(99)},
                             {"exact_plan", exact_.plan()},
                             {"exact_p50_ns", exact_.quantile(50)},
                             {"exact_p99_ns", exact_.quantile(99)}});
            print_json(document);
            return;
        }
        std::printf("recall@%u  %.4f  over %s queries\n", k_, recall(), grouped(queries_).c_str());
        for (auto& [name, searches] : {std::pair<const char*, Searches*>{"search", &usual_},
                                       std::pair<const char*, Searches*>{"exact", &exact_}})
            std::printf("%-9s  p50 %s, p99 %s, %s\n", name,
                        latency_text(searches->quantile(50)).c_str(),
                        latency_text(searches->quantile(99)).c_str(), searches->plan());
    }

  private:
    const Node& node_;
    const vexfs_schema& schema_;
    vexfs_query query_;
    const uint32_t k_;
    Searches usual_{0};
    Searches exact_{VEXFS_SEARCH_EXACT};
    uint64_t queries_ = 0;
    uint64_t true_ = 0;
    uint64_t found_ = 0;
};

Result<int> recall(const Invocation& invocation, Failure& failure) {
    const std::string filter = invocation.value("filter");
    vexfs_query query{};
    query.k = static_cast<uint32_t>(
        VEXFS_TRY(number_option(invocation, "hits", 1, VEXFS_MAX_K - 1, 10, failure)));
    query.ef = static_cast<uint32_t>(
        VEXFS_TRY(number_option(invocation, "ef", 1, VEXFS_MAX_EF, 0, failure)));
    query.filter = filter.c_str();
    const uint64_t count =
        VEXFS_TRY(number_option(invocation, "queries", 1, 1'000'000, 100, failure));
    const uint64_t seed = VEXFS_TRY(number_option(invocation, "seed", 0, UINT64_MAX, 1, failure));
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0, "."), failure));
    const vexfs_schema schema = VEXFS_TRY(node.schema(failure)).schema;
    const std::vector<Sample> samples = VEXFS_TRY(draw(node.path(), count, seed, failure));
    if (samples.empty())
        return refuse(Code::kENOENT, node.path(), "there is no row to ask with",
                      "vexctl put and vexctl import give files rows", failure);
    Measurement measurement(node, schema, query);
    for (const Sample& sample : samples)
        VEXFS_TRY_VOID(measurement.add(sample, failure));
    measurement.print(invocation.json());
    return kDone;
}

} // namespace

int run_recall(const Invocation& invocation) {
    Failure failure;
    return end_of(recall(invocation, failure), invocation, failure);
}

} // namespace vexfs
