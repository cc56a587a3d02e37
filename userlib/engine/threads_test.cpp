// SPDX-License-Identifier: Apache-2.0
//
// Searches beside changes of rights, names and rows.
#include <atomic>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "userlib/testing/rows/row_volume.h"

using namespace vexfs;

namespace {

const Caller kAlice{1, 1, {}, false};

// Searches as Alice until it is told to end.
//
// Threads: one of its own; what it counted is looked at after end().
class Searcher {
  public:
    Searcher(RowVolume& volume, uint64_t directory, uint64_t always, std::set<uint64_t> never)
        : always_(always), never_(std::move(never)),
          thread_([this, &volume, directory] { run(volume, directory); }) {}
    ~Searcher() { end(); }

    void end() {
        stop_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    uint64_t searches = 0;
    uint64_t failed = 0;
    uint64_t missed = 0; // answers without the file that is always visible
    uint64_t leaked = 0; // hits of files that never are

  private:
    void run(RowVolume& volume, uint64_t directory) {
        while (!stop_) {
            const Result<SearchAnswer> answer = volume.search(directory, kAlice);
            ++searches;
            if (!answer) {
                ++failed;
                continue;
            }
            bool found = false;
            for (const SearchHit& hit : answer->hits) {
                found = found || hit.id.ino == always_;
                leaked += never_.contains(hit.id.ino) ? 1 : 0;
            }
            missed += found ? 0 : 1;
        }
    }

    const uint64_t always_;
    const std::set<uint64_t> never_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

} // namespace

TEST_CASE("threads: no search shows a file that was hidden by one thing or another all the time") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t open = volume.directory(c, "open");
    const uint64_t closed = volume.directory(c, "closed", 0700);
    const uint64_t door = volume.directory(c, "door");
    const uint64_t always = volume.file(c, "always");
    const uint64_t shown = volume.file(door, "shown"); // of the class that `hidden` has at times
    const uint64_t hidden = volume.file(door, "hidden", 0600);
    const uint64_t moved = volume.file(closed, "moved");
    for (const uint64_t ino : {shown, hidden, moved, always})
        REQUIRE(volume.put(ino, {static_cast<float>(ino), 0}));
    Searcher first(volume, c, always, {hidden, moved});
    Searcher second(volume, c, always, {hidden, moved});
    std::thread rows([&] {
        for (int i = 0; i < 300; ++i) {
            const uint64_t ino = volume.file(open, "f" + std::to_string(i));
            VEXFS_ASSERT(volume.put(ino, {1, 1, 2, 2}));
            VEXFS_ASSERT(volume.link(ino, c, "g" + std::to_string(i)));
            VEXFS_ASSERT(volume->drop_rows(RowVolume::opened(ino), root(), 1, true));
            VEXFS_ASSERT(volume->unlink(open, "f" + std::to_string(i)));
            VEXFS_ASSERT(volume->unlink(c, "g" + std::to_string(i)));
        }
    });
    for (int i = 0; i < 300; ++i) {
        REQUIRE(volume.set(door, {0700}));
        REQUIRE(volume.set(hidden, {0644}));
        REQUIRE(volume.set(hidden, {0600}));
        REQUIRE(volume.set(door, {0755}));
        REQUIRE(volume.set(moved, {0600}));
        REQUIRE(volume->rename({closed, "moved"}, {open, "moved"}, RenameMode::kReplace));
        REQUIRE(volume->rename({open, "moved"}, {closed, "moved"}, RenameMode::kReplace));
        REQUIRE(volume.set(moved, {0644}));
    }
    rows.join();
    for (Searcher* const searcher : {&first, &second}) {
        searcher->end();
        CHECK(searcher->searches > 0);
        CHECK(searcher->failed == 0);
        CHECK(searcher->missed == 0);
        CHECK(searcher->leaked == 0);
    }
    CHECK(volume.found(c) == "always door/shown door/hidden closed/moved");
    volume.close();
    CHECK(volume.sound());
}

TEST_CASE("threads: a put and a rename across a border never end with rows outside") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t none = volume.directory(kRootIno, "none");
    uint64_t crossed = 0;
    uint64_t refused = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string name = "f" + std::to_string(i);
        const uint64_t directory = volume.directory(c, name);
        const uint64_t ino = volume.file(directory, name);
        Code put{};
        std::thread putter([&] {
            const Result<PutDone> done = volume.put(ino, {1, 1});
            put = done ? Code{} : done.error().code;
        });
        // Of the file, or of the directory that it is in.
        const Place from = i % 2 == 0 ? Place{directory, name} : Place{c, name};
        const Status renamed = volume->rename(from, {none, name}, RenameMode::kReplace);
        putter.join();
        if (renamed) {
            ++crossed;
            CHECK(put == Code::kENODATA);
        } else {
            ++refused;
            CHECK(renamed.error().code == Code::kEXDEV);
            CHECK(put == Code{});
        }
    }
    CHECK(crossed + refused == 200);
    CHECK(volume->stat_rows({c}, root(), false).value().files == refused);
    volume.close();
    CHECK(volume.sound());
}
