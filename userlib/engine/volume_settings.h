// SPDX-License-Identifier: Apache-2.0
//
// What a volume says of itself in two attributes of its root directory: user.vexfs.pool, the driver
// of its pools, and user.vexfs.compress, what the data of files is compressed with. Setting one
// holds at once, for what is read or written from then on, and after each open that is not told
// otherwise; taking it away brings back what the open was told, or the default.
//
// Threads: any; one is set or removed at a time.
#pragma once

#include "userlib/names/names.h"
#include "userlib/pool/codec/block_coder.h"

namespace vexfs {

class VolumeSettings {
  public:
    // What the open was told.
    struct Given {
        std::optional<Compression> compression;
        std::string_view pool; // empty: nothing
    };

    // Both outlive it.
    VolumeSettings(Store& store, Names& names, const Given& given)
        : store_(store), names_(names), given_(given) {}

    static bool owns(uint64_t ino, std::string_view name);

    // Takes what the volume says where the open was told nothing. What makes no sense to this
    // engine is logged and passed over: another may have written it.
    void load();
    // As of Names, and EINVAL for a value that is none.
    Status set(std::string_view name, Bytes value, SetXattr how, Timestamp now);
    Status remove(std::string_view name, Timestamp now);

  private:
    // What holds without the attribute.
    void restore(std::string_view name);

    Store& store_;
    Names& names_;
    const Given given_;
    Mutex mutex_;
};

} // namespace vexfs
