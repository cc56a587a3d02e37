// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/landing.h"

namespace vexfs {

namespace {

// Lets parts of the unit size of a write land, each with a chance of one half.
void land_parts(const DeviceRecord& record, size_t unit, Random& random, OverlayDevice& device) {
    for (size_t at = 0; at < record.data.size(); at += unit)
        if (random.chance(1, 2))
            device.land(record.address_bytes + at, Bytes(record.data).subspan(at, unit));
}

} // namespace

const char* name_of(Landing landing) {
    constexpr const char* kNames[] = {"none", "all", "some", "torn", "permuted"};
    return kNames[static_cast<size_t>(landing)];
}

void land_pending(std::span<const DeviceRecord> pending, Landing landing, Random& random,
                  OverlayDevice& device) {
    std::vector<const DeviceRecord*> writes;
    for (const DeviceRecord& record : pending)
        if (record.kind == DeviceRecord::Kind::kWrite)
            writes.push_back(&record);
    if (landing == Landing::kPermuted)
        random.shuffle(std::span(writes));
    const size_t torn = writes.empty() ? 0 : random.below(writes.size());
    for (size_t i = 0; i < writes.size() && landing != Landing::kNone; ++i) {
        const DeviceRecord& write = *writes[i];
        if (landing == Landing::kAll)
            device.land(write.address_bytes, write.data);
        else if (landing == Landing::kTorn && i == torn)
            land_parts(write, kSectorBytes, random, device);
        else if (landing == Landing::kTorn || landing == Landing::kPermuted)
            land_parts(write, write.data.size(), random, device);
        else
            land_parts(write, kBlockBytes, random, device);
    }
}

} // namespace vexfs
