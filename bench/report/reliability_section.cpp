// SPDX-License-Identifier: Apache-2.0
//
// The section about what tests tried and found: one table of all of them, and what churn costs.
//
// Threads: pure.
#include "bench/report/html.h"
#include "bench/report/section.h"

namespace vexfs {
namespace {

std::string churn_of(const BenchRun& run) {
    Table table({"volume", "recall", "on disk", "memory of the collection", "memory of the process",
                 "p99 of a search", "limits exceeded"});
    std::string title;
    std::vector<std::string> ratios;
    for (const Measurement& one : run.measurements) {
        if (one.benchmark != "reliability.churn")
            continue;
        title = one.text_of("turnovers") + " turnovers of " + title_of(one);
        std::vector<std::string> cells = {one.text_of("volume")};
        if (!one.ratios.empty())
            ratios = {"fresh over churned"};
        for (const char* figure :
             {"recall", "disk", "counted_memory", "resident_memory", "search_p99", "violations"}) {
            cells.push_back(median_text(one, figure));
            const std::string ratio = ratio_cell(one, figure); // "fresh 0.93x"
            if (!one.ratios.empty())
                ratios.push_back(ratio.substr(ratio.find(' ') + 1));
        }
        table.row(std::move(cells), one.text_of("volume") == "churned");
    }
    if (!ratios.empty())
        table.row(std::move(ratios));
    return table.empty() ? "" : block(title, table.html(), run);
}

} // namespace

std::string tried_text(const Measurement& measurement) {
    std::string text;
    for (const Figure& figure : measurement.figures) {
        if (figure.name == "violations")
            continue;
        const std::string value = quantity(figure.median(), figure.unit);
        text += (text.empty() ? "" : ", ") +
                (figure.unit == "count" ? value + " " + figure.name : figure.name + " " + value);
    }
    return text;
}

std::string reliability_of(const ResultFile& file) {
    Table table({"what was tried", "how much", "violations"});
    std::string commands;
    std::string churn;
    for (const BenchRun& run : file.runs) {
        bool shown = false;
        for (const Measurement& one : run.measurements) {
            if (!one.benchmark.starts_with("reliability.") || one.benchmark == "reliability.churn")
                continue;
            table.row({one.description, tried_text(one), median_text(one, "violations")});
            shown = true;
        }
        if (shown)
            commands += (commands.empty() ? "" : "\n") + run.command;
        churn += churn_of(run);
    }
    if (table.empty())
        return churn;
    return block("Tried and found", table.html(), BenchRun{commands, "", {}}) + churn;
}

} // namespace vexfs
