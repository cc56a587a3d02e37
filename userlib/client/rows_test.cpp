// SPDX-License-Identifier: Apache-2.0
//
// Rows by way of the library, through real mounts; and the examples, as a user runs them.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"
#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;

namespace {

const std::string kExamples = VEXFS_EXAMPLES;

struct CloseNode {
    void operator()(vexfs_node* node) const { vexfs_node_close(node); }
};
using NodePointer = std::unique_ptr<vexfs_node, CloseNode>;

struct FreeResult {
    void operator()(void* result) const { std::free(result); }
};
using Hits = std::unique_ptr<vexfs_hits, FreeResult>;

NodePointer open_node(const std::string& path) {
    vexfs_node* node = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_node_open(path.c_str(), &node, &reason);
    CAPTURE(reason.text);
    REQUIRE(result == 0);
    return NodePointer(node);
}

// A mounted volume with a collection of `dim` x f32 in /c.
struct Collection {
    explicit Collection(uint32_t elements) : dim(elements) {
        REQUIRE(scratch.mount().status == 0);
        std::filesystem::create_directory(scratch.point() + "/c");
        directory = open_node(scratch.point() + "/c");
        vexfs_schema schema{};
        schema.dim = dim;
        schema.element = VEXFS_ELEMENT_F32;
        schema.metric = VEXFS_METRIC_L2;
        vexfs_schema_reply reply{};
        REQUIRE(vexfs_schema_set(directory.get(), &schema, 0, &reply, nullptr) == 0);
        CHECK(reply.vector_bytes == dim * 4);
    }

    [[nodiscard]] std::string at(const std::string& name) const {
        return scratch.point() + "/c/" + name;
    }
    int put(vexfs_node* node, const char* name, const std::vector<float>& vectors,
            uint32_t first = VEXFS_ROW_APPEND, vexfs_reason* reason = nullptr) const {
        vexfs_put_rows rows{};
        rows.which.name = name;
        rows.first = first;
        rows.rows = static_cast<uint32_t>(vectors.size() / dim);
        rows.vectors = vectors.data();
        const vexfs_put_batch batch{dim, VEXFS_ELEMENT_F32, 0, 0, 1, &rows};
        return vexfs_rows_put(node, &batch, nullptr, reason);
    }
    [[nodiscard]] vexfs_query query(const std::vector<float>& vectors, uint32_t k) const {
        vexfs_query query{};
        query.vectors = vectors.data();
        query.queries = static_cast<uint32_t>(vectors.size() / dim);
        query.dim = dim;
        query.element = VEXFS_ELEMENT_F32;
        query.k = k;
        query.flags = VEXFS_SEARCH_PATHS;
        return query;
    }
    Hits search(vexfs_node* node, const vexfs_query& query) const {
        vexfs_hits* hits = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_rows_search(node, &query, &hits, &reason);
        CAPTURE(reason.text);
        REQUIRE(result == 0);
        return Hits(hits);
    }

    const uint32_t dim;
    const ScratchMount scratch{VEXFS_PROGRAMS};
    NodePointer directory;
};

// Values without a pattern that a search could profit from, the same each time.
std::vector<float> scattered(size_t count) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i)
        values[i] = static_cast<float>(std::sin(static_cast<double>(i * i % 1'000'003)));
    return values;
}

} // namespace

TEST_CASE("client: rows go in by a file or by its directory, and come back bit by bit") {
    if (ScratchMount::is_impossible())
        return;
    Collection c(4);
    REQUIRE(write_text(c.at("file"), "data"));
    REQUIRE(write_text(c.at("other"), "data"));
    const NodePointer file = open_node(c.at("file"));
    CHECK(c.put(file.get(), nullptr, {1, 2, 3, 4}) == 0);
    CHECK(c.put(c.directory.get(), "file", {5, 6, 7, 8}) == 0);
    const vexfs_which by_number{nullptr, vexfs_node_ino(file.get())};
    vexfs_row_set* raw = nullptr;
    REQUIRE(vexfs_rows_get(c.directory.get(), &by_number, 0, 0, VEXFS_GET_ROWS | VEXFS_GET_VECTORS,
                           &raw, nullptr) == 0);
    const std::unique_ptr<vexfs_row_set, FreeResult> set(raw);
    CHECK(set->head->rows == 2);
    CHECK(set->head->total == 2);
    const auto* const vectors = static_cast<const float*>(set->vectors);
    CHECK(std::vector<float>(vectors, vectors + 8) == std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK((set->rows[1].flags & VEXFS_ROW_STALE) == 0);

    vexfs_drop_reply dropped{};
    CHECK(vexfs_rows_drop(file.get(), nullptr, 1, 0, &dropped, nullptr) == 0);
    CHECK(dropped.dropped == 1);
    CHECK(dropped.total == 1);
    vexfs_stat_reply stat{};
    const vexfs_which by_name{"file", 0};
    CHECK(vexfs_rows_stat(c.directory.get(), &by_name, 0, &stat, nullptr) == 0);
    CHECK(stat.rows == 1);
    const uint64_t inos[2] = {vexfs_node_ino(file.get()), 999'999};
    const char* const* paths = nullptr;
    REQUIRE(vexfs_rows_paths(c.directory.get(), inos, 2, &paths, nullptr) == 0);
    CHECK(std::string(paths[0]) == "file");
    CHECK(std::string(paths[1]).empty());
    std::free(const_cast<void*>(static_cast<const void*>(paths)));
    CHECK(vexfs_rows_sync(file.get(), VEXFS_SYNC_LINK, nullptr) == 0);
}

TEST_CASE("client: of several files each has a status, and the first failure is the answer") {
    if (ScratchMount::is_impossible())
        return;
    Collection c(2);
    REQUIRE(write_text(c.at("a"), ""));
    REQUIRE(write_text(c.at("b"), ""));
    const float vectors[2] = {1, 2};
    vexfs_row_meta meta{};
    meta.tag = 7;
    vexfs_put_rows files[3]{};
    const char* const names[3] = {"a", "absent", "b"};
    for (int i = 0; i < 3; ++i) {
        files[i].which.name = names[i];
        files[i].first = 0;
        files[i].rows = 1;
        files[i].vectors = vectors;
    }
    files[2].metas = &meta; // the others get zeros
    const vexfs_put_batch batch{2, VEXFS_ELEMENT_F32, 0, 0, 3, files};
    vexfs_put_status statuses[3];
    vexfs_reason reason{};
    CHECK(vexfs_rows_put(c.directory.get(), &batch, statuses, &reason) == -ENOENT);
    CHECK(std::string(reason.text) == "absent: No such file or directory (1 of 3 files failed)");
    CHECK(statuses[0].status == 0);
    CHECK(statuses[1].status == -ENOENT);
    CHECK(statuses[2].total == 1);
    const std::vector<float> asked{1, 2};
    const Hits hits = c.search(c.directory.get(), c.query(asked, 5));
    REQUIRE(hits->hits == 2);
    CHECK(hits->hit[0].tag + hits->hit[1].tag == 7);
    CHECK((hits->answers[0].why & VEXFS_SHORT_ROWS) != 0);
}

TEST_CASE("client: what no ioctl takes goes by a session, both ways, and on a read-only mount") {
    if (ScratchMount::is_impossible())
        return;
    Collection c(512);
    const std::vector<float> vectors = scattered(size_t{512} * 300);
    REQUIRE(write_text(c.at("file"), ""));
    {
        const NodePointer file = open_node(c.at("file"));
        CHECK(c.put(file.get(), nullptr, vectors) == 0); // 600 KiB, by way of its directory
        vexfs_row_set* raw = nullptr;
        REQUIRE(vexfs_rows_get(file.get(), nullptr, 0, 0, VEXFS_GET_VECTORS, &raw, nullptr) == 0);
        const std::unique_ptr<vexfs_row_set, FreeResult> set(raw);
        CHECK(set->rows == nullptr);
        REQUIRE(set->head->rows == 300);
        CHECK(std::memcmp(set->vectors, vectors.data(), vectors.size() * 4) == 0);
    }
    const auto all_find_themselves = [&](vexfs_node* node) {
        vexfs_query query = c.query(vectors, 2);
        query.flags |= VEXFS_SEARCH_VECTORS;
        const Hits hits = c.search(node, query);
        REQUIRE(hits->hits == 600);
        CHECK(hits->vector_bytes == 2048);
        bool same = true;
        for (uint32_t i = 0; i < 300; ++i)
            same &= hits->hit[2 * i].row == i && hits->hit[2 * i].distance == 0 &&
                    std::string(hits->paths[2 * i]) == "file" &&
                    std::memcmp(static_cast<const char*>(hits->vectors) + size_t{2} * i * 2048,
                                vectors.data() + size_t{512} * i, 2048) == 0;
        CHECK(same);
    };
    all_find_themselves(c.directory.get());
    // Idle sessions of an engine that has ended are replaced.
    c.directory.reset();
    CHECK(c.scratch.unmount());
    REQUIRE(c.scratch.mount({"-o", "ro"}).status == 0);
    const NodePointer read_only = open_node(c.scratch.point() + "/c");
    all_find_themselves(read_only.get());
}

TEST_CASE("client: many threads search by one node, with sessions of their own") {
    if (ScratchMount::is_impossible())
        return;
    Collection c(256);
    const std::vector<float> vectors = scattered(size_t{256} * 64);
    REQUIRE(write_text(c.at("file"), ""));
    REQUIRE(c.put(c.directory.get(), "file", vectors) == 0);
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                // 64 KiB of queries by a session, then one by ioctl.
                const std::vector<float> one(vectors.begin() + 256 * t,
                                             vectors.begin() + 256 * (t + 1));
                for (const vexfs_query& query : {c.query(vectors, 1), c.query(one, 1)}) {
                    vexfs_hits* raw = nullptr;
                    if (vexfs_rows_search(c.directory.get(), &query, &raw, nullptr) != 0)
                        continue;
                    const Hits hits(raw);
                    const uint32_t at = query.queries == 1 ? 0 : static_cast<uint32_t>(t);
                    right += hits->hit[at].row == static_cast<uint32_t>(t) ? 1 : 0;
                }
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(right == 8 * 20 * 2);
}

TEST_CASE("client: a failure is an errno and a sentence") {
    if (ScratchMount::is_impossible())
        return;
    Collection c(2);
    vexfs_reason reason{};
    vexfs_schema_reply schema{};
    const NodePointer root = open_node(c.scratch.point());
    CHECK(vexfs_schema_get(root.get(), &schema, &reason) == -ENODATA);
    CHECK(std::string(reason.text).size() > 5);
    const NodePointer elsewhere = open_node(c.scratch.directory());
    CHECK(vexfs_schema_get(elsewhere.get(), &schema, &reason) == -ENOTTY);
    CHECK(std::string(reason.text) == "this is not on a VexFS volume");
    CHECK(c.put(c.directory.get(), "absent", {1, 2}, 0, &reason) == -ENOENT);
    CHECK(c.put(c.directory.get(), std::string(256, 'x').c_str(), {1, 2}, 0, &reason) ==
          -ENAMETOOLONG);
    CHECK(c.put(c.directory.get(), "", {1, 2}, 0, &reason) == -EINVAL);
    const std::vector<float> asked{1, 2};
    vexfs_query query = c.query(asked, 1);
    query.filter = "size >";
    vexfs_hits* hits = nullptr;
    CHECK(vexfs_rows_search(c.directory.get(), &query, &hits, &reason) == -EINVAL);
    const std::string long_filter(5000, ' ');
    query.filter = long_filter.c_str();
    CHECK(vexfs_rows_search(c.directory.get(), &query, &hits, &reason) == -EINVAL);
    const vexfs_put_batch none{2, VEXFS_ELEMENT_F32, 0, 0, 0, nullptr};
    CHECK(vexfs_rows_put(c.directory.get(), &none, nullptr, &reason) == -EINVAL);
    CHECK(hits == nullptr);
}

TEST_CASE("examples: library makes a collection, and search asks it by the header alone") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(VEXFS_PROGRAMS);
    REQUIRE(scratch.mount().status == 0);
    const std::string colours = scratch.point() + "/colours";
    std::filesystem::create_directory(colours);
    const ProgramRun library = run_program({kExamples + "/library", colours});
    CAPTURE(library.err);
    CHECK(library.status == 0);
    CHECK(library.out.starts_with("green at distance 0.0298"));
    const ProgramRun search = run_program({kExamples + "/search", colours, "1", "0", "0"});
    CAPTURE(search.err);
    CHECK(search.status == 0);
    CHECK(search.out == "0 red row 0\n1 green row 0\n");
    CHECK(run_program({kExamples + "/search", colours, "1", "0"}).status == 1);
    CHECK(run_program({kExamples + "/search", scratch.directory(), "1"}).err.find("ioctl") !=
          std::string::npos);

    CHECK(scratch.unmount());
    CHECK(scratch.sound());
}

TEST_CASE("examples: batch puts thousands of rows by one message and asks for all by another") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c(8);
    const std::string directory = c.scratch.point() + "/c";
    REQUIRE(write_text(c.at("file"), ""));
    const ProgramRun batch = run_program({kExamples + "/batch", directory, "file", "4000"});
    CAPTURE(batch.err);
    CHECK(batch.out == "4000 of 4000 rows found themselves\n");
    const ProgramRun absent = run_program({kExamples + "/batch", directory, "absent", "4"});
    CHECK(absent.status == 1);
    CHECK(absent.err.size() > 5);
}

TEST_CASE("examples: the manual shows the very program that is tested") {
    const std::string manual = text_of(std::string(VEXFS_MANUAL) + "/vexfs.3");
    std::string program = text_of(std::string(VEXFS_MANUAL) + "/examples/library.c");
    program.erase(0, program.find('\n') + 1); // the licence
    std::string escaped;
    for (const char each : program)
        escaped += each == '\\' ? std::string("\\e") : std::string(1, each);
    CHECK(manual.find(".EX\n" + escaped + ".EE\n") != std::string::npos);
}
