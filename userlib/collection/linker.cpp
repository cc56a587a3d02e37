// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/linker.h"

#include <algorithm>

#include "base/guard.h"
#include "base/log.h"
#include "index/codec/train.h"
#include "userlib/collection/row_record.h"

namespace vexfs {

namespace {

constexpr size_t kLinkAtOnce = 16;  // rows of a thread, with the lock held: a put waits for as long
constexpr size_t kHastyAtOnce = 64; // the same of those linked in haste: it takes no longer
constexpr size_t kCodeAtOnce = 512; // rows, with the lock held
// What is linked in haste is at most this share of what it is linked to: it needs good neighbours.
constexpr uint64_t kHastyShare = 4;
// Rows of a thread that consolidation looks at while it links as many as above: a round, which
// looks at all, is over when a fiftieth of them is linked, and their slots are free.
constexpr uint32_t kConsolidateAtOnce = 2048;
constexpr size_t kSampleBytesMax = size_t{64} << 20;
constexpr int kMovesALink = 3;
constexpr std::chrono::milliseconds kReadersWait{1};
constexpr std::chrono::milliseconds kStopWait{10};
// Without a change for so long, all that differs from the disk is written.
constexpr std::chrono::milliseconds kQuiet{1000};

// The first slots of the set from `cursor` on that are not in `but`, at most `count`; the cursor
// moves behind them.
std::vector<uint32_t> next_slots(const SlotSet& set, uint32_t& cursor, size_t count,
                                 const SlotSet& but = {}) {
    std::vector<uint32_t> slots;
    for (size_t word = cursor / 64; word < set.word_count() && slots.size() < count; ++word) {
        uint64_t left = set.load(word);
        if (word < but.word_count())
            left &= ~but.load(word);
        if (word == cursor / 64)
            left &= ~uint64_t{0} << (cursor % 64);
        for (; left != 0 && slots.size() < count; left &= left - 1)
            slots.push_back(
                static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
    }
    cursor =
        slots.size() == count ? slots.back() + 1 : static_cast<uint32_t>(set.word_count() * 64);
    return slots;
}

struct CodeRecord {
    alignas(64) uint8_t bytes[index::kCodecRecordBytesMax];
};

// A row that is there already is one that an attempt left which failed further on.
Status insert(LinkedRows& linked, uint32_t slot, index::VectorView vector, bool hastily,
              index::Scratch& scratch) {
    CodeRecord record;
    VEXFS_TRY_VOID(linked.changes.expect(
        slot, vector_sum({vector.data, index::bytes_of(vector.element, vector.dim)})));
    linked.codec.encode(vector, record.bytes);
    const Status inserted = hastily ? linked.graph->insert_hastily(slot, record.bytes, scratch)
                                    : linked.graph->insert(slot, record.bytes, scratch);
    return inserted || inserted.error().code != Code::kEEXIST ? inserted : ok();
}

// How many rows an open leaves to be linked in haste.
uint64_t hasty_rows(RowState& state) {
    const ReadLock read(state.lock);
    const uint64_t pending = state.table.pending().count();
    const bool many = pending > kHastyBacklogRows && pending <= kBacklogRows;
    return many && state.linked && pending <= state.linked->graph->live_rows() / kHastyShare
               ? pending
               : 0;
}

} // namespace

bool should_learn_anew(uint64_t trained_rows, uint64_t rows, uint64_t linked_since, bool drifted) {
    const bool few = trained_rows < kSampleRowsMax / 2;
    return (few && rows >= kRetrainFactor * trained_rows) ||
           (drifted && linked_since >= trained_rows);
}

Linker::Linker(RowState& state, bool read_only)
    : state_(state), read_only_(read_only),
      crew_(std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kLinkThreadsMax)),
      hasty_left_(hasty_rows(state)), flush_(state, read_only), thread_([this] { run(); }) {}

Linker::~Linker() {
    {
        MutexLock lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Linker::wake() {
    {
        MutexLock lock(mutex_);
        ++asked_;
    }
    changed_.notify_all();
}

Status Linker::wait(const index::ScanStop& stop) {
    MutexLock lock(mutex_);
    const uint64_t wanted = asked_;
    while (done_ < wanted) {
        VEXFS_TRY_VOID(stop.check());
        changed_.wait_for(mutex_, kStopWait);
    }
    return failure_ ? Status(*failure_) : ok();
}

Result<bool> Linker::take_out_dead(std::chrono::milliseconds time) {
    {
        MutexLock lock(mutex_);
        take_out_all_ = true;
        ++asked_;
        failure_.reset();
    }
    changed_.notify_all();
    bool none = false;
    {
        const ReadLock read(state_.lock);
        none = state_.dead.count() == 0;
    }
    MutexLock lock(mutex_);
    if (!none && !failure_)
        changed_.wait_for(mutex_, time);
    take_out_all_ = !none && !failure_;
    if (failure_)
        return *failure_;
    return none;
}

bool Linker::is_behind() {
    const ReadLock read(state_.lock);
    const bool links = state_.linked != nullptr || !state_.schema.flat();
    return links && state_.table.pending().count() > kBacklogRows &&
           state_.jobs.may_work(JobKind::kLink) && state_.jobs.may_work(JobKind::kTrain);
}

void Linker::slow_down(uint64_t rows) {
    const auto until = std::chrono::steady_clock::now() + kSlowedMax;
    uint64_t goal = 0;
    {
        MutexLock lock(mutex_);
        goal = linked_rows_ + rows;
    }
    while (is_behind() && std::chrono::steady_clock::now() < until) {
        MutexLock lock(mutex_);
        if (linked_rows_ >= goal || failure_ || stop_)
            return;
        changed_.wait_for(mutex_, kStopWait);
    }
}

Status Linker::flush(const index::ScanStop& stop) {
    MutexLock lock(mutex_);
    const uint64_t wanted = ++flush_asked_;
    changed_.notify_all();
    while (flush_done_ < wanted) {
        VEXFS_TRY_VOID(stop.check());
        changed_.wait_for(mutex_, kStopWait);
    }
    return flush_failure_ ? Status(*flush_failure_) : ok();
}

void Linker::run() {
    for (;;) {
        switch (next_task()) {
        case Task::kStop:
            return;
        case Task::kLink:
            link_rows();
            break;
        case Task::kFlush:
            flush_pages();
            break;
        }
    }
}

Linker::Task Linker::next_task() {
    const bool behind = !flush_failed_ && flush_.behind();
    MutexLock lock(mutex_);
    while (!stop_ && flush_done_ == flush_asked_ && !more_ && seen_ == asked_) {
        if (!behind)
            changed_.wait(mutex_);
        else if (!changed_.wait_for(mutex_, kQuiet))
            return Task::kFlush;
    }
    if (stop_)
        return Task::kStop;
    return flush_done_ < flush_asked_ ? Task::kFlush : Task::kLink;
}

// Until there is nothing to do, or something else to do first.
void Linker::link_rows() {
    flush_failed_ = false;
    for (more_ = true; more_;) {
        const Result<bool> done =
            guard(fail(Code::kENOMEM, "linker: no memory"), [this] { return step(); });
        more_ = done && *done;
        if (more_ && flush_.due() && !flush_failed_)
            flush_pages();
        MutexLock lock(mutex_);
        if (!done) {
            log(LogLevel::kError, "collection", "rows cannot be linked and stay pending",
                {{"directory", state_.entry.directory}, {"cause", done.error()}});
            state_.jobs.fail_own(done.error());
            failure_ = done.error();
            done_ = seen_;
            changed_.notify_all();
        }
        if (stop_ || flush_done_ < flush_asked_)
            return;
    }
}

// All pages if it is asked for or nothing else is to be done, else some.
void Linker::flush_pages() {
    uint64_t asked = 0;
    {
        MutexLock lock(mutex_);
        asked = flush_asked_;
    }
    Result<bool> more = true;
    do
        more = guard(fail(Code::kENOMEM, "linker: no memory"), [this] { return flush_.step(); });
    while (more && *more && flush_goes_on());
    flush_failed_ = !more;
    if (!more)
        log(LogLevel::kWarning, "collection",
            "the graph cannot be written; some rows are linked again after an open",
            {{"directory", state_.entry.directory}, {"cause", more.error()}});
    MutexLock lock(mutex_);
    flush_failure_ = more ? std::nullopt : std::optional(more.error());
    if (!more || !*more)
        flush_done_ = std::max(flush_done_, asked);
    changed_.notify_all();
}

bool Linker::flush_goes_on() {
    MutexLock lock(mutex_);
    return !stop_ && (flush_done_ < flush_asked_ || (!more_ && seen_ == asked_));
}

void Linker::note_done(uint64_t asked) {
    MutexLock lock(mutex_);
    done_ = std::max(done_, asked);
    failure_.reset();
    changed_.notify_all();
}

Linker::Needs Linker::needs() {
    const ReadLock read(state_.lock);
    Needs needs;
    needs.rows = state_.table.live_slots().count();
    needs.linked = state_.linked.get();
    needs.train_first =
        needs.linked == nullptr && needs.rows >= kTrainRows && !state_.schema.flat();
    needs.moving = state_.next != nullptr;
    // A second graph would be lost where nothing is written.
    needs.train_again = needs.linked != nullptr && !needs.moving && !read_only_ &&
                        should_learn_anew(needs.linked->trained_rows, needs.rows,
                                          needs.linked->linked_since, needs.linked->drifted());
    needs.pending = needs.linked != nullptr && state_.table.pending().count() > 0;
    needs.hasty = state_.table.hasty().count() > 0;
    needs.dead = state_.dead.count() > 0;
    return needs;
}

Result<bool> Linker::step() {
    bool all_dead = false;
    uint64_t asked = 0;
    {
        MutexLock lock(mutex_);
        asked = seen_ = asked_;
        all_dead = take_out_all_;
    }
    if (link_cursor_ == 0)
        pass_ = asked;
    const Needs needs = this->needs();
    // What would be too much is not begun; a second graph takes at least as much as the first.
    const bool room = state_.has_room(0);
    const Error no_room =
        fail(Code::kENOMEM,
             "linker: mem= of the volume, or the machine, has no room for more of the graph");
    if (needs.train_first && !room)
        return no_room;
    if (needs.moving && !room) {
        give_up_move();
        return true;
    }
    const bool train_again = needs.train_again && state_.has_room(needs.linked->memory_bytes());
    const bool may_train = state_.jobs.may_work(JobKind::kTrain);
    if (needs.train_first && !may_train)
        return false;
    if (needs.train_first || (train_again && may_train)) {
        VEXFS_TRY_VOID(train_for(needs.train_first, needs.rows));
        return true;
    }
    const bool may_link = state_.jobs.may_work(JobKind::kLink);
    if (hasty_left_ > 0 && needs.pending && may_link && room)
        return link_some(true);
    if (hasty_left_ == 0)
        crew_.be_nice(); // what is left makes no search slow
    // In turns with links, so that neither waits for the end of the other, however long puts go on.
    bool more = false;
    if (needs.moving && may_train) {
        VEXFS_TRY_VOID(catch_up());
        more = true;
    }
    if (!needs.moving && needs.linked != nullptr)
        more = VEXFS_TRY(consolidate_some(*needs.linked, all_dead && needs.dead,
                                          !needs.pending || !may_link || !room));
    if (needs.hasty && may_link) {
        VEXFS_TRY_VOID(improve_some());
        more = true;
    }
    if (needs.pending) {
        const bool coded = room && VEXFS_TRY(code_some());
        if (!may_link || (more && !room))
            return more || coded;
        if (!room)
            return no_room;
        if (VEXFS_TRY(link_some(false)))
            return true;
    }
    if (needs.hasty)
        return more;
    link_cursor_ = 0;
    note_done(asked);
    return more;
}

Status Linker::train_for(bool first, uint64_t rows) {
    state_.jobs.at_work(JobKind::kTrain, 0, rows);
    std::unique_ptr<LinkedRows> trained = VEXFS_TRY(train());
    {
        const WriteLock write(state_.lock);
        move_cursor_ = 0;
        (first ? state_.linked : state_.next) = std::move(trained);
    }
    if (first)
        state_.jobs.end(JobKind::kTrain);
    return ok();
}

// The codes of rows that will have to wait for their links. True if there were any without.
Result<bool> Linker::code_some() {
    const ReadLock read(state_.lock);
    if (state_.table.pending().count() <= kCodedBacklogRows)
        return false;
    uint32_t cursor = 0;
    const std::vector<uint32_t> slots =
        next_slots(state_.table.pending(), cursor, kCodeAtOnce, state_.table.coded());
    const auto code = [this](uint32_t slot, index::VectorView vector, index::Scratch&)
                          VEXFS_REQUIRES_SHARED(state_.lock) -> Status {
        CodeRecord record;
        state_.linked->codec.encode(vector, record.bytes);
        VEXFS_TRY_VOID(state_.linked->graph->place_code(slot, record.bytes));
        state_.table.coded().add(slot);
        return ok();
    };
    VEXFS_TRY_VOID(insert_all(slots, kLinkAtOnce, code));
    state_.count_memory();
    return !slots.empty();
}

// True if rows are still pending. The graph is never changed while the lock
// is held alone, so a row is either pending or in the graph to all who hold it alone.
Result<bool> Linker::link_some(bool hastily) {
    bool pass_done = false;
    uint64_t done = 0;
    uint64_t hasty = 0;
    uint64_t left = 0;
    {
        const ReadLock read(state_.lock);
        uint32_t cursor = link_cursor_;
        const size_t at_once = hastily ? kHastyAtOnce : kLinkAtOnce;
        const size_t most = at_once * crew_.threads();
        const std::vector<uint32_t> slots = next_slots(state_.table.pending(), cursor, most);
        VEXFS_TRY_VOID(insert_all(slots, at_once,
                                  [&](uint32_t slot, index::VectorView vector,
                                      index::Scratch& scratch) VEXFS_REQUIRES_SHARED(state_.lock) {
                                      return link(slot, vector, hastily, scratch);
                                  }));
        state_.count_memory();
        link_cursor_ = cursor;
        pass_done = slots.size() < most;
        done = slots.size();
        hasty = state_.table.hasty().count();
        left = state_.table.pending().count();
    }
    // A page that is written leaves out what was linked in haste.
    note_worked(hastily ? 0 : done, left + hasty);
    {
        MutexLock lock(mutex_);
        linked_rows_ += done;
        changed_.notify_all();
    }
    hasty_left_ -= hastily ? std::min(hasty_left_, done) : 0;
    if (pass_done) {
        link_cursor_ = 0;
        hasty_left_ = 0;
        if (hasty == 0)
            note_done(pass_);
    }
    return left + hasty > 0;
}

void Linker::note_worked(uint64_t done, uint64_t left) {
    flush_.linked(done);
    state_.jobs.advance(JobKind::kLink, done, left);
    if (left == 0)
        state_.jobs.end(JobKind::kLink);
}

// Looks for the neighbours that rows would have if they had not been linked in haste.
Status Linker::improve_some() {
    uint64_t done = 0;
    uint64_t left = 0;
    {
        const ReadLock read(state_.lock);
        uint32_t cursor = 0;
        const std::vector<uint32_t> slots =
            next_slots(state_.table.hasty(), cursor, kLinkAtOnce * crew_.threads());
        LinkedRows& linked = *state_.linked;
        const auto part_of = [&](size_t part, LinkWorker& worker)
                                 VEXFS_REQUIRES_SHARED(state_.lock) -> Status {
            const size_t first = part * kLinkAtOnce;
            for (size_t i = first; i < std::min(first + kLinkAtOnce, slots.size()); ++i) {
                VEXFS_TRY_VOID(linked.graph->improve(slots[i], worker.scratch));
                linked.changes.differs(linked.changes.page_of(slots[i]));
                state_.table.hasty().remove(slots[i]);
            }
            return ok();
        };
        VEXFS_TRY_VOID(crew_.run(div_ceil(slots.size(), kLinkAtOnce), part_of));
        state_.count_memory();
        done = slots.size();
        left = state_.table.pending().count() + state_.table.hasty().count();
    }
    note_worked(done, left);
    return ok();
}

// Each row whose vector can be read, by the threads of the crew; the caller holds the lock for
// them.
Status Linker::insert_all(std::span<const uint32_t> slots, size_t at_once,
                          const InsertOne& insert_one) {
    // The next parts lie beside them.
    const ReadWidth width = state_.vectors.width(state_.table.end());
    const auto part_of = [&](size_t part, LinkWorker& worker) VEXFS_REQUIRES_SHARED(state_.lock) {
        const std::span<const uint32_t> mine =
            slots.subspan(part * at_once, std::min(at_once, slots.size() - part * at_once));
        return state_.vectors.read_each(
            mine, {worker.buffer,
                   [&](std::span<const uint32_t> sound, const std::byte* const* vectors)
                       VEXFS_REQUIRES_SHARED(state_.lock) -> Status {
                           for (size_t i = 0; i < sound.size(); ++i)
                               VEXFS_TRY_VOID(insert_one(
                                   sound[i], {state_.schema.element, state_.schema.dim, vectors[i]},
                                   worker.scratch));
                           return ok();
                       },
                   [&](uint32_t slot) VEXFS_REQUIRES_SHARED(state_.lock) {
                       state_.table.damaged().add(slot);
                       state_.table.pending().remove(slot);
                   },
                   width});
    };
    return crew_.run(div_ceil(slots.size(), at_once), part_of);
}

Status Linker::link(uint32_t slot, index::VectorView vector, bool hastily,
                    index::Scratch& scratch) {
    // Into the next graph first: it is pending until it is in both.
    if (state_.next && slot < move_cursor_)
        VEXFS_TRY_VOID(insert(*state_.next, slot, vector, false, scratch));
    VEXFS_TRY_VOID(insert(*state_.linked, slot, vector, hastily, scratch));
    state_.linked->note_linked(vector);
    if (hastily)
        state_.table.hasty().add(slot);
    state_.table.pending().remove(slot);
    return ok();
}

// It passes more slots than are linked in the same time, so that there is an end to it.
Status Linker::catch_up() {
    for (int i = 0; i < kMovesALink; ++i)
        if (!VEXFS_TRY(move_some()))
            break;
    return ok();
}

// Links a few rows of the graph in the next one, too. False if that was the last of it.
Result<bool> Linker::move_some() {
    {
        const ReadLock read(state_.lock);
        uint32_t cursor = move_cursor_;
        const size_t most = kLinkAtOnce * crew_.threads();
        std::vector<uint32_t> slots = next_slots(state_.table.live_slots(), cursor, most);
        const bool last = slots.size() < most;
        std::erase_if(slots, [&](uint32_t slot) VEXFS_REQUIRES_SHARED(state_.lock) {
            return state_.table.pending().contains(slot) || state_.table.damaged().contains(slot);
        });
        VEXFS_TRY_VOID(
            insert_all(slots, kLinkAtOnce,
                       [this](uint32_t slot, index::VectorView vector, index::Scratch& scratch)
                           VEXFS_REQUIRES_SHARED(state_.lock) {
                               return insert(*state_.next, slot, vector, false, scratch);
                           }));
        state_.count_memory();
        move_cursor_ = cursor;
        state_.jobs.at_work(JobKind::kTrain, cursor, state_.table.end());
        if (!last)
            return true;
    }
    finish_move();
    return false;
}

// From here on searches walk the new graph.
void Linker::finish_move() {
    std::unique_ptr<LinkedRows> before;
    bool linked = false; // nothing is left to be linked, and was until now
    {
        const WriteLock write(state_.lock);
        before = std::move(state_.linked);
        state_.linked = std::move(state_.next);
        linked = state_.table.pending().count() == 0 && state_.table.hasty().count() > 0;
        state_.table.coded().clear();
        state_.table.hasty().clear();
        free_unheld();
        state_.count_memory();
    }
    if (linked)
        state_.jobs.end(JobKind::kLink);
    state_.jobs.end(JobKind::kTrain);
}

// Dead slots that the one graph does not have are free.
void Linker::free_unheld() {
    const index::GraphCore& core = state_.linked->graph->core();
    for (size_t word = 0; word < state_.dead.word_count(); ++word)
        for (uint64_t left = state_.dead.load(word); left != 0; left &= left - 1) {
            const auto slot =
                static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left)));
            if (core.knows(slot))
                continue;
            state_.dead.remove(slot);
            state_.slots.give(slot);
        }
}

// The codes there are do for all rows, if not as well.
void Linker::give_up_move() {
    {
        const WriteLock write(state_.lock);
        state_.next.reset();
        free_unheld();
        state_.count_memory();
    }
    state_.jobs.end(JobKind::kTrain);
    log(LogLevel::kWarning, "collection", "mem= has no room for a graph of better codes",
        {{"directory", state_.entry.directory}});
}

// `all`: however few they are; `idle`: there is nothing else to do while searches end.
Result<bool> Linker::consolidate_some(LinkedRows& linked, bool all, bool idle) {
    if (!(all || linked.consolidation.is_due()) || !state_.jobs.may_work(JobKind::kConsolidate))
        return false;
    std::vector<uint32_t> released;
    const auto rows = static_cast<uint32_t>(kConsolidateAtOnce * crew_.threads());
    const index::Consolidation::Progress progress =
        VEXFS_TRY(linked.consolidation.step(rows, scratch_, released));
    {
        const WriteLock write(state_.lock);
        for (const uint32_t slot : released)
            state_.dead.remove(slot);
        state_.slots.give(released);
        // Counted before anyone can see that these rows are gone.
        state_.jobs.advance(JobKind::kConsolidate, released.size(), state_.dead.count());
    }
    if (progress == index::Consolidation::Progress::kIdle)
        state_.jobs.end(JobKind::kConsolidate);
    MutexLock lock(mutex_);
    changed_.notify_all();
    if (progress == index::Consolidation::Progress::kWaiting && idle && !stop_)
        changed_.wait_for(mutex_, kReadersWait);
    return true;
}

// Vectors drawn evenly from all rows.
Status Linker::gather_sample(Page& sample) {
    const size_t bytes = state_.vectors.vector_bytes();
    const uint64_t most =
        std::clamp<uint64_t>(kSampleBytesMax / bytes, kTrainRows / 4, kSampleRowsMax);
    std::vector<uint32_t> slots;
    {
        const ReadLock read(state_.lock);
        const SlotSet& live = state_.table.live_slots();
        const uint64_t every = std::max<uint64_t>(1, live.count() / most);
        uint64_t number = 0;
        for (size_t word = 0; word < live.word_count(); ++word)
            for (uint64_t left = live.load(word); left != 0; left &= left - 1)
                if (number++ % every == 0)
                    slots.push_back(static_cast<uint32_t>(
                        word * 64 + static_cast<size_t>(std::countr_zero(left))));
    }
    for (std::span<const uint32_t> rest = slots; !rest.empty();) {
        const ReadLock read(state_.lock);
        std::vector<uint32_t> some;
        for (const uint32_t slot : rest.first(std::min(rest.size(), kLinkAtOnce)))
            if (state_.table.live(slot))
                some.push_back(slot);
        rest = rest.subspan(std::min(rest.size(), kLinkAtOnce));
        VEXFS_TRY_VOID(state_.vectors.read_each(
            some, {buffer_,
                   [&](std::span<const uint32_t> sound, const std::byte* const* vectors) {
                       for (size_t i = 0; i < sound.size(); ++i)
                           sample.insert(sample.end(), vectors[i], vectors[i] + bytes);
                       return ok();
                   },
                   [](uint32_t) {
                   }}));
    }
    return ok();
}

Result<std::unique_ptr<LinkedRows>> Linker::train() {
    Page sample;
    VEXFS_TRY_VOID(gather_sample(sample));
    Schema schema;
    uint64_t rows = 0;
    {
        const ReadLock read(state_.lock);
        schema = state_.schema;
        rows = state_.table.live_slots().count();
    }
    const index::TrainingTable table{
        schema.element, schema.metric,         schema.dim,
        sample.data(),  schema.vector_bytes(), sample.size() / schema.vector_bytes()};
    index::TrainOptions options;
    options.generation = ++state_.graph_generation;
    switch (static_cast<CodesKind>(schema.codes)) {
    case CodesKind::kI8:
        options.kind = index::CodecKind::kPlain;
        options.bits = 8;
        break;
    case CodesKind::kF16:
        options.bits = 16;
        break;
    case CodesKind::kBit:
        options.bits = 1;
        break;
    case CodesKind::kAuto:
    case CodesKind::kNone:
        break;
    }
    index::TrainedCodec trained = VEXFS_TRY(index::train_codec(table, options));
    std::unique_ptr<LinkedRows> linked =
        VEXFS_TRY(make_linked_rows(schema, std::move(trained.codec), rows));
    linked->graph->set_sink(&linked->changes);
    return linked;
}

} // namespace vexfs
