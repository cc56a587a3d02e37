// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/stats_device.h"

#include <chrono>

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRelaxed = std::memory_order_relaxed;

uint64_t ns_since(Clock::time_point start) {
    const auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start);
    return static_cast<uint64_t>(passed.count());
}

} // namespace

void StatsDevice::Op::count(std::span<const Io> batch) {
    uint64_t bytes_done = 0;
    uint64_t failed = 0;
    for (const Io& io : batch) {
        if (io.status)
            bytes_done += io.buffer.size();
        else
            ++failed;
    }
    ios.fetch_add(batch.size(), kRelaxed);
    bytes.fetch_add(bytes_done, kRelaxed);
    failed_ios.fetch_add(failed, kRelaxed);
}

OpStats StatsDevice::Op::stats() const {
    return {ios.load(kRelaxed), bytes.load(kRelaxed), failed_ios.load(kRelaxed),
            latency_ns.snapshot()};
}

void StatsDevice::Op::reset() {
    ios.store(0, kRelaxed);
    bytes.store(0, kRelaxed);
    failed_ios.store(0, kRelaxed);
    latency_ns.reset();
}

Status StatsDevice::read(std::span<Io> batch) {
    const auto start = Clock::now();
    const Status status = child_.read(batch);
    read_.latency_ns.record(ns_since(start));
    read_.count(batch);
    return status;
}

Status StatsDevice::write(std::span<Io> batch) {
    const auto start = Clock::now();
    const Status status = child_.write(batch);
    write_.latency_ns.record(ns_since(start));
    write_.count(batch);
    return status;
}

Status StatsDevice::flush() {
    const auto start = Clock::now();
    const Status status = child_.flush();
    flush_.latency_ns.record(ns_since(start));
    if (!status)
        flush_.failed_ios.fetch_add(1, kRelaxed);
    return status;
}

DeviceStats StatsDevice::stats() const {
    return {read_.stats(), write_.stats(), flush_.stats()};
}

void StatsDevice::reset() {
    read_.reset();
    write_.reset();
    flush_.reset();
}

} // namespace vexfs
