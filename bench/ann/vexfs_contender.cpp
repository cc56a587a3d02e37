// SPDX-License-Identifier: Apache-2.0
//
// Joins index/codec, index/graph and index/flat.
//
// Threads: build() links rows with several threads; the rest is for one.
#include "bench/ann/vexfs_contender.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "index/codec/codec.h"
#include "index/codec/train.h"
#include "index/flat/code_scan.h"
#include "index/flat/vector_table.h"
#include "index/graph/graph.h"

namespace vexfs {
namespace {

using index::BitmapView;
using index::Neighbor;

constexpr size_t kTrainingRows = 16'384;
// Below these a scan of the codes is faster than a walk that reaches the same recall.
constexpr uint32_t kScanRows = 2'000;
constexpr uint32_t kScanAllowed = 20'000;
// A filter that lets through at most one row in four is walked from allowed row to allowed row.
constexpr uint32_t kTwoHopShare = 4;

// One buffer for a record, aligned as the kernels want it.
struct alignas(64) RecordBuffer {
    uint8_t bytes[index::kCodecRecordBytesMax];
};

class VexfsContender final : public Contender {
  public:
    explicit VexfsContender(const ContenderShape& shape) : shape_(shape) {}

    [[nodiscard]] std::string name() const override { return "vexfs"; }
    [[nodiscard]] std::string description() const override;
    Status build(const Matrix& base) override;
    Status load_queries(const Matrix& queries) override {
        queries_ = &queries;
        return ok();
    }
    Status restrict_to(const BitmapView* allowed) override {
        allowed_ = allowed;
        return ok();
    }
    Status search(size_t query, uint32_t k, uint32_t effort, std::vector<Neighbor>& out) override;
    Status replace(std::span<const uint32_t>, const Matrix&, std::span<const uint32_t>) override {
        return fail(Code::kEOPNOTSUPP, "vexfs: rows are replaced by consolidating the graph");
    }
    [[nodiscard]] Footprint footprint() const override;

    // The search by scan, whatever the sizes are.
    Status search_by_scan(size_t query, uint32_t k, std::vector<Neighbor>& out) {
        codec_->prepare(queries_->view(query), query_code_);
        return scan(queries_->view(query), k, out);
    }

  private:
    Status train(const Matrix& base);
    Status link_rows(const Matrix& base);
    Status insert(uint32_t slot, index::VectorView row, RecordBuffer& record,
                  index::Scratch& scratch);
    [[nodiscard]] uint32_t rerank_depth(uint32_t k) const;
    [[nodiscard]] bool scans() const;
    Status walk(index::VectorView query, uint32_t k, uint32_t effort, std::vector<Neighbor>& out);
    Status scan(index::VectorView query, uint32_t k, std::vector<Neighbor>& out);

    const ContenderShape shape_;
    const Matrix* queries_ = nullptr;
    const BitmapView* allowed_ = nullptr;
    std::optional<index::Codec> codec_;
    std::optional<index::VectorTable> table_;
    std::optional<index::TableSource> source_;
    std::unique_ptr<index::Graph> graph_;
    index::Scratch scratch_;
    index::ScanScratch scan_scratch_;
    index::QueryCode query_code_{};
};

Status VexfsContender::train(const Matrix& base) {
    const size_t step = std::max<size_t>(1, base.rows / kTrainingRows);
    const index::TrainingTable table{base.element,      shape_.metric,           base.dim,
                                     base.bytes.data(), step * base.row_bytes(), base.rows / step};
    index::TrainOptions options;
    options.seed = shape_.seed;
    codec_ = std::move(VEXFS_TRY(index::train_codec(table, options)).codec);
    return ok();
}

Status VexfsContender::insert(uint32_t slot, index::VectorView row, RecordBuffer& record,
                              index::Scratch& scratch) {
    VEXFS_TRY_VOID(table_->put(slot, row));
    codec_->encode(row, record.bytes);
    return graph_->insert(slot, record.bytes, scratch);
}

Status VexfsContender::link_rows(const Matrix& base) {
    std::atomic<uint32_t> next{0};
    Mutex mutex;
    Status first_error = ok();
    const auto work = [&] {
        index::Scratch scratch;
        RecordBuffer record;
        for (uint32_t slot = next.fetch_add(1); slot < base.rows; slot = next.fetch_add(1)) {
            const Status inserted = insert(slot, base.view(slot), record, scratch);
            if (!inserted) {
                const MutexLock lock(mutex);
                first_error = inserted;
                return;
            }
        }
    };
    std::vector<std::thread> workers;
    for (uint32_t i = 1; i < shape_.build_threads; ++i)
        workers.emplace_back(work);
    work();
    for (std::thread& worker : workers)
        worker.join();
    return first_error;
}

Status VexfsContender::build(const Matrix& base) {
    VEXFS_TRY_VOID(train(base));
    table_.emplace(base.element, base.dim);
    source_ = VEXFS_TRY(index::TableSource::make(*table_, shape_.metric, shape_.isa));
    index::GraphConfig config;
    config.shape = codec_->shape();
    config.ef_construction = shape_.build_effort;
    config.links_max = std::min(2 * shape_.links, index::kLinks);
    config.links_of_insert = std::min(config.links_of_insert, config.links_max);
    config.seed = shape_.seed;
    config.isa = shape_.isa;
    graph_ = VEXFS_TRY(index::Graph::create(config));
    return link_rows(base);
}

// How many candidates get an exact distance: what training found to be needed, in proportion.
uint32_t VexfsContender::rerank_depth(uint32_t k) const {
    const uint32_t for_ten = codec_->quality().rerank_depth;
    return std::max(k, for_ten == 0 ? 2 * k : (for_ten * k + 9) / 10);
}

bool VexfsContender::scans() const {
    if (graph_->live_rows() <= kScanRows)
        return true;
    return allowed_ != nullptr && allowed_->count_set <= kScanAllowed;
}

Status VexfsContender::walk(index::VectorView query, uint32_t k, uint32_t effort,
                            std::vector<Neighbor>& out) {
    index::SearchParams params;
    params.k = k;
    params.ef = effort;
    params.rerank = rerank_depth(k);
    params.allowed = allowed_;
    if (allowed_ != nullptr) {
        if (allowed_->count_set <= graph_->live_rows() / kTwoHopShare)
            params.filter_walk = index::FilterWalk::kTwoHop;
        params.distance_budget = allowed_->count_set / 4;
    }
    out.resize(k);
    const index::SearchOutcome outcome =
        VEXFS_TRY(graph_->search({query_code_.values, query, &*source_}, params, scratch_, out));
    if (outcome.end == index::WalkEnd::kBudget)
        return scan(query, k, out);
    out.resize(outcome.found);
    return ok();
}

Status VexfsContender::scan(index::VectorView query, uint32_t k, std::vector<Neighbor>& out) {
    const index::CodeScan codes(codec_->shape(), graph_->core().codes.directory<uint8_t>(),
                                shape_.isa);
    index::ScanRows rows;
    rows.size = graph_->slot_end();
    rows.allowed = allowed_;
    index::ScanCounters counters;
    const index::NearestRows nearest = VEXFS_TRY(
        codes.nearest(rows, query_code_.values, rerank_depth(k), {}, scan_scratch_, counters));
    VEXFS_TRY_VOID(scratch_.prepare_answers(nearest.size()));
    for (size_t i = 0; i < nearest.size(); ++i)
        scratch_.answer_slots[i] = index::slot_of(nearest[i]);
    const std::span slots(scratch_.answer_slots.data(), nearest.size());
    const std::span distances(scratch_.answer_distances.data(), nearest.size());
    VEXFS_TRY_VOID(source_->exact_distances(query, slots, distances));
    out.resize(nearest.size());
    for (size_t i = 0; i < nearest.size(); ++i)
        out[i] = {slots[i], distances[i]};
    std::sort(out.begin(), out.end());
    out.resize(std::min<size_t>(k, out.size()));
    return ok();
}

Status VexfsContender::search(size_t query, uint32_t k, uint32_t effort,
                              std::vector<Neighbor>& out) {
    const index::VectorView vector = queries_->view(query);
    codec_->prepare(vector, query_code_);
    return scans() ? scan(vector, k, out) : walk(vector, k, effort, out);
}

Footprint VexfsContender::footprint() const {
    return {graph_->memory().total() + codec_->memory_bytes(), table_->memory_bytes()};
}

std::string VexfsContender::description() const {
    std::string text = "vexfs " + parameters(shape_);
    if (codec_)
        text += ", " + std::to_string(codec_->shape().bits) + "-bit codes of " +
                std::to_string(codec_->shape().record_bytes) + " bytes, re-rank " +
                std::to_string(rerank_depth(10)) + " for 10, kernels " + index::name_of(shape_.isa);
    return text;
}

// Threads: as Contender says.
class ScanContender final : public Contender {
  public:
    explicit ScanContender(VexfsContender& whole) : whole_(whole) {}

    [[nodiscard]] std::string name() const override { return "scan"; }
    [[nodiscard]] std::string description() const override {
        return whole_.description() + ", scanning the codes of all allowed rows";
    }
    Status build(const Matrix&) override { return ok(); }
    Status load_queries(const Matrix&) override { return ok(); }
    Status restrict_to(const BitmapView*) override { return ok(); }
    Status search(size_t query, uint32_t k, uint32_t, std::vector<Neighbor>& out) override {
        return whole_.search_by_scan(query, k, out);
    }
    Status replace(std::span<const uint32_t>, const Matrix&, std::span<const uint32_t>) override {
        return ok();
    }
    [[nodiscard]] Footprint footprint() const override { return whole_.footprint(); }

  private:
    VexfsContender& whole_;
};

} // namespace

VexfsContenders make_vexfs_contenders(const ContenderShape& shape) {
    auto whole = std::make_unique<VexfsContender>(shape);
    auto scan = std::make_unique<ScanContender>(*whole);
    return {std::move(whole), std::move(scan)};
}

} // namespace vexfs
