// SPDX-License-Identifier: Apache-2.0
#include "bench/compare/compare.h"

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

ResultFile file_with(const Measurement& measurement) {
    return {{}, {{"a command", "", {measurement}}}};
}

Measurement one(std::vector<double> rounds, std::string_view unit = "1/s",
                Better better = Better::kMore) {
    Measurement measurement;
    measurement.benchmark = "ann.search";
    measurement.subject = "vexfs";
    measurement.parameters = {{"rows", 1000}};
    measurement.add("figure", unit, better, std::move(rounds));
    return measurement;
}

Verdict verdict(const Measurement& before, const Measurement& after) {
    const Comparison comparison = compare(file_with(before), file_with(after), {});
    REQUIRE(comparison.changes.size() == 1);
    return comparison.changes[0].verdict;
}

} // namespace

TEST_CASE("compare: a change leaves the tolerance and the noise of both") {
    CHECK(verdict(one({100, 102, 104}), one({80, 82, 84})) == Verdict::kWorse);
    CHECK(verdict(one({80, 82, 84}), one({100, 102, 104})) == Verdict::kBetter);
    // Far apart, but the rounds overlap.
    CHECK(verdict(one({60, 102, 104}), one({50, 70, 84})) == Verdict::kSame);
    // No overlap, but only 4 percent.
    CHECK(verdict(one({100, 100}), one({96, 96})) == Verdict::kSame);
    CHECK(verdict(one({100, 100}), one({94, 94})) == Verdict::kWorse);
}

TEST_CASE("compare: of a latency less is better, and of what is neither nothing is said") {
    const auto less = Better::kLess;
    CHECK(verdict(one({100, 102}, "ns", less), one({80, 82}, "ns", less)) == Verdict::kBetter);
    CHECK(verdict(one({80, 82}, "ns", less), one({100, 102}, "ns", less)) == Verdict::kWorse);
    const ResultFile neither = file_with(one({1}, "count", Better::kNeither));
    CHECK(compare(neither, neither, {}).changes.empty());
}

TEST_CASE("compare: a time taken once may move further than a size, and a share hardly at all") {
    CHECK(verdict(one({100}), one({75})) == Verdict::kSame);
    CHECK(verdict(one({100}), one({65})) == Verdict::kWorse);
    CHECK(verdict(one({100}, "bytes", Better::kLess), one({110}, "bytes", Better::kLess)) ==
          Verdict::kWorse);
    CHECK(verdict(one({0.99}, "share"), one({0.985}, "share")) == Verdict::kSame);
    CHECK(verdict(one({0.99}, "share"), one({0.97}, "share")) == Verdict::kWorse);
}

TEST_CASE("compare: ratios are figures of their own, and a peer that moved is no regression") {
    Measurement before = one({100, 102});
    before.ratios = {{"figure", "hnswlib", {2.0, 1.9, 2.1}}};
    Measurement after = one({100, 102});
    after.ratios = {{"figure", "hnswlib", {1.5, 1.4, 1.6}}};
    Comparison comparison = compare(file_with(before), file_with(after), {});
    REQUIRE(comparison.changes.size() == 2);
    CHECK(comparison.changes[1].figure == "figure over hnswlib");
    CHECK(comparison.count(Verdict::kWorse) == 1);
    CHECK(text_of(comparison, false).starts_with("worse   figure over hnswlib  2 (1.9..2.1) -> "));

    Measurement peer = one({100, 102});
    peer.peer = true;
    Measurement slower = one({50, 51});
    slower.peer = true;
    comparison = compare(file_with(peer), file_with(slower), {});
    CHECK(comparison.count(Verdict::kWorse) == 0);
    CHECK(text_of(comparison, false).find("of 1 figures of peers 1 moved") != std::string::npos);
}

TEST_CASE("compare: what only one file has is named") {
    Measurement other = one({1});
    other.parameters = {{"rows", 2000}};
    const Comparison comparison = compare(file_with(one({1})), file_with(other), {});
    CHECK(comparison.changes.empty());
    CHECK(comparison.missing == std::vector<std::string>{"ann.search vexfs rows=1000"});
    CHECK(comparison.added == std::vector<std::string>{"ann.search vexfs rows=2000"});
}

TEST_CASE("compare: what moved no further than peers did is the machine's doing") {
    const auto files = [](double ours, double peers) {
        ResultFile file = file_with(one({100 * ours, 101 * ours}));
        for (int i = 0; i < 20; ++i) {
            Measurement peer = one({50, 50.5});
            peer.peer = true;
            peer.subject = "peer " + std::to_string(i);
            peer.figures[0].rounds = {50 * peers, 50.5 * peers};
            // One in twenty moves a lot, which is not taken for all.
            if (i == 0)
                peer.figures[0].rounds = {50, 50.5};
            file.runs[0].measurements.push_back(peer);
        }
        return file;
    };
    const ResultFile before = files(1, 1);
    const auto worse = [&](const ResultFile& after, const Tolerance& tolerance) {
        return compare(before, after, tolerance).count(Verdict::kWorse);
    };
    CHECK(worse(files(0.7, 1), {}) == 1);
    CHECK(worse(files(0.7, 0.69), {}) == 0);
    CHECK(worse(files(0.7, 1 / 0.69), {}) == 0); // as far, the other way
    CHECK(worse(files(0.7, 0.9), {}) == 1);
    Tolerance strict;
    strict.noise = false;
    CHECK(worse(files(0.7, 0.69), strict) == 1);
    const Comparison noisy = compare(before, files(0.7, 0.5), {});
    REQUIRE(noisy.noise.size() == 2); // of all, and of those of this benchmark
    CHECK(noisy.noise[0].data.empty());
    CHECK(noisy.noise[0].factor == doctest::Approx(2));
    CHECK(text_of(noisy, false)
              .find("95 in 100 figures of peers moved by no more than: figure "
                    "2.00x") != std::string::npos);
}

TEST_CASE("compare: what disturbed one set allows for figures of that set alone") {
    const auto files = [](double quiet, double busy, double peers) {
        ResultFile file;
        file.runs.emplace_back();
        const auto add = [&](const char* subject, const char* data, double factor) {
            Measurement measurement = one({100 * factor, 101 * factor});
            measurement.subject = subject;
            measurement.peer = measurement.subject != "vexfs";
            measurement.parameters.emplace_back("data", data);
            file.runs[0].measurements.push_back(measurement);
        };
        add("vexfs", "quiet", quiet);
        add("vexfs", "busy", busy);
        add("hnswlib", "busy", peers);
        for (int i = 0; i < 40; ++i)
            add(("peer " + std::to_string(i)).c_str(), "quiet", 1);
        return file;
    };
    const ResultFile before = files(1, 1, 1);
    const auto worse = [&](const ResultFile& after) {
        return compare(before, after, {}).count(Verdict::kWorse);
    };
    CHECK(worse(files(1, 0.5, 0.45)) == 0);
    CHECK(worse(files(1, 0.4, 0.45)) == 1);
    CHECK(worse(files(0.5, 1, 0.45)) == 1);
}

TEST_CASE("compare: resident memory taken once may move as far as a time") {
    const auto with = [](const char* name, double bytes) {
        Measurement measurement = one({});
        measurement.figures.clear();
        measurement.add(name, "bytes", Better::kLess, bytes);
        return measurement;
    };
    CHECK(verdict(with("resident_memory", 100), with("resident_memory", 120)) == Verdict::kSame);
    CHECK(verdict(with("resident_memory", 100), with("resident_memory", 140)) == Verdict::kWorse);
    CHECK(verdict(with("disk", 100), with("disk", 120)) == Verdict::kWorse);
}

TEST_CASE("compare: sizes and recalls are held to their own tolerance, however peers moved") {
    Measurement bytes = one({100}, "bytes", Better::kLess);
    Measurement peer = one({100});
    peer.peer = true;
    peer.subject = "peer";
    ResultFile before = file_with(bytes);
    before.runs[0].measurements.push_back(peer);
    ResultFile after = before;
    after.runs[0].measurements[0].figures[0].rounds = {120};
    after.runs[0].measurements[1].figures[0].rounds = {10};
    CHECK(compare(before, after, {}).count(Verdict::kWorse) == 1);
}

TEST_CASE("compare: a ratio is noise if peers moved as far from each other, not together") {
    const auto files = [](double ratio, double even, double odd) {
        Measurement ours = one({100});
        ours.ratios = {{"figure", "hnswlib", {ratio, ratio * 0.99, ratio * 1.01}}};
        ResultFile file = file_with(ours);
        for (int i = 0; i < 10; ++i) {
            Measurement peer = one({50 * (i % 2 == 0 ? even : odd)});
            peer.peer = true;
            peer.subject = "peer " + std::to_string(i);
            file.runs[0].measurements.push_back(peer);
        }
        return file;
    };
    const ResultFile before = files(2, 1, 1);
    CHECK(compare(before, files(1.5, 0.5, 0.5), {}).count(Verdict::kWorse) == 1);
    CHECK(compare(before, files(1.5, 0.5, 1), {}).count(Verdict::kWorse) == 0);
}

TEST_CASE("compare: tails are told, but are no regression unless that is wanted") {
    Measurement before = one({100, 101});
    before.figures[0] = {"latency_p99.9", "ns", Better::kLess, {100, 101}};
    Measurement after = before;
    after.figures[0].rounds = {500, 501};
    CHECK(verdict(before, after) == Verdict::kSame);
    Tolerance strict;
    strict.noise = false;
    CHECK(compare(file_with(before), file_with(after), strict).count(Verdict::kWorse) == 1);
}
