// SPDX-License-Identifier: Apache-2.0
#include "bench/frontends/volumes.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/device/file_descriptor.h"
#include "userlib/device/run_program.h"

namespace vexfs {

namespace {

constexpr const char* kDirectory = "c";
constexpr const char* kFile = "rows";
constexpr uint64_t kSlackBytes = uint64_t{256} << 20;
constexpr size_t kBatchBytes = size_t{8} << 20;

Error failed(int result, const vexfs_reason& reason, std::string& explanation) {
    explanation = reason.text;
    return fail(code_from_errno(-result), "libvexfs");
}

Status run(std::vector<std::string> arguments, std::string& explanation) {
    const std::string program = arguments[0];
    const ProgramRun run = run_program(std::move(arguments));
    if (run)
        return ok();
    explanation = program + " failed: " + run.err;
    return fail(Code::kEIO, "a program failed");
}

Status put_all(vexfs_node* directory, const Matrix& rows, std::string& explanation) {
    const size_t at_once = std::max<size_t>(1, kBatchBytes / rows.row_bytes());
    for (size_t first = 0; first < rows.rows; first += at_once) {
        vexfs_put_rows file{};
        file.which.name = kFile;
        file.first = VEXFS_ROW_APPEND;
        file.rows = static_cast<uint32_t>(std::min(at_once, rows.rows - first));
        file.vectors = rows.row(first);
        const vexfs_put_batch batch{rows.dim, VEXFS_ELEMENT_F32, 0, VEXFS_PUT_ASYNC, 1, &file};
        vexfs_reason reason{};
        const int result = vexfs_rows_put(directory, &batch, nullptr, &reason);
        if (result != 0)
            return failed(result, reason, explanation);
    }
    return ok();
}

void unmount(const std::string& point) {
    while (::umount2(point.c_str(), MNT_DETACH) == 0) {
    }
}

// Whoever started the engine may have died before it was mounted: the lock of the image says when
// there is no engine any more.
void take_away(const std::string& folder, const std::string& point, const std::string& image) {
    const FileDescriptor file(::open(image.c_str(), O_RDWR | O_CLOEXEC));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    unmount(point);
    while (file.is_open() && ::flock(file.raw(), LOCK_EX | LOCK_NB) != 0 &&
           std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        unmount(point);
    }
    unmount(point);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

} // namespace

Result<NodeHandle> Volumes::open(const std::string& target, std::string& explanation) const {
    vexfs_node* node = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_node_open(target.c_str(), &node, &reason);
    if (result != 0)
        return failed(result, reason, explanation);
    return NodeHandle(node);
}

Status Volumes::fill(const Matrix& rows, std::string& explanation) {
    const uint64_t bytes = kSlackBytes + 8 * rows.rows * rows.row_bytes();
    VEXFS_TRY_VOID(
        run({programs_ + "/mkfs.vexfs", "-q", "--size", std::to_string(bytes >> 20) + "M", image()},
            explanation));
    VEXFS_TRY_VOID(open_image(explanation));
    const NodeHandle root = VEXFS_TRY(open(image() + ":/", explanation));
    vexfs_reason reason{};
    int result = vexfs_node_make(root.get(), kDirectory, S_IFDIR | 0755, &reason);
    if (result != 0)
        return failed(result, reason, explanation);
    const NodeHandle directory = VEXFS_TRY(open(image() + ":/" + kDirectory, explanation));
    vexfs_schema schema{};
    schema.dim = rows.dim;
    schema.element = VEXFS_ELEMENT_F32;
    schema.metric = VEXFS_METRIC_L2;
    vexfs_schema_reply reply{};
    result = vexfs_schema_set(directory.get(), &schema, 0, &reply, &reason);
    for (const char* name : {kFile, kSpareFile}) {
        if (result == 0)
            result = vexfs_node_make(directory.get(), name, S_IFREG | 0644, &reason);
    }
    if (result != 0)
        return failed(result, reason, explanation);
    VEXFS_TRY_VOID(put_all(directory.get(), rows, explanation));
    result = vexfs_rows_sync(directory.get(), VEXFS_SYNC_LINK, &reason);
    return result == 0 ? ok() : Status(failed(result, reason, explanation));
}

Status Volumes::open_image(std::string& explanation) {
    vexfs_image_options options{};
    options.flags = VEXFS_IMAGE_WRITE; // as a mount is
    vexfs_image* opened = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_image_open(image().c_str(), &options, &opened, &reason);
    open_image_.reset(opened);
    return result == 0 ? ok() : Status(failed(result, reason, explanation));
}

Status Volumes::mount(std::string& explanation) {
    std::error_code error;
    std::filesystem::create_directory(point(), error);
    VEXFS_TRY_VOID(run({programs_ + "/vexfsd", "--fuse", point(), copy()}, explanation));
    mounted_ = VEXFS_TRY(open(point() + "/" + kDirectory, explanation));
    return ok();
}

Result<std::unique_ptr<Volumes>> Volumes::make(const std::string& programs, const Matrix& rows,
                                               std::string& explanation) {
    auto volumes = std::make_unique<Volumes>(programs);
    volumes->keeper_ = VEXFS_TRY(Keeper::start(
        [&] { take_away(volumes->scratch_.path(), volumes->point(), volumes->copy()); }));
    VEXFS_TRY_VOID(volumes->fill(rows, explanation));
    // Both are opened once more, so that both engines have the same past.
    volumes->open_image_.reset();
    std::error_code error;
    if (!std::filesystem::copy_file(volumes->image(), volumes->copy(), error)) {
        explanation = "the image cannot be copied: " + error.message();
        return fail(Code::kEIO, "copy");
    }
    VEXFS_TRY_VOID(volumes->open_image(explanation));
    volumes->local_ = VEXFS_TRY(volumes->open(volumes->image() + ":/" + kDirectory, explanation));
    VEXFS_TRY_VOID(volumes->mount(explanation));
    for (vexfs_node* node : {volumes->local(), volumes->mounted()}) {
        vexfs_reason reason{};
        const int result = vexfs_rows_sync(node, VEXFS_SYNC_LINK, &reason);
        if (result != 0)
            return failed(result, reason, explanation);
    }
    return volumes;
}

} // namespace vexfs
