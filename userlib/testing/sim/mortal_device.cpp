// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/mortal_device.h"

#include <algorithm>

namespace vexfs {

void MortalDevice::revive() {
    writes_left_ = flushes_left_ = UINT64_MAX;
    dead_ = false;
}

Status MortalDevice::write(std::span<Io> batch) {
    const size_t alive = dead_ ? 0 : std::min<uint64_t>(batch.size(), writes_left_);
    writes_left_ -= alive;
    dead_ = dead_ || alive < batch.size();
    VEXFS_TRY_VOID(child_.write(batch.first(alive)));
    for (Io& io : batch.subspan(alive))
        io.status = fail(Code::kEIO, "mortal: the process is dead");
    return batch_status(batch);
}

Status MortalDevice::flush() {
    dead_ = dead_ || flushes_left_ == 0;
    if (dead_)
        return fail(Code::kEIO, "mortal: the process is dead");
    --flushes_left_;
    return child_.flush();
}

} // namespace vexfs
