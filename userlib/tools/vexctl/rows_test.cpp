// SPDX-License-Identifier: Apache-2.0
//
// The subcommands that work on rows, from the command line to the disk and back.
#include <algorithm>
#include <cstring>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "userlib/testing/mount/scratch_mount.h"

using namespace vexfs;
using Json = nlohmann::json;

namespace {

const std::string kProgram = VEXFS_PROGRAM;
const std::string kPrograms = kProgram.substr(0, kProgram.rfind('/'));

ProgramRun vexctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kProgram);
    return run_program(arguments);
}

// What a success prints.
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
    const Json json = Json::parse(run.out, nullptr, false);
    REQUIRE(json.is_object());
    return json;
}

ProgramRun shell(const std::string& script) {
    return run_program({"bash", "-euo", "pipefail", "-c", "vexctl=" + kProgram + "; " + script});
}

std::vector<std::string> paths_of(const Json& search, size_t query = 0) {
    std::vector<std::string> paths;
    for (const Json& hit : search["queries"][query]["hits"])
        paths.push_back(hit["path"]);
    return paths;
}

std::string le32(uint32_t value) {
    std::string bytes(4, '\0');
    std::memcpy(bytes.data(), &value, 4);
    return bytes;
}

std::string floats(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * 4};
}

// A mounted volume with a collection of 3 x f32 in /c.
struct Collection {
    explicit Collection(const std::vector<std::string>& options = {}) {
        REQUIRE(scratch.mount().status == 0);
        std::vector<std::string> create{"create", at(""), "--dim", "3"};
        create.insert(create.end(), options.begin(), options.end());
        REQUIRE(vexctl(create).status == 0);
    }

    // A path in the collection; one beside the volume.
    [[nodiscard]] std::string at(const std::string& name) const {
        return scratch.point() + "/c" + (name.empty() ? "" : "/" + name);
    }
    [[nodiscard]] std::string beside(const std::string& name) const {
        return scratch.directory() + "/" + name;
    }
    // A file with one row.
    void add(const std::string& name, const std::string& vector,
             const std::string& tag = "0") const {
        REQUIRE(write_text(at(name), "text of " + name));
        said({"put", at(name), "--vector", vector, "--tag", tag});
    }

    const ScratchMount scratch{kPrograms};
};

} // namespace

TEST_CASE("vexctl: a file is found by its vector, until the vector is taken from it") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    c.add("red", "1,0,0");
    c.add("green", "0,1,0");
    CHECK(said({"search", c.at(""), "--vector", "0.9,0.1,0", "-k", "1"}) ==
          "   1 =  0.020000005    " + c.at("red") + "  row 0\n");
    CHECK(said({"get", c.at("red"), "-v"}) == "1,0,0\n");
    CHECK(said({"put", c.at("red"), "--vector", "[0 0 1]", "-r", "0"}) ==
          c.at("red") + ": row 0 put, 1 in all\n");
    CHECK(paths_of(document({"search", c.at(""), "--vector", "0,0,2"}))[0] == c.at("red"));
    CHECK(said({"rm", "-n", c.at("red")}) ==
          c.at("red") + ": 1 row would be removed, 0 left; the file stays\n");
    CHECK(said({"rm", c.at("red")}) == c.at("red") + ": 1 row removed, 0 left; the file stays\n");
    CHECK(text_of(c.at("red")) == "text of red");
    CHECK(paths_of(document({"search", c.at(""), "--vector", "0,0,2"})) ==
          std::vector{c.at("green")});
    CHECK(c.scratch.unmount());
    CHECK(c.scratch.sound());
}

TEST_CASE("vexctl: rows are kept over the death of the engine") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    c.add("kept", "1,2,3", "77");
    REQUIRE(c.scratch.kill_daemons());
    REQUIRE(c.scratch.mount().status == 0);
    const Json row = document({"get", c.at("kept")})["rows"][0];
    CHECK(row["vector"] == Json({1.0, 2.0, 3.0}));
    CHECK(row["tag"] == 77);
    CHECK(c.scratch.unmount());
    CHECK(c.scratch.sound());
}

TEST_CASE("vexctl: rows are appended, overwritten, replaced and read in ranges") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    c.add("file", "1,0,0");
    const ProgramRun put =
        shell("printf '0,1,0\\n\\n0 0 1\\n' | $vexctl put --stdin -j '" + c.at("file") + "'");
    CHECK(put.status == 0);
    CHECK(Json::parse(put.out)["first"] == 1);
    CHECK(Json::parse(put.out)["total"] == 3);
    CHECK(said({"get", c.at("file"), "-v", "-r", "1"}) == "0,1,0\n0,0,1\n");
    CHECK(said({"get", c.at("file"), "-v", "-r", "1", "-c", "1"}) == "0,1,0\n");
    said({"put", c.at("file"), "--vector", "5,5,5", "--row", "1", "--tag", "9", "--range", "3+4"});
    const Json row = document({"get", c.at("file")})["rows"][1];
    CHECK(row["tag"] == 9);
    CHECK(row["offset"] == 3);
    CHECK(row["length"] == 4);
    CHECK(row["stale"] == false);
    REQUIRE(write_text(c.at("file"), "other text")); // what was embedded is no more
    CHECK(document({"get", c.at("file")})["rows"][1]["stale"] == true);
    CHECK(said({"search", c.at(""), "--vector", "5,5,5", "-k1"}).starts_with("   1 =! 0 "));
    said({"put", c.at("file"), "--vector", "7,7,7", "--truncate"});
    CHECK(said({"get", c.at("file"), "-v"}) == "7,7,7\n");
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: a search prints what a person, a script or a program asks for") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    c.add("a", "0,0,0", "1");
    c.add("b.txt", "1,0,0", "2");
    c.add("c\n.txt", "3,0,0", "3");
    const std::vector<std::string> ask{"search", c.at(""), "--vector", "0,0,0"};
    const auto with = [&](std::initializer_list<const char*> more) {
        std::vector<std::string> all = ask;
        all.insert(all.end(), more.begin(), more.end());
        return all;
    };
    CHECK(said(with({"-0", "-k2"})) == c.at("a") + '\0' + c.at("b.txt") + '\0');
    CHECK(said(with({"-H", "-k1"})) == "0\t1\t0\t" + c.at("a") + "\t0\t1\t0\t0\t=\n");
    CHECK(said(with({})).find("c\\x0a.txt  row 0  tag 3\n") != std::string::npos);
    const std::string lines = said(with({"--jsonl"}));
    CHECK(std::count(lines.begin(), lines.end(), '\n') == 3);
    CHECK(Json::parse(lines.substr(lines.rfind("\n{") + 1))["path"] == c.at("c\n.txt"));
    const Json json = document(with({"--radius", "1"}));
    CHECK(json["schema"] == "vexctl.search/1");
    CHECK(json["queries"][0]["found"] == 2);
    CHECK(json["queries"][0]["exact"] == true);
    CHECK(json["queries"][0]["hits"][1]["distance"] == 1.0);
    CHECK(json["queries"][0]["why"].get<std::string>().find("beyond the radius") !=
          std::string::npos);
    CHECK(paths_of(document(with({"--filter", "name \"*.txt\" and tag = 2"}))) ==
          std::vector{c.at("b.txt")});
    CHECK(vexctl(with({"-q", "--filter", "tag = 9"})).status == 1);
    CHECK(vexctl(with({"--filter", "tag = 9"})).status == 0);
    CHECK(vexctl(with({"-k5"})).err == "vexctl: search: 3 of 5 found: no more rows match\n");
    // By a file, which is the first of its own hits.
    CHECK(paths_of(document({"search", c.at(""), "--like", c.at("b.txt"), "-k", "2"})) ==
          std::vector{c.at("b.txt"), c.at("a")});
    CHECK(said({"search", "-x", c.at(""), "--vector", "0,0,0"}).find("rows that you may see") !=
          std::string::npos);
    CHECK(document({"search", "-x", c.at(""), "--vector", "0,0,0"})["queries"][0]["visible"] == 3);
    // Several queries are several answers.
    const ProgramRun two =
        shell("printf '0,0,0\\n3,0,0\\n' | $vexctl search '" + c.at("") + "' --stdin -k1 -j");
    CHECK(two.status == 0);
    CHECK(paths_of(Json::parse(two.out), 1) == std::vector{c.at("c\n.txt")});
    // A path that is given without a directory is that of the working directory.
    CHECK(shell("cd '" + c.at("") + "'; $vexctl search --vector 0,0,0 -k1 -0 | xargs -0 cat").out ==
          "text of a");
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: each file is found once if that is wanted, and only below the directory asked") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    std::filesystem::create_directory(c.at("below"));
    c.add("top", "0,0,0");
    c.add("below/file", "1,0,0");
    said({"put", c.at("below/file"), "--vector", "2,0,0"});
    const Json all = document({"search", c.at(""), "--vector", "0,0,0"});
    CHECK(all["queries"][0]["found"] == 3);
    const Json files = document({"search", c.at(""), "--vector", "0,0,0", "--per-file"});
    CHECK(paths_of(files) == std::vector{c.at("top"), c.at("below/file")});
    const Json below = document({"search", c.at("below"), "--vector", "0,0,0"});
    CHECK(paths_of(below) == std::vector{c.at("below/file"), c.at("below/file")});
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: two users search the same directory and find what each may read") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    std::filesystem::permissions(c.scratch.directory(), std::filesystem::perms(0755));
    c.add("open", "1,0,0");
    c.add("secret", "0,0,0");
    std::filesystem::permissions(c.at("secret"), std::filesystem::perms(0600));
    const auto search_as = [&](const std::string& user) {
        return shell("setpriv --reuid " + user + " --regid " + user + " --clear-groups $vexctl " +
                     "search '" + c.at("") + "' --vector 0,0,0 --json");
    };
    const ProgramRun root = search_as("0");
    CHECK(paths_of(Json::parse(root.out)) == std::vector{c.at("secret"), c.at("open")});
    const ProgramRun other = search_as("65534");
    CAPTURE(other.err);
    REQUIRE(other.status == 0);
    CHECK(paths_of(Json::parse(other.out)) == std::vector{c.at("open")});
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: what is wrong is one line that says so, and an exit status") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    c.add("file", "1,0,0");
    const auto wrong = [&](int status, const std::vector<std::string>& arguments) {
        const ProgramRun run = vexctl(arguments);
        CAPTURE(arguments);
        CAPTURE(run.err);
        CHECK(run.status == status);
        CHECK(run.out.empty());
        return run.err.substr(0, run.err.find('\n'));
    };
    const std::string root = c.scratch.point();
    REQUIRE(write_text(root + "/outside", ""));
    CHECK(wrong(1, {"put", c.at("file"), "--vector", "1,0"}) ==
          "vexctl: put: --vector: it has 2 elements, the collection's have 3 [EINVAL]");
    CHECK(wrong(1, {"put", c.at("file"), "--vector", "1,0,1e99"}) ==
          "vexctl: put: --vector: 1e+99 is no value of type f32, in dimension 2 [EINVAL]");
    CHECK(wrong(1, {"search", c.at(""), "--vector", "1,0,x"}) ==
          "vexctl: search: --vector: 'x' is no number, in dimension 2 [EINVAL]");
    CHECK(wrong(3, {"put", root + "/outside", "--vector", "1,0,0"}).ends_with("[ENODATA]"));
    CHECK(wrong(3, {"search", root, "--vector", "1,0,0"}).ends_with("[ENODATA]"));
    CHECK(wrong(3, {"put", c.at("absent"), "--vector", "1,0,0"}).ends_with("[ENOENT]"));
    CHECK(wrong(1, {"put", c.at(""), "--vector", "1,0,0"}).ends_with("[EISDIR]"));
    CHECK(wrong(1, {"search", c.at("file"), "--vector", "1,0,0"}).ends_with("[ENOTDIR]"));
    CHECK(wrong(1, {"put", c.at("file"), "--vector", "1,0,0", "-r", "5"}).ends_with("[EINVAL]"));
    CHECK(wrong(1, {"search", c.at(""), "--vector", "1,0,0", "--filter", "colour = 1"})
              .ends_with("[EINVAL]"));
    CHECK(wrong(2, {"put", c.at("file")}) == "vexctl: put: no vector is given [EINVAL]");
    CHECK(wrong(2, {"put", c.at("file"), "--vector", "1,0,0", "--stdin"}).find("two are given") !=
          std::string::npos);
    CHECK(wrong(3, {"search", c.at(""), "--like", c.at("file"), "-r", "3"}).find("no row 3") !=
          std::string::npos);
    CHECK(wrong(1, {"create", c.at(""), "--dim", "3"}).ends_with("[EEXIST]"));
    CHECK(wrong(2, {"create", c.at("new")}).find("--dim or --from is missing") !=
          std::string::npos);
    CHECK(wrong(1, {"create", c.at("new"), "--dim", "3", "--metric", "hamming"})
              .ends_with("[EINVAL]"));
    CHECK(!std::filesystem::exists(c.at("new"))); // what it made is gone again
    CHECK(document({"show", c.at("")})["rows"] == 1);
    CHECK(c.scratch.unmount());
    REQUIRE(c.scratch.mount({"-o", "ro"}).status == 0);
    CHECK(wrong(1, {"put", c.at("file"), "--vector", "1,0,0"}).ends_with("[EROFS]"));
    CHECK(said({"search", c.at(""), "--vector", "1,0,0", "-0"}) == c.at("file") + '\0');
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: what a file of vectors holds is imported once, wherever it was interrupted") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    Random random(11);
    std::string body;
    for (int i = 0; i < 6000; ++i)
        body += floats({static_cast<float>(i), static_cast<float>(random.unit()), 0});
    const std::string source = c.beside("set.fbin");
    REQUIRE(write_text(source, le32(6000) + le32(3) + body));
    CHECK(document({"import", source, c.at(""), "--dry-run"})["rows"] == 6000);
    CHECK(!std::filesystem::exists(c.at("set.fbin")));
    CHECK(document({"import", source, c.at(""), "--limit", "2500"})["rows_put"] == 2500);
    const Json rest = document({"import", source, c.at("")});
    CHECK(rest["rows_put"] == 3500);
    CHECK(rest["rows_present"] == 2500);
    CHECK(document({"import", source, c.at(""), "--wait"})["rows_put"] == 0);
    CHECK(document({"get", c.at("set.fbin"), "-r", "5999"})["rows"][0]["tag"] == 5999);
    const Json search = document({"search", c.at(""), "--vector", "4321,0,0", "-ek1"});
    CHECK(search["queries"][0]["hits"][0]["row"] == 4321);
    said({"export", c.at(""), c.beside("back.fbin")});
    CHECK(text_of(c.beside("back.fbin")) == text_of(source));
    CHECK(c.scratch.unmount());
    CHECK(c.scratch.sound());
}

TEST_CASE("vexctl: bad rows end an import, or are listed while the others go in") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    const std::string source = c.beside("notes.jsonl");
    REQUIRE(write_text(source, R"({"id": "one", "vector": [1, 2, 3], "body": "first"})"
                               "\n"
                               R"({"id": "two", "vector": [1, 2], "body": ""})"
                               "\nnonsense\n"
                               R"({"id": "../up", "vector": [4, 5, 6], "body": ""})"
                               "\n"
                               R"({"id": "last", "vector": [7, 8, 9], "body": "", "tag": 5})"
                               "\n"));
    const std::vector<std::string> import{"import", source,          c.at(""), "--name-column",
                                          "id",     "--text-column", "body"};
    const ProgramRun run = vexctl(import);
    CHECK(run.status == 1);
    CHECK(run.err.starts_with("vexctl: import: " + source +
                              ": row 1, byte 52: it has 2 elements, the collection's have 3"));
    CHECK(text_of(c.at("one")) == "first");
    std::vector<std::string> partial = import;
    partial.insert(partial.end(), {"--bad-rows", c.beside("bad")});
    const Json json = document(partial, 8);
    CHECK(json["rows_put"] == 1);
    CHECK(json["rows_present"] == 1);
    CHECK(json["rows_bad"] == 3);
    const std::string bad = text_of(c.beside("bad"));
    CHECK(std::count(bad.begin(), bad.end(), '\n') == 3);
    CHECK(bad.find("the line is no JSON object") != std::string::npos);
    CHECK(bad.find("its name has a slash") != std::string::npos);
    CHECK(document({"get", c.at("last")})["rows"][0]["tag"] == 5);
    // A file that is malformed is refused by the place, whatever is done with rows.
    REQUIRE(write_text(c.beside("short.fbin"), le32(9) + le32(3) + "x"));
    CHECK(vexctl({"import", c.beside("short.fbin"), c.at("")})
              .err.find("byte 8: the header states 9 rows of 12 bytes, but 1 bytes follow") !=
          std::string::npos);
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: every format that is written is read back as the same rows") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    c.add("x, \"y\"", "0.1,-2,3e-30", "18446744073709551615");
    c.add("z", "1,2,3");
    const std::string rows = said({"get", c.at("x, \"y\""), "-v"}) + said({"get", c.at("z"), "-v"});
    for (const std::string format : {"fvecs", "fbin", "npy", "jsonl", "csv"}) {
        CAPTURE(format);
        const std::string target = c.beside("all." + format);
        CHECK(document({"export", c.at(""), target})["rows"] == 2);
        const std::string directory = c.scratch.point() + "/" + format;
        said({"create", directory, "--from", target});
        if (format == "jsonl" || format == "csv") {
            said({"import", target, directory, "--name-column", "path"});
            CHECK(document({"get", directory + "/x, \"y\""})["rows"][0]["tag"] == UINT64_MAX);
            CHECK(said({"get", directory + "/x, \"y\"", "-v"}) +
                      said({"get", directory + "/z", "-v"}) ==
                  rows);
        } else {
            said({"import", target, directory, "--split"});
            CHECK(said({"get", directory + "/000000000", "-v"}) +
                      said({"get", directory + "/000000001", "-v"}) ==
                  rows);
        }
    }
    CHECK(vexctl({"export", c.at(""), c.beside("all.u8bin")}).err.find("holds no vectors of") !=
          std::string::npos);
    CHECK(!std::filesystem::exists(c.beside("all.u8bin")));
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: show, list and stat count what is there") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c({"--metric", "cosine", "--max-rows", "100"});
    c.add("one", "1,0,0");
    c.add("two", "0,1,0");
    said({"create", c.scratch.point() + "/bits", "--dim", "12", "--element", "bit"});
    const Json show = document({"show", c.at("one")});
    CHECK(show["dim"] == 3);
    CHECK(show["metric"] == "cosine");
    CHECK(show["max_rows"] == 100);
    CHECK(show["own"] == false);
    CHECK(show["rows"] == 1);
    CHECK(said({"show", c.at("")}).find("3 x f32, cosine, 12 bytes each") != std::string::npos);
    const Json list = document({"list", c.scratch.point()});
    REQUIRE(list["collections"].size() == 2);
    CHECK(list["collections"][0]["element"] == "bit");
    CHECK(list["collections"][0]["metric"] == "hamming");
    CHECK(list["collections"][1]["path"] == c.at(""));
    CHECK(list["collections"][1]["rows"] == 2);
    CHECK(said({"list", "-H", c.scratch.point()}).find("c\t3\tf32\tcosine\t2\t2\n") !=
          std::string::npos);
    const Json stat = document({"stat", "--totals", c.at("")});
    CHECK(stat["files"] == 2);
    CHECK(stat["total_rows"] == 2);
    CHECK(stat["puts"] == 2);
    CHECK(said({"stat", "-H", c.at("one")}).find("rows\t1\n") != std::string::npos);
    CHECK(c.scratch.unmount());
}

TEST_CASE("vexctl: recall of a scan is 1, and is measured on live rows") {
    if (ScratchMount::is_impossible())
        return;
    const Collection c;
    Random random(12);
    std::string body;
    for (int i = 0; i < 500; ++i)
        body += le32(3) + floats({static_cast<float>(random.normal()),
                                  static_cast<float>(random.normal()), 0});
    REQUIRE(write_text(c.beside("set.fvecs"), body));
    said({"import", c.beside("set.fvecs"), c.at("")});
    const Json json = document({"recall", c.at(""), "-c", "20", "-k", "5"});
    CHECK(json["queries"] == 20);
    CHECK(json["recall"] == 1.0);
    CHECK(json["p99_ns"] >= json["p50_ns"]);
    CHECK(said({"recall", c.at(""), "-c", "5"}).starts_with("recall@10  1.0000  over 5 queries\n"));
    CHECK(vexctl({"recall", c.scratch.point()}).status == 3);
    CHECK(c.scratch.unmount());
}
