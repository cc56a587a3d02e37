// SPDX-License-Identifier: Apache-2.0
//
// A POSIX namespace on a store: directories, files, links, attributes.
//
// Every verb that changes something is one transaction of the store, or, for a range of data
// larger than a transaction takes, several of which each leaves a sound state. So a crash leaves
// the state after some verb. Inodes are named by number; a number is never used again.
// Who may do what is decided above, and so is what time it is: the same calls make the same bytes.
// Reading leaves access times as they are.
//
// Threads: any thread calls anything. A verb locks the inodes it changes; a rename from one
// directory to another holds a lock of its own besides. Lock order: rename_mutex_, inodes,
// holds_mutex_; numbers_mutex_ alone.
#pragma once

#include <functional>
#include <map>
#include <unordered_map>

#include "userlib/names/dirent.h"
#include "userlib/names/inode.h"
#include "userlib/names/inode_locks.h"
#include "userlib/store/store.h"

namespace vexfs {

inline constexpr uint32_t kLinksMax = 65'000;
inline constexpr uint64_t kFileBytesMax = INT64_MAX;
inline constexpr size_t kTargetBytesMax = 4095; // of a symbolic link
inline constexpr size_t kXattrBytesMax = 65'536;

struct Entry {
    uint64_t ino = 0;
    Inode inode;
};

// What a new inode is. Owner and mode are final: umask and set-group-ID directories are the
// caller's business.
struct Make {
    uint32_t mode = 0; // with the type
    uint32_t uid = 0;
    uint32_t gid = 0;
    uint32_t rdev_major = 0; // of a device
    uint32_t rdev_minor = 0;
    std::string_view target{}; // of a symbolic link, 1 to 4,095 bytes
};

// What set() changes: the fields that have a value.
struct Attributes {
    std::optional<uint32_t> mode{}; // permissions; the type stays
    std::optional<uint32_t> uid{};
    std::optional<uint32_t> gid{};
    std::optional<uint64_t> size{};
    std::optional<Timestamp> atime{};
    std::optional<Timestamp> mtime{};
    bool kill_privileges = false; // take away set-user-ID, set-group-ID and capabilities
};

// A name in a directory, whether it is there or not.
struct Place {
    uint64_t directory = 0;
    std::string_view name;
};

enum class RenameMode : uint8_t { kReplace, kNoReplace, kExchange };

struct Listed {
    uint64_t ino = 0;
    uint8_t type = 0;  // DT_*
    uint64_t next = 0; // list() from here goes on behind this entry
    std::string name;
};

enum class Allocate : uint8_t {
    kReserve,     // see that there is room, and make the file as large
    kReserveKeep, // see that there is room
    kPunch,       // zero, space freed, size kept
    kZero,        // zero, the file as large
    kZeroKeep,    // zero, size kept
};

struct WriteRequest {
    uint64_t offset = 0;
    bool append = false;          // at the end, whatever the offset
    bool kill_privileges = false; // as of Attributes
};

struct Written {
    uint64_t bytes = 0;  // fewer than asked: the rest failed
    uint64_t offset = 0; // of the first byte
    Inode inode;         // after it
};

// How a read goes on from those before it.
struct ReadPlan {
    bool in_turn = false; // pieces one after the other
    uint64_t from = 0;    // [from, end) is likely to be wanted, as far as there is a file
    uint64_t end = 0;
};

enum class SetXattr : uint8_t { kAny, kCreate, kReplace };

class Edit;

class Names {
  public:
    // Makes the root directory of a volume that has none.
    static Status create(Store& store, const Make& root, Timestamp now);
    // Finishes what a crash cut off, unless `read_only`. EUCLEAN if there is no root.
    static Result<std::unique_ptr<Names>> open(Store& store, bool read_only);
    ~Names() = default;
    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    // ESTALE if there is no such inode (any more).
    Result<Inode> get(uint64_t ino);
    // A number for an inode, or for an object of another layer: nobody ever gets it again.
    Result<uint64_t> next_number();
    // Bytes that the file takes, before compression.
    [[nodiscard]] uint64_t allocated_bytes(const Inode& inode) const;

    // An inode that is held stays when it loses its last name, until it is released as often.
    // ESTALE. Whoever hands out an inode for longer than a call holds it.
    Status hold(uint64_t ino);
    Status release(uint64_t ino, uint64_t times = 1);

    // directory.cpp: ENOENT, ENOTDIR, ENAMETOOLONG. "." and ".." are names here.
    Result<Entry> lookup(uint64_t directory, std::string_view name);
    // Up to entries_max from `cursor` on (0: the start), "." and ".." first. Empty: the end.
    Result<std::vector<Listed>> list(uint64_t directory, uint64_t cursor, size_t entries_max);
    // The way from the root, as the first of its links has it. ENOENT if it has no name.
    Result<std::string> path(uint64_t ino);
    // Where the inode has its names, the first link first. ESTALE.
    Result<std::vector<Link>> links(uint64_t ino);
    // The name that stands there. ENOENT if it has gone.
    Result<std::string> name_at(const Link& link);
    Result<std::string> read_link(uint64_t ino);

    // make.cpp: EEXIST, EMLINK, ENOSPC and those of lookup().
    Result<Entry> make(uint64_t directory, std::string_view name, const Make& what, Timestamp now);
    // A file without a name, held once. link() may give it one.
    Result<Entry> make_unnamed(const Make& what, Timestamp now);
    Result<Entry> link(uint64_t ino, uint64_t directory, std::string_view name, Timestamp now);

    // remove.cpp
    Status unlink(uint64_t directory, std::string_view name, Timestamp now);
    Status rmdir(uint64_t directory, std::string_view name, Timestamp now);

    // rename.cpp
    Status rename(const Place& from, const Place& to, RenameMode mode, Timestamp now);

    // data.cpp, of regular files: EISDIR, EINVAL, EFBIG.
    Result<Inode> set(uint64_t ino, const Attributes& attributes, Timestamp now);
    // Returns how many bytes there were.
    Result<size_t> read(uint64_t ino, uint64_t offset, MutableBytes out, const ReadPlan& plan = {});
    Result<Written> write(uint64_t ino, const WriteRequest& request, Bytes bytes, Timestamp now);
    Result<Inode> allocate(uint64_t ino, uint64_t offset, uint64_t length, Allocate how,
                           Timestamp now);
    // Where data, or a hole, begins at or behind `offset`. ENXIO if that is behind the end.
    Result<uint64_t> seek_data(uint64_t ino, uint64_t offset);
    Result<uint64_t> seek_hole(uint64_t ino, uint64_t offset);
    // Copies a range, holes as holes. It may copy less: Written::bytes tells.
    Result<Written> copy(uint64_t from, uint64_t offset, uint64_t to, uint64_t to_offset,
                         uint64_t length, Timestamp now);

    // xattr.cpp: ENODATA, EEXIST, E2BIG, EOPNOTSUPP (another name space). That a value fits the
    // caller's buffer is the caller's business.
    Result<Page> get_xattr(uint64_t ino, std::string_view name);
    Result<std::vector<std::string>> list_xattrs(uint64_t ino);
    Status set_xattr(uint64_t ino, std::string_view name, Bytes value, SetXattr how, Timestamp now);
    Status remove_xattr(uint64_t ino, std::string_view name, Timestamp now);

  private:
    friend class Edit;
    friend class Rename;
    // A name of a directory and where it stands.
    struct Found {
        uint64_t position = 0;
        Dirent dirent;
        friend bool operator==(const Found&, const Found&) = default;
    };

    explicit Names(Store& store);

    [[nodiscard]] uint64_t record_bytes() const { return store_.layout().header().record_bytes; }
    [[nodiscard]] uint64_t seed_of(uint64_t directory) const;
    Status recover();

    // directory.cpp
    Result<std::vector<Found>> names_like(uint64_t directory, std::string_view name);
    Result<std::optional<Found>> find(uint64_t directory, std::string_view name);
    Result<uint64_t> free_position(uint64_t directory, std::string_view name);
    Result<bool> is_empty(uint64_t directory);
    Result<Inode> directory_inode(uint64_t directory);

    // remove.cpp
    Status remove(uint64_t directory, std::string_view name, bool wants_directory, Timestamp now);

    // rename.cpp
    Status rename_places(const Place& from, const Place& to, RenameMode mode, Timestamp now);

    // data.cpp; the inode is locked
    Result<Inode> regular(uint64_t ino);
    Status put_inode(uint64_t ino, const Inode& inode);
    Status shrink(uint64_t ino, Inode& inode, uint64_t size);
    Status finish_cut(uint64_t ino, Inode& inode);
    Status zero_slice(uint64_t ino, Inode& inode, uint64_t offset, uint64_t end,
                      std::span<const uint64_t> records);
    Status zero_range(uint64_t ino, Inode& inode, uint64_t offset, uint64_t end);
    Status write_piece(uint64_t ino, Inode& inode, uint64_t offset, Bytes piece);
    Status copy_piece(uint64_t ino, Inode& inode, uint64_t offset, Bytes piece);

    // xattr.cpp
    Status drop_capability(Edit& edit, uint64_t ino);

    Store& store_;
    InodeLocks locks_;
    Mutex rename_mutex_; // of directories' places in the tree
    Mutex holds_mutex_;
    std::unordered_map<uint64_t, uint64_t> holds_ VEXFS_GUARDED_BY(holds_mutex_);
    Mutex numbers_mutex_;
    uint64_t next_number_ VEXFS_GUARDED_BY(numbers_mutex_) = 0;
    uint64_t numbers_end_ VEXFS_GUARDED_BY(numbers_mutex_) = 0;
};

} // namespace vexfs
