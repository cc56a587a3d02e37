// SPDX-License-Identifier: Apache-2.0
#include "index/planner/groups.h"

#include <algorithm>
#include <unordered_set>

#include "base/guard.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kFetchMax = 65'536;
constexpr uint32_t kGrowth = 4; // of what is searched, from one round to the next

// One search for groups on its way.
// Threads: one thread.
class GroupRun {
  public:
    GroupRun(const SearchTarget& target, const SearchRequest& request, RowGroups& groups,
             const GroupFetch& fetch, SearchScratch& scratch, std::vector<Neighbor>& found)
        : target_(target), request_(request), groups_(groups), scratch_(scratch), found_(found),
          wanted_(request.k), most_(fetch.most),
          fetch_(std::clamp(fetch.first, request.k, std::max(kFetchMax, wanted_))) {}

    Result<SearchReport> run() {
        found_.clear();
        for (;;) {
            request_.k = fetch_;
            VEXFS_TRY_VOID(search_rows());
            const size_t before = found_.size();
            VEXFS_TRY_VOID(meet_groups());
            if (found_.size() >= wanted_ || rows_.size() < fetch_)
                break;
            const size_t met = std::max<size_t>(found_.size() - before, 1);
            const uint64_t next = (wanted_ - found_.size()) * rows_.size() / met;
            fetch_ = static_cast<uint32_t>(std::clamp<uint64_t>(
                next, wanted_ - found_.size(),
                std::min<uint64_t>(uint64_t{kGrowth} * fetch_, std::max(kFetchMax, wanted_))));
            searched_ += rows_.size();
            report_.cut_short = searched_ + fetch_ > most_;
            if (report_.cut_short)
                break;
            leave_out();
        }
        std::sort(found_.begin(), found_.end());
        report_.found = static_cast<uint32_t>(found_.size());
        return report_;
    }

  private:
    Status search_rows() {
        const SearchReport round = VEXFS_TRY(search(target_, request_, scratch_, rows_));
        report_.exact = round.exact && (first_ || report_.exact);
        report_.beyond_radius = round.beyond_radius;
        report_.walk_given_up |= round.walk_given_up;
        report_.hops += round.hops;
        report_.code_distances += round.code_distances;
        report_.exact_distances += round.exact_distances;
        report_.bytes += round.bytes;
        if (first_) {
            report_.plan = round.plan;
            report_.scan_ns_expected = round.scan_ns_expected;
            report_.walk_ns_expected = round.walk_ns_expected;
        }
        first_ = false;
        return ok();
    }

    Status meet_groups() {
        spent_.clear();
        for (const Neighbor& row : rows_) {
            if (found_.size() == wanted_)
                break;
            const std::optional<uint64_t> group = VEXFS_TRY(groups_.group_of(row.slot));
            spent_.push_back(row.slot);
            if (group && met_.insert(*group).second) {
                found_.push_back(row);
                groups_.rows_of(*group, spent_);
            }
        }
        return ok();
    }

    void leave_out() {
        if (request_.allowed != &left_view_) {
            left_ = request_.allowed != nullptr ? Bitmap(*request_.allowed)
                                                : Bitmap::full(target_.graph->slot_end());
            request_.allowed = &left_view_;
        }
        for (const uint32_t slot : spent_)
            if (slot < left_.size_bits())
                left_.remove(slot);
        left_view_ = left_.view();
    }

    const SearchTarget& target_;
    SearchRequest request_;
    RowGroups& groups_;
    SearchScratch& scratch_;
    std::vector<Neighbor>& found_;
    const uint32_t wanted_;
    const uint64_t most_;
    uint32_t fetch_;
    uint64_t searched_ = 0;
    bool first_ = true;
    SearchReport report_;
    std::vector<Neighbor> rows_;
    std::vector<uint32_t> spent_; // rows that the next search need not bring
    std::unordered_set<uint64_t> met_;
    Bitmap left_; // from the second search on
    BitmapView left_view_{};
};

} // namespace

Result<SearchReport> search_groups(const SearchTarget& target, const SearchRequest& request,
                                   RowGroups& groups, const GroupFetch& fetch,
                                   SearchScratch& scratch, std::vector<Neighbor>& found) {
    if (request.k == 0)
        return fail(Code::kEINVAL, "search: k is 0");
    return guard(fail(Code::kENOMEM, "search: no memory"), [&]() -> Result<SearchReport> {
        return GroupRun(target, request, groups, fetch, scratch, found).run();
    });
}

} // namespace vexfs::index
