// SPDX-License-Identifier: Apache-2.0
#include "bench/result/result_file.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

using namespace vexfs;

namespace {

ResultFile some_results() {
    Measurement ours;
    ours.benchmark = "ann.curve";
    ours.subject = "vexfs";
    ours.description = "M=16 \"quoted\"";
    ours.parameters = {{"rows", 20'000}, {"metric", "l2"}, {"filter_percent", 0.1}};
    ours.add("throughput", "1/s", Better::kMore, {300, 100, 200});
    ours.add("recall", "share", Better::kMore, 0.95);
    ours.ratios = {{"throughput", "hnswlib", {2, 1.5, 2.5}}};
    Measurement peer;
    peer.benchmark = "ann.curve";
    peer.subject = "hnswlib";
    peer.peer = true;
    ResultFile file;
    file.machine = this_machine();
    file.runs = {{"vexfs-bench ann --quick", "processor 1", {ours, peer}}};
    return file;
}

// The complaint about some_results() with `from` replaced by `to` in its JSON.
std::string complaint_about(const std::string& from, const std::string& to) {
    std::string text = json_of(some_results());
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    std::string complaint;
    CHECK_FALSE(parse_results(text, complaint));
    return complaint;
}

} // namespace

TEST_CASE("result file: what is written is read again") {
    std::string complaint;
    const ResultFile file = some_results();
    const std::optional<ResultFile> again = parse_results(json_of(file), complaint);
    REQUIRE_MESSAGE(again, complaint);
    CHECK(json_of(*again) == json_of(file));
    const Measurement& ours = again->runs.at(0).measurements.at(0);
    CHECK(ours.identity() == "ann.curve vexfs filter_percent=0.1 metric=l2 rows=20000");
    CHECK(ours.figure("throughput")->median() == 200);
    CHECK(ours.figure("throughput")->low() == 100);
    CHECK(ours.figure("throughput")->high() == 300);
    CHECK(ours.ratios.at(0).ratio.middle == 2);
    CHECK(ours.parameter("rows")->number() == 20'000);
    CHECK(ours.figure("nothing") == nullptr);
    CHECK(again->runs.at(0).measurements.at(1).peer);
    CHECK(again->machine.commit == file.machine.commit);
    CHECK(again->machine.counters == file.machine.counters);
}

TEST_CASE("result file: a complaint names the member that is wrong") {
    CHECK(complaint_about("results/1", "results/2") ==
          "schema is 'vexfs-bench.results/2', not 'vexfs-bench.results/1'");
    CHECK(complaint_about("\"unit\"", "\"units\"") ==
          "runs[0].measurements[0].figures[0].unit is no text");
    CHECK(complaint_about("\"more\"", "\"most\"") ==
          "runs[0].measurements[0].figures[0].better is none of more, less, neither");
    CHECK(complaint_about("300.0,", "\"fast\",") ==
          "runs[0].measurements[0].figures[0].rounds[0] is no number");
    CHECK(complaint_about("\"rows\": 20000", "\"rows\": []") ==
          "runs[0].measurements[0].parameters.rows is neither text nor number");
    CHECK(complaint_about("\"peer\": true", "\"peer\": 1") ==
          "runs[0].measurements[1].peer is neither true nor false");
    CHECK(complaint_about("\"processors\": ", "\"processors\": -") ==
          "machine has counts out of range");
    CHECK(complaint_about("\"runs\"", "\"walks\"") == "runs is no array");
    CHECK(complaint_about("{", "") == "is no JSON document");
    std::string complaint;
    CHECK_FALSE(read_results("/nowhere.json", complaint));
    CHECK(complaint == "/nowhere.json: cannot be read");
}

TEST_CASE("result file: a file is replaced whole") {
    std::string folder = (std::filesystem::temp_directory_path() / "vexfs-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    std::string complaint;
    for (const char* text : {"{}", ""}) {
        REQUIRE(replace_file(folder + "/a.json", text, complaint));
        CHECK(std::filesystem::file_size(folder + "/a.json") == std::string(text).size());
    }
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
    CHECK_FALSE(replace_file(folder + "/absent/a.json", "{}", complaint));
    CHECK(complaint.starts_with(folder + "/absent/a.json: cannot be written (ENOENT"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("measurement: percentiles are those that so many samples do not exceed") {
    std::vector<uint64_t> samples;
    for (uint64_t i = 10'000; i > 0; --i)
        samples.push_back(i);
    const Latency first = latency_of(samples);
    CHECK(first.p50_ns == 5'000);
    CHECK(first.p90_ns == 9'000);
    CHECK(first.p99_ns == 9'900);
    CHECK(first.p999_ns == 9'990);
    CHECK(first.max_ns == 10'000);
    std::vector<uint64_t> one = {7};
    Measurement measurement;
    measurement.add_latency(std::vector<Latency>{first, latency_of(one)});
    CHECK(measurement.figures.size() == 5);
    CHECK(measurement.figure("latency_p99.9")->rounds == std::vector<double>{9'990, 7});
    measurement.add_latency({});
    CHECK(measurement.figures.size() == 5);
}
