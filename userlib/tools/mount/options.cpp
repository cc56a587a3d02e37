// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/mount/options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <unistd.h>

namespace vexfs {

namespace {

// An option of -o that becomes one of vexfsd, with its value if it has one.
struct Passed {
    std::string_view name;
    const char* daemon;
    bool has_value;
};

constexpr std::array<Passed, 9> kPassed{{
    {"ro", "--read-only", false},
    {"mem", "--memory", true},
    {"compress", "--compress", true},
    {"cold", "--cold", true},
    {"pool", "--pool", true},
    {"cache", "--cache", true},
    {"commit", "--commit", true},
    {"cpus", "--cpus", true},
    {"allow_other", "--allow-other", false},
}};

constexpr std::array<std::string_view, 4> kFlags{"nodev", "nosuid", "noexec", "noatime"};

// What holds anyhow, or is meant for mount(8), fstab and service managers.
constexpr std::array<std::string_view, 22> kIgnored{
    "rw",     "defaults", "async",   "dev",     "suid",    "exec",  "auto",  "noauto",
    "nofail", "_netdev",  "user",    "users",   "nouser",  "owner", "group", "nodiratime",
    "loud",   "noowner",  "nogroup", "comment", "uhelper", "helper"};

// Known to mount(8), but not to VexFS: a reason instead of "not known".
struct Refused {
    std::string_view name;
    const char* reason;
};

constexpr const char* kNoAccessTimes = "reading a file does not change its access time";
constexpr const char* kNoSync =
    "a program syncs with fsync(2); commit= bounds the wait of the rest";

constexpr std::array<Refused, 9> kRefused{{
    {"remount", "unmount it and mount it again"},
    {"relatime", kNoAccessTimes},
    {"strictatime", kNoAccessTimes},
    {"lazytime", kNoAccessTimes},
    {"sync", kNoSync},
    {"dirsync", kNoSync},
    {"bind", "that is an option of mount(8) alone"},
    {"rbind", "that is an option of mount(8) alone"},
    {"mand", "there are no mandatory locks"},
}};

template <typename List>
bool holds(const List& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

template <typename Rows>
auto row_of(const Rows& rows, std::string_view name) {
    const auto* const found =
        std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    return found == rows.end() ? nullptr : found;
}

// -o as it was given, taken apart.
struct Words {
    bool sloppy = false;
    std::vector<std::string> flags;
};

Status take_word(const std::string& word, Words& words, MountOptions& options,
                 std::string& explanation) {
    const auto refuse = [&](const std::string& sentence) {
        explanation = "option " + sentence;
        return fail(Code::kEINVAL, "mount: option");
    };
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (const Passed* const passed = row_of(kPassed, name)) {
        if ((equals != std::string::npos) != passed->has_value)
            return refuse(name + (passed->has_value ? " needs a value" : " takes no value"));
        options.daemon.emplace_back(passed->daemon);
        if (passed->has_value)
            options.daemon.push_back(word.substr(equals + 1));
        return ok();
    }
    if (holds(kFlags, word)) {
        words.flags.push_back(word);
        return ok();
    }
    if (holds(kIgnored, name) || name.starts_with("x-") || name.starts_with("X-") || words.sloppy)
        return ok();
    if (const Refused* const refused = row_of(kRefused, name))
        return refuse(name + " is not offered: " + refused->reason);
    return refuse(name + " is not known (-s ignores such options)");
}

// The last of a pair wins, as it does with mount(8).
void settle_pairs(std::vector<std::string>& words) {
    const auto last = [&](std::string_view word) {
        const auto found = std::find(words.rbegin(), words.rend(), word);
        return words.rend() - found; // 0: nowhere
    };
    using Pair = std::pair<std::string_view, std::string_view>;
    constexpr std::array<Pair, 4> kPairs{
        {{"ro", "rw"}, {"nodev", "dev"}, {"nosuid", "suid"}, {"noexec", "exec"}}};
    for (const auto& [strict, loose] : kPairs)
        if (last(strict) < last(loose))
            std::erase(words, std::string(strict));
}

Status take_words(const std::string& text, Words& words, MountOptions& options,
                  std::string& explanation) {
    std::vector<std::string> list;
    for (size_t at = 0; at <= text.size();) {
        const size_t comma = std::min(text.find(',', at), text.size());
        if (comma > at)
            list.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    settle_pairs(list);
    for (const std::string& word : list)
        VEXFS_TRY_VOID(take_word(word, words, options, explanation));
    if (words.flags.empty())
        return ok();
    std::string flags;
    for (const std::string& flag : words.flags)
        flags += (flags.empty() ? "" : ",") + flag;
    options.daemon.emplace_back("--mount-flags");
    options.daemon.push_back(flags);
    return ok();
}

Status take_operands(const std::vector<std::string>& operands, MountOptions& options,
                     std::string& explanation) {
    if (operands.size() != 2) {
        explanation = operands.size() < 2 ? "a device and a directory are needed"
                                          : "more than a device and a directory is named";
        return fail(Code::kEINVAL, "mount: command line");
    }
    options.device = operands[0];
    options.directory = operands[1];
    return ok();
}

} // namespace

const char* const kMountUsage =
    "usage: mount.vexfs DEVICE DIR [-fnsvhV] [-o OPTION,...]\n"
    "\n"
    "Mounts the VexFS volume on DEVICE, a block device or an image file, at DIR. mount(8) calls "
    "it\n"
    "for `mount -t vexfs` and for lines of fstab(5); `umount DIR` ends it.\n"
    "\n"
    "  -f  look at device, directory and options, and mount nothing\n"
    "  -n  accepted: there is no mtab to leave alone\n"
    "  -s  ignore options of -o that are not known\n"
    "  -v  say what is run\n"
    "  -o ro               nothing is written, every change is EROFS\n"
    "     mem=SIZE         for cache, rows, unwritten changes, at least 64M (512M)\n"
    "     commit=SECONDS   longest time that an unsynced change stays in memory alone (5)\n"
    "     cpus=N           threads that serve requests (16)\n"
    "     compress=CODEC   of data that is written: off, lz4, zstd or zstd:LEVEL (lz4)\n"
    "     cold=PERCENT     of the cache, for blocks that left it, compressed in a pool (0)\n"
    "     pool=DRIVER      that pool: zsmalloc, z3fold or zbud (zsmalloc)\n"
    "     cache=POLICY     who stays in the cache: s3fifo or arc (s3fifo)\n"
    "     allow_other      let other users in; always so if root mounts\n"
    "     nodev, nosuid, noexec, noatime   as in mount(8)\n"
    "  -h, -V\n";

Result<MountOptions> parse_mount(int count, char** arguments, std::string& explanation) {
    MountOptions options;
    Words words;
    std::vector<std::string> operands;
    std::string text;
    optind = 1;
    opterr = 0;
    // A dash in front: operands come in their place, as mount(8) puts them before the options.
    int key = 0;
    while ((key = ::getopt(count, arguments, "-:fnsvhVo:t:")) != -1) { // NOLINT
        switch (key) {
        case 1:
            operands.emplace_back(optarg);
            break;
        case 'o':
            text += "," + std::string(optarg);
            break;
        case '?':
        case ':':
            explanation = std::string("option -") + static_cast<char>(optopt) +
                          (key == ':' ? " needs a value" : " is not known");
            return fail(Code::kEINVAL, "mount: option");
        default: // -n and -t change nothing
            options.fake |= key == 'f';
            options.verbose |= key == 'v';
            options.help |= key == 'h';
            options.version |= key == 'V';
            words.sloppy |= key == 's';
        }
    }
    if (options.help || options.version)
        return options;
    for (; optind < count; ++optind)
        operands.emplace_back(arguments[optind]);
    VEXFS_TRY_VOID(take_words(text, words, options, explanation));
    VEXFS_TRY_VOID(take_operands(operands, options, explanation));
    return options;
}

} // namespace vexfs
