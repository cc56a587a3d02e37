// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/caller_groups.h"

namespace vexfs {

Status CallerGroups::add(const vexfs_req_cred& piece, Bytes groups) {
    if (piece.cred == 0 || piece.zero != 0 || piece.total > kGroupsMax ||
        groups.size() != piece.groups * sizeof(uint32_t) || piece.first > piece.total ||
        piece.groups > piece.total - piece.first)
        return fail(Code::kEINVAL, "groups: a piece that is none");
    MutexLock lock(mutex_);
    auto found = sets_.find(piece.cred);
    if (found == sets_.end() && sets_.size() >= kSetsMax)
        return fail(Code::kENOMEM, "groups: too many sets");
    if (piece.first == 0) // as well after a try that was given up
        found = sets_.insert_or_assign(piece.cred, Set{piece.total, {}}).first;
    if (found == sets_.end() || piece.first != found->second.groups.size() ||
        piece.total != found->second.total)
        return fail(Code::kEINVAL, "groups: a piece out of order");
    std::vector<uint32_t>& known = found->second.groups;
    known.resize(piece.first + piece.groups);
    if (!groups.empty())
        std::memcpy(known.data() + piece.first, groups.data(), groups.size());
    return ok();
}

void CallerGroups::drop(uint64_t id) {
    MutexLock lock(mutex_);
    sets_.erase(id);
}

Result<std::vector<uint32_t>> CallerGroups::find(uint64_t id) {
    MutexLock lock(mutex_);
    const auto found = sets_.find(id);
    if (found == sets_.end() || found->second.groups.size() != found->second.total)
        return fail(Code::kEACCES, "the groups of the caller are not known");
    return found->second.groups;
}

} // namespace vexfs
