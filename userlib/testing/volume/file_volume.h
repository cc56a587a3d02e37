// SPDX-License-Identifier: Apache-2.0
//
// An image file with an empty file system in it, for tests of what opens a volume by its path.
//
// Threads: one thread.
#pragma once

#include <string>

#include "userlib/device/file_device.h"
#include "userlib/device/scratch_file.h"
#include "userlib/names/names.h"
#include "userlib/store/check.h"

namespace vexfs {

class FileVolume {
  public:
    explicit FileVolume(uint64_t bytes, bool with_root = true) : file_(bytes) {
        const auto device = opened();
        VEXFS_ASSERT(format_store(*device, {}));
        if (!with_root)
            return;
        const auto store = Store::open(*device, {}).value();
        VEXFS_ASSERT(Names::create(*store, {0755}, {1, 0}));
        VEXFS_ASSERT(store->close());
    }

    [[nodiscard]] const std::string& path() const { return file_.path(); }

    // Whether nothing is damaged.
    [[nodiscard]] bool sound() const {
        const auto device = opened();
        const auto store = Store::open(*device, {});
        return store && check(**store).clean();
    }

  private:
    [[nodiscard]] std::unique_ptr<FileDevice> opened() const {
        std::string explanation;
        return std::move(FileDevice::open(file_.path(), {}, explanation)).value();
    }

    const ScratchFile file_;
};

} // namespace vexfs
