// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/graph_restore.h"

#include <algorithm>

#include "base/guard.h"
#include "base/log.h"
#include "base/nice.h"
#include "index/kernels/page_shape.h"
#include "userlib/collection/row_record.h"

namespace vexfs {

namespace {

constexpr size_t kRecordsAtOnce = 4096;
constexpr unsigned kThreadsMax = 8;
constexpr size_t kPagesAtOnce = 8; // that a thread reads
// So many rows that follow each other are one thread's, or fewer where there are not many: threads
// that wrote to one huge page at the same time would each clear it.
constexpr size_t kRowsOfRun = index::kRowsPerPage;

Error no_memory() {
    return fail(Code::kENOMEM, "graph: no memory");
}

// One beyond the last slot that may have a record.
Result<uint32_t> end_of_rows(RowState& state) {
    const uint64_t unit = state.store.layout().header().record_bytes;
    uint64_t end = 0;
    for (;;) {
        const std::vector<uint64_t> found = VEXFS_TRY(
            state.store.records(state.entry.rows_oid, end, kRowRecordsEnd, kRecordsAtOnce));
        if (!found.empty())
            end = found.back() + unit;
        if (found.size() < kRecordsAtOnce)
            break;
    }
    return static_cast<uint32_t>(
        std::min<uint64_t>(end / kRowRecordBytes + 1, index::kMaxSlots - 1));
}

Result<index::Codec> make_codec(const GraphFile& file, const GraphHead& head,
                                const Schema& schema) {
    index::CodecParameters parameters = VEXFS_TRY(file.read_codec(head, schema.dim));
    if (parameters.element != schema.element || parameters.metric != schema.metric ||
        parameters.dim != schema.dim)
        return fail(Code::kEUCLEAN, "graph: its codec is for other vectors");
    return index::Codec::make(std::move(parameters));
}

} // namespace

// What one thread has read.
struct GraphRestore::Part {
    std::vector<std::byte> records; // what pages say beside codes and neighbours
    Status status = ok();
    uint64_t damaged_pages = 0;
};

// A graph that is being read, and what the threads share.
struct GraphRestore::Reading {
    Reading(const GraphFile& its_file, std::unique_ptr<LinkedRows> its_rows, uint32_t slots,
            std::vector<uint32_t> its_pages)
        : file(its_file), linked(std::move(its_rows)), loader(*linked->graph, slots),
          slot_end(slots), pages(std::move(its_pages)),
          parts(1 + std::clamp(2 * std::thread::hardware_concurrency(), 1U, kThreadsMax)),
          run(std::clamp<size_t>(pages.size() / (2 * parts.size()), 1,
                                 kRowsOfRun /
                                     graph_page_rows(linked->codec.shape().record_bytes))) {}

    const GraphFile file;
    std::unique_ptr<LinkedRows> linked;
    index::GraphLoader loader;
    const uint32_t slot_end;
    const std::vector<uint32_t> pages; // that slots below it may have
    std::vector<Part> parts;           // they wait for the device as much as they compute
    const size_t run;                  // pages that a part takes at once
    std::atomic<size_t> next_page = 0;
    std::vector<std::thread> threads;
    std::vector<uint32_t> outdated; // pages that have rows which are none; some more than once
};

GraphRestore::GraphRestore(RowState& state) : state_(state) {
    std::vector<std::pair<GraphHead, uint64_t>> found;
    for (const uint64_t oid : state.entry.graph_oids) {
        if (oid == 0)
            continue;
        const Result<std::optional<GraphHead>> head = GraphFile(state.store, oid).read_head();
        if (!head)
            log_failure("the head of a graph is damaged", head.error());
        else if (*head && oid != state.entry.graph_oids[(*head)->generation % 2])
            log_failure("a graph lies where another one belongs", fail(Code::kEUCLEAN, "graph"));
        else if (*head)
            found.emplace_back(**head, oid);
    }
    std::ranges::sort(found, std::ranges::greater(),
                      [](const auto& one) { return one.first.generation; });
    for (const auto& [newest, oid] : found) {
        const GraphHead& head = newest;
        const GraphFile file(state.store, oid);
        state.graph_generation = std::max(state.graph_generation, head.generation);
        if (reading_)
            continue;
        const Status begun = guard(no_memory(), [&] { return begin(file, head); });
        if (!begun)
            log_failure("a graph cannot be used", begun.error());
    }
}

GraphRestore::~GraphRestore() {
    join();
}

// In memory a row takes about what it takes of its page.
uint64_t GraphRestore::memory_bytes() const {
    return reading_ ? reading_->pages.size() * kGraphPageBytes : 0;
}

void GraphRestore::log_failure(const char* what, const Error& cause) const {
    log(LogLevel::kError, "collection", what,
        {{"directory", state_.entry.directory}, {"cause", cause}});
}

Status GraphRestore::begin(const GraphFile& file, const GraphHead& head) {
    const Schema& schema = state_.entry.schema;
    if (schema.flat())
        return ok();
    index::Codec codec = VEXFS_TRY(make_codec(file, head, schema));
    std::vector<uint32_t> pages = VEXFS_TRY(file.pages());
    // Behind the rows there may be those that were removed before a crash. A page that lies farther
    // out than there are pages is none: it would only cost memory.
    const uint64_t page_rows = graph_page_rows(head.code_bytes);
    const uint64_t rows_end = VEXFS_TRY(end_of_rows(state_));
    const uint64_t pages_max = 2 * (rows_end / page_rows + 1 + pages.size());
    const auto behind = std::ranges::lower_bound(pages, pages_max);
    std::vector<uint32_t> outdated(behind, pages.end());
    pages.erase(behind, pages.end());
    const uint64_t pages_end = pages.empty() ? 0 : (uint64_t{pages.back()} + 1) * page_rows;
    const auto slot_end = static_cast<uint32_t>(
        std::min<uint64_t>(std::max(rows_end, pages_end), index::kMaxSlots - 1));
    auto reading = std::make_unique<Reading>(
        file, VEXFS_TRY(make_linked_rows(schema, std::move(codec), head.trained_rows)), slot_end,
        std::move(pages));
    reading->outdated = std::move(outdated);
    VEXFS_TRY_VOID(reading->loader.prepare());
    reading_ = std::move(reading);
    // With fewer threads than are wished for it takes longer.
    for (size_t part = 1; part < reading_->parts.size(); ++part)
        if (!guard(no_memory(), [&]() -> Status {
                reading_->threads.emplace_back([this, part] {
                    be_nice(); // rows are read at the same time, by one thread: that takes as long
                    reading_->parts[part].status =
                        guard(no_memory(), [this, part] { return read_pages(part); });
                });
                return ok();
            }))
            break;
    return ok();
}

// Until no page is left, with the other threads.
Status GraphRestore::read_pages(size_t part) {
    Part& mine = reading_->parts[part];
    Page room(kPagesAtOnce * kGraphPageBytes);
    for (;;) {
        const size_t next = reading_->next_page.fetch_add(reading_->run);
        if (next >= reading_->pages.size())
            return ok();
        std::span<const uint32_t> run = std::span(reading_->pages).subspan(next);
        for (run = run.first(std::min(run.size(), reading_->run)); !run.empty();) {
            const auto some = run.first(std::min(run.size(), kPagesAtOnce));
            run = run.subspan(some.size());
            VEXFS_TRY_VOID(take_pages(some, room, mine));
        }
    }
}

Status GraphRestore::take_pages(std::span<const uint32_t> numbers, MutableBytes room, Part& mine) {
    const std::vector<Result<bool>> read = reading_->file.read_pages(numbers, room);
    for (size_t i = 0; i < numbers.size(); ++i) {
        if (read[i] && !*read[i])
            continue;
        const Bytes page = Bytes(room).subspan(i * kGraphPageBytes, kGraphPageBytes);
        const Status taken =
            read[i] ? take_page(numbers[i], page, mine.records) : Status(read[i].error());
        if (!taken && !is_damage(taken.error()))
            return taken;
        mine.damaged_pages += taken ? 0 : 1;
    }
    return ok();
}

Status GraphRestore::take_page(uint32_t number, Bytes bytes, std::vector<std::byte>& records) {
    LinkedRows& linked = *reading_->linked;
    const GraphPage page = VEXFS_TRY(GraphPage::parse(bytes, linked.codec.shape().record_bytes,
                                                      linked.codec.generation(), number));
    index::ChangeWriter equal;
    std::array<uint32_t, index::kLinks> links;
    for (uint32_t i = 0; i < page.rows() && page.first() + i < reading_->slot_end; ++i) {
        const GraphRowKind kind = page.kind(i);
        const uint32_t slot = page.first() + i;
        if (kind == GraphRowKind::kNone)
            continue;
        VEXFS_TRY_VOID(linked.changes.restore(slot, page.sum(i)));
        const uint32_t count = page.links(i, links);
        // An older page may name slots that are cut off.
        const auto end = std::remove_if(links.begin(), links.begin() + count,
                                        [&](uint32_t link) { return link >= reading_->slot_end; });
        if (kind == GraphRowKind::kNode) {
            VEXFS_TRY_VOID(reading_->loader.add_node(slot, page.code(i), {links.begin(), end}));
            continue;
        }
        VEXFS_TRY_VOID(reading_->loader.add_code(slot, page.code(i)));
        VEXFS_TRY_VOID(linked.changes.restore_equal(slot, links[0]));
        equal.duplicate_added(slot, links[0]);
    }
    const Bytes upper = page.upper();
    records.insert(records.end(), upper.begin(), upper.end());
    const std::vector<std::byte> more = VEXFS_TRY(equal.take());
    records.insert(records.end(), more.begin(), more.end());
    return ok();
}

void GraphRestore::join() {
    if (!reading_)
        return;
    for (std::thread& thread : reading_->threads)
        thread.join();
    reading_->threads.clear();
}

void GraphRestore::finish(std::span<const uint32_t> sums) {
    if (!reading_)
        return;
    const Status linked = guard(no_memory(), [&]() -> Status {
        const Status read = read_pages(0);
        join();
        VEXFS_TRY_VOID(read);
        for (const Part& part : reading_->parts)
            VEXFS_TRY_VOID(part.status);
        const WriteLock write(state_.lock);
        return link(sums);
    });
    if (!linked)
        log_failure("a graph cannot be loaded", linked.error());
}

Status GraphRestore::link(std::span<const uint32_t> sums) {
    GraphChanges& changes = reading_->linked->changes;
    index::GraphLoader& loader = reading_->loader;
    for (uint32_t slot = 0; slot < std::min(state_.table.end(), reading_->slot_end); ++slot) {
        const uint32_t sum = slot < sums.size() ? sums[slot] : 0;
        if (!state_.table.live_slots().contains(slot) || changes.sum(slot) == 0 ||
            (sum != 0 && changes.sum(slot) == sum))
            continue;
        loader.reject(slot);
        reading_->outdated.push_back(changes.page_of(slot));
    }
    uint64_t damaged_pages = 0;
    for (const Part& part : reading_->parts) {
        damaged_pages += part.damaged_pages;
        // Records that make no sense cost the levels behind them.
        if (const Status applied = loader.apply(part.records); !applied)
            ++damaged_pages;
    }
    const index::LoadReport report = VEXFS_TRY(loader.finish(std::thread::hardware_concurrency()));
    if (report.linked == 0)
        return ok();
    index::Graph& graph = *reading_->linked->graph;
    state_.table.resize(graph.slot_end());
    state_.dead.resize(graph.slot_end());
    const bool changed = damaged_pages + report.dropped_links + report.added_links +
                             report.rejected_records + report.pending.size() >
                         0;
    changes.restored(std::max(graph.slot_end(), reading_->slot_end), changed);
    for (const uint32_t page : reading_->outdated)
        changes.differs(page);
    graph.set_sink(&changes);
    // From here on nothing fails.
    for (uint32_t slot = 0; slot < graph.slot_end(); ++slot) {
        if (!graph.is_linked(slot))
            continue;
        if (state_.table.live_slots().contains(slot))
            state_.table.pending().remove_alone(slot);
        else if (graph.remove(slot))
            state_.dead.add(slot);
    }
    state_.linked = std::move(reading_->linked);
    if (damaged_pages > 0)
        log(LogLevel::kError, "collection",
            "pages of the graph are damaged; their rows are linked again",
            {{"directory", state_.entry.directory}, {"pages", damaged_pages}});
    return ok();
}

} // namespace vexfs
