// SPDX-License-Identifier: Apache-2.0
//
// vexfs-sim: crash sweeps over seed after seed until enough states were tried.
//
//     vexfs-sim [--states N] [--seed FIRST] [--until-violation]
//
// Exit: 0 no violation, 1 a violation (the first of each seed is printed with its seed), 2 usage.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "userlib/testing/sim/crash_sweep.h"

namespace {

// So that a run of few states sees more than a few seeds.
constexpr uint64_t kSeedStatesMax = 4000;

bool parse(const char* text, uint64_t& value) {
    char* end = nullptr;
    value = std::strtoull(text, &end, 10);
    return *text != '\0' && *end == '\0';
}

} // namespace

int main(int argc, char** argv) {
    uint64_t states_wanted = 100000;
    uint64_t seed = 1;
    bool until_violation = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--until-violation") == 0) {
            until_violation = true;
            continue;
        }
        const bool known =
            i + 1 < argc &&
            ((std::strcmp(argv[i], "--states") == 0 && parse(argv[i + 1], states_wanted)) ||
             (std::strcmp(argv[i], "--seed") == 0 && parse(argv[i + 1], seed)));
        if (!known) {
            std::fprintf(stderr, "usage: vexfs-sim [--states N] [--seed S] [--until-violation]\n");
            return 2;
        }
        ++i;
    }
    const auto start = std::chrono::steady_clock::now();
    uint64_t states = 0;
    uint64_t violations = 0;
    uint64_t seeds = 0;
    while (states < states_wanted && !(until_violation && violations > 0)) {
        const vexfs::SweepResult result =
            vexfs::sweep_seed(seed + seeds, std::min(states_wanted - states, kSeedStatesMax));
        ++seeds;
        states += result.states;
        violations += result.violations;
        if (result.violations > 0)
            std::fprintf(stderr, "%s\n", result.first_violation.c_str());
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("states %" PRIu64 " violations %" PRIu64 " rate %.0f seeds %" PRIu64 "\n", states,
                violations, static_cast<double>(states) / wall.count(), seeds);
    return violations == 0 ? 0 : 1;
}
