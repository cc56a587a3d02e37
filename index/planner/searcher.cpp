// SPDX-License-Identifier: Apache-2.0
#include "index/planner/searcher.h"

#include <algorithm>

#include "base/guard.h"
#include "index/planner/search_run.h"

namespace vexfs::index {

uint32_t default_rerank(const Codec& codec, uint32_t k, uint32_t most) {
    const uint32_t measured = codec.quality().rerank_depth;
    const uint64_t for_ten = measured != 0 ? measured : 20;
    const uint64_t learned = (for_ten * k + kTrialNeighbours - 1) / kTrialNeighbours;
    return static_cast<uint32_t>(std::clamp<uint64_t>(learned, k, std::max(k, most)));
}

Result<SearchReport> search(const SearchTarget& target, const SearchRequest& request,
                            SearchScratch& scratch, std::vector<Neighbor>& found) {
    return guard(fail(Code::kENOMEM, "search: no memory"), [&]() -> Result<SearchReport> {
        found.clear();
        SearchRun run(target, request, scratch, found);
        return run.run(VEXFS_TRY(run.begin()));
    });
}

} // namespace vexfs::index
