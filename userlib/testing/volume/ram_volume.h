// SPDX-License-Identifier: Apache-2.0
//
// A volume in memory with its store.
//
// Threads: one thread, but for the store.
#pragma once

#include <memory>

#include "userlib/device/ram_device.h"
#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

class RamVolume {
  public:
    explicit RamVolume(uint64_t bytes, const FormatOptions& format = {},
                       const StoreOptions& options = small_options())
        : options_(options), device_(RamDevice::create(bytes).value()) {
        VEXFS_ASSERT(format_store(*device_, format));
        open();
    }

    [[nodiscard]] Store& store() { return *store_; }
    // The medium, for damage.
    [[nodiscard]] MutableBytes device_bytes() { return device_->bytes(); }

    // What was not synced is lost.
    void crash() {
        store_.reset();
        open();
    }
    void reopen() {
        VEXFS_ASSERT(store_->close());
        crash();
    }
    // Erases what was given up, and looks at everything.
    [[nodiscard]] CheckReport check() {
        for (Result<bool> more = true; more && *more;)
            more = store_->step_reap(64);
        VEXFS_ASSERT(store_->commit());
        return vexfs::check(*store_);
    }

  private:
    void open() { store_ = std::move(Store::open(*device_, options_)).value(); }

    const StoreOptions options_;
    std::unique_ptr<RamDevice> device_;
    std::unique_ptr<Store> store_;
};

} // namespace vexfs
