// SPDX-License-Identifier: Apache-2.0
//
// The report as text.
//
// Threads: pure.
#include "bench/ann/report.h"

#include <algorithm>
#include <cstdio>

namespace vexfs {
namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[512];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

double per_row(uint64_t bytes, uint64_t rows) {
    return rows == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(rows);
}

std::vector<double> medians_ns(const AtRecall& at) {
    std::vector<double> medians;
    for (const Latency& round : at.round_latency)
        medians.push_back(static_cast<double>(round.p50_ns));
    return medians;
}

std::string words_of(const Point& point) {
    return point.words.empty() ? std::to_string(point.effort) : point.words;
}

std::string speed_line(const ContenderResult& contender, double recall) {
    const std::optional<AtRecall> at = at_recall(contender.points, recall);
    if (!at)
        return format("  %-11s %6.3f  not reached with ef %s: recall %.4f\n",
                      contender.name.c_str(), recall, words_of(contender.points.back()).c_str(),
                      contender.points.back().recall);
    const bool floor = at->recall > recall + 1e-9;
    return format("  %-11s %6.3f %11.0f %9.1f %9.1f %8s   %s\n", contender.name.c_str(), recall,
                  at->qps, at->p50_ns / 1e3, at->p99_ns / 1e3,
                  at->words.empty() ? format("%.1f", at->effort).c_str() : at->words.c_str(),
                  floor ? format("smallest ef; recall %.4f", at->recall).c_str() : "");
}

std::string ratio_lines(const SearchRun& run) {
    std::string text;
    const ContenderResult& ours = run.contenders.front();
    for (size_t i = 1; i < run.contenders.size(); ++i) {
        const ContenderResult& other = run.contenders[i];
        text += "  " + ours.name + " against " + other.name + ":";
        for (double recall : run.recalls) {
            const std::optional<Ratio> ratio = speed_ratio(ours, other, recall);
            if (ratio)
                text += format(" %.2fx at %.2f (%.2f..%.2f; p50 %.2fx),", ratio->middle, recall,
                               ratio->low, ratio->high,
                               latency_ratio(ours, other, recall).value_or(Ratio{}).middle);
        }
        if (ours.build_seconds > 0 && other.build_seconds > 0)
            text += format(" build %.2fx,", other.build_seconds / ours.build_seconds);
        if (ours.footprint.hot_bytes > 0)
            text +=
                format(" hot memory 1/%.2f,", static_cast<double>(other.footprint.hot_bytes) /
                                                  static_cast<double>(ours.footprint.hot_bytes));
        text.back() = '\n';
    }
    return text;
}

std::string clients_lines(const SearchRun& run) {
    std::string text;
    const ContenderResult& ours = run.contenders.front();
    for (const ContenderResult& contender : run.contenders) {
        for (const ClientsPoint& one : contender.clients) {
            const Latency latency = one.point.best_latency();
            text += format("  %-11s %2u clients %9.0f QPS, p50 %.1f us, p99 %.1f us, ef %s, "
                           "recall %.4f",
                           contender.name.c_str(), one.clients, one.point.best_qps(),
                           static_cast<double>(latency.p50_ns) / 1e3,
                           static_cast<double>(latency.p99_ns) / 1e3, words_of(one.point).c_str(),
                           one.point.recall);
            const auto ratio = clients_ratio(ours, contender, one.clients);
            if (&contender != &ours && ratio)
                text += format("; ours over it %.2fx (%.2f..%.2f)", ratio->middle, ratio->low,
                               ratio->high);
            text += '\n';
        }
    }
    return text;
}

std::string text_of_search(const SearchRun& run) {
    std::string text = format("\n%s: %llu rows, %llu queries, k=%u\n", run.title.c_str(),
                              static_cast<unsigned long long>(run.rows),
                              static_cast<unsigned long long>(run.queries), run.k);
    text += "  index        recall         QPS    p50 us    p99 us       ef\n";
    for (double recall : run.recalls) {
        for (const ContenderResult& contender : run.contenders)
            text += speed_line(contender, recall);
    }
    for (const ContenderResult& contender : run.contenders) {
        text += "  " + contender.description;
        if (contender.build_seconds > 0)
            text += format(": build %.2f s", contender.build_seconds);
        if (contender.reload_seconds > 0)
            text += format(", reload %.2f s", contender.reload_seconds);
        text += format(", hot %.1f and cold %.1f bytes a row",
                       per_row(contender.footprint.hot_bytes, run.rows),
                       per_row(contender.footprint.cold_bytes, run.rows));
        if (contender.build_seconds > 0)
            text += format(", process grew by %.1f and at most by %.1f, file %.1f",
                           per_row(contender.resident_growth_bytes, run.rows),
                           per_row(contender.peak_growth_bytes, run.rows),
                           per_row(contender.file_bytes, run.rows));
        text += '\n';
    }
    return text + ratio_lines(run) + clients_lines(run);
}

std::string text_of_churn(const ChurnRun& run) {
    std::string text = format("\nchurn: %u live rows, %u rounds of a tenth each, k=%u\n",
                              run.plan.live_rows, run.plan.rounds, run.plan.k);
    for (size_t c = 0; c < run.results.size(); ++c) {
        text += "  " + run.descriptions[c] + "\n";
        for (const ChurnSample& sample : run.results[c].samples) {
            text += format("  %-10s round %3u ", run.names[c].c_str(), sample.round);
            for (size_t i = 0; i < sample.recalls.size(); ++i)
                text += format(" recall@ef%u %.4f (%.0f QPS)", run.plan.efforts[i],
                               sample.recalls[i], sample.qps[i]);
            text += format("  %.1f us per delete+insert, hot %.1f bytes a row\n",
                           sample.replace_microseconds,
                           per_row(sample.footprint.hot_bytes, run.plan.live_rows));
        }
    }
    return text;
}

} // namespace

std::optional<Ratio> speed_ratio(const ContenderResult& a, const ContenderResult& b,
                                 double recall) {
    const std::optional<AtRecall> first = at_recall(a.points, recall);
    const std::optional<AtRecall> second = at_recall(b.points, recall);
    if (!first || !second || first->round_qps.empty() || second->round_qps.empty())
        return std::nullopt;
    return ratio_of(first->round_qps, second->round_qps);
}

std::optional<Ratio> latency_ratio(const ContenderResult& a, const ContenderResult& b,
                                   double recall) {
    const std::optional<AtRecall> first = at_recall(a.points, recall);
    const std::optional<AtRecall> second = at_recall(b.points, recall);
    if (!first || !second || first->round_latency.empty() || second->round_latency.empty())
        return std::nullopt;
    return ratio_of(medians_ns(*second), medians_ns(*first));
}

std::optional<Ratio> clients_ratio(const ContenderResult& a, const ContenderResult& b,
                                   uint32_t clients) {
    const auto of = [&](const ContenderResult& contender) {
        return std::find_if(contender.clients.begin(), contender.clients.end(),
                            [&](const ClientsPoint& one) { return one.clients == clients; });
    };
    const auto first = of(a);
    const auto second = of(b);
    if (first == a.clients.end() || second == b.clients.end())
        return std::nullopt;
    return ratio_of(first->point.round_qps, second->point.round_qps);
}

std::string text_of(const Report& report) {
    std::string text = "vexfs-bench ann, commit " + report.machine.commit + "\n";
    text += "command: " + report.command + "\n";
    text += "machine: " + report.machine.processor + ", " + report.machine.caches +
            format(", %u processors, measured on number %u, ", report.machine.processors,
                   report.processor) +
            report.machine.kernel + "\n";
    text += "kernels: " + report.isa + ", compiler " + report.machine.compiler +
            "; events: " + report.machine.counters + "\n";
    text += "data: " + report.data.base + ", " + report.data.element +
            format(", %u dimensions, ", report.data.dim) + report.data.metric + "; queries " +
            report.data.query + "; truth " + report.data.truth + "\n";
    for (const std::string& skipped : report.skipped)
        text += "skipped: " + skipped + "\n";
    for (const SearchRun& run : report.searches)
        text += text_of_search(run);
    for (const ChurnRun& run : report.churns)
        text += text_of_churn(run);
    return text;
}

} // namespace vexfs
