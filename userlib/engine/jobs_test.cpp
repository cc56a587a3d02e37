// SPDX-License-Identifier: Apache-2.0
//
// Jobs that owners ask for, from the verb to the bytes of the image.
#include "userlib/engine/jobs.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/collection/graph_file.h"
#include "userlib/testing/rows/row_volume.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 256;
const Caller kAlice{1, 1, {}, false};

Schema wide() {
    Schema schema = plane();
    schema.dim = kDim;
    return schema;
}

std::vector<float> noise(Random& random, size_t rows) {
    std::vector<float> vectors(rows * kDim);
    for (float& value : vectors)
        value = static_cast<float>(random.normal());
    return vectors;
}

void put(RowVolume& volume, uint64_t ino, const std::vector<float>& vectors) {
    PutRows rows;
    rows.vectors = std::as_bytes(std::span(vectors));
    uint64_t found = 0;
    REQUIRE(volume->put_rows(RowVolume::opened(ino), root(), rows, {index::Element::kF32, kDim},
                             false, found));
}

std::string image_of(const RowVolume& volume) {
    std::string image(std::filesystem::file_size(volume.path()), '\0');
    std::ifstream stream(volume.path(), std::ios::binary);
    REQUIRE(stream.read(image.data(), static_cast<std::streamsize>(image.size())));
    return image;
}

// Whether a part of the vector, that no codec shortens, lies anywhere in the image.
bool holds(const RowVolume& volume, const std::vector<float>& vector) {
    const std::string image = image_of(volume);
    const std::string_view needle(reinterpret_cast<const char*>(vector.data()), 64);
    return image.find(needle) != std::string::npos;
}

// The codes of the rows in slots from `first` on, as the graphs of the volume have them. Of a
// volume that is not open.
std::vector<std::string> codes(const RowVolume& volume, uint32_t first) {
    std::vector<std::string> found;
    const auto take_page = [&](const GraphFile& file, const GraphHead& head, uint32_t number) {
        Page bytes(kGraphPageBytes);
        REQUIRE(file.read_page(number, bytes).value());
        const GraphPage page =
            GraphPage::parse(bytes, head.code_bytes, head.generation, number).value();
        for (uint32_t i = 0; i < page.rows(); ++i)
            if (page.kind(i) != GraphRowKind::kNone && page.first() + i >= first)
                found.emplace_back(reinterpret_cast<const char*>(page.code(i)), head.code_bytes);
    };
    volume.with_store(true, [&](Store& store) {
        for (const CollectionEntry& entry : list_collections(store).value())
            for (const uint64_t oid : entry.graph_oids) {
                const GraphFile file(store, oid);
                const std::optional<GraphHead> head = file.read_head().value();
                if (!head)
                    continue;
                for (const uint32_t number : file.pages().value())
                    take_page(file, *head, number);
            }
    });
    return found;
}

JobAnswer command(RowVolume& volume, uint64_t node, JobCommand command, bool verify = false,
                  bool wait = true) {
    JobAsk ask;
    ask.command = command;
    ask.verify = verify;
    ask.wait = wait;
    return volume->command_jobs(node, root(), ask).value();
}

} // namespace

TEST_CASE("jobs: after an erase the bytes of what was removed are nowhere in the image") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c", wide());
    const uint64_t file = volume.file(c, "file");
    const uint64_t kept_file = volume.file(c, "kept");
    const uint64_t single = volume.file(c, "single");
    Random random(31);
    const std::vector<float> dropped = noise(random, 1200); // enough for a graph
    const std::vector<float> kept = noise(random, 300);
    const std::vector<float> overwritten = noise(random, 1);
    const std::vector<float> unlinked = noise(random, 1);
    put(volume, kept_file, kept);
    put(volume, file, dropped);
    put(volume, single, overwritten); // synced: it lies in the log
    const uint64_t gone = volume.file(c, "gone");
    put(volume, gone, unlinked);
    REQUIRE(volume->wait_linked({}));
    REQUIRE(volume->sync());
    REQUIRE(holds(volume, dropped));
    REQUIRE(holds(volume, overwritten));
    REQUIRE(holds(volume, unlinked));

    REQUIRE(volume->drop_rows(RowVolume::opened(file), root(), 0, false));
    PutRows over;
    const std::vector<float> other = noise(random, 1);
    over.first = 0;
    over.vectors = std::as_bytes(std::span(other));
    uint64_t ino = 0;
    REQUIRE(volume->put_rows(RowVolume::opened(single), root(), over, {index::Element::kF32, kDim},
                             false, ino));
    REQUIRE(volume->unlink(c, "gone"));
    REQUIRE(volume->sync());
    REQUIRE(holds(volume, dropped)); // removed is not erased

    const JobAnswer done = command(volume, c, JobCommand::kErase, true);
    CHECK(done.state == JobState::kDone);
    CHECK_FALSE(holds(volume, dropped));
    CHECK_FALSE(holds(volume, overwritten));
    CHECK_FALSE(holds(volume, unlinked));
    CHECK(volume->get_rows(RowVolume::opened(kept_file), root(), {}).value().total == 300);
    volume.close();
    CHECK_FALSE(holds(volume, dropped));
    CHECK(holds(volume, kept));
    CHECK(volume.sound());
    volume.open();
}

TEST_CASE("jobs: after an erase no code of what was removed is anywhere in the image") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c", wide());
    const uint64_t kept = volume.file(c, "kept");
    const uint64_t dropped = volume.file(c, "dropped");
    Random random(33);
    put(volume, kept, noise(random, 1100));
    put(volume, dropped, noise(random, 400));
    REQUIRE(volume->wait_linked({}));
    volume.close();
    const std::vector<std::string> all = codes(volume, 0);
    REQUIRE(all.size() == 1500);
    std::vector<std::string> needles = codes(volume, 1100);
    REQUIRE(needles.size() == 400);
    needles.resize(20); // each looks through the whole image
    // A part of a code: the store may have split what it packed.
    const auto found = [&] {
        const std::string image = image_of(volume);
        return std::ranges::count_if(needles, [&](const std::string& code) {
            return image.find(std::string_view(code).substr(16, 24)) != std::string::npos;
        });
    };
    REQUIRE(found() > 15);
    volume.open();
    REQUIRE(volume->drop_rows(RowVolume::opened(dropped), root(), 0, false));
    REQUIRE(volume->sync());
    REQUIRE(found() > 15);
    CHECK(command(volume, c, JobCommand::kErase, true).state == JobState::kDone);
    CHECK(found() == 0);
    volume.close();
    CHECK(found() == 0);
    CHECK(codes(volume, 0).size() == 1100);
    CHECK(volume.sound());
    volume.open();
}

TEST_CASE("jobs: compact gives back the slots of removed rows, through the verb") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c", wide());
    Random random(32);
    std::vector<uint64_t> files;
    for (int i = 0; i < 20; ++i) {
        files.push_back(volume.file(c, "f" + std::to_string(i)));
        put(volume, files.back(), noise(random, 50));
    }
    for (int i = 0; i < 15; ++i)
        REQUIRE(
            volume->drop_rows(RowVolume::opened(files[static_cast<size_t>(i)]), root(), 0, false));
    const FileRows before =
        volume->get_rows(RowVolume::opened(files[19]), root(), {0, 0, true, true}).value();
    CHECK(command(volume, c, JobCommand::kCompact).state == JobState::kDone);
    const RowCounts counts =
        volume->stat_rows({c, 0, {}, true, true}, root(), true).value().totals.value();
    CHECK(counts.rows == 250);
    CHECK(counts.slots == 250);
    const FileRows after =
        volume->get_rows(RowVolume::opened(files[19]), root(), {0, 0, true, true}).value();
    CHECK(after.vectors == before.vectors);
    volume.reopen();
    CHECK(volume->get_rows(RowVolume::opened(files[19]), root(), {0, 0, true, true})
              .value()
              .vectors == before.vectors);
    volume.close();
    CHECK(volume.sound());
    volume.open();
}

TEST_CASE("jobs: they are the owner's, are listed by collection, and are known by their number") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t other = volume.collection(kRootIno, "other");
    const uint64_t plain = volume.directory(kRootIno, "plain");
    JobAsk ask;
    ask.command = JobCommand::kCompact;
    CHECK(volume->command_jobs(c, kAlice, ask).error().code == Code::kEPERM);
    CHECK(volume->command_jobs(plain, root(), ask).error().code == Code::kENODATA);
    CHECK(volume->jobs(c, kAlice).error().code == Code::kEPERM);
    CHECK(volume->jobs(kRootIno, kAlice).error().code == Code::kEPERM);
    CHECK(volume->jobs(plain, root()).error().code == Code::kENODATA);
    CHECK(volume->jobs(c, root()).value().empty());

    // A job that is paused is not waited for, and goes on where it was.
    CHECK(command(volume, c, JobCommand::kPause, false, false).jobs == 0);
    const JobAnswer paused = command(volume, c, JobCommand::kErase);
    CHECK(paused.state == JobState::kPaused);
    CHECK(command(volume, c, JobCommand::kErase).id == paused.id);
    ask = {JobCommand::kResume, paused.id};
    CHECK(volume->command_jobs(other, root(), ask).error().code == Code::kENOENT);
    CHECK(volume->command_jobs(c, root(), ask).value().jobs == 1);
    CHECK(command(volume, other, JobCommand::kCompact).state == JobState::kDone);
    CHECK(command(volume, c, JobCommand::kResume, false, false).jobs == 0);
    CHECK(command(volume, c, JobCommand::kErase).state == JobState::kDone);

    const std::vector<VolumeJob> of_c = volume->jobs(c, root()).value();
    REQUIRE_FALSE(of_c.empty());
    CHECK(std::ranges::all_of(of_c, [&](const VolumeJob& job) { return job.collection == c; }));
    CHECK(volume->jobs(kRootIno, root()).value().size() == of_c.size() + 1);
    const uint64_t json = volume->lookup(16, "jobs.json").value().ino;
    const uint64_t handle = volume->open_file(json).value();
    std::array<std::byte, 16384> bytes{};
    const size_t size = volume->read(json, handle, 0, bytes).value();
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), size);
    CHECK(text.find("\"name\": \"compact\"") != std::string_view::npos);
    CHECK(text.find("\"state\": \"done\"") != std::string_view::npos);
    volume->close_file(json, handle);
}
