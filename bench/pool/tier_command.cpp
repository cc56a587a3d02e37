// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench tier`: its options, its runs and its report.
//
// Threads: one thread.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/random.h"
#include "bench/cli/command.h"
#include "bench/machine/machine.h"
#include "bench/pool/commands.h"
#include "bench/pool/source_volume.h"
#include "bench/result/result_file.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Looks up and reads files of a volume in memory, again and again, with a cache of a share of\n"
    "all that they would need, once as it is and with parts of it as a cold tier of compressed\n"
    "blocks. Counts reads of the device and the processor's time, after as many reads that fill\n"
    "the cache. The texts below a folder are the files, a number of copies of them.";

struct TierOptions {
    std::string from = ".";
    uint64_t copies = 8;
    uint64_t percent = 25;
    uint64_t reads = 20'000;
    uint64_t seed = 1;
    uint64_t processor = last_processor();
    bool json = false;
};

void bind(Options& command, TierOptions& options) {
    command.text("--from", "DIR", "whose text files are read (.)", &options.from);
    command.number("--copies", "N", "of each file (8)", 1, 1000, &options.copies);
    command.number("--percent", "N", "of what the files need, as cache (25)", 1, 100,
                   &options.percent);
    command.number("--reads", "N", "files that are read (20000)", 1, 100'000'000, &options.reads);
    command.number("--seed", "N", "of the order (1)", 0, UINT64_MAX, &options.seed);
    command.number("--core", "N", "processor to measure on (the last one)", 0, 1023,
                   &options.processor);
    command.flag("--json", "one JSON document", &options.json);
}

struct Setting {
    const char* name;
    ColdOptions cold;
};
constexpr Setting kSettings[] = {
    {"none", {0, false, false}},         {"nodes, 10%", {10, true, false}},
    {"records, 25%", {25, false, true}}, {"records, 50%", {50, false, true}},
    {"both, 25%", {25, true, true}},     {"both, 50%", {50, true, true}},
    {"both, 75%", {75, true, true}},
};

struct TierFigures {
    std::string order;
    std::string setting;
    size_t cache_bytes = 0;
    double device_reads = 0; // of each file that was read, as all that follows
    double device_bytes = 0;
    double hot_hits = 0; // share
    double cold_hits = 0;
    double cpu_us = 0;
};

double cpu_us() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// Which file comes next: any of them, or the n-th most liked one with a chance of 1/n.
// Threads: one thread.
class Order {
  public:
    Order(size_t files, bool skewed, uint64_t seed) : random_(seed), rank_(files) {
        for (size_t i = 0; i < files; ++i)
            rank_[i] = i;
        random_.shuffle(std::span(rank_));
        double sum = 0;
        for (size_t i = 0; i < files; ++i)
            chances_.push_back(sum += skewed ? 1.0 / static_cast<double>(i + 1) : 1.0);
    }
    size_t next() {
        const double point = random_.unit() * chances_.back();
        const auto at = std::upper_bound(chances_.begin(), chances_.end(), point);
        return rank_[std::min<size_t>(at - chances_.begin(), rank_.size() - 1)];
    }

  private:
    Random random_;
    std::vector<size_t> rank_;
    std::vector<double> chances_;
};

// Threads: one thread.
class Reader {
  public:
    Reader(SourceVolume& volume, const std::vector<SourceFile>& files)
        : volume_(volume), files_(files) {}

    // As a path is walked and the file read whole.
    Status read(size_t number) {
        std::string_view path = files_[number].path;
        uint64_t at = kRootIno;
        while (true) {
            const size_t slash = path.find('/');
            at = VEXFS_TRY(volume_.names().lookup(at, path.substr(0, slash))).ino;
            if (slash == std::string_view::npos)
                break;
            path.remove_prefix(slash + 1);
        }
        room_.resize(files_[number].bytes.size());
        const size_t bytes = VEXFS_TRY(volume_.names().read(at, 0, room_));
        if (bytes != room_.size() || room_ != files_[number].bytes)
            return fail(Code::kEIO, "tier: a file is not what was written");
        return ok();
    }

  private:
    SourceVolume& volume_;
    const std::vector<SourceFile>& files_;
    std::vector<std::byte> room_;
};

Result<TierFigures> measure(SourceVolume& volume, const std::vector<SourceFile>& files,
                            const TierOptions& options, const Setting& setting, bool skewed,
                            size_t cache_bytes) {
    StoreOptions store;
    store.cache_bytes = cache_bytes;
    store.cold = setting.cold;
    VEXFS_TRY_VOID(volume.reopen(store));
    Reader reader(volume, files);
    Order order(files.size(), skewed, options.seed);
    for (uint64_t i = 0; i < options.reads; ++i)
        VEXFS_TRY_VOID(reader.read(order.next()));
    const BlockCache::Counts before = volume.store().cache_counts();
    volume.device().reset();
    const double start = cpu_us();
    for (uint64_t i = 0; i < options.reads; ++i)
        VEXFS_TRY_VOID(reader.read(order.next()));
    const double took = cpu_us() - start;
    const BlockCache::Counts after = volume.store().cache_counts();
    const OpStats read = volume.device().stats().read;
    const auto reads = static_cast<double>(options.reads);
    const auto hot = static_cast<double>(after.hot.hits - before.hot.hits);
    const auto cold = static_cast<double>(after.cold.hits - before.cold.hits);
    const double all = hot + static_cast<double>(after.hot.misses - before.hot.misses);
    return TierFigures{skewed ? "1/n" : "uniform",
                       setting.name,
                       cache_bytes,
                       static_cast<double>(read.ios) / reads,
                       static_cast<double>(read.bytes) / reads,
                       hot / all,
                       cold / all,
                       took / reads};
}

Result<std::vector<TierFigures>> run(const TierOptions& options) {
    const Pinned pinned = VEXFS_TRY(Pinned::to(static_cast<uint32_t>(options.processor)));
    std::vector<SourceFile> files;
    const std::vector<SourceFile> once = VEXFS_TRY(read_sources(options.from));
    for (uint64_t i = 0; i < options.copies; ++i)
        for (const SourceFile& file : once)
            files.push_back({"copy" + std::to_string(i) + "/" + file.path, file.bytes});
    StoreOptions whole;
    whole.cache_bytes = size_t{16} << 30;
    const auto volume = VEXFS_TRY(SourceVolume::make(files, whole));
    Reader reader(*volume, files);
    for (size_t i = 0; i < files.size(); ++i)
        VEXFS_TRY_VOID(reader.read(i));
    const size_t needed = volume->store().cache_counts().hot.bytes;
    std::vector<TierFigures> all;
    for (const bool skewed : {false, true}) {
        for (const Setting& setting : kSettings) {
            std::fprintf(stderr, "measuring %s\n", setting.name);
            all.push_back(VEXFS_TRY(
                measure(*volume, files, options, setting, skewed, needed / 100 * options.percent)));
        }
    }
    return all;
}

std::string text_of(const BenchRun& run, const Machine& machine,
                    const std::vector<TierFigures>& all) {
    std::string text = machine.processor + ", " + machine.kernel + ", commit " + machine.commit +
                       "\n" + run.command + "\n\n";
    char line[256];
    std::snprintf(line, sizeof line, "%-8s %-13s %9s %13s %13s %6s %6s %8s\n", "order", "cold tier",
                  "cache MiB", "device reads", "device bytes", "hot", "cold", "cpu us");
    text += line;
    for (const TierFigures& one : all) {
        std::snprintf(line, sizeof line, "%-8s %-13s %9.1f %13.3f %13.0f %6.3f %6.3f %8.1f\n",
                      one.order.c_str(), one.setting.c_str(),
                      static_cast<double>(one.cache_bytes) / (1 << 20), one.device_reads,
                      one.device_bytes, one.hot_hits, one.cold_hits, one.cpu_us);
        text += line;
    }
    return text;
}

void add_measurements(BenchRun& run, const TierOptions& options,
                      const std::vector<TierFigures>& all) {
    for (const TierFigures& one : all) {
        Measurement found{
            "tier.reads",
            "vexfs",
            false,
            "",
            {{"order", one.order}, {"cold", one.setting}, {"percent", options.percent}},
            {},
            {}};
        found.add("device_reads", "count", Better::kLess, one.device_reads);
        found.add("device_bytes", "bytes", Better::kLess, one.device_bytes);
        found.add("hot_hits", "share", Better::kNeither, one.hot_hits);
        found.add("cold_hits", "share", Better::kNeither, one.cold_hits);
        found.add("processor", "ns", Better::kLess, one.cpu_us * 1000);
        run.measurements.push_back(std::move(found));
    }
}

} // namespace

int run_tier(std::span<const char* const> arguments) {
    TierOptions options;
    Command command("tier", "[options]", kSummary);
    bind(command, options);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    const Result<std::vector<TierFigures>> all = run(options);
    if (!all)
        return command.complain("", all.error());
    const Machine machine = this_machine();
    BenchRun found;
    found.command = command_line(arguments);
    add_measurements(found, options, *all);
    return command.print(options.json ? json_of({machine, {found}})
                                      : text_of(found, machine, *all));
}

} // namespace vexfs
