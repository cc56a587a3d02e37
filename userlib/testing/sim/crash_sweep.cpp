// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/crash_sweep.h"

#include <algorithm>

#include "userlib/store/check.h"
#include "userlib/testing/sim/landing.h"

namespace vexfs {

namespace {

// At a position: every landing, and for one in six a recovery that is cut short.
constexpr uint64_t kPositionStates = std::size(kLandings) + 1;

class Sweep {
  public:
    Sweep(const Workload& workload, uint64_t seed, uint64_t states_max, SweepResult& result)
        : workload_(workload), seed_(seed), states_max_(states_max), result_(result),
          random_(seed * 31 + 7), image_(workload.first_image()), device_(image_) {}

    void run() {
        const std::vector<DeviceRecord>& records = workload_.records();
        size_t durable = 0;
        for (size_t position = 0; position <= records.size(); ++position) {
            const size_t now_durable = durable_records(records, position);
            for (; durable < now_durable; ++durable)
                if (records[durable].kind == DeviceRecord::Kind::kWrite)
                    land(records[durable], image_);
            if (!chosen(records.size() + 1 - position))
                continue;
            position_ = position;
            const auto pending = std::span(records).subspan(durable, position - durable);
            for (const Landing landing : kLandings) {
                if (pending.empty() && landing != Landing::kNone)
                    continue;
                crash(pending, landing);
                if (result_.violations > 0 || result_.states >= states_max_)
                    return;
            }
        }
    }

  private:
    // Whether to crash at the first of so many positions: at each as long as the states that are
    // left suffice for all of them, else by chance, so that the last ones get their share too.
    bool chosen(size_t positions_left) {
        const uint64_t states_left = states_max_ - result_.states;
        const uint64_t wanted = positions_left * kPositionStates;
        return states_left >= wanted || random_.chance(states_left, wanted);
    }

    void crash(std::span<const DeviceRecord> pending, Landing landing) {
        landing_ = landing;
        device_.reset();
        land_pending(pending, landing, random_, device_);
        const OverlayDevice::Saved before = device_.save();
        RecordDevice recorder(device_);
        if (!recovers(recorder, "recovery") || result_.states == states_max_ ||
            !random_.chance(1, 6))
            return;
        const std::span<const DeviceRecord> records =
            std::span(recorder.records()).first(opening_records_);
        const size_t position = random_.between(1, records.size());
        const size_t durable = durable_records(records, position);
        device_.restore(before);
        for (size_t i = 0; i < durable; ++i)
            if (records[i].kind == DeviceRecord::Kind::kWrite)
                device_.land(records[i].address_bytes, records[i].data);
        land_pending(records.subspan(durable, position - durable),
                     kLandings[random_.below(std::size(kLandings))], random_, device_);
        RecordDevice again(device_);
        recovers(again, "recovery of a recovery");
    }

    bool recovers(RecordDevice& device, const char* what) {
        ++result_.states;
        const Status status = recover(device);
        if (status)
            return true;
        ++result_.violations;
        result_.first_violation = "seed " + std::to_string(seed_) + " record " +
                                  std::to_string(position_) + " landing " + name_of(landing_) +
                                  " " + what + ": " + name_of(status.error().code) + " " +
                                  status.error().what;
        return false;
    }

    Status recover(RecordDevice& device) {
        const SimConstants& constants = workload_.constants();
        const std::unique_ptr<Store> store = VEXFS_TRY(Store::open(device, constants.store));
        opening_records_ = device.record_count();
        const CheckReport report = check(*store);
        if (!report.clean())
            return report.findings[0].error;
        const uint64_t hash = VEXFS_TRY(hash_of_store(*store, constants.object_bytes_max));
        VEXFS_TRY_VOID(check_state(hash));
        return random_.chance(1, 8) ? go_on(*store) : ok();
    }

    Status check_state(uint64_t hash) const {
        size_t oldest = 0;
        for (const SimAck& ack : workload_.acks())
            if (ack.record <= position_)
                oldest = ack.state;
        const std::vector<SimState>& states = workload_.states();
        bool lost = false;
        for (size_t i = 0; i < states.size() && states[i].since_record <= position_; ++i) {
            if (states[i].hash == hash && i >= oldest)
                return ok();
            lost = lost || states[i].hash == hash;
        }
        return fail(Code::kEUCLEAN,
                    lost ? "sim: an acknowledged state was lost" : "sim: a state that never was");
    }

    // A recovered store has to work, not only to look well.
    Status go_on(Store& store) {
        for (uint64_t i = 0; i < 3; ++i) {
            Transaction transaction;
            transaction.put(Key{999, 1, i, 0}, bytes_of(i));
            const Status applied = store.apply(transaction);
            if (!applied && applied.error().code != Code::kENOSPC)
                return applied;
            VEXFS_TRY_VOID(store.commit());
        }
        const CheckReport report = check(store);
        return report.clean() ? ok() : Status(report.findings[0].error);
    }

    const Workload& workload_;
    const uint64_t seed_;
    const uint64_t states_max_;
    SweepResult& result_;
    Random random_;
    std::vector<std::byte> image_; // what is durable
    OverlayDevice device_;
    size_t position_ = 0;
    size_t opening_records_ = 0; // made by the last open alone
    Landing landing_ = Landing::kNone;
};

} // namespace

SweepResult sweep_seed(uint64_t seed, uint64_t states_max) {
    SweepResult result;
    Workload workload(seed);
    if (const Status status = workload.run(); !status) {
        result.states = result.violations = 1;
        result.first_violation = "seed " + std::to_string(seed) +
                                 " workload: " + name_of(status.error().code) + " " +
                                 status.error().what;
        return result;
    }
    result.image_hash = workload.image_hash();
    Sweep(workload, seed, states_max, result).run();
    return result;
}

} // namespace vexfs
