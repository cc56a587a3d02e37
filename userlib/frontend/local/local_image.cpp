// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/local/local_image.h"

#include <fcntl.h>

namespace vexfs {

namespace {

uint32_t file_mode_of(int flags) {
    const int access = flags & O_ACCMODE;
    return (access != O_WRONLY ? VEXFS_FILE_READ : 0) | (access != O_RDONLY ? VEXFS_FILE_WRITE : 0);
}

} // namespace

LocalFile::LocalFile(LocalEngine& engine, LocalNode node, uint64_t directory,
                     const vexfs_rep_open& open, int flags)
    : engine_(engine), node_(std::move(node)), directory_(directory), handle_(open.fh),
      mode_(file_mode_of(flags)), is_session_((open.flags & VEXFS_OPEN_SESSION) != 0),
      appends_((flags & O_APPEND) != 0) {}

LocalFile::~LocalFile() {
    const Caller nobody_in_particular;
    LocalRequest request(engine_, nobody_in_particular,
                         node_.is_directory() ? VEXFS_REQ_RELEASEDIR : VEXFS_REQ_RELEASE, ino());
    request.set_handle(handle_);
    request.run_bodyless({}, {});
}

Result<int> LocalImage::add(std::shared_ptr<LocalFile> file) {
    const WriteLock lock(mutex_);
    if (!free_.empty()) {
        const int handle = free_.back();
        free_.pop_back();
        files_[static_cast<size_t>(handle)] = std::move(file);
        return handle;
    }
    if (files_.size() == kHandlesMax)
        return fail(Code::kEMFILE, "local: too many handles");
    files_.push_back(std::move(file));
    return static_cast<int>(files_.size() - 1);
}

Result<std::shared_ptr<LocalFile>> LocalImage::get(int handle) {
    const ReadLock lock(mutex_);
    const auto number = static_cast<size_t>(handle);
    if (handle < 0 || number >= files_.size() || files_[number] == nullptr)
        return fail(Code::kEBADF, "local: no such handle");
    return files_[number];
}

Status LocalImage::remove(int handle) {
    const std::shared_ptr<LocalFile> closed = VEXFS_TRY(get(handle)); // ends outside of the lock
    const WriteLock lock(mutex_);
    files_[static_cast<size_t>(handle)] = nullptr;
    free_.push_back(handle);
    return ok();
}

void LocalImage::join() {
    const WriteLock lock(mutex_);
    ++views_;
}

Status LocalImage::leave() {
    std::vector<std::shared_ptr<LocalFile>> open;
    {
        const WriteLock lock(mutex_);
        if (--views_ > 0)
            return ok();
        open.swap(files_);
        free_.clear();
    }
    open.clear();
    return engine_->close();
}

LocalView::LocalView(std::shared_ptr<LocalImage> image, Caller caller)
    : image_(std::move(image)), caller_(std::move(caller)) {}

Result<uint64_t> LocalView::begin_of(int at) {
    if (at == VEXFS_LOCAL_AT_ROOT)
        return uint64_t{0};
    return VEXFS_TRY(image_->get(at))->begin();
}

Result<LocalNode> LocalView::node_to_open(LocalTree::Place place, int flags, mode_t mode) {
    const bool makes = (flags & O_CREAT) != 0;
    if (makes && !place.node && !place.name.empty())
        return tree().make_in(place, VEXFS_REQ_MKNOD, S_IFREG | (mode & 07777), 0, {});
    if (makes && (flags & O_EXCL) != 0)
        return fail(Code::kEEXIST, "local: the name exists");
    if (!place.node && !place.name.empty())
        return fail(Code::kENOENT, "local: there is nothing of that name");
    LocalNode node = std::move(place.node ? *place.node : place.directory);
    const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
    if (node.is_link())
        return fail(Code::kELOOP, "local: a symbolic link");
    if (!node.is_directory() && (flags & O_DIRECTORY) != 0)
        return fail(Code::kENOTDIR, "local: not a directory");
    if (node.is_directory() && writes)
        return fail(Code::kEISDIR, "local: a directory");
    if (!node.is_directory() && !S_ISREG(node.attr().mode))
        return fail(Code::kENXIO, "local: nobody serves a device or a pipe here");
    const bool reads = (flags & O_ACCMODE) != O_WRONLY;
    VEXFS_TRY_VOID(tree().check((reads ? kMayRead : 0) | (writes ? kMayWrite : 0), node));
    return node;
}

Result<int> LocalView::open_node(LocalNode node, uint64_t directory, int flags) {
    const uint32_t op = node.is_directory() ? VEXFS_REQ_OPENDIR : VEXFS_REQ_OPEN;
    const vexfs_req_open body{static_cast<uint32_t>(flags & ~(O_CREAT | O_EXCL | O_TRUNC)), 0};
    LocalRequest request(engine(), caller_, op, node.ino());
    const auto open = VEXFS_TRY(request.fetch<vexfs_rep_open>(body, {}));
    auto file = std::make_shared<LocalFile>(engine(), std::move(node), directory, open, flags);
    if ((flags & O_TRUNC) != 0 && !file->is_session()) {
        vexfs_req_setattr empty{};
        empty.valid = VEXFS_SET_SIZE;
        VEXFS_TRY_VOID(tree().set(file->node(), empty));
    }
    return image_->add(std::move(file));
}

Result<int> LocalView::open(int at, std::string_view path, int flags, mode_t mode) {
    const uint64_t begin = VEXFS_TRY(begin_of(at));
    const bool keeps_link =
        (flags & O_NOFOLLOW) != 0 || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    const auto last = keeps_link ? LocalTree::LastLink::kKeep : LocalTree::LastLink::kFollow;
    LocalTree::Place place = VEXFS_TRY(tree().find(begin, path, last));
    const uint64_t directory = place.directory.ino();
    return open_node(VEXFS_TRY(node_to_open(std::move(place), flags, mode)), directory, flags);
}

} // namespace vexfs
