// SPDX-License-Identifier: Apache-2.0
//
// Runs clients.
//
// Threads: see the header.
#include "bench/ann/clients.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <thread>

#include "bench/machine/machine.h"

namespace vexfs {
namespace {

using Clock = std::chrono::steady_clock;

// Searches before the clock runs, for caches and buffers.
constexpr size_t kWarmUpQueries = 20;

// What one client did.
// Threads: written by its client until that is joined.
struct Client {
    Status status = ok();
    std::vector<uint64_t> latencies_ns;
    Clock::time_point end;
};

// One contender and so many clients, once.
// Threads: made by one thread; run() starts the others.
class Turn {
  public:
    Turn(Contender& contender, const ClientsPlan& plan, uint32_t effort, uint32_t clients)
        : contender_(contender), plan_(plan), effort_(effort), clients_(clients), ready_(clients),
          go_(1) {}

    Status run(Point& point) {
        std::vector<std::thread> threads;
        for (uint32_t i = 0; i < clients_.size(); ++i)
            threads.emplace_back([this, i] { clients_[i].status = serve(i); });
        ready_.wait();
        const Clock::time_point start = Clock::now();
        deadline_ = start + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(plan_.seconds));
        go_.count_down();
        for (std::thread& thread : threads)
            thread.join();
        std::vector<uint64_t> latencies;
        Clock::time_point end = start;
        for (const Client& client : clients_) {
            VEXFS_TRY_VOID(client.status);
            latencies.insert(latencies.end(), client.latencies_ns.begin(),
                             client.latencies_ns.end());
            end = std::max(end, client.end);
        }
        const double seconds = std::chrono::duration<double>(end - start).count();
        point.round_qps.push_back(static_cast<double>(latencies.size()) / seconds);
        point.round_latency.push_back(latency_of(latencies));
        return ok();
    }

  private:
    Status serve(uint32_t number) {
        std::vector<index::Neighbor> answers;
        const size_t first = number * plan_.queries.size() / clients_.size();
        Status status = prepare(number, answers);
        ready_.count_down();
        go_.wait();
        VEXFS_TRY_VOID(status);
        Client& client = clients_[number];
        Clock::time_point before = Clock::now();
        for (size_t i = first; before < deadline_ || client.latencies_ns.empty(); ++i) {
            const uint32_t query = plan_.queries[i % plan_.queries.size()];
            VEXFS_TRY_VOID(contender_.search_as(number, query, plan_.k, effort_, answers));
            const Clock::time_point after = Clock::now();
            client.latencies_ns.push_back(static_cast<uint64_t>(
                std::chrono::duration_cast<std::chrono::nanoseconds>(after - before).count()));
            before = after;
        }
        client.end = before;
        return ok();
    }

    // The pin ends with the thread.
    Status prepare(uint32_t number, std::vector<index::Neighbor>& answers) {
        const uint32_t processor = plan_.processors[number % plan_.processors.size()];
        VEXFS_TRY_VOID(pin_to(processor));
        for (size_t i = 0; i < std::min(kWarmUpQueries, plan_.queries.size()); ++i)
            VEXFS_TRY_VOID(
                contender_.search_as(number, plan_.queries[i], plan_.k, effort_, answers));
        return ok();
    }

    Contender& contender_;
    const ClientsPlan& plan_;
    const uint32_t effort_;
    std::vector<Client> clients_;
    std::latch ready_;
    std::latch go_;
    Clock::time_point deadline_;
};

// The cheapest effort that is good enough, without its times.
Point chosen(const std::vector<Point>& points, double recall) {
    const auto enough = std::find_if(points.begin(), points.end(),
                                     [&](const Point& point) { return point.recall >= recall; });
    const Point& point = enough == points.end() ? points.back() : *enough;
    Point out;
    out.effort = point.effort;
    out.words = point.words;
    out.recall = point.recall;
    return out;
}

} // namespace

Result<std::vector<std::vector<ClientsPoint>>>
run_clients(std::span<Contender* const> contenders, const std::vector<std::vector<Point>>& points,
            const ClientsPlan& plan) {
    std::vector<std::vector<ClientsPoint>> series(contenders.size());
    for (uint32_t round = 0; round < plan.rounds; ++round) {
        for (const uint32_t clients : plan.clients) {
            for (size_t c = 0; c < contenders.size(); ++c) {
                Contender& contender = *contenders[c];
                if (clients > contender.clients_max() || points[c].empty())
                    continue;
                const auto same = [&](const ClientsPoint& one) {
                    return one.clients == clients;
                };
                auto found = std::find_if(series[c].begin(), series[c].end(), same);
                if (found == series[c].end())
                    found = series[c].insert(found, {clients, chosen(points[c], plan.recall)});
                VEXFS_TRY_VOID(contender.set_clients(clients));
                // A library that keeps the effort in its index takes it before there are others.
                std::vector<index::Neighbor> answers;
                VEXFS_TRY_VOID(
                    contender.search(plan.queries[0], plan.k, found->point.effort, answers));
                Turn turn(contender, plan, found->point.effort, clients);
                VEXFS_TRY_VOID(turn.run(found->point));
            }
        }
    }
    for (Contender* contender : contenders)
        VEXFS_TRY_VOID(contender->set_clients(1));
    return series;
}

} // namespace vexfs
