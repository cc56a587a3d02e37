// SPDX-License-Identifier: Apache-2.0
#include "bench/report/readme.h"

#include <algorithm>

#include "bench/report/html.h"
#include "bench/report/section.h"

namespace vexfs {
namespace {

constexpr const char* kFileTrials[] = {"fs.create", "fs.synced", "fs.seek"};

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

// Without the folders, which are of one machine.
std::string short_command(const std::string& command) {
    constexpr std::string_view kVerb = "./dev ";
    if (command.starts_with(kVerb))
        return std::string(kVerb) + short_command(command.substr(kVerb.size()));
    std::string out;
    std::string word;
    for (size_t at = 0; at <= command.size(); ++at) {
        const char c = at < command.size() ? command[at] : ' ';
        if (c != ' ' && c != ',') {
            word += c;
            continue;
        }
        out += last_part(word);
        word.clear();
        if (at < command.size())
            out += c;
    }
    const size_t json = out.find(" --json");
    return out.substr(0, json);
}

struct Found {
    const BenchRun* run = nullptr;
    const Measurement* measurement = nullptr;
};

template <typename Condition>
std::vector<Found> all_with(const ResultFile& file, const Condition& condition) {
    std::vector<Found> all;
    for (const BenchRun& run : file.runs) {
        for (const Measurement& one : run.measurements) {
            if (condition(one))
                all.push_back({&run, &one});
        }
    }
    return all;
}

class FigureTable {
  public:
    void row(const std::string& what, const std::string& ours, const std::string& others,
             const std::string& command) {
        text_ += "| " + what + " | " + ours + " | " + others + " | " +
                 (command == last_ ? "the same" : "`" + command + "`") + " |\n";
        last_ = command;
    }
    [[nodiscard]] std::string text() const {
        return "| what | VexFS | beside it | command |\n|---|---|---|---|\n" + text_;
    }

  private:
    std::string text_;
    std::string last_;
};

// The run of the largest set that has peers.
const BenchRun* largest_contest(const ResultFile& file) {
    const BenchRun* best = nullptr;
    double most = 0;
    for (const Found& found : all_with(file, [](const Measurement& one) {
             return one.benchmark == "ann.build" && one.peer;
         })) {
        const Parameter* rows = found.measurement->parameter("rows");
        if (rows != nullptr && rows->number() > most) {
            most = rows->number();
            best = found.run;
        }
    }
    return best;
}

bool is_plain(const Measurement& one) {
    return one.text_of("filter") == "none" && one.subject != "scan";
}

// One figure of ours and of everyone beside it, out of the first group.
void add_contest(const BenchRun& run, std::string_view benchmark, const char* figure,
                 const std::string& what, FigureTable& table) {
    for (const Group& group : groups_of(run, benchmark, {})) {
        if (!is_plain(*group.measurements.front()))
            continue;
        std::string ours;
        std::string others;
        for (const Measurement* one : group.measurements) {
            std::string& into = one->peer ? others : ours;
            if (one->subject == "scan" || one->figure(figure) == nullptr)
                continue;
            into += (into.empty() ? "" : ", ") + (one->peer ? one->subject + " " : "") +
                    median_text(*one, figure);
        }
        table.row(what + group.title, ours, others, short_command(run.command));
        return;
    }
}

void add_ways(const ResultFile& file, FigureTable& table) {
    const auto found = all_with(file, [](const Measurement& one) {
        return one.benchmark == "frontends.search" && one.text_of("batch") == "1";
    });
    std::string others;
    for (const Found& one : found) {
        if (&one != &found.front())
            others += (others.empty() ? "" : ", ") + one.measurement->text_of("way") + " " +
                      median_text(*one.measurement, "latency_p50");
    }
    if (!found.empty())
        table.row("median of one search in-process, " + title_of(*found[0].measurement),
                  median_text(*found[0].measurement, "latency_p50"), others,
                  short_command(found[0].run->command));
}

void add_trials(const ResultFile& file, FigureTable& table) {
    for (const char* trial : kFileTrials) {
        const auto found =
            all_with(file, [&](const Measurement& one) { return one.benchmark == trial; });
        std::string ours;
        std::string others;
        for (const Found& one : found) {
            const std::string rate = median_text(*one.measurement, "throughput");
            if (one.measurement->peer)
                others += (others.empty() ? "" : ", ") + one.measurement->subject + " " + rate;
            else
                ours = rate;
        }
        if (!found.empty())
            table.row(found[0].measurement->description, ours, others,
                      short_command(found[0].run->command));
    }
}

void add_open(const ResultFile& file, FigureTable& table) {
    const auto found =
        all_with(file, [](const Measurement& one) { return one.benchmark == "open.collection"; });
    std::string clean;
    for (const Found& one : found) {
        const std::string first = median_text(*one.measurement, "first_answer");
        if (one.measurement->text_of("stop") == "clean")
            clean = "after a clean stop " + first;
        else
            table.row("first answer after SIGKILL, " + title_of(*one.measurement), first, clean,
                      short_command(one.run->command));
    }
}

void add_tried(const ResultFile& file, FigureTable& table) {
    for (const Found& one : all_with(file, [](const Measurement& measurement) {
             return measurement.benchmark.starts_with("reliability.") &&
                    measurement.benchmark != "reliability.churn";
         }))
        table.row(one.measurement->description,
                  median_text(*one.measurement, "violations") + " violations",
                  tried_text(*one.measurement), short_command(one.run->command));
}

} // namespace

std::string readme_table(const ResultFile& file) {
    FigureTable table;
    if (const BenchRun* run = largest_contest(file)) {
        add_contest(*run, "ann.search", "latency_p50", "median of one search, ", table);
        add_contest(*run, "ann.build", "hot_bytes_per_row", "memory a row that searches walk, ",
                    table);
        add_contest(*run, "ann.build", "time", "build, ", table);
    }
    add_ways(file, table);
    add_trials(file, table);
    add_open(file, table);
    add_tried(file, table);
    const Machine& machine = file.machine;
    return table.text() + "\nMeasured at commit " + machine.commit + " on " + machine.processor +
           ", " + std::to_string(machine.processors) + " processors, " + machine.kernel + ".\n";
}

std::optional<std::string> readme_picture(const ResultFile& file) {
    const BenchRun* run = largest_contest(file);
    if (run == nullptr)
        return std::nullopt;
    const Colours colours(file);
    for (const Group& group : groups_of(*run, "ann.curve", {"ef"})) {
        if (is_plain(*group.measurements.front()))
            return picture_of(latency_curve_plot(group, colours));
    }
    return std::nullopt;
}

std::optional<std::string> with_figures(std::string_view text, std::string_view figures) {
    const size_t begin = text.find(kFiguresBegin);
    const size_t end = text.find(kFiguresEnd);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
        return std::nullopt;
    return std::string(text.substr(0, begin + kFiguresBegin.size())) + std::string(figures) +
           std::string(text.substr(end));
}

} // namespace vexfs
