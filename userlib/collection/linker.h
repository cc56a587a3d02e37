// SPDX-License-Identifier: Apache-2.0
//
// The background work of a collection: learns codes, links pending rows into the graph, takes dead
// rows out of it, learns anew when the rows have become many more, and writes the graph down.
//
// It starts when there are enough rows for a graph to be worth it. What fails is logged and tried
// again with the next change; meanwhile rows are searched by scans.
//
// Each kind of work is a job of the board, and is left alone while that is paused.
//
// Threads: one of its own; the public methods from any thread.
#pragma once

#include <chrono>
#include <thread>

#include "index/flat/scan.h"
#include "index/graph/scratch.h"
#include "userlib/collection/graph_flush.h"
#include "userlib/collection/link_crew.h"
#include "userlib/collection/row_state.h"

namespace vexfs {

// Fewer rows than this are scanned.
inline constexpr uint64_t kTrainRows = 1000;
// Codes are learned from at most so many rows, drawn evenly from all.
inline constexpr uint64_t kSampleRowsMax = 8192;
// Codes that were learned from few rows are learned anew with so many times as many.
inline constexpr uint64_t kRetrainFactor = 8;
// Threads that link, at most.
inline constexpr size_t kLinkThreadsMax = 4;
// More pending rows than these get their codes ahead of their links: to scan vectors takes five
// times as long.
inline constexpr uint64_t kCodedBacklogRows = 512;
// More rows than these that an open finds pending are linked in haste first.
inline constexpr uint64_t kHastyBacklogRows = 512;
// With more rows than these waiting to be linked a put is slowed to the pace of the linker, but
// never for longer.
inline constexpr uint64_t kBacklogRows = 65536;
inline constexpr std::chrono::seconds kSlowedMax{5};

// Whether codes are worth a second graph, which costs as much as the first: they are of few rows,
// of which there are many more now, or as many rows as they are of came since and they do not fit
// them.
[[nodiscard]] bool should_learn_anew(uint64_t trained_rows, uint64_t rows, uint64_t linked_since,
                                     bool drifted);

class Linker {
  public:
    Linker(RowState& state, bool read_only);
    ~Linker();
    Linker(const Linker&) = delete;
    Linker& operator=(const Linker&) = delete;

    // Rows have changed.
    void wake();
    // Until what is pending now is linked, or cannot be. ECANCELED and ETIMEDOUT as `stop` says;
    // what linking failed with.
    Status wait(const index::ScanStop& stop);
    // Takes the dead rows out of the graph however few they are: waits a while, and says whether
    // none is left. What taking them out failed with.
    Result<bool> take_out_dead(std::chrono::milliseconds time);
    // After a put of so many rows: returns at once unless more than kBacklogRows wait to be linked,
    // else when as many were linked as were put, or linking is paused or fails, or kSlowedMax has
    // passed.
    void slow_down(uint64_t rows);
    // Until what is linked is written. ECANCELED and ETIMEDOUT as `stop` says; what writing failed
    // with.
    Status flush(const index::ScanStop& stop);
    // The collection is to be destroyed: nothing is written when it returns, nor from here on.
    void give_up() { flush_.give_up(); }

  private:
    enum class Task : uint8_t { kStop, kLink, kFlush };

    void run();
    Task next_task();
    void link_rows();
    void flush_pages();
    [[nodiscard]] bool flush_goes_on();
    struct Needs { // what is to be done, and for whom
        LinkedRows* linked = nullptr;
        uint64_t rows = 0;
        bool train_first = false;
        bool train_again = false;
        bool moving = false;
        bool pending = false; // and there is a graph for them
        bool hasty = false;
        bool dead = false;
    };
    Needs needs();
    // True if there is more to do at once.
    Result<bool> step();
    Result<bool> link_some(bool hastily);
    Status improve_some();
    Result<bool> code_some();
    void note_worked(uint64_t done, uint64_t left);
    using InsertOne = std::function<Status(uint32_t slot, index::VectorView, index::Scratch&)>;
    // `at_once` of them a thread.
    Status insert_all(std::span<const uint32_t> slots, size_t at_once, const InsertOne& insert_one)
        VEXFS_REQUIRES_SHARED(state_.lock);
    Status link(uint32_t slot, index::VectorView vector, bool hastily, index::Scratch& scratch)
        VEXFS_REQUIRES_SHARED(state_.lock);
    Status catch_up();
    Result<bool> move_some();
    void finish_move();
    void give_up_move();
    void free_unheld() VEXFS_REQUIRES(state_.lock);
    Result<bool> consolidate_some(LinkedRows& linked, bool all, bool idle);
    [[nodiscard]] bool is_behind();
    Result<std::unique_ptr<LinkedRows>> train();
    Status train_for(bool first, uint64_t rows);
    Status gather_sample(Page& sample);
    void note_done(uint64_t asked);

    RowState& state_;
    const bool read_only_;
    index::Scratch scratch_;
    Page buffer_;
    LinkCrew crew_;
    uint64_t hasty_left_ = 0;  // so many rows are to be linked in haste, before anything else
    uint32_t link_cursor_ = 0; // slots before it were looked at in this pass
    // Slots before it that are not pending are in state_.next. Changed with the state's lock
    // shared.
    uint32_t move_cursor_ = 0;
    uint64_t pass_ = 0; // what was asked for when this pass began
    GraphFlush flush_;
    bool more_ = false;         // to link at once
    bool flush_failed_ = false; // the next try is that of the next change

    Mutex mutex_;
    CondVar changed_;
    bool stop_ VEXFS_GUARDED_BY(mutex_) = false;
    uint64_t asked_ VEXFS_GUARDED_BY(mutex_) = 1; // changes so far; the open is the first
    uint64_t seen_ VEXFS_GUARDED_BY(mutex_) = 0;  // by the thread
    uint64_t done_ VEXFS_GUARDED_BY(mutex_) = 0;  // linked, or failed
    std::optional<Error> failure_ VEXFS_GUARDED_BY(mutex_);
    bool take_out_all_ VEXFS_GUARDED_BY(mutex_) = false;
    uint64_t linked_rows_ VEXFS_GUARDED_BY(mutex_) = 0; // so far
    uint64_t flush_asked_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t flush_done_ VEXFS_GUARDED_BY(mutex_) = 0; // written, or failed
    std::optional<Error> flush_failure_ VEXFS_GUARDED_BY(mutex_);
    std::thread thread_;
};

} // namespace vexfs
