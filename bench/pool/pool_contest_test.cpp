// SPDX-License-Identifier: Apache-2.0
#include "bench/pool/pool_contest.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "bench/machine/machine.h"
#include "bench/pool/object_sets.h"

namespace vexfs {

namespace {

std::vector<SourceFile> some_files() {
    Random random(1);
    std::vector<SourceFile> files;
    for (int i = 0; i < 60; ++i) {
        SourceFile file;
        file.path = "folder" + std::to_string(i % 7) + "/file" + std::to_string(i) + ".txt";
        for (uint64_t words = random.between(10, 20'000); words > 0; --words) {
            const std::string word = std::to_string(random.below(500)) + " and ";
            const Bytes bytes = std::as_bytes(std::span(word));
            file.bytes.insert(file.bytes.end(), bytes.begin(), bytes.end());
        }
        files.push_back(std::move(file));
    }
    return files;
}

} // namespace

TEST_CASE("pool contest: densities are what arithmetic says") {
    const PoolPlan plan{1, last_processor(), 1};
    const auto figures = run_pool_contest(vector_objects("f32", 768, 4 << 20), plan);
    REQUIRE(figures);
    REQUIRE(figures->size() == 3);
    CHECK((*figures)[0].density == doctest::Approx(0.75));
    CHECK((*figures)[1].density == doctest::Approx(0.75));
    CHECK((*figures)[2].density == doctest::Approx(1.0).epsilon(0.01));
    for (const PoolFigures& one : *figures) {
        CHECK(one.with_metadata < one.density);
        CHECK(one.compacted >= one.thinned);
        CHECK(one.malloc_ns.size() == 1);
        CHECK(one.malloc_ns[0] > 0);
        CHECK(one.free_ns[0] > 0);
    }
}

TEST_CASE("pool contest: objects come from what a volume of the files holds") {
    const std::vector<SourceFile> files = some_files();
    uint64_t bytes = 0;
    for (const SourceFile& file : files)
        bytes += file.bytes.size();
    const ObjectSet records = record_objects(files, "lz4", 16384).value();
    CHECK(records.source_bytes > bytes / 2);
    CHECK(records.source_bytes <= bytes);
    CHECK(records.sizes.size() >= bytes / 16384);
    const ObjectSet nodes = node_objects(files, "zstd").value();
    REQUIRE(!nodes.sizes.empty());
    CHECK(nodes.source_bytes == nodes.sizes.size() * 16384);
    CHECK(run_pool_contest(records, {1, last_processor(), 1}));
    CHECK(record_objects(files, "no codec", 4096).error().code == Code::kEOPNOTSUPP);
}

TEST_CASE("pool contest: a folder without texts is refused") {
    CHECK(read_sources("/dev/null").error().code == Code::kENOENT);
}

} // namespace vexfs
