// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/label.h"

#include <algorithm>

#include "base/log.h"
#include "userlib/store/block_buffer.h"

namespace vexfs {

namespace {

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
    if (header.header_bytes != sizeof header || !all_zero(block.subspan(sizeof header)) ||
        header.zero0 != 0 || !all_zero(bytes_of(header.zero1)))
        return fail(Code::kEUCLEAN, "label: reserved bytes of the header");
    if (header.device_blocks > device_blocks)
        return fail(Code::kEUCLEAN, "label: the device is smaller than the volume");
    return header;
}

} // namespace

std::optional<Uberblock> parse_uberblock(Bytes block, const Header& header, uint64_t slot) {
    Uberblock uberblock;
    std::memcpy(&uberblock, block.data(), sizeof uberblock);
    if (uberblock.magic != kUberblockMagic || uberblock.version != kFormatVersion ||
        uberblock.volume_id != header.volume_id ||
        uberblock.checksum != checksum_of(uberblock, slot))
        return std::nullopt;
    if (uberblock.txg % header.uberblock_slots != slot || uberblock.summary_slot > 1 ||
        uberblock.zero0 != 0 || uberblock.zero1 != 0 || uberblock.zero2 != 0 ||
        !all_zero(bytes_of(uberblock.zero3)) || uberblock.data_set != 0 ||
        !all_zero(block.subspan(sizeof uberblock)))
        return std::nullopt;
    return uberblock;
}

bool header_is(Bytes block, const Header& header) {
    return std::ranges::equal(block.first(sizeof header), bytes_of(header)) &&
           all_zero(block.subspan(sizeof header));
}

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
            if (!header || header.value().uberblock_slots != slots)
                continue;
            log(LogLevel::kWarning, "label",
                "the header of the first label is damaged, and another label's is used",
                {{"volume", device.identity()}, {"block", at}, {"cause", first.error()}});
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
    for (uint32_t label = 0; label < Layout::kLabels; ++label)
        VEXFS_TRY_VOID(write_header(label));
    return ok();
}

Status Label::write_header(uint32_t label) {
    BlockBuffer block(1);
    Header summed = layout_.header();
    summed.checksum = checksum_of(summed);
    std::memcpy(block.bytes().data(), &summed, sizeof summed);
    return device_.write_one(whole_extent(layout_.header_block(label), block.bytes()));
}

Status Label::mend(const LabelSurvey& survey) {
    uint64_t mended = 0;
    for (uint32_t label = 0; label < Layout::kLabels; ++label) {
        if (!survey.header_sound(label)) {
            VEXFS_TRY_VOID(write_header(label));
            ++mended;
        }
        for (uint64_t slot = 0; slot < survey.slots().size(); ++slot) {
            if (survey.holds_newest(label, slot))
                continue;
            BlockBuffer block(1);
            if (const Uberblock* copy = survey.newest_of(slot))
                std::memcpy(block.bytes().data(), copy, sizeof *copy);
            const uint64_t at = layout_.uberblock_block(label, slot);
            VEXFS_TRY_VOID(device_.write_one(whole_extent(at, block.bytes())));
            mended += survey.amiss(label, slot) ? 1 : 0;
        }
    }
    if (mended > 0)
        log(LogLevel::kWarning, "label", "damaged copies are written anew",
            {{"volume", device_.identity()}, {"copies", mended}});
    return ok();
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
