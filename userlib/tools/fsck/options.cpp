// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/fsck/options.h"

#include <array>
#include <charconv>
#include <string_view>

#include <getopt.h>

namespace vexfs {

namespace {

constexpr int kJson = 256;
constexpr int kRewind = 257;
constexpr int kRebuild = 258;
constexpr int kTruncate = 259;
constexpr int kSalvage = 260;

const std::array<option, 12> kLong{{{"json", no_argument, nullptr, kJson},
                                    {"rewind", required_argument, nullptr, kRewind},
                                    {"rebuild-freemap", no_argument, nullptr, kRebuild},
                                    {"truncate-log", no_argument, nullptr, kTruncate},
                                    {"salvage", required_argument, nullptr, kSalvage},
                                    {"quiet", no_argument, nullptr, 'q'},
                                    {"verbose", no_argument, nullptr, 'v'},
                                    {"help", no_argument, nullptr, 'h'},
                                    {"version", no_argument, nullptr, 'V'},
                                    {"force", no_argument, nullptr, 'f'},
                                    {"dry-run", no_argument, nullptr, 'n'},
                                    {nullptr, 0, nullptr, 0}}};

struct ModeLetters {
    bool look = false;
    bool preen = false;
    bool repair = false;
};

// False if the key is not known.
bool take_flag(int key, FsckOptions& options, ModeLetters& modes) {
    switch (key) {
    case 'n':
        return modes.look = true;
    case 'p':
    case 'a':
        return modes.preen = true;
    case 'y':
        return modes.repair = true;
    case 'f': // a check is always a full one
        return true;
    case 'q':
        return options.quiet = true;
    case 'v':
        return options.verbose = true;
    case 'h':
        return options.help = true;
    case 'V':
        return options.version = true;
    case kJson:
        return options.json = true;
    case kRebuild:
        return options.rebuild_free_map = true;
    case kTruncate:
        return options.truncate_log = true;
    default:
        return false;
    }
}

Status take_rewind(std::string_view text, FsckOptions& options, std::string& explanation) {
    uint64_t txg = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), txg);
    if (error != std::errc() || end != text.end()) {
        explanation = "'" + std::string(text) + "' is no transaction group";
        return fail(Code::kEINVAL, "fsck: rewind");
    }
    options.rewind_txg = txg;
    return ok();
}

} // namespace

const char* const kFsckUsage =
    "usage: fsck.vexfs [-n|-p|-y] [-q|-v] [--json] [REPAIR...] TARGET\n"
    "       fsck.vexfs [-q] [--json] --salvage DIR TARGET\n"
    "\n"
    "Checks a VexFS volume that is not in use. Without -p, -y or a repair nothing is written.\n"
    "\n"
    "  -n                only look (the default)\n"
    "  -p, -a            repair what can be repaired without loss\n"
    "  -y                also give up what cannot be kept\n"
    "  -f                accepted: every check is a full one\n"
    "  -q, -v            print nothing but problems; print figures\n"
    "      --json        print the report as one JSON document\n"
    "repairs, done only when named:\n"
    "      --rewind TXG       go back to the newest commit up to this one; later ones are lost\n"
    "      --rebuild-freemap  count anew which blocks are in use\n"
    "      --truncate-log     give up what lies behind a damaged block of the log\n"
    "for a volume that no repair brings back:\n"
    "      --salvage DIR      copy what can be read to the new directory DIR\n"
    "  -h, --help, -V, --version\n";

Result<FsckOptions> parse_fsck(int count, char** arguments, std::string& explanation) {
    FsckOptions options;
    ModeLetters modes;
    auto refuse = [&](const std::string& sentence) {
        explanation = sentence;
        return fail(Code::kEINVAL, "fsck: option");
    };
    opterr = 0;
    optind = 1;
    int key = 0;
    // The program has one thread.
    while ((key = ::getopt_long(count, arguments, ":npayfqvhV", kLong.data(), // NOLINT
                                nullptr)) != -1) {
        if (key == kRewind)
            VEXFS_TRY_VOID(take_rewind(optarg, options, explanation));
        else if (key == kSalvage)
            options.salvage_directory = optarg;
        else if (!take_flag(key, options, modes))
            return refuse(std::string("option ") + arguments[optind - 1] +
                          (key == ':' ? " needs a value" : " is not known"));
    }
    if (options.help || options.version)
        return options;
    if (modes.look + modes.preen + modes.repair > 1)
        return refuse("-n, -p and -y exclude each other");
    if (modes.look && options.named_repair())
        return refuse("-n writes nothing, and a repair is named");
    if (!options.salvage_directory.empty() &&
        (options.named_repair() || modes.preen || modes.repair))
        return refuse("--salvage writes nothing to the volume, and a repair is asked for");
    if (optind + 1 != count)
        return refuse(optind == count ? "no target is named" : "more than one target is named");
    options.mode = modes.preen    ? FsckOptions::Mode::kPreen
                   : modes.repair ? FsckOptions::Mode::kRepair
                                  : FsckOptions::Mode::kLook;
    options.target = arguments[optind];
    return options;
}

} // namespace vexfs
