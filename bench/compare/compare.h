// SPDX-License-Identifier: Apache-2.0
//
// What got better or worse from one file of results to another.
//
// A figure changed if its median moved by more than the tolerance AND the spans of its rounds do
// not overlap: what lies within the noise of either run is no change. A time or a rate that was
// taken in one round only has no span; it must move by more, and so must resident memory. A share
// (recall) is held to an absolute tolerance. Ratios to peers are compared like figures, and are
// what to look at where the two files come from machines, or hours, that are not equally busy.
//
// Rounds of one run are minutes apart, two runs hours: what the machine did in between is seen by
// the peers, whose code did not change. A time or a rate of ours must also have moved further than
// that figure of 95 in 100 peers, of all and of those on the same data: what disturbs a machine for
// some seconds disturbs one of many sets.
//
// Threads: pure functions on values.
#pragma once

#include <string>
#include <vector>

#include "bench/result/result_file.h"

namespace vexfs {

struct Tolerance {
    double percent = 5;
    double once_percent = 30; // of what moves by itself, with a single round
    double share = 0.01;      // absolute
    // Allows for how far peers moved, and for tails: of p99.9 and of the longest of few searches
    // each is one search.
    bool noise = true;
};

enum class Verdict { kSame, kBetter, kWorse };

struct Change {
    std::string identity; // of the measurement
    std::string data; // what it was measured on: a set, or where there is none the benchmark's kind
    std::string figure; // "throughput", "throughput over hnswlib"
    std::string unit;
    bool peer = false;
    Ratio before; // median, smallest and largest of the rounds
    Ratio after;
    Verdict verdict = Verdict::kSame;
};

// How far a figure of 95 in 100 peers moved: after over before, or the other way round.
struct Noise {
    std::string figure;
    std::string data; // empty: on all of it
    double factor = 1;
    double apart = 1; // from what the one in the middle did: for ratios, of which both sides move
};

struct Comparison {
    std::vector<Change> changes;      // every figure that both have and that can be better or worse
    std::vector<std::string> missing; // measurements that only the first has
    std::vector<std::string> added;   // ... only the second
    std::vector<Noise> noise;         // that was allowed for

    // Ours only: a peer that got slower is no regression.
    [[nodiscard]] size_t count(Verdict verdict) const;
};

Comparison compare(const ResultFile& before, const ResultFile& after, const Tolerance& tolerance);

// Changes and totals; every figure if `all`.
std::string text_of(const Comparison& comparison, bool all);

} // namespace vexfs
