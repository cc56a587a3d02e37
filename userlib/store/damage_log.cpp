// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/damage_log.h"

#include "base/log.h"

namespace vexfs {

void DamageLog::rescued_node(uint64_t block, Error cause) {
    nodes_rescued_.fetch_add(1, std::memory_order_relaxed);
    log(LogLevel::kWarning, "store", "a copy of a node is bad, and was read from the other one",
        {{"volume", device_.identity()}, {"block", block}, {"copy", 1}, {"cause", cause}});
}

void DamageLog::lost_node(uint64_t block, uint32_t copies, Error cause) {
    nodes_lost_.fetch_add(1, std::memory_order_relaxed);
    log(LogLevel::kError, "store", "a node cannot be read, nor what lies below it",
        {{"volume", device_.identity()}, {"block", block}, {"copies", copies}, {"cause", cause}});
}

void DamageLog::lost_record(uint64_t oid, uint64_t offset, uint64_t block, Error cause) {
    records_lost_.fetch_add(1, std::memory_order_relaxed);
    log(LogLevel::kError, "store", "data of an object cannot be read",
        {{"volume", device_.identity()},
         {"object", oid},
         {"offset", offset},
         {"block", block},
         {"cause", cause}});
}

ReadDamage DamageLog::counts() const {
    return {nodes_rescued_.load(std::memory_order_relaxed),
            nodes_lost_.load(std::memory_order_relaxed),
            records_lost_.load(std::memory_order_relaxed)};
}

} // namespace vexfs
