// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "bench/result/result_file.h"
#include "userlib/device/run_program.h"
#include "userlib/device/scratch_file.h"

using namespace vexfs;

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

// What the program wrote, run together.
std::vector<Measurement> measurements_of(const Outcome& outcome, const char* benchmark) {
    std::string complaint;
    const std::optional<ResultFile> file = parse_results(outcome.output, complaint);
    REQUIRE_MESSAGE(file, complaint);
    CHECK_FALSE(file->machine.commit.empty());
    std::vector<Measurement> all;
    for (const BenchRun& run : file->runs) {
        CHECK((run.command.find("vexfs-bench") != std::string::npos ||
               run.command.starts_with("./dev bench ")));
        for (const Measurement& one : run.measurements) {
            if (one.benchmark == benchmark)
                all.push_back(one);
        }
    }
    return all;
}

bool cannot_mount() {
    if (::geteuid() == 0 && ::access("/dev/fuse", R_OK | W_OK) == 0)
        return false;
    std::fputs("skipped: mounting needs root and /dev/fuse\n", stderr);
    return true;
}

double median(const Measurement& measurement, const char* figure) {
    CAPTURE(measurement.identity());
    const Figure* found = measurement.figure(figure);
    REQUIRE_MESSAGE(found != nullptr, figure);
    return found->median();
}

// Recall is a share that grows with the effort, and the figures that follow from time are there.
void check_curves(const Outcome& outcome) {
    std::map<std::string, double> best;
    for (const Measurement& point : measurements_of(outcome, "ann.curve")) {
        const std::string curve = point.subject + point.text_of("rows") + point.text_of("filter");
        CHECK(median(point, "recall") <= 1.0);
        CHECK(median(point, "recall") >= best[curve] - 0.02);
        best[curve] = median(point, "recall");
        CHECK(median(point, "throughput") > 0);
        CHECK(median(point, "latency_p50") > 0);
        CHECK(median(point, "latency_max") >= median(point, "latency_p99"));
    }
    CHECK(best.size() >= 2);
    for (const auto& one : best)
        CHECK_MESSAGE(one.second >= 0.95, one.first);
}

TEST_CASE("program: a set on disk is measured against each peer and reported as results") {
    const SetOnDisk set;
    for (const std::string peer : {"hnswlib", "faiss", "faiss-sq8", "faiss-ivfpq"}) {
        const Outcome outcome = run(set.files() + " --truth " + set.file("s.truth.ibin") +
                                    " --rounds 2 --ef 10,50,200 --json --peer " + peer);
        REQUIRE(outcome.code == 0);
        CHECK(outcome.output.find("--ef 10,50,200") != std::string::npos);
        check_curves(outcome);
        const auto found = measurements_of(outcome, "ann.search");
        REQUIRE(found.size() >= 2);
        CHECK(found.front().figure("throughput")->rounds.size() == 2);
        REQUIRE(found.front().ratios.size() == 2);
        CHECK(found.front().ratios[0].peer == peer);
        CHECK(found.front().ratios[0].ratio.middle > 0);
        const auto builds = measurements_of(outcome, "ann.build");
        REQUIRE(builds.size() == 2);
        CHECK(builds[1].subject == peer);
        for (const Measurement& build : builds) {
            CHECK(build.parameter("rows")->number() == 3000);
            CHECK(build.text_of("data") == "s.base.fbin");
            CHECK(build.peer == (build.subject != "vexfs"));
            CHECK(median(build, "hot_bytes_per_row") > 0);
            CHECK(median(build, "time") > 0);
            // A row in a file has its vector at least, unless that was made bytes.
            CHECK(median(build, "file_bytes_per_row") > (peer == "faiss-sq8" ? 24 : 96));
        }
    }
}

TEST_CASE("program: threads of FAISS wait asleep, unless whoever started it chose") {
    const SetOnDisk set;
    REQUIRE(::setenv("OMP_DISPLAY_ENV", "verbose", 1) == 0); // libgomp tells it as it is loaded
    const auto told = [&](const std::string& peer) {
        const Outcome outcome = run(
            set.files() + " --rows 200 --rounds 1 --ef 50 --threads 2 --json" + " --peer " + peer,
            true);
        CHECK(outcome.code == 0);
        return outcome.output;
    };
    const std::string asleep = "GOMP_SPINCOUNT = '0'";
    CHECK(told("faiss").find(asleep) != std::string::npos);
    CHECK(told("all").find(asleep) != std::string::npos);
    CHECK(told("hnswlib").find(asleep) == std::string::npos);
    REQUIRE(::setenv("OMP_WAIT_POLICY", "active", 1) == 0);
    CHECK(told("faiss").find(asleep) == std::string::npos);
    ::unsetenv("OMP_WAIT_POLICY");
    ::unsetenv("OMP_DISPLAY_ENV");
}

TEST_CASE("program: clients search at once, whole and filtered, and are held beside each other") {
    const SetOnDisk set;
    const Outcome outcome = run(set.files() + " --rounds 2 --clients 1,3 --filter 20 --peer all "
                                              "--ef 10,50 --json");
    REQUIRE(outcome.code == 0);
    std::map<std::string, size_t> seen;
    for (const Measurement& one : measurements_of(outcome, "ann.clients")) {
        ++seen[one.subject + " " + one.text_of("filter_percent") + " " + one.text_of("clients")];
        CHECK(one.figure("throughput")->low() > 0);
        CHECK(one.figure("throughput")->rounds.size() == 2);
        CHECK(median(one, "latency_p99") >= median(one, "latency_p50"));
        CHECK(median(one, "recall") > 0.9);
        const bool ours = one.subject == "vexfs";
        CHECK(one.ratios.size() == (!ours ? 0 : one.text_of("filter") == "none" ? 4 : 2));
    }
    CHECK(seen.size() == 2 * 5 + 2 * 3);
    CHECK(seen["faiss-ivfpq 100 3"] == 1);
    CHECK(seen["scan 20 3"] == 1);
    for (const Measurement& one : measurements_of(outcome, "ann.curve"))
        CHECK(one.figure("context_switches") != nullptr);
    CHECK(run(set.files() + " --churn 3 --clients 2").code == 2);
}

TEST_CASE("program: an adapter takes part, and one whose library is absent is skipped, loudly") {
    const std::string folder = VEXFS_SOURCE_DIR "/bench/external/";
    const SetOnDisk set;
    for (const std::string metric : {"l2", "cosine"}) {
        const Outcome outcome =
            run(set.files() + " --rows 500 --queries 12 --rounds 2 --ef 50 --clients 2 --json " +
                "--metric " + metric + " --peer none --external " + folder + "exact_peer.py");
        REQUIRE(outcome.code == 0);
        const auto points = measurements_of(outcome, "ann.curve");
        REQUIRE(points.size() == 2);
        CHECK(points[1].subject == "exact-python");
        CHECK(points[1].peer);
        CHECK(median(points[1], "recall") == 1.0);
        CHECK(points[1].figure("latency_p50")->rounds.size() == 2);
        // 500 rows take Python some ten microseconds at least.
        CHECK(median(points[1], "latency_p50") > 10'000);
        const auto builds = measurements_of(outcome, "ann.build");
        REQUIRE(builds.size() == 2);
        CHECK(median(builds[1], "hot_bytes_per_row") == 96);
        CHECK(measurements_of(outcome, "ann.clients").size() == 1);
    }
    const std::string script = set.file("peer.sh");
    const auto with = [&](const std::string& lines) {
        std::ofstream(script) << "#!/bin/sh\n" << lines << "\n";
        std::filesystem::permissions(script, std::filesystem::perms::owner_all);
        return run(set.files() + " --rows 500 --queries 12 --rounds 1 --ef 50 --peer none --json " +
                       "--external " + script,
                   true);
    };
    const Outcome skipped = with("read line; echo '{\"absent\": \"no such library\"}'");
    CHECK(skipped.code == 0);
    CHECK(skipped.output.find("SKIPPED peer.sh: no such library") != std::string::npos);
    CHECK(skipped.output.find("; skipped: peer.sh: no such library\"") != std::string::npos);
    CHECK(with("read line; echo nonsense").code == 1);
    CHECK(with("exit 0").output.find("EIO") != std::string::npos);
    const std::string greets = "read line; echo '{\"name\": \"a\"}'; read line; ";
    const Outcome error = with(greets + "echo '{\"error\": \"too hot\"}'");
    CHECK(error.code == 1);
    CHECK(error.output.find("an adapter says: \"too hot\"") != std::string::npos);
    const Outcome few =
        with(greets + "echo '{}'; read line; echo '{\"slots\": [[-1]], \"ns\": [1]}'");
    CHECK(few.code == 1);
    CHECK(few.output.find("lacks slots or ns") != std::string::npos);
}

TEST_CASE("program: the quick mode runs every kind of measurement") {
    const Outcome outcome = run("ann --quick --rows 2000 --queries 40 --rounds 1 --json");
    REQUIRE(outcome.code == 0);
    check_curves(outcome);
    std::set<std::string> kinds;
    for (const Measurement& point : measurements_of(outcome, "ann.curve"))
        kinds.insert(point.subject + " " + point.text_of("rows") + " " + point.text_of("filter"));
    CHECK(kinds == std::set<std::string>{"hnswlib 1000 none", "hnswlib 2000 none",
                                         "hnswlib 2000 opposed", "hnswlib 2000 random",
                                         "scan 2000 opposed", "scan 2000 random", "vexfs 1000 none",
                                         "vexfs 2000 none", "vexfs 2000 opposed",
                                         "vexfs 2000 random"});
    CHECK(measurements_of(outcome, "ann.replace").size() == 8);
    for (const Measurement& sample : measurements_of(outcome, "ann.churn"))
        CHECK(median(sample, "recall") >= 0.9);
}

TEST_CASE("program: computed answers are kept beside the base and found again") {
    const SetOnDisk set;
    const std::string arguments =
        set.files() + " --cache-truth --rounds 1 --ef 50 --json --peer hnswlib";
    CHECK(run(arguments).output.find("truth computed") != std::string::npos);
    const Outcome again = run(arguments);
    CHECK(again.output.find("truth " + set.file("s.base.fbin.l2-k10-")) != std::string::npos);
    CHECK(median(measurements_of(again, "ann.curve").at(0), "recall") > 0.9);
}

void check_store(const Outcome& outcome, const std::string& peer) {
    std::map<std::string, size_t> commits;
    for (const Measurement& commit : measurements_of(outcome, "store.commit")) {
        ++commits[commit.subject];
        CHECK(commit.parameter("keys")->number() == 600);
        CHECK(median(commit, "latency_p50") > 0);
        CHECK(median(commit, "latency_p99") >= median(commit, "latency_p50"));
        if (commit.peer)
            continue;
        // A synced commit is one write and one flush; a fast machine fills the log, and a commit to
        // the tree adds its own.
        CHECK(commit.ratios.at(0).peer == peer);
        CHECK(median(commit, "own_writes") >= 1);
        CHECK(median(commit, "own_flushes") >= 1);
        CHECK(median(commit, "own_reads") == 0);
    }
    CHECK(commits.size() == 2);
    CHECK(commits[peer] == 4);
    for (const Measurement& open : measurements_of(outcome, "store.open")) {
        CHECK(median(open, "time") > 0);
        if (open.text_of("stop") == "killed")
            CHECK(median(open, "synced_puts") > 600);
    }
    for (const Measurement& load : measurements_of(outcome, "store.load"))
        CHECK(median(load, "time") > 0);
    CHECK(median(measurements_of(outcome, "store.bare_sync").at(0), "latency_p50") > 0);
    const auto stalls = measurements_of(outcome, "store.stall");
    REQUIRE(stalls.size() == 2);
    CHECK(stalls[0].figure("longest_wait")->rounds.size() == 2);
    CHECK(stalls[1].figure("longest_wait")->low() > 0);
}

TEST_CASE("program: a store is filled, killed, opened and committed to beside each peer") {
    for (const std::string peer : {"lmdb", "rocksdb"}) {
        const Outcome outcome =
            run("store --keys 600 --seconds 0.05 --rounds 2 --kills 1 --sizes 1,16 --json --peer " +
                peer + " --dir '" + std::filesystem::temp_directory_path().string() + "'");
        REQUIRE(outcome.code == 0);
        check_store(outcome, peer);
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
        const auto found = measurements_of(outcome, (std::string("fs.") + name).c_str());
        REQUIRE(found.size() == 2);
        for (const Measurement& place : found) {
            CHECK(place.figure("throughput")->low() > 0);
            CHECK(place.figure("throughput")->rounds.size() == 2);
        }
        CHECK(found[0].ratios.at(0).peer == "other");
        CHECK(found[0].ratios.at(0).ratio.middle > 0);
    }
    CHECK(std::filesystem::is_empty(here));
    CHECK(std::filesystem::is_empty(there));
    const std::string told = run("fs " + places + brief + " --only create --told './dev x'").output;
    CHECK(told.find("\"command\": \"./dev x\"") != std::string::npos);
    CHECK(run("fs --in /nowhere").code == 2);
    CHECK(run("fs --only nothing " + places).code == 2);
    const Outcome absent = run("fs --in a=/nonexistent/a", true);
    CHECK(absent.code == 1);
    CHECK(absent.output.find("create: a folder for the trial (ENOENT: ") != std::string::npos);
}

TEST_CASE("program: without fio its jobs are skipped, loudly, and the rest is measured") {
    const ScratchDirectory here;
    const std::string path = std::getenv("PATH");
    REQUIRE(::setenv("PATH", here.path().c_str(), 1) == 0);
    const Outcome outcome = run("fs --in here=" + here.path() +
                                    " --seconds 0.01 --rounds 1 --only create,fio-read --json",
                                true);
    REQUIRE(::setenv("PATH", path.c_str(), 1) == 0);
    CHECK(outcome.code == 0);
    const std::string said = "SKIPPED: the jobs of fio, which is not installed";
    CHECK(outcome.output.starts_with("vexfs-bench fs: " + said + "\n"));
    CHECK(outcome.output.find("\"setting\": \"" + said + "\"") != std::string::npos);
    CHECK(outcome.output.find("fs.create") != std::string::npos);
    CHECK(outcome.output.find("fs.fio-read") == std::string::npos);
}

TEST_CASE("program: fio does its jobs on VexFS, ext4 and a passthrough, mounted for it") {
    const ScratchFile image(1 << 20);
    if (cannot_mount())
        return;
    if (run_program({"fio", "--version"}).status != 0 || !LoopDevice::attach(image)) {
        std::fputs("skipped: that needs fio and a loop device\n", stderr);
        return;
    }
    const std::string bin = std::filesystem::path(VEXFS_PROGRAM).parent_path();
    const ProgramRun outcome =
        run_program({VEXFS_SOURCE_DIR "/bench/fs/beside.sh", bin, "--seconds", "0.05", "--rounds",
                     "2", "--only", "fio-read,fio-write,fio-randread,fio-randwrite", "--json"});
    REQUIRE_MESSAGE(outcome, outcome.err);
    CHECK(outcome.out.find("\"setting\": \"fio-") != std::string::npos);
    for (const char* name : {"fio-read", "fio-write", "fio-randread", "fio-randwrite"}) {
        CAPTURE(name);
        const auto found = measurements_of({0, outcome.out}, (std::string("fs.") + name).c_str());
        REQUIRE(found.size() >= 2);
        CHECK(found[0].subject == "vexfs");
        CHECK(found[1].subject == "ext4");
        CHECK(found[0].ratios.at(0).peer == "ext4");
        for (const Measurement& place : found) {
            CHECK(place.text_of("job").find(" bs=") != std::string::npos);
            CHECK(place.figure("throughput")->low() > 0);
            CHECK(place.figure("latency_p50")->rounds.size() == 2);
            CHECK(place.figure("latency_p50")->low() > 0);
            CHECK(median(place, "latency_p99") >= median(place, "latency_p50"));
            CHECK(median(place, "latency_max") >= median(place, "latency_p99"));
        }
    }
}

TEST_CASE("program: vectors that do not fit the cache are read, and narrow ones less often") {
    const Outcome outcome =
        run("vectors --rows 2500 --dim 512 --queries 200 --rounds 1 --json", false);
    REQUIRE(outcome.code == 0);
    std::string complaint;
    const auto results = parse_results(outcome.output, complaint);
    REQUIRE_MESSAGE(results, complaint);
    std::map<std::string, const Measurement*> cells;
    for (const Measurement& one : results->runs[0].measurements) {
        cells[one.text_of("vectors") + " " + one.text_of("compress") + " " +
              one.text_of("percent")] = &one;
        CHECK(one.figure("recall")->median() > 0.9);
    }
    CHECK(cells.size() == 15);
    const auto figure = [&](const char* cell, const char* name) {
        return cells.at(cell)->figure(name)->median();
    };
    CHECK(figure("bfloat16 none 0", "stored") > 1.9 * figure("bfloat16 auto 0", "stored"));
    CHECK(figure("float32 none 0", "cached") < figure("float32 none 100", "cached"));
    CHECK(figure("bfloat16 none 0", "device_reads") > figure("bfloat16 auto 0", "device_reads"));
}

TEST_CASE("program: a grid is measured, kept, compared and shown") {
    const SetOnDisk set;
    const std::string out = set.file("out");
    const std::string grid = "grid --rows 300,900 --dims 16 --values 9000 --queries 20 --rounds 2 "
                             "--filter 20,5 --clients 2 --threads 1 --passes 2 --data " +
                             set.file("") + " --out " + out;
    const Outcome first = run(grid, true);
    CHECK(first.code == 0);
    CHECK(first.output.find("left out: 900 rows of 16 dimensions") != std::string::npos);
    CHECK(first.output.find("4 of 4 cells are in " + out + "/results.json") != std::string::npos);
    CHECK(first.output.find("measured before") == std::string::npos);

    std::string complaint;
    const auto results = read_results(out + "/results.json", complaint);
    REQUIRE_MESSAGE(results, complaint);
    REQUIRE(results->runs.size() == 2);
    std::set<std::string> kinds;
    for (const Measurement& one : results->runs[1].measurements) {
        kinds.insert(one.benchmark + " " + one.subject + " " + one.text_of("filter_percent"));
        if (one.benchmark == "ann.build")
            CHECK(one.figure("time")->rounds.size() == 2);
    }
    for (const char* kind :
         {"ann.curve vexfs 100", "ann.curve hnswlib 100", "ann.curve faiss 100",
          "ann.curve faiss-sq8 100", "ann.curve faiss-ivfpq 100", "ann.curve vexfs 20",
          "ann.curve hnswlib 5", "ann.curve scan 5", "ann.search vexfs 100", "ann.build faiss 100",
          "ann.clients faiss-sq8 100", "ann.clients scan 5"})
        CHECK_MESSAGE(kinds.contains(kind), kind);
    CHECK_FALSE(kinds.contains("ann.curve faiss 20"));

    // The same build measures nothing again; a cell that is gone is measured alone.
    const auto path = *std::filesystem::directory_iterator(out + "/cells");
    std::filesystem::remove(path.path() / "clustered-300x16-all-filter-clients.json");
    const Outcome second = run(grid, true);
    CHECK(second.code == 0);
    CHECK(second.output.find("s-all-filter-clients\n   measured before") != std::string::npos);
    CHECK(second.output.find("300x16-all-filter-clients\n   measured before") == std::string::npos);

    // A cell that there is no time for is left, and what is kept is taken all the same.
    std::filesystem::remove(path.path() / "clustered-300x16-all-filter-clients.json");
    const Outcome brief = run(grid + " --minutes 0.000001", true);
    CHECK(brief.code == 0);
    CHECK(brief.output.find("300x16-all-filter-clients\n   LEFT") != std::string::npos);
    CHECK(brief.output.find("s-all-filter-clients\n   measured before") != std::string::npos);
    CHECK(brief.output.find("3 of 4 cells are in") != std::string::npos);
    CHECK(brief.output.find("1 cells are left for the next run") != std::string::npos);

    const Outcome same = run("compare " + out + "/results.json " + out + "/results.json");
    CHECK(same.code == 0);
    CHECK(same.output.find("0 worse, 0 better, ") != std::string::npos);
    CHECK(run("report --from " + out + "/results.json --out " + out + "/report.html").code == 0);
    CHECK(std::filesystem::file_size(out + "/report.html") > 10'000);

    // Someone else's results are not put beside these.
    ResultFile foreign = *results;
    foreign.machine.commit = "0123456";
    REQUIRE(replace_file(out + "/foreign.json", json_of(foreign), complaint));
    const Outcome refused = run(grid + " --with " + out + "/foreign.json", true);
    CHECK(refused.code == 1);
    CHECK(refused.output.find("foreign.json: is of commit 0123456, not ") != std::string::npos);
}

TEST_CASE("program: a case that takes more instructions than were recorded is exit code 1") {
    const SetOnDisk set;
    const std::string recorded = VEXFS_SOURCE_DIR "/bench/baseline/instructions.json";
    std::string complaint;
    auto counts = read_results(recorded, complaint);
    REQUIRE_MESSAGE(counts, complaint);
    const auto held = [&] {
        REQUIRE(replace_file(set.file("now.json"), json_of(*counts), complaint));
        return run("instructions --from " + set.file("now.json") + " --against " + recorded);
    };
    CHECK(held().code == 0);
    Measurement& one = counts->runs.at(0).measurements.at(0);
    one.figures.at(0).rounds = {one.figures[0].median() * 1.06};
    const Outcome grew = held();
    CHECK(grew.code == 1);
    CHECK(grew.output.find("GREW     " + one.text_of("case")) != std::string::npos);
    CHECK(grew.output.find("+6.00 percent") != std::string::npos);
    CHECK(grew.output.find("./dev bench instructions --json") != std::string::npos);
    counts->runs[0].measurements.erase(counts->runs[0].measurements.begin());
    CHECK(held().output.find("GONE     ") != std::string::npos);
    CHECK(run("instructions --from /nowhere.json").code == 1);
}

TEST_CASE("program: what got worse is told, and is exit code 1") {
    const SetOnDisk set;
    Measurement one;
    one.benchmark = "ann.search";
    one.subject = "vexfs";
    one.add("throughput", "1/s", Better::kMore, {100, 101});
    const auto write = [&](const std::string& name, double factor) {
        Measurement changed = one;
        changed.figures[0].rounds = {100 * factor, 101 * factor};
        std::string complaint;
        REQUIRE(replace_file(set.file(name), json_of({this_machine(), {{"c", "", {changed}}}}),
                             complaint));
    };
    write("a.json", 1);
    write("b.json", 0.5);
    const std::string files = set.file("a.json") + " " + set.file("b.json");
    const Outcome worse = run("compare " + files);
    CHECK(worse.code == 1);
    CHECK(worse.output.find("worse   throughput  100.5 (100..101) -> 50.25") != std::string::npos);
    CHECK(run("compare " + set.file("b.json") + " " + set.file("a.json")).code == 0);
    CHECK(run("compare " + files + " --tolerance 60").code == 0);
    CHECK(run("compare " + files + " --ratios").code == 1);
    CHECK(run("compare " + set.file("a.json")).code == 2);
    CHECK(run("compare " + set.file("a.json") + " /nowhere.json", true)
              .output.find("/nowhere.json: cannot be read") != std::string::npos);
}

TEST_CASE("program: searches and inserts are timed in-process, by ioctl and by session") {
    if (cannot_mount())
        return;
    const Outcome outcome =
        run("frontends --rows 2000 --dim 16 --k 5 --searches 20 --rounds 3 --batch 4 --json");
    REQUIRE(outcome.code == 0);
    const auto found = measurements_of(outcome, "frontends.search");
    REQUIRE(found.size() == 6);
    for (const Measurement& way : found) {
        CHECK(way.figure("latency_p50")->rounds.size() == 3);
        CHECK(way.figure("latency_p50")->low() > 0);
        CHECK(way.figure("outside_index")->low() > 0);
        CHECK(way.figure("outside_index_share")->high() < 1);
        CHECK(way.figure("recall")->low() >= 0.9);
    }
    CHECK(found[0].text_of("way") == "in-process");
    CHECK(found[3].text_of("batch") == "4");
    CHECK(found[3].description == "a batch of searches in one message");
    const auto inserts = measurements_of(outcome, "frontends.insert");
    REQUIRE(inserts.size() == 6);
    for (const Measurement& way : inserts)
        CHECK(way.figure("throughput")->low() > 0);
    const Outcome wide =
        run("frontends --rows 100 --dim 1500 --searches 20 --rounds 1 --batch 4 --json");
    CHECK(measurements_of(wide, "frontends.search")
              .at(3)
              .description.ends_with("too much for an ioctl: libvexfs takes a session instead"));
    const Outcome absent = run("frontends --rows 10 --programs /nowhere", true);
    CHECK(absent.code == 1);
    CHECK(absent.output.find("/nowhere/mkfs.vexfs") != std::string::npos);
}

// Whether something is mounted below the folder.
bool has_mount(const std::string& folder) {
    std::ifstream table("/proc/self/mountinfo");
    for (std::string line; std::getline(table, line);) {
        if (line.find(folder) != std::string::npos)
            return true;
    }
    return false;
}

template <typename Condition>
bool comes_true(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::yield();
    }
    return true;
}

TEST_CASE("program: a measurement that is killed leaves neither mount nor files") {
    if (cannot_mount())
        return;
    for (const int signal : {SIGTERM, SIGINT, SIGKILL}) {
        CAPTURE(signal);
        const ScratchDirectory folder;
        const pid_t process = ::fork();
        if (process == 0) {
            ::setpgid(0, 0);
            ::setenv("TMPDIR", folder.path().c_str(), 1);
            ::execl(VEXFS_PROGRAM, VEXFS_PROGRAM, "frontends", "--rows", "300", "--dim", "8",
                    "--rounds", "1000", "--searches", "10000", nullptr);
            ::_exit(127);
        }
        // Programs that it runs have files of their own there until they end.
        CHECK(comes_true([&] {
            return has_mount(folder.path()) &&
                   std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1;
        }));
        CHECK(::kill(-process, signal) == 0);
        int status = 0;
        CHECK(::waitpid(process, &status, 0) == process);
        CHECK(WIFSIGNALED(status));
        CHECK(comes_true(
            [&] { return !has_mount(folder.path()) && std::filesystem::is_empty(folder.path()); }));
    }
}

TEST_CASE("program: queries in batches find what they find one by one") {
    const Outcome outcome =
        run("batch --rows 300,3000 --dim 24 --queries 40 --k 5 --rounds 3 --json");
    REQUIRE(outcome.code == 0);
    const auto found = measurements_of(outcome, "batch.search");
    REQUIRE(found.size() == 12);
    for (size_t i = 0; i < found.size(); i += 2) {
        CHECK(found[i].figure("time")->rounds.size() == 3);
        CHECK(found[i + 1].figure("time")->low() > 0);
        CHECK(median(found[i], "recall") >= 0.9);
        CHECK(median(found[i + 1], "recall") >= 0.9);
        CHECK(found[i + 1].ratios.front().peer == "one by one");
    }
    CHECK(median(found[0], "recall") == median(found[1], "recall"));
    CHECK(run("batch --size 0").code == 2);
}

TEST_CASE("program: blocks come back from each codec, and narrow ones take half") {
    std::string folder = (std::filesystem::temp_directory_path() / "vexfs-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    std::ofstream(folder + "/numbers.md") << [] {
        std::string text;
        for (int i = 0; i < 30'000; ++i)
            text += "number " + std::to_string(i) + "\n";
        return text;
    }();
    const Outcome outcome =
        run("codec --from " + folder + " --rows 3000 --dim 32 --rounds 2 --json");
    std::filesystem::remove_all(folder);
    REQUIRE(outcome.code == 0);
    const auto found = measurements_of(outcome, "codec.block");
    std::map<std::string, double> share;
    for (const Measurement& one : found) {
        share[one.text_of("blocks") + ", " + one.subject] = median(one, "share");
        CHECK(one.figure("encode")->low() > 0);
    }
    CHECK(share.at("text, lz4") < 0.6);
    CHECK(share.at("text, zstd") < share.at("text, lz4"));
    CHECK(share.at("vectors f32, auto") == 1);
    CHECK(share.at("vectors f32 of f16, auto") == 0.5);
    CHECK(share.at("vectors f32 of u8, auto") == 0.5);
    CHECK(share.at("vectors f32 of u8, numbers, zstd") < 0.5);
    CHECK(share.at("vectors f32, numbers, zstd") < 1);
    CHECK(share.contains("links, lz4"));
    CHECK(run("codec --from /nowhere").code == 1);
    CHECK(run("codec --rounds 0").code == 2);
}

TEST_CASE("program: a collection is opened after a clean stop and after a kill") {
    const Outcome outcome =
        run("open --rows 3000 --dim 32 --rows-a-file 100 --rounds 2 --memory 64 --json");
    REQUIRE(outcome.code == 0);
    const auto found = measurements_of(outcome, "open.collection");
    REQUIRE(found.size() == 2);
    for (const Measurement& stop : found) {
        CHECK(stop.figure("first_answer")->rounds.size() == 2);
        CHECK(stop.figure("first_answer")->low() > stop.figure("mounted")->low());
        CHECK(stop.figure("full_speed")->low() > 0);
        CHECK(stop.figure("recall")->low() >= 0.9);
    }
    CHECK(found[0].text_of("stop") == "clean");
    CHECK(found[0].figure("pending")->high() == 0);
}

TEST_CASE("program: a collection that was left in a folder is opened and not filled again") {
    const ScratchDirectory folder;
    const std::string command = "open --rows 1000 --dim 8 --rounds 1 --folder " + folder.path();
    const Outcome first = run(command);
    REQUIRE(first.code == 0);
    CHECK(first.output.find("filled in ") != std::string::npos);
    const Outcome second = run(command);
    REQUIRE(second.code == 0);
    CHECK(second.output.find("filled in ") == std::string::npos);
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
    explained(set.files() + " --peer all --churn 2", 2, "--churn: FAISS removes no rows");
    explained("grid --quick --full", 2, "one or the other");
    explained("grid --data /nowhere --out " + set.file("o"), 1, "--data /nowhere: no set is there");
    explained("grid --out /proc/nowhere", 1, "/proc/nowhere");
    explained("report --from x.json", 2, "--out is missing");
    explained("report --from /nowhere.json --out x", 1, "/nowhere.json: cannot be read");
    explained("ann-data", 2, "--out is missing");
    explained("store --keys 5", 2, "--keys: '5' is outside");
    explained("store --dir /nowhere", 1, "--dir /nowhere: a folder for the run (ENOENT: ");
    explained("ann --base /nowhere.fbin --query x.fbin", 1, "--base /nowhere.fbin: file: open");
    explained(set.files() + " --truth " + set.file("s.base.fbin"), 1, "--truth");
    REQUIRE(run("ann-data --out " + set.file("t") +
                " --rows 3000 --queries 50 --dim 24 --latent 8 --clusters 30 --depth 10 --seed 2")
                .code == 0);
    explained(set.files() + " --truth " + set.file("t.truth.ibin"), 1,
              "its answers are not the nearest rows by --metric l2");
    explained(set.files() + " --core 1000", 1, "not one that this process may run on");
    const std::ofstream garbage(set.file("g.npy"));
    explained("ann --base " + set.file("g.npy") + " --query " + set.file("g.npy"), 1, "EBADMSG");
}

TEST_CASE("program: every command has a help, refuses what it does not know, and says who speaks") {
    for (const std::string name :
         {"ann", "ann-data", "batch", "cache", "codec", "compare", "frontends", "fs", "grid",
          "instructions", "open", "pool", "report", "store", "tier", "vectors"}) {
        CAPTURE(name);
        const Outcome help = run(name + " --help");
        CHECK(help.code == 0);
        CHECK(help.output.starts_with("usage: vexfs-bench " + name + " "));
        const Outcome unknown = run(name + " --no-such-option", true);
        CHECK(unknown.code == 2);
        CHECK(unknown.output.starts_with("vexfs-bench " + name + ": "));
        // A report that did not arrive is a failure.
        CHECK(run(name + " --help >/dev/full").code == 1);
    }
    const Outcome help = run("--help");
    CHECK(help.code == 0);
    CHECK(help.output.starts_with("usage: vexfs-bench COMMAND"));
}

} // namespace
