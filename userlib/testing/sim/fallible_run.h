// SPDX-License-Identifier: Apache-2.0
//
// FallibleRun: a representative run of a store, in which any call may fail, beside the model.
//
// It uses every verb of the store, and goes on after a failure as long as the store lets it. A call
// that failed must have left nothing behind: no answer may be wrong afterwards, and what was
// acknowledged must be there when the volume is opened again.
//
// Threads: one thread.
#pragma once

#include <functional>
#include <string>

#include "base/random.h"
#include "userlib/store/store.h"
#include "userlib/testing/sim/model.h"

namespace vexfs {

class FallibleRun {
  public:
    static constexpr uint64_t kDeviceBlocks = 900;

    // `around(true)` is called when the store is about to run, `around(false)` once it has.
    explicit FallibleRun(uint64_t seed, std::function<void(bool)> around = {});

    static FormatOptions format();
    static StoreOptions options();

    // Opens the volume, which was just formatted, and does this many things with it.
    void go(Device& device, int steps);

    // What must not have happened, as a sentence; empty if all was well.
    [[nodiscard]] const std::string& fault() const { return fault_; }
    // Calls of the store that failed.
    [[nodiscard]] uint64_t failures() const { return failures_; }
    // Whether a state that the run went through, not older than the last acknowledged, has the hash
    // of this store.
    [[nodiscard]] bool allows(Store& reopened) const;

  private:
    using Change = std::function<void(Transaction&)>;

    void step();
    void put_and_write();
    void punch();
    void destroy();
    void reserve();
    void look();
    void read_object();
    void apply(const Change& change, Model after);
    void acknowledge(bool done);
    void compare_all();
    template <typename Verb>
    auto call(Verb&& verb);
    void note(bool failed, Code code);

    Random random_;
    const std::function<void(bool)> around_;
    std::unique_ptr<Store> store_;
    Wipe wipe_;
    Model model_;
    std::vector<uint64_t> states_;
    size_t acknowledged_ = 0;
    uint64_t object_;
    uint64_t next_reserved_ = 1;
    uint64_t failures_ = 0;
    std::string fault_;
};

} // namespace vexfs
