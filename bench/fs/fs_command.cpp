// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench fs`: the same work on several mounted file systems, in turns.
//
// Threads: one thread.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bench/cli/command.h"
#include "bench/fs/commands.h"
#include "bench/fs/fio.h"
#include "bench/fs/fs_report.h"
#include "bench/fs/trial.h"

#include <nlohmann/json.hpp>

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Does the same to each of the directories, in turns, slice by slice, and prints operations a\n"
    "second and their ratios. Where the first is a mount of VexFS, --stats tells how much of the\n"
    "time its engine worked. The trials fio-... are jobs of fio(1), with its latencies, where it\n"
    "is installed. ./dev bench fs mounts VexFS, ext4 and a FUSE passthrough of it, and runs this\n"
    "on them.";

struct FsBenchOptions {
    std::string in;
    std::string stats;
    std::string only;
    std::string told;
    double seconds = 0.5;
    uint64_t rounds = 5;
    bool json = false;
};

struct Place {
    std::string name;
    std::string folder;
};

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> words;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find(',', at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

// "vexfs=/mnt/v,ext4=/mnt/e"; empty if it is not that.
std::vector<Place> places_of(const std::string& text) {
    std::vector<Place> places;
    for (const std::string& one : split(text)) {
        const size_t equals = one.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == one.size())
            return {};
        places.push_back({one.substr(0, equals), one.substr(equals + 1)});
    }
    return places;
}

// What the engine has done so far.
struct EngineWork {
    double requests = 0;
    double seconds = 0;
};

std::optional<EngineWork> engine_work(const std::string& path) {
    std::ifstream stream(path);
    const auto json = nlohmann::json::parse(stream, nullptr, false);
    if (!json.is_object() || !json.contains("requests"))
        return std::nullopt;
    EngineWork work;
    for (const auto& request : json["requests"]) {
        const auto& latency = request["latency_ns"];
        work.requests += latency["count"].get<double>();
        work.seconds += latency["count"].get<double>() * latency["mean"].get<double>() / 1e9;
    }
    return work;
}

Result<Slice> run_in_scratch(const Trial& trial, const Place& place, double seconds,
                             Random& random) {
    std::string folder = place.folder + "/vexfs-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr)
        return fail(code_from_errno(errno), "a folder for the trial");
    const Result<Slice> slice = trial.run(folder, seconds, random);
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    return slice;
}

// The engine's work of a trial, its preparations included, is spread over the time of all of it;
// the start of another program is no work of anybody's, so there is no share where one runs.
Status measure(const Trial& trial, const FsBenchOptions& options, const std::vector<Place>& places,
               TrialFigures& figures) {
    figures.name = trial.name;
    figures.what = trial.what;
    figures.job = trial.job;
    figures.rates.resize(places.size());
    figures.latencies.resize(places.size());
    Random random(1);
    double operations = 0;
    double seconds = 0;
    EngineWork engine;
    for (uint64_t round = 0; round < options.rounds; ++round) {
        for (size_t i = 0; i < places.size(); ++i) {
            const bool asked = i == 0 && trial.job.empty();
            const auto before = asked ? engine_work(options.stats) : std::nullopt;
            const auto began = std::chrono::steady_clock::now();
            const Slice slice =
                VEXFS_TRY(run_in_scratch(trial, places[i], options.seconds, random));
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
            figures.rates[i].push_back(static_cast<double>(slice.operations) / slice.seconds);
            if (slice.latency)
                figures.latencies[i].push_back(*slice.latency);
            const auto after = before ? engine_work(options.stats) : std::nullopt;
            if (!after)
                continue;
            operations += static_cast<double>(slice.operations);
            seconds += took.count();
            engine.requests += after->requests - before->requests;
            engine.seconds += after->seconds - before->seconds;
        }
    }
    if (operations > 0)
        figures.engine = EngineShare{engine.requests / operations, engine.seconds / seconds};
    return ok();
}

void bind(Options& command, FsBenchOptions& options) {
    command.text("--in", "NAME=DIR,...", "directories; the first is compared with the others",
                 &options.in);
    command.text("--stats", "FILE", "stats.json of the first, if it is a mount of VexFS",
                 &options.stats);
    command.text("--only", "NAME,...", "these trials alone", &options.only);
    command.real("--seconds", "S", "length of a slice (0.5)", 0.01, 60, &options.seconds);
    command.number("--rounds", "N", "slices of each trial in each directory (5)", 1, 1000,
                   &options.rounds);
    command.text("--told", "COMMAND", "told instead of this one: who mounted what is measured",
                 &options.told);
    command.flag("--json", "one JSON document", &options.json);
}

std::vector<Trial> all_trials() {
    std::vector<Trial> trials = own_trials();
    std::vector<Trial> jobs = fio_trials();
    for (Trial& trial : jobs)
        trials.push_back(std::move(trial));
    return trials;
}

// Leaves those that are named, if any is. The name that none of them has, if there is one.
std::optional<std::string> choose(const std::vector<std::string>& names,
                                  std::vector<Trial>& trials) {
    for (const std::string& name : names) {
        if (std::none_of(trials.begin(), trials.end(),
                         [&](const Trial& trial) { return trial.name == name; }))
            return name;
    }
    if (!names.empty())
        std::erase_if(trials, [&](const Trial& trial) {
            return std::find(names.begin(), names.end(), trial.name) == names.end();
        });
    return std::nullopt;
}

// Which fio does the jobs among them, if there are any. Without one they are left out, and that is
// said here and in the report.
std::string fio_of(const Command& command, std::vector<Trial>& trials) {
    const auto is_job = [](const Trial& trial) {
        return !trial.job.empty();
    };
    if (std::none_of(trials.begin(), trials.end(), is_job))
        return "";
    if (std::string version = fio_version(); !version.empty())
        return version;
    std::erase_if(trials, is_job);
    std::string skipped = "SKIPPED: the jobs of fio, which is not installed";
    command.complain(skipped, 0);
    return skipped;
}

} // namespace

int run_fs(std::span<const char* const> arguments) {
    FsBenchOptions options;
    Command command("fs", "--in NAME=DIR[,NAME=DIR...] [options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    const std::vector<Place> places = places_of(options.in);
    if (places.empty())
        return command.complain("--in wants NAME=DIR, and further ones behind commas", 2);
    std::vector<Trial> trials = all_trials();
    if (const auto unknown = choose(split(options.only), trials))
        return command.complain("--only: no trial is called '" + *unknown + "'", 2);
    FsReport report;
    report.machine = this_machine();
    report.command = options.told.empty() ? command_line(arguments) : options.told;
    for (const Place& place : places)
        report.places.push_back(place.name);
    report.setting = fio_of(command, trials);
    for (const Trial& trial : trials) {
        const Status done = measure(trial, options, places, report.trials.emplace_back());
        if (!done)
            return command.complain(trial.name, done.error());
    }
    return command.print(options.json ? json_of(results_of(report)) : text_of(report));
}

} // namespace vexfs
