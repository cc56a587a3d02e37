// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/layout.h"

#include "userlib/store/node.h"
#include "userlib/store/record.h"

namespace vexfs {

namespace {

constexpr uint64_t kDeviceBlocksMax = uint64_t{1} << 44; // 64 PiB; addresses have 48 bits

bool power_of_two_between(uint64_t value, uint64_t low, uint64_t high) {
    return std::has_single_bit(value) && value >= low && value <= high;
}

Status check_numbers(const Header& header) {
    if (!power_of_two_between(header.node_bytes, 512, 4 * kBlockBytes))
        return fail(Code::kEUCLEAN, "header: node size is out of range");
    if (!power_of_two_between(header.record_bytes, kBlockBytes, 16 * kBlockBytes))
        return fail(Code::kEUCLEAN, "header: record size is out of range");
    if (header.region_blocks % 64 != 0 || header.region_blocks < 64 ||
        header.region_blocks > 8 * kBlockBytes)
        return fail(Code::kEUCLEAN, "header: region size is out of range");
    if (header.uberblock_slots < 4 || header.uberblock_slots > 126)
        return fail(Code::kEUCLEAN, "header: uberblock ring is out of range");
    if (header.device_blocks > kDeviceBlocksMax || header.log_blocks > header.device_blocks ||
        header.log_blocks < 2)
        return fail(Code::kEUCLEAN, "header: size of device or log is out of range");
    if (header.inline_bytes + 1 > node_value_bytes_max(header.node_bytes))
        return fail(Code::kEUCLEAN, "header: inline size does not fit a node");
    if (record_item_bytes_max(header.record_bytes) > node_value_bytes_max(header.node_bytes))
        return fail(Code::kEUCLEAN, "header: record size does not fit a node");
    return ok();
}

} // namespace

Result<Layout> Layout::of(const Header& header) {
    VEXFS_TRY_VOID(check_numbers(header));
    Layout layout;
    layout.header_ = header;
    const uint64_t fixed = Layout::kLabels * layout.label_blocks() + header.log_blocks;
    if (fixed >= header.device_blocks)
        return fail(Code::kEUCLEAN, "header: the device is too small for labels and log");
    // The summaries are sized for the regions that would fit without them.
    const uint64_t left = header.device_blocks - fixed;
    const uint64_t entries = div_ceil<uint64_t>(left, header.region_blocks);
    layout.summary_blocks_ = blocks_for(entries * sizeof(SummaryEntry));
    layout.regions_start_ = layout.summary_start(1) + layout.summary_blocks_;
    const uint64_t regions_end = layout.label_start(2);
    if (layout.regions_start_ + 8 > regions_end)
        return fail(Code::kEUCLEAN, "header: the device is too small for a region");
    layout.regions_ = div_ceil<uint64_t>(regions_end - layout.regions_start_, header.region_blocks);
    // A last region without room behind its bitmaps is none.
    if (layout.region_size(layout.regions_ - 1) <= kBitmapSlots)
        --layout.regions_;
    return layout;
}

uint32_t Layout::region_size(uint64_t region) const {
    const uint64_t left = label_start(2) - region_start(region);
    return static_cast<uint32_t>(std::min<uint64_t>(left, header_.region_blocks));
}

bool Layout::allocatable(Segment segment) const {
    if (!segment || segment.count() == 0 || segment.first() < regions_start_)
        return false;
    const uint64_t region = region_of(segment.first());
    if (region >= regions_)
        return false;
    const uint64_t offset = segment.first() - region_start(region);
    return offset >= kBitmapSlots && offset + segment.count() <= region_size(region);
}

uint64_t Layout::capacity_blocks() const {
    uint64_t blocks = 0;
    for (uint64_t region = 0; region < regions_; ++region)
        blocks += region_size(region) - kBitmapSlots;
    return blocks;
}

} // namespace vexfs
