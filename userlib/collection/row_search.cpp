// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/row_search.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "index/flat/code_scan.h"
#include "index/kernels/convert.h"
#include "index/planner/groups.h"
#include "userlib/collection/stopwatch.h"

namespace vexfs {

namespace {

constexpr size_t kScanAtOnce = 4096; // slots, between two looks at RowQuery::stop
// Codes of pending rows are worth a scan if they are so many times those that it ranks.
constexpr uint32_t kCodesPerRanked = 2;
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
                     const RowQuery& query, std::span<const index::VectorView> points,
                     std::span<RowSearchReport> reports)
    : state_(state), visible_sets_(visible), scratch_(scratch), query_(query),
      shared_(reports.front()) {
    asked_.reserve(points.size());
    for (size_t i = 0; i < points.size(); ++i)
        asked_.push_back({points[i], &reports[i], NearestRows(query.k, query.per_file)});
    scratch_.found.resize(std::max(scratch_.found.size(), points.size()));
    scratch_.reports.resize(std::max(scratch_.reports.size(), points.size()));
}

Status RowSearch::check() const {
    if (query_.k == 0)
        return fail(Code::kEINVAL, "search: k is 0");
    if (std::isnan(query_.radius))
        return fail(Code::kEINVAL, "search: radius is NaN");
    for (const Asked& asked : asked_) {
        if (asked.point.element != state_.schema.element)
            return fail(Code::kEINVAL, "search: element of the query is not that of the schema");
        if (asked.point.dim != state_.schema.dim)
            return fail(Code::kEINVAL, "search: dim of the query is not that of the schema");
        if (index::first_invalid(asked.point))
            return fail(Code::kEINVAL, "search: NaN, Inf or a spare bit in the query");
    }
    return query_.stop.check();
}

Status RowSearch::run(std::span<std::vector<RowHit>> hits) {
    const ReadLock read(state_.lock);
    for (size_t i = 0; i < asked_.size(); ++i) {
        hits[i].clear();
        *asked_[i].report = {};
    }
    VEXFS_TRY_VOID(check());
    choose_visible();
    if (shared_.visible == 0) {
        for (Asked& asked : asked_) {
            asked.report->exact = true;
            asked.report->short_why = kShortRows;
        }
        return ok();
    }
    if (query_.predicate != nullptr) {
        tested_.resize(state_.table.end());
        passed_.resize(state_.table.end());
    }
    if (query_.exact || !state_.linked) {
        for (Asked& asked : asked_) {
            asked.report->plan = index::Plan::kExact;
            asked.report->exact = true;
        }
        VEXFS_TRY_VOID(scan(state_.table.live_slots()));
    } else {
        // Pending ones first: a row that is linked meanwhile is in the graph before it is pending
        // no more.
        VEXFS_TRY_VOID(scan_pending());
        VEXFS_TRY_VOID(walk());
    }
    for (size_t i = 0; i < asked_.size(); ++i)
        finish(asked_[i], hits[i]);
    return ok();
}

void RowSearch::choose_visible() {
    const Stopwatch watch(shared_.access_ns);
    const uint64_t rows = state_.table.rows();
    uint64_t visible = rows - state_.table.lost_rows();
    if (query_.classes != nullptr) {
        const uint64_t of_classes = state_.table.visible_rows(*query_.classes);
        if (of_classes > 0 && of_classes < visible)
            visible_ = visible_sets_.of(state_.table, *query_.classes);
        visible = of_classes;
    }
    for (Asked& asked : asked_) {
        asked.report->rows = rows;
        asked.report->visible = asked.report->matching = visible;
    }
}

// Slots that were handed out after the bitmap was made hold no row yet.
uint64_t RowSearch::visible_word(size_t word) const {
    if (!visible_)
        return state_.table.live_slots().load(word);
    const index::BitmapView visible = visible_->view();
    return word < visible.word_count() ? visible.words[word] : 0;
}

// By their vectors; those that are to be treated apart are set aside.
Status RowSearch::scan(const SlotSet& which, const SlotSet* apart) {
    scratch_.coded.clear();
    if (which.count() == 0)
        return ok();
    const Stopwatch watch(shared_.scan_ns);
    scratch_.slots.clear();
    for (size_t word = 0; word < which.word_count(); ++word) {
        const uint64_t rows = which.load(word) & visible_word(word);
        const uint64_t aside = apart != nullptr ? rows & apart->load(word) : 0;
        for_each_bit(rows & ~aside, word, [&](uint32_t slot) { scratch_.slots.push_back(slot); });
        for_each_bit(aside, word, [&](uint32_t slot) { scratch_.coded.push_back(slot); });
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
        for (Asked& asked : asked_) {
            state_.distance.to_rows(asked.point.data, vectors, slots.size(),
                                    scratch_.distances.data());
            asked.report->exact_distances += slots.size();
            for (size_t i = 0; i < slots.size(); ++i)
                VEXFS_TRY_VOID(offer(asked, slots[i], scratch_.distances[i]));
        }
        return ok();
    };
    const auto damaged = [&](uint32_t slot) VEXFS_REQUIRES_SHARED(state_.lock) {
        for (Asked& asked : asked_)
            ++asked.report->degraded;
        state_.table.damaged().add(slot);
    };
    VEXFS_TRY_VOID(state_.vectors.read_each(
        scratch_.slots, {scratch_.buffer, measure, damaged,
                         state_.vectors.width(state_.table.end()), &shared_.blocks}));
    scratch_.slots.clear();
    return ok();
}

// Where any near row is an answer a scan of codes says which few are to be compared.
Status RowSearch::scan_pending() {
    const SlotSet& pending = state_.table.pending();
    if (pending.count() == 0)
        return ok();
    const uint32_t ef = query_.ef != 0 ? query_.ef : state_.schema.ef;
    const uint32_t ranked = index::default_rerank(state_.linked->codec, query_.k, 2 * ef);
    const bool by_codes = query_.predicate == nullptr && std::isinf(query_.radius) &&
                          !query_.per_file && pending.count() / kCodesPerRanked > ranked;
    VEXFS_TRY_VOID(scan(pending, by_codes ? &state_.table.coded() : nullptr));
    for (Asked& asked : asked_)
        asked.report->pending_scanned = asked.report->exact_distances + scratch_.coded.size();
    if (scratch_.coded.empty())
        return ok();
    const Stopwatch watch(shared_.scan_ns);
    for (Asked& asked : asked_)
        VEXFS_TRY_VOID(scan_coded(asked, ranked));
    return ok();
}

// The slots that were set aside for it.
Status RowSearch::scan_coded(Asked& asked, uint32_t ranked) {
    const index::GraphCore& core = state_.linked->graph->core();
    index::SearchScratch& scratch = scratch_.index.search;
    state_.linked->codec.prepare(asked.point, scratch.code);
    const index::CodeScan codes(core.config.shape, core.codes.directory<uint8_t>(),
                                core.config.isa);
    index::ScanCounters counters;
    const index::NearestRows nearest = VEXFS_TRY(codes.nearest(
        scratch_.coded, scratch.code.values, ranked, query_.stop, scratch.scan, counters));
    scratch_.slots.clear();
    for (const uint64_t key : nearest)
        scratch_.slots.push_back(index::slot_of(key));
    scratch_.distances.resize(scratch_.slots.size());
    const RankingSource source(state_.vectors, state_.vectors.width(state_.table.end()),
                               state_.distance);
    VEXFS_TRY_VOID(source.exact_distances(asked.point, scratch_.slots, scratch_.distances));
    for (const uint32_t slot : source.damaged()) {
        state_.table.damaged().add(slot);
        state_.table.pending().remove(slot); // as if it had been read to be linked
    }
    for (size_t i = 0; i < scratch_.slots.size(); ++i)
        if (!state_.table.damaged().contains(scratch_.slots[i]))
            VEXFS_TRY_VOID(offer(asked, scratch_.slots[i], scratch_.distances[i]));
    asked.report->code_distances += counters.distances;
    asked.report->exact_distances += scratch_.slots.size();
    asked.report->rank_ns += source.rank_ns();
    asked.report->blocks += source.counts();
    asked.by_codes = scratch_.slots.size() < scratch_.coded.size();
    return ok();
}

Status RowSearch::offer(Asked& asked, uint32_t slot, float distance) {
    if (distance > query_.radius) {
        asked.beyond_radius = true;
        return ok();
    }
    const FoundRow row{distance, state_.table.at(slot).record.id, slot};
    if (!asked.nearest.wants(row))
        return ok();
    if (query_.predicate != nullptr && !VEXFS_TRY(passes(slot)))
        return ok();
    asked.nearest.add(row);
    return ok();
}

Result<bool> RowSearch::passes(uint32_t slot) {
    if (tested_.contains(slot))
        return passed_.contains(slot);
    const Stopwatch watch(shared_.filter_ns);
    const bool passed = VEXFS_TRY(
        query_.predicate->passes(state_.table.at(slot).record.id, state_.table.stored_row(slot)));
    tested_.add(slot);
    ++shared_.tested;
    if (passed) {
        passed_.add(slot);
        ++shared_.passed;
    }
    return passed;
}

Status RowSearch::walk() {
    const uint64_t linked = state_.linked->graph->live_rows();
    const uint64_t damaged = damaged_before();
    for (Asked& asked : asked_)
        asked.report->degraded += damaged;
    if (linked == 0 || shared_.visible <= shared_.pending_scanned) {
        for (Asked& asked : asked_) {
            RowSearchReport& report = *asked.report;
            report.exact = report.degraded == 0;
            const index::Plan scan = asked.by_codes ? index::Plan::kCodeScan : index::Plan::kExact;
            report.plan = report.pending_scanned > 0 ? scan : index::Plan::kNothing;
        }
        return ok();
    }
    for (Asked& asked : asked_) {
        asked.nearest.for_each([&](const FoundRow& row) { asked.offered.insert(row.slot); });
    }
    const Reach reach = VEXFS_TRY(first_reach());
    VEXFS_TRY_VOID(find_near(asked_, reach));
    std::vector<bool> enough;
    for (size_t i = 0; i < asked_.size(); ++i) {
        VEXFS_TRY_VOID(take_found(asked_[i], i));
        enough.push_back(found_enough(asked_[i], i, reach));
    }
    for (size_t i = 0; i < asked_.size(); ++i) {
        if (!enough[i])
            VEXFS_TRY_VOID(walk_farther(asked_[i], reach));
    }
    return ok();
}

// After a round that was not enough.
Status RowSearch::walk_farther(Asked& asked, Reach reach) {
    do {
        VEXFS_TRY_VOID(widen(asked, reach));
        VEXFS_TRY_VOID(query_.stop.check());
        VEXFS_TRY_VOID(find_near({&asked, 1}, reach));
        VEXFS_TRY_VOID(take_found(asked, 0));
    } while (!found_enough(asked, 0, reach));
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

// Less than what is wanted only if the query says so, and of no round that has to bring more than
// the query wants, so that some of it passes.
uint32_t RowSearch::ef_of(const Reach& reach) const {
    if (query_.ef != 0 && reach.fetch <= query_.k)
        return query_.ef;
    return std::max(query_.ef != 0 ? query_.ef : state_.schema.ef, reach.fetch);
}

// What a walk or scan of the linked rows brings, into scratch_.found and scratch_.reports.
Status RowSearch::find_near(std::span<Asked> asked, const Reach& reach) {
    const Stopwatch watch(asked[0].report->walk_ns);
    const RankingSource source(state_.vectors, state_.vectors.width(state_.table.end()),
                               state_.distance);
    const index::BitmapView allowed =
        reach.allowed ? reach.allowed->view() : (visible_ ? visible_->view() : index::BitmapView{});
    index::SearchRequest request{asked[0].point};
    request.k = query_.per_file ? query_.k : reach.fetch;
    request.ef = ef_of(reach);
    ef_ = request.ef;
    request.radius = query_.radius;
    request.allowed = reach.allowed || visible_ ? &allowed : nullptr;
    request.stop = query_.stop;
    const index::SearchTarget target{state_.linked->graph.get(), &state_.linked->codec, &source};
    if (query_.per_file) {
        for (size_t i = 0; i < asked.size(); ++i)
            VEXFS_TRY_VOID(find_groups(asked[i], reach, target, source, request, i));
    } else if (asked.size() == 1) {
        scratch_.reports[0] =
            VEXFS_TRY(index::search(target, request, scratch_.index.search, scratch_.found[0]));
    } else {
        std::vector<index::VectorView> points;
        for (const Asked& one : asked)
            points.push_back(one.point);
        VEXFS_TRY_VOID(index::search_batch(target, request, points, scratch_.index,
                                           std::span(scratch_.found).first(asked.size()),
                                           std::span(scratch_.reports).first(asked.size())));
    }
    asked[0].report->blocks += source.counts();
    asked[0].report->rank_ns += source.rank_ns();
    for (const uint32_t slot : source.damaged()) {
        const bool news = state_.table.damaged().add(slot);
        for (Asked& one : asked_) {
            one.report->degraded += news ? 1 : 0;
            one.offered.insert(slot);
        }
    }
    return ok();
}

Status RowSearch::find_groups(const Asked& asked, const Reach& reach,
                              const index::SearchTarget& target, const RankingSource& source,
                              index::SearchRequest& request, size_t which) {
    Files files(*this, source, reach.lazy);
    const index::GroupFetch fetch{reach.fetch,
                                  reach.lazy ? shared_.visible / kWalkShare : UINT64_MAX};
    request.query = asked.point;
    scratch_.reports[which] = VEXFS_TRY(index::search_groups(
        target, request, files, fetch, scratch_.index.search, scratch_.found[which]));
    return ok();
}

// What find_near() has left at `which`.
Status RowSearch::take_found(Asked& asked, size_t which) {
    const index::SearchReport& found = scratch_.reports[which];
    asked.beyond_radius = asked.beyond_radius || found.beyond_radius;
    account(*asked.report, found);
    for (const index::Neighbor& row : scratch_.found[which])
        if (asked.offered.insert(row.slot).second)
            VEXFS_TRY_VOID(offer(asked, row.slot, row.distance));
    return ok();
}

// Whether no farther row could still be an answer.
bool RowSearch::found_enough(const Asked& asked, size_t which, const Reach& reach) const {
    const index::SearchReport& found = scratch_.reports[which];
    if (query_.per_file)
        return !found.cut_short;
    return found.found < reach.fetch ||
           (asked.nearest.full() && scratch_.found[which].back().distance >= asked.nearest.worst());
}

void RowSearch::account(RowSearchReport& report, const index::SearchReport& found) const {
    report.plan = found.plan;
    report.exact = found.exact;
    report.fallback = report.fallback || found.walk_given_up;
    report.hops += found.hops;
    report.code_distances += found.code_distances;
    report.exact_distances += found.exact_distances;
    const bool walked = found.plan == index::Plan::kWalk || found.plan == index::Plan::kNavigate ||
                        found.plan == index::Plan::kTwoHop;
    if (walked)
        report.ef = ef_;
}

Result<RowSearch::Reach> RowSearch::first_reach() {
    const Stopwatch watch(shared_.plan_ns);
    Reach reach;
    uint64_t wanted = std::min<uint64_t>(query_.k, shared_.visible);
    if (query_.per_file)
        wanted *= 4;
    if (query_.predicate != nullptr) {
        const double rate = VEXFS_TRY(sample_rate());
        const auto matching = static_cast<uint64_t>(rate * static_cast<double>(shared_.visible));
        for (Asked& asked : asked_)
            asked.report->matching = matching;
        const double rows = 1.5 * static_cast<double>(wanted) / std::max(rate, 1e-9) + 8;
        reach.lazy = shared_.visible > kTestAllRows &&
                     rows < static_cast<double>(shared_.visible) / kWalkShare && rows < kFetchMax;
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
    Random random(shared_.rows);
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
    reach.allowed = std::make_shared<const index::Bitmap>(passed_);
    for (Asked& asked : asked_)
        asked.report->matching = passed_.count_set();
    return ok();
}

// What to look at next, after a round that was not enough.
Status RowSearch::widen(Asked& asked, Reach& reach) {
    const Stopwatch watch(asked.report->plan_ns);
    const uint64_t fetch = uint64_t{reach.fetch} * 4;
    if (reach.lazy &&
        (query_.per_file || fetch > kFetchMax || fetch > shared_.visible / kWalkShare)) {
        VEXFS_TRY_VOID(test_all(reach));
        reach.fetch = std::min(query_.k, kFetchMax);
        asked.offered.clear();
        asked.nearest.for_each([&](const FoundRow& row) { asked.offered.insert(row.slot); });
        return ok();
    }
    reach.fetch = static_cast<uint32_t>(std::min<uint64_t>(fetch, UINT32_MAX / 8));
    return ok();
}

void RowSearch::finish(Asked& asked, std::vector<RowHit>& hits) {
    RowSearchReport& report = *asked.report;
    for (const FoundRow& row : asked.nearest.finish())
        hits.push_back({row.id, row.distance, state_.table.stored_row(row.slot), row.slot, true});
    report.exact = report.exact && report.degraded == 0 && !asked.by_codes;
    if (query_.predicate == nullptr)
        report.matching = report.visible;
    if (hits.size() >= query_.k)
        return;
    report.short_why = (asked.beyond_radius ? kShortRadius : kShortRows) |
                       (report.degraded > 0 ? kShortDegraded : uint32_t{0});
}

} // namespace vexfs
