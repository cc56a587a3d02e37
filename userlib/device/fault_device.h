// SPDX-License-Identifier: Apache-2.0
//
// FaultDevice: a device that misbehaves by rule and by seed, as real ones do by chance.
//
// Each rule names a fault, the Ios it looks at and when it fires. With a write cache the device
// also keeps what is written in volatile memory until a flush, hands it to the child in an order of
// its own, and loses a part of it when the power is cut. The same seed and the same calls give the
// same faults.
//
// Threads: any; calls are served one at a time.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "userlib/device/aligned_buffer.h"
#include "userlib/device/device.h"

namespace vexfs {

enum class FaultKind : uint8_t {
    kIoError,          // EIO; a write leaves the medium as it was
    kNoSpace,          // a write fails with ENOSPC, as on a sparse image whose disk is full
    kTornWrite,        // some of the 512-byte sectors of a write land; it reports success
    kLostWrite,        // nothing of it lands; it reports success
    kMisdirectedWrite, // it lands somewhere else; it reports success
    kMisdirectedRead,  // it returns what lies somewhere else
    kBitRot,           // one bit of what is read has flipped, on the medium too
    kLyingFlush,       // a flush reports success and leaves the cache as it is
};
inline constexpr size_t kFaultKinds = 8;

enum class FaultOp : uint8_t { kRead, kWrite, kFlush };

struct FaultRule {
    FaultKind kind = FaultKind::kIoError;
    // What kIoError strikes; the other kinds say it themselves and need the matching op here.
    FaultOp op = FaultOp::kWrite;
    // It looks at Ios that touch a block of [first_block, last_block], and counts them; of flushes,
    // at all.
    uint64_t first_block = 0;
    uint64_t last_block = UINT64_MAX;
    // It fires at the at-th of those, at each every-th, and with this probability; 0 turns a
    // condition off, and one is needed.
    uint64_t at = 0;
    uint64_t every = 0;
    double probability = 0.0;
    // Once it has fired it fires always.
    bool sticky = false;

    friend bool operator==(const FaultRule&, const FaultRule&) = default;
};

struct FaultPlan {
    uint64_t seed = 1;
    bool write_cache = false;
    std::vector<FaultRule> rules; // the first that fires strikes

    friend bool operator==(const FaultPlan&, const FaultPlan&) = default;
};

enum class PowerCut : uint8_t {
    kNothingLands,
    kEverythingLands,
    kSomeLands, // of each block in the cache: the old content, one of those written since, or one
                // of these torn
};

class FaultDevice final : public Device {
  public:
    // The child outlives this device. EINVAL for a rule that can never fire or whose op does not go
    // with its kind.
    static Result<std::unique_ptr<FaultDevice>> create(Device& child, FaultPlan plan);

    Status read(std::span<Io> batch) override;
    Status write(std::span<Io> batch) override;
    Status flush() override;
    [[nodiscard]] Geometry geometry() const override { return child_.geometry(); }
    [[nodiscard]] std::string identity() const override {
        return "fault(" + child_.identity() + ")";
    }

    // Cuts the power: the cache is gone, and the child holds what landed.
    Status cut_power(PowerCut cut);

    // How often a fault of this kind has struck.
    [[nodiscard]] uint64_t struck(FaultKind kind) const;
    // Blocks written since the last flush, still in the cache.
    [[nodiscard]] size_t cached_blocks() const;
    [[nodiscard]] const FaultPlan& plan() const { return plan_; }

  private:
    using Block = std::array<std::byte, kBlockBytes>;
    struct RuleState {
        uint64_t seen = 0;
        bool stuck = false;
    };

    FaultDevice(Device& child, FaultPlan plan, AlignedBuffer scratch)
        : child_(child), plan_(std::move(plan)), random_(plan_.seed), states_(plan_.rules.size()),
          scratch_(std::move(scratch)) {}

    // The rule that strikes this Io (nullptr: a flush), or nullptr.
    const FaultRule* strike(FaultOp op, const Io* io) VEXFS_REQUIRES(mutex_);
    bool fires(const FaultRule& rule, RuleState& state) VEXFS_REQUIRES(mutex_);
    Status read_faulty(Io& io) VEXFS_REQUIRES(mutex_);
    Status write_faulty(Io& io) VEXFS_REQUIRES(mutex_);
    Status fetch(uint64_t start_block, MutableBytes into) VEXFS_REQUIRES(mutex_);
    Status store(uint64_t start_block, MutableBytes from) VEXFS_REQUIRES(mutex_);
    Status rot(uint64_t start_block, MutableBytes read) VEXFS_REQUIRES(mutex_);
    Status tear(uint64_t start_block, Bytes written) VEXFS_REQUIRES(mutex_);
    Status land(uint64_t block, const Block& content) VEXFS_REQUIRES(mutex_);
    uint64_t elsewhere(uint64_t start_block, size_t blocks) VEXFS_REQUIRES(mutex_);

    Device& child_;
    const FaultPlan plan_;
    mutable Mutex mutex_;
    Random random_ VEXFS_GUARDED_BY(mutex_);
    std::vector<RuleState> states_ VEXFS_GUARDED_BY(mutex_);
    AlignedBuffer scratch_ VEXFS_GUARDED_BY(mutex_); // one block
    std::array<uint64_t, kFaultKinds> struck_ VEXFS_GUARDED_BY(mutex_){};
    // What each block in the cache was set to since the last flush, oldest first.
    std::map<uint64_t, std::vector<Block>> cache_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
