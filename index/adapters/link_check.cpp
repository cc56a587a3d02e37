// SPDX-License-Identifier: Apache-2.0
//
// Checks of imported graphs.
//
// Threads: pure.
#include "index/adapters/link_check.h"

#include <algorithm>
#include <cmath>

namespace vexfs::index {

Status check_links(const ImportedLinks& links, uint32_t entry) {
    if (entry >= links.rows())
        return fail(Code::kEBADMSG, "links: the entry is no row");
    // The last row whose list named a target: a target seen twice by one list carries that list's
    // number.
    std::vector<uint64_t> named_by(links.rows(), 0);
    uint64_t list = 0;
    for (uint32_t row = 0; row < links.rows(); ++row) {
        if (links.levels_of(row) == 0)
            return fail(Code::kEBADMSG, "links: a row is on no level");
        if (links.levels_of(row) > links.levels_of(entry))
            return fail(Code::kEBADMSG, "links: the entry is not on the highest level");
        for (uint32_t level = 0; level < links.levels_of(row); ++level) {
            ++list;
            for (uint32_t target : links.of(row, level)) {
                if (target >= links.rows() || links.levels_of(target) <= level)
                    return fail(Code::kEBADMSG, "links: a target is not on the link's level");
                if (target == row || named_by[target] == list)
                    return fail(Code::kEBADMSG, "links: a row is linked to itself, or twice");
                named_by[target] = list;
            }
        }
    }
    return ok();
}

Status check_finite(std::span<const float> values) {
    const bool finite =
        std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
    return finite ? ok() : Status(fail(Code::kEBADMSG, "vectors: infinite or not a number"));
}

} // namespace vexfs::index
