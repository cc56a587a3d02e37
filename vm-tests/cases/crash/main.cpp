// SPDX-License-Identifier: Apache-2.0
//
// vexfs-kill-loop: kills the engine of a mount under load, again and again, and looks whether
// anything that was synced is lost. Exit status 0; 1 if something is; 2 if it was called wrongly.
//
// Threads: the main thread kills and checks; the ledgers write in threads of their own meanwhile.
#include <atomic>
#include <charconv>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>

#include <unistd.h>

#include "bench/counts/counts.h"
#include "vm-tests/cases/crash/daemon.h"
#include "vm-tests/cases/crash/ledger.h"
#include "vm-tests/cases/crash/row_ledger.h"

namespace vexfs {
namespace {

constexpr size_t kLedgers = 4;
constexpr size_t kRowLedgers = 2;
constexpr size_t kExercises = 2;
constexpr int kSkipped = 77;
constexpr int kGone = 3; // what vexfs-fsx says of a filesystem that went away

constexpr const char* kUsage =
    "usage: vexfs-kill-loop [--rounds N] [--steps N] [--seed S] [--module] [--keep] [--json FILE]\n"
    "                       BIN_FOLDER\n"
    "\n"
    "Mounts a new volume with the programs of BIN_FOLDER, writes to it with threads and with\n"
    "vexfs-fsx, kills the engine at a random moment, checks the image, mounts it again and holds\n"
    "what is there against what was synced; N times (20). Without root and /dev/fuse it ends with\n"
    "status 77.\n"
    "  --module     mount through the kernel module, which is loaded: the mount outlives its\n"
    "               engine, and what was in flight is done by the next one; without vexfs-fsx\n"
    "  --steps N    of all threads until a kill, at most (4000)\n"
    "  --keep       leave the image and the logs where they are if something is wrong\n"
    "  --json FILE  write what was tried there, for vexfs-bench report\n";

struct Request {
    std::string bin;
    uint64_t rounds = 20;
    uint64_t steps = 4000;
    uint64_t seed = 1;
    bool module = false;
    bool keep = false;
    std::string json;
};

bool take_number(const char* text, uint64_t& number) {
    const char* const end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, number);
    return error == std::errc{} && stop == end;
}

bool parse(int count, char** arguments, Request& request) {
    for (int i = 1; i < count; ++i) {
        const std::string argument = arguments[i];
        if (argument == "--keep")
            request.keep = true;
        else if (argument == "--module")
            request.module = true;
        else if (argument == "--json") {
            if (++i == count)
                return false;
            request.json = arguments[i];
        } else if (argument == "--rounds" || argument == "--steps" || argument == "--seed") {
            uint64_t& number = argument == "--seed"    ? request.seed
                               : argument == "--steps" ? request.steps
                                                       : request.rounds;
            if (++i == count || !take_number(arguments[i], number))
                return false;
        } else if (request.bin.empty() && argument[0] != '-') {
            request.bin = std::filesystem::absolute(argument);
        } else {
            return false;
        }
    }
    return !request.bin.empty() && request.rounds > 0 && request.steps > 0;
}

class KillLoop {
  public:
    KillLoop(const Request& request, const std::string& folder)
        : request_(request), folder_(folder), daemon_(request.bin, folder, request.module),
          random_(request.seed) {}

    std::optional<std::string> run() {
        if (auto trouble = daemon_.format("512M"))
            return trouble;
        for (uint64_t round = 0; round < request_.rounds; ++round)
            if (auto trouble = run_round(round))
                return "round " + std::to_string(round) + ": " + *trouble;
            else
                ++rounds_;
        if (!request_.module) // there the last engine of a round serves on
            if (auto trouble = daemon_.start())
                return trouble;
        if (auto trouble = verify())
            return trouble;
        leave();
        daemon_.end(SIGTERM);
        return daemon_.check();
    }

    void print() const {
        const Sums sums = sum();
        std::printf("kills %" PRIu64 " operations %" PRIu64 " syncs %" PRIu64 " lost 0 dirty 0\n"
                    "rows: changes %" PRIu64 " acknowledged %" PRIu64 " read back %" PRIu64
                    " lost 0 resurrected 0\n",
                    rounds_, sums.operations, sums.syncs, sums.changes, sums.acknowledged,
                    sums.reads);
    }

    [[nodiscard]] Measurement counts(bool lost) const {
        const Sums sums = sum();
        Measurement counts =
            counts_of("kill",
                      "the engine of a mount under load killed with SIGKILL, fsck, and what "
                      "was synced held against what is there",
                      {{"rounds", request_.rounds}, {"seed", request_.seed}}, lost ? 1 : 0);
        add_count(counts, "kills", rounds_);
        add_count(counts, "operations", sums.operations);
        add_count(counts, "syncs", sums.syncs);
        add_count(counts, "row changes", sums.changes);
        add_count(counts, "rows read back", sums.reads);
        return counts;
    }

  private:
    struct Sums {
        uint64_t operations = 0;
        uint64_t syncs = 0;
        uint64_t changes = 0;
        uint64_t acknowledged = 0;
        uint64_t reads = 0;
    };

    [[nodiscard]] Sums sum() const {
        Sums sums;
        for (const auto& ledger : ledgers_) {
            sums.operations += ledger->operations();
            sums.syncs += ledger->syncs();
        }
        for (const auto& ledger : row_ledgers_) {
            sums.changes += ledger->changes();
            sums.acknowledged += ledger->acknowledged();
            sums.reads += ledger->reads();
        }
        return sums;
    }

    std::optional<std::string> run_round(uint64_t round) {
        if (round == 0 || !request_.module)
            if (auto trouble = daemon_.start())
                return trouble;
        if (auto trouble = round == 0 ? begin() : verify())
            return trouble;
        const std::vector<pid_t> exercises = start_exercises(round);
        if (auto trouble = write_and_kill(1 + random_.below(request_.steps)))
            return trouble;
        for (const pid_t exercise : exercises)
            if (const int status = wait_for(exercise); status != kGone)
                return "vexfs-fsx ended with " + std::to_string(status) + ", see " + daemon_.log();
        for (const auto& ledger : ledgers_)
            if (!ledger->trouble().empty())
                return ledger->trouble();
        for (const auto& ledger : row_ledgers_)
            if (!ledger->trouble().empty())
                return ledger->trouble();
        if (!request_.module)
            leave();
        return request_.module ? std::nullopt : daemon_.check();
    }

    // The kill comes when the ledgers have done so many steps, or cannot go on. Where the mount
    // outlives it, the step of each that is in flight then ends with the next engine.
    std::optional<std::string> write_and_kill(uint64_t steps) {
        std::atomic<uint64_t> done{0};
        std::atomic<size_t> running{ledgers_.size() + row_ledgers_.size()};
        std::atomic<bool> killed{false};
        std::vector<std::thread> writers;
        const auto write = [&](auto* at) {
            while (!killed.load() && at->step()) {
                done.fetch_add(1);
                done.notify_one();
            }
            if (request_.module && killed.load()) // what was lost is for verify() to judge
                at->forget_trouble();
            running.fetch_sub(1);
            done.fetch_add(1);
            done.notify_one();
        };
        for (const auto& ledger : ledgers_)
            writers.emplace_back([&write, at = ledger.get()] { write(at); });
        for (const auto& ledger : row_ledgers_)
            writers.emplace_back([&write, at = ledger.get()] { write(at); });
        for (uint64_t seen = 0; seen < steps && running.load() > 0; seen = done.load())
            done.wait(seen);
        daemon_.end(SIGKILL);
        killed.store(true);
        std::optional<std::string> trouble;
        if (request_.module) {
            trouble = daemon_.check();
            if (!trouble)
                trouble = daemon_.start();
        }
        for (std::thread& writer : writers)
            writer.join();
        return trouble;
    }

    void leave() {
        for (const auto& ledger : ledgers_)
            ledger->leave();
        for (const auto& ledger : row_ledgers_)
            ledger->leave();
    }

    std::optional<std::string> begin() {
        for (size_t i = 0; i < kLedgers; ++i) {
            ledgers_.push_back(std::make_unique<Ledger>(
                daemon_.mountpoint() + "/ledger" + std::to_string(i), random_.next()));
            if (auto trouble = ledgers_.back()->begin())
                return trouble;
        }
        for (size_t i = 0; i < kRowLedgers; ++i) {
            row_ledgers_.push_back(std::make_unique<RowLedger>(
                daemon_.mountpoint() + "/rows" + std::to_string(i), random_.next()));
            if (auto trouble = row_ledgers_.back()->begin())
                return trouble;
        }
        for (size_t i = 0; i < kExercises; ++i)
            if (!std::filesystem::create_directory(exercise_folder(i)))
                return exercise_folder(i) + " cannot be made";
        // The names of the exercises' folders are to be there after the first kill.
        return verify();
    }

    std::optional<std::string> verify() {
        for (const auto& ledger : ledgers_)
            if (auto trouble = ledger->verify(request_.module))
                return trouble;
        for (const auto& ledger : row_ledgers_)
            if (auto trouble = ledger->verify(request_.module))
                return trouble;
        return std::nullopt;
    }

    [[nodiscard]] std::string exercise_folder(size_t i) const {
        return daemon_.mountpoint() + "/fsx" + std::to_string(i);
    }

    std::vector<pid_t> start_exercises(uint64_t round) {
        std::vector<pid_t> started;
        if (request_.module) // it knows of no operation that is done after a crash
            return started;
        for (size_t i = 0; i < kExercises; ++i) {
            std::vector<std::string> arguments{request_.bin + "/vexfs-fsx", "--state",
                                               folder_ + "/state" + std::to_string(i),
                                               "--operations", "0"};
            if (round > 0 && std::filesystem::exists(folder_ + "/state" + std::to_string(i)))
                arguments.emplace_back("--resume");
            else
                arguments.insert(arguments.end(), {"--seed", std::to_string(random_.next())});
            arguments.push_back(exercise_folder(i));
            started.push_back(start_program_to(arguments, daemon_.log()));
        }
        return started;
    }

    const Request request_;
    const std::string folder_;
    const Daemon daemon_;
    Random random_;
    uint64_t rounds_ = 0; // that went well
    std::vector<std::unique_ptr<Ledger>> ledgers_;
    std::vector<std::unique_ptr<RowLedger>> row_ledgers_;
};

int main_of(int count, char** arguments) {
    Request request;
    if (!parse(count, arguments, request)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    const char* const device = request.module ? "/dev/vexfs" : "/dev/fuse";
    if (::geteuid() != 0 || ::access(device, R_OK | W_OK) != 0) {
        std::printf("skipped: mounting needs root and %s\n", device);
        return kSkipped;
    }
    std::string folder = std::filesystem::temp_directory_path() / "vexfs-kill-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) {
        std::fprintf(stderr, "vexfs-kill-loop: %s: %s\n", folder.c_str(), strerrorname_np(errno));
        return 1;
    }
    std::optional<std::string> trouble;
    bool written = false;
    {
        KillLoop loop(request, folder);
        trouble = loop.run();
        if (!trouble)
            loop.print();
        written = write_figures(request.json, count, arguments, {loop.counts(trouble.has_value())});
    }
    if (trouble)
        std::printf("LOST, --seed %llu: %s\n", static_cast<unsigned long long>(request.seed),
                    trouble->c_str());
    if (!trouble || !request.keep)
        std::filesystem::remove_all(folder);
    return trouble || !written ? 1 : 0;
}

} // namespace
} // namespace vexfs

int main(int count, char** arguments) {
    return vexfs::main_of(count, arguments);
}
