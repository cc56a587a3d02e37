// SPDX-License-Identifier: Apache-2.0
#include "bench/store/commit_run.h"

#include <chrono>

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kCreate = "create";
constexpr const char* kUpdate = "update";
// A page of any of the stores holds more puts than this.
constexpr uint64_t kWarmStep = 16;

uint64_t ns_since(Clock::time_point start) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

void add(DiskCounts& to, const DiskCounts& from) {
    to.writes += from.writes;
    to.write_bytes += from.write_bytes;
    to.flushes += from.flushes;
}

// `to` += `after` - `before`
void add(OwnCounts& to, const OwnCounts& after, const OwnCounts& before) {
    to.reads += after.reads - before.reads;
    to.read_bytes += after.read_bytes - before.read_bytes;
    to.writes += after.writes - before.writes;
    to.write_bytes += after.write_bytes - before.write_bytes;
    to.flushes += after.flushes - before.flushes;
}

} // namespace

// In the order in which they run: the stores take turns at each size.
void CommitRun::make_cells() {
    for (const char* pattern : {kCreate, kUpdate})
        for (const uint64_t size : options_.sizes)
            for (size_t store = 0; store < stores_.size(); ++store) {
                Cell cell;
                cell.store = store;
                cell.figures.pattern = pattern;
                cell.figures.size = size;
                cells_.push_back(std::move(cell));
            }
}

// Reads every page once: no store pays here for what loads and opens are measured by.
Status CommitRun::warm_up() {
    for (const std::unique_ptr<KeyValueStore>& store : stores_) {
        VEXFS_TRY_VOID(store->settle());
        for (uint64_t i = 0; i < options_.keys; i += kWarmStep)
            VEXFS_TRY(store->holds(put_at(i)));
    }
    return ok();
}

// New files, in order, or values of puts anywhere in the load.
std::vector<Put> CommitRun::next_puts(const CommitFigures& figures) {
    std::vector<Put> puts;
    for (uint64_t i = 0; i < figures.size; ++i)
        puts.push_back(figures.pattern == kCreate
                           ? put_at(options_.keys + created_++)
                           : put_at(random_.below(options_.keys), version_++));
    return puts;
}

Status CommitRun::run_slice(Cell& cell) {
    const double limit = options_.seconds / static_cast<double>(options_.rounds);
    KeyValueStore& store = *stores_[cell.store];
    std::vector<uint64_t> round_ns;
    const DiskCounts disk = disk_.counts();
    const OwnCounts own = store.counts();
    double seconds = 0;
    do {
        const std::vector<Put> puts = next_puts(cell.figures);
        const auto start = Clock::now();
        VEXFS_TRY_VOID(store.put_synced(puts));
        const uint64_t passed_ns = ns_since(start);
        round_ns.push_back(passed_ns);
        seconds += static_cast<double>(passed_ns) / 1e9;
    } while (seconds < limit);
    add(cell.figures.disk, disk_.counts() - disk);
    add(cell.figures.counts, store.counts(), own);
    cell.figures.commits += round_ns.size();
    cell.seconds += seconds;
    cell.all_ns.insert(cell.all_ns.end(), round_ns.begin(), round_ns.end());
    cell.figures.rounds.push_back(latency_of(round_ns));
    return ok();
}

Status CommitRun::run_bare(BareSync& bare) {
    const double limit = options_.seconds / static_cast<double>(options_.rounds);
    std::vector<uint64_t> round_ns;
    double seconds = 0;
    do {
        const auto start = Clock::now();
        VEXFS_TRY_VOID(bare.run());
        const uint64_t passed_ns = ns_since(start);
        round_ns.push_back(passed_ns);
        seconds += static_cast<double>(passed_ns) / 1e9;
    } while (seconds < limit);
    bare_ns_.insert(bare_ns_.end(), round_ns.begin(), round_ns.end());
    report_.bare_rounds.push_back(latency_of(round_ns));
    return ok();
}

Status CommitRun::run(BareSync& bare) {
    make_cells();
    VEXFS_TRY_VOID(warm_up());
    for (uint64_t round = 0; round < options_.rounds; ++round) {
        VEXFS_TRY_VOID(run_bare(bare));
        for (Cell& cell : cells_)
            VEXFS_TRY_VOID(run_slice(cell));
    }
    report_.bare = latency_of(bare_ns_);
    for (Cell& cell : cells_) {
        CommitFigures& figures = cell.figures;
        figures.all = latency_of(cell.all_ns);
        figures.puts_per_second =
            static_cast<double>(figures.commits * figures.size) / cell.seconds;
        report_.stores[cell.store].commits.push_back(std::move(figures));
    }
    return ok();
}

} // namespace vexfs
