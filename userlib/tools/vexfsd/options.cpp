// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexfsd/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <getopt.h>
#include <limits.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "userlib/engine/volume.h"
#include "userlib/pool/codec/block_coder.h"
#include "userlib/tools/units/units.h"

namespace vexfs {

namespace {

constexpr uint32_t kThreadsMax = 256;
constexpr uint32_t kCommitSecondsMax = 3600;
constexpr uint32_t kPollMicrosecondsMax = 10'000;

enum Key : int {
    kFuse = 256,
    kModule,
    kRecover,
    kPoll,
    kDoorbell,
    kSource,
    kMemory,
    kCommit,
    kCpus,
    kCompress,
    kCold,
    kPool,
    kCache,
    kCacheTrace,
    kWriteback,
    kMountFlags,
    kAllowOther,
    kLogLevel,
    kLogFile,
    kConfig,
    kPidFile,
    kStateFile,
};

const std::array<option, 27> kLong{{{"fuse", required_argument, nullptr, kFuse},
                                    {"module", required_argument, nullptr, kModule},
                                    {"recover", required_argument, nullptr, kRecover},
                                    {"poll", required_argument, nullptr, kPoll},
                                    {"doorbell", required_argument, nullptr, kDoorbell},
                                    {"source", required_argument, nullptr, kSource},
                                    {"foreground", no_argument, nullptr, 'f'},
                                    {"read-only", no_argument, nullptr, 'r'},
                                    {"memory", required_argument, nullptr, kMemory},
                                    {"commit", required_argument, nullptr, kCommit},
                                    {"cpus", required_argument, nullptr, kCpus},
                                    {"compress", required_argument, nullptr, kCompress},
                                    {"cold", required_argument, nullptr, kCold},
                                    {"pool", required_argument, nullptr, kPool},
                                    {"cache", required_argument, nullptr, kCache},
                                    {"cache-trace", required_argument, nullptr, kCacheTrace},
                                    {"writeback", no_argument, nullptr, kWriteback},
                                    {"mount-flags", required_argument, nullptr, kMountFlags},
                                    {"allow-other", no_argument, nullptr, kAllowOther},
                                    {"log-level", required_argument, nullptr, kLogLevel},
                                    {"log-file", required_argument, nullptr, kLogFile},
                                    {"config", required_argument, nullptr, kConfig},
                                    {"pid-file", required_argument, nullptr, kPidFile},
                                    {"state-file", required_argument, nullptr, kStateFile},
                                    {"help", no_argument, nullptr, 'h'},
                                    {"version", no_argument, nullptr, 'V'},
                                    {nullptr, 0, nullptr, 0}}};

// A path that means the same from any directory. What it names need not exist.
std::string absolute(const std::string& path) {
    std::array<char, PATH_MAX> directory{};
    if (path.empty() || path[0] == '/' || ::getcwd(directory.data(), directory.size()) == nullptr)
        return path;
    return std::string(directory.data()) + "/" + path;
}

Result<uint32_t> number(const std::string& text, uint32_t max, const char* option,
                        std::string& explanation) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0 || value > max) {
        explanation = std::string(option) + " is a number from 1 to " + std::to_string(max) +
                      ", not '" + text + "'";
        return fail(Code::kEINVAL, "vexfsd: option");
    }
    return value;
}

// Microseconds; nothing if the machine is to decide.
Result<std::optional<uint32_t>> poll_of(const std::string& text, std::string& explanation) {
    if (text == "auto")
        return std::optional<uint32_t>();
    if (text == "off")
        return std::optional<uint32_t>(0);
    const auto microseconds =
        number(text, kPollMicrosecondsMax, "--poll is off or auto, or", explanation);
    if (!microseconds)
        return microseconds.error();
    return std::optional<uint32_t>(*microseconds);
}

// What the engine compresses with, and keeps compressed in memory. False if the key is another.
Result<bool> take_compressed(int key, const std::string& value, VexfsdOptions& options,
                             std::string& explanation) {
    if (key == kCompress) {
        if (!parse_compression(value))
            explanation = "'" + value + "' is no compression: off, lz4, zstd or zstd:1 to zstd:19";
        options.compression = value;
    } else if (key == kPool) {
        const auto found = std::ranges::find(pool_names(), value);
        if (found == pool_names().end())
            explanation = "'" + value + "' is no pool: zsmalloc, z3fold or zbud";
        else
            options.pool = *found;
    } else if (key == kCache) {
        if (value != name_of(CachePolicy::kS3Fifo) && value != name_of(CachePolicy::kArc))
            explanation = "'" + value + "' is no policy of the cache: s3fifo or arc";
        options.cache_policy =
            value == name_of(CachePolicy::kArc) ? CachePolicy::kArc : CachePolicy::kS3Fifo;
    } else if (key == kCacheTrace) {
        options.cache_trace = absolute(value);
    } else if (key == kCold) {
        const auto percent = number(value, ColdOptions::kPercentMax, "--cold", explanation);
        explanation.clear();
        if (!percent && value != "0")
            explanation = "--cold is 0 to 90 percent, not '" + value + "'";
        options.cold_percent = percent ? *percent : 0;
    } else {
        return false;
    }
    if (!explanation.empty())
        return fail(Code::kEINVAL, "vexfsd: option");
    return true;
}

Result<LogLevel> level_of(const std::string& text, std::string& explanation) {
    LogLevel level{};
    if (parse_log_level(text, level))
        return level;
    explanation = "'" + text + "' is no log level: error, warning, info or debug";
    return fail(Code::kEINVAL, "vexfsd: option");
}

std::string* path_of(int key, VexfsdOptions& options) {
    switch (key) {
    case kFuse:
    case kModule:
        options.front_end = key == kFuse ? FrontEnd::kFuse : FrontEnd::kModule;
        return &options.mountpoint;
    case kLogFile:
        return &options.log_file;
    case kConfig:
        return &options.config_file;
    case kPidFile:
        return &options.pid_file;
    case kStateFile:
        return &options.state_file;
    default:
        return nullptr;
    }
}

bool* flag_of(int key, VexfsdOptions& options) {
    switch (key) {
    case 'f':
        return &options.foreground;
    case 'r':
        return &options.read_only;
    case kWriteback:
        return &options.writeback;
    case kAllowOther:
        return &options.allow_other;
    case 'h':
        return &options.help;
    case 'V':
        return &options.version;
    default:
        return nullptr;
    }
}

// Those that the kernel heeds on a FUSE mount.
Result<std::vector<std::string>> flags_of(const std::string& text, std::string& explanation) {
    std::vector<std::string> flags;
    std::stringstream words(text);
    for (std::string word; std::getline(words, word, ',');) {
        if (word != "nodev" && word != "nosuid" && word != "noexec" && word != "noatime") {
            explanation = "'" + word + "' is no mount flag: nodev, nosuid, noexec or noatime";
            return fail(Code::kEINVAL, "vexfsd: option");
        }
        flags.push_back(word);
    }
    return flags;
}

Result<bool> is_uring(const std::string& text, std::string& explanation) {
    if (text == "uring" || text == "ioctl")
        return text == "uring";
    explanation = "'" + text + "' is no doorbell: uring or ioctl";
    return fail(Code::kEINVAL, "vexfsd: option");
}

Status take_value(int key, const std::string& value, VexfsdOptions& options,
                  std::string& explanation) {
    if (VEXFS_TRY(take_compressed(key, value, options, explanation)))
        return ok();
    if (std::string* const path = path_of(key, options)) {
        *path = absolute(value);
    } else if (key == kSource) {
        options.source = value;
    } else if (key == kMemory) {
        const auto bytes = parse_size(value);
        if (!bytes) {
            explanation = "'" + value + "' is no size: " + bytes.error().what;
            return fail(Code::kEINVAL, "vexfsd: option");
        }
        options.memory_bytes = *bytes;
    } else if (key == kCommit) {
        options.live.commit_seconds =
            VEXFS_TRY(number(value, kCommitSecondsMax, "--commit", explanation));
    } else if (key == kCpus) {
        options.threads = VEXFS_TRY(number(value, kThreadsMax, "--cpus", explanation));
    } else if (key == kRecover) {
        options.recover_fs = VEXFS_TRY(number(value, UINT32_MAX, "--recover", explanation));
    } else if (key == kPoll) {
        options.poll_microseconds = VEXFS_TRY(poll_of(value, explanation));
    } else if (key == kDoorbell) {
        options.uring = VEXFS_TRY(is_uring(value, explanation));
    } else if (key == kMountFlags) {
        options.mount_flags = VEXFS_TRY(flags_of(value, explanation));
    } else {
        options.live.log_level = VEXFS_TRY(level_of(value, explanation));
    }
    return ok();
}

// The first option that FUSE knows nothing of, in a sentence.
std::string module_option(const VexfsdOptions& options) {
    const char* const option = options.recover_fs != 0     ? "--recover"
                               : options.poll_microseconds ? "--poll"
                               : options.uring             ? "--doorbell"
                                                           : nullptr;
    return option != nullptr ? std::string(option) + " goes with --module" : "";
}

Status take_operands(int count, char** arguments, VexfsdOptions& options,
                     std::string& explanation) {
    if (optind + 1 != count)
        explanation = optind == count ? "no target is named" : "more than one target is named";
    else if (options.mountpoint.empty())
        explanation = "no front end is named: --fuse MOUNTPOINT or --module MOUNTPOINT";
    else
        options.target = absolute(arguments[optind]);
    if (explanation.empty() && options.front_end == FrontEnd::kFuse)
        explanation = module_option(options);
    return explanation.empty() ? ok() : Status(fail(Code::kEINVAL, "vexfsd: command line"));
}

} // namespace

const char* const kVexfsdUsage =
    "usage: vexfsd --fuse|--module MOUNTPOINT [-f] [-r] [options] TARGET\n"
    "\n"
    "Opens the VexFS volume on TARGET, a block device or an image file, and serves it. Returns "
    "when\n"
    "the mount serves; SIGTERM unmounts and ends it, SIGHUP reads the configuration file again.\n"
    "\n"
    "      --fuse DIR         mount there through FUSE\n"
    "      --module DIR       mount there through the kernel module of VexFS\n"
    "      --recover FS       take over what is mounted there already: file system FS of the\n"
    "                         module, whose engine has ended\n"
    "      --poll USECS       module: look out for the next request that long before sleeping;\n"
    "                         off, or auto: off with one or two CPUs, else 50 (auto)\n"
    "      --doorbell KIND    module: wait by uring or ioctl (what suits the kernel)\n"
    "  -f, --foreground       do not become a daemon; log to stderr\n"
    "  -r, --read-only        nothing is written, every change is EROFS\n"
    "      --memory SIZE      for cache, rows, unwritten changes, at least 64M (512M)\n"
    "      --commit SECONDS   longest time that a change stays in memory alone, unless it is\n"
    "                         synced (5)\n"
    "      --cpus N           threads that serve requests (16)\n"
    "      --compress CODEC   of data that is written: off, lz4, zstd or zstd:LEVEL (lz4)\n"
    "      --cold PERCENT     of the cache, for blocks that left it, compressed in a pool (0)\n"
    "      --cache POLICY     who stays in the cache: s3fifo or arc (s3fifo)\n"
    "      --cache-trace FILE record what the cache is asked for, for vexfs-bench cache\n"
    "      --pool DRIVER      that pool: zsmalloc, z3fold or zbud (zsmalloc)\n"
    "      --allow-other      let other users in; always so if root mounts\n"
    "      --writeback        let the kernel keep written pages and send them later\n"
    "      --mount-flags LIST nodev, nosuid, noexec, noatime, with commas between them\n"
    "      --source TEXT      what mount(8) shows as the device (TARGET)\n"
    "      --log-level LEVEL  error, warning, info or debug (info)\n"
    "      --log-file FILE    where a daemon logs to (nowhere)\n"
    "      --config FILE      JSON: {\"log_level\": \"info\", \"commit\": 5}\n"
    "      --pid-file FILE    holds the process id while the mount serves\n"
    "      --state-file FILE  holds pid, target, mount point and state as JSON meanwhile\n"
    "  -h, --help, -V, --version\n";

Result<VexfsdOptions> parse_vexfsd(int count, char** arguments, std::string& explanation) {
    VexfsdOptions options;
    options.allow_other = ::geteuid() == 0;
    opterr = 0;
    optind = 1;
    int key = 0;
    // The program has one thread.
    while ((key = ::getopt_long(count, arguments, ":frhV", kLong.data(), // NOLINT
                                nullptr)) != -1) {
        if (key == '?' || key == ':') {
            explanation = std::string("option ") + arguments[optind - 1] +
                          (key == ':' ? " needs a value" : " is not known");
            return fail(Code::kEINVAL, "vexfsd: option");
        }
        if (bool* const flag = flag_of(key, options))
            *flag = true;
        else
            VEXFS_TRY_VOID(take_value(key, optarg, options, explanation));
    }
    if (options.help || options.version)
        return options;
    VEXFS_TRY_VOID(take_operands(count, arguments, options, explanation));
    return options;
}

Result<LiveOptions> read_config_file(const std::string& path, std::string& explanation) {
    const auto refuse = [&](const std::string& sentence) {
        explanation = path + ": " + sentence;
        return fail(Code::kEINVAL, "vexfsd: configuration file");
    };
    std::ifstream stream(path);
    if (!stream)
        return refuse("cannot be read");
    std::stringstream text;
    text << stream.rdbuf();
    const auto json = nlohmann::json::parse(text.str(), nullptr, false);
    if (!json.is_object())
        return refuse("is no JSON object");
    LiveOptions live;
    for (const auto& [key, value] : json.items()) {
        if (key == "log_level" && value.is_string()) {
            const auto level = level_of(value.get<std::string>(), explanation);
            if (!level)
                return refuse(explanation);
            live.log_level = *level;
        } else if (key == "commit" && value.is_number_unsigned() && value.get<uint64_t>() > 0 &&
                   value.get<uint64_t>() <= kCommitSecondsMax) {
            live.commit_seconds = value.get<uint32_t>();
        } else {
            return refuse("'" + key + "' is not known or has an impossible value");
        }
    }
    return live;
}

} // namespace vexfs
