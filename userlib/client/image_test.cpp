// SPDX-License-Identifier: Apache-2.0
//
// Images that are not mounted, by way of the library and of libvexfs-local.so.
#include <atomic>
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

constexpr uint32_t kAlice = 60001;
constexpr uint32_t kTeam = 60100;
const std::string kExamples = VEXFS_EXAMPLES;

struct CloseNode {
    void operator()(vexfs_node* node) const { vexfs_node_close(node); }
};
using NodePointer = std::unique_ptr<vexfs_node, CloseNode>;

struct FreeResult {
    void operator()(void* result) const { std::free(result); }
};

// An image that is open for writing, or as somebody, until the end.
struct OpenImage {
    explicit OpenImage(const std::string& path, const vexfs_image_options& options) {
        vexfs_reason reason{};
        const int result = vexfs_image_open(path.c_str(), &options, &image, &reason);
        CAPTURE(reason.text);
        REQUIRE(result == 0);
    }
    ~OpenImage() { CHECK(vexfs_image_close(image, nullptr) == 0); }
    OpenImage(const OpenImage&) = delete;
    OpenImage& operator=(const OpenImage&) = delete;

    vexfs_image* image = nullptr;
};

vexfs_image_options for_writing() {
    vexfs_image_options options{};
    options.flags = VEXFS_IMAGE_WRITE;
    return options;
}

NodePointer open_node(const std::string& target) {
    vexfs_node* node = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_node_open(target.c_str(), &node, &reason);
    CAPTURE(reason.text);
    REQUIRE(result == 0);
    return NodePointer(node);
}

// -errno and the sentence of a target that does not open.
std::pair<int, std::string> refusal(const std::string& target) {
    vexfs_node* node = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_node_open(target.c_str(), &node, &reason);
    vexfs_node_close(node);
    return {result, reason.text};
}

int put(vexfs_node* directory, const char* name, const std::vector<float>& vector) {
    vexfs_put_rows rows{};
    rows.which.name = name;
    rows.rows = 1;
    rows.vectors = vector.data();
    const vexfs_put_batch batch{
        static_cast<uint32_t>(vector.size()), VEXFS_ELEMENT_F32, 0, VEXFS_PUT_TRUNCATE, 1, &rows};
    return vexfs_rows_put(directory, &batch, nullptr, nullptr);
}

// The paths nearest to the vector; `queries` copies of it are asked for, and the first tells.
std::string found(vexfs_node* directory, const std::vector<float>& vector, uint32_t queries = 1) {
    std::vector<float> all;
    for (uint32_t i = 0; i < queries; ++i)
        all.insert(all.end(), vector.begin(), vector.end());
    vexfs_query query{};
    query.vectors = all.data();
    query.queries = queries;
    query.dim = static_cast<uint32_t>(vector.size());
    query.element = VEXFS_ELEMENT_F32;
    query.k = 10;
    query.flags = VEXFS_SEARCH_PATHS;
    vexfs_hits* raw = nullptr;
    vexfs_reason reason{};
    if (vexfs_rows_search(directory, &query, &raw, &reason) != 0)
        return reason.text;
    const std::unique_ptr<vexfs_hits, FreeResult> hits(raw);
    std::string names;
    for (uint32_t i = 0; i < hits->answers[0].found; ++i)
        names += std::string(hits->paths[i]) + " ";
    return names;
}

std::vector<float> filled(float value, size_t dim) {
    return std::vector<float>(dim, value);
}

// A volume with a collection /c of files "near" 1, "far" 9, and "d/deep" 5, made in this process.
struct Image {
    explicit Image(uint32_t elements) : dim(elements) {
        const OpenImage open(path(), for_writing());
        const NodePointer root = open_node(at("/"));
        REQUIRE(vexfs_node_make(root.get(), "c", S_IFDIR | 0755, nullptr) == 0);
        const NodePointer c = open_node(at("/c"));
        vexfs_schema schema{};
        schema.dim = dim;
        schema.element = VEXFS_ELEMENT_F32;
        schema.metric = VEXFS_METRIC_L2;
        vexfs_schema_reply reply{};
        REQUIRE(vexfs_schema_set(c.get(), &schema, 0, &reply, nullptr) == 0);
        REQUIRE(vexfs_node_make(c.get(), "d", S_IFDIR | 0755, nullptr) == 0);
        const NodePointer d = open_node(at("/c/d"));
        add(c.get(), "near", 0644, 1);
        add(c.get(), "far", 0600, 9);
        add(d.get(), "deep", 0644, 5);
    }
    void add(vexfs_node* directory, const char* name, uint32_t mode, float value) const {
        REQUIRE(vexfs_node_make(directory, name, S_IFREG | mode, nullptr) == 0);
        REQUIRE(put(directory, name, filled(value, dim)) == 0);
    }
    [[nodiscard]] const std::string& path() const { return scratch.image(); }
    [[nodiscard]] std::string at(const std::string& inside) const { return path() + ":" + inside; }

    const uint32_t dim;
    const ScratchMount scratch{VEXFS_PROGRAMS};
};

} // namespace

TEST_CASE("image: rows that were put in this process are found, and the volume is sound") {
    const Image image(4);
    CHECK(image.scratch.sound());
    const NodePointer c = open_node(image.at("/c"));
    CHECK(vexfs_node_fd(c.get()) == -1);
    CHECK(found(c.get(), filled(1, 4)) == "near d/deep far ");
    CHECK(found(open_node(image.at("/c/d")).get(), filled(1, 4)) == "deep ");
    vexfs_names* raw = nullptr;
    REQUIRE(vexfs_node_list(c.get(), &raw, nullptr) == 0);
    const std::unique_ptr<vexfs_names, FreeResult> names(raw);
    REQUIRE(names->count == 3);
    CHECK(std::string(names->names[0].name) == "d");
    CHECK(std::string(names->names[2].name) == "near");
}

TEST_CASE("image: a target alone opens it for reading, and changes nothing") {
    const Image image(4);
    const std::string before = text_of(image.path());
    {
        const NodePointer c = open_node(image.at("/c"));
        CHECK(put(c.get(), "near", filled(2, 4)) == -EROFS);
        CHECK(vexfs_node_make(c.get(), "other", S_IFREG | 0644, nullptr) == -EROFS);
        CHECK(found(c.get(), filled(1, 4)) == "near d/deep far ");
        vexfs_image* open = nullptr;
        const vexfs_image_options options = for_writing();
        vexfs_reason reason{};
        CHECK(vexfs_image_open(image.path().c_str(), &options, &open, &reason) == -EBUSY);
        CHECK(std::string(reason.text).find("this process") != std::string::npos);
    }
    CHECK(text_of(image.path()) == before);
}

TEST_CASE("image: a user sees what is his and his groups'") {
    const Image image(4);
    {
        vexfs_image_options options{};
        options.flags = VEXFS_IMAGE_AS | VEXFS_IMAGE_WRITE;
        options.uid = kAlice;
        options.gid = kAlice;
        const OpenImage open(image.path(), options);
        const NodePointer c = open_node(image.at("/c"));
        CHECK(found(c.get(), filled(1, 4)) == "near d/deep ");
        CHECK(put(c.get(), "near", filled(2, 4)) == -EACCES);
        CHECK(vexfs_node_make(c.get(), "own", S_IFREG | 0644, nullptr) == -EACCES);
        CHECK(refusal(image.at("/c/far")).first == -EACCES);
        // It stays open while it is in use.
        CHECK(vexfs_image_close(open.image, nullptr) == -EBUSY);
    }
    const uint32_t groups[1] = {0};
    vexfs_image_options options{};
    options.flags = VEXFS_IMAGE_AS;
    options.uid = kAlice;
    options.gid = kTeam;
    options.groups = 1;
    options.group = groups;
    const OpenImage open(image.path(), options);
    // "far" is 0600: its group has no rights.
    CHECK(found(open_node(image.at("/c")).get(), filled(1, 4)) == "near d/deep ");
}

TEST_CASE("image: eight threads share it, by calls and by sessions of their own") {
    const Image image(256);
    const NodePointer c = open_node(image.at("/c"));
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                right += found(c.get(), filled(1, 256)) == "near d/deep far " ? 1 : 0;
                right += found(c.get(), filled(9, 256), 32) == "far d/deep near " ? 1 : 0;
                const NodePointer own = open_node(image.at("/c/d"));
                right += found(own.get(), filled(9, 256), 32) == "deep " ? 1 : 0;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(right == 8 * 20 * 3);
}

TEST_CASE("image: one that another process has is busy, and its holder is named") {
    const Image image(4);
    const OpenImage open(image.path(), for_writing());
    const ProgramRun run =
        run_program({kExamples + "/nearest", image.at("/c"), "1", "1", "1", "1"});
    CHECK(run.status == 1);
    CAPTURE(run.err);
    CHECK(run.err.find(std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE("image: what is no volume, and what is not in it, is refused with a sentence") {
    const Image image(4);
    CHECK(refusal(image.at("/absent")).first == -ENOENT);
    CHECK(refusal(image.at("/c/near/x")).first == -ENOTDIR);
    CHECK(refusal(image.path() + ".absent:/c").first == -ENOENT);
    vexfs_volume* none = nullptr;
    CHECK(vexfs_open(image.path().c_str(), &none, nullptr) == -ENOTTY);
    const std::string text = image.scratch.directory() + "/text";
    REQUIRE(write_text(text, std::string(1 << 20, 'x')));
    const auto [result, sentence] = refusal(text + ":/c");
    CHECK(result < 0);
    CHECK(sentence.find(text) != std::string::npos);
    // A path with a colon that is there is that path.
    std::filesystem::create_directories(image.path() + ":/c");
    CHECK(refusal(image.at("/c")).first == 0);
    vexfs_schema_reply reply{};
    CHECK(vexfs_schema_get(open_node(image.at("/c")).get(), &reply, nullptr) == -ENOTTY);
}

TEST_CASE("image: it is a volume like others") {
    const Image image(4);
    vexfs_volume* volume = nullptr;
    REQUIRE(vexfs_open(image.at("/c").c_str(), &volume, nullptr) == 0);
    CHECK(std::string(vexfs_root(volume)) == image.path() + ":/");
    CHECK(std::string(vexfs_source(volume)) == image.path());
    CHECK(std::string(vexfs_type(volume)) == "vexfs.image");
    vexfs_hello_reply hello{};
    CHECK(vexfs_hello(volume, &hello, nullptr) == 0);
    CHECK(hello.front_end == VEXFS_FRONT_END_LOCAL);
    CHECK((hello.flags & VEXFS_HELLO_READ_ONLY) != 0);
    char* raw = nullptr;
    size_t bytes = 0;
    CHECK(vexfs_report(volume, "stats.json", &raw, &bytes, nullptr) == 0);
    const std::unique_ptr<char, FreeResult> text(raw);
    CHECK(std::string(text.get(), bytes).find("\"requests\"") != std::string::npos);
    vexfs_close(volume);
}

TEST_CASE("image: a library that is not there, or of another release, is named") {
    const Image image(4);
    const ScratchDirectory beside;
    const std::string own = std::string(VEXFS_LIBRARIES) + "/libvexfs.so.0";
    std::filesystem::copy_file(own, beside.path() + "/libvexfs.so.0");
    const auto ask = [&] {
        return run_program({"/usr/bin/env", "LD_LIBRARY_PATH=" + beside.path(),
                            kExamples + "/nearest", image.at("/c"), "1", "1", "1", "1"});
    };
    const ProgramRun absent = ask();
    CHECK(absent.status == 1);
    CAPTURE(absent.err);
    CHECK(absent.err.find("libvexfs-local.so.0") != std::string::npos);
    std::filesystem::copy_file(VEXFS_OTHER_RELEASE, beside.path() + "/libvexfs-local.so.0");
    const ProgramRun other = ask();
    CHECK(other.status == 1);
    CAPTURE(other.err);
    CHECK(other.err.find("is of release 0.0.0") != std::string::npos);
}

TEST_CASE("image: one program says the same of it as of its mount, byte for byte") {
    const Image image(4);
    const auto ask = [&](const std::string& target) {
        const ProgramRun run = run_program({kExamples + "/nearest", target, "1", "2", "3", "4"});
        CAPTURE(run.err);
        CHECK(run.status == 0);
        return run.out;
    };
    const std::string in_process = ask(image.at("/c"));
    CHECK(in_process.find("\tnear\t0\t") != std::string::npos);
    if (ScratchMount::is_impossible())
        return;
    REQUIRE(image.scratch.mount().status == 0);
    CHECK(ask(image.scratch.point() + "/c") == in_process);
    REQUIRE(image.scratch.unmount());
}

TEST_CASE("examples: photos fills an image and searches it, in C++") {
    const ScratchMount scratch(VEXFS_PROGRAMS);
    for (int time = 0; time < 2; ++time) {
        const ProgramRun run = run_program({kExamples + "/photos", scratch.image()});
        CAPTURE(run.err);
        CHECK(run.status == 0);
        CHECK(run.out == "dog at distance 0.010\ncat at distance 0.293\n");
    }
    CHECK(scratch.sound());
    const ProgramRun absent = run_program({kExamples + "/photos", scratch.image() + ".absent"});
    CHECK(absent.status == 1);
    CHECK(absent.err.find("photos: ") == 0);
}
