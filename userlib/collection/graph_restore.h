// SPDX-License-Identifier: Apache-2.0
//
// The graph of a collection as an open finds it.
//
// Pages are read while somebody else reads the rows; then the two are put together. A row is linked
// if its code was made of the very vector that its slot holds. One that the graph does not have, or
// whose page is damaged, is pending. Slots that the graph has and no row are dead. What comes of it
// is logged where it is less than what was there.
//
// Threads: one thread, before anybody else has the state; it reads with threads of its own.
#pragma once

#include <thread>

#include "index/graph/graph_loader.h"
#include "userlib/collection/graph_file.h"
#include "userlib/collection/row_state.h"

namespace vexfs {

class GraphRestore {
  public:
    // Begins to read if there is a graph.
    explicit GraphRestore(RowState& state);
    ~GraphRestore();
    GraphRestore(const GraphRestore&) = delete;
    GraphRestore& operator=(const GraphRestore&) = delete;

    // What the graph will take when it is loaded.
    [[nodiscard]] uint64_t memory_bytes() const;

    // Links the rows of the state's table, all of which are pending. `sums` says by slot which
    // vector the row has that it holds, 0 if that is not known, as it is behind the end.
    void finish(std::span<const uint32_t> sums);

  private:
    struct Reading;
    struct Part;

    Status begin(const GraphFile& file, const GraphHead& head);
    Status read_pages(size_t part);
    Status take_pages(std::span<const uint32_t> numbers, MutableBytes room, Part& mine);
    Status take_page(uint32_t number, Bytes bytes, std::vector<std::byte>& records);
    void join();
    Status link(std::span<const uint32_t> sums) VEXFS_REQUIRES(state_.lock);
    void log_failure(const char* what, const Error& cause) const;

    RowState& state_;
    std::unique_ptr<Reading> reading_; // null: there is no graph
};

} // namespace vexfs
