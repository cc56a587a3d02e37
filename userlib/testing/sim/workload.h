// SPDX-License-Identifier: Apache-2.0
//
// Workload: a seeded run of a store on a recorded device, beside the model.
//
// The seed draws the constants of the volume (tiny nodes, a tiny log, few blocks, an allocator that
// reuses at once) and then every step: transactions, syncs, single stages of a commit,
// write-behind, reaping, wiping, and deaths of the process without a loss of power, between two
// calls or inside one. It keeps the hash of each state that the store went through, and what was
// acknowledged when.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "base/random.h"
#include "userlib/device/ram_device.h"
#include "userlib/device/record_device.h"
#include "userlib/store/store.h"
#include "userlib/testing/sim/model.h"
#include "userlib/testing/sim/mortal_device.h"

namespace vexfs {

struct SimConstants {
    FormatOptions format;
    StoreOptions store;
    uint64_t device_blocks = 0;
    uint64_t steps = 0;
    uint64_t oids = 0;             // objects alive at a time
    uint64_t object_bytes_max = 0; // end of the highest write
    uint64_t commit_every = 0;     // steps
    uint64_t kill_chance = 0;      // of 1000 steps: killed there, or a few writes later
    uint64_t reap_chance = 0;      // of 100 steps
    uint64_t wipe_chance = 0;      // of 100 steps

    static SimConstants from_seed(uint64_t seed);
};

// The state after some step, and since when it may be what a crash leaves.
struct SimState {
    uint64_t hash = 0;
    size_t since_record = 0; // it existed in memory once this many device records had been made
};

struct SimAck {
    size_t record = 0; // once this many device records had been made
    size_t state = 0;  // no state before this one may come back
};

class Workload {
  public:
    explicit Workload(uint64_t seed);

    // Runs all steps. An error is a violation: the device is sound, so nothing but ENOSPC may fail.
    Status run();

    [[nodiscard]] const SimConstants& constants() const { return constants_; }
    [[nodiscard]] const std::vector<DeviceRecord>& records() const { return recorder_->records(); }
    // The device as it was after format, before the first record.
    [[nodiscard]] const std::vector<std::byte>& first_image() const { return first_image_; }
    [[nodiscard]] const std::vector<SimState>& states() const { return states_; }
    [[nodiscard]] const std::vector<SimAck>& acks() const { return acks_; }
    [[nodiscard]] Bytes image() const { return std::as_const(*ram_).bytes(); } // as the run left it
    [[nodiscard]] uint64_t image_hash() const;

  private:
    Status open();
    Status step();
    Status commit();
    Status transact();
    void add_operation(Transaction& transaction, Model& model);
    void add_object_operation(Transaction& transaction, Model& model, uint64_t oid);
    void strike();
    Status kill();
    void note_state();
    void note_ack();
    Key random_key();
    uint64_t random_oid();
    std::vector<std::byte> random_bytes(size_t count);
    [[nodiscard]] ObjectForm form_of(uint64_t oid) const;

    const SimConstants constants_;
    Random random_;
    std::unique_ptr<RamDevice> ram_;
    std::unique_ptr<RecordDevice> recorder_;
    std::unique_ptr<MortalDevice> mortal_;
    std::unique_ptr<Store> store_;
    Wipe wipe_;
    std::vector<std::byte> first_image_;
    Model model_;
    std::vector<Model> history_; // by state
    std::vector<SimState> states_;
    std::vector<SimAck> acks_;
    std::vector<uint64_t> generations_; // by object slot: how often it was destroyed
};

// The hash that a model of the store's contents would have; read through the store's interface
// alone. The tree does not list an object of which nothing was committed: such are named.
Result<uint64_t> hash_of_store(Store& store, uint64_t object_bytes_max,
                               std::set<uint64_t> objects = {});

} // namespace vexfs
