// SPDX-License-Identifier: Apache-2.0
//
// The subcommands of an operator, through a real mount: jobs, space, settings, counters.
#include <algorithm>
#include <cmath>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;
using Json = nlohmann::json;

namespace {

const std::string kProgram = VEXFS_PROGRAM;
const std::string kPrograms = kProgram.substr(0, kProgram.rfind('/'));
constexpr size_t kDim = 64;

ProgramRun vexctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kProgram);
    return run_program(arguments);
}

std::string said(const std::vector<std::string>& arguments) {
    const ProgramRun run = vexctl(arguments);
    CAPTURE(arguments);
    CAPTURE(run.err);
    CHECK(run.status == 0);
    return run.out;
}

Json document(std::vector<std::string> arguments, int status = 0) {
    arguments.push_back("--json");
    const ProgramRun run = vexctl(arguments);
    CAPTURE(arguments);
    CAPTURE(run.err);
    CHECK(run.status == status);
    const Json json = Json::parse(status == 0 ? run.out : run.err, nullptr, false);
    REQUIRE(json.is_object());
    return json;
}

// A vector of noise as a file of one, which no codec shortens.
std::string one_vector(Random& random) {
    std::string body("\x40\0\0\0", 4);
    for (size_t i = 0; i < kDim; ++i) {
        const auto value = static_cast<float>(random.normal());
        body.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return body;
}

// A mounted volume with a collection of 64 x f32 in /c.
struct Rig {
    Rig() {
        REQUIRE(scratch.mount().status == 0);
        said({"create", at(""), "--dim", std::to_string(kDim)});
    }
    [[nodiscard]] std::string at(const std::string& name) const {
        return scratch.point() + "/c" + (name.empty() ? "" : "/" + name);
    }
    // A file with one row; the bytes of its vector.
    [[nodiscard]] std::string add(const std::string& name, Random& random) const {
        const std::string body = one_vector(random);
        REQUIRE(write_text(scratch.directory() + "/one.fvecs", body));
        REQUIRE(write_text(at(name), "text of " + name));
        said({"put", at(name), "--vector-file", scratch.directory() + "/one.fvecs"});
        return body.substr(4);
    }
    // A file with so many rows that they are not kept among the names.
    void add_many(const std::string& path, Random& random) const {
        std::string body;
        for (int i = 0; i < 40; ++i)
            body += one_vector(random);
        REQUIRE(write_text(scratch.directory() + "/many.fvecs", body));
        REQUIRE(write_text(path, "text"));
        said({"put", path, "--vector-file", scratch.directory() + "/many.fvecs"});
    }
    [[nodiscard]] bool image_holds(const std::string& bytes) const {
        std::string image(std::filesystem::file_size(scratch.image()), '\0');
        std::ifstream stream(scratch.image(), std::ios::binary);
        REQUIRE(stream.read(image.data(), static_cast<std::streamsize>(image.size())));
        return image.find(bytes.substr(0, 128)) != std::string::npos;
    }

    const ScratchMount scratch{kPrograms};
};

} // namespace

TEST_CASE("vexctl: erase --verify leaves no byte of a removed vector in the image") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(21);
    const std::string kept = rig.add("kept", random);
    const std::string taken = rig.add("taken", random);
    const std::string deleted = rig.add("deleted", random);
    CHECK(rig.image_holds(taken));
    CHECK(rig.image_holds(deleted));
    said({"rm", rig.at("taken")});
    REQUIRE(std::filesystem::remove(rig.at("deleted")));
    REQUIRE(run_program({"sync", "-f", rig.at("")}).status == 0);
    CHECK(rig.image_holds(taken)); // removed is not erased
    const Json json = document({"erase", "--verify", rig.at("")});
    CHECK(json["schema"] == "vexctl.erase/1");
    CHECK(json["verified"] == true);
    CHECK(json["job"]["state"] == "done");
    CHECK_FALSE(rig.image_holds(taken));
    CHECK_FALSE(rig.image_holds(deleted));
    CHECK(rig.image_holds(kept));
    CHECK(said({"erase", rig.at("")}).find(": erase, done") != std::string::npos);
    CHECK(rig.scratch.unmount());
    CHECK_FALSE(rig.image_holds(taken));
    CHECK_FALSE(rig.image_holds(deleted));
    CHECK(rig.scratch.sound());
}

TEST_CASE("vexctl: compact keeps the rows, and jobs lists what was done") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(22);
    for (int i = 0; i < 8; ++i)
        static_cast<void>(rig.add("f" + std::to_string(i), random));
    for (int i = 0; i < 6; ++i)
        said({"rm", rig.at("f" + std::to_string(i))});
    const std::string before = said({"get", rig.at("f7"), "-v"});
    const Json plan = document({"compact", "--dry-run", rig.at("")});
    CHECK(plan["dry_run"] == true);
    CHECK(plan["rows"] == 2);
    CHECK(plan["removed_rows"] == 0); // none of them was in a graph
    CHECK(plan["disk_bytes"] > 0);
    CHECK(said({"erase", "-n", rig.at("")}).find("would keep 2 rows, take 0 removed") !=
          std::string::npos);
    CHECK(document({"jobs", "list", rig.at("")})["jobs"].empty());
    CHECK(document({"compact", rig.at("")})["job"]["kind"] == "compact");
    CHECK(said({"get", rig.at("f7"), "-v"}) == before);
    CHECK(document({"show", rig.at("")})["rows"] == 2);

    const Json list = document({"jobs", "list", rig.at("")});
    CHECK(list["schema"] == "vexctl.jobs/1");
    REQUIRE(list["jobs"].size() == 1);
    CHECK(list["jobs"][0]["state"] == "done");
    CHECK(list["jobs"][0]["error"].is_null());
    const std::string id = std::to_string(list["jobs"][0]["id"].get<uint64_t>());
    CHECK(said({"jobs", "list", rig.scratch.point(), "-H"}).starts_with(id + "\t"));
    CHECK(said({"jobs", "list", rig.at(""), "--id", id}).find("compact, done") !=
          std::string::npos);
    CHECK(vexctl({"jobs", "list", rig.at(""), "--id", "7"}).status == 3);
    CHECK(vexctl({"jobs", "pause", rig.at(""), "--id", "7"}).status == 3);
    CHECK(vexctl({"jobs", "list", rig.at("f7")}).status == 0);
    CHECK(rig.scratch.unmount());
    CHECK(rig.scratch.sound());
}

TEST_CASE("vexctl: a paused job is said to be busy, and done once it is resumed") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    CHECK(said({"jobs", "pause", rig.at("")}) ==
          "paused 0 jobs, and those to come until they are resumed\n");
    const Json error = document({"compact", rig.at("")}, 5);
    CHECK(error["error"]["type"] == "busy");
    CHECK(error["error"]["hint"].get<std::string>().find("vexctl jobs resume ") == 0);
    CHECK(said({"erase", "--background", rig.at("")}).find("erase, paused") != std::string::npos);
    CHECK(document({"jobs", "resume", rig.at("")})["changed"] == 2);
    CHECK(document({"compact", rig.at("")})["job"]["state"] == "done");
    CHECK(vexctl({"jobs", "stop", rig.at("")}).status == 2);
    CHECK(vexctl({"erase", rig.scratch.point()}).status == 3);
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: jobs are refused to who does not own the collection") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    std::filesystem::permissions(rig.scratch.directory(), std::filesystem::perms(0755));
    const auto as_nobody = [&](const std::string& command) {
        return run_program({"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                            "sh", "-c", "exec \"$0\" " + command, kProgram, rig.at("")});
    };
    for (const char* const command :
         {"compact \"$1\"", "compact -n \"$1\"", "erase \"$1\"", "jobs list \"$1\"",
          "jobs pause \"$1\"", "set \"$1\" ef=50"}) {
        CAPTURE(command);
        CHECK(as_nobody(command).status == 4);
    }
    CHECK(as_nobody("metrics \"$1\"").status == 0);
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: pool show tells where blocks are found and what compression gains") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount({"-o", "mem=64M,cold=50,compress=zstd"}).status == 0);
    // More than the cache holds, of text that compresses to a third, read twice over.
    Random random(4);
    std::string text(size_t{1} << 20, '\0');
    for (char& letter : text)
        letter = static_cast<char>('a' + random.below(random.chance(1, 2) ? 2 : 6));
    const auto name = [&](int i) {
        return scratch.point() + "/" + std::to_string(i);
    };
    constexpr int kFiles = 96;
    for (int i = 0; i < kFiles; ++i)
        REQUIRE(write_text(name(i), text));
    for (int round = 0; round < 2; ++round)
        for (int i = 0; i < kFiles; ++i)
            for (int again = 0; again < 2; ++again) { // so that it is worth keeping
                const int file = ::open(name(i).c_str(), O_RDONLY | O_CLOEXEC);
                REQUIRE(file >= 0);
                // Out of the kernel's cache, so that the engine is asked.
                CHECK(::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0);
                CHECK(::read(file, text.data(), text.size()) == ssize_t{1} << 20);
                ::close(file);
            }
    const Json json = document({"pool", "show", scratch.point()});
    CHECK(json["schema"] == "vexctl.pool/1");
    const Json& cache = json["cache"];
    CHECK(cache["hot"]["hits"].get<uint64_t>() + cache["hot"]["misses"].get<uint64_t>() > 0);
    CHECK(cache["pool"]["driver"] == "zsmalloc");
    const Json& cold = cache["cold"];
    CHECK(cold["blocks"].get<uint64_t>() > 0);
    CHECK(cold["coded_bytes"].get<uint64_t>() * 4 < cold["plain_bytes"].get<uint64_t>() * 3);
    CHECK(cold["bytes"].get<uint64_t>() <= cache["bytes_max"].get<uint64_t>());
    uint64_t objects = 0;
    for (const Json& one : cache["pool"]["classes"])
        objects += one["objects"].get<uint64_t>();
    CHECK(objects > 0);
    const Json& data = json["stored"]["data"];
    // All but what still waits in memory, of which mem= allows an eighth.
    CHECK(data["plain_bytes"].get<uint64_t>() >= uint64_t{kFiles - 16} << 20);
    CHECK(data["stored_bytes"].get<uint64_t>() * 2 < data["plain_bytes"].get<uint64_t>());
    const std::string shown = said({"pool", "show", scratch.point()});
    CHECK(shown.find("zsmalloc") != std::string::npos);
    CHECK(shown.find("places taken") != std::string::npos);
    CHECK(vexctl({"pool", "drain", scratch.point()}).status == 2);
    CHECK(vexctl({"metrics", scratch.point()}).out.find("vexfs_cache_cold_hits_total") !=
          std::string::npos);
    CHECK(scratch.unmount());

    const Rig plain;
    CHECK(said({"pool", "show", plain.at("")}).find("none: the volume is mounted without cold=") !=
          std::string::npos);
    CHECK(plain.scratch.unmount());
}

TEST_CASE("vexctl: set changes ef, the limit of rows and compression, and nothing else") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(23);
    CHECK(document({"set", rig.at(""), "ef=77", "-n"})["ef"] == 77);
    CHECK(document({"show", rig.at("")})["ef"] != 77);
    CHECK(document({"set", rig.at(""), "ef=77"})["ef"] == 77);
    CHECK(document({"set", rig.at(""), "max-rows=1"})["max_rows"] == 1);
    static_cast<void>(rig.add("one", random));
    REQUIRE(write_text(rig.at("two"), "two"));
    CHECK(vexctl({"put", rig.at("two"), "--vector-file", rig.scratch.directory() + "/one.fvecs"})
              .status == 6);
    said({"set", rig.at(""), "max-rows=0"});
    CHECK(document({"show", rig.at("")})["ef"] == 77);
    CHECK(document({"show", rig.at("")})["max_rows"] == 0);
    CHECK(document({"show", rig.at("")})["compress"] == "auto");
    CHECK(document({"set", rig.at(""), "compress=zstd"})["compress"] == "zstd");
    CHECK(said({"show", rig.at("")}).find("compress     zstd") != std::string::npos);
    for (const char* const wrong : {"dim=3", "ef", "ef=", "ef=-1", "ef=65537", "max-rows=1x",
                                    "compress=", "compress=gzip", "compress"}) {
        CAPTURE(wrong);
        CHECK(vexctl({"set", rig.at(""), wrong}).status == 2);
    }
    CHECK(vexctl({"set", rig.scratch.point(), "ef=5"}).status == 3);
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: set chooses the pool and the level of a collection") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(29);
    CHECK(document({"show", rig.at("")})["pool"] == "auto");
    CHECK(document({"set", rig.at(""), "pool=zbud"})["pool"] == "zbud");
    CHECK(document({"set", rig.at(""), "compress=zstd:9"})["compress"] == "zstd:9");
    CHECK(document({"set", rig.at(""), "compress=off"})["compress"] == "none");
    CHECK(said({"show", rig.at("")}).find("pool         zbud") != std::string::npos);
    for (const char* const wrong :
         {"pool=slab", "pool=", "pool", "compress=zstd:0", "compress=zstd:20", "compress=lz4:1"}) {
        CAPTURE(wrong);
        CHECK(vexctl({"set", rig.at(""), wrong}).status == 2);
    }
    rig.add_many(rig.at("one"), random);
    // The choice is the schema's: it is there again, and vectors that are read lie in that pool.
    CHECK(rig.scratch.unmount());
    REQUIRE(rig.scratch.mount().status == 0);
    CHECK(document({"show", rig.at("")})["pool"] == "zbud");
    const auto stored = [&] {
        return document({"pool", "show", rig.at("")})["cache"]["stored"];
    };
    said({"get", rig.at("one"), "--vectors"});
    CHECK(stored()["pool"].is_null());
    REQUIRE(stored()["other_pools"].size() == 1);
    CHECK(stored()["other_pools"][0]["driver"] == "zbud");
    CHECK(stored()["other_pools"][0]["objects"].get<uint64_t>() > 0);
    CHECK(said({"pool", "show", rig.at("")}).find("zbud") != std::string::npos);
    said({"create", rig.scratch.point() + "/d", "--dim", "3", "--pool", "z3fold", "--compress",
          "zstd:3"});
    CHECK(document({"show", rig.scratch.point() + "/d"})["pool"] == "z3fold");
    CHECK(document({"show", rig.scratch.point() + "/d"})["compress"] == "zstd:3");
    CHECK(
        vexctl({"create", rig.scratch.point() + "/e", "--dim", "3", "--compress", "gzip"}).status ==
        2);
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: set --volume changes the pool and compression of a volume that is in use") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(31);
    rig.add_many(rig.at("one"), random);
    CHECK(rig.scratch.unmount());
    REQUIRE(rig.scratch.mount().status == 0);
    const auto pools = [&](const char* place) {
        return document({"pool", "show", rig.at("")})["cache"]["stored"][place];
    };
    said({"get", rig.at("one"), "--vectors"});
    REQUIRE(pools("pool")["driver"] == "zsmalloc");
    const auto objects = pools("pool")["objects"].get<uint64_t>();
    CHECK(document({"set", "--volume", "-n", rig.at(""), "pool=zbud"})["pool"] == "zsmalloc");
    CHECK(document({"set", "--volume", rig.at(""), "pool=zbud"})["pool"] == "zbud");
    CHECK(document({"set", "--volume", rig.at(""), "compress=zstd:5"})["compress"] == "zstd:5");
    // What is there stays; what comes goes to the other one.
    REQUIRE(pools("other_pools").size() == 1);
    CHECK(pools("other_pools")[0]["driver"] == "zsmalloc");
    CHECK(pools("other_pools")[0]["objects"] == objects);
    said({"create", rig.scratch.point() + "/d", "--dim", "64"});
    rig.add_many(rig.scratch.point() + "/d/two", random);
    for (const char* const wrong : {"pool=slab", "compress=gzip", "ef=3", "pool"}) {
        CAPTURE(wrong);
        CHECK(vexctl({"set", "--volume", rig.at(""), wrong}).status != 0);
    }
    CHECK(rig.scratch.unmount());
    REQUIRE(rig.scratch.mount().status == 0);
    said({"get", rig.scratch.point() + "/d/two", "--vectors"});
    CHECK(pools("pool")["driver"] == "zbud");
    CHECK(said({"pool", "show", rig.at("")}).find("compress zstd:5") != std::string::npos);
    CHECK(document({"set", "--volume", rig.at(""), "pool="})["pool"] == "zsmalloc");
    CHECK(document({"set", "--volume", rig.at(""), "compress="})["compress"] == "lz4");
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: explain says what a search says of itself") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(24);
    for (int i = 0; i < 3; ++i)
        static_cast<void>(rig.add("f" + std::to_string(i), random));
    const Json explained = document({"explain", rig.at(""), "--like", rig.at("f1")});
    const Json searched = document({"search", "--explain", rig.at(""), "--like", rig.at("f1")});
    CHECK(explained["schema"] == searched["schema"]);
    CHECK(explained["queries"][0]["visible"] == 3);
    CHECK(explained["queries"][0]["plan"] == searched["queries"][0]["plan"]);
    CHECK_FALSE(said({"explain", rig.at(""), "--like", rig.at("f1")}).empty());
    CHECK(vexctl({"explain", rig.at("")}).status == 2);
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: metrics are lines that Prometheus takes") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(25);
    static_cast<void>(rig.add("one", random));
    const std::string text = said({"metrics", rig.scratch.point()});
    CHECK(text.find("\nvexfs_rows 1\n") != std::string::npos);
    CHECK(text.find("\nvexfs_puts_total 1\n") != std::string::npos);
    CHECK(text.find("\nvexfs_suspended 0\n") != std::string::npos);
    CHECK(text.find("vexfs_request_seconds_count{request=\"ioctl\"} ") != std::string::npos);
    std::string known; // a metric is described before its first sample
    for (size_t at = 0; at < text.size();) {
        const size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        CAPTURE(line);
        if (line.starts_with("# TYPE ")) {
            known = line.substr(7, line.find(' ', 7) - 7);
        } else if (!line.starts_with("# HELP ")) {
            CHECK(line.starts_with(known));
            CHECK(std::isfinite(std::stod(line.substr(line.rfind(' ') + 1))));
        }
    }
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: stat with an interval prints a line each time") {
    if (ScratchMount::is_impossible())
        return;
    const Rig rig;
    Random random(26);
    static_cast<void>(rig.add("one", random));
    const std::string text = said({"stat", rig.at(""), "0.01", "3"});
    CHECK(std::count(text.begin(), text.end(), '\n') == 4);
    CHECK(text.find("searches/s") != std::string::npos);
    const std::string lines = said({"stat", rig.at(""), "0.01", "2", "-j"});
    const Json first = Json::parse(lines.substr(0, lines.find('\n')));
    CHECK(first["schema"] == "vexctl.rates/1");
    CHECK(first["puts_per_second"] > 0); // since the engine started
    const std::string tabs = said({"stat", rig.at(""), "0.01", "1", "-H"});
    CHECK(std::count(tabs.begin(), tabs.end(), '\t') == 7);
    CHECK(vexctl({"stat", rig.at(""), "soon"}).status == 2);
    CHECK(rig.scratch.unmount());
}

TEST_CASE("vexctl: the examples of all manual pages do what they say") {
    if (ScratchMount::is_impossible())
        return;
    const ScratchMount scratch(kPrograms);
    REQUIRE(scratch.mount().status == 0);
    const std::string setup =
        "set -e; cd \"$1\"; vexctl create photos --dim 3; vexctl create notes --dim 3\n"
        "for each in cat dog cow; do echo $each >photos/$each.jpg; done; echo cat >cat.jpg\n"
        "vexctl put photos/cat.jpg --vector 0.1,0.7,0.2; vexctl put photos/dog.jpg --vector 1,2,3\n"
        "printf 'file,vector\\na,\"[1,2,3]\"\\nb,\"[3,2,1]\"\\n' >notes.csv\n"
        "vexctl export photos base.fvecs\n";
    const std::string path = "PATH=" + kPrograms + ":$PATH; embed() { echo 0.5,0.5,0.5; }\n";
    const ProgramRun made = run_program({"bash", "-c", path + setup, "bash", scratch.point()});
    CAPTURE(made.err);
    REQUIRE(made.status == 0);
    const std::string listed = said({"help"});
    size_t examples = 0;
    for (size_t at = listed.find("\n  "); at != std::string::npos;
         at = listed.find("\n  ", at + 1)) {
        const std::string name = listed.substr(at + 3, listed.find(' ', at + 3) - at - 3);
        CAPTURE(name);
        const std::string page = said({"manual", name});
        CHECK(page.find(".SH EXAMPLES\n") != std::string::npos);
        CHECK(text_of(kPrograms + "/../userlib/tools/vexctl/manual/vexctl-" + name + ".8") == page);
        const std::string lines = said({"manual", "--examples", name});
        CHECK_FALSE(lines.empty());
        for (size_t begin = 0; begin < lines.size(); ++examples) {
            const size_t end = lines.find('\n', begin);
            const std::string example = lines.substr(begin, end - begin);
            begin = end + 1;
            CAPTURE(example);
            const ProgramRun run =
                run_program({"bash", "-c", path + "set -eo pipefail; cd \"$1\"\n" + example, "bash",
                             scratch.point()});
            CAPTURE(run.err);
            CHECK(run.status == 0);
        }
    }
    CHECK(examples > 25);
    CHECK(scratch.unmount());
}
