// SPDX-License-Identifier: Apache-2.0
//
// The pools that blocks are kept in: one of each driver that is in use, and one that is chosen for
// new blocks of which nobody says more. The choice may change at any time: what is in a pool stays
// there until it is freed, and a pool stays until this goes.
//
// Threads: any thread, a lock inside.
#pragma once

#include <array>
#include <optional>

#include "base/mutex.h"
#include "userlib/pool/any_pool.h"

namespace vexfs {

struct PoolReport {
    std::string_view driver;
    PoolStats stats;
    std::vector<PoolClass> classes;
};

class BlockPools {
  public:
    // A name of pool_names(); empty: the default.
    explicit BlockPools(std::string_view driver);

    // Where new blocks go from now on. False, and nothing is changed, if no driver has that name.
    bool choose(std::string_view driver);
    [[nodiscard]] std::string_view chosen() const;

    // That of a driver, or the chosen one if the name is empty. None if there is no memory for it,
    // or no such driver.
    AnyPool* get(std::string_view driver = {});
    // Those that there are; the chosen one is the last.
    [[nodiscard]] std::vector<AnyPool*> all() const;
    // The sum over all.
    [[nodiscard]] PoolStats stats() const;
    // Of the one that new blocks go to, if it has been needed, and of the others that hold some.
    [[nodiscard]] std::optional<PoolReport> report() const;
    [[nodiscard]] std::vector<PoolReport> other_reports() const;

  private:
    static constexpr size_t kDrivers = 3;

    mutable Mutex mutex_;
    size_t chosen_ VEXFS_GUARDED_BY(mutex_) = 0; // in pools_, which are as pool_names()
    std::array<std::unique_ptr<AnyPool>, kDrivers> pools_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
