// SPDX-License-Identifier: Apache-2.0
//
// Several threads that search one index at once: how much more they get done than one, and how long
// each search then takes.
//
// Each contender searches at the cheapest effort of its sweep that reaches a recall; one that
// reached it nowhere, at its best. In every round the contenders take turns at each number of
// clients. A client is a thread on a processor of its own, as long as there are enough; it asks
// all queries again and again, from another one on than the next client, until the time is over.
//
// Threads: starts and joins its own.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "bench/ann/contender.h"
#include "bench/ann/curve.h"

namespace vexfs {

struct ClientsPlan {
    uint32_t k = 10;
    uint32_t rounds = 3;
    double recall = 0.95;
    double seconds = 0.1; // of a contender in a round
    std::vector<uint32_t> clients;
    std::vector<uint32_t> queries;    // numbers of the queries to ask
    std::vector<uint32_t> processors; // the first client's first
};

struct ClientsPoint {
    uint32_t clients = 0;
    Point point; // of all clients together
};

// A series for each contender, of the numbers of clients that it can serve. `points` are what the
// sweep found for each.
Result<std::vector<std::vector<ClientsPoint>>>
run_clients(std::span<Contender* const> contenders, const std::vector<std::vector<Point>>& points,
            const ClientsPlan& plan);

} // namespace vexfs
