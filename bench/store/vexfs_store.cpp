// SPDX-License-Identifier: Apache-2.0
//
// Our store as a contender: an image file, preallocated, read and written with O_DIRECT.
//
// A commit to the tree runs in a thread of its own, as in the engine, from half of the dirty limit
// on.
//
// Threads: as KeyValueStore says; one more thread that commits.
#include <thread>

#include <fcntl.h>

#include "base/log.h"
#include "base/mutex.h"
#include "bench/store/key_value_store.h"
#include "userlib/device/file_device.h"
#include "userlib/device/image_file.h"
#include "userlib/device/stats_device.h"
#include "userlib/store/store.h"

namespace vexfs {

namespace {

constexpr size_t kCacheBytes = size_t{1} << 30;
constexpr uint64_t kLogBlockBytesMax = uint64_t{1} << 20;

std::string image_of(const StorePlace& place) {
    return place.folder + "/image";
}

Result<std::unique_ptr<FileDevice>> open_image(const StorePlace& place) {
    std::string explanation;
    auto device = FileDevice::open(image_of(place), {}, explanation);
    if (!device)
        log(LogLevel::kError, "bench", "the image cannot be opened", {{"reason", explanation}});
    return device;
}

// Commits whenever it is asked to, until it ends.
// Threads: ask() from any.
class Committer {
  public:
    explicit Committer(Store& store) : store_(store), thread_([this] { run(); }) {}
    ~Committer() {
        {
            MutexLock lock(mutex_);
            stop_ = true;
            wake_.notify_all();
        }
        thread_.join();
    }
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    void ask() {
        MutexLock lock(mutex_);
        asked_ = true;
        wake_.notify_all();
    }

  private:
    void run() {
        for (;;) {
            {
                MutexLock lock(mutex_);
                while (!asked_ && !stop_)
                    wake_.wait(mutex_);
                if (stop_)
                    return;
                asked_ = false;
            }
            // A failure suspends the store: whoever puts next is told.
            for (Result<bool> more = true; more && more.value();)
                more = store_.step_commit();
        }
    }

    Store& store_;
    Mutex mutex_;
    CondVar wake_;
    bool asked_ VEXFS_GUARDED_BY(mutex_) = false;
    bool stop_ VEXFS_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

class VexfsStore final : public KeyValueStore {
  public:
    static Result<std::unique_ptr<KeyValueStore>> open(const StorePlace& place) {
        std::unique_ptr<VexfsStore> made(new VexfsStore(VEXFS_TRY(open_image(place))));
        made->store_ = VEXFS_TRY(Store::open(made->stats_, made->options_));
        made->committer_ = std::make_unique<Committer>(*made->store_);
        return std::unique_ptr<KeyValueStore>(std::move(made));
    }

    Status put_synced(std::span<const Put> puts) override {
        VEXFS_TRY_VOID(load(puts));
        return store_->sync();
    }

    Status load(std::span<const Put> puts) override {
        Transaction transaction;
        for (const Put& put : puts)
            transaction.put(put.key, put.value);
        VEXFS_TRY_VOID(store_->apply(transaction));
        if (store_->dirty_bytes() > options_.dirty_bytes_max / 2)
            committer_->ask();
        return ok();
    }

    Status finish_load() override { return store_->commit(); }

    Result<bool> holds(const Put& put) override {
        const std::optional<Page> value = VEXFS_TRY(store_->get(put.key));
        return value &&
               std::equal(value->begin(), value->end(), put.value.begin(), put.value.end());
    }

    Result<bool> log_full() override {
        const uint64_t ring_bytes = store_->layout().header().log_blocks * kBlockBytes;
        return store_->log_bytes() + 2 * kLogBlockBytesMax > ring_bytes;
    }

    Status close() override {
        committer_.reset();
        return store_->close();
    }

    [[nodiscard]] OwnCounts counts() const override {
        const DeviceStats stats = stats_.stats();
        return {stats.read.ios, stats.read.bytes, stats.write.ios, stats.write.bytes,
                stats.flush.latency_ns.count()};
    }

  private:
    explicit VexfsStore(std::unique_ptr<FileDevice> device)
        : device_(std::move(device)), stats_(*device_) {
        options_.cache_bytes = kCacheBytes;
    }

    StoreOptions options_;
    std::unique_ptr<FileDevice> device_;
    StatsDevice stats_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Committer> committer_;
};

Status create(const StorePlace& place) {
    std::string explanation;
    const std::string path = image_of(place);
    VEXFS_TRY_VOID(create_image_file(path, place.size_bytes, explanation));
    const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.is_open() ||
        ::posix_fallocate(file.raw(), 0, static_cast<off_t>(place.size_bytes)) != 0)
        return fail(Code::kENOSPC, "vexfs: preallocation");
    const std::unique_ptr<FileDevice> device = VEXFS_TRY(open_image(place));
    return format_store(*device, {});
}

} // namespace

const StoreKind kVexfsStore{"vexfs",
                            "VexFS: one image file, preallocated, O_DIRECT through io_uring, 1 GiB "
                            "cache, nodes in two copies and LZ4",
                            create, VexfsStore::open};

} // namespace vexfs
