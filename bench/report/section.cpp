// SPDX-License-Identifier: Apache-2.0
//
// What the sections share, and the tables for benchmarks without a section of their own.
//
// Threads: pure.
#include "bench/report/section.h"

#include <algorithm>

#include "bench/report/html.h"

namespace vexfs {
namespace {

bool is_of_index(std::string_view benchmark) {
    return benchmark == "ann.curve" || benchmark == "ann.search" || benchmark == "ann.clients" ||
           benchmark == "ann.build";
}

bool has_section(std::string_view benchmark) {
    return is_of_index(benchmark) || benchmark.starts_with("fs.") ||
           benchmark.starts_with("frontends.") || benchmark == "open.collection" ||
           benchmark.starts_with("reliability.");
}

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
}

std::string ratios_text(const Measurement& measurement) {
    std::string text;
    for (const PeerRatio& ratio : measurement.ratios)
        text += (text.empty() ? "" : "; ") + ratio.figure + " " + ratio.peer + " " +
                ratio_text(ratio.ratio);
    return text;
}

// Figures as columns, in the order in which they first stand there.
std::string table_of(const Pointers& measurements) {
    std::vector<std::string> header = {"who", "parameters"};
    std::vector<std::string> names;
    bool ratios = false;
    for (const Measurement* one : measurements) {
        ratios = ratios || !one->ratios.empty();
        for (const Figure& figure : one->figures) {
            if (std::find(names.begin(), names.end(), figure.name) == names.end())
                names.push_back(figure.name);
        }
    }
    header.insert(header.end(), names.begin(), names.end());
    if (ratios)
        header.emplace_back("in favour of ours");
    Table table(header);
    for (const Measurement* one : measurements) {
        std::vector<std::string> cells = {one->subject, parameters_text(*one)};
        for (const std::string& name : names) {
            const Figure* figure = one->figure(name);
            cells.push_back(figure == nullptr ? "" : figure_text(*figure));
        }
        if (ratios)
            cells.push_back(ratios_text(*one));
        table.row(std::move(cells), !one->peer);
    }
    return table.html();
}

} // namespace

Colours::Colours(const ResultFile& file) {
    for (const bool peers : {false, true}) {
        for (const BenchRun& run : file.runs) {
            for (const Measurement& one : run.measurements) {
                if (one.peer == peers && is_of_index(one.benchmark))
                    add_once(indexes_, one.subject);
                if (one.peer == peers && one.benchmark.starts_with("fs."))
                    add_once(systems_, one.subject);
            }
        }
    }
}

size_t Colours::of(std::string_view subject) const {
    const auto index = std::find(indexes_.begin(), indexes_.end(), subject);
    if (index != indexes_.end())
        return static_cast<size_t>(index - indexes_.begin());
    const auto system = std::find(systems_.begin(), systems_.end(), subject);
    return static_cast<size_t>(system - systems_.begin());
}

std::string median_text(const Measurement& measurement, std::string_view name) {
    const Figure* figure = measurement.figure(name);
    return figure == nullptr ? "" : quantity(figure->median(), figure->unit);
}

std::string span_text(const Measurement& measurement, std::string_view name) {
    const Figure* figure = measurement.figure(name);
    return figure == nullptr ? "" : figure_text(*figure);
}

std::string ratio_cell(const Measurement& measurement, std::string_view figure) {
    std::string text;
    for (const PeerRatio& ratio : measurement.ratios) {
        if (ratio.figure == figure)
            text += (text.empty() ? "" : ", ") + ratio.peer + " " + ratio_text(ratio.ratio);
    }
    return text;
}

void Bars::add(const std::string& group, const std::string& who, size_t colour, double value) {
    const auto at = static_cast<size_t>(std::find(plot_.groups.begin(), plot_.groups.end(), group) -
                                        plot_.groups.begin());
    if (at == plot_.groups.size())
        plot_.groups.push_back(group);
    auto series = std::find_if(plot_.series.begin(), plot_.series.end(),
                               [&](const Series& each) { return each.name == who; });
    if (series == plot_.series.end())
        series = plot_.series.insert(plot_.series.end(), {who, colour, {}});
    series->points.resize(std::max(series->points.size(), at + 1));
    series->points[at].y = value;
}

std::vector<Group> groups_of(const BenchRun& run, std::string_view benchmark,
                             const std::vector<std::string_view>& without) {
    std::vector<Group> groups;
    for (const Measurement& one : run.measurements) {
        if (one.benchmark != benchmark)
            continue;
        const std::string parameters = parameters_text(one, without);
        const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
            return group.parameters == parameters;
        });
        if (found == groups.end())
            groups.push_back({title_of(one), parameters, {&one}});
        else
            found->measurements.push_back(&one);
    }
    return groups;
}

std::string title_of(const Measurement& measurement) {
    const std::string data = measurement.text_of("data");
    std::string text = data.substr(0, std::min(data.find(':'), data.find(".base.")));
    if (const Parameter* rows = measurement.parameter("rows"))
        text += (text.empty() ? "" : ", ") + number_text(rows->number()) + " rows of " +
                measurement.text_of("dim");
    const std::string filter = measurement.text_of("filter");
    if (!filter.empty() && filter != "none")
        text += ", " + measurement.text_of("filter_percent") + "% allowed (" + filter + ")";
    if (const Parameter* recall = measurement.parameter("recall_wanted"))
        text += ", at recall " + recall->text();
    return text;
}

std::string block(const std::string& heading, const std::string& content, const BenchRun& run,
                  const std::string& parameters) {
    std::string out = "<figure>\n<figcaption>" + escaped(heading) + "</figcaption>\n" + content;
    out += "<details><summary><code>" + escaped(run.command) + "</code></summary>";
    for (const std::string& line : {run.setting, parameters})
        out += line.empty() ? "" : "<p>" + escaped(line) + "</p>";
    return out + "</details>\n</figure>\n";
}

std::string tables_of_others(const BenchRun& run) {
    std::string out;
    std::vector<std::string> done;
    for (const Measurement& first : run.measurements) {
        if (has_section(first.benchmark) ||
            std::find(done.begin(), done.end(), first.benchmark) != done.end())
            continue;
        done.push_back(first.benchmark);
        Pointers all;
        for (const Measurement& one : run.measurements) {
            if (one.benchmark == first.benchmark)
                all.push_back(&one);
        }
        out += block(first.benchmark, table_of(all), run);
    }
    return out;
}

} // namespace vexfs
