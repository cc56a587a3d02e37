// SPDX-License-Identifier: Apache-2.0
#include "bench/store/workload.h"

#include "base/random.h"

namespace vexfs {

namespace {

constexpr uint64_t kFilesPerDirectory = 1000;
constexpr uint8_t kInode = 1;
constexpr uint8_t kEntry = 2;
constexpr uint8_t kInline = 5;
constexpr size_t kRandomBytes = 48;

} // namespace

Put put_at(uint64_t index, uint64_t version) {
    const uint64_t file = index / kPutsPerFile;
    const uint64_t directory = 1 + file / kFilesPerDirectory * (kFilesPerDirectory + 1);
    const uint64_t oid = directory + 1 + file % kFilesPerDirectory;
    Random random(index + (version << 40));
    Put put;
    for (size_t at = 0; at < kRandomBytes; at += sizeof(uint64_t))
        store_le<uint64_t>(put.value.data() + at, random.next());
    for (size_t at = kRandomBytes; at < put.value.size(); ++at)
        put.value[at] = static_cast<std::byte>(at);
    switch (index % kPutsPerFile) {
    case 0:
        put.key = {oid, kInode, 0, 0};
        break;
    case 1:
        put.key = {directory, kEntry, Random(file).next(), 0};
        break;
    default:
        put.key = {oid, kInline, 0, 0};
        break;
    }
    return put;
}

} // namespace vexfs
