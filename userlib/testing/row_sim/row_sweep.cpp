// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/row_sim/row_sweep.h"

#include <algorithm>

#include "userlib/collection/check.h"
#include "userlib/testing/row_sim/row_run.h"
#include "userlib/testing/sim/landing.h"

namespace vexfs {

namespace {

// At a position: every landing, and for one in six a recovery that is cut short.
constexpr uint64_t kPositionStates = std::size(kLandings) + 1;
constexpr uint64_t kValues = 1000;

class RowCrashes {
  public:
    RowCrashes(uint64_t seed, uint64_t states_max)
        : random_(seed * 31 + 7), run_(seed), states_max_(states_max) {}

    // Ends with the first violation.
    Status run() {
        VEXFS_TRY_VOID(run_.run());
        device_ = std::make_unique<OverlayDevice>(run_.first_image());
        device_->restore(run_.start());
        const std::vector<DeviceRecord>& records = run_.records();
        size_t durable = 0;
        for (position_ = 0; position_ <= records.size() && states_ < states_max_; ++position_) {
            for (const size_t end = durable_records(records, position_); durable < end; ++durable)
                if (records[durable].kind == DeviceRecord::Kind::kWrite)
                    device_->land(records[durable].address_bytes, records[durable].data);
            if (!chosen(records.size() + 1 - position_))
                continue;
            VEXFS_TRY_VOID(crash(std::span(records).subspan(durable, position_ - durable)));
        }
        return ok();
    }

    [[nodiscard]] uint64_t states() const { return states_; }
    [[nodiscard]] std::string where() const {
        return "record " + std::to_string(position_) + ", landing " + name_of(landing_);
    }

  private:
    // Whether to crash at the first of so many positions: at each as long as the states that are
    // left suffice for all of them, else by chance, so that the last ones get their share too.
    bool chosen(size_t positions_left) {
        const uint64_t states_left = states_max_ - states_;
        const uint64_t wanted = positions_left * kPositionStates;
        return states_left >= wanted || random_.chance(states_left, wanted);
    }

    Status crash(std::span<const DeviceRecord> pending) {
        const OverlayDevice::Saved medium = device_->save();
        for (const Landing landing : kLandings) {
            if ((pending.empty() && landing != Landing::kNone) || states_ == states_max_)
                continue;
            landing_ = landing;
            land_pending(pending, landing, random_, *device_);
            VEXFS_TRY_VOID(recover_twice());
            device_->restore(medium);
        }
        return ok();
    }

    // Recovers, and in one of six cases once more from where a crash cut the recovery short.
    Status recover_twice() {
        const OverlayDevice::Saved crashed = device_->save();
        RecordDevice recorder(*device_);
        VEXFS_TRY_VOID(recover(recorder));
        if (!random_.chance(1, 6) || recovery_records_ == 0 || states_ == states_max_)
            return ok();
        const auto records = std::span(recorder.records()).first(recovery_records_);
        const size_t position = random_.between(1, records.size());
        const size_t durable = durable_records(records, position);
        device_->restore(crashed);
        for (const DeviceRecord& record : records.first(durable))
            if (record.kind == DeviceRecord::Kind::kWrite)
                device_->land(record.address_bytes, record.data);
        land_pending(records.subspan(durable, position - durable),
                     kLandings[random_.below(std::size(kLandings))], random_, *device_);
        RecordDevice again(*device_);
        return recover(again);
    }

    Status recover(RecordDevice& device) {
        ++states_;
        RowVolumeParts volume = VEXFS_TRY(RowVolumeParts::open(device, run_.options()));
        VEXFS_TRY_VOID(volume.check_sound());
        // Opens the collections, which erases what is left of rows that are none.
        const RowModel found = VEXFS_TRY(read_model(*volume.names, *volume.collections));
        recovery_records_ = device.record_count();
        VEXFS_TRY_VOID(check_state(found));
        std::array<float, kModelDim> point{};
        for (float& value : point)
            value = static_cast<float>(random_.below(kValues));
        VEXFS_TRY_VOID(check_searches(found, *volume.collections, point));
        return random_.chance(1, 8) ? go_on(volume, found, point) : ok();
    }

    Status check_state(const RowModel& found) const {
        size_t oldest = 0;
        for (const SimAck& ack : run_.acks())
            if (ack.record <= position_)
                oldest = ack.state;
        const std::vector<RowRun::State>& states = run_.states();
        bool lost = false;
        for (size_t i = 0; i < states.size() && states[i].since_record <= position_; ++i) {
            const bool same = states[i].model == found;
            if (same && i >= oldest)
                return ok();
            lost = lost || same;
        }
        return fail(Code::kEUCLEAN, lost ? "rows: a state that was acknowledged was lost"
                                         : "rows: a state that never was");
    }

    // A recovered volume has to work: each file that may have rows takes one more.
    Status go_on(RowVolumeParts& volume, const RowModel& found_model,
                 const std::array<float, kModelDim>& point) {
        RowModel model = found_model;
        for (auto& [ino, file] : model.files) {
            if (model.home_of(ino) != RowModel::Home::kOne)
                continue;
            PutRows rows;
            rows.vectors = std::as_bytes(std::span(point));
            uint64_t found = 0;
            VEXFS_TRY(volume.collections->put({ino, 0, {}, true, true}, {0, 0, {}, true}, rows,
                                              {index::Element::kF32, kModelDim}, found));
            file.rows.push_back({point, {}, false});
        }
        for (bool more = true; more;)
            more = VEXFS_TRY(volume.store->step_reap(64));
        VEXFS_TRY_VOID(volume.store->commit());
        VEXFS_TRY_VOID(volume.check_sound());
        if (check_collections(*volume.store).leftovers != 0)
            return fail(Code::kEUCLEAN, "rows: pieces of a row map are left");
        if (VEXFS_TRY(read_model(*volume.names, *volume.collections)) != model)
            return fail(Code::kEUCLEAN, "rows: a volume does not go on");
        return check_searches(model, *volume.collections, point);
    }

    Random random_;
    RowRun run_;
    const uint64_t states_max_;
    std::unique_ptr<OverlayDevice> device_;
    uint64_t states_ = 0;
    size_t position_ = 0;
    size_t recovery_records_ = 0; // made by the opens alone
    Landing landing_ = Landing::kNone;
};

} // namespace

RowSweepResult sweep_rows(uint64_t seed, uint64_t states_max) {
    RowCrashes crashes(seed, states_max);
    const Status outcome = crashes.run();
    RowSweepResult result{std::max<uint64_t>(crashes.states(), outcome ? 0 : 1), 0, ""};
    if (!outcome) {
        result.violations = 1;
        result.first_violation = "seed " + std::to_string(seed) + " " + crashes.where() + ": " +
                                 name_of(outcome.error().code) + " " + outcome.error().what;
    }
    return result;
}

} // namespace vexfs
