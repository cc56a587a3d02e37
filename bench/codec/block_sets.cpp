// SPDX-License-Identifier: Apache-2.0
#include "bench/codec/block_sets.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bench/pool/source_volume.h"
#include "index/graph/graph_export.h"
#include "index/kernels/convert.h"
#include "index/planner/index.h"

namespace vexfs {

namespace {

template <typename Number>
BlockSet set_of(std::string name, Numbers kind, const std::vector<Number>& numbers) {
    BlockSet set{std::move(name), kind, {}};
    const Bytes bytes = std::as_bytes(std::span(numbers));
    set.bytes.assign(
        bytes.begin(),
        bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / kCodecBlockBytes * kCodecBlockBytes));
    return set;
}

// Collects the links of level 0 by slot.
// Threads: one thread.
class LinkTable final : public index::ChangeSink {
  public:
    explicit LinkTable(size_t rows) : links_(rows * kLinksOfRow) {}

    void links_changed(uint32_t slot, uint32_t level, std::span<const uint32_t> links) override {
        if (level == 0)
            std::copy_n(links.begin(), std::min<size_t>(links.size(), kLinksOfRow),
                        links_.begin() + static_cast<ptrdiff_t>(size_t{slot} * kLinksOfRow));
    }
    void duplicate_added(uint32_t, uint32_t) override {}
    void row_released(uint32_t) override {}
    void entry_changed(uint32_t) override {}

    [[nodiscard]] const std::vector<uint32_t>& links() const { return links_; }

  private:
    static constexpr size_t kLinksOfRow = 32;

    std::vector<uint32_t> links_;
};

} // namespace

Result<BlockSet> text_blocks(const std::string& folder) {
    std::vector<std::byte> all;
    for (const SourceFile& file : VEXFS_TRY(read_sources(folder)))
        all.insert(all.end(), file.bytes.begin(), file.bytes.end());
    BlockSet set = set_of("text", Numbers::kNone, all);
    if (set.blocks() == 0)
        return fail(Code::kENOENT, "codec: fewer than 64 KiB of text");
    return set;
}

std::vector<BlockSet> vector_blocks(const std::string& name, const Matrix& rows) {
    if (rows.element != index::Element::kF32)
        return {set_of(name, Numbers::kNone, rows.bytes)};
    const std::vector<float> floats = rows.floats();
    float low = 0;
    float high = 0;
    for (const float value : floats)
        if (std::isfinite(value)) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    const float span = std::max(high - low, 1e-30F);
    std::vector<uint16_t> halves;
    std::vector<float> of_halves;
    std::vector<float> whole;
    std::vector<uint8_t> bytes;
    for (const float given : floats) {
        const float value = std::isfinite(given) ? given : 0;
        halves.push_back(index::f16_from_f32(value));
        of_halves.push_back(index::f32_from_f16(halves.back()));
        whole.push_back(std::floor((value - low) / span * 255));
        bytes.push_back(static_cast<uint8_t>(whole.back()));
    }
    return {set_of(name + " f32", Numbers::kF32, floats),
            set_of(name + " f32 of f16", Numbers::kF32, of_halves),
            set_of(name + " f16", Numbers::kTwoBytes, halves),
            set_of(name + " f32 of u8", Numbers::kF32, whole),
            set_of(name + " u8", Numbers::kNone, bytes)};
}

Result<BlockSet> link_blocks(const Matrix& rows) {
    const index::TrainingTable sample{rows.element,     index::Metric::kL2,
                                      rows.dim,         rows.bytes.data(),
                                      rows.row_bytes(), std::min<size_t>(rows.rows, 8'192)};
    const std::unique_ptr<index::Index> index = VEXFS_TRY(index::Index::create(sample, {}));
    index::SearchScratch scratch;
    for (uint32_t slot = 0; slot < rows.rows; ++slot)
        VEXFS_TRY_VOID(index->put(slot, rows.view(slot), scratch));
    LinkTable table(rows.rows);
    index::export_graph(index->graph().core(), table);
    return set_of("links", Numbers::kNone, table.links());
}

} // namespace vexfs
