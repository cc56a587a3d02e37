// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/row_search.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "index/kernels/convert.h"
#include "index/planner/groups.h"
#include "userlib/collection/stopwatch.h"

namespace vexfs {

namespace {

constexpr size_t kScanAtOnce = 4096; // slots, between two looks at RowQuery::stop
constexpr uint32_t kSampleRows = 64;
constexpr uint32_t kFetchMax = 65536;
// A walk that has to bring more than this share of the visible rows is not worth it.
constexpr uint64_t kWalkShare = 8;
// So few rows are tested at once.
constexpr uint64_t kTestAllRows = 1024;

template <typename Visit>
void for_each_bit(uint64_t word, size_t index, Visit visit) {
    for (; word != 0; word &= word - 1)
        visit(static_cast<uint32_t>(index * 64 + static_cast<size_t>(std::countr_zero(word))));
}

} // namespace

RowSearch::RowSearch(RowState& state, VisibleSets& visible, RowScratch& scratch,
                     const RowQuery& query, RowSearchReport& report)
    : state_(state), visible_sets_(visible), scratch_(scratch), query_(query), report_(report),
      nearest_(query.k, query.per_file) {}

Status RowSearch::check() const {
    if (query_.k == 0)
        return fail(Code::kEINVAL, "search: k is 0");
    if (std::isnan(query_.radius))
        return fail(Code::kEINVAL, "search: radius is NaN");
    if (query_.query.element != state_.schema.element)
        return fail(Code::kEINVAL, "search: element of the query is not that of the schema");
    if (query_.query.dim != state_.schema.dim)
        return fail(Code::kEINVAL, "search: dim of the query is not that of the schema");
    if (index::first_invalid(query_.query))
        return fail(Code::kEINVAL, "search: NaN, Inf or a spare bit in the query");
    return query_.stop.check();
}

Status RowSearch::run(std::vector<RowHit>& hits) {
    hits.clear();
    report_ = {};
    const RowsRead read(state_);
    VEXFS_TRY_VOID(check());
    choose_visible();
    if (report_.visible == 0) {
        report_.exact = true;
        report_.short_why = kShortRows;
        return ok();
    }
    if (query_.predicate != nullptr) {
        tested_.resize(state_.table.end());
        passed_.resize(state_.table.end());
    }
    if (query_.exact || !state_.linked) {
        report_.plan = index::Plan::kExact;
        report_.exact = true;
        VEXFS_TRY_VOID(scan(state_.table.live_slots()));
    } else {
        // Pending ones first: a row that is linked meanwhile is in the graph before it is pending
        // no more.
        VEXFS_TRY_VOID(scan(state_.table.pending()));
        report_.pending_scanned = report_.exact_distances;
        VEXFS_TRY_VOID(walk());
    }
    finish(hits);
    return ok();
}

void RowSearch::choose_visible() {
    const Stopwatch watch(report_.access_ns);
    report_.rows = state_.table.rows();
    report_.visible = state_.table.rows() - state_.table.lost_rows();
    if (query_.classes != nullptr) {
        const uint64_t visible = state_.table.visible_rows(*query_.classes);
        if (visible > 0 && visible < report_.visible)
            visible_ = visible_sets_.of(state_.table, *query_.classes);
        report_.visible = visible;
    }
    report_.matching = report_.visible;
}

// Slots that were handed out after the bitmap was made hold no row yet.
uint64_t RowSearch::visible_word(size_t word) const {
    if (!visible_)
        return state_.table.live_slots().load(word);
    const index::BitmapView visible = visible_->view();
    return word < visible.word_count() ? visible.words[word] : 0;
}

Status RowSearch::scan(const SlotSet& which) {
    if (which.count() == 0)
        return ok();
    const Stopwatch watch(report_.scan_ns);
    scratch_.slots.clear();
    for (size_t word = 0; word < which.word_count(); ++word) {
        for_each_bit(which.load(word) & visible_word(word), word,
                     [&](uint32_t slot) { scratch_.slots.push_back(slot); });
        if (scratch_.slots.size() >= kScanAtOnce)
            VEXFS_TRY_VOID(scan_listed());
    }
    return scan_listed();
}

// The slots that wait in the scratch.
Status RowSearch::scan_listed() {
    VEXFS_TRY_VOID(query_.stop.check());
    const auto measure = [&](std::span<const uint32_t> slots, const std::byte* const* vectors)
                             VEXFS_REQUIRES_SHARED(state_.lock) -> Status {
        scratch_.distances.resize(slots.size());
        state_.distance.to_rows(query_.query.data, vectors, slots.size(),
                                scratch_.distances.data());
        report_.exact_distances += slots.size();
        for (size_t i = 0; i < slots.size(); ++i)
            VEXFS_TRY_VOID(offer(slots[i], scratch_.distances[i]));
        return ok();
    };
    const auto damaged = [&](uint32_t slot) VEXFS_REQUIRES_SHARED(state_.lock) {
        ++report_.degraded;
        state_.table.damaged().add(slot);
    };
    VEXFS_TRY_VOID(state_.vectors.read_each(
        scratch_.slots, {scratch_.buffer, measure, damaged,
                         state_.vectors.width(state_.table.end()), &report_.blocks}));
    scratch_.slots.clear();
    return ok();
}

Status RowSearch::offer(uint32_t slot, float distance) {
    if (distance > query_.radius) {
        beyond_radius_ = true;
        return ok();
    }
    const FoundRow row{distance, state_.table.at(slot).record.id, slot};
    if (!nearest_.wants(row))
        return ok();
    if (query_.predicate != nullptr && !VEXFS_TRY(passes(slot)))
        return ok();
    nearest_.add(row);
    return ok();
}

Result<bool> RowSearch::passes(uint32_t slot) {
    if (tested_.contains(slot))
        return passed_.contains(slot);
    const Stopwatch watch(report_.filter_ns);
    const bool passed = VEXFS_TRY(
        query_.predicate->passes(state_.table.at(slot).record.id, state_.table.stored_row(slot)));
    tested_.add(slot);
    ++report_.tested;
    if (passed) {
        passed_.add(slot);
        ++report_.passed;
    }
    return passed;
}

Status RowSearch::walk() {
    const uint64_t linked = state_.linked->graph->live_rows();
    if (linked == 0 || report_.visible <= report_.pending_scanned) {
        report_.exact = report_.degraded == 0;
        report_.plan = report_.pending_scanned > 0 ? index::Plan::kExact : index::Plan::kNothing;
        return ok();
    }
    report_.degraded += damaged_before();
    nearest_.for_each([&](const FoundRow& row) { offered_.insert(row.slot); });
    Reach reach = VEXFS_TRY(first_reach());
    for (bool enough = false; !enough;) {
        VEXFS_TRY_VOID(query_.stop.check());
        VEXFS_TRY_VOID(walk_round(reach, enough));
        if (!enough)
            VEXFS_TRY_VOID(widen(reach));
    }
    return ok();
}

// Visible rows that are known to be damaged, but for those that the scan of pending ones met.
uint64_t RowSearch::damaged_before() const {
    const SlotSet& damaged = state_.table.damaged();
    uint64_t rows = 0;
    for (size_t word = 0; damaged.count() > 0 && word < damaged.word_count(); ++word)
        rows += static_cast<uint64_t>(std::popcount(damaged.load(word) & visible_word(word) &
                                                    ~state_.table.pending().load(word)));
    return rows;
}

// The files of linked rows. A row that does not pass, or cannot be read, is of none.
// Threads: one thread, as the search.
class RowSearch::Files : public index::RowGroups {
  public:
    Files(RowSearch& search, const RankingSource& source, bool test)
        : search_(search), source_(source), test_(test) {}

    Result<std::optional<uint64_t>> group_of(uint32_t slot) override
        VEXFS_REQUIRES_SHARED(search_.state_.lock) {
        const std::vector<uint32_t>& damaged = source_.damaged();
        if (std::find(damaged.begin(), damaged.end(), slot) != damaged.end() ||
            (test_ && !VEXFS_TRY(search_.passes(slot))))
            return std::optional<uint64_t>();
        return std::optional(search_.state_.table.at(slot).record.id.ino);
    }
    void rows_of(uint64_t file, std::vector<uint32_t>& slots) override
        VEXFS_REQUIRES_SHARED(search_.state_.lock) {
        for (const uint32_t slot : search_.state_.table.file(file)->slots)
            if (slot != kNoSlot)
                slots.push_back(slot);
    }

  private:
    RowSearch& search_;
    const RankingSource& source_;
    const bool test_;
};

// What a walk or scan of the linked rows brings, into scratch_.found.
Status RowSearch::find_near(const Reach& reach, index::SearchReport& found) {
    const RankingSource source(state_.vectors, state_.vectors.width(state_.table.end()),
                               state_.distance);
    const index::BitmapView allowed =
        reach.allowed ? reach.allowed->view() : (visible_ ? visible_->view() : index::BitmapView{});
    index::SearchRequest request{query_.query};
    request.k = query_.per_file ? query_.k : reach.fetch;
    request.ef = query_.ef != 0 ? query_.ef : state_.schema.ef;
    request.radius = query_.radius;
    request.allowed = reach.allowed || visible_ ? &allowed : nullptr;
    request.stop = query_.stop;
    const index::SearchTarget target{state_.linked->graph.get(), &state_.linked->codec, &source};
    if (query_.per_file) {
        Files files(*this, source, reach.lazy);
        const index::GroupFetch fetch{reach.fetch,
                                      reach.lazy ? report_.visible / kWalkShare : UINT64_MAX};
        found = VEXFS_TRY(
            index::search_groups(target, request, files, fetch, scratch_.index, scratch_.found));
    } else {
        found = VEXFS_TRY(index::search(target, request, scratch_.index, scratch_.found));
    }
    beyond_radius_ = beyond_radius_ || found.beyond_radius;
    report_.blocks += source.counts();
    report_.rank_ns += source.rank_ns();
    for (const uint32_t slot : source.damaged()) {
        report_.degraded += state_.table.damaged().add(slot) ? 1 : 0;
        offered_.insert(slot);
    }
    return ok();
}

// `enough` unless farther rows could still be answers.
Status RowSearch::walk_round(const Reach& reach, bool& enough) {
    const Stopwatch watch(report_.walk_ns);
    index::SearchReport found;
    VEXFS_TRY_VOID(find_near(reach, found));
    account(found);
    for (const index::Neighbor& row : scratch_.found)
        if (offered_.insert(row.slot).second)
            VEXFS_TRY_VOID(offer(row.slot, row.distance));
    if (query_.per_file)
        enough = !found.cut_short;
    else
        enough = found.found < reach.fetch ||
                 (nearest_.full() && scratch_.found.back().distance >= nearest_.worst());
    return ok();
}

void RowSearch::account(const index::SearchReport& found) {
    report_.plan = found.plan;
    report_.exact = found.exact;
    report_.fallback = report_.fallback || found.walk_given_up;
    report_.hops += found.hops;
    report_.code_distances += found.code_distances;
    report_.exact_distances += found.exact_distances;
    const bool walked = found.plan == index::Plan::kWalk || found.plan == index::Plan::kNavigate ||
                        found.plan == index::Plan::kTwoHop;
    if (walked)
        report_.ef = query_.ef != 0 ? query_.ef : state_.schema.ef;
}

Result<RowSearch::Reach> RowSearch::first_reach() {
    const Stopwatch watch(report_.plan_ns);
    Reach reach;
    uint64_t wanted = std::min<uint64_t>(query_.k, report_.visible);
    if (query_.per_file)
        wanted *= 4;
    if (query_.predicate != nullptr) {
        const double rate = VEXFS_TRY(sample_rate());
        report_.matching = static_cast<uint64_t>(rate * static_cast<double>(report_.visible));
        const double rows = 1.5 * static_cast<double>(wanted) / std::max(rate, 1e-9) + 8;
        reach.lazy = report_.visible > kTestAllRows &&
                     rows < static_cast<double>(report_.visible) / kWalkShare && rows < kFetchMax;
        if (!reach.lazy)
            VEXFS_TRY_VOID(test_all(reach));
        else
            wanted = static_cast<uint64_t>(rows);
    }
    reach.fetch = static_cast<uint32_t>(std::clamp<uint64_t>(wanted, 1, kFetchMax));
    return reach;
}

// The share of the visible rows that pass, of those that were drawn.
Result<double> RowSearch::sample_rate() {
    Random random(report_.rows);
    uint32_t drawn = 0;
    uint32_t passed = 0;
    // Most slots hold a visible row, or it is a small share that will be tested as a whole.
    for (uint32_t attempt = 0; attempt < 4 * kSampleRows && drawn < kSampleRows; ++attempt) {
        const auto slot = static_cast<uint32_t>(random.below(state_.table.end()));
        if ((visible_word(slot / 64) >> (slot % 64) & 1) == 0)
            continue;
        ++drawn;
        passed += VEXFS_TRY(passes(slot)) ? 1 : 0;
    }
    return drawn < kSampleRows / 4 ? 0.0 : static_cast<double>(passed) / drawn;
}

// Which of the visible rows pass.
Status RowSearch::test_all(Reach& reach) {
    reach.lazy = false;
    for (size_t word = 0; word < state_.table.live_slots().word_count(); ++word) {
        if (word % 16 == 0)
            VEXFS_TRY_VOID(query_.stop.check());
        scratch_.slots.clear();
        for_each_bit(visible_word(word), word,
                     [&](uint32_t slot) { scratch_.slots.push_back(slot); });
        for (const uint32_t slot : scratch_.slots)
            VEXFS_TRY_VOID(passes(slot));
    }
    reach.allowed = passed_;
    report_.matching = passed_.count_set();
    return ok();
}

// What to look at next, after a round that was not enough.
Status RowSearch::widen(Reach& reach) {
    const Stopwatch watch(report_.plan_ns);
    const uint64_t fetch = uint64_t{reach.fetch} * 4;
    if (reach.lazy &&
        (query_.per_file || fetch > kFetchMax || fetch > report_.visible / kWalkShare)) {
        VEXFS_TRY_VOID(test_all(reach));
        reach.fetch = std::min(query_.k, kFetchMax);
        offered_.clear();
        nearest_.for_each([&](const FoundRow& row) { offered_.insert(row.slot); });
        return ok();
    }
    reach.fetch = static_cast<uint32_t>(std::min<uint64_t>(fetch, UINT32_MAX / 8));
    return ok();
}

void RowSearch::finish(std::vector<RowHit>& hits) {
    for (const FoundRow& row : nearest_.finish())
        hits.push_back({row.id, row.distance, state_.table.stored_row(row.slot), row.slot, true});
    report_.exact = report_.exact && report_.degraded == 0;
    if (query_.predicate == nullptr)
        report_.matching = report_.visible;
    if (hits.size() >= query_.k)
        return;
    report_.short_why = (beyond_radius_ ? kShortRadius : kShortRows) |
                        (report_.degraded > 0 ? kShortDegraded : uint32_t{0});
}

} // namespace vexfs
