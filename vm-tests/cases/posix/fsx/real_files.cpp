// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/fsx/real_files.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr size_t kPage = 4096;

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};
using Aligned = std::unique_ptr<char, Free>;

Aligned aligned(size_t size_bytes) {
    return Aligned(static_cast<char*>(
        std::aligned_alloc(kPage, (size_bytes + kPage - 1) / kPage * kPage + kPage)));
}

off_t signed_offset(uint64_t offset) {
    return static_cast<off_t>(offset);
}

// Compares what was read at `offset` with the model.
Checked compare(std::string_view got, std::string_view model, uint64_t offset) {
    const std::string_view expected =
        model.substr(std::min<uint64_t>(offset, model.size()), got.size());
    if (got.size() != expected.size())
        return wrong("read " + std::to_string(got.size()) + " bytes at " + std::to_string(offset) +
                     ", expected " + std::to_string(expected.size()));
    const auto [is, should_be] = std::mismatch(got.begin(), got.end(), expected.begin());
    if (is == got.end())
        return std::nullopt;
    size_t differing = 0;
    for (size_t at = 0; at < got.size(); ++at)
        differing += got[at] != expected[at] ? 1 : 0;
    const auto number = [](char byte) {
        return std::to_string(static_cast<unsigned>(static_cast<unsigned char>(byte)));
    };
    return wrong("byte " + std::to_string(offset + static_cast<uint64_t>(is - got.begin())) +
                 " is " + number(*is) + ", expected " + number(*should_be) + "; " +
                 std::to_string(differing) + " of " + std::to_string(got.size()) + " bytes differ");
}

int allocate_mode(Kind kind) {
    switch (kind) {
    case Kind::kReserveKeep:
        return FALLOC_FL_KEEP_SIZE;
    case Kind::kPunch:
        return FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    case Kind::kZero:
        return FALLOC_FL_ZERO_RANGE;
    case Kind::kZeroKeep:
        return FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
    default:
        return 0;
    }
}

} // namespace

RealFiles::RealFiles(std::string directory, size_t file_count)
    : directory_(std::move(directory)), files_(file_count) {}

RealFiles::~RealFiles() {
    for (uint32_t file = 0; file < files_.size(); ++file)
        close_one(file);
}

std::string RealFiles::path(uint32_t file) const {
    return directory_ + "/fsx-" + std::to_string(file);
}

Checked RealFiles::open(bool fresh) {
    for (uint32_t file = 0; file < files_.size(); ++file) {
        if (fresh) {
            const int made = ::open(path(file).c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
            if (made < 0 || ::fsync(made) != 0 || ::close(made) != 0)
                return failed("making " + path(file));
        }
        if (Checked trouble = open_one(file))
            return trouble;
    }
    const int directory = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY);
    if (directory < 0 || ::fsync(directory) != 0 || ::close(directory) != 0)
        return failed("syncing " + directory_);
    return std::nullopt;
}

Checked RealFiles::open_one(uint32_t file) {
    Opened& opened = files_[file];
    opened.plain = ::open(path(file).c_str(), O_RDWR);
    if (opened.plain < 0)
        return failed("open " + path(file));
    opened.direct = ::open(path(file).c_str(), O_RDWR | O_DIRECT);
    if (opened.direct < 0 && errno != EINVAL)
        return failed("open with O_DIRECT");
    return std::nullopt;
}

void RealFiles::close_one(uint32_t file) {
    Opened& opened = files_[file];
    for (int* descriptor : {&opened.plain, &opened.direct})
        if (*descriptor >= 0)
            ::close(std::exchange(*descriptor, -1));
}

Checked RealFiles::probe(std::vector<Feature>& missing) {
    const int file = files_[0].plain;
    const auto lacks = [&](Feature feature, bool works) {
        if (!works)
            missing.push_back(feature);
    };
    if (::ftruncate(file, kPage) != 0)
        return failed("ftruncate");
    off_t in = 0, out = kPage;
    lacks(Feature::kDirect, files_[0].direct >= 0);
    lacks(Feature::kReserve, ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, kPage) == 0);
    lacks(Feature::kPunch, ::fallocate(file, allocate_mode(Kind::kPunch), 0, kPage) == 0);
    lacks(Feature::kZero, ::fallocate(file, allocate_mode(Kind::kZero), 0, kPage) == 0);
    lacks(Feature::kCopy, ::copy_file_range(file, &in, file, &out, kPage, 0) > 0);
    void* mapped = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    lacks(Feature::kMap, mapped != MAP_FAILED);
    if (mapped != MAP_FAILED)
        ::munmap(mapped, kPage);
    return ::ftruncate(file, 0) == 0 ? Checked() : failed("ftruncate");
}

Checked RealFiles::perform(const Operation& operation, std::string_view before, bool durable) {
    const Opened& opened = files_[operation.file];
    switch (operation.kind) {
    case Kind::kRead:
        return read(operation, before, opened.plain);
    case Kind::kDirectRead:
        return read(operation, before, opened.direct);
    case Kind::kMapRead:
    case Kind::kMapWrite:
        return map(operation, before, durable);
    case Kind::kSeek:
        return seek(operation.file, before);
    case Kind::kWhole:
        return whole(operation.file, before);
    case Kind::kWrite:
        return write(operation, opened.plain);
    case Kind::kDirectWrite:
        return write(operation, opened.direct);
    case Kind::kAppend:
        return append(operation);
    case Kind::kTruncate:
        return ::ftruncate(opened.plain, signed_offset(operation.length)) == 0
                   ? Checked()
                   : failed("ftruncate");
    case Kind::kReserve:
    case Kind::kReserveKeep:
    case Kind::kPunch:
    case Kind::kZero:
    case Kind::kZeroKeep:
        return operation.length == 0 || ::fallocate(opened.plain, allocate_mode(operation.kind),
                                                    signed_offset(operation.offset),
                                                    signed_offset(operation.length)) == 0
                   ? Checked()
                   : failed("fallocate");
    case Kind::kCopy:
        return copy(operation);
    case Kind::kSync:
        return ::fsync(opened.plain) == 0 ? Checked() : failed("fsync");
    case Kind::kDataSync:
        return ::fdatasync(opened.plain) == 0 ? Checked() : failed("fdatasync");
    case Kind::kEvict:
        return evict(operation.file);
    case Kind::kReopen:
        close_one(operation.file);
        return open_one(operation.file);
    case Kind::kCount:
        break;
    }
    return wrong("no such operation");
}

Checked RealFiles::read(const Operation& operation, std::string_view before, int descriptor) {
    const Aligned buffer = aligned(operation.length);
    const uint64_t there = before.size() - std::min<uint64_t>(before.size(), operation.offset);
    const uint64_t expected = std::min(there, operation.length);
    uint64_t done = 0;
    while (done < operation.length) {
        const ssize_t got = ::pread(descriptor, buffer.get() + done, operation.length - done,
                                    signed_offset(operation.offset + done));
        if (got < 0)
            return failed("read");
        done += static_cast<uint64_t>(got);
        // Behind a short direct read the position is no longer aligned.
        if (got == 0 || done >= expected)
            break;
    }
    if (done != expected)
        return wrong("read " + std::to_string(done) + " bytes, expected " +
                     std::to_string(expected));
    return compare({buffer.get(), done}, before, operation.offset);
}

Checked RealFiles::map(const Operation& operation, std::string_view before, bool durable) {
    if (operation.length == 0)
        return std::nullopt;
    const uint64_t begin = operation.offset - operation.offset % kPage;
    const size_t size = operation.offset + operation.length - begin;
    const bool writes = operation.kind == Kind::kMapWrite;
    void* mapped = ::mmap(nullptr, size, writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                          files_[operation.file].plain, signed_offset(begin));
    if (mapped == MAP_FAILED)
        return failed("mmap");
    char* bytes = static_cast<char*>(mapped) + (operation.offset - begin);
    Checked trouble;
    if (writes) {
        const std::string contents = bytes_of(operation.number, operation.length);
        std::copy(contents.begin(), contents.end(), bytes);
        if (durable && ::msync(mapped, size, MS_SYNC) != 0)
            trouble = failed("msync");
    } else {
        trouble = compare({bytes, operation.length}, before, operation.offset);
    }
    if (::munmap(mapped, size) != 0 && !trouble)
        trouble = failed("munmap");
    return trouble;
}

Checked RealFiles::write(const Operation& operation, int descriptor) {
    const std::string contents = bytes_of(operation.number, operation.length);
    const Aligned buffer = aligned(contents.size());
    std::copy(contents.begin(), contents.end(), buffer.get());
    for (uint64_t done = 0; done < contents.size();) {
        const ssize_t put = ::pwrite(descriptor, buffer.get() + done, contents.size() - done,
                                     signed_offset(operation.offset + done));
        if (put <= 0)
            return failed("write");
        done += static_cast<uint64_t>(put);
    }
    return std::nullopt;
}

Checked RealFiles::append(const Operation& operation) {
    const std::string contents = bytes_of(operation.number, operation.length);
    const int descriptor = ::open(path(operation.file).c_str(), O_WRONLY | O_APPEND);
    if (descriptor < 0)
        return failed("open with O_APPEND");
    Checked trouble;
    for (size_t done = 0; done < contents.size() && !trouble;) {
        const ssize_t put = ::write(descriptor, contents.data() + done, contents.size() - done);
        if (put <= 0)
            trouble = failed("append");
        else
            done += static_cast<size_t>(put);
    }
    if (::close(descriptor) != 0 && !trouble)
        trouble = failed("close");
    return trouble;
}

Checked RealFiles::copy(const Operation& operation) {
    for (uint64_t done = 0; done < operation.length;) {
        off_t in = signed_offset(operation.from_offset + done);
        off_t out = signed_offset(operation.offset + done);
        const ssize_t copied =
            ::copy_file_range(files_[operation.from_file].plain, &in, files_[operation.file].plain,
                              &out, operation.length - done, 0);
        if (copied < 0)
            return failed("copy_file_range");
        if (copied == 0)
            return wrong("copy_file_range ended after " + std::to_string(done) + " bytes");
        done += static_cast<uint64_t>(copied);
    }
    return std::nullopt;
}

// Data and holes take turns from the begin to the end, and a hole is zero.
Checked RealFiles::seek(uint32_t file, std::string_view before) {
    const int descriptor = files_[file].plain;
    const off_t end = signed_offset(before.size());
    for (off_t at = 0; at < end;) {
        const off_t hole = ::lseek(descriptor, at, SEEK_HOLE);
        if (hole < at || hole > end)
            return hole < 0 ? failed("SEEK_HOLE") : wrong("SEEK_HOLE outside of the file");
        off_t data = ::lseek(descriptor, hole, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            data = end;
        if (data < hole || data > end || (data == hole && hole < end))
            return data < 0 ? failed("SEEK_DATA") : wrong("SEEK_DATA does not fit SEEK_HOLE");
        const std::string_view zeros =
            before.substr(static_cast<size_t>(hole), static_cast<size_t>(data - hole));
        if (zeros.find_first_not_of('\0') != std::string_view::npos)
            return wrong("there is data in the hole from " + std::to_string(hole) + " to " +
                         std::to_string(data));
        at = data;
    }
    return std::nullopt;
}

Checked RealFiles::whole(uint32_t file, std::string_view before) {
    std::string contents;
    if (Checked trouble = read_whole(file, contents))
        return trouble;
    if (contents.size() != before.size())
        return wrong("the file has " + std::to_string(contents.size()) + " bytes, expected " +
                     std::to_string(before.size()));
    return compare(contents, before, 0);
}

Checked RealFiles::read_whole(uint32_t file, std::string& contents) {
    struct stat is {};
    if (::fstat(files_[file].plain, &is) != 0)
        return failed("fstat");
    contents.assign(static_cast<size_t>(is.st_size) + 1, '\0');
    size_t done = 0;
    while (done < contents.size()) {
        const ssize_t got = ::pread(files_[file].plain, contents.data() + done,
                                    contents.size() - done, signed_offset(done));
        if (got < 0)
            return failed("read");
        if (got == 0)
            break;
        done += static_cast<size_t>(got);
    }
    contents.resize(done);
    return std::nullopt;
}

Checked RealFiles::evict(uint32_t file) {
    const int descriptor = files_[file].plain;
    if (::fsync(descriptor) != 0)
        return failed("fsync");
    return ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0 ? Checked()
                                                                       : wrong("posix_fadvise");
}

Checked RealFiles::expect_size(uint32_t file, uint64_t size) {
    struct stat is {};
    if (::fstat(files_[file].plain, &is) != 0)
        return failed("fstat");
    if (static_cast<uint64_t>(is.st_size) != size)
        return wrong("the size is " + std::to_string(is.st_size) + ", expected " +
                     std::to_string(size));
    return std::nullopt;
}

Checked RealFiles::sync_all() {
    for (const Opened& opened : files_)
        if (::fsync(opened.plain) != 0)
            return failed("fsync");
    return std::nullopt;
}

} // namespace vexfs
