// SPDX-License-Identifier: Apache-2.0
//
// A workload of a few operations on a tree of files, each followed by a sync, a commit or nothing,
// on a recorded device, beside the model.
//
// Threads: one thread.
#pragma once

#include "userlib/device/record_device.h"
#include "userlib/testing/sim/overlay_device.h"
#include "userlib/testing/sim/tree_operation.h"
#include "userlib/testing/sim/workload.h"

namespace vexfs {

struct TreeStep {
    enum class Then : uint8_t { kNothing, kSync, kCommit };

    TreeOperation operation;
    Then then = Then::kNothing;
};

struct TreeWorkload {
    std::vector<TreeStep> steps;
    bool hasty = false; // the store commits before each transaction, also within a verb
};

std::string words_of(const TreeWorkload& workload);

// The volume that workloads begin with.
class FirstTree {
  public:
    static Result<FirstTree> make();

    [[nodiscard]] Bytes image() const { return image_; }
    [[nodiscard]] const TreeModel& model() const { return model_; }

  private:
    std::vector<std::byte> image_;
    TreeModel model_;
};

StoreOptions tree_store_options(bool hasty = false);

class TreeRun {
  public:
    // The first tree outlives the run.
    explicit TreeRun(const FirstTree& first) : device_(first.image()), model_(first.model()) {}

    // An error is a violation: nothing may fail here.
    Status run(const TreeWorkload& workload);

    // The device when the first operation began, and what was written since.
    [[nodiscard]] const OverlayDevice::Saved& start() const { return start_; }
    [[nodiscard]] const std::vector<DeviceRecord>& records() const { return recorder_->records(); }
    // The states that the tree went through; the first is the one it began with.
    [[nodiscard]] const std::vector<SimState>& states() const { return states_; }
    [[nodiscard]] const std::vector<SimAck>& acks() const { return acks_; }

  private:
    Status step(const TreeStep& step, char letter);
    void note_state(size_t since_record);

    OverlayDevice device_;
    std::unique_ptr<RecordDevice> recorder_ = std::make_unique<RecordDevice>(device_);
    std::unique_ptr<Store> store_;
    std::unique_ptr<Names> names_;
    OverlayDevice::Saved start_;
    TreeModel model_;
    std::vector<SimState> states_;
    std::vector<SimAck> acks_;
};

} // namespace vexfs
