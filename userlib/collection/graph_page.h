// SPDX-License-Identifier: Apache-2.0
//
// A page of a graph on the disk: what the graph knows of a run of slots.
//
// OFFSET  SIZE  MEANING (little-endian; n rows a page, c bytes a code)
//      0     4  generation of the codec
//      4     4  first slot
//      8     4  bytes of upper levels
//     12     4  zero
//     16     n  kind of each row: 0 none, 1 with neighbours, 2 equal to another row
//           4n  sum of the vector that the code was made of, see row_record.h
//           cn  codes
//         128n  neighbours on level 0, up to the first 0xffffffff; of an equal row: the one that it
//               is found through
//               upper levels: records of index/graph/change_record.h, of neighbours alone
//
// A page by itself says enough of its rows to link them: pages may be of different ages.
//
// Threads: pure functions; encode_graph_pages() by whoever changes the graph.
#pragma once

#include "index/graph/change_record.h"
#include "index/graph/graph_core.h"
#include "userlib/collection/graph_changes.h"
#include "userlib/collection/slot_set.h"
#include "userlib/store/record.h"

namespace vexfs {

inline constexpr size_t kGraphPageBytes = 65536;

enum class GraphRowKind : uint8_t { kNone = 0, kNode = 1, kEqual = 2 };

// The pages `numbers` of a graph, each of kGraphPageBytes, or empty if the graph has no row of it.
// Levels that a page has no room for are left out: their rows are linked below. So are the rows of
// `hasty`: they are to be linked again.
std::vector<Page> encode_graph_pages(const index::GraphCore& core, const GraphChanges& rows,
                                     uint32_t generation, std::span<const uint32_t> numbers,
                                     const SlotSet& hasty = {});

// A page out of bytes that nobody vouches for; lent.
class GraphPage {
  public:
    // EUCLEAN if it is not that page of that generation.
    static Result<GraphPage> parse(Bytes bytes, uint32_t code_bytes, uint32_t generation,
                                   uint32_t number);

    [[nodiscard]] uint32_t first() const { return first_; }
    [[nodiscard]] uint32_t rows() const { return rows_; }
    // Of the row first() + i.
    [[nodiscard]] GraphRowKind kind(uint32_t i) const;
    [[nodiscard]] uint32_t sum(uint32_t i) const;
    [[nodiscard]] const uint8_t* code(uint32_t i) const;
    // Returns how many they are.
    uint32_t links(uint32_t i, std::array<uint32_t, index::kLinks>& links) const;
    [[nodiscard]] Bytes upper() const;

  private:
    GraphPage(Bytes bytes, uint32_t code_bytes, uint32_t rows, uint32_t first)
        : bytes_(bytes), code_bytes_(code_bytes), rows_(rows), first_(first) {}

    Bytes bytes_;
    uint32_t code_bytes_;
    uint32_t rows_;
    uint32_t first_;
};

} // namespace vexfs
