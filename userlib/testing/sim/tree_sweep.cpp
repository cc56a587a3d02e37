// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/tree_sweep.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "base/checksum.h"
#include "userlib/names/check.h"
#include "userlib/store/check.h"
#include "userlib/testing/sim/landing.h"
#include "userlib/testing/sim/tree_run.h"

namespace vexfs {

namespace {

using Then = TreeStep::Then;

constexpr uint64_t kShares = 1'000'000; // of all workloads: what a percentage is rounded to

// A workload run and crashed at each of its writes.
class TreeCrashes {
  public:
    TreeCrashes(const FirstTree& first, Random& random)
        : random_(random), run_(first), device_(first.image()) {}

    // Ends with the first violation.
    Status run(const TreeWorkload& workload) {
        hasty_ = workload.hasty;
        VEXFS_TRY_VOID(run_.run(workload));
        device_.restore(run_.start());
        const std::vector<DeviceRecord>& records = run_.records();
        size_t durable = 0;
        for (position_ = 0; position_ <= records.size(); ++position_) {
            for (const size_t end = durable_records(records, position_); durable < end; ++durable)
                if (records[durable].kind == DeviceRecord::Kind::kWrite)
                    device_.land(records[durable].address_bytes, records[durable].data);
            const OverlayDevice::Saved medium = device_.save();
            const auto pending = std::span(records).subspan(durable, position_ - durable);
            for (const Landing landing : kLandings) {
                if (pending.empty() && landing != Landing::kNone)
                    continue;
                landing_ = landing;
                land_pending(pending, landing, random_, device_);
                VEXFS_TRY_VOID(recover_twice());
                device_.restore(medium);
            }
        }
        return ok();
    }

    [[nodiscard]] uint64_t states() const { return states_; }
    [[nodiscard]] std::string where() const {
        return "record " + std::to_string(position_) + " of " +
               std::to_string(run_.records().size()) + ", landing " + name_of(landing_);
    }

  private:
    // Recovers, and in one of six cases once more from where a crash cut the recovery short.
    Status recover_twice() {
        const OverlayDevice::Saved crashed = device_.save();
        RecordDevice recorder(device_);
        VEXFS_TRY_VOID(recover(recorder));
        if (!random_.chance(1, 6))
            return ok();
        const auto records = std::span(recorder.records()).first(recovery_records_);
        const size_t position = random_.between(1, records.size());
        const size_t durable = durable_records(records, position);
        device_.restore(crashed);
        for (const DeviceRecord& record : records.first(durable))
            if (record.kind == DeviceRecord::Kind::kWrite)
                device_.land(record.address_bytes, record.data);
        land_pending(records.subspan(durable, position - durable),
                     kLandings[random_.below(std::size(kLandings))], random_, device_);
        RecordDevice again(device_);
        return recover(again);
    }

    Status recover(RecordDevice& device) {
        ++states_;
        const std::unique_ptr<Store> store =
            VEXFS_TRY(Store::open(device, tree_store_options(hasty_)));
        const NamesReport left = VEXFS_TRY(sound(*store));
        const std::unique_ptr<Names> names = VEXFS_TRY(Names::open(*store, false));
        recovery_records_ = device.record_count();
        if (left.unlinked + left.trims > 0) {
            const NamesReport finished = VEXFS_TRY(sound(*store));
            if (finished.unlinked + finished.trims > 0)
                return fail(Code::kEUCLEAN, "tree: what a crash cut off was not finished");
        }
        VEXFS_TRY_VOID(check_state(VEXFS_TRY(text_of(*names))));
        return random_.chance(1, 16) ? go_on(*store, *names) : ok();
    }

    static Result<NamesReport> sound(Store& store) {
        const CheckReport report = check(store);
        if (!report.clean())
            return report.findings[0].error;
        NamesReport names = check_names(store);
        if (!names.clean())
            return names.findings[0].error;
        return names;
    }

    Status check_state(const std::string& text) const {
        size_t oldest = 0;
        for (const SimAck& ack : run_.acks())
            if (ack.record <= position_)
                oldest = ack.state;
        const uint64_t hash = xxh3_64(std::as_bytes(std::span(text)));
        const std::vector<SimState>& states = run_.states();
        bool lost = false;
        for (size_t i = 0; i < states.size() && states[i].since_record <= position_; ++i) {
            if (states[i].hash == hash && i >= oldest)
                return ok();
            lost = lost || states[i].hash == hash;
        }
        return fail(Code::kEUCLEAN,
                    lost ? "tree: a synced state was lost" : "tree: a state that never was");
    }

    // A recovered tree has to work, and what was given up has to go.
    Status go_on(Store& store, Names& names) {
        const Entry made = VEXFS_TRY(names.make(kRootIno, "later", {S_IFREG | 0644}, {}));
        const std::string text(300, 'z');
        VEXFS_TRY(names.write(made.ino, {}, std::as_bytes(std::span(text)), {}));
        VEXFS_TRY_VOID(names.unlink(kRootIno, "later", {}));
        for (bool more = true; more;)
            more = VEXFS_TRY(store.step_reap(64));
        VEXFS_TRY_VOID(store.commit());
        VEXFS_TRY(sound(store));
        return check_state(VEXFS_TRY(text_of(names)));
    }

    Random& random_;
    TreeRun run_;
    OverlayDevice device_;
    uint64_t states_ = 0;
    bool hasty_ = false;
    size_t position_ = 0;
    size_t recovery_records_ = 0; // made by the last two opens alone
    Landing landing_ = Landing::kNone;
};

// All workloads in their order, each with its number.
class Enumeration {
  public:
    // False from `visit` ends it.
    Enumeration(const TreeModel& first, uint32_t operations_max,
                std::function<bool(uint64_t number, const TreeWorkload& workload)> visit)
        : operations_(tree_operations()), first_(first), operations_max_(operations_max),
          visit_(std::move(visit)) {}

    void run() {
        for (uint32_t count = 1; count <= operations_max_; ++count) {
            workload_.steps.resize(count);
            if (!extend(0, first_))
                return;
        }
    }

  private:
    bool extend(size_t at, const TreeModel& before) {
        if (at == workload_.steps.size())
            return visit_variants();
        TreeStep& step = workload_.steps[at];
        for (const TreeOperation& operation : operations_) {
            TreeModel model = before;
            if (!foresee(operation, static_cast<char>('a' + at), model))
                continue;
            step.operation = operation;
            for (const Then then : {Then::kNothing, Then::kSync, Then::kCommit}) {
                // A last operation that nothing makes durable leaves nothing to crash.
                if (then == Then::kNothing && at + 1 == workload_.steps.size())
                    continue;
                step.then = then;
                if (!extend(at + 1, model))
                    return false;
            }
        }
        return true;
    }

    // Where the store commits by itself no more commits are asked for.
    bool visit_variants() {
        workload_.hasty = false;
        if (!visit_(number_++, workload_))
            return false;
        const std::vector<TreeStep>& steps = workload_.steps;
        const auto asks = [](const TreeStep& step) {
            return step.then != Then::kNothing;
        };
        if (steps.back().then != Then::kSync || std::ranges::count_if(steps, asks) > 1)
            return true;
        workload_.hasty = true;
        return visit_(number_++, workload_);
    }

    const std::vector<TreeOperation> operations_;
    const TreeModel& first_;
    const uint32_t operations_max_;
    const std::function<bool(uint64_t number, const TreeWorkload& workload)> visit_;
    TreeWorkload workload_;
    uint64_t number_ = 0;
};

// Threads: each thread calls run() once, with its number.
class Sweep {
  public:
    Sweep(const TreeSweepOptions& options, const FirstTree& first)
        : options_(options), first_(first) {}

    void run(uint32_t thread) {
        Enumeration(first_.model(), options_.operations_max,
                    [&](uint64_t number, const TreeWorkload& workload) {
                        if (number % options_.threads == thread)
                            try_workload(number, workload);
                        return violations_ == 0 && states_ < options_.states_max;
                    })
            .run();
    }

    TreeSweepResult result() {
        MutexLock lock(mutex_);
        return {workloads_, states_, violations_, first_violation_, violated_workload_};
    }

  private:
    // A workload of one operation is always taken.
    bool chosen(uint64_t number, const TreeWorkload& workload, Random& random) const {
        if (options_.only)
            return number == *options_.only;
        const auto share = static_cast<uint64_t>(options_.percent * kShares / 100);
        return workload.steps.size() == 1 || random.chance(std::min(share, kShares), kShares);
    }

    void try_workload(uint64_t number, const TreeWorkload& workload) {
        Random random(options_.seed * kShares + number);
        if (!chosen(number, workload, random))
            return;
        TreeCrashes crashes(first_, random);
        const Status outcome = crashes.run(workload);
        ++workloads_;
        states_ += crashes.states();
        if (outcome)
            return;
        MutexLock lock(mutex_);
        if (violations_++ > 0)
            return;
        violated_workload_ = number;
        first_violation_ = "workload " + std::to_string(number) + " (" + words_of(workload) + ") " +
                           crashes.where() + ": " + name_of(outcome.error().code) + " " +
                           outcome.error().what;
    }

    const TreeSweepOptions options_;
    const FirstTree& first_;
    std::atomic<uint64_t> workloads_{0};
    std::atomic<uint64_t> states_{0};
    std::atomic<uint64_t> violations_{0};
    Mutex mutex_;
    std::string first_violation_ VEXFS_GUARDED_BY(mutex_);
    uint64_t violated_workload_ VEXFS_GUARDED_BY(mutex_) = 0;
};

} // namespace

Result<TreeSweepResult> sweep_trees(const TreeSweepOptions& options) {
    const FirstTree first = VEXFS_TRY(FirstTree::make());
    Sweep sweep(options, first);
    std::vector<std::thread> threads;
    for (uint32_t thread = 1; thread < options.threads; ++thread)
        threads.emplace_back([&sweep, thread] { sweep.run(thread); });
    sweep.run(0);
    for (std::thread& thread : threads)
        thread.join();
    return sweep.result();
}

} // namespace vexfs
