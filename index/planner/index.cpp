// SPDX-License-Identifier: Apache-2.0
#include "index/planner/index.h"

#include <utility>

#include "base/guard.h"

namespace vexfs::index {

Index::Index(Codec codec, std::unique_ptr<Graph> graph)
    : codec_(std::move(codec)), vectors_(codec_.element(), codec_.dim()), graph_(std::move(graph)) {
}

Result<std::unique_ptr<Index>> Index::create(const TrainingTable& sample,
                                             const IndexOptions& options) {
    TrainOptions training;
    training.seed = options.seed;
    TrainedCodec trained = VEXFS_TRY(train_codec(sample, training));
    GraphConfig config;
    config.shape = trained.codec.shape();
    config.ef_construction = options.ef_construction;
    config.seed = options.seed;
    config.isa = options.isa;
    std::unique_ptr<Graph> graph = VEXFS_TRY(Graph::create(config));
    return guard(fail(Code::kENOMEM, "index: no memory"), [&]() -> Result<std::unique_ptr<Index>> {
        std::unique_ptr<Index> index(new Index(std::move(trained.codec), std::move(graph)));
        index->source_ = std::make_unique<TableSource>(
            VEXFS_TRY(TableSource::make(index->vectors_, sample.metric, options.isa)));
        return index;
    });
}

Status Index::put(uint32_t slot, VectorView vector, SearchScratch& scratch) {
    if (slot >= kMaxSlots)
        return fail(Code::kEFBIG, "index: slot beyond the largest");
    if (graph_->core().knows(slot))
        return fail(Code::kEEXIST, "index: the slot has a vector");
    VEXFS_TRY_VOID(vectors_.put(slot, vector));
    alignas(64) uint8_t record[kCodecRecordBytesMax];
    codec_.encode(vector, record);
    return graph_->insert(slot, record, scratch.walk);
}

} // namespace vexfs::index
