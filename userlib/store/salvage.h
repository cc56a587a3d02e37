// SPDX-License-Identifier: Apache-2.0
//
// salvage: everything that can still be read of a volume that is too damaged to be opened.
//
// It starts from the newest commit and takes every item and record whose path is whole. What lies
// below a damaged node is looked for in older commits, newest first, for just that range of keys;
// so nothing that was deleted since comes back where the newest commit can be read. What was synced
// since is taken from the log, as far as that can be read. It needs a header and one uberblock, no
// free map, and writes nothing.
//
// Threads: one thread, and nothing else uses the device meanwhile.
#pragma once

#include "userlib/store/label.h"
#include "userlib/store/node_io.h"

namespace vexfs {

// What takes it. Each byte of data and each item comes once, in no order.
class SalvageSink {
  public:
    virtual ~SalvageSink() = default;
    // Data of an object, as of the commit `txg`; what the log has is of the one after the newest. A
    // failure ends the salvage.
    virtual Status data(uint64_t oid, uint64_t offset, Bytes bytes, uint64_t txg) = 0;
    // Data that is there in no readable form.
    virtual Status lost_data(uint64_t oid, uint64_t offset, uint64_t length) = 0;
    virtual Status item(const Key& key, Bytes value, uint64_t txg) = 0;
    // Keys in [from, end) that are below a node that no commit has whole.
    virtual Status lost_keys(const Key& from, const Key& end) = 0;
};

struct SalvageReport {
    Header header;
    uint64_t newest_txg = 0;
    uint64_t commits = 0; // that were walked
    uint64_t damaged_nodes = 0;
    uint64_t log_operations = 0; // that were taken
    bool log_damaged = false;    // and there were more
};

// The errors of the header and the labels, ENOMEM, and those of the sink.
Result<SalvageReport> salvage(Device& device, SalvageSink& sink);

} // namespace vexfs
