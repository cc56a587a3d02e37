// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/mkfs/options.h"

#include <array>

#include <getopt.h>

namespace vexfs {

namespace {

constexpr size_t kLabelBytesMax = 31;
constexpr int kSize = 256;
constexpr int kJson = 257;

const std::array<option, 11> kLong{{{"dry-run", no_argument, nullptr, 'n'},
                                    {"force", no_argument, nullptr, 'f'},
                                    {"label", required_argument, nullptr, 'L'},
                                    {"uuid", required_argument, nullptr, 'U'},
                                    {"size", required_argument, nullptr, kSize},
                                    {"quiet", no_argument, nullptr, 'q'},
                                    {"verbose", no_argument, nullptr, 'v'},
                                    {"json", no_argument, nullptr, kJson},
                                    {"help", no_argument, nullptr, 'h'},
                                    {"version", no_argument, nullptr, 'V'},
                                    {nullptr, 0, nullptr, 0}}};

Status take_value(int key, const std::string& value, MkfsOptions& options,
                  std::string& explanation) {
    auto refuse = [&](const std::string& sentence) {
        explanation = sentence;
        return fail(Code::kEINVAL, "mkfs: option");
    };
    if (key == 'L') {
        if (value.size() > kLabelBytesMax)
            return refuse("a label has at most 31 bytes");
        options.label = value;
    } else if (key == 'U') {
        const auto id = value == "random" ? random_volume_id() : parse_volume_id(value);
        if (!id)
            return refuse("'" + value + "' is no uuid: " + id.error().what);
        options.volume_id = *id;
    } else {
        const auto size = parse_size(value);
        if (!size)
            return refuse("'" + value + "' is no size: " + size.error().what);
        options.size_bytes = *size;
    }
    return ok();
}

bool* flag_of(int key, MkfsOptions& options) {
    switch (key) {
    case 'n':
        return &options.dry_run;
    case 'f':
        return &options.force;
    case 'q':
        return &options.quiet;
    case 'v':
        return &options.verbose;
    case kJson:
        return &options.json;
    case 'h':
        return &options.help;
    case 'V':
        return &options.version;
    default:
        return nullptr;
    }
}

} // namespace

const char* const kMkfsUsage =
    "usage: mkfs.vexfs [-n] [-f] [-L LABEL] [-U UUID|random] [--size SIZE] [-q|-v] [--json] "
    "TARGET\n"
    "\n"
    "Makes an empty VexFS volume of a block device or an image file.\n"
    "\n"
    "  -n, --dry-run     print what would be made and touch nothing\n"
    "  -f, --force       overwrite a target that holds data\n"
    "  -L, --label TEXT  name of the volume, at most 31 bytes\n"
    "  -U, --uuid UUID   identity of the volume; random by default\n"
    "      --size SIZE   create TARGET as an image file of this size (512M, 10G)\n"
    "  -q, --quiet       print only errors\n"
    "  -v, --verbose     print every number of the layout\n"
    "      --json        print the layout as one JSON document\n"
    "  -h, --help, -V, --version\n";

Result<MkfsOptions> parse_mkfs(int count, char** arguments, std::string& explanation) {
    MkfsOptions options;
    opterr = 0;
    optind = 1;
    int key = 0;
    // The program has one thread.
    while ((key = ::getopt_long(count, arguments, ":nfL:U:qvhV", kLong.data(), // NOLINT
                                nullptr)) != -1) {
        if (key == '?' || key == ':') {
            explanation = std::string("option ") + arguments[optind - 1] +
                          (key == ':' ? " needs a value" : " is not known");
            return fail(Code::kEINVAL, "mkfs: option");
        }
        if (bool* flag = flag_of(key, options))
            *flag = true;
        else
            VEXFS_TRY_VOID(take_value(key, optarg, options, explanation));
    }
    if (options.help || options.version)
        return options;
    if (optind + 1 != count) {
        explanation = optind == count ? "no target is named" : "more than one target is named";
        return fail(Code::kEINVAL, "mkfs: target");
    }
    options.target = arguments[optind];
    return options;
}

} // namespace vexfs
