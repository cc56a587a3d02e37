// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/access/caller.h"

#include <algorithm>

namespace vexfs {

bool Caller::in_group(uint32_t group) const {
    return gid == group || std::ranges::find(groups, group) != groups.end();
}

bool Caller::may(uint32_t rights, const Ownership& on) const {
    if (privileged())
        return true;
    uint32_t granted = on.mode;
    if (uid == on.uid)
        granted >>= 6;
    else if (in_group(on.gid))
        granted >>= 3;
    return (granted & rights) == rights;
}

} // namespace vexfs
