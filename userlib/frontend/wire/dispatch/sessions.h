// SPDX-License-Identifier: Apache-2.0
//
// The sessions that are open, by their number.
//
// A number belongs to one start of the engine: one of another start is ESTALE.
//
// Threads: any; one lock guards the table.
#pragma once

#include <unordered_map>

#include "userlib/frontend/wire/dispatch/session.h"

namespace vexfs {

class Sessions {
  public:
    static constexpr size_t kOpenMax = 16'384;
    static constexpr size_t kOpenOfUserMax = kOpenMax / 4;

    // `epoch` is that of the volume, which outlives it.
    Sessions(Messages& messages, Volume& volume);

    // EMFILE.
    Result<uint64_t> open(uint64_t directory, uint32_t mode, Caller opener);
    void close(uint64_t number);
    // ESTALE.
    Result<std::shared_ptr<Session>> get(uint64_t number);

  private:
    struct Open {
        std::shared_ptr<Session> session;
        uint32_t uid = 0;
    };

    Messages& messages_;
    StagedMemory& memory_;
    Mutex mutex_;
    uint64_t last_ VEXFS_GUARDED_BY(mutex_);
    std::unordered_map<uint64_t, Open> open_ VEXFS_GUARDED_BY(mutex_);
    std::unordered_map<uint32_t, size_t> open_of_user_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
