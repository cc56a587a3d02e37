// SPDX-License-Identifier: Apache-2.0
#include "bench/fs/trial.h"

#include <array>
#include <chrono>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/fs/work_file.h"

namespace vexfs {

namespace {

constexpr size_t kListed = 1000;

class Watch {
  public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    }

  private:
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// Until the time is over: `step(i)` for i = 0, 1, ...
template <typename Step>
Result<Slice> repeat(double seconds, Step&& step) {
    Slice slice;
    const Watch watch;
    while ((slice.seconds = watch.seconds()) < seconds)
        VEXFS_TRY_VOID(step(slice.operations++));
    return slice;
}

std::string name_in(const std::string& folder, uint64_t number) {
    return folder + "/" + std::to_string(number);
}

Status make_file(const std::string& path) {
    VEXFS_TRY(open_file(path, O_CREAT | O_EXCL | O_WRONLY));
    return ok();
}

Result<Slice> create(const std::string& folder, double seconds, Random&) {
    return repeat(seconds, [&](uint64_t i) { return make_file(name_in(folder, i)); });
}

Result<Slice> look_up(const std::string& folder, double seconds, Random&) {
    return repeat(seconds, [&](uint64_t i) -> Status {
        struct stat found {};
        if (::stat(name_in(folder, i).c_str(), &found) == 0 || errno != ENOENT)
            return last_error("stat of a name that is not there");
        return ok();
    });
}

Result<Slice> list(const std::string& folder, double seconds, Random&) {
    for (size_t i = 0; i < kListed; ++i)
        VEXFS_TRY_VOID(make_file(name_in(folder, i)));
    Slice all = VEXFS_TRY(repeat(seconds, [&](uint64_t) -> Status {
        DIR* const directory = ::opendir(folder.c_str());
        if (directory == nullptr)
            return last_error("opendir");
        Status status = ok();
        // One directory stream, one thread.
        while (const dirent* const entry = ::readdir(directory)) { // NOLINT
            struct stat found {};
            if (::fstatat(::dirfd(directory), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
                status = last_error("fstatat");
        }
        ::closedir(directory);
        return status;
    }));
    all.operations *= kListed;
    return all;
}

Result<Slice> rename_back_and_forth(const std::string& folder, double seconds, Random&) {
    const std::array<std::string, 2> names{folder + "/a", folder + "/b"};
    VEXFS_TRY_VOID(make_file(names[0]));
    return repeat(seconds, [&](uint64_t i) -> Status {
        if (::rename(names[i % 2].c_str(), names[1 - i % 2].c_str()) != 0)
            return last_error("rename");
        return ok();
    });
}

// As many as a slice of making gives are removed in a slice of their own.
Result<Slice> remove(const std::string& folder, double seconds, Random& random) {
    const Slice made = VEXFS_TRY(create(folder, seconds, random));
    const Watch watch;
    for (uint64_t i = 0; i < made.operations; ++i)
        if (::unlink(name_in(folder, i).c_str()) != 0)
            return last_error("unlink");
    return Slice{made.operations, watch.seconds(), {}};
}

Result<Slice> create_synced(const std::string& folder, double seconds, Random& random) {
    const Buffer buffer = buffer_of(kSmallBytes, random);
    return repeat(seconds, [&](uint64_t i) -> Status {
        const FileDescriptor file =
            VEXFS_TRY(open_file(name_in(folder, i), O_CREAT | O_EXCL | O_WRONLY));
        VEXFS_TRY_VOID(write_at(file, buffer, kSmallBytes, 0));
        return sync_file(file);
    });
}

// The time until it is durable counts.
Result<Slice> finish(const FileDescriptor& file, Slice slice) {
    const Watch watch;
    VEXFS_TRY_VOID(sync_file(file));
    slice.seconds += watch.seconds();
    return slice;
}

Result<Slice> write_in_order(const std::string& folder, double seconds, Random& random) {
    const Buffer buffer = buffer_of(kLargeBytes, random);
    const FileDescriptor file = VEXFS_TRY(open_file(folder + "/file", O_CREAT | O_RDWR));
    const Slice slice = VEXFS_TRY(repeat(seconds, [&](uint64_t i) {
        return write_at(file, buffer, kLargeBytes, i * kLargeBytes % kFileBytes);
    }));
    return finish(file, slice);
}

Result<Slice> write_anywhere(const std::string& folder, double seconds, Random& random) {
    const Buffer large = buffer_of(kLargeBytes, random);
    const FileDescriptor file = VEXFS_TRY(open_file(folder + "/file", O_CREAT | O_RDWR));
    VEXFS_TRY_VOID(fill(file, large));
    const Slice slice = VEXFS_TRY(repeat(seconds, [&](uint64_t) {
        return write_at(file, large, kSmallBytes,
                        random.below(kFileBytes / kSmallBytes) * kSmallBytes);
    }));
    return finish(file, slice);
}

// Past the page cache of the mount; what the file system itself keeps in memory is its own merit.
Result<Slice> read_with(const std::string& folder, double seconds, Random& random, size_t bytes,
                        bool in_order) {
    const std::string path = folder + "/file";
    VEXFS_TRY_VOID(make_full_file(path, random));
    const FileDescriptor file = VEXFS_TRY(open_file(path, O_RDONLY | O_DIRECT));
    const Buffer buffer = buffer_of(bytes, random);
    return repeat(seconds, [&](uint64_t i) {
        const uint64_t pieces = kFileBytes / bytes;
        return read_at(file, buffer, bytes, (in_order ? i % pieces : random.below(pieces)) * bytes);
    });
}

Result<Slice> read_in_order(const std::string& folder, double seconds, Random& random) {
    return read_with(folder, seconds, random, kLargeBytes, true);
}

Result<Slice> read_anywhere(const std::string& folder, double seconds, Random& random) {
    return read_with(folder, seconds, random, kSmallBytes, false);
}

} // namespace

std::vector<Trial> own_trials() {
    return {
        {"create", "make an empty file", "", create},
        {"lookup", "ask for a name that is not there", "", look_up},
        {"list", "an entry of a directory of 1,000, with its attributes", "", list},
        {"rename", "rename a file", "", rename_back_and_forth},
        {"unlink", "remove an empty file", "", remove},
        {"synced", "make a file of 4 KiB and fsync it", "", create_synced},
        {"write", "write 128 KiB in order, fsync at the end", "", write_in_order},
        {"rewrite", "overwrite 4 KiB anywhere in 64 MiB, fsync at the end", "", write_anywhere},
        {"read", "read 128 KiB in order, O_DIRECT", "", read_in_order},
        {"seek", "read 4 KiB anywhere in 64 MiB, O_DIRECT", "", read_anywhere},
    };
}

} // namespace vexfs
