// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/dirent.h"

#include "base/checksum.h"

namespace vexfs {

namespace {

constexpr size_t kHeadBytes = 10;
constexpr int kHashBits = 54;

} // namespace

uint64_t directory_seed(const std::array<uint8_t, 16>& volume_id, uint64_t directory) {
    return xxh3_64(std::as_bytes(std::span(volume_id)), directory);
}

uint64_t first_position(std::string_view name, uint64_t seed) {
    return (xxh3_64(std::as_bytes(std::span(name)), seed) >> (64 - kHashBits)) * kNamesOfOneHashMax;
}

Status check_name(std::string_view name) {
    if (name.empty() || name == "." || name == "..")
        return fail(Code::kEINVAL, "names: the name is empty, . or ..");
    if (name.size() > kNameBytesMax)
        return fail(Code::kENAMETOOLONG, "names: the name is longer than 255 bytes");
    if (name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos)
        return fail(Code::kEINVAL, "names: a slash or a NUL in the name");
    return ok();
}

Page encode_dirent(const Dirent& dirent) {
    Page bytes(kHeadBytes + dirent.name.size());
    store_le<uint64_t>(bytes.data(), dirent.ino);
    bytes[8] = static_cast<std::byte>(dirent.type);
    std::memcpy(bytes.data() + kHeadBytes, dirent.name.data(), dirent.name.size());
    return bytes;
}

Result<Dirent> decode_dirent(Bytes bytes) {
    if (bytes.size() <= kHeadBytes || bytes[9] != std::byte{0})
        return fail(Code::kEUCLEAN, "directory: a name is malformed");
    Dirent dirent;
    dirent.ino = load_le<uint64_t>(bytes.data());
    dirent.type = static_cast<uint8_t>(bytes[8]);
    dirent.name.assign(reinterpret_cast<const char*>(bytes.data()) + kHeadBytes,
                       bytes.size() - kHeadBytes);
    if (dirent.ino < kRootIno || !check_name(dirent.name))
        return fail(Code::kEUCLEAN, "directory: a name is malformed");
    return dirent;
}

} // namespace vexfs
