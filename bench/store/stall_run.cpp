// SPDX-License-Identifier: Apache-2.0
#include "bench/store/stall_run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/random.h"
#include "userlib/device/file_device.h"
#include "userlib/device/image_file.h"
#include "userlib/store/store.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kImageBytes = uint64_t{512} << 20;
constexpr uint64_t kWriteBytes = uint64_t{1} << 20;
constexpr uint64_t kOid = 7;
constexpr uint64_t kItems = 1000; // that the writer puts again and again

struct Way {
    const char* name;
    size_t freeze_records_max;
};
constexpr Way kWays[] = {{"in the freeze", SIZE_MAX},
                         {"ahead of it", StoreOptions{}.freeze_records_max}};

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Half of it compresses away.
std::vector<std::byte> half_noise(Random& random) {
    std::vector<std::byte> bytes(kWriteBytes);
    for (size_t at = 0; at < bytes.size(); at += 2 * sizeof(uint64_t))
        store_le<uint64_t>(bytes.data() + at, random.next());
    return bytes;
}

Status dirty(Store& store, Random& random) {
    for (uint64_t at = 0; at < StoreReport::kStallBytes; at += kWriteBytes) {
        Transaction transaction;
        transaction.write(kOid, at, half_noise(random));
        VEXFS_TRY_VOID(store.apply(transaction));
    }
    return ok();
}

// Puts small items until `ended`; returns the longest time that one took.
Result<double> write_until(const std::atomic<bool>& ended, Store& store) {
    double longest_ms = 0;
    for (uint64_t i = 0; !ended.load(); ++i) {
        Transaction transaction;
        transaction.put(Key{kOid + 1, 1, i % kItems, 0}, bytes_of(i));
        const auto start = Clock::now();
        VEXFS_TRY_VOID(store.apply(transaction));
        longest_ms = std::max(longest_ms, milliseconds_since(start));
    }
    return longest_ms;
}

Status run_round(Device& device, const Way& way, Random& random, StallFigures& figures) {
    StoreOptions options;
    options.dirty_bytes_max = 4 * StoreReport::kStallBytes; // the writer never has to commit
    options.freeze_records_max = way.freeze_records_max;
    const std::unique_ptr<Store> store = VEXFS_TRY(Store::open(device, options));
    VEXFS_TRY_VOID(dirty(*store, random));
    std::atomic<bool> ended{false};
    Status committed = ok();
    double commit_ms = 0;
    std::thread committer([&] {
        const auto start = Clock::now();
        committed = store->commit();
        commit_ms = milliseconds_since(start);
        ended.store(true);
    });
    const Result<double> longest_ms = write_until(ended, *store);
    committer.join();
    VEXFS_TRY_VOID(committed);
    figures.longest_ms.push_back(VEXFS_TRY(longest_ms));
    figures.commit_ms.push_back(commit_ms);
    return store->close();
}

} // namespace

Status measure_stalls(const StoreBenchOptions& options, const std::string& folder,
                      StoreReport& report) {
    std::string explanation;
    const std::string path = folder + "/stall";
    VEXFS_TRY_VOID(create_image_file(path, kImageBytes, explanation));
    const std::unique_ptr<FileDevice> device = VEXFS_TRY(FileDevice::open(path, {}, explanation));
    VEXFS_TRY_VOID(format_store(*device, {}));
    Random random(options.seed);
    for (const Way& way : kWays)
        report.stalls.push_back({way.name, {}, {}});
    for (uint64_t round = 0; round < options.rounds; ++round)
        for (size_t way = 0; way < std::size(kWays); ++way)
            VEXFS_TRY_VOID(run_round(*device, kWays[way], random, report.stalls[way]));
    return ok();
}

} // namespace vexfs
