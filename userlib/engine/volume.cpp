// SPDX-License-Identifier: Apache-2.0
//
// Opening and closing a volume, and what its virtual files say. The verbs: verbs.cpp.
#include "userlib/engine/volume.h"

#include <algorithm>
#include <ctime>

#include <malloc.h>
#include <sys/random.h>

#include "base/log.h"
#include "userlib/engine/report/report.h"

namespace vexfs {

namespace {

// Changes that wait for the disk: a commit begins at a half, writers wait for it at the whole.
constexpr uint64_t kDirtyShare = 8;
// What rows and graphs leave to the cache.
constexpr uint64_t kCacheShareMin = 8;
// What a machine without memory leaves to it.
constexpr uint64_t kCacheLeast = uint64_t{4} << 20;
// How often it is looked how much the machine has.
constexpr std::chrono::milliseconds kMemoryLooks{250};
// Messages of sessions: the cache gives way to them.
constexpr uint64_t kStagedShare = 2;
constexpr uint64_t kStagedBytesMax = uint64_t{256} << 20;

// Memory goes back to the system when rows and messages took so much more of the cache's, and not
// more often than that, or than it is looked where the machine bounds the cache, unless it is much.
constexpr uint64_t kTrimBytes = uint64_t{16} << 20;
constexpr uint64_t kTrimAtOnceBytes = uint64_t{64} << 20;
constexpr std::chrono::seconds kTrimInterval{1};

uint64_t random_epoch() {
    uint64_t epoch = 0;
    if (::getrandom(&epoch, sizeof epoch, 0) != sizeof epoch)
        epoch = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return epoch;
}

std::string name_of_target(const DeviceSpec& spec) {
    return spec.type == DeviceSpec::Type::kFile ? spec.path : to_json(spec);
}

} // namespace

Volume::Volume(const VolumeOptions& options, std::unique_ptr<DeviceStack> devices)
    : options_(options), opened_(now()), epoch_(random_epoch()), devices_(std::move(devices)),
      row_memory_(cache_bytes() - options.memory_bytes / kCacheShareMin,
                  [this](RowMemory::Taken taken) { set_row_memory(taken); }),
      virtual_files_([this](VirtualFiles::File file) { return render(file); },
                     [this](uint64_t ino) { return names_->get(ino); }, opened_),
      staged_(std::min(options.memory_bytes / kStagedShare, kStagedBytesMax),
              [this](uint64_t bytes) { set_staged_bytes(bytes); }) {}

Volume::~Volume() = default;

Result<std::unique_ptr<Volume>> Volume::open(const DeviceSpec& spec, const VolumeOptions& options,
                                             std::string& explanation) {
    explanation.clear();
    if (options.memory_bytes < VolumeOptions::kMemoryBytesMin) {
        explanation = "mem= is at least 64M";
        return fail(Code::kEINVAL, "volume: memory");
    }
    auto devices = VEXFS_TRY(DeviceStack::open(spec, options.read_only, explanation));
    std::unique_ptr<Volume> volume(new Volume(options, std::move(devices)));
    const Status started = volume->start(explanation);
    if (!started) {
        if (explanation.empty())
            explanation = started.error().what + std::string(": ") + cause_of(started.error().code);
        explanation = name_of_target(spec) + ": " + explanation;
        return started.error();
    }
    return volume;
}

size_t Volume::cache_bytes() const {
    return options_.memory_bytes - 2 * (options_.memory_bytes / kDirtyShare);
}

void Volume::set_staged_bytes(uint64_t bytes) {
    MutexLock lock(memory_mutex_);
    staged_bytes_ = bytes;
    share_memory();
}

void Volume::set_row_memory(RowMemory::Taken taken) {
    MutexLock lock(memory_mutex_);
    // What was on its way has come, or will not: only the next look sees which room is free now.
    const uint64_t come = rows_taken_.coming - std::min(rows_taken_.coming, taken.coming);
    allowed_bytes_ -= std::min(come, allowed_bytes_);
    rows_taken_ = taken;
    share_memory();
}

void Volume::allow_memory(uint64_t bytes) {
    row_memory_.allow(bytes - std::min<uint64_t>(bytes, kCacheLeast));
    MutexLock lock(memory_mutex_);
    allowed_bytes_ = bytes;
    share_memory();
}

uint64_t Volume::used_memory() {
    const BlockCache::Counts counts = store_->cache_counts();
    MutexLock lock(memory_mutex_);
    return counts.hot.bytes + counts.cold.bytes + staged_bytes_ + rows_taken_.bytes;
}

// What messages and rows do not take of the cache's memory is the cache's, and a part in any case;
// but of a machine that has less, only what they leave. Rows that are on their way were allowed as
// if they were there, and the room that they will need was seen as free: it is theirs, not the
// cache's.
void Volume::share_memory() {
    const uint64_t others = staged_bytes_ + rows_taken_.bytes;
    const uint64_t promised = others + rows_taken_.coming;
    const uint64_t least = options_.memory_bytes / kCacheShareMin;
    const uint64_t shared = cache_bytes() - std::min(others, cache_bytes() - least);
    const uint64_t left =
        std::max(allowed_bytes_ - std::min(promised, allowed_bytes_), kCacheLeast);
    const uint64_t taken = cache_bytes() - std::min(shared, left);
    store_->set_cache_bytes(cache_bytes() - taken);
    least_taken_ = std::min(least_taken_, taken);
    const auto now = std::chrono::steady_clock::now();
    const bool soon = now < trimmed_ + (left < shared ? kMemoryLooks : kTrimInterval);
    if (taken < least_taken_ + (soon ? kTrimAtOnceBytes : kTrimBytes))
        return;
    // What the cache gave up is free to malloc(), but still with this process.
    ::malloc_trim(0);
    least_taken_ = taken;
    trimmed_ = now;
}

Status Volume::start(std::string& explanation) {
    StoreOptions store;
    store.read_only = options_.read_only;
    store.dirty_bytes_max = options_.memory_bytes / kDirtyShare;
    store.cache_bytes = cache_bytes();
    store.compression = options_.compression.value_or(Compression{});
    store.cold = options_.cold;
    store.cache_policy = options_.cache_policy;
    store_ = VEXFS_TRY(Store::open(devices_->top(), store));
    if (!options_.cache_trace.empty()) {
        auto trace = CacheTrace::open(options_.cache_trace);
        if (!trace)
            explanation =
                options_.cache_trace + " cannot be written: " + cause_of(trace.error().code);
        store_->record_cache(VEXFS_TRY(std::move(trace)));
    }
    auto names = Names::open(*store_, options_.read_only);
    if (!names && names.error().code == Code::kEUCLEAN)
        explanation =
            "it holds a store without a root directory: " + std::string(names.error().what);
    names_ = VEXFS_TRY(std::move(names));
    collections_ = VEXFS_TRY(Collections::open(*store_, *names_, options_.read_only, &row_memory_));
    settings_ = std::make_unique<VolumeSettings>(
        *store_, *names_, VolumeSettings::Given{options_.compression, options_.cold.pool});
    settings_->load();
    row_xattrs_ = std::make_unique<RowXattrs>(*collections_, *names_);
    similar_files_ = std::make_unique<SimilarFiles>(*collections_, *names_);
    memory_watch_ = std::make_unique<MemoryWatch>(
        MemoryLimits(), kMemoryLooks, [this] { return used_memory(); },
        [this](uint64_t bytes) { allow_memory(bytes); });
    if (options_.read_only)
        return ok();
    keeper_ =
        std::make_unique<Keeper>(*store_, store.dirty_bytes_max / 2, options_.commit_interval);
    upkeep_ = std::make_unique<Upkeep>(*collections_, *store_);
    return ok();
}

Status Volume::close() {
    memory_watch_.reset();
    upkeep_.reset();
    similar_files_.reset();
    row_xattrs_.reset();
    if (collections_)
        collections_->flush_graphs();
    collections_.reset();
    if (!keeper_)
        return ok();
    keeper_.reset();
    return store_->close();
}

Timestamp Volume::now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec)};
}

void Volume::set_commit_interval(std::chrono::milliseconds interval) {
    if (keeper_)
        keeper_->set_interval(interval);
}

std::string Volume::render(VirtualFiles::File file) {
    switch (file) {
    case VirtualFiles::File::kStats:
        return render_stats();
    case VirtualFiles::File::kConfig:
        return render_config();
    case VirtualFiles::File::kJobs:
        return render_jobs();
    }
    VEXFS_UNREACHABLE("every virtual file has a case");
}

std::string Volume::render_stats() {
    StatsReport report;
    report.header = header();
    report.epoch = epoch_;
    report.opened = opened_;
    report.now = now();
    report.read_only = options_.read_only;
    report.suspended = store_->suspended();
    report.space = usage();
    report.txg = store_->txg();
    report.dirty_bytes = store_->dirty_bytes();
    report.log_bytes = store_->log_bytes();
    report.staged_bytes = staged_.bytes();
    report.memory_bytes = options_.memory_bytes;
    report.row_bytes = row_memory_.bytes();
    report.row_bytes_max = row_memory_.bytes_max();
    report.cache_bytes = store_->cache_bytes();
    report.cache = store_->cache_counts();
    report.driver = store_->pool();
    report.compression = to_string(store_->compression());
    if (const BlockPools* const cold = store_->cold_pools()) {
        report.cold_pool = cold->report();
        report.other_cold_pools = cold->other_reports();
    }
    report.stored_pool = store_->stored_pools().report();
    report.other_stored_pools = store_->stored_pools().other_reports();
    report.vectors = store_->stored_counts(true);
    report.data = store_->stored_counts(false);
    report.damage = store_->read_damage();
    report.collections = collections_->stats();
    report.devices = devices_->stats();
    for (const RequestCount& count : requests_.counts())
        report.requests.push_back({count.name, count.failed, count.latency_ns});
    return to_json(report);
}

std::string Volume::render_config() {
    ConfigReport report;
    report.target = to_json(devices_->spec());
    report.front_end = front_end_json_;
    report.read_only = options_.read_only;
    report.memory_bytes = options_.memory_bytes;
    report.compression = to_string(store_->compression());
    report.cold_percent = options_.cold.percent;
    report.pool = store_->pool();
    report.cache_policy = name_of(store_->cache_policy());
    report.commit_ms =
        static_cast<uint64_t>((keeper_ ? keeper_->interval() : options_.commit_interval).count());
    return to_json(report);
}

std::string Volume::render_jobs() {
    JobsReport report;
    if (keeper_) {
        const KeeperStats stats = keeper_->stats();
        report.running = true;
        report.commit_ns = stats.commit_ns;
        report.reaped_slices = stats.reaped_slices;
        report.reaping = stats.reaping;
    }
    for (const VolumeJob& each : collections_->all_jobs()) {
        const JobRecord& job = each.job;
        report.jobs.push_back({job.id, each.collection, static_cast<uint32_t>(job.kind),
                               static_cast<uint32_t>(job.state), job.done, job.total,
                               job.started_ns, job.ended_ns, job.failure});
    }
    return to_json(report);
}

} // namespace vexfs
