// SPDX-License-Identifier: Apache-2.0
//
// `vexfs-bench store`: the command line around StoreRun and CommitRun.
//
// Threads: one thread.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/cli/command.h"
#include "bench/store/commands.h"
#include "bench/store/commit_run.h"
#include "bench/store/stall_run.h"
#include "bench/store/store_run.h"

namespace vexfs {

namespace {

constexpr const char* kSummary =
    "Fills our store, LMDB and RocksDB on the same file system, opens them after a clean stop and\n"
    "after SIGKILL with a full log, and commits to them in turns, each commit durable. Prints "
    "times,\n"
    "what the disk had to do for them, and the ratios. The load takes place on --dir: about 5 GiB\n"
    "for 3,000,000 keys.";

// Removed with everything in it.
// Threads: one thread.
class ScratchFolder {
  public:
    static Result<ScratchFolder> below(const std::string& folder) {
        std::string path = folder + "/vexfs-bench-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr)
            return fail(code_from_errno(errno), "a folder for the run");
        return ScratchFolder(std::move(path));
    }
    ~ScratchFolder() {
        std::error_code error;
        if (!path_.empty())
            std::filesystem::remove_all(path_, error);
    }
    ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) {
        other.path_.clear();
    }
    ScratchFolder& operator=(ScratchFolder&&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    explicit ScratchFolder(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

// Loads and opens come first: they fork, which a process with the threads of open stores must not.
Status measure(const StoreBenchOptions& options, StoreReport& report) {
    const ScratchFolder folder = VEXFS_TRY(ScratchFolder::below(options.folder));
    const Disk disk = VEXFS_TRY(Disk::below(folder.path()));
    report.disk = disk.name();
    StoreRun run(options, folder.path(), disk, report);
    VEXFS_TRY_VOID(run.load());
    VEXFS_TRY_VOID(run.open());

    std::vector<std::unique_ptr<KeyValueStore>> stores;
    for (size_t i = 0; i < options.kinds().size(); ++i)
        stores.push_back(VEXFS_TRY(options.kinds()[i]->open(run.place_of(i))));
    BareSync bare = VEXFS_TRY(BareSync::create(folder.path()));
    VEXFS_TRY_VOID(CommitRun(options, disk, stores, report).run(bare));
    for (const std::unique_ptr<KeyValueStore>& store : stores)
        VEXFS_TRY_VOID(store->close());
    return measure_stalls(options, folder.path(), report);
}

} // namespace

int run_store(std::span<const char* const> arguments) {
    StoreBenchOptions options;
    Command command("store", "[options]", kSummary);
    options.bind(command);
    if (const auto ended = command.begin(arguments.subspan(2)))
        return *ended;
    StoreReport report;
    report.machine = this_machine();
    report.command = command_line(arguments);
    report.keys = options.keys;
    report.order = options.order;
    report.size_bytes = options.size_bytes();
    const Status done = measure(options, report);
    if (!done)
        return command.complain("--dir " + options.folder, done.error());
    return command.print(options.json ? json_of(results_of(report)) : text_of(report));
}

} // namespace vexfs
