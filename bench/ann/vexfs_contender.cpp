// SPDX-License-Identifier: Apache-2.0
//
// Joins index/codec, index/graph, index/flat and index/planner.
//
// Threads: build() links rows with several threads; the rest is for one.
#include "bench/ann/vexfs_contender.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "index/codec/codec.h"
#include "index/codec/train.h"
#include "index/flat/vector_table.h"
#include "index/graph/change_record.h"
#include "index/graph/consolidate.h"
#include "index/graph/graph.h"
#include "index/graph/graph_export.h"
#include "index/graph/graph_loader.h"
#include "index/planner/searcher.h"

namespace vexfs {
namespace {

using index::BitmapView;
using index::Neighbor;

constexpr size_t kTrainingRows = 16'384;
// Rows that a step of consolidation looks at.
constexpr uint32_t kConsolidateRows = 4'096;

// One buffer for a record, aligned as the kernels want it.
struct alignas(64) RecordBuffer {
    uint8_t bytes[index::kCodecRecordBytesMax];
};

// A row has room for kLinks links: more are neither built nor reported.
ContenderShape as_it_can_be(ContenderShape shape) {
    shape.links = std::min(shape.links, index::kLinks / 2);
    return shape;
}

class VexfsContender final : public Contender {
  public:
    explicit VexfsContender(const ContenderShape& shape) : shape_(as_it_can_be(shape)) {}

    [[nodiscard]] std::string name() const override { return "vexfs"; }
    [[nodiscard]] std::string description() const override;
    Status build(const Matrix& base) override;
    Result<bool> reload() override;
    [[nodiscard]] uint32_t smallest_effort(uint32_t) const override { return 1; }
    Status load_queries(const Matrix& queries) override {
        queries_ = &queries;
        return ok();
    }
    Status restrict_to(const BitmapView* allowed) override {
        allowed_ = allowed;
        return ok();
    }
    Status search(size_t query, uint32_t k, uint32_t effort, std::vector<Neighbor>& out) override {
        return search_by(std::nullopt, 0, query, k, effort, out);
    }
    Status set_clients(uint32_t count) override {
        scratches_.resize(std::max<size_t>(count, scratches_.size()));
        return ok();
    }
    Status search_as(uint32_t client, size_t query, uint32_t k, uint32_t effort,
                     std::vector<Neighbor>& out) override {
        return search_by(std::nullopt, client, query, k, effort, out);
    }
    // With a plan that is not the planner's choice, if there is one.
    Status search_by(std::optional<index::Plan> plan, uint32_t client, size_t query, uint32_t k,
                     uint32_t effort, std::vector<Neighbor>& out);
    Status replace(std::span<const uint32_t> slots, const Matrix& base,
                   std::span<const uint32_t> from) override;
    [[nodiscard]] Footprint footprint() const override;
    Result<uint64_t> file_bytes() override;

  private:
    Result<std::vector<std::byte>> exported_links();
    Status train(const Matrix& base);
    Status link_rows(const Matrix& base);
    Status insert(uint32_t slot, index::VectorView row, RecordBuffer& record,
                  index::Scratch& scratch);

    const ContenderShape shape_;
    uint64_t row_bytes_ = 0;
    const Matrix* queries_ = nullptr;
    const BitmapView* allowed_ = nullptr;
    std::optional<index::Codec> codec_;
    std::optional<index::VectorTable> table_;
    std::optional<index::TableSource> source_;
    std::unique_ptr<index::Graph> graph_;
    std::deque<index::SearchScratch> scratches_{1}; // one for each client
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
    row_bytes_ = base.row_bytes();
    VEXFS_TRY_VOID(train(base));
    table_.emplace(base.element, base.dim);
    source_ = VEXFS_TRY(index::TableSource::make(*table_, shape_.metric, shape_.isa));
    index::GraphConfig config;
    config.shape = codec_->shape();
    config.ef_construction = shape_.build_effort;
    config.links_max = 2 * shape_.links;
    config.links_of_insert = std::min(config.links_of_insert, config.links_max);
    config.seed = shape_.seed;
    config.isa = shape_.isa;
    graph_ = VEXFS_TRY(index::Graph::create(config));
    return link_rows(base);
}

Result<std::vector<std::byte>> VexfsContender::exported_links() {
    index::ChangeWriter writer;
    index::export_graph(graph_->core(), writer);
    return writer.take();
}

// Links, codes and vectors as a store writes them, and the codec.
Result<uint64_t> VexfsContender::file_bytes() {
    const std::vector<std::byte> links = VEXFS_TRY(exported_links());
    const uint64_t row_bytes = uint64_t{codec_->shape().record_bytes} + row_bytes_;
    return links.size() + graph_->live_rows() * row_bytes + codec_->memory_bytes();
}

// Codes and links, as a store keeps them; the codec and the vectors stay. Rows that nothing led to
// come back unlinked and are inserted again, as a store would do it.
Result<bool> VexfsContender::reload() {
    const std::vector<std::byte> links = VEXFS_TRY(exported_links());
    const uint32_t rows = graph_->slot_end();
    std::unique_ptr<index::Graph> loaded = VEXFS_TRY(index::Graph::create(graph_->config()));
    index::GraphLoader loader(*loaded, rows);
    for (uint32_t slot = 0; slot < rows; ++slot) {
        if (graph_->is_linked(slot))
            VEXFS_TRY_VOID(loader.add_code(slot, graph_->code(slot)));
    }
    VEXFS_TRY_VOID(loader.apply(links));
    const index::LoadReport report = VEXFS_TRY(loader.finish());
    for (uint32_t slot : report.pending)
        VEXFS_TRY_VOID(loaded->insert(slot, graph_->code(slot), scratches_[0].walk));
    if (loaded->live_rows() != graph_->live_rows())
        return fail(Code::kEIO, "reload: rows were lost");
    graph_ = std::move(loaded);
    return true;
}

Status VexfsContender::search_by(std::optional<index::Plan> plan, uint32_t client, size_t query,
                                 uint32_t k, uint32_t effort, std::vector<Neighbor>& out) {
    index::SearchRequest request;
    request.query = queries_->view(query);
    request.k = k;
    request.ef = effort;
    request.allowed = allowed_;
    request.forced = plan;
    VEXFS_TRY_VOID(
        index::search({graph_.get(), &*codec_, &*source_}, request, scratches_[client], out));
    return ok();
}

Status VexfsContender::replace(std::span<const uint32_t> slots, const Matrix& base,
                               std::span<const uint32_t> from) {
    for (uint32_t slot : slots)
        VEXFS_TRY_VOID(graph_->remove(slot));
    index::Consolidation consolidation(graph_->core());
    std::vector<uint32_t> released;
    while (graph_->dead_rows() > 0)
        VEXFS_TRY_VOID(consolidation.step(kConsolidateRows, scratches_[0].walk, released));
    RecordBuffer record;
    for (size_t i = 0; i < slots.size(); ++i)
        VEXFS_TRY_VOID(insert(slots[i], base.view(from[i]), record, scratches_[0].walk));
    return ok();
}

Footprint VexfsContender::footprint() const {
    return {graph_->memory().total() + codec_->memory_bytes(), table_->memory_bytes()};
}

std::string VexfsContender::description() const {
    std::string text = "vexfs " + parameters(shape_);
    if (codec_)
        text += ", " + std::to_string(codec_->shape().bits) + "-bit codes of " +
                std::to_string(codec_->shape().record_bytes) + " bytes, re-rank " +
                std::to_string(index::default_rerank(*codec_, 10, UINT32_MAX)) +
                " for 10, kernels " + index::name_of(shape_.isa);
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
    Status search(size_t query, uint32_t k, uint32_t effort, std::vector<Neighbor>& out) override {
        return search_as(0, query, k, effort, out);
    }
    Status set_clients(uint32_t count) override { return whole_.set_clients(count); }
    Status search_as(uint32_t client, size_t query, uint32_t k, uint32_t effort,
                     std::vector<Neighbor>& out) override {
        return whole_.search_by(index::Plan::kCodeScan, client, query, k, effort, out);
    }
    Status replace(std::span<const uint32_t>, const Matrix&, std::span<const uint32_t>) override {
        return ok();
    }
    [[nodiscard]] Footprint footprint() const override { return whole_.footprint(); }
    Result<uint64_t> file_bytes() override { return whole_.file_bytes(); }

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
