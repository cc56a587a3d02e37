// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/volume_settings.h"

#include <algorithm>

#include "base/log.h"
#include "userlib/pool/any_pool.h"

namespace vexfs {

namespace {

constexpr std::string_view kPool = "user.vexfs.pool";
constexpr std::string_view kCompress = "user.vexfs.compress";

std::string_view text_of(Bytes value) {
    return {reinterpret_cast<const char*>(value.data()), value.size()};
}

// EINVAL for a value that is none.
Status apply(Store& store, std::string_view name, std::string_view value) {
    if (name == kPool)
        return store.set_pool(value);
    const Result<Compression> compression = parse_compression(value);
    if (!compression)
        return fail(Code::kEINVAL, "volume: no such compression");
    store.set_compression(*compression);
    return ok();
}

Status check(std::string_view name, std::string_view value) {
    const std::span<const std::string_view> names = pool_names();
    const bool known = name == kPool ? std::find(names.begin(), names.end(), value) != names.end()
                                     : parse_compression(value).has_value();
    return known ? ok() : Status(fail(Code::kEINVAL, "volume: no such pool or compression"));
}

} // namespace

bool VolumeSettings::owns(uint64_t ino, std::string_view name) {
    return ino == kRootIno && (name == kPool || name == kCompress);
}

void VolumeSettings::load() {
    for (const std::string_view name : {kPool, kCompress}) {
        const bool given = name == kPool ? !given_.pool.empty() : given_.compression.has_value();
        const Result<Page> value = names_.get_xattr(kRootIno, name);
        if (given || !value)
            continue;
        if (!apply(store_, name, text_of(*value)))
            log(LogLevel::kWarning, "volume", "a setting of the root is not known and ignored",
                {{"attribute", name}, {"value", text_of(*value)}});
    }
}

Status VolumeSettings::set(std::string_view name, Bytes value, SetXattr how, Timestamp now) {
    MutexLock lock(mutex_);
    VEXFS_TRY_VOID(check(name, text_of(value)));
    VEXFS_TRY_VOID(names_.set_xattr(kRootIno, name, value, how, now));
    return apply(store_, name, text_of(value));
}

Status VolumeSettings::remove(std::string_view name, Timestamp now) {
    MutexLock lock(mutex_);
    VEXFS_TRY_VOID(names_.remove_xattr(kRootIno, name, now));
    restore(name);
    return ok();
}

void VolumeSettings::restore(std::string_view name) {
    if (name == kPool)
        static_cast<void>(store_.set_pool(given_.pool.empty() ? kDefaultPool : given_.pool));
    else
        store_.set_compression(given_.compression.value_or(Compression{}));
}

} // namespace vexfs
