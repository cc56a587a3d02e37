// SPDX-License-Identifier: Apache-2.0
//
// A graph as an object of the store: a head, the codec's parameters, pages.
//
// The head is an item of the object; without it there is no graph. It comes last when a graph
// replaces another one, so that the other one serves until this one is whole. Graphs of even and
// odd generations have an object each.
//
// OFFSET  SIZE  MEANING of the head (little-endian)
//      0     2  version, 1
//      2     2  zero
//      4     4  generation of the codec
//      8     4  bytes of a code
//     12     4  zero
//     16     8  bytes of the codec's parameters, which are data of the object from offset 0 on
//     24     8  rows of the collection when the codec was learned
//
// Page p is data of the object from offset 2^32 + 65,536 p on. Nothing of it is in the intent log:
// it is made of rows, and can be made again.
//
// Threads: one thread changes it; read_page() and read_pages() any.
#pragma once

#include "index/codec/parameters.h"
#include "userlib/collection/graph_page.h"
#include "userlib/store/store.h"

namespace vexfs {

struct GraphHead {
    uint32_t generation = 0;
    uint32_t code_bytes = 0;
    uint64_t codec_bytes = 0;
    uint64_t trained_rows = 0;
};

class GraphFile {
  public:
    GraphFile(Store& store, uint64_t oid) : store_(store), oid_(oid) {}

    // Nothing if there is no graph; EUCLEAN.
    [[nodiscard]] Result<std::optional<GraphHead>> read_head() const;
    // Of vectors of so many dimensions. EUCLEAN.
    [[nodiscard]] Result<index::CodecParameters> read_codec(const GraphHead& head,
                                                            uint32_t dim) const;
    // The numbers of pages that there may be, ascending.
    [[nodiscard]] Result<std::vector<uint32_t>> pages() const;
    // False if there is none.
    Result<bool> read_page(uint32_t number, MutableBytes page) const;
    // The same for many at once, one after the other in `pages`.
    std::vector<Result<bool>> read_pages(std::span<const uint32_t> numbers,
                                         MutableBytes pages) const;

    Status write_codec(const index::CodecParameters& parameters, GraphHead& head);
    Status write_head(const GraphHead& head);
    // No bytes: there is no such page from here on.
    Status write_page(uint32_t number, Bytes page);
    // There is no graph from here on.
    Status clear();

  private:
    Status apply(const Transaction& transaction);

    Store& store_;
    const uint64_t oid_;
};

} // namespace vexfs
