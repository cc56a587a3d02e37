// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <vector>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "vm-tests/cases/faults/trial.h"

namespace vexfs {
namespace {

constexpr size_t kData = 100'000; // more than one request carries
constexpr const char* kXattr = "user.fault";

// Threads: one thread.
class FileFaults {
  public:
    FileFaults(Trial& trial, const std::string& mountpoint)
        : trial_(trial), mountpoint_(mountpoint), top_(mountpoint + "/faults"), data_(kData, 'x') {
        trial_.must("mkdir", ::mkdir(top_.c_str(), 0755) == 0);
        directory_ = ::open(top_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        file_ = ::open(path("file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        trial_.must("files", directory_ >= 0 && file_ >= 0);
        trial_.must("data", ::pwrite(file_, data_.data(), kData, 0) == kData);
    }
    ~FileFaults() {
        ::close(file_);
        ::close(directory_);
    }
    FileFaults(const FileFaults&) = delete;
    FileFaults& operator=(const FileFaults&) = delete;

    void run() {
        lookups();
        makes();
        removals();
        renames();
        attributes();
        xattrs();
        data();
        copies();
        pages();
        whole();
    }

  private:
    [[nodiscard]] std::string path(const std::string& name) const { return top_ + "/" + name; }

    // The name is there, or is not, whatever the last try came to.
    void present(const std::string& name) {
        const int opened = ::open(path(name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        trial_.must(name + " can be made", opened >= 0);
        ::close(opened);
    }
    void absent(const std::string& name) {
        trial_.must(name + " can be unlinked",
                    ::unlink(path(name).c_str()) == 0 || errno == ENOENT);
    }
    void no_folder(const std::string& name) {
        trial_.must(name + " can be removed", ::rmdir(path(name).c_str()) == 0 || errno == ENOENT);
    }
    static void forget_all() {
        const int drop = ::open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
        (void)!::write(drop, "2", 1);
        ::close(drop);
    }

    void on_name(const std::string& name, const std::function<long(const char*)>& call,
                 const std::function<void()>& prepare = {}, int expected = 0) {
        const std::string target = path("name");
        trial_.operation(
            name, [&] { return result_of(call(target.c_str())); }, prepare, expected);
    }
    void on_file(const std::string& name, const std::function<long(int)>& call,
                 const std::function<void()>& prepare = {}, int expected = 0) {
        trial_.operation(
            name, [&] { return result_of(call(file_)); }, prepare, expected);
    }

    void lookups() {
        unsigned number = 0;
        struct stat facts = {};
        std::string name;
        const auto another = [&] {
            name = path("absent" + std::to_string(++number));
        };
        trial_.operation(
            "lookup of no file", [&] { return result_of(::stat(name.c_str(), &facts)); }, another,
            ENOENT);
        present("name");
        on_name(
            "lookup", [&](const char* file) { return ::stat(file, &facts); }, forget_all);
        trial_.operation("readdir", [&] {
            std::array<char, 4096> entries{};
            ::lseek(directory_, 0, SEEK_SET);
            return result_of(::syscall(SYS_getdents64, directory_, entries.data(), entries.size()));
        });
        on_name("open", [](const char* file) { return open_and_close(file, O_RDWR, 0); });
        absent("name");
    }

    static long open_and_close(const char* file, int flags, mode_t mode) {
        const int opened = ::open(file, flags | O_CLOEXEC, mode);
        const int error = errno;
        ::close(opened);
        errno = error;
        return opened;
    }

    void makes() {
        const auto gone = [&] {
            absent("name");
        };
        on_name(
            "create",
            [](const char* name) { return open_and_close(name, O_RDWR | O_CREAT | O_EXCL, 0640); },
            gone);
        on_name(
            "mknod", [](const char* name) { return ::mknod(name, S_IFIFO | 0600, 0); }, gone);
        on_name(
            "symlink", [](const char* name) { return ::symlink("target", name); }, gone);
        on_name(
            "link", [&](const char* name) { return ::link(path("file").c_str(), name); }, gone);
        absent("name");
        on_name(
            "mkdir", [](const char* name) { return ::mkdir(name, 0700); },
            [&] { no_folder("name"); });
        no_folder("name");
        trial_.operation("O_TMPFILE", [&] {
            return result_of(open_and_close(top_.c_str(), O_TMPFILE | O_RDWR, 0600));
        });
    }

    void removals() {
        on_name(
            "unlink", [](const char* name) { return ::unlink(name); }, [&] { present("name"); });
        on_name(
            "rmdir", [](const char* name) { return ::rmdir(name); },
            [&] {
                trial_.must("mkdir", ::mkdir(path("name").c_str(), 0700) == 0 || errno == EEXIST);
            });
        trial_.must("symlink", ::symlink("file", path("symbolic").c_str()) == 0);
        const std::string symbolic = path("symbolic");
        std::array<char, 100> target{};
        trial_.operation(
            "readlink",
            [&] { return result_of(::readlink(symbolic.c_str(), target.data(), target.size())); },
            forget_all);
    }

    void renames() {
        const std::string from = path("from"), to = path("to");
        for (const unsigned flags : {0U, unsigned{RENAME_NOREPLACE}, unsigned{RENAME_EXCHANGE}}) {
            const auto prepare = [&] {
                present("from");
                if (flags == RENAME_NOREPLACE)
                    absent("to");
                else
                    present("to");
            };
            trial_.operation(
                "rename with flags " + std::to_string(flags),
                [&] {
                    return result_of(
                        ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags));
                },
                prepare);
        }
    }

    void attributes() {
        present("name");
        struct statx facts = {};
        on_name("statx", [&](const char* name) {
            return ::statx(AT_FDCWD, name, AT_STATX_FORCE_SYNC, STATX_ALL, &facts);
        });
        on_name("chmod", [](const char* name) { return ::chmod(name, 0600); });
        on_name("chown", [](const char* name) { return ::chown(name, 1, 1); });
        on_name("truncate", [](const char* name) { return ::truncate(name, 5000); });
        on_name("utimensat",
                [](const char* name) { return ::utimensat(AT_FDCWD, name, nullptr, 0); });
    }

    void xattrs() {
        std::vector<char> value(9000, 'v');
        const auto set = [&] {
            trial_.must("setxattr", ::setxattr(path("name").c_str(), kXattr, value.data(),
                                               value.size(), 0) == 0);
        };
        on_name("setxattr", [&](const char* name) {
            return ::setxattr(name, kXattr, value.data(), value.size(), 0);
        });
        on_name("getxattr", [&](const char* name) {
            return ::getxattr(name, kXattr, value.data(), value.size());
        });
        on_name("listxattr",
                [&](const char* name) { return ::listxattr(name, value.data(), value.size()); });
        on_name(
            "removexattr", [](const char* name) { return ::removexattr(name, kXattr); }, set);
    }

    void data() {
        std::vector<char> read(kData);
        on_file("write", [&](int file) { return ::pwrite(file, data_.data(), kData, 0); });
        on_file("read", [&](int file) { return ::pread(file, read.data(), kData, 0); });
        trial_.must("what is read is what was written", read == data_);
        on_file("fsync", [](int file) { return ::fsync(file); });
        on_file("fdatasync", [](int file) { return ::fdatasync(file); });
        trial_.operation("fsync of a directory", [&] { return result_of(::fsync(directory_)); });
        on_file("fallocate", [](int file) { return ::fallocate(file, 0, 0, 2 * kData); });
        on_file("a hole", [](int file) {
            return ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kData, 8192);
        });
        on_file("SEEK_HOLE", [](int file) { return ::lseek(file, 0, SEEK_HOLE); });
        on_file("SEEK_DATA", [](int file) { return ::lseek(file, 0, SEEK_DATA); });
        on_file("ftruncate", [](int file) { return ::ftruncate(file, kData); });
    }

    void copies() {
        present("name");
        const int to = ::open(path("name").c_str(), O_RDWR | O_CLOEXEC);
        on_file("copy_file_range", [&](int file) {
            off64_t from_offset = 0, to_offset = 0;
            return ::copy_file_range(file, &from_offset, to, &to_offset, kData, 0);
        });
        // What a pipe cannot take is EAGAIN in Linux, also for want of memory.
        trial_.operation("sendfile",
                         [&] {
                             off_t offset = 0;
                             ::lseek(to, 0, SEEK_SET);
                             return result_of(::sendfile(to, file_, &offset, kData));
                         },
                         {}, 0, {EAGAIN});
        ::close(to);
    }

    void pages() {
        void* mapped = MAP_FAILED;
        const auto unmapped = [&] {
            if (mapped != MAP_FAILED)
                ::munmap(mapped, kData);
            mapped = MAP_FAILED;
            open_and_close(path("file").c_str(), O_RDONLY, 0); // which drops its pages
        };
        trial_.operation("a mapping",
                         [&] {
                             mapped = ::mmap(nullptr, kData, PROT_READ, MAP_PRIVATE, file_, 0);
                             return mapped == MAP_FAILED
                                        ? errno
                                        : result_of(::madvise(mapped, kData, MADV_POPULATE_READ));
                         },
                         unmapped, 0, {EIO});
        if (mapped != MAP_FAILED)
            trial_.must("a mapping shows the file", std::memcmp(mapped, data_.data(), 4096) == 0);
        unmapped();
    }

    void whole() {
        struct statfs facts = {};
        const char* const where = mountpoint_.c_str();
        trial_.operation("statfs", [&] { return result_of(::statfs(where, &facts)); });
        trial_.operation("syncfs", [&] { return result_of(::syncfs(directory_)); });
        trial_.operation(
            "an ioctl that is none", [&] { return result_of(::ioctl(file_, 0x5401, 0)); }, {},
            ENOTTY);
        const auto writable = [&] {
            trial_.must("remount rw", ::mount(nullptr, where, nullptr, MS_REMOUNT, nullptr) == 0);
        };
        ::close(file_); // who writes keeps it writable
        const auto remount = [&](unsigned long flags) {
            return result_of(::mount(nullptr, where, nullptr, MS_REMOUNT | flags, nullptr));
        };
        trial_.operation(
            "remount ro", [&] { return remount(MS_RDONLY); }, writable);
        trial_.operation(
            "remount rw", [&] { return remount(0); },
            [&] { trial_.must("remount ro", remount(MS_RDONLY) == 0); });
        file_ = ::open(path("file").c_str(), O_RDWR | O_CLOEXEC);
        trial_.must("the file is there", file_ >= 0);
    }

    Trial& trial_;
    const std::string mountpoint_;
    const std::string top_;
    const std::vector<char> data_;
    int directory_ = -1;
    int file_ = -1;
};

} // namespace

void try_files(Trial& trial, const std::string& mountpoint) {
    FileFaults(trial, mountpoint).run();
}

} // namespace vexfs
