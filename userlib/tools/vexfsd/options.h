// SPDX-License-Identifier: Apache-2.0
//
// The command line of vexfsd, and its configuration file.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "userlib/pool/any_pool.h"
#include "userlib/pool/cache/cache.h"

namespace vexfs {

extern const char* const kVexfsdUsage;

// What may change while the engine runs.
struct LiveOptions {
    std::optional<LogLevel> log_level;
    std::optional<uint32_t> commit_seconds;
};

enum class FrontEnd { kFuse, kModule };

struct VexfsdOptions {
    std::string target;
    FrontEnd front_end = FrontEnd::kFuse;
    std::string mountpoint;
    std::string source; // what mount(8) shows; the target if it is empty
    bool foreground = false;
    bool read_only = false;
    bool allow_other = false;
    bool writeback = false;
    bool help = false;
    bool version = false;
    uint64_t memory_bytes = uint64_t{512} << 20;
    uint32_t threads = 16;
    std::string compression; // as parse_compression() takes it; empty: as the volume says
    uint32_t cold_percent = 0;
    CachePolicy cache_policy = kDefaultCachePolicy;
    std::string cache_trace; // a file; empty: none
    std::string_view pool;   // of pool_names(); empty: as the volume says
    // Of the module alone.
    uint64_t recover_fs = 0;                   // 0: a mount of its own
    std::optional<uint32_t> poll_microseconds; // 0: off; not stated: as suits the machine
    std::optional<bool> uring;                 // or the ioctl
    std::vector<std::string> mount_flags;
    LiveOptions live; // of the command line; it wins over the file
    std::string config_file;
    std::string pid_file;
    std::string state_file;
    std::string log_file;
};

// EINVAL with a sentence for the user. Paths are made absolute: a daemon leaves its directory.
Result<VexfsdOptions> parse_vexfsd(int count, char** arguments, std::string& explanation);

// {"log_level": "info", "commit": 5}, both optional. EINVAL names the key.
Result<LiveOptions> read_config_file(const std::string& path, std::string& explanation);

} // namespace vexfs
