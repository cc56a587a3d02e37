// SPDX-License-Identifier: Apache-2.0
#include "bench/fs/fio.h"

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

constexpr FioPlaces kRead{"read", "read"};
constexpr FioPlaces kSynced{"write", "sync"};

// Of what fio writes, the members that matter and some that do not.
constexpr const char* kDocument = R"({
  "fio version" : "fio-3.33",
  "jobs" : [ {
    "jobname" : "fio-read",
    "error" : 0,
    "read" : {
      "runtime" : 250, "total_ios" : 1000, "iops" : 4000.0,
      "clat_ns" : { "min" : 100, "max" : 9000, "N" : 1000,
        "percentile" : { "50.000000" : 200, "90.000000" : 400, "99.000000" : 600,
                         "99.900000" : 800 } } },
    "write" : {
      "runtime" : 500, "total_ios" : 50,
      "clat_ns" : { "min" : 0, "max" : 0, "mean" : 0.0, "N" : 0 } },
    "sync" : {
      "total_ios" : 50,
      "lat_ns" : { "max" : 5, "percentile" : { "50.000000" : 1, "90.000000" : 2,
                                               "99.000000" : 3, "99.900000" : 4 } } } } ]
})";

std::string with(const std::string& part, const std::string& instead) {
    std::string text = kDocument;
    const size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    return text.replace(at, part.size(), instead);
}

std::string complaint_about(const std::string& text) {
    std::string complaint;
    CHECK_FALSE(parse_fio(text, kRead, complaint));
    return complaint;
}

} // namespace

TEST_CASE("fio: operations, time and latencies are those that the job is about") {
    std::string complaint;
    const auto read = parse_fio(kDocument, kRead, complaint);
    REQUIRE_MESSAGE(read, complaint);
    CHECK(read->operations == 1000);
    CHECK(read->seconds == 0.25);
    REQUIRE(read->latency);
    CHECK(read->latency->p50_ns == 200);
    CHECK(read->latency->p90_ns == 400);
    CHECK(read->latency->p99_ns == 600);
    CHECK(read->latency->p999_ns == 800);
    CHECK(read->latency->max_ns == 9000);
    const auto synced = parse_fio(kDocument, kSynced, complaint);
    REQUIRE_MESSAGE(synced, complaint);
    CHECK(synced->operations == 50);
    CHECK(synced->seconds == 0.5);
    CHECK(synced->latency->p999_ns == 4);
    CHECK(synced->latency->max_ns == 5);
    const auto none = parse_fio(with("50,\n      \"lat_ns\"", "0, \"lat_ns\""), kSynced, complaint);
    REQUIRE_MESSAGE(none, complaint);
    CHECK(none->operations == 0);
    CHECK_FALSE(none->latency);
    const auto rounded = parse_fio(with("9000", "799"), kRead, complaint);
    REQUIRE_MESSAGE(rounded, complaint);
    CHECK(rounded->latency->p99_ns == 600);
    CHECK(rounded->latency->p999_ns == 799);
}

TEST_CASE("fio: a member that is missing or no such number is named") {
    for (const auto& [part, where] : std::initializer_list<std::pair<const char*, const char*>>{
             {"\"jobs\"", "error"},
             {"\"error\"", "error"},
             {"\"read\"", "read.total_ios"},
             {"\"total_ios\"", "read.total_ios"},
             {"\"runtime\"", "read.runtime"},
             {"\"clat_ns\"", "read.clat_ns.max"},
             {"\"percentile\"", "read.clat_ns.percentile.50.000000"},
             {"\"99.000000\"", "read.clat_ns.percentile.99.000000"},
             {"\"99.900000\"", "read.clat_ns.percentile.99.900000"},
             {"\"max\"", "read.clat_ns.max"}})
        CHECK(complaint_about(with(part, "\"other\"")) ==
              "jobs[0]." + std::string(where) + " is no number");
    CHECK(complaint_about(with("1000,", "\"many\",")) == "jobs[0].read.total_ios is no number");
    CHECK(complaint_about(with("1000,", "-1,")) == "jobs[0].read.total_ios is out of range");
    CHECK(complaint_about(with("1000,", "1e40,")) == "jobs[0].read.total_ios is out of range");
    CHECK(complaint_about(with("250", "0")) == "jobs[0].read.runtime is 0");
    CHECK(complaint_about(with("\"error\" : 0", "\"error\" : 5")) == "jobs[0].error is not 0");
    CHECK(complaint_about(with("[ {", "[ 1, {")) == "jobs[0].error is no number");
    CHECK(complaint_about("[]") == "jobs[0].error is no number");
    CHECK(complaint_about("fio: no such option") == "it is no JSON document");
    CHECK(complaint_about(std::string(kDocument).substr(0, 400)) == "it is no JSON document");
}

TEST_CASE("fio: every job has a name, words for people and a text of its own") {
    const std::vector<Trial> jobs = fio_trials();
    REQUIRE(jobs.size() == 4);
    for (size_t i = 0; i < jobs.size(); ++i) {
        CHECK(jobs[i].name.starts_with("fio-"));
        CHECK_FALSE(jobs[i].what.empty());
        CHECK(jobs[i].job.starts_with("rw="));
        for (size_t other = 0; other < i; ++other)
            CHECK(jobs[i].job != jobs[other].job);
    }
}
