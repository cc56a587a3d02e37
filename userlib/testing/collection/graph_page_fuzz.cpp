// SPDX-License-Identifier: Apache-2.0
//
// The input is patches (u16 offset, u8 length, that many bytes) of the first page of a stored
// graph, behind a valid head and codec. Whatever the page says, the collection opens, all of its
// rows are there, and searches and changes go on.
#include <cstring>

#include "index/codec/train.h"
#include "userlib/collection/graph_file.h"
#include "userlib/collection/row_state.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 4;
constexpr uint32_t kRows = 200;

Bytes row_of(const std::vector<float>& rows, size_t row, size_t count = 1) {
    return as_bytes(rows).subspan(row * kDim * sizeof(float), count * kDim * sizeof(float));
}

// Some rows are equal, so that the page has every kind.
std::vector<float> vectors() {
    Random random(1);
    std::vector<float> rows;
    for (size_t i = 0; i < kRows * kDim; ++i)
        rows.push_back(static_cast<float>(random.below(1000)));
    for (size_t row = 1; row < 20; ++row)
        std::copy_n(rows.begin(), kDim, rows.begin() + static_cast<ptrdiff_t>(row * kDim));
    return rows;
}

index::Codec codec_for(const std::vector<float>& rows) {
    const index::TrainingTable table{index::Element::kF32,  index::Metric::kL2,   kDim,
                                     as_bytes(rows).data(), kDim * sizeof(float), kRows};
    index::TrainOptions options;
    options.generation = 1;
    return std::move(index::train_codec(table, options).value().codec);
}

// As the linker writes it.
Page sound_page(const std::vector<float>& rows, const Schema& schema) {
    const auto linked = make_linked_rows(schema, codec_for(rows), kRows).value();
    linked->graph->set_sink(&linked->changes);
    index::Scratch scratch;
    for (uint32_t slot = 0; slot < kRows; ++slot) {
        alignas(64) uint8_t record[index::kCodecRecordBytesMax];
        const Bytes row = row_of(rows, slot);
        VEXFS_ASSERT(linked->changes.expect(slot, vector_sum(row)));
        linked->codec.encode({schema.element, kDim, row.data()}, record);
        VEXFS_ASSERT(linked->graph->insert(slot, record, scratch));
    }
    const std::array<uint32_t, 1> numbers{0};
    return encode_graph_pages(linked->graph->core(), linked->changes, 1, numbers)[0];
}

void patch(Page& page, Bytes patches) {
    while (patches.size() >= 3) {
        const size_t offset = load_le<uint16_t>(patches.data());
        const size_t length =
            std::min<size_t>(static_cast<uint8_t>(patches[2]), patches.size() - 3);
        const size_t room = std::min(length, page.size() - offset);
        std::copy_n(patches.begin() + 3, room, page.begin() + static_cast<ptrdiff_t>(offset));
        patches = patches.subspan(3 + length);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const std::vector<float> rows = vectors();
    static TestCollection made(small_schema(kDim));
    static const index::Codec codec = codec_for(rows);
    static const Page sound = sound_page(rows, made.entry().schema);
    VEXFS_ASSERT(made.rows().put({1030, 0, true, 1, 0, {}, as_bytes(rows)}));
    VEXFS_ASSERT(made.rows().flush_graph({}));
    GraphFile file(made.store(), made.entry().graph_oids[1]);
    GraphHead head;
    head.trained_rows = kRows;
    Page page = sound;
    patch(page, std::as_bytes(std::span(data, size)));
    VEXFS_ASSERT(file.write_codec(codec.parameters(), head));
    VEXFS_ASSERT(file.write_head(head));
    VEXFS_ASSERT(file.write_page(0, page));
    VEXFS_ASSERT(made.store().commit());
    made.crash();

    const std::vector<float> asked(rows.begin(), rows.begin() + kDim);
    VEXFS_ASSERT(made.rows().counts().rows == kRows);
    VEXFS_ASSERT(made.nearest(asked, kRows, true).size() == kRows);
    VEXFS_ASSERT(made.nearest(asked, 10, false).size() == 10);
    VEXFS_ASSERT(made.rows().drop(1030, kRows / 2));
    VEXFS_ASSERT(
        made.rows().put({1030, kAppend, false, 1, 0, {}, row_of(rows, kRows / 2, kRows / 2)}));
    VEXFS_ASSERT(made.rows().wait_linked({}));
    while (!made.rows().take_out_dead(std::chrono::milliseconds(5)).value())
        ;
    VEXFS_ASSERT(made.nearest(asked, kRows, false).size() == kRows);
    return 0;
}
