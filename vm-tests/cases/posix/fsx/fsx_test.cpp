// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include "vm-tests/cases/posix/fsx/exercise.h"

using namespace vexfs;

namespace {

struct Folder {
    std::string path = "/tmp/vexfs-fsx-XXXXXX";
    Folder() {
        REQUIRE(mkdtemp(path.data()) != nullptr);
        std::filesystem::create_directory(path + "/files");
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] Plan plan(uint64_t seed, bool keeps_state = false) const {
        return {path + "/files", keeps_state ? path + "/state" : "", seed, 256 << 10, 3};
    }
};

Checked steps(Exercise& exercise, int count) {
    for (int step = 0; step < count; ++step)
        if (Checked trouble = exercise.step())
            return trouble;
    return std::nullopt;
}

void flip(const std::string& path, off_t offset) {
    const int file = open(path.c_str(), O_RDWR);
    char byte = 0;
    REQUIRE(pread(file, &byte, 1, offset) == 1);
    byte = static_cast<char>(byte ^ 0x10);
    REQUIRE(pwrite(file, &byte, 1, offset) == 1);
    close(file);
}

// A run that goes on until its first file has some bytes that were synced.
void run_to_synced_bytes(Exercise& exercise) {
    REQUIRE(!exercise.start());
    do
        REQUIRE(!steps(exercise, 50));
    while (std::filesystem::file_size(exercise.files().path(0)) < 1000);
    REQUIRE(!exercise.finish());
}

} // namespace

TEST_CASE("fsx: an operation is read back from its line") {
    const std::vector<uint64_t> sizes{0, 5000, 1 << 20};
    for (uint64_t number = 1; number < 5000; ++number) {
        const Operation operation = draw(7, number, sizes, 1 << 20, {});
        CHECK(parse_operation(line_of(operation)) == operation);
        CHECK(operation.offset + operation.length <= (1 << 20) + 4096);
    }
    for (const char* line : {"", "1 write 0 0 0 0", "1 wrote 0 0 0 0 0", "1 write 0 x 0 0 0",
                             "1 write 0 0 0 0 0 0", "-1 write 0 0 0 0 0"})
        CHECK(!parse_operation(line));
}

TEST_CASE("fsx: what a filesystem lacks is not drawn") {
    const std::vector<uint64_t> sizes{5000};
    const std::vector<Feature> missing{Feature::kDirect, Feature::kCopy};
    for (uint64_t number = 1; number < 2000; ++number) {
        const Feature feature = feature_of(draw(1, number, sizes, 1 << 20, missing).kind);
        CHECK(feature != Feature::kDirect);
        CHECK(feature != Feature::kCopy);
    }
}

TEST_CASE("fsx: a sound filesystem agrees with the model") {
    const Folder folder;
    Exercise exercise(folder.plan(11));
    REQUIRE(!exercise.start());
    const Checked trouble = steps(exercise, 3000);
    REQUIRE_MESSAGE(!trouble, trouble->text << "\n" << exercise.last_operations());
    CHECK(!exercise.finish());
}

TEST_CASE("fsx: a byte that changes behind its back is found") {
    const Folder folder;
    Exercise exercise(folder.plan(12));
    run_to_synced_bytes(exercise);
    flip(exercise.files().path(0), 999);
    const Checked trouble = exercise.finish();
    REQUIRE(trouble);
    CHECK(!trouble->gone);
    CHECK(trouble->text.find("byte 999 is ") == 0);
    CHECK(trouble->text.find("1 of ") != std::string::npos);
}

TEST_CASE("fsx: a size that changes behind its back is found") {
    const Folder folder;
    Exercise exercise(folder.plan(13));
    run_to_synced_bytes(exercise);
    std::filesystem::resize_file(exercise.files().path(0), 999);
    const Checked trouble = exercise.finish();
    REQUIRE(trouble);
    CHECK(trouble->text.find("the file has 999 bytes") == 0);
}

TEST_CASE("fsx: a run is taken up where it ended, and goes on") {
    const Folder folder;
    uint64_t number = 0;
    {
        Exercise exercise(folder.plan(14, true));
        REQUIRE(!exercise.start());
        REQUIRE(!steps(exercise, 2500));
        number = exercise.next_number();
    }
    Exercise exercise(folder.plan(0, true));
    const Checked trouble = exercise.resume();
    REQUIRE_MESSAGE(!trouble, trouble->text);
    CHECK(exercise.plan().seed == 14);
    CHECK(exercise.next_number() <= number); // what only reads is not written down
    CHECK(exercise.next_number() + 100 > number);
    CHECK(!steps(exercise, 500));
    CHECK(!exercise.finish());
}

TEST_CASE("fsx: a synced byte that a crash has lost is found by the resumed run") {
    const Folder folder;
    std::string path;
    {
        Exercise exercise(folder.plan(15, true));
        run_to_synced_bytes(exercise);
        path = exercise.files().path(0);
    }
    flip(path, 500);
    Exercise exercise(folder.plan(0, true));
    const Checked trouble = exercise.resume();
    REQUIRE(trouble);
    CHECK(trouble->text.find("is in no state between") != std::string::npos);
}

TEST_CASE("fsx: a state file that is none is refused") {
    const Folder folder;
    for (const char* text :
         {"", "vexfs-fsx-1 1 2 3", "vexfs-fsx-1 1 4096 1 1\n5\nabc",
          "vexfs-fsx-1 1 4096 1 1\n3\nabc\n1 write 1 0 0 0 0\n",
          "vexfs-fsx-1 1 4096 1 1\n3\nabc\nnonsense\n", "another 1 4096 1 1\n"}) {
        std::ofstream(folder.path + "/state") << text;
        Exercise exercise(folder.plan(0, true));
        CHECK(exercise.resume());
    }
}

TEST_CASE("fsx: a crash may leave any state since the last sync, and a change in part") {
    SavedRun saved;
    saved.files = {std::string(100, 'a')};
    saved.operations = {{1, Kind::kWrite, 0, 0, 10, 0, 0},
                        {2, Kind::kSync, 0, 0, 0, 0, 0},
                        {3, Kind::kWrite, 0, 50, 10, 0, 0},
                        {4, Kind::kTruncate, 0, 0, 20, 0, 0}};
    saved.last_done = false;
    const std::string before = saved.files[0];
    std::string synced = before;
    synced.replace(0, 10, bytes_of(1, 10));
    std::string written = synced;
    written.replace(50, 10, bytes_of(3, 10));
    std::string partly = synced;
    partly.replace(50, 4, bytes_of(3, 4));
    const History history = histories_of(saved)[0];
    CHECK(is_allowed(synced, history));
    CHECK(is_allowed(partly, history));
    CHECK(is_allowed(written, history));
    CHECK(is_allowed(written.substr(0, 20), history));
    CHECK(!is_allowed(before, history));
    CHECK(!is_allowed(synced.substr(0, 19), history));
    CHECK(!is_allowed(synced + "x", history));
    std::string invented = written;
    invented[80] = 'x';
    CHECK(!is_allowed(invented, history));

    saved.operations[1].kind = Kind::kWhole; // no sync, so the first state is allowed too
    CHECK(is_allowed(before, histories_of(saved)[0]));
}
