// SPDX-License-Identifier: Apache-2.0
#include "bench/store/store_run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/random.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kLoadBatch = 1000;
// The log is filled with overwrites of so many items, so that it fills before anything else does.
constexpr uint64_t kHotPuts = 100'000;
constexpr uint64_t kFillBatch = 1000;
constexpr uint64_t kScatter = 2'654'435'761; // a prime

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

} // namespace

StoreRun::StoreRun(const StoreBenchOptions& options, std::string folder, const Disk& disk,
                   StoreReport& report)
    : options_(options), folder_(std::move(folder)), kinds_(options.kinds()), disk_(disk),
      report_(report) {
    for (const StoreKind* kind : kinds_) {
        StoreFigures figures;
        figures.name = kind->name;
        figures.description = kind->description;
        report_.stores.push_back(std::move(figures));
    }
}

StorePlace StoreRun::place_of(size_t store) const {
    return {folder_ + "/" + kinds_[store]->name, options_.size_bytes()};
}

Status StoreRun::load_once(size_t store) {
    const StorePlace place = place_of(store);
    std::error_code error;
    std::filesystem::remove_all(place.folder, error);
    if (!std::filesystem::create_directory(place.folder, error))
        return fail(code_from_errno(error.value()), "folder of a store");
    const DiskCounts before = disk_.counts();
    const auto body = [&](const std::function<void(const ChildReport&)>& tell) -> Status {
        VEXFS_TRY_VOID(kinds_[store]->create(place));
        const std::unique_ptr<KeyValueStore> opened = VEXFS_TRY(kinds_[store]->open(place));
        const auto start = Clock::now();
        std::vector<Put> batch;
        for (uint64_t i = 0; i < options_.keys; ++i) {
            batch.push_back(put_at(options_.order == "files" ? i : i * kScatter % options_.keys));
            if (batch.size() == kLoadBatch || i + 1 == options_.keys) {
                VEXFS_TRY_VOID(opened->load(batch));
                batch.clear();
            }
        }
        VEXFS_TRY_VOID(opened->finish_load());
        const double seconds = seconds_since(start);
        tell({seconds, options_.keys, opened->counts()});
        return opened->close();
    };
    const ChildReport child = VEXFS_TRY(run_child<ChildReport>(ChildEnd::kItself, body));
    LoadFigures& figures = report_.stores[store].load;
    figures.seconds.push_back(child.seconds);
    figures.disk = disk_.counts() - before;
    return ok();
}

Status StoreRun::load() {
    for (uint64_t round = 0; round < options_.loads; ++round)
        for (size_t store = 0; store < kinds_.size(); ++store)
            VEXFS_TRY_VOID(load_once(store));
    return ok();
}

// The time until the store answers: open it, and find put `index`.
Result<ChildReport> StoreRun::timed_open(size_t store, uint64_t index, uint64_t version) {
    return run_child<ChildReport>(
        ChildEnd::kItself, [&](const std::function<void(const ChildReport&)>& tell) -> Status {
            const Put put = put_at(index, version);
            const auto start = Clock::now();
            const std::unique_ptr<KeyValueStore> opened =
                VEXFS_TRY(kinds_[store]->open(place_of(store)));
            if (!VEXFS_TRY(opened->holds(put)))
                return fail(Code::kEIO, "a synced put is not there after the stop");
            tell({seconds_since(start), 0, opened->counts()});
            return opened->close();
        });
}

Result<ChildReport> StoreRun::stop_by_kill(size_t store, uint64_t version) {
    return run_child<ChildReport>(
        ChildEnd::kKilled, [&](const std::function<void(const ChildReport&)>& tell) -> Status {
            const std::unique_ptr<KeyValueStore> opened =
                VEXFS_TRY(kinds_[store]->open(place_of(store)));
            Random random(options_.seed + version);
            std::vector<Put> batch;
            uint64_t puts = 0;
            do {
                batch.clear();
                for (uint64_t i = 0; i < kFillBatch; ++i)
                    batch.push_back(
                        put_at(random.below(std::min(options_.keys, kHotPuts)), version));
                VEXFS_TRY_VOID(opened->put_synced(batch));
                puts += batch.size();
            } while (!VEXFS_TRY(opened->log_full()));
            batch.assign(1, put_at(0, version));
            VEXFS_TRY_VOID(opened->put_synced(batch));
            tell({0, puts + 1, opened->counts()});
            // The end comes from outside, in the middle of this.
            for (;;)
                VEXFS_TRY_VOID(opened->put_synced(batch));
        });
}

Status StoreRun::open() {
    for (uint64_t round = 0; round < options_.kills; ++round)
        for (size_t store = 0; store < kinds_.size(); ++store) {
            StoreFigures& figures = report_.stores[store];
            const uint64_t last = options_.keys - 1;
            const ChildReport clean = VEXFS_TRY(timed_open(store, last, 0));
            figures.clean.milliseconds.push_back(clean.seconds * 1e3);
            figures.clean.counts = clean.counts;

            const uint64_t version = versions_++;
            const ChildReport killed = VEXFS_TRY(stop_by_kill(store, version));
            const ChildReport after = VEXFS_TRY(timed_open(store, 0, version));
            figures.killed.milliseconds.push_back(after.seconds * 1e3);
            figures.killed.counts = after.counts;
            figures.killed.synced_puts = killed.puts;
        }
    return ok();
}

} // namespace vexfs
