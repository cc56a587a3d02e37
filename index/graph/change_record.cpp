// SPDX-License-Identifier: Apache-2.0
#include "index/graph/change_record.h"

#include <utility>

#include "base/guard.h"

namespace vexfs::index {
namespace {

Status resize(std::vector<std::byte>& bytes, size_t size) {
    return guard(fail(Code::kENOMEM, "graph: memory for changes"), [&]() -> Status {
        bytes.resize(size);
        return ok();
    });
}

} // namespace

Result<ChangeHead> read_change_head(ByteReader& reader) {
    const Bytes raw = VEXFS_TRY(reader.take(kChangeHeadBytes));
    return ChangeHead{static_cast<uint8_t>(raw[0]), static_cast<uint8_t>(raw[1]),
                      load_le<uint16_t>(raw.data() + 2), load_le<uint32_t>(raw.data() + 4)};
}

void ChangeWriter::links_changed(uint32_t slot, uint32_t level, std::span<const uint32_t> links) {
    append(ChangeKind::kNeighbours, level, slot, links);
}

void ChangeWriter::duplicate_added(uint32_t slot, uint32_t shared) {
    append(ChangeKind::kDuplicate, 0, slot, {&shared, 1});
}

void ChangeWriter::row_released(uint32_t slot) {
    append(ChangeKind::kReleased, 0, slot, {});
}

void ChangeWriter::entry_changed(uint32_t slot) {
    append(ChangeKind::kEntry, 0, slot, {});
}

Result<std::vector<std::byte>> ChangeWriter::take() {
    MutexLock lock(mutex_);
    std::vector<std::byte> bytes = std::exchange(bytes_, {});
    VEXFS_TRY_VOID(std::exchange(whole_, ok()));
    return bytes;
}

void ChangeWriter::append(ChangeKind kind, uint32_t level, uint32_t slot,
                          std::span<const uint32_t> links) {
    MutexLock lock(mutex_);
    if (!whole_)
        return;
    const size_t start = bytes_.size();
    whole_ = resize(bytes_, start + kChangeHeadBytes + links.size() * sizeof(uint32_t));
    if (!whole_)
        return;
    std::byte* place = bytes_.data() + start;
    place[0] = static_cast<std::byte>(kind);
    place[1] = static_cast<std::byte>(level);
    store_le<uint16_t>(place + 2, static_cast<uint16_t>(links.size()));
    store_le<uint32_t>(place + 4, slot);
    for (size_t i = 0; i < links.size(); ++i)
        store_le<uint32_t>(place + kChangeHeadBytes + i * sizeof(uint32_t), links[i]);
}

} // namespace vexfs::index
