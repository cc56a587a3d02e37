// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/label.h"

#include <algorithm>

#include "userlib/store/block_buffer.h"

namespace vexfs {

namespace {

bool zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// The header in `block` if it is whole.
Result<Header> parse_header(Bytes block, uint64_t device_blocks) {
    Header header;
    std::memcpy(&header, block.data(), sizeof header);
    if (header.magic != kHeaderMagic)
        return fail(Code::kEINVAL, "label: this is not a VexFS volume");
    if (header.version != kFormatVersion)
        return fail(Code::kEOPNOTSUPP, "label: another version of the format");
    if (checksum_of(header) != header.checksum)
        return fail(Code::kEBADMSG, "label: checksum of the header");
    if (!zero(block.subspan(sizeof header)) || header.zero0 != 0 || !zero(bytes_of(header.zero1)))
        return fail(Code::kEUCLEAN, "label: reserved bytes of the header");
    if (header.device_blocks > device_blocks)
        return fail(Code::kEUCLEAN, "label: the device is smaller than the volume");
    return header;
}

std::optional<Uberblock> parse_uberblock(Bytes block, const Header& header, uint64_t slot) {
    Uberblock uberblock;
    std::memcpy(&uberblock, block.data(), sizeof uberblock);
    if (uberblock.magic != kUberblockMagic || uberblock.version != kFormatVersion ||
        uberblock.volume_id != header.volume_id ||
        uberblock.checksum != checksum_of(uberblock, slot))
        return std::nullopt;
    if (uberblock.txg % header.uberblock_slots != slot || uberblock.summary_slot > 1 ||
        uberblock.zero0 != 0 || uberblock.zero1 != 0 || uberblock.zero3 != 0 ||
        !zero(bytes_of(uberblock.zero2)) || !zero(block.subspan(sizeof uberblock)))
        return std::nullopt;
    return uberblock;
}

} // namespace

Checksum128 checksum_of(const Header& header) {
    return xxh3_128(bytes_of(header).first(offsetof(Header, checksum)));
}

Checksum128 checksum_of(const Uberblock& uberblock, uint64_t slot) {
    return xxh3_128(bytes_of(uberblock).first(offsetof(Uberblock, checksum)), place_seed(slot, 1));
}

Status check_features(uint64_t features_write, uint64_t features_read, bool for_writing) {
    if ((features_read & ~kFeaturesRead) != 0)
        return fail(Code::kEOPNOTSUPP, "label: the volume uses a feature this version cannot read");
    if (for_writing && (features_write & ~kFeaturesWrite) != 0)
        return fail(Code::kEROFS, "label: the volume uses a feature this version cannot write");
    return ok();
}

Result<Header> Label::read_header(Device& device) {
    const uint64_t blocks = device.geometry().size_blocks();
    if (blocks < 16)
        return fail(Code::kEINVAL, "label: the device is too small for a volume");
    BlockBuffer block(1);
    // Label 0 has its header at a fixed place. The place of the others depends on the size of the
    // rings, so each size is tried; a volume that fills its device has label 3 at a known distance
    // from the end.
    Result<Header> first = fail(Code::kEIO, "label: the first one cannot be read");
    if (device.read_one(whole_extent(1, block.bytes()))) {
        first = parse_header(block.bytes(), blocks);
        if (first)
            return first;
    }
    for (uint64_t slots = 4; slots <= 126; ++slots) {
        for (const uint64_t at : {slots + 3, blocks - 2 * (slots + 2) + 1, blocks - (slots + 1)}) {
            if (at >= blocks || !device.read_one(whole_extent(at, block.bytes())))
                continue;
            const Result<Header> header = parse_header(block.bytes(), blocks);
            if (header && header.value().uberblock_slots == slots)
                return header;
        }
    }
    return first;
}

Status Label::format() {
    const Header& header = layout_.header();
    BlockBuffer zeros(header.uberblock_slots);
    for (uint32_t label = 0; label < Layout::kLabels; ++label)
        VEXFS_TRY_VOID(
            device_.write_one(whole_extent(layout_.uberblock_block(label, 0), zeros.bytes())));
    BlockBuffer block(1);
    Header summed = header;
    summed.checksum = checksum_of(header);
    std::memcpy(block.bytes().data(), &summed, sizeof summed);
    for (uint32_t label = 0; label < Layout::kLabels; ++label)
        VEXFS_TRY_VOID(device_.write_one(whole_extent(layout_.header_block(label), block.bytes())));
    return ok();
}

Result<Uberblock> Label::newest(uint64_t txg_max) {
    const Header& header = layout_.header();
    std::optional<Uberblock> best;
    BlockBuffer ring(header.uberblock_slots);
    uint32_t readable = 0;
    for (uint32_t label = 0; label < Layout::kLabels; ++label) {
        // Labels 2 and 3 lag a commit behind: to take one of them for the newest would lose that
        // commit in silence.
        if (label == 2 && readable == 0 && txg_max == UINT64_MAX)
            return fail(Code::kEIO, "label: neither of the first two labels can be read");
        if (!device_.read_one(whole_extent(layout_.uberblock_block(label, 0), ring.bytes())))
            continue;
        ++readable;
        for (uint64_t slot = 0; slot < header.uberblock_slots; ++slot) {
            const Bytes block = ring.bytes().subspan(slot * kBlockBytes, kBlockBytes);
            const std::optional<Uberblock> found = parse_uberblock(block, header, slot);
            if (!found || found->txg > txg_max)
                continue;
            if (!best || std::pair(found->epoch, found->txg) > std::pair(best->epoch, best->txg))
                best = found;
        }
    }
    if (!best)
        return fail(Code::kEUCLEAN, "label: no valid uberblock");
    return *best;
}

Status Label::write_to(const Uberblock& uberblock, uint32_t first_label) {
    const uint64_t slot = uberblock.txg % layout_.header().uberblock_slots;
    BlockBuffer block(1);
    Uberblock summed = uberblock;
    summed.checksum = checksum_of(summed, slot);
    std::memcpy(block.bytes().data(), &summed, sizeof summed);
    std::array<Io, 2> batch{
        whole_extent(layout_.uberblock_block(first_label, slot), block.bytes()),
        whole_extent(layout_.uberblock_block(first_label + 1, slot), block.bytes())};
    return device_.write(batch);
}

} // namespace vexfs
