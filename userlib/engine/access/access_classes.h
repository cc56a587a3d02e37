// SPDX-License-Identifier: Apache-2.0
//
// The access classes of a collection: files that the same callers find in the same places are of
// one class, so that permission and scope are one bit per class.
//
// A class is named by the directories that its files have a name in, not by their paths: a rename
// or a chmod further up changes no class, only what is visible. An id keeps its meaning as long as
// anyone holds a set of visible classes from before. A set is right as long as no directory
// changes: whoever used one looks at the version of the directories again.
//
// Threads: any. Lock order: lock_, cache_lock_; the lock of Directories below both.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>

#include "userlib/engine/access/directories.h"

namespace vexfs {

struct AccessClass {
    std::vector<uint64_t> parents; // directories, in order, each once
    Ownership ownership;

    AccessClass(std::vector<uint64_t> directories, const Ownership& of);
    friend bool operator<(const AccessClass& a, const AccessClass& b);
};

// What one caller may find below one directory. Never changes.
struct VisibleClasses {
    uint64_t version = 0; // another for each set; 0: everything
    bool all = false;     // every row of the collection, whatever its class
    std::vector<bool> classes{};
    std::shared_ptr<const char> epoch{}; // keeps the meaning of the ids
};

class AccessClasses {
  public:
    static constexpr size_t kCachedMax = 64;    // visible sets
    static constexpr size_t kRestingMin = 1024; // ids without files before they are used again

    // `directories` outlives it; `collection` is the directory of the collection.
    AccessClasses(Directories& directories, uint64_t collection)
        : directories_(directories), collection_(collection) {}

    // A file with rows comes to the class. The class's id.
    uint32_t join(const AccessClass& of);
    // A file leaves the class.
    void leave(uint32_t id);

    Result<std::shared_ptr<const VisibleClasses>> visible(uint64_t directory, const Caller& caller);
    // Whether a file with rows has a name in the directory or below it.
    Result<bool> any_files_below(uint64_t directory);

    [[nodiscard]] size_t memory_bytes();

  private:
    using Known = std::map<AccessClass, uint32_t>;
    struct Entry {
        Known::const_iterator known; // while it has files
        uint64_t files = 0;
    };
    struct Cached {
        std::shared_ptr<const VisibleClasses> visible;
        uint64_t directories_version = 0;
        size_t judged = 0; // of assigned_
        uint64_t used = 0;
    };
    using Asked = std::pair<uint64_t, Caller>;

    uint32_t new_id() VEXFS_REQUIRES(lock_);
    void begin_epoch() VEXFS_REQUIRES(lock_);
    [[nodiscard]] std::optional<Cached> cached(const Asked& asked) VEXFS_REQUIRES_SHARED(lock_);
    void keep(const Asked& asked, Cached made) VEXFS_REQUIRES_SHARED(lock_);
    Status judge(const Asked& asked, std::span<const uint32_t> ids, std::vector<bool>& classes)
        VEXFS_REQUIRES_SHARED(lock_);

    Directories& directories_;
    const uint64_t collection_;
    SharedMutex lock_;
    Known known_ VEXFS_GUARDED_BY(lock_);
    std::vector<Entry> entries_ VEXFS_GUARDED_BY(lock_); // by id
    // Ids of this epoch, in the order in which they got a meaning; one may be there twice.
    std::vector<uint32_t> assigned_ VEXFS_GUARDED_BY(lock_);
    std::vector<uint32_t> free_ VEXFS_GUARDED_BY(lock_);
    std::vector<uint32_t> resting_ VEXFS_GUARDED_BY(lock_);        // lost their files in this epoch
    std::vector<uint32_t> resting_before_ VEXFS_GUARDED_BY(lock_); // in the one before
    std::shared_ptr<const char> epoch_ VEXFS_GUARDED_BY(lock_) = std::make_shared<const char>();
    std::weak_ptr<const char> epoch_before_ VEXFS_GUARDED_BY(lock_);
    Mutex cache_lock_;
    std::map<Asked, Cached> cache_ VEXFS_GUARDED_BY(cache_lock_);
    uint64_t clock_ VEXFS_GUARDED_BY(cache_lock_) = 0;
    std::atomic<uint64_t> last_version_{0};
};

} // namespace vexfs
