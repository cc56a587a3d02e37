// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/access/walk.h"

namespace vexfs {

Result<bool> Walk::reaches(uint64_t directory) {
    std::vector<std::pair<uint64_t, bool>> way; // and whether each may be read and entered
    bool open = false;
    for (uint64_t at = directory; at != 0;) {
        const auto judged = judged_.find(at);
        if (judged != judged_.end()) {
            open = judged->second;
            break;
        }
        if (way.size() == Directories::kDepthMax)
            return fail(Code::kEUCLEAN, "walk: a directory is below itself");
        const Result<Directory> found = directories_.get(at);
        if (!found && found.error().code == Code::kESTALE)
            break;
        const Directory here = VEXFS_TRY(found);
        way.emplace_back(at, caller_.may(kMayRead | kMayExecute, here.ownership));
        if (at == top_) {
            open = true;
            break;
        }
        at = here.parent;
    }
    for (auto passed = way.rbegin(); passed != way.rend(); ++passed) {
        open = open && passed->second;
        judged_.emplace(passed->first, open);
    }
    return open;
}

} // namespace vexfs
