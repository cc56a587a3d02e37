// SPDX-License-Identifier: Apache-2.0
//
// Writes and reads the bytes of a ColdIndex.
//
// Threads: pure.
#include "index/adapters/cold_file.h"

#include <bit>
#include <cstring>
#include <unordered_set>

#include "base/checksum.h"
#include "index/adapters/link_check.h"

namespace vexfs::index {
namespace {

constexpr char kMagic[] = "VXCOLD01";
constexpr size_t kMagicBytes = 8;
constexpr size_t kSumBytes = 8;

void append_u32(std::vector<std::byte>& to, uint32_t value) {
    to.resize(to.size() + 4);
    store_le<uint32_t>(to.data() + to.size() - 4, value);
}

void append_u64(std::vector<std::byte>& to, uint64_t value) {
    to.resize(to.size() + 8);
    store_le<uint64_t>(to.data() + to.size() - 8, value);
}

void append_floats(std::vector<std::byte>& to, const std::vector<float>& values) {
    for (float value : values)
        append_u32(to, std::bit_cast<uint32_t>(value));
}

Status take_floats(ByteReader& reader, uint64_t count, std::vector<float>& into) {
    if (count > reader.remaining() / sizeof(float))
        return fail(Code::kEBADMSG, "cold file: it ends inside its tables");
    into.resize(count);
    for (float& value : into)
        value = std::bit_cast<float>(VEXFS_TRY(reader.le<uint32_t>()));
    return check_finite(into);
}

Status take_list(ByteReader& reader, uint32_t code_bytes, ColdList& list) {
    const auto count = VEXFS_TRY(reader.le<uint32_t>());
    if (count > reader.remaining() / (sizeof(uint32_t) + code_bytes))
        return fail(Code::kEBADMSG, "cold file: a list is longer than the file");
    list.slots.resize(count);
    for (uint32_t& slot : list.slots)
        slot = VEXFS_TRY(reader.le<uint32_t>());
    const Bytes codes = VEXFS_TRY(reader.take(size_t{count} * code_bytes));
    list.codes.resize(codes.size());
    if (!codes.empty())
        std::memcpy(list.codes.data(), codes.data(), codes.size());
    return ok();
}

Status check_slots(const std::vector<ColdList>& lists, uint64_t rows) {
    std::unordered_set<uint32_t> seen;
    for (const ColdList& list : lists) {
        for (uint32_t slot : list.slots) {
            if (!seen.insert(slot).second)
                return fail(Code::kEBADMSG, "cold file: a slot is in two places");
        }
    }
    return seen.size() == rows
               ? ok()
               : Status(fail(Code::kEBADMSG, "cold file: the rows are not counted"));
}

} // namespace

std::vector<std::byte> cold_file_bytes(const ColdFile& file) {
    uint64_t rows = 0;
    for (const ColdList& list : file.lists)
        rows += list.slots.size();
    std::vector<std::byte> bytes(kMagicBytes);
    std::memcpy(bytes.data(), kMagic, kMagicBytes);
    append_u32(bytes, static_cast<uint32_t>(file.metric));
    append_u32(bytes, file.dim);
    append_u32(bytes, static_cast<uint32_t>(file.lists.size()));
    append_u32(bytes, file.code_bytes);
    append_u64(bytes, rows);
    append_u64(bytes, 0);
    append_floats(bytes, file.centroids);
    append_floats(bytes, file.codebooks);
    for (const ColdList& list : file.lists) {
        append_u32(bytes, static_cast<uint32_t>(list.slots.size()));
        for (uint32_t slot : list.slots)
            append_u32(bytes, slot);
        const Bytes codes = std::as_bytes(std::span(list.codes));
        bytes.insert(bytes.end(), codes.begin(), codes.end());
    }
    append_u64(bytes, xxh3_64(bytes));
    return bytes;
}

Result<ColdFile> parse_cold_file(Bytes bytes) {
    if (bytes.size() < kSumBytes)
        return fail(Code::kEBADMSG, "cold file: it is too short");
    const Bytes body = bytes.first(bytes.size() - kSumBytes);
    if (xxh3_64(body) != load_le<uint64_t>(bytes.data() + body.size()))
        return fail(Code::kEBADMSG, "cold file: the checksum does not match");
    ByteReader reader(body);
    const Bytes magic = VEXFS_TRY(reader.take(kMagicBytes));
    if (std::memcmp(magic.data(), kMagic, kMagicBytes) != 0)
        return fail(Code::kEBADMSG, "cold file: the magic is missing");
    const auto metric = VEXFS_TRY(reader.le<uint32_t>());
    ColdFile file;
    file.dim = VEXFS_TRY(reader.le<uint32_t>());
    const auto lists = VEXFS_TRY(reader.le<uint32_t>());
    file.code_bytes = VEXFS_TRY(reader.le<uint32_t>());
    const auto rows = VEXFS_TRY(reader.le<uint64_t>());
    const auto zero = VEXFS_TRY(reader.le<uint64_t>());
    if (metric < 1 || metric > 3 || file.dim == 0 || file.dim > kMaxDim || zero != 0)
        return fail(Code::kEBADMSG, "cold file: metric or dimension is out of range");
    if (lists == 0 || lists > kColdListsMax || file.code_bytes == 0 ||
        file.dim % file.code_bytes != 0)
        return fail(Code::kEBADMSG, "cold file: lists or code size is out of range");
    file.metric = static_cast<Metric>(metric);
    VEXFS_TRY_VOID(take_floats(reader, uint64_t{lists} * file.dim, file.centroids));
    VEXFS_TRY_VOID(take_floats(reader, uint64_t{256} * file.dim, file.codebooks));
    file.lists.resize(lists);
    for (ColdList& list : file.lists)
        VEXFS_TRY_VOID(take_list(reader, file.code_bytes, list));
    if (reader.remaining() != 0)
        return fail(Code::kEBADMSG, "cold file: bytes follow its last list");
    VEXFS_TRY_VOID(check_slots(file.lists, rows));
    return file;
}

} // namespace vexfs::index
