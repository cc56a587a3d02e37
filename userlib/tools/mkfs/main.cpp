// SPDX-License-Identifier: Apache-2.0
//
// mkfs.vexfs: makes a volume. Exit status 0, or 1 and a sentence on stderr.
#include <cstdio>

#include "userlib/tools/mkfs/make.h"

int main(int count, char** arguments) {
    std::string explanation;
    const auto options = vexfs::parse_mkfs(count, arguments, explanation);
    if (!options) {
        std::fprintf(stderr, "mkfs.vexfs: %s\n%s", explanation.c_str(), vexfs::kMkfsUsage);
        return 1;
    }
    if (options->help || options->version) {
        std::fputs(options->help ? vexfs::kMkfsUsage : "mkfs.vexfs " VEXFS_VERSION "\n", stdout);
        return 0;
    }
    if (const auto made = vexfs::make_volume(*options, explanation); !made) {
        const vexfs::Error error = made.error();
        std::fprintf(stderr, "mkfs.vexfs: %s [%s]\n",
                     explanation.empty() ? error.what : explanation.c_str(),
                     vexfs::name_of(error.code));
        return 1;
    }
    return 0;
}
