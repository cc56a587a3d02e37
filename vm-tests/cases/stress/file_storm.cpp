// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/stress/storm.h"

#include <array>
#include <cerrno>
#include <cstdio>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace vexfs {
namespace {

constexpr uint64_t kNames = 12; // of a directory: few, so that the storms meet
constexpr size_t kPieceBytes = 70'000;

// Threads: one thread.
class FileStorm {
  public:
    FileStorm(std::string directory, uint64_t seed, Verdict& verdict)
        : directory_(std::move(directory)), random_(seed), verdict_(verdict) {}

    uint64_t run() {
        using Act = void (FileStorm::*)();
        constexpr std::array<Act, 10> kActs = {
            &FileStorm::make_directory, &FileStorm::write,    &FileStorm::read, &FileStorm::rename,
            &FileStorm::link,           &FileStorm::symlink,  &FileStorm::list, &FileStorm::remove,
            &FileStorm::set_xattr,      &FileStorm::ask_xattr};
        uint64_t calls = 0;
        for (; !verdict_.is_over(); ++calls)
            (this->*kActs[random_.below(kActs.size())])();
        return calls;
    }

  private:
    // A name at the top, or one or two levels below it.
    std::string name() {
        std::string path = directory_;
        const uint64_t depth = random_.below(3);
        for (uint64_t level = 0; level <= depth; ++level)
            path += "/" + std::to_string(random_.below(kNames));
        return path;
    }

    void expect(const char* call, int result, std::initializer_list<int> errors = {}) {
        const bool usual = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
        if (result < 0 && !usual)
            verdict_.expect(call, false, errors);
    }

    void make_directory() { expect("mkdir", ::mkdir(name().c_str(), 0755), {EEXIST}); }

    void write() {
        const int file = ::open(name().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        expect("open", file, {EISDIR});
        if (file < 0)
            return;
        const std::string piece(random_.below(kPieceBytes), 'v');
        const auto at = static_cast<off_t>(random_.below(4 * kPieceBytes));
        expect("pwrite", static_cast<int>(::pwrite(file, piece.data(), piece.size(), at)));
        if (random_.chance(1, 4))
            expect("ftruncate", ::ftruncate(file, at / 2));
        if (random_.chance(1, 16))
            expect("fsync", ::fsync(file));
        ::close(file);
    }

    void read() {
        const int file = ::open(name().c_str(), O_RDONLY | O_CLOEXEC);
        expect("open", file);
        if (file < 0)
            return;
        std::array<char, 4096> piece;
        const auto at = static_cast<off_t>(random_.below(4 * kPieceBytes));
        if (::pread(file, piece.data(), piece.size(), at) < 0)
            verdict_.expect("pread", false, {EISDIR});
        ::close(file);
    }

    void rename() {
        expect("rename", ::rename(name().c_str(), name().c_str()),
               {EEXIST, ENOTEMPTY, EISDIR, EINVAL, EBUSY});
    }
    void link() { expect("link", ::link(name().c_str(), name().c_str()), {EEXIST, EPERM}); }
    void symlink() {
        const std::string target = std::to_string(random_.below(kNames));
        expect("symlink", ::symlink(target.c_str(), name().c_str()), {EEXIST});
    }

    void remove() {
        const std::string path = name();
        expect("unlink", ::unlink(path.c_str()), {EISDIR, EPERM});
        if (random_.chance(1, 4))
            expect("rmdir", ::rmdir(path.c_str()), {ENOTEMPTY, EEXIST, EBUSY});
    }

    void list() {
        DIR* const listed = ::opendir(name().c_str());
        expect("opendir", listed == nullptr ? -1 : 0);
        if (listed == nullptr)
            return;
        errno = 0;
        while (::readdir(listed) != nullptr) { // NOLINT(concurrency-mt-unsafe): a stream of its own
        }
        expect("readdir", errno == 0 ? 0 : -1);
        ::closedir(listed);
    }

    void set_xattr() {
        const std::string value(random_.below(600), 'x');
        const std::string key = "user." + std::to_string(random_.below(4));
        expect("setxattr", ::setxattr(name().c_str(), key.c_str(), value.data(), value.size(), 0));
        if (random_.chance(1, 2))
            expect("removexattr", ::removexattr(name().c_str(), key.c_str()), {ENODATA});
    }

    void ask_xattr() {
        std::array<char, 4096> names;
        const std::string path = name();
        expect("listxattr",
               static_cast<int>(::listxattr(path.c_str(), names.data(), names.size())));
        expect("getxattr",
               static_cast<int>(::getxattr(path.c_str(), "user.1", names.data(), names.size())),
               {ENODATA});
        struct stat facts = {};
        expect("stat", ::lstat(path.c_str(), &facts));
    }

    const std::string directory_;
    Random random_;
    Verdict& verdict_;
};

} // namespace

uint64_t storm_files(const std::string& directory, uint64_t seed, Verdict& verdict) {
    return FileStorm(directory, seed, verdict).run();
}

} // namespace vexfs
