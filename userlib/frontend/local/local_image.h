// SPDX-License-Identifier: Apache-2.0
//
// An image and what is open in it; and the view that one caller has of it, with a verb for each
// call of vexfs_local.h.
//
// Threads: any; one lock guards the table of handles.
#pragma once

#include <sys/stat.h>

#include "userlib/frontend/local/local_tree.h"
#include "userlib/frontend/local/vexfs_local.h"

namespace vexfs {

// An open file, directory or session. Closed with the last that uses it.
// Threads: immutable.
class LocalFile {
  public:
    LocalFile(LocalEngine& engine, LocalNode node, uint64_t directory, const vexfs_rep_open& open,
              int flags);
    ~LocalFile();
    LocalFile(const LocalFile&) = delete;
    LocalFile& operator=(const LocalFile&) = delete;

    [[nodiscard]] const LocalNode& node() const { return node_; }
    [[nodiscard]] uint64_t ino() const { return node_.ino(); }
    // Where a path begins that is relative to it.
    [[nodiscard]] uint64_t begin() const { return node_.is_directory() ? ino() : directory_; }
    [[nodiscard]] uint64_t handle() const { return handle_; }
    [[nodiscard]] uint32_t mode() const { return mode_; } // VEXFS_FILE_*
    [[nodiscard]] bool is_session() const { return is_session_; }
    [[nodiscard]] bool appends() const { return appends_; }

  private:
    LocalEngine& engine_;
    const LocalNode node_;
    const uint64_t directory_;
    const uint64_t handle_;
    const uint32_t mode_;
    const bool is_session_;
    const bool appends_;
};

class LocalImage {
  public:
    static constexpr size_t kHandlesMax = size_t{1} << 20;

    explicit LocalImage(std::shared_ptr<LocalEngine> engine) : engine_(std::move(engine)) {}

    [[nodiscard]] LocalEngine& engine() { return *engine_; }
    // EMFILE.
    Result<int> add(std::shared_ptr<LocalFile> file);
    Result<std::shared_ptr<LocalFile>> get(int handle); // EBADF
    Status remove(int handle);

    void join();
    // The last one closes what is open and the engine.
    Status leave();

  private:
    const std::shared_ptr<LocalEngine> engine_;
    SharedMutex mutex_;
    std::vector<std::shared_ptr<LocalFile>> files_ VEXFS_GUARDED_BY(mutex_); // by handle
    std::vector<int> free_ VEXFS_GUARDED_BY(mutex_);
    size_t views_ VEXFS_GUARDED_BY(mutex_) = 0;
};

class LocalView {
  public:
    // `caller` stays the same for the life of the view.
    LocalView(std::shared_ptr<LocalImage> image, Caller caller);

    [[nodiscard]] const std::shared_ptr<LocalImage>& image() const { return image_; }

    Result<int> open(int at, std::string_view path, int flags, mode_t mode);
    Result<size_t> ioctl(int handle, uint32_t number, MutableBytes argument, int32_t& status);
    Result<size_t> read(int handle, MutableBytes into, off_t offset);
    Result<size_t> write(int handle, Bytes from, off_t offset);
    Status truncate(int handle, off_t size);
    Status sync(int handle);
    Result<struct stat> stat(int handle);
    Result<size_t> list(int handle, uint64_t cursor, std::span<vexfs_local_name> names);

    Result<struct stat> stat(std::string_view path);
    Status make(uint32_t op, int at, std::string_view path, mode_t mode, dev_t device,
                std::string_view target);
    Result<std::string> read_link(std::string_view path);
    Status link(std::string_view path, std::string_view other);
    Status remove(uint32_t op, std::string_view path);
    Status rename(std::string_view path, std::string_view other);
    Status set_mode(std::string_view path, mode_t mode);
    Status set_owner(std::string_view path, uid_t uid, gid_t gid);
    Status set_xattr(std::string_view path, std::string_view name, Bytes value, int flags);
    Result<size_t> get_xattr(std::string_view path, std::string_view name, MutableBytes value);
    Status remove_xattr(std::string_view path, std::string_view name);

  private:
    [[nodiscard]] LocalEngine& engine() { return image_->engine(); }
    LocalTree tree() { return {engine(), caller_}; }
    Result<uint64_t> begin_of(int at);
    Result<LocalNode> node_to_open(LocalTree::Place place, int flags, mode_t mode);
    Result<int> open_node(LocalNode node, uint64_t directory, int flags);
    Result<LocalNode> node_of_xattr(std::string_view path, std::string_view name, uint32_t rights);

    const std::shared_ptr<LocalImage> image_;
    const Caller caller_;
};

} // namespace vexfs
