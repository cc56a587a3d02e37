// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>

#include "userlib/device/file_device.h"
#include "userlib/device/run_program.h"
#include "userlib/names/names.h"
#include "userlib/store/check.h"

using namespace vexfs;

namespace {

constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";
constexpr uint64_t kSize = 64 << 20;

ProgramRun mkfs(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), VEXFS_PROGRAM);
    return run_program(arguments);
}

std::string bytes_of_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Whether a volume can be opened and passes a check.
bool sound(const std::string& path) {
    std::string explanation;
    auto device = FileDevice::open(path, {}, explanation);
    CAPTURE(explanation);
    REQUIRE(device.has_value());
    auto store = Store::open(**device, {});
    return store && check(**store).clean();
}

// The files of a volume.
class MountedFile {
  public:
    explicit MountedFile(const std::string& path) {
        std::string explanation;
        device_ = std::move(FileDevice::open(path, {}, explanation)).value();
        store_ = std::move(Store::open(*device_, {})).value();
        names_ = std::move(Names::open(*store_, false)).value();
    }
    [[nodiscard]] Names& names() const { return *names_; }

  private:
    std::unique_ptr<FileDevice> device_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Names> names_;
};

bool exists(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0;
}

} // namespace

TEST_CASE("mkfs: an image file is created, formatted, and sound") {
    ScratchFile neighbour(0);
    const std::string path = neighbour.path() + ".img";
    const ProgramRun run = mkfs({"--size", "64M", "-L", "films", "-U", kUuid, path});
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(run.out.find(path + ": 64 MiB VexFS volume 'films', uuid " + kUuid) == 0);
    CHECK(run.out.find("check it with: fsck.vexfs " + path) != std::string::npos);
    CHECK(sound(path));
    CHECK(mkfs({"--size", "64M", path}).status == 1);
    CHECK(sound(path));
    ::unlink(path.c_str());
}

TEST_CASE("mkfs: the root directory is that of the user and of the moment") {
    ScratchFile file(kSize);
    const int64_t before = ::time(nullptr);
    REQUIRE(mkfs({"-q", file.path()}).status == 0);
    const MountedFile mounted(file.path());
    const Inode root = mounted.names().get(kRootIno).value();
    CHECK(root.mode == (S_IFDIR | 0755));
    CHECK(root.uid == ::getuid());
    CHECK(root.gid == ::getgid());
    CHECK(root.nlink == 2);
    CHECK(root.mtime.sec >= before);
    CHECK(root.mtime.sec <= ::time(nullptr));
    CHECK(mounted.names().list(kRootIno, 0, 8).value().size() == 2);
}

TEST_CASE("mkfs: the smallest volume that is made takes a file with data") {
    ScratchFile neighbour(0);
    const std::string path = neighbour.path() + ".img";
    const auto size_of = [](uint64_t blocks) {
        return std::to_string(blocks * 4) + "K";
    };
    uint64_t refused = 1;
    uint64_t planned = kSize / kBlockBytes;
    while (planned - refused > 1) {
        const uint64_t blocks = refused + (planned - refused) / 2;
        (mkfs({"-n", "--size", size_of(blocks), path}).status == 0 ? planned : refused) = blocks;
    }
    CAPTURE(planned);
    const ProgramRun run = mkfs({"--size", size_of(planned), path});
    CAPTURE(run.err);
    REQUIRE(run.status == 0);
    CHECK(sound(path));
    const MountedFile mounted(path);
    const auto made = mounted.names().make(kRootIno, "a", {S_IFREG | 0644}, {});
    REQUIRE(made.has_value());
    const std::string data(10'000, 'x');
    CHECK(mounted.names().write(made->ino, {}, std::as_bytes(std::span(data)), {}).has_value());
    ::unlink(path.c_str());
}

TEST_CASE("mkfs: -n prints the plan and touches nothing") {
    ScratchFile file(kSize);
    ProgramRun run = mkfs({"-n", "--json", "-U", kUuid, "-L", "x", file.path()});
    CAPTURE(run.err);
    CHECK(run.status == 0);
    const auto json = nlohmann::json::parse(run.out);
    CHECK(json["schema"] == "mkfs.vexfs/1");
    CHECK(json["dry_run"] == true);
    CHECK(json["uuid"] == kUuid);
    CHECK(json["label"] == "x");
    CHECK(json["size_bytes"] == kSize);
    CHECK(json["capacity_bytes"] > kSize / 2);
    CHECK(bytes_of_file(file.path()) == std::string(kSize, '\0'));

    const std::string absent = file.path() + ".img";
    run = mkfs({"-n", "--size", "1G", absent});
    CHECK(run.status == 0);
    CHECK(run.out.find("nothing was written (-n)") != std::string::npos);
    CHECK(!exists(absent));

    // The plan is what is then made.
    run = mkfs({"--json", "-U", kUuid, "-L", "x", file.path()});
    auto made = nlohmann::json::parse(run.out);
    made["dry_run"] = true;
    CHECK(made == json);
}

TEST_CASE("mkfs: a volume, a foreign file system and unknown data are refused without -f") {
    ScratchFile file(kSize);
    REQUIRE(mkfs({"-q", "-L", "films", "-U", kUuid, file.path()}).status == 0);
    const std::string before = bytes_of_file(file.path());
    ProgramRun run = mkfs({file.path()});
    CHECK(run.status == 1);
    CHECK(run.out.empty());
    CHECK(run.err == "mkfs.vexfs: " + file.path() +
                         " holds a VexFS volume labelled 'films' (uuid " + kUuid +
                         "); use -f to overwrite it [EEXIST]\n");
    CHECK(bytes_of_file(file.path()) == before);
    CHECK(mkfs({"-f", "-q", file.path()}).status == 0);
    CHECK(bytes_of_file(file.path()) != before);

    ScratchFile text(kSize);
    REQUIRE(::pwrite(text.descriptor(), "notes", 5, 0) == 5);
    run = mkfs({text.path()});
    CHECK(run.status == 1);
    CHECK(run.err.find(" holds data of an unknown kind; use -f") != std::string::npos);

    ScratchFile foreign(kSize);
    if (!run_program({"mke2fs", "-q", "-F", "-t", "ext4", "-L", "old", foreign.path()})) {
        MESSAGE("skipped: there is no mke2fs");
        return;
    }
    run = mkfs({foreign.path()});
    CHECK(run.status == 1);
    CHECK(run.err.find(foreign.path() + " holds ext4 labelled 'old' (uuid ") != std::string::npos);
    run = mkfs({"-f", foreign.path()});
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(sound(foreign.path()));
}

TEST_CASE("mkfs: a busy target names its holder, and -f does not help") {
    ScratchFile file(kSize);
    REQUIRE(::flock(file.descriptor(), LOCK_EX) == 0);
    for (const char* force : {"-q", "-f"}) {
        const ProgramRun run = mkfs({force, file.path()});
        CHECK(run.status == 1);
        CHECK(run.err.find(file.path() + " is in use: process " + std::to_string(::getpid())) !=
              std::string::npos);
        CHECK(run.err.find("[EBUSY]") != std::string::npos);
    }
}

TEST_CASE("mkfs: a block device is formatted like a file") {
    ScratchFile file(kSize);
    auto loop = LoopDevice::attach(file);
    if (!loop) {
        MESSAGE("skipped: no loop device is available");
        return;
    }
    const ProgramRun run = mkfs({"-v", loop->path()});
    CAPTURE(run.err);
    CHECK(run.status == 0);
    CHECK(run.out.find("records of 64 KiB") != std::string::npos);
    CHECK(sound(loop->path()));
    CHECK(mkfs({"-f", file.path()}).err.find("backing store of " + loop->path()) !=
          std::string::npos);
}

TEST_CASE("mkfs: a wrong command line is exit 1, says what is wrong and touches nothing") {
    ScratchFile file(kSize);
    const std::string& path = file.path();
    auto wrong = [](const std::vector<std::string>& arguments, const std::string& sentence) {
        const ProgramRun run = mkfs(arguments);
        CAPTURE(run.err);
        CHECK(run.status == 1);
        CHECK(run.out.empty());
        return run.err.find("mkfs.vexfs: " + sentence) == 0;
    };
    CHECK(wrong({}, "no target is named"));
    CHECK(wrong({path, path}, "more than one target is named"));
    CHECK(wrong({"--bogus", path}, "option --bogus is not known"));
    CHECK(wrong({path, "-L"}, "option -L needs a value"));
    CHECK(wrong({"-U", "12", path}, "'12' is no uuid"));
    CHECK(wrong({"--size", "lots", path}, "'lots' is no size"));
    CHECK(wrong({"-L", std::string(32, 'x'), path}, "a label has at most 31 bytes"));
    CHECK(wrong({"--size", "64K", path + ".img"}, path + ".img: no volume fits into 64 KiB"));
    CHECK(!exists(path + ".img"));
    CHECK(wrong({"/nonexistent/a"}, "/nonexistent/a: No such file or directory"));
    CHECK(wrong({"/dev/null"}, "/dev/null is neither a regular file nor a block device"));
    CHECK(bytes_of_file(path) == std::string(kSize, '\0'));
    CHECK(mkfs({"--help"}).out.find("usage: mkfs.vexfs") == 0);
    CHECK(mkfs({"--version"}).out.find("mkfs.vexfs ") == 0);
}
