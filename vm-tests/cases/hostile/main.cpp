// SPDX-License-Identifier: Apache-2.0
//
// vexfs-hostile client SEED CALLS PATH... | vexfs-hostile engine SEED ROUNDS MOUNTPOINT
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "vm-tests/cases/hostile/hostile.h"

namespace {

uint64_t number(const char* text) {
    return std::strtoull(text, nullptr, 10);
}

} // namespace

int main(int count, char** arguments) {
    if (count >= 5) {
        const std::string_view who = arguments[1];
        const std::vector<std::string> paths(arguments + 4, arguments + count);
        const uint64_t seed = number(arguments[2]);
        const uint64_t times = number(arguments[3]);
        if (who == "client")
            return vexfs::run_hostile_client(paths, seed, times) ? 0 : 1;
        if (who == "engine")
            return vexfs::run_hostile_engine(paths.front(), seed, times) ? 0 : 1;
    }
    std::fputs("usage: vexfs-hostile client SEED CALLS PATH...\n"
               "       vexfs-hostile engine SEED ROUNDS MOUNTPOINT\n",
               stderr);
    return 2;
}
