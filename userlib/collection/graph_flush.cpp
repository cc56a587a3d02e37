// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/graph_flush.h"

namespace vexfs {

namespace {

constexpr size_t kPagesAtOnce = 8;
// For so many rows that are linked a page is written.
constexpr size_t kRowsOfPage = 48;

} // namespace

GraphFlush::GraphFlush(RowState& state, bool read_only)
    : state_(state), enabled_(!read_only && state.entry.graph_oids[0] != 0),
      files_{GraphFile(state.store, state.entry.graph_oids[0]),
             GraphFile(state.store, state.entry.graph_oids[1])} {
    const ReadLock read(state.lock);
    if (state.linked)
        generation_ = state.linked->codec.generation();
}

bool GraphFlush::due() const {
    // Until the graph is whole on the disk, an open finds the one before: then it hurries.
    return enabled_ && credit_ >= (whole_ ? kPagesAtOnce * kRowsOfPage : kRowsOfPage);
}

bool GraphFlush::behind() {
    if (!enabled_)
        return false;
    const MutexLock lock(mutex_);
    const ReadLock read(state_.lock);
    return !given_up_ && state_.linked &&
           (state_.linked->changes.changed() > 0 ||
            state_.linked->codec.generation() != generation_);
}

void GraphFlush::give_up() {
    const MutexLock lock(mutex_);
    given_up_ = true;
}

Result<bool> GraphFlush::step() {
    credit_ = 0;
    const MutexLock lock(mutex_);
    if (!enabled_ || given_up_)
        return false;
    LinkedRows* linked = nullptr; // nobody but the caller's thread replaces it
    {
        const ReadLock read(state_.lock);
        linked = state_.linked.get();
    }
    if (linked == nullptr) {
        for (GraphFile& one : files_)
            VEXFS_TRY_VOID(one.clear());
        return false;
    }
    if (linked->codec.generation() != generation_)
        VEXFS_TRY_VOID(begin(*linked));
    VEXFS_TRY_VOID(write_pages(*linked));
    if (!whole_ && linked->changes.fresh() <= kPagesAtOnce) {
        if (head_.generation == generation_)
            VEXFS_TRY_VOID(file().write_head(head_));
        VEXFS_TRY_VOID(other_file().clear());
        whole_ = true;
    }
    return linked->changes.changed() > 0;
}

// The head of a first graph comes at once: some of its rows are better than none.
Status GraphFlush::begin(const LinkedRows& linked) {
    const uint32_t generation = linked.codec.generation();
    GraphFile& target = files_[generation % files_.size()];
    GraphFile& other = files_[(generation + 1) % files_.size()];
    VEXFS_TRY_VOID(target.clear());
    GraphHead head;
    head.trained_rows = linked.trained_rows;
    VEXFS_TRY_VOID(target.write_codec(linked.codec.parameters(), head));
    const Result<std::optional<GraphHead>> before = other.read_head();
    if (before && !*before)
        VEXFS_TRY_VOID(target.write_head(head));
    head_ = head;
    whole_ = false;
    generation_ = generation;
    return ok();
}

Status GraphFlush::write_pages(LinkedRows& linked) {
    const std::vector<uint32_t> numbers = linked.changes.take(kPagesAtOnce);
    Status written = ok();
    if (!numbers.empty()) {
        std::vector<Page> pages;
        {
            const ReadLock read(state_.lock);
            pages = encode_graph_pages(linked.graph->core(), linked.changes, generation_, numbers,
                                       state_.table.hasty());
        }
        for (size_t i = 0; i < numbers.size() && written; ++i)
            written = file().write_page(numbers[i], pages[i]);
    }
    if (!written)
        linked.changes.put_back(numbers);
    return written;
}

} // namespace vexfs
