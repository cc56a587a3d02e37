// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "bench/report/html.h"
#include "bench/report/page.h"
#include "bench/report/readme.h"
#include "bench/report/section.h"

using namespace vexfs;

namespace {

// What is wrong with the document as XML; empty if nothing is.
std::string complaint_about_xml(const std::string& text) {
    std::vector<std::string> open;
    size_t at = text.starts_with("<!DOCTYPE html>") ? 15 : 0;
    while ((at = text.find_first_of("<&", at)) != std::string::npos) {
        const size_t end = text.find(text[at] == '&' ? ';' : '>', at);
        if (end == std::string::npos)
            return "no end at " + text.substr(at, 40);
        const std::string tag = text.substr(at + 1, end - at - 1);
        const bool is_entity = text[at] == '&';
        at = end + 1;
        if (is_entity) {
            if (tag != "amp" && tag != "lt" && tag != "gt" && tag != "quot")
                return "entity " + tag;
            continue;
        }
        if (tag.find('<') != std::string::npos)
            return "< within " + tag;
        if (std::count(tag.begin(), tag.end(), '"') % 2 != 0)
            return "quotes of " + tag;
        const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
        if (tag.starts_with("/")) {
            if (open.empty() || open.back() != tag.substr(1))
                return tag + " closes what is not open";
            open.pop_back();
        } else if (!tag.ends_with("/")) {
            open.push_back(name);
        }
    }
    return open.empty() ? "" : open.back() + " is not closed";
}

size_t count_of(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

Measurement point(const char* subject, double ef, double recall, double qps) {
    Measurement one;
    one.benchmark = "ann.curve";
    one.subject = subject;
    one.peer = one.subject != "vexfs";
    one.parameters = {{"data", "a<b&\"c\""}, {"rows", 1000}, {"ef", ef}};
    one.add("recall", "share", Better::kMore, recall);
    one.add("throughput", "1/s", Better::kMore, {qps, qps * 1.1});
    return one;
}

std::vector<Measurement> file_systems() {
    std::vector<Measurement> all;
    for (const char* place : {"vexfs", "ext4"}) {
        Measurement create{"fs.create", place, place[0] == 'e', "make a file", {}, {}, {}};
        create.add("throughput", "1/s", Better::kMore, {100, 200, 300});
        all.push_back(create);
        Measurement job = create;
        job.benchmark = "fs.fio-read";
        job.parameters = {{"job", "rw=read bs=128k"}};
        job.add_latency(std::vector<Latency>{{1000, 2000, 3000, 4000, 5000}});
        all.push_back(job);
    }
    return all;
}

ResultFile some_results() {
    ResultFile file;
    file.machine.commit = "abc";
    file.machine.processor = "P & Q <1>";
    BenchRun run{"vexfs-bench ann --base 'a<b'", "processor 1", {}};
    for (const double ef : {10, 20, 40}) {
        run.measurements.push_back(point("hnswlib", ef, 0.9 + ef / 1000, 5000 / ef));
        run.measurements.push_back(point("vexfs", ef, 0.95 + ef / 1000, 9000 / ef));
    }
    Measurement search = point("vexfs", 10, 0.95, 900);
    search.benchmark = "ann.search";
    search.add_latency(std::vector<Latency>{{1000, 2000, 3000, 4000, 5000}});
    search.ratios = {{"throughput", "hnswlib", {1.8, 1.7, 1.9}}};
    run.measurements.push_back(search);
    Measurement build = point("vexfs", 10, 0.95, 900);
    build.benchmark = "ann.build";
    build.add("time", "s", Better::kLess, 1.5);
    build.add("hot_bytes_per_row", "bytes", Better::kLess, 240);
    run.measurements.push_back(build);
    for (const Measurement& one : file_systems())
        run.measurements.push_back(one);
    for (const char* way : {"in-process", "FUSE ioctl"}) {
        Measurement way_in{
            "frontends.search", "vexfs", false, "", {{"way", way}, {"batch", 16}}, {}, {}};
        way_in.add("latency_p50", "ns", Better::kLess, 12'345);
        run.measurements.push_back(way_in);
        Measurement path = way_in;
        path.benchmark = "frontends.path";
        path.parameters = {{"way", way}, {"kernel", "Linux 6.1"}};
        path.add("instructions", "count", Better::kLess, 9'876);
        run.measurements.push_back(path);
        Measurement clients = point(way[0] == 'F' ? "vexfs" : "hnswlib", 10, 0.95, 900);
        clients.benchmark = "ann.clients";
        clients.parameters.back() = {"clients", 2};
        run.measurements.push_back(clients);
        Measurement open{"open.collection",
                         "vexfs",
                         false,
                         "",
                         {{"stop", way[0] == 'F' ? "clean" : "kill"}, {"rows", 1000}, {"dim", 8}},
                         {},
                         {}};
        open.add("first_answer", "s", Better::kLess, {0.5, 0.75, 0.75});
        run.measurements.push_back(open);
        Measurement churn{"reliability.churn",
                          "vexfs",
                          false,
                          "",
                          {{"volume", way[0] == 'F' ? "fresh" : "churned"}, {"turnovers", 3}},
                          {},
                          {}};
        churn.add("disk", "bytes", Better::kLess, way[0] == 'F' ? 1000 : 1250);
        if (way[0] == 'i')
            churn.ratios = {{"disk", "fresh", {0.8, 0.8, 0.8}}};
        run.measurements.push_back(churn);
    }
    Measurement sim{"reliability.store", "vexfs", false, "the store <crashed>", {}, {}, {}};
    sim.add("violations", "count", Better::kLess, 0);
    sim.add("states", "count", Better::kNeither, 3000);
    run.measurements.push_back(sim);
    Measurement other{"store.open", "vexfs", false, "", {{"batch", 16}}, {}, {}};
    other.add("latency_p50", "ns", Better::kLess, 12'345);
    run.measurements.push_back(other);
    file.runs.push_back(run);
    return file;
}

} // namespace

TEST_CASE("report: the page is well-formed, whole in itself and names its command by each block") {
    const std::string page = html_of(some_results());
    CHECK(complaint_about_xml(page) == "");
    CHECK(count_of(page, "<script") == 0);
    // The name space of SVG is the only address in it.
    CHECK(count_of(page, "http") == count_of(page, "http://www.w3.org/2000/svg"));
    CHECK(count_of(page, "url(") + count_of(page, "@import") + count_of(page, " src=") == 0);
    CHECK(page.find("P &amp; Q &lt;1&gt;") != std::string::npos);
    CHECK(page.find("prefers-color-scheme: dark") != std::string::npos);
    CHECK(count_of(page, "<figure>") == count_of(page, "vexfs-bench ann --base 'a&lt;b'"));
    for (const char* id : {"search", "curves", "clients", "latency", "build", "frontends", "fs",
                           "open", "reliability", "more"}) {
        CHECK_MESSAGE(count_of(page, std::string("<section id=\"") + id) == 1, id);
        CHECK_MESSAGE(count_of(page, std::string("href=\"#") + id) == 1, id);
    }
}

TEST_CASE("report: a curve has a series of each subject, and a point of each effort") {
    const ResultFile file = some_results();
    const std::string curves = curves_of(file.runs[0], Colours(file));
    CHECK(complaint_about_xml(curves) == "");
    CHECK(count_of(curves, "class=\"series\"") == 2);
    CHECK(count_of(curves, "aria-label=\"vexfs\"") == 1);
    CHECK(count_of(curves, "aria-label=\"hnswlib\"") == 1);
    CHECK(count_of(curves, "<title>vexfs, ef ") == 3);
    CHECK(curves.find("<title>hnswlib, ef 20: recall 92.00%, 262 (250..275) /s</title>") !=
          std::string::npos);
    CHECK(curves.find("<figcaption>a&lt;b&amp;&quot;c&quot;, 1,000 rows of ") != std::string::npos);
    // Ours has the first colour though a peer stands first in the file.
    CHECK(Colours(file).of("vexfs") == 0);
}

TEST_CASE("report: clients, front ends and opens have bars and lines of each that was measured") {
    const ResultFile file = some_results();
    const std::string clients = clients_of(file.runs[0], Colours(file));
    CHECK(complaint_about_xml(clients) == "");
    CHECK(count_of(clients, "class=\"series\"") == 2);
    CHECK(count_of(clients, "<title>vexfs, 2 clients: ") == 1);
    const std::string ways = front_ends_of(file.runs[0]);
    CHECK(complaint_about_xml(ways) == "");
    CHECK(count_of(ways, "class=\"bar c0\"") == 2);
    CHECK(count_of(ways, "class=\"bar c1\"") == 2);
    CHECK(ways.find("16 searches") != std::string::npos);
    CHECK(ways.find(">9,876</text>") != std::string::npos);
    const std::string opens = opens_of(file.runs[0]);
    CHECK(complaint_about_xml(opens) == "");
    CHECK(count_of(opens, "class=\"bar") == 2);
    CHECK(opens.find("<td>SIGKILL</td>") != std::string::npos);
}

TEST_CASE("report: what tests tried stands in one table, and churn beside a fresh volume") {
    const std::string text = reliability_of(some_results());
    CHECK(complaint_about_xml(text) == "");
    CHECK(text.find("<td>the store &lt;crashed&gt;</td><td>3,000 states</td><td>0</td>") !=
          std::string::npos);
    CHECK(text.find("<td>churned</td>") != std::string::npos);
    CHECK(text.find("<td>0.80x</td>") != std::string::npos);
    CHECK(count_of(text, "<figure>") == 2);
}

TEST_CASE("report: what has no section of its own stands in a table") {
    const ResultFile file = some_results();
    const std::string tables = tables_of_others(file.runs[0]);
    CHECK(complaint_about_xml(tables) == "");
    CHECK(tables.find("<td>12.3 us</td>") != std::string::npos);
    CHECK(tables.find("<td>batch 16</td>") != std::string::npos);
    CHECK(tables.find("fs.create") == std::string::npos);
    const std::string systems = file_systems_of(file.runs[0], Colours(file));
    CHECK(complaint_about_xml(systems) == "");
    CHECK(count_of(systems, "class=\"bar") == 4);
    CHECK(systems.find("<td>fio-read: rw=read bs=128k</td><td>1 us</td><td>2 us</td>") !=
          std::string::npos);
    CHECK(count_of(systems, "<td>5 us</td>") == 2);
    CHECK(systems.find("<td>200 (100..300) /s</td>") != std::string::npos);
}

TEST_CASE("report: results without any measurement make a page without sections") {
    const std::string page = html_of({});
    CHECK(complaint_about_xml(page) == "");
    CHECK(count_of(page, "<section") == 0);
}

TEST_CASE("readme: the table has a line of each figure, with its command, between the marks") {
    ResultFile file = some_results();
    for (Measurement& one : file.runs[0].measurements) {
        if (one.benchmark.starts_with("ann."))
            one.parameters.emplace_back("filter", "none");
    }
    Measurement peer = file.runs[0].measurements.back();
    peer = point("hnswlib", 10, 0.95, 900);
    peer.benchmark = "ann.build";
    peer.parameters.emplace_back("filter", "none");
    peer.add("time", "s", Better::kLess, 3);
    file.runs[0].measurements.push_back(peer);
    file.runs[0].command = "/a/vexfs-bench ann --base out/x.fbin --json";
    const std::string table = readme_table(file);
    CHECK(table.find("| 1.5 s | hnswlib 3 s | ") != std::string::npos);
    CHECK(table.find("`vexfs-bench ann --base x.fbin`") != std::string::npos);
    CHECK(table.find("| the store <crashed> | 0 violations | 3,000 states | ") !=
          std::string::npos);
    CHECK(table.find("Measured at commit abc on P & Q <1>") != std::string::npos);
    const auto picture = readme_picture(file);
    REQUIRE(picture);
    CHECK(complaint_about_xml(*picture) == "");
    CHECK(count_of(*picture, "class=\"series\"") == 2);
    CHECK(picture->find("prefers-color-scheme: dark") != std::string::npos);
    CHECK_FALSE(readme_picture({}));

    const std::string marks = std::string(kFiguresBegin) + "old\n" + std::string(kFiguresEnd);
    CHECK(with_figures("a\n" + marks + "b\n", "new\n") ==
          "a\n" + std::string(kFiguresBegin) + "new\n" + std::string(kFiguresEnd) + "b\n");
    CHECK_FALSE(with_figures("no marks", "new\n"));
}

TEST_CASE("plot: every mark and letter lies inside of the picture, whatever the values") {
    for (const std::vector<double>& values : {std::vector<double>{1, 1},
                                              {0, 1e12},
                                              {-5, 5},
                                              {1e-9, 2e-9},
                                              {0.95, 0.951},
                                              {0.9961, 0.9984}}) {
        LinePlot plot{"t", linear_axis("x", "share", values), log_axis("y", "ns", values), {}};
        Series series{"s", 0, {}};
        for (const double value : values)
            series.points.push_back({value, value, ""});
        plot.series = {series};
        const std::string svg = svg_of(plot);
        CHECK(complaint_about_xml(svg) == "");
        CHECK(svg.find("nan") == std::string::npos);
        CHECK(svg.find("inf") == std::string::npos);
        for (size_t at = svg.find("cx=\""); at != std::string::npos;
             at = svg.find("cx=\"", at + 1)) {
            const double x = std::stod(svg.substr(at + 4));
            CHECK(x >= 0);
            CHECK(x <= 400);
        }
        CHECK(plot.x.ticks.size() >= 2);
        for (size_t i = 1; i < plot.x.ticks.size(); ++i)
            CHECK(plot.x.ticks[i].label != plot.x.ticks[i - 1].label);
        CHECK(plot.x.ticks.size() <= 12);
    }
}

TEST_CASE("html: quantities are in the unit that people read") {
    CHECK(quantity(950, "ns") == "950 ns");
    CHECK(quantity(12'345, "ns") == "12.3 us");
    CHECK(quantity(3.2e9, "ns") == "3.2 s");
    CHECK(quantity(0.25, "s") == "250 ms");
    CHECK(quantity(45'678, "1/s") == "45,678 /s");
    CHECK(quantity(1'234'567, "1/s") == "1,234,567 /s");
    CHECK(quantity(312, "bytes") == "312 bytes");
    CHECK(quantity(1.5 * (1 << 30), "bytes") == "1.5 GiB");
    CHECK(quantity(0.9512, "share") == "95.12%");
    CHECK(quantity(std::nan(""), "count") == "?");
    CHECK(escaped("<a b=\"c\">&\x01") == "&lt;a b=&quot;c&quot;&gt;&amp;?");
    CHECK(ratio_text({2, 2, 2}) == "2.00x");
    CHECK(ratio_text({2, 1.5, 2.5}) == "2.00x (1.50..2.50)");
}
