// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <sys/wait.h>

namespace {

struct Outcome {
    int code;
    std::string output;
};

// Runs the built program; what goes to stderr is part of the output if `with_errors`.
Outcome run(const std::string& arguments, bool with_errors = false) {
    const std::string command =
        "'" VEXFS_PROGRAM "' " + arguments + (with_errors ? " 2>&1" : " 2>/dev/null");
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    Outcome outcome{-1, {}};
    char piece[4096];
    while (const size_t count = std::fread(piece, 1, sizeof piece, pipe))
        outcome.output.append(piece, count);
    const int status = ::pclose(pipe);
    REQUIRE(WIFEXITED(status));
    outcome.code = WEXITSTATUS(status);
    return outcome;
}

// A small set on disk, gone with the test.
class SetOnDisk {
  public:
    SetOnDisk() {
        std::string name = (std::filesystem::temp_directory_path() / "vexfs-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        REQUIRE(run("ann-data --out " + folder_ +
                    "/s --rows 3000 --queries 50 --dim 24 --latent 8 --clusters 30 --depth 10")
                    .code == 0);
    }
    ~SetOnDisk() { std::filesystem::remove_all(folder_); }
    SetOnDisk(const SetOnDisk&) = delete;
    SetOnDisk& operator=(const SetOnDisk&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
    [[nodiscard]] std::string files() const {
        return "ann --base " + file("s.base.fbin") + " --query " + file("s.query.fbin");
    }

  private:
    std::string folder_;
};

// Recall is a share that grows with the effort, and the figures that follow from time are there.
void check_points(const nlohmann::json& contender) {
    double before = 0;
    for (const nlohmann::json& point : contender.at("points")) {
        const double recall = point.at("recall");
        CHECK(recall <= 1.0);
        CHECK(recall >= before - 0.02);
        before = recall;
        CHECK(point.at("qps") > 0);
        CHECK(point.at("p50_ns") > 0);
        CHECK(point.at("p99_ns") >= point.at("p50_ns"));
    }
    CHECK(before >= 0.95);
}

TEST_CASE("program: a set on disk is measured against each peer and reported as JSON") {
    const SetOnDisk set;
    for (const std::string peer : {"hnswlib", "faiss"}) {
        const Outcome outcome = run(set.files() + " --truth " + set.file("s.truth.ibin") +
                                    " --rounds 2 --ef 10,50,200 --json --peer " + peer);
        REQUIRE(outcome.code == 0);
        const nlohmann::json report = nlohmann::json::parse(outcome.output);
        CHECK(report.at("data").at("rows") == 3000);
        CHECK_FALSE(report.at("commit").get<std::string>().empty());
        CHECK(report.at("command").get<std::string>().find("--ef 10,50,200") != std::string::npos);
        const nlohmann::json& run = report.at("searches").at(0);
        CHECK(run.at("contenders").back().at("name") == peer);
        for (const nlohmann::json& contender : run.at("contenders")) {
            check_points(contender);
            CHECK(contender.at("hot_bytes_per_row") > 0);
            CHECK(contender.at("build_seconds") > 0);
        }
    }
}

TEST_CASE("program: the quick mode runs every kind of measurement") {
    const Outcome outcome = run("ann --quick --rows 2000 --queries 40 --rounds 1 --json");
    REQUIRE(outcome.code == 0);
    const nlohmann::json report = nlohmann::json::parse(outcome.output);
    CHECK(report.at("searches").size() == 4);
    for (const nlohmann::json& search : report.at("searches")) {
        for (const nlohmann::json& contender : search.at("contenders"))
            check_points(contender);
    }
    const nlohmann::json& churn = report.at("churns").at(0);
    for (const nlohmann::json& contender : churn.at("contenders")) {
        CHECK(contender.at("samples").size() == 4);
        for (const nlohmann::json& sample : contender.at("samples"))
            CHECK(sample.at("recall").at(0) >= 0.9);
    }
}

TEST_CASE("program: computed answers are kept beside the base and found again") {
    const SetOnDisk set;
    const std::string arguments =
        set.files() + " --cache-truth --rounds 1 --ef 50 --json --peer hnswlib";
    CHECK(nlohmann::json::parse(run(arguments).output).at("data").at("truth") == "computed");
    const nlohmann::json again = nlohmann::json::parse(run(arguments).output);
    CHECK(again.at("data").at("truth").get<std::string>().starts_with(set.file("s.base.fbin")));
    CHECK(again.at("searches").at(0).at("contenders").at(0).at("points").at(0).at("recall") > 0.9);
}

TEST_CASE("program: a store is filled, killed, opened and committed to beside each peer") {
    for (const std::string peer : {"lmdb", "rocksdb"}) {
        const Outcome outcome =
            run("store --keys 600 --seconds 0.05 --rounds 2 --kills 1 --sizes 1,16 --json --peer " +
                peer + " --dir '" + std::filesystem::temp_directory_path().string() + "'");
        REQUIRE(outcome.code == 0);
        const nlohmann::json report = nlohmann::json::parse(outcome.output);
        CHECK(report.at("keys") == 600);
        CHECK(report.at("stores").size() == 2);
        CHECK(report.at("stores").back().at("name") == peer);
        CHECK(report.at("ratios").at(0).at("commits").size() == 4);
        CHECK(report.at("bare_sync").at("p50_us") > 0);
        REQUIRE(report.at("stalls").size() == 2);
        for (const nlohmann::json& stall : report.at("stalls")) {
            CHECK(stall.at("longest_ms").size() == 2);
            CHECK(stall.at("longest_ms").at(0) > 0);
        }
        for (const nlohmann::json& store : report.at("stores")) {
            CHECK(store.at("load").at("seconds").at(0) > 0);
            CHECK(store.at("open_clean").at("milliseconds").at(0) > 0);
            CHECK(store.at("open_killed").at("synced_puts") > 600);
            for (const nlohmann::json& commit : store.at("commits")) {
                CHECK(commit.at("p50_us") > 0);
                CHECK(commit.at("p99_us") >= commit.at("p50_us"));
            }
        }
        // A synced commit is one write and one flush; a fast machine fills the log, and a commit to
        // the tree adds its own.
        for (const nlohmann::json& commit : report.at("stores").at(0).at("commits")) {
            CHECK(commit.at("own").at("writes") >= commit.at("commits"));
            CHECK(commit.at("own").at("flushes") >= commit.at("commits"));
            CHECK(commit.at("own").at("reads") == 0);
        }
    }
}

TEST_CASE("program: mounted file systems do the same in turns, and leave nothing behind") {
    const SetOnDisk set;
    const std::string here = set.file("here");
    const std::string there = set.file("there");
    std::filesystem::create_directory(here);
    std::filesystem::create_directory(there);
    const std::string places = "--in ours=" + here + ",other=" + there;
    const std::string brief = " --seconds 0.02 --rounds 2 --json";
    for (const char* name : {"create", "lookup", "list", "rename", "unlink", "write"}) {
        CAPTURE(name);
        const Outcome outcome = run("fs " + places + brief + " --only " + name);
        REQUIRE(outcome.code == 0);
        const auto trial = nlohmann::json::parse(outcome.output)["trials"][0];
        CHECK(trial["name"] == name);
        for (const char* place : {"ours", "other"})
            for (const auto& rate : trial["rates"][place])
                CHECK(rate.get<double>() > 0);
        CHECK(trial["rates"]["ours"].size() == 2);
        CHECK(trial["ratios"]["other"]["middle"].get<double>() > 0);
    }
    CHECK(std::filesystem::is_empty(here));
    CHECK(std::filesystem::is_empty(there));
    CHECK(run("fs --in /nowhere").code == 2);
    CHECK(run("fs --only nothing " + places).code == 2);
    const Outcome absent = run("fs --in a=/nonexistent/a", true);
    CHECK(absent.code == 1);
    CHECK(absent.output.find("create: a folder for the trial (ENOENT)") != std::string::npos);
}

TEST_CASE("program: wrong arguments are 2, wrong files are 1, and both are explained") {
    const SetOnDisk set;
    const auto explained = [&](const std::string& arguments, int code, const char* words) {
        CAPTURE(arguments);
        const Outcome outcome = run(arguments, true);
        CHECK(outcome.code == code);
        CHECK(outcome.output.find(words) != std::string::npos);
    };
    explained("", 2, "usage: vexfs-bench COMMAND");
    explained("ann", 2, "--base is missing");
    explained("an", 2, "'an' is no command");
    explained(set.files() + " --efs 3", 2, "'--efs' is no option");
    explained(set.files() + " --correlated", 2, "--correlated needs --filter");
    explained("ann-data", 2, "--out is missing");
    explained("store --keys 5", 2, "--keys: '5' is outside");
    explained("store --dir /nowhere", 1, "--dir /nowhere: a folder for the run (ENOENT)");
    explained("ann --base /nowhere.fbin --query x.fbin", 1, "--base /nowhere.fbin: file: open");
    explained(set.files() + " --truth " + set.file("s.base.fbin"), 1, "--truth");
    explained(set.files() + " --metric dot --truth " + set.file("s.query.fbin"), 1, "--truth");
    explained(set.files() + " --core 1000", 1, "not one that this process may run on");
    const std::ofstream garbage(set.file("g.npy"));
    explained("ann --base " + set.file("g.npy") + " --query " + set.file("g.npy"), 1, "EBADMSG");
}

TEST_CASE("program: help of every command goes to stdout and is 0") {
    for (const std::string command : {"", "ann ", "ann-data ", "fs ", "store "}) {
        const Outcome outcome = run(command + "--help");
        CHECK(outcome.code == 0);
        CHECK(outcome.output.starts_with("usage: vexfs-bench"));
    }
}

} // namespace
