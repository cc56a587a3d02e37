// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/hits.h"

#include <cstdio>

#include "userlib/tools/vectors/elements.h"
#include "userlib/tools/vexctl/schema_words.h"
#include "userlib/tools/vexctl/status.h"

namespace vexfs {

namespace {

// As the shortest decimal that reads back as the same binary32; JSON knows no infinity.
Json distance_json(float distance) {
    Json json = Json::parse(number_text(distance), nullptr, false);
    return json.is_number() ? json : Json(nullptr);
}

Json hit_json(const vexfs_hit& hit, uint64_t rank, const std::string& path) {
    Json json{{"rank", rank}, {"distance", distance_json(hit.distance)}};
    add_bytes(json, "path", path);
    json.update({{"ino", hit.ino},
                 {"row", hit.row},
                 {"tag", hit.tag},
                 {"offset", hit.offset},
                 {"length", hit.length},
                 {"exact", (hit.flags & VEXFS_HIT_EXACT) != 0},
                 {"stale", (hit.flags & VEXFS_HIT_STALE) != 0},
                 {"damaged", (hit.flags & VEXFS_HIT_DAMAGED) != 0}});
    return json;
}

// "=", "~!"
std::string marks_of(const vexfs_hit& hit) {
    std::string marks = (hit.flags & VEXFS_HIT_EXACT) != 0 ? "=" : "~";
    if ((hit.flags & VEXFS_HIT_STALE) != 0)
        marks += '!';
    if ((hit.flags & VEXFS_HIT_DAMAGED) != 0)
        marks += '?';
    return marks;
}

void print_hit(const vexfs_hit& hit, uint64_t rank, const std::string& path) {
    std::string text = printable(path) + "  row " + std::to_string(hit.row);
    if (hit.tag != 0)
        text += "  tag " + std::to_string(hit.tag);
    if (hit.length != 0)
        text += "  bytes " + std::to_string(hit.offset) + "+" + std::to_string(hit.length);
    std::printf("%4llu %-2s %-14s %s\n", static_cast<unsigned long long>(rank),
                marks_of(hit).c_str(), number_text(hit.distance).c_str(), text.c_str());
}

Json answer_json(const vexfs_answer& answer) {
    return {{"found", answer.found},
            {"why", shortage_text(answer.why)},
            {"exact", (answer.flags & VEXFS_ANSWER_EXACT) != 0},
            {"degraded", answer.degraded},
            {"fallback", (answer.flags & VEXFS_ANSWER_FALLBACK) != 0},
            {"plan", plan_name(answer.plan)},
            {"ef", answer.ef},
            {"untyped", answer.untyped}};
}

struct Cost {
    const char* name;
    const char* words;
    uint64_t value;
    bool is_time;
};

std::vector<Cost> costs_of(const vexfs_explain& explain, bool totals) {
    std::vector<Cost> costs{
        {"total_ns", "time of the query", explain.total_ns, true},
        {"visible", "rows that you may see", explain.visible, false},
        {"matching", "of these, expected to pass the filter", explain.matching, false},
        {"filter_tested", "rows that the filter was tried on", explain.filter_tested, false},
        {"filter_passed", "rows that passed", explain.filter_passed, false}};
    if (!totals)
        return costs;
    for (const Cost& each : std::initializer_list<Cost>{
             {"rows", "rows of the collection", explain.rows, false},
             {"pending_scanned", "pending rows compared", explain.pending_scanned, false},
             {"nodes", "graph nodes expanded", explain.nodes, false},
             {"code_distances", "distances computed on codes", explain.code_distances, false},
             {"exact_distances", "distances computed on vectors", explain.exact_distances, false},
             {"blocks_cached", "vector blocks found in memory", explain.blocks_cached, false},
             {"blocks_read", "vector blocks read", explain.blocks_read, false},
             {"access_ns", "time for permissions and scope", explain.access_ns, true},
             {"plan_ns", "time for planning", explain.plan_ns, true},
             {"filter_ns", "time in the filter", explain.filter_ns, true},
             {"walk_ns", "time in the graph", explain.walk_ns, true},
             {"scan_ns", "time in scans", explain.scan_ns, true},
             {"rank_ns", "time for exact ranking", explain.rank_ns, true}})
        costs.push_back(each);
    return costs;
}

std::string join_path(const std::string& directory, const char* path) {
    if (directory == ".")
        return path;
    return directory + (directory.ends_with('/') ? "" : "/") + path;
}

} // namespace

HitPrinter::HitPrinter(const Invocation& invocation, std::string directory, uint32_t wanted)
    : directory_(std::move(directory)), wanted_(wanted) {
    if (invocation.json())
        form_ = Form::kJson;
    else if (invocation.has("jsonl"))
        form_ = Form::kJsonLines;
    else if (invocation.has("null"))
        form_ = Form::kNull;
    else if (invocation.has("tabs"))
        form_ = Form::kTabs;
}

// So that the path can be used where the search was asked; "" stays a file that moved away.
std::string HitPrinter::full_path(const char* path) const {
    return path[0] == '\0' ? "" : join_path(directory_, path);
}

void HitPrinter::remark(const vexfs_answer& answer) const {
    if (form_ == Form::kJson || form_ == Form::kJsonLines)
        return;
    if (answer.found < wanted_)
        std::fprintf(stderr, "vexctl: search: %u of %u found: %s\n", answer.found, wanted_,
                     shortage_text(answer.why).c_str());
    if (answer.degraded > 0)
        std::fprintf(stderr, "vexctl: search: %llu damaged rows were met\n",
                     static_cast<unsigned long long>(answer.degraded));
    if (answer.untyped > 0)
        std::fprintf(stderr,
                     "vexctl: search: %llu rows have no number where the filter wants one\n",
                     static_cast<unsigned long long>(answer.untyped));
}

void HitPrinter::add_answer(const vexfs_answer& answer, std::span<const vexfs_hit> hits,
                            std::span<const char* const> paths) {
    if (form_ == Form::kText && query_ > 0)
        std::printf("\n");
    Json list = Json::array();
    for (size_t i = 0; i < hits.size(); ++i) {
        const vexfs_hit& hit = hits[i];
        const std::string path = full_path(paths[i]);
        if (form_ == Form::kJson) {
            list.push_back(hit_json(hit, i + 1, path));
        } else if (form_ == Form::kJsonLines) {
            Json line{{"schema", "vexctl.hit/1"}, {"query", query_}};
            line.update(hit_json(hit, i + 1, path));
            std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        } else if (form_ == Form::kNull) {
            std::fwrite(path.c_str(), 1, path.size() + 1, stdout);
        } else if (form_ == Form::kTabs) {
            std::printf("%llu\t%zu\t%s\t%s\t%u\t%llu\t%llu\t%llu\t%s\n",
                        static_cast<unsigned long long>(query_), i + 1,
                        number_text(hit.distance).c_str(), path.c_str(), hit.row,
                        static_cast<unsigned long long>(hit.tag),
                        static_cast<unsigned long long>(hit.offset),
                        static_cast<unsigned long long>(hit.length), marks_of(hit).c_str());
        } else {
            print_hit(hit, i + 1, path);
        }
    }
    if (form_ == Form::kJson) {
        Json json = answer_json(answer);
        json["hits"] = std::move(list);
        queries_.push_back(std::move(json));
    }
    remark(answer);
    found_ += hits.size();
    degraded_ |= answer.degraded > 0;
    ++query_;
}

void HitPrinter::add(const vexfs_hits& hits) {
    size_t at = 0;
    for (uint32_t i = 0; i < hits.queries; ++i) {
        const size_t count = hits.answers[i].found;
        add_answer(hits.answers[i], {hits.hit + at, count}, {hits.paths + at, count});
        at += count;
    }
}

void HitPrinter::add(const vexfs_explain_reply& head, std::span<const vexfs_explain> answers) {
    for (const vexfs_explain& explain : answers) {
        const vexfs_answer& answer = explain.answer;
        const auto costs = costs_of(explain, (head.flags & VEXFS_EXPLAIN_TOTALS) != 0);
        found_ += answer.found;
        degraded_ |= answer.degraded > 0;
        if (form_ == Form::kJson || form_ == Form::kJsonLines) {
            Json json = answer_json(answer);
            json["parse_ns"] = head.parse_ns;
            for (const Cost& cost : costs)
                json[cost.name] = cost.value;
            queries_.push_back(std::move(json));
        } else {
            std::printf("%splan  %s%s%s\n", query_ > 0 ? "\n" : "", plan_name(answer.plan),
                        (answer.flags & VEXFS_ANSWER_EXACT) != 0 ? ", exact" : ", approximate",
                        (answer.flags & VEXFS_ANSWER_FALLBACK) != 0
                            ? ", after a walk that was given up"
                            : "");
            if (answer.ef > 0)
                std::printf("%14u  breadth of the walk\n", answer.ef);
            std::printf("%14u  found of %u\n", answer.found, wanted_);
            for (const Cost& cost : costs)
                std::printf("%14s  %s\n",
                            cost.is_time ? latency_text(cost.value).c_str()
                                         : grouped(cost.value).c_str(),
                            cost.words);
        }
        remark(answer);
        ++query_;
    }
}

void HitPrinter::finish() {
    if (form_ != Form::kJson && (form_ != Form::kJsonLines || queries_.empty()))
        return;
    Json json{{"schema", "vexctl.search/1"}};
    add_bytes(json, "directory", directory_);
    json["wanted"] = wanted_;
    json["queries"] = std::move(queries_);
    print_json(json);
}

} // namespace vexfs
