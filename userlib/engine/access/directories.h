// SPDX-License-Identifier: Apache-2.0
//
// What access asks of directories again and again, in memory: what each hangs in, and who may walk
// it.
//
// It knows no store: a function reads a directory that is not known. Whoever changes a directory
// tells so when the change has taken effect and before he says that it has; whoever asks after that
// gets the new one.
//
// Threads: any; one lock, not held while a directory is read.
#pragma once

#include <atomic>
#include <functional>
#include <unordered_map>

#include "base/mutex.h"
#include "base/result.h"
#include "userlib/engine/access/caller.h"

namespace vexfs {

struct Directory {
    uint64_t parent = 0; // 0: it is the root, or was removed
    Ownership ownership;
};

class Directories {
  public:
    // ESTALE if there is no such directory.
    using Read = std::function<Result<Directory>(uint64_t ino)>;

    static constexpr size_t kDirectoriesMax = size_t{1} << 18; // in memory
    static constexpr size_t kDepthMax = 100'000;               // deeper is a circle

    explicit Directories(Read read) : read_(std::move(read)) {}

    Result<Directory> get(uint64_t ino);
    // Its place, its owner or its mode is another, or it is gone.
    void changed(uint64_t ino);
    // Another after each change. What was found out before it may be wrong after it.
    [[nodiscard]] uint64_t version() const { return version_.load(std::memory_order_acquire); }

    // Calls visit(ino) for the directory and all above it, until it returns true: then the answer
    // is that directory; 0 if the way ended.
    template <typename Visit>
    Result<uint64_t> climb(uint64_t ino, Visit&& visit) {
        for (size_t depth = 0; ino != 0; ++depth) {
            if (visit(ino))
                return ino;
            if (depth == kDepthMax)
                return fail(Code::kEUCLEAN, "directories: a directory is below itself");
            ino = VEXFS_TRY(get(ino)).parent;
        }
        return uint64_t{0};
    }
    // Whether it is that directory or below it.
    Result<bool> is_below(uint64_t ino, uint64_t above) {
        return VEXFS_TRY(climb(ino, [&](uint64_t at) { return at == above; })) != 0;
    }

    [[nodiscard]] size_t memory_bytes();

  private:
    const Read read_;
    std::atomic<uint64_t> version_{1};
    SharedMutex lock_;
    std::unordered_map<uint64_t, Directory> known_ VEXFS_GUARDED_BY(lock_);
};

} // namespace vexfs
