// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/volume.h"

#include <fstream>

#include <doctest/doctest.h>

#include "userlib/testing/rows/opened_volume.h"
#include "userlib/testing/volume/file_volume.h"

using namespace vexfs;

namespace {

constexpr uint64_t kBytes = uint64_t{64} << 20;
constexpr Make kFile{S_IFREG | 0644, 7, 8};

Result<std::unique_ptr<Volume>> try_open(const std::string& path, const VolumeOptions& options,
                                         std::string& explanation) {
    DeviceSpec spec;
    spec.path = path;
    return Volume::open(spec, options, explanation);
}

Bytes bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

void write(Volume& volume, std::string_view name, std::string_view text) {
    const Entry entry = volume.make(kRootIno, name, kFile).value();
    REQUIRE(volume.write(entry.ino, {}, bytes(text)).value().bytes == text.size());
    REQUIRE(volume.forget(entry.ino, 1));
}

std::string read(Volume& volume, std::string_view name) {
    const Result<Entry> entry = volume.lookup(kRootIno, name);
    if (!entry)
        return name_of(entry.error().code);
    std::string text(entry->inode.size, '?');
    CHECK(volume.read(entry->ino, 0, 0, std::as_writable_bytes(std::span(text))).value() ==
          text.size());
    CHECK(volume.forget(entry->ino, 1));
    return text;
}

template <typename T>
Code code_of(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
}

std::string content_of(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

TEST_CASE(
    "volume: what is closed is there again, and what a crash cuts off is there up to a sync") {
    const FileVolume file(kBytes);
    {
        const auto volume = opened_volume(file.path());
        write(*volume, "closed", "one");
        REQUIRE(volume->close());
    }
    {
        const auto volume = opened_volume(file.path());
        write(*volume, "synced", "two");
        REQUIRE(volume->sync());
        write(*volume, "not synced", "three");
    }
    const auto volume = opened_volume(file.path());
    CHECK(read(*volume, "closed") == "one");
    CHECK(read(*volume, "synced") == "two");
    CHECK(read(*volume, "not synced") == "ENOENT");
    REQUIRE(volume->close());
}

TEST_CASE("volume: the interval commits what nobody syncs") {
    const FileVolume file(kBytes);
    {
        const auto volume = opened_volume(file.path());
        write(*volume, "a", "text");
        volume->set_commit_interval(std::chrono::milliseconds(1));
        const auto committed = [&] {
            const Entry jobs = volume->lookup(VirtualFiles::kDirectory, "jobs.json").value();
            const uint64_t handle = volume->open_file(jobs.ino).value();
            std::string text(4096, '\0');
            text.resize(
                volume->read(jobs.ino, handle, 0, std::as_writable_bytes(std::span(text))).value());
            volume->close_file(jobs.ino, handle);
            return text.find("\"count\": 0") == std::string::npos;
        };
        while (!committed())
            std::this_thread::yield();
    }
    const auto volume = opened_volume(file.path());
    CHECK(read(*volume, "a") == "text");
    REQUIRE(volume->close());
}

TEST_CASE("volume: reserved names and the files behind them cannot be changed") {
    const FileVolume file(kBytes);
    const auto volume = opened_volume(file.path());
    const uint64_t directory = volume->make(kRootIno, "d", {S_IFDIR | 0755}).value().ino;
    write(*volume, "f", "text");
    const uint64_t ino = volume->lookup(kRootIno, "f").value().ino;
    for (const char* name : {".vexfs", ".similar"}) {
        CHECK(code_of(volume->make(directory, name, kFile)) == Code::kEPERM);
        CHECK(code_of(volume->link(ino, directory, name)) == Code::kEPERM);
        CHECK(code_of(volume->rename({kRootIno, "f"}, {directory, name}, RenameMode::kReplace)) ==
              Code::kEPERM);
        CHECK(code_of(volume->unlink(kRootIno, name)) == Code::kEPERM);
        CHECK(code_of(volume->rmdir(kRootIno, name)) == Code::kEPERM);
    }
    CHECK(code_of(volume->lookup(directory, ".similar")) == Code::kENOENT);

    const Entry virtual_directory = volume->lookup(kRootIno, ".vexfs").value();
    CHECK(virtual_directory.inode.is_directory());
    for (const Listed& entry : volume->list(kRootIno, 0, 100).value())
        CHECK(entry.name != ".vexfs");
    std::string names;
    for (const Listed& entry : volume->list(virtual_directory.ino, 0, 100).value())
        names += entry.name + " ";
    CHECK(names == ". .. stats.json config.json jobs.json call ");
    CHECK(volume->lookup(virtual_directory.ino, "..").value().ino == kRootIno);

    const Entry stats = volume->lookup(virtual_directory.ino, "stats.json").value();
    CHECK(code_of(volume->make(virtual_directory.ino, "a", kFile)) == Code::kEPERM);
    CHECK(code_of(volume->unlink(virtual_directory.ino, "stats.json")) == Code::kEPERM);
    CHECK(code_of(volume->write(stats.ino, {}, bytes("x"))) == Code::kEPERM);
    CHECK(code_of(volume->set(stats.ino, {}, false, false)) == Code::kEPERM);
    CHECK(code_of(volume->set_xattr(stats.ino, "user.a", bytes("x"), SetXattr::kAny)) ==
          Code::kEPERM);
    CHECK(volume->list_xattrs(stats.ino).value().empty());
    REQUIRE(volume->close());
}

TEST_CASE("volume: every directory has a call that is as readable as itself, and nobody lists it") {
    const FileVolume file(kBytes);
    const auto volume = opened_volume(file.path());
    for (const auto& [given, shown, call_mode] : {std::tuple{0755u, 0555u, 0666u},
                                                  {0750u, 0550u, 0660u},
                                                  {0711u, 0511u, 0600u},
                                                  {0300u, 0100u, 0000u}}) {
        const uint32_t mode = given;
        CAPTURE(mode);
        const uint64_t directory = volume->make(kRootIno, "d", {S_IFDIR | mode, 7, 8}).value().ino;
        const Entry hidden = volume->lookup(directory, ".vexfs").value();
        CHECK(hidden.inode.mode == (S_IFDIR | shown));
        const Entry call = volume->lookup(hidden.ino, "call").value();
        CHECK(call.inode.mode == (S_IFREG | call_mode));
        CHECK(call.inode.uid == 7);
        CHECK(call.inode.gid == 8);
        CHECK(call.inode.size == uint64_t{64} << 20);
        CHECK(VirtualFiles::is_call(call.ino));
        CHECK(VirtualFiles::directory_of(call.ino) == directory);
        CHECK(volume->lookup(hidden.ino, "..").value().ino == directory);
        CHECK(code_of(volume->lookup(hidden.ino, "stats.json")) == Code::kENOENT);
        CHECK(volume->list(hidden.ino, 0, 9).value().size() == 3);
        CHECK(volume->list(directory, 0, 9).value().size() == 2);
        // What a command that opens with O_TRUNC does; every other change is refused.
        CHECK(volume->set(call.ino, {.size = 0}, false, false).value().size == call.inode.size);
        CHECK(code_of(volume->set(call.ino, {.size = 1}, false, false)) == Code::kEPERM);
        CHECK(code_of(volume->set(call.ino, {.mode = 0777}, false, false)) == Code::kEPERM);
        CHECK(code_of(volume->set(hidden.ino, {.uid = 1}, false, false)) == Code::kEPERM);
        CHECK(code_of(volume->open_file(hidden.ino)) == Code::kEISDIR);
        // It lives as long as its directory.
        REQUIRE(volume->rmdir(kRootIno, "d"));
        REQUIRE(volume->forget(directory, 1));
        CHECK(code_of(volume->get(call.ino)) == Code::kESTALE);
        CHECK(code_of(volume->get(hidden.ino)) == Code::kESTALE);
    }
    write(*volume, "f", "text");
    const Entry plain = volume->lookup(kRootIno, "f").value();
    CHECK(code_of(volume->lookup(plain.ino, ".vexfs")) == Code::kENOTDIR);
    CHECK(volume->lookup(VirtualFiles::kDirectory, "call").value().inode.uid == 0);
    REQUIRE(volume->close());
}

TEST_CASE("volume: an open virtual file stays as it was") {
    const FileVolume file(kBytes);
    const auto volume = opened_volume(file.path());
    const uint64_t ino = VirtualFiles::kFirstFile;
    const uint64_t handle = volume->open_file(ino).value();
    const auto read_all = [&](uint64_t of) {
        std::string text(65536, '\0');
        text.resize(volume->read(ino, of, 0, std::as_writable_bytes(std::span(text))).value());
        return text;
    };
    const std::string before = read_all(handle);
    write(*volume, "a", std::string(1 << 20, 'x'));
    CHECK(read_all(handle) == before);
    const uint64_t later = volume->open_file(ino).value();
    CHECK(read_all(later) != before);
    volume->close_file(ino, handle);
    std::string text(1, '\0');
    CHECK(code_of(volume->read(ino, handle, 0, std::as_writable_bytes(std::span(text)))) ==
          Code::kESTALE);
    volume->close_file(ino, later);

    std::vector<uint64_t> handles;
    for (size_t i = 0; i < VirtualFiles::kOpenMax; ++i)
        handles.push_back(volume->open_file(ino).value());
    CHECK(code_of(volume->open_file(ino)) == Code::kEMFILE);
    for (const uint64_t of : handles)
        volume->close_file(ino, of);
    CHECK(volume->open_file(ino).has_value());
    REQUIRE(volume->close());
}

TEST_CASE("volume: read-only refuses every change and writes nothing") {
    const FileVolume file(kBytes);
    {
        const auto volume = opened_volume(file.path());
        write(*volume, "f", "text");
        write(*volume, "gone", "while held");
        const uint64_t gone = volume->lookup(kRootIno, "gone").value().ino;
        REQUIRE(volume->unlink(kRootIno, "gone"));
        REQUIRE(volume->sync()); // and a crash: the log and an inode without a name are left
        CHECK(volume->get(gone).has_value());
    }
    const std::string before = content_of(file.path());
    {
        const auto volume = opened_volume(file.path(), for_reading());
        const uint64_t ino = volume->lookup(kRootIno, "f").value().ino;
        CHECK(read(*volume, "f") == "text");
        CHECK(code_of(volume->make(kRootIno, "a", kFile)) == Code::kEROFS);
        CHECK(code_of(volume->make_unnamed(kRootIno, kFile)) == Code::kEROFS);
        CHECK(code_of(volume->link(ino, kRootIno, "a")) == Code::kEROFS);
        CHECK(code_of(volume->unlink(kRootIno, "f")) == Code::kEROFS);
        CHECK(code_of(volume->rmdir(kRootIno, "f")) == Code::kEROFS);
        CHECK(code_of(volume->rename({kRootIno, "f"}, {kRootIno, "g"}, RenameMode::kReplace)) ==
              Code::kEROFS);
        CHECK(code_of(volume->set(ino, {}, true, true)) == Code::kEROFS);
        CHECK(code_of(volume->write(ino, {}, bytes("x"))) == Code::kEROFS);
        CHECK(code_of(volume->allocate(ino, 0, 1, Allocate::kReserve)) == Code::kEROFS);
        CHECK(code_of(volume->copy(ino, 0, ino, 100, 1)) == Code::kEROFS);
        CHECK(code_of(volume->set_xattr(ino, "user.a", {}, SetXattr::kAny)) == Code::kEROFS);
        CHECK(code_of(volume->remove_xattr(ino, "user.a")) == Code::kEROFS);
        CHECK(volume->sync());
        CHECK(volume->forget(ino, 1));
        CHECK(volume->close());
    }
    CHECK(content_of(file.path()) == before);
}

TEST_CASE("volume: what was deleted is room at once, on a volume that was full") {
    const FileVolume file(kBytes);
    auto volume = opened_volume(file.path());
    Random random(1);
    std::string piece(1 << 20, '\0');
    for (char& c : piece)
        c = static_cast<char>(random.next());
    for (int round = 0; round < 3; ++round) {
        CAPTURE(round);
        const Entry entry = volume->make(kRootIno, "large", kFile).value();
        uint64_t size = 0;
        Result<Written> written = Written{};
        while ((written = volume->write(entry.ino, {size}, bytes(piece)))) {
            size += written->bytes;
            REQUIRE(written->bytes > 0);
        }
        CHECK(written.error().code == Code::kENOSPC);
        CHECK(size > kBytes / 3);
        REQUIRE(volume->unlink(kRootIno, "large"));
        REQUIRE(volume->forget(entry.ino, 1));
    }
    REQUIRE(volume->close());
    volume.reset();
    CHECK(file.sound());
}

TEST_CASE("volume: a node without a name is there until it is forgotten") {
    const FileVolume file(kBytes);
    const auto volume = opened_volume(file.path());
    const Entry unnamed = volume->make_unnamed(kRootIno, kFile).value();
    write(*volume, "f", "text");
    const Entry held = volume->lookup(kRootIno, "f").value();
    REQUIRE(volume->lookup(kRootIno, "f").value().ino == held.ino);
    REQUIRE(volume->unlink(kRootIno, "f"));
    for (const uint64_t ino : {unnamed.ino, held.ino})
        CHECK(volume->get(ino).value().nlink == 0);
    REQUIRE(volume->forget(unnamed.ino, 1));
    REQUIRE(volume->forget(held.ino, 2));
    for (const uint64_t ino : {unnamed.ino, held.ino})
        CHECK(code_of(volume->get(ino)) == Code::kESTALE);
    CHECK(code_of(volume->forget(held.ino, 1)) == Code::kEINVAL);
    REQUIRE(volume->close());
}

TEST_CASE("volume: an open that fails says what and why") {
    std::string explanation;
    VolumeOptions options;
    const FileVolume bare(kBytes, false);
    CHECK(code_of(try_open(bare.path(), options, explanation)) == Code::kEUCLEAN);
    CHECK(explanation.find(bare.path() + ": it holds a store without a root directory") == 0);
    const ScratchFile empty(kBytes);
    CHECK(code_of(try_open(empty.path(), options, explanation)) == Code::kEINVAL);
    CHECK(explanation.find(empty.path() + ": ") == 0);
    CHECK(code_of(try_open("/nonexistent/a", options, explanation)) == Code::kENOENT);
    CHECK(explanation.find("/nonexistent/a") == 0);
    options.memory_bytes = VolumeOptions::kMemoryBytesMin - 1;
    CHECK(code_of(try_open(bare.path(), options, explanation)) == Code::kEINVAL);
    CHECK(explanation == "mem= is at least 64M");
}
