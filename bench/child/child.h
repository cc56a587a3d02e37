// SPDX-License-Identifier: Apache-2.0
//
// Runs a part of a measurement in a process of its own, which ends well or is killed.
//
// What a process leaves behind when it is killed cannot be measured from inside it, and a store
// that is opened in a fresh process finds nothing prepared. The caller has no other thread: one
// that held a lock at the fork would hold it in the child for ever.
//
// Threads: one thread.
#pragma once

#include <functional>
#include <span>
#include <type_traits>

#include "base/result.h"

namespace vexfs {

enum class ChildEnd { kItself, kKilled };

// The child calls `tell` once, with a report as long as `report`. kItself: returns after it has
// ended. kKilled: after it was killed as soon as the report was here. A child that fails says why
// on stderr, and the result is EIO.
Status
run_child_raw(ChildEnd end, std::span<std::byte> report,
              const std::function<Status(const std::function<void(const void*)>& tell)>& body);

// What a child has to say is a plain value, of less than a page.
template <typename Report>
requires std::is_trivially_copyable_v<Report> Result<Report>
run_child(ChildEnd end,
          const std::function<Status(const std::function<void(const Report&)>& tell)>& body) {
    Report report;
    VEXFS_TRY_VOID(run_child_raw(end, std::as_writable_bytes(std::span(&report, 1)),
                                 [&](const std::function<void(const void*)>& tell) {
                                     return body([&](const Report& told) { tell(&told); });
                                 }));
    return report;
}

} // namespace vexfs
