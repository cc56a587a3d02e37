// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/fault_device.h"

#include <cstring>

namespace vexfs {

namespace {

FaultOp op_of(const FaultRule& rule) {
    switch (rule.kind) {
    case FaultKind::kIoError:
        return rule.op;
    case FaultKind::kMisdirectedRead:
    case FaultKind::kBitRot:
        return FaultOp::kRead;
    case FaultKind::kLyingFlush:
        return FaultOp::kFlush;
    default:
        return FaultOp::kWrite;
    }
}

uint64_t start_block_of(const Io& io) {
    return io.address_bytes() / kBlockBytes;
}

bool touches(const FaultRule& rule, const Io& io) {
    const uint64_t first = start_block_of(io);
    const uint64_t last = first + io.buffer.size() / kBlockBytes - 1;
    return first <= rule.last_block && last >= rule.first_block;
}

// Replaces a random, possibly empty, incomplete set of sectors of `onto` by those of `written`:
// half the time a prefix, as a write that was cut short leaves, else any.
void tear_onto(Random& random, Bytes written, MutableBytes onto) {
    const size_t sectors = written.size() / kSectorBytes;
    const bool prefix = random.chance(1, 2);
    const size_t boundary = random.below(sectors);
    for (size_t sector = 0; sector < sectors; ++sector) {
        const bool lands = prefix ? sector < boundary : sector != boundary && random.chance(1, 2);
        const size_t at = sector * kSectorBytes;
        if (lands)
            std::memcpy(onto.data() + at, written.data() + at, kSectorBytes);
    }
}

} // namespace

Result<std::unique_ptr<FaultDevice>> FaultDevice::create(Device& child, FaultPlan plan) {
    for (const FaultRule& rule : plan.rules) {
        if (rule.at == 0 && rule.every == 0 && !(rule.probability > 0.0))
            return fail(Code::kEINVAL, "fault: a rule has no condition and never fires");
        if (!(rule.probability >= 0.0 && rule.probability <= 1.0))
            return fail(Code::kEINVAL, "fault: a probability is not between 0 and 1");
        if (rule.op != op_of(rule))
            return fail(Code::kEINVAL, "fault: a rule's op does not go with its kind");
        if (rule.first_block > rule.last_block)
            return fail(Code::kEINVAL, "fault: a rule's range of blocks is empty");
    }
    AlignedBuffer scratch = VEXFS_TRY(AlignedBuffer::create(kBlockBytes));
    return std::unique_ptr<FaultDevice>(
        new FaultDevice(child, std::move(plan), std::move(scratch)));
}

bool FaultDevice::fires(const FaultRule& rule, RuleState& state) {
    ++state.seen;
    if (state.stuck)
        return true;
    const bool drawn = rule.probability > 0.0 && random_.unit() < rule.probability;
    const bool fired =
        drawn || state.seen == rule.at || (rule.every != 0 && state.seen % rule.every == 0);
    state.stuck = fired && rule.sticky;
    return fired;
}

const FaultRule* FaultDevice::strike(FaultOp op, const Io* io) {
    const FaultRule* striking = nullptr;
    for (size_t i = 0; i < plan_.rules.size(); ++i) {
        const FaultRule& rule = plan_.rules[i];
        if (rule.op != op || (io != nullptr && !touches(rule, *io)))
            continue;
        if (fires(rule, states_[i]) && striking == nullptr)
            striking = &rule;
    }
    if (striking != nullptr)
        ++struck_[static_cast<size_t>(striking->kind)];
    return striking;
}

uint64_t FaultDevice::elsewhere(uint64_t start_block, size_t blocks) {
    const uint64_t choices = child_.geometry().size_blocks() - blocks + 1;
    if (choices == 1)
        return start_block;
    const uint64_t chosen = random_.below(choices - 1);
    return chosen < start_block ? chosen : chosen + 1;
}

Status FaultDevice::fetch(uint64_t start_block, MutableBytes into) {
    VEXFS_TRY_VOID(child_.read_one(whole_extent(start_block, into)));
    const uint64_t blocks = into.size() / kBlockBytes;
    for (auto cached = cache_.lower_bound(start_block);
         cached != cache_.end() && cached->first < start_block + blocks; ++cached)
        std::memcpy(into.data() + (cached->first - start_block) * kBlockBytes,
                    cached->second.back().data(), kBlockBytes);
    return ok();
}

Status FaultDevice::store(uint64_t start_block, MutableBytes from) {
    if (!plan_.write_cache)
        return child_.write_one(whole_extent(start_block, from));
    for (size_t block = 0; block < from.size() / kBlockBytes; ++block) {
        Block content;
        std::memcpy(content.data(), from.data() + block * kBlockBytes, kBlockBytes);
        cache_[start_block + block].push_back(content);
    }
    return ok();
}

Status FaultDevice::rot(uint64_t start_block, MutableBytes read) {
    const size_t bit = random_.below(read.size() * 8);
    read[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    const size_t block = bit / 8 / kBlockBytes;
    if (cache_.contains(start_block + block))
        return ok();
    return child_.write_one(
        whole_extent(start_block + block, read.subspan(block * kBlockBytes, kBlockBytes)));
}

Status FaultDevice::tear(uint64_t start_block, Bytes written) {
    AlignedBuffer mixed = VEXFS_TRY(AlignedBuffer::create(written.size()));
    VEXFS_TRY_VOID(fetch(start_block, mixed.bytes()));
    tear_onto(random_, written, mixed.bytes());
    return store(start_block, mixed.bytes());
}

Status FaultDevice::read_faulty(Io& io) {
    const FaultRule* rule = strike(FaultOp::kRead, &io);
    const uint64_t start_block = start_block_of(io);
    if (rule == nullptr)
        return fetch(start_block, io.buffer);
    if (rule->kind == FaultKind::kMisdirectedRead)
        return fetch(elsewhere(start_block, io.buffer.size() / kBlockBytes), io.buffer);
    if (rule->kind == FaultKind::kBitRot) {
        VEXFS_TRY_VOID(fetch(start_block, io.buffer));
        return rot(start_block, io.buffer);
    }
    return fail(Code::kEIO, "fault: read");
}

Status FaultDevice::write_faulty(Io& io) {
    const FaultRule* rule = strike(FaultOp::kWrite, &io);
    const uint64_t start_block = start_block_of(io);
    if (rule == nullptr)
        return store(start_block, io.buffer);
    switch (rule->kind) {
    case FaultKind::kLostWrite:
        return ok();
    case FaultKind::kMisdirectedWrite:
        return store(elsewhere(start_block, io.buffer.size() / kBlockBytes), io.buffer);
    case FaultKind::kTornWrite:
        return tear(start_block, io.buffer);
    case FaultKind::kNoSpace:
        return fail(Code::kENOSPC, "fault: write");
    default:
        return fail(Code::kEIO, "fault: write");
    }
}

Status FaultDevice::read(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, child_.geometry().size_bytes));
    MutexLock lock(mutex_);
    for (Io& io : batch)
        io.status = read_faulty(io);
    return batch_status(batch);
}

Status FaultDevice::write(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, child_.geometry().size_bytes));
    MutexLock lock(mutex_);
    for (Io& io : batch)
        io.status = write_faulty(io);
    return batch_status(batch);
}

Status FaultDevice::land(uint64_t block, const Block& content) {
    std::memcpy(scratch_.bytes().data(), content.data(), kBlockBytes);
    return child_.write_one(whole_extent(block, scratch_.bytes()));
}

Status FaultDevice::flush() {
    MutexLock lock(mutex_);
    const FaultRule* rule = strike(FaultOp::kFlush, nullptr);
    if (rule != nullptr)
        return rule->kind == FaultKind::kLyingFlush ? ok()
                                                    : Status(fail(Code::kEIO, "fault: flush"));
    std::vector<uint64_t> order;
    for (const auto& [block, contents] : cache_)
        order.push_back(block);
    random_.shuffle(std::span(order));
    for (uint64_t block : order)
        VEXFS_TRY_VOID(land(block, cache_[block].back()));
    VEXFS_TRY_VOID(child_.flush());
    cache_.clear();
    return ok();
}

Status FaultDevice::cut_power(PowerCut cut) {
    MutexLock lock(mutex_);
    for (const auto& [block, contents] : cache_) {
        if (cut == PowerCut::kNothingLands)
            continue;
        // The cache may have written any of the contents back, or none, before the last write was
        // cut short.
        const size_t landed = cut == PowerCut::kEverythingLands
                                  ? contents.size()
                                  : random_.below(contents.size() + 1);
        if (landed > 0)
            VEXFS_TRY_VOID(land(block, contents[landed - 1]));
        if (landed == contents.size() || !random_.chance(1, 3))
            continue;
        Block torn;
        VEXFS_TRY_VOID(child_.read_one(whole_extent(block, scratch_.bytes())));
        std::memcpy(torn.data(), scratch_.bytes().data(), kBlockBytes);
        tear_onto(random_, contents[landed], torn);
        VEXFS_TRY_VOID(land(block, torn));
    }
    cache_.clear();
    return child_.flush();
}

uint64_t FaultDevice::struck(FaultKind kind) const {
    MutexLock lock(mutex_);
    return struck_[static_cast<size_t>(kind)];
}

size_t FaultDevice::cached_blocks() const {
    MutexLock lock(mutex_);
    return cache_.size();
}

} // namespace vexfs
