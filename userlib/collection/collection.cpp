// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/collection.h"

#include <algorithm>

#include "base/guard.h"
#include "userlib/collection/linker.h"
#include "userlib/collection/row_record.h"
#include "userlib/collection/row_search.h"
#include "userlib/collection/stopwatch.h"
#include "userlib/collection/warm_up.h"

namespace vexfs {

namespace {

// Reads vectors of neighbouring slots at once.
Status read_slots(RowState& state, std::span<const uint32_t> slots, std::vector<StoredRow>* meta,
                  Page* vectors) VEXFS_REQUIRES_SHARED(state.lock) {
    const size_t bytes = state.vectors.vector_bytes();
    Page buffer;
    size_t done = 0;
    while (vectors != nullptr && done < slots.size()) {
        size_t count = 1;
        while (done + count < slots.size() && slots[done] != kNoSlot &&
               slots[done + count] == slots[done] + count)
            ++count;
        const auto run = slots.subspan(done, count);
        const auto copy = [&](std::span<const uint32_t> some, const std::byte* const* from) {
            for (size_t i = 0; i < some.size(); ++i)
                std::memcpy(vectors->data() + (done + some[i] - run[0]) * bytes, from[i], bytes);
            return ok();
        };
        bool damaged = run[0] == kNoSlot;
        if (!damaged)
            VEXFS_TRY_VOID(state.vectors.read_each(
                run, {buffer, copy, [&](uint32_t slot) VEXFS_REQUIRES_SHARED(state.lock) {
                          state.table.damaged().add(slot);
                          damaged = true;
                      }}));
        if (damaged && meta == nullptr)
            return fail(Code::kEBADMSG, "get: a vector is damaged");
        done += count;
    }
    if (meta != nullptr)
        for (const uint32_t slot : slots)
            meta->push_back(slot != kNoSlot ? state.table.stored_row(slot)
                                            : StoredRow{{}, 0, false, true});
    return ok();
}

} // namespace

Collection::Collection(std::unique_ptr<RowState> state, std::unique_ptr<WarmUp> warm_up,
                       bool read_only)
    : read_only_(read_only), state_(std::move(state)),
      scratches_(std::make_unique<SearchScratches>()), warm_up_(std::move(warm_up)),
      linker_(std::make_unique<Linker>(*state_, read_only)) {}

Collection::~Collection() = default;

Error Collection::no_memory() {
    return fail(Code::kENOMEM, "collection: no memory");
}

Status Collection::check_sound() const {
    if (in_doubt_)
        return fail(Code::kEIO, "collection: memory ran out during a change, open it again");
    return ok();
}

uint32_t Collection::rows_of(uint64_t ino) {
    const ReadLock read(state_->lock);
    const RowTable::File* const file = state_->table.file(ino);
    return file != nullptr ? static_cast<uint32_t>(file->slots.size()) : 0;
}

Status Collection::get(uint64_t ino, uint32_t first, uint32_t rows, std::vector<StoredRow>* meta,
                       Page* vectors) {
    return guard(no_memory(), [&]() -> Status {
        VEXFS_TRY_VOID(check_sound());
        const ReadLock read(state_->lock);
        const RowTable::File* const file = state_->table.file(ino);
        const uint64_t total = file != nullptr ? file->slots.size() : 0;
        const uint64_t count = std::min<uint64_t>(rows, total - std::min<uint64_t>(first, total));
        if (meta != nullptr)
            meta->clear();
        if (vectors != nullptr)
            vectors->assign(count * state_->vectors.vector_bytes(), std::byte{0});
        if (count == 0)
            return ok();
        return read_slots(*state_, std::span(file->slots).subspan(first, count), meta, vectors);
    });
}

Status Collection::read_vector(const RowHit& hit, const index::VectorView& point,
                               MutableBytes out) {
    VEXFS_TRY_VOID(check_sound());
    const Error gone = fail(Code::kENOENT, "collection: the row is no more");
    const ReadLock read(state_->lock);
    const RowTable::File* const file = state_->table.file(hit.id.ino);
    if (file == nullptr || hit.id.row >= file->slots.size() ||
        file->slots[hit.id.row] != hit.slot || out.size() != state_->vectors.vector_bytes())
        return gone;
    const Status status = state_->vectors.read(hit.slot, 1, out);
    if (!status && is_damage(status.error()))
        return fail(Code::kEBADMSG, "collection: the vector of the row is damaged");
    VEXFS_TRY_VOID(status);
    // A slot that was given back may have come to the same row with another vector.
    const std::byte* const vector = out.data();
    float distance = 0;
    state_->distance.to_rows(point.data, &vector, 1, &distance);
    return distance == hit.distance ? ok() : Status(gone);
}

Status Collection::search(const RowQuery& query, std::vector<RowHit>& hits,
                          RowSearchReport& report) {
    return search_each(query, {&query.query, 1}, {&hits, 1}, {&report, 1});
}

Status Collection::search_each(const RowQuery& query, std::span<const index::VectorView> points,
                               std::span<std::vector<RowHit>> hits,
                               std::span<RowSearchReport> reports) {
    VEXFS_TRY_VOID(check_sound());
    if (points.empty() || hits.size() != points.size() || reports.size() != points.size())
        return fail(Code::kEINVAL, "search: room for the answers of the points");
    return guard(no_memory(), [&]() -> Status {
        uint64_t ns = 0;
        Status found = ok();
        {
            const Stopwatch watch(ns);
            SearchScratches::Lease scratch(*scratches_);
            found = RowSearch(*state_, scratches_->visible(), *scratch, query, points, reports)
                        .run(hits);
        }
        searches_ += points.size();
        search_ns_ += ns;
        return found;
    });
}

Status Collection::wait_linked(const index::ScanStop& stop) {
    return linker_->wait(stop);
}

JobBoard& Collection::jobs() {
    return state_->jobs;
}

Result<uint32_t> Collection::resume_jobs(uint64_t id) {
    const uint32_t jobs = VEXFS_TRY(state_->jobs.resume(id));
    linker_->wake();
    return jobs;
}

Result<bool> Collection::take_out_dead(std::chrono::milliseconds time) {
    return linker_->take_out_dead(time);
}

void Collection::slow_down(uint64_t rows) {
    linker_->slow_down(rows);
}

Status Collection::flush_graph(const index::ScanStop& stop) {
    return linker_->flush(stop);
}

void Collection::give_up_graph() {
    linker_->give_up();
}

RowCounts Collection::counts() {
    const ReadLock read(state_->lock);
    RowCounts counts;
    counts.files = state_->table.files();
    counts.rows = state_->table.rows();
    counts.pending = state_->table.pending().count() + state_->table.hasty().count();
    counts.damaged = state_->table.damaged().count() + state_->table.lost_rows();
    counts.dead = state_->dead.count();
    counts.slots = state_->slots.end();
    if (state_->linked) {
        counts.trained_rows = state_->linked->trained_rows;
        counts.code_bytes = state_->linked->codec.shape().record_bytes;
    }
    for (const auto* const linked : {state_->linked.get(), state_->next.get()})
        counts.graph_bytes += linked != nullptr ? linked->memory_bytes() : 0;
    counts.memory_bytes = state_->memory_bytes() + scratches_->visible().memory_bytes();
    counts.puts = puts_;
    counts.drops = drops_;
    counts.searches = searches_;
    counts.search_ns = search_ns_;
    counts.blocks = state_->vectors.counts();
    return counts;
}

Result<RowsOnDisk> Collection::on_disk() {
    Store& store = state_->store;
    RowsOnDisk disk;
    // Of what is damaged nobody knows how much it is.
    const auto add = [&](uint64_t oid, uint64_t& sum) -> Status {
        const Result<uint64_t> bytes = store.stored_bytes(oid);
        if (!bytes)
            return is_damage(bytes.error()) ? ok() : Status(bytes.error());
        sum += *bytes;
        return ok();
    };
    VEXFS_TRY_VOID(add(state_->entry.vectors_oid, disk.vector_bytes));
    VEXFS_TRY_VOID(add(state_->entry.rows_oid, disk.record_bytes));
    for (const uint64_t oid : state_->entry.graph_oids)
        if (oid != 0)
            VEXFS_TRY_VOID(add(oid, disk.graph_bytes));
    return disk;
}

Schema Collection::schema() {
    const ReadLock read(state_->lock);
    return state_->schema;
}

uint64_t Collection::directory() const {
    return state_->entry.directory;
}

Status Collection::set_schema(const Schema& schema) {
    if (read_only_)
        return fail(Code::kEROFS, "schema: the volume is open for reading only");
    const MutexLock change(change_mutex_);
    const Schema before = this->schema();
    VEXFS_TRY_VOID(check_update(before, schema));
    CollectionEntry entry = state_->entry;
    entry.schema = with_defaults(schema);
    entry.schema.created_ns = before.created_ns;
    Transaction transaction;
    put_collection(transaction, entry);
    VEXFS_TRY_VOID(state_->store.apply(transaction));
    VEXFS_TRY_VOID(state_->store.set_form(entry.vectors_oid, form_of_vectors(entry.schema)));
    const WriteLock write(state_->lock);
    state_->schema = entry.schema;
    return ok();
}

} // namespace vexfs
