// SPDX-License-Identifier: Apache-2.0
//
// vexfs-pool-sweep: random operations on each pool driver, beside a std::map.
//
// Exit: 0 all is as the map says, 1 not, 2 usage.
#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "userlib/pool/pool_driver.h"
#include "userlib/testing/pool/pool_run.h"

namespace {

using namespace vexfs;

constexpr const char* kUsage =
    "usage: vexfs-pool-sweep [--operations N] [--objects N] [--seed S] [--driver NAME]\n"
    "\n"
    "Runs N random operations (10000000) on each driver, with up to as many objects (5000): once\n"
    "with objects of at most a page, and a tenth as many with objects of up to 64 KiB.\n";

struct Arguments {
    uint64_t operations = 10'000'000;
    uint64_t objects = 5000;
    uint64_t seed = 1;
    std::string_view driver;
};

bool parse(int argc, char** argv, Arguments& arguments) {
    for (int i = 1; i < argc; i += 2) {
        const std::string_view name = argv[i];
        if (i + 1 == argc)
            return false;
        if (name == "--driver") {
            arguments.driver = argv[i + 1];
            continue;
        }
        uint64_t* const into = name == "--operations" ? &arguments.operations
                               : name == "--objects"  ? &arguments.objects
                               : name == "--seed"     ? &arguments.seed
                                                      : nullptr;
        if (into == nullptr)
            return false;
        const char* const end = argv[i + 1] + std::strlen(argv[i + 1]);
        const auto [stop, error] = std::from_chars(argv[i + 1], end, *into);
        if (error != std::errc{} || stop != end)
            return false;
    }
    return arguments.operations > 0 && arguments.objects > 0;
}

template <Pool Driver>
bool sweep(const Arguments& arguments, uint64_t operations, size_t object_bytes_max) {
    const auto start = std::chrono::steady_clock::now();
    PoolOptions options;
    options.object_bytes_max = object_bytes_max;
    Driver pool(options);
    PoolRun<Driver> run(pool, arguments.seed, arguments.objects);
    run.go(operations);
    const PoolStats stats = pool.stats();
    const std::string& fault = run.finish();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%-8s up to %5zu bytes: %" PRIu64 " operations in %.1f s, at most %zu pages, "
                "%" PRIu64 " moved, %" PRIu64 " evicted: %s\n",
                Driver::kName.data(), object_bytes_max, operations, took.count(), run.most_pages(),
                stats.moved, stats.evicted, fault.empty() ? "as the map says" : fault.c_str());
    std::fflush(stdout);
    return fault.empty();
}

template <Pool Driver>
bool sweep_if(const Arguments& arguments, bool& known) {
    if (!arguments.driver.empty() && arguments.driver != Driver::kName)
        return true;
    known = true;
    const bool pages = sweep<Driver>(arguments, arguments.operations, kPoolPageBytes);
    return sweep<Driver>(arguments, arguments.operations / 10 + 1, kPoolObjectBytesMax) && pages;
}

} // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parse(argc, argv, arguments)) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    bool known = false;
    bool right = sweep_if<Zbud>(arguments, known);
    right = sweep_if<Z3fold>(arguments, known) && right;
    right = sweep_if<Zsmalloc>(arguments, known) && right;
    if (!known) {
        std::fprintf(stderr, "vexfs-pool-sweep: no driver is called %s\n", arguments.driver.data());
        return 2;
    }
    std::printf("seed %" PRIu64 "\n", arguments.seed);
    return right ? 0 : 1;
}
