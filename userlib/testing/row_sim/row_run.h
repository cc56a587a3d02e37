// SPDX-License-Identifier: Apache-2.0
//
// A seeded run of a volume whose files have rows, on a recorded device, beside the model: rows are
// put, overwritten, replaced and dropped; files are written, cut, linked, renamed, removed and
// closed to others; folders become collections, move and go; the store syncs, commits and frees in
// stages, and the process dies and comes back.
//
// Threads: one thread; the collections are without a graph, so that nothing else runs.
#pragma once

#include "base/random.h"
#include "userlib/device/record_device.h"
#include "userlib/testing/row_sim/row_model.h"
#include "userlib/testing/sim/overlay_device.h"
#include "userlib/testing/sim/workload.h"

namespace vexfs {

// A volume that is open, as far as a run needs it.
struct RowVolumeParts {
    std::unique_ptr<Store> store;
    std::unique_ptr<Names> names;
    std::unique_ptr<Collections> collections;

    static Result<RowVolumeParts> open(Device& device, const StoreOptions& options);
    // As a process that dies.
    void end();
    Status close();
    // Whether all checks of the volume find it sound.
    [[nodiscard]] Status check_sound() const;
};

class RowRun {
  public:
    explicit RowRun(uint64_t seed) : random_(seed) {}

    // An error is a violation: nothing may fail here that the model does not foresee.
    Status run();

    struct State {
        RowModel model;
        size_t since_record = 0; // it existed in memory once this many records had been made
    };

    [[nodiscard]] Bytes first_image() const { return first_image_; }
    // The device when the first operation began, and what was written since.
    [[nodiscard]] const OverlayDevice::Saved& start() const { return start_; }
    [[nodiscard]] const std::vector<DeviceRecord>& records() const { return recorder_->records(); }
    [[nodiscard]] const std::vector<State>& states() const { return states_; }
    [[nodiscard]] const std::vector<SimAck>& acks() const { return acks_; }
    [[nodiscard]] const StoreOptions& options() const { return options_; }

  private:
    struct Where {
        Folder folder;
        std::string name;
    };

    Status make_first_image();
    Status step();
    Status background();
    Status change_rows(uint64_t choice);
    Status change_names(uint64_t choice);
    Status change_folders(uint64_t choice);

    Status put();
    Status drop();
    Status write();
    Status truncate();
    Status create();
    Status unlink();
    Status link();
    Status rename();
    Status close_or_open();
    Status make_b();
    Status remove_b();
    Status move_s();

    Status come_back(bool orderly);
    Status note_ack();
    // Whether the verb did what the model foresees: an error of this code, or no error.
    static Status expect(std::optional<Code> foreseen, const Status& outcome);
    [[nodiscard]] Where any_place();
    [[nodiscard]] std::optional<Where> any_name();
    [[nodiscard]] std::optional<Code> code_of_rows(uint64_t ino) const;
    [[nodiscard]] Place place(const Where& where) const {
        return {model_.at(where.folder).ino, where.name};
    }

    Random random_;
    StoreOptions options_;
    std::vector<std::byte> first_image_;
    std::unique_ptr<OverlayDevice> device_;
    std::unique_ptr<RecordDevice> recorder_;
    OverlayDevice::Saved start_;
    RowVolumeParts volume_;
    RowModel model_;
    std::vector<State> states_;
    std::vector<SimAck> acks_;
};

} // namespace vexfs
