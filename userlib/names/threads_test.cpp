// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <map>
#include <thread>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/names/check.h"
#include "userlib/names/names.h"
#include "userlib/testing/volume/ram_volume.h"

using namespace vexfs;

namespace {

constexpr int kThreads = 4;
constexpr int kSteps = 1500;
constexpr Timestamp kNow{1, 0};

// What may happen to a name that others change too.
void expect(const Status& status) {
    if (status)
        return;
    switch (status.error().code) {
    case Code::kENOENT:
    case Code::kEEXIST:
    case Code::kENOTEMPTY:
    case Code::kENOTDIR:
    case Code::kEISDIR:
    case Code::kEINVAL:
    case Code::kESTALE:
        return;
    default:
        FAIL_CHECK(status.error().what);
    }
}

void work(Names& names, uint64_t seed, const std::vector<uint64_t>& directories) {
    Random random(seed);
    const auto directory = [&] {
        return directories[random.below(directories.size())];
    };
    const auto name = [&] {
        return std::string(1, static_cast<char>('a' + random.below(6)));
    };
    for (int step = 0; step < kSteps; ++step) {
        const uint32_t type = random.chance(1, 3) ? S_IFDIR : S_IFREG;
        const Result<Entry> found = names.lookup(directory(), name());
        switch (random.below(7)) {
        case 0:
        case 1:
            if (const auto made = names.make(directory(), name(), {type | 0700}, kNow); !made)
                expect(made.error());
            break;
        case 2:
            expect(names.unlink(directory(), name(), kNow));
            break;
        case 3:
            expect(names.rmdir(directory(), name(), kNow));
            break;
        case 4:
            expect(names.rename({directory(), name()}, {directory(), name()},
                                static_cast<RenameMode>(random.below(3)), kNow));
            break;
        case 5:
            if (found && !found->inode.is_directory())
                if (const auto linked = names.link(found->ino, directory(), name(), kNow); !linked)
                    expect(linked.error());
            break;
        default:
            if (!found || found->inode.is_directory() || !names.hold(found->ino))
                break;
            const std::string text(1 + random.below(9000), 'x');
            CHECK(names.write(found->ino, {0}, std::as_bytes(std::span(text)), kNow).has_value());
            CHECK(names.release(found->ino).has_value());
        }
    }
}

} // namespace

TEST_CASE("names: threads that change the same directories leave a sound tree") {
    RamVolume volume(uint64_t{64} << 20);
    REQUIRE(Names::create(volume.store(), {0755}, kNow));
    const std::unique_ptr<Names> names = Names::open(volume.store(), false).value();
    std::vector<uint64_t> directories{kRootIno};
    for (const char* name : {"one", "two"})
        directories.push_back(names->make(kRootIno, name, {S_IFDIR | 0700}, kNow).value().ino);
    std::atomic<bool> stop{false};
    std::thread committer([&] {
        while (!stop.load())
            CHECK(volume.store().commit().has_value());
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&, i] { work(*names, static_cast<uint64_t>(i) + 1, directories); });
    for (std::thread& thread : threads)
        thread.join();
    stop.store(true);
    committer.join();

    const CheckReport report = volume.check();
    CHECK(report.clean());
    CHECK(report.orphans == 0);
    const NamesReport tree = check_names(volume.store());
    CHECK(tree.clean());
    CHECK(tree.unlinked == 0);
    CHECK(tree.directories >= 3);
}
