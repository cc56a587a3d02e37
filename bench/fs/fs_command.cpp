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
#include "bench/fs/fs_report.h"
#include "bench/fs/trial.h"

#include <nlohmann/json.hpp>

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Does the same to each of the directories, in turns, slice by slice, and prints operations a\n"
    "second and their ratios. Where the first is a mount of VexFS, --stats tells how much of the\n"
    "time its engine worked. ./dev bench fs mounts VexFS, ext4 and a FUSE passthrough of it, and\n"
    "runs this on them.";

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

// "vexfs=/mnt/v,ext4=/mnt/e"; empty if it is not that.
std::vector<Place> places_of(const std::string& text) {
    std::vector<Place> places;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find(',', at), text.size());
        const std::string one = text.substr(at, end - at);
        const size_t equals = one.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == one.size())
            return {};
        places.push_back({one.substr(0, equals), one.substr(equals + 1)});
        at = end + 1;
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

// The engine's work of a trial, its preparations included, is spread over the time of all of it.
Status measure(const Trial& trial, const FsBenchOptions& options, const std::vector<Place>& places,
               TrialFigures& figures) {
    figures.name = trial.name;
    figures.what = trial.what;
    figures.rates.resize(places.size());
    Random random(1);
    double operations = 0;
    double seconds = 0;
    EngineWork engine;
    for (uint64_t round = 0; round < options.rounds; ++round) {
        for (size_t i = 0; i < places.size(); ++i) {
            const auto before = i == 0 ? engine_work(options.stats) : std::nullopt;
            const auto began = std::chrono::steady_clock::now();
            const Slice slice =
                VEXFS_TRY(run_in_scratch(trial, places[i], options.seconds, random));
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
            figures.rates[i].push_back(static_cast<double>(slice.operations) / slice.seconds);
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
    command.text("--only", "NAME", "one trial", &options.only);
    command.real("--seconds", "S", "length of a slice (0.5)", 0.01, 60, &options.seconds);
    command.number("--rounds", "N", "slices of each trial in each directory (5)", 1, 1000,
                   &options.rounds);
    command.text("--told", "COMMAND", "told instead of this one: who mounted what is measured",
                 &options.told);
    command.flag("--json", "one JSON document", &options.json);
}

bool known(const std::string& name) {
    const auto trials = all_trials();
    return name.empty() || std::any_of(trials.begin(), trials.end(),
                                       [&](const Trial& trial) { return name == trial.name; });
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
    if (!known(options.only))
        return command.complain("--only: no trial is called '" + options.only + "'", 2);
    FsReport report;
    report.machine = this_machine();
    report.command = options.told.empty() ? command_line(arguments) : options.told;
    for (const Place& place : places)
        report.places.push_back(place.name);
    for (const Trial& trial : all_trials()) {
        if (!options.only.empty() && options.only != trial.name)
            continue;
        const Status done = measure(trial, options, places, report.trials.emplace_back());
        if (!done)
            return command.complain(trial.name, done.error());
    }
    return command.print(options.json ? json_of(results_of(report)) : text_of(report));
}

} // namespace vexfs
