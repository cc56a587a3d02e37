// SPDX-License-Identifier: Apache-2.0
//
// What the intent log changes of the newest commit, for a salvage.
//
// It takes the log apart by item and by record, so that whoever walks a damaged tree can put each
// in its last state when it comes by, and add afterwards what the log alone has. It applies nothing
// and knows no tree.
//
// Threads: immutable once read.
#pragma once

#include <map>
#include <set>

#include "userlib/store/log.h"
#include "userlib/store/undo.h"

namespace vexfs {

// A record as far as it is known.
struct SalvagedRecord {
    Page bytes;
    std::vector<bool> lost; // by byte; as long as `bytes`

    void resize(size_t size, bool are_lost);
};

class SalvageLog {
  public:
    // Of the commit; up to the end of the log or the first damage.
    static SalvageLog read(Device& device, const Layout& layout, const Uberblock& commit);

    [[nodiscard]] bool damaged() const { return damaged_; }
    [[nodiscard]] uint64_t operations() const { return operations_; }

    // All that belonged to the object was given up.
    [[nodiscard]] bool destroyed(uint64_t oid) const { return destroyed_.count(oid) != 0; }
    // The last word on each item that it changes; nothing: erased.
    [[nodiscard]] const std::map<PackedKey, std::optional<Page>>& items() const { return items_; }
    // Records that it writes to.
    [[nodiscard]] const std::set<RecordId>& written() const { return written_; }
    [[nodiscard]] bool touches(const RecordId& id) const;
    // Makes of a record what it is after the log.
    void change(const RecordId& id, SalvagedRecord& record) const;

  private:
    // Zeros if there are no bytes.
    struct Change {
        uint64_t begin = 0;
        uint64_t end = 0;
        Page bytes;
    };

    explicit SalvageLog(const Layout& layout) : record_bytes_(layout.header().record_bytes) {}
    Status take(Bytes transaction);
    Status take_data(const Operation& operation);

    size_t record_bytes_;
    bool damaged_ = false;
    uint64_t operations_ = 0;
    std::set<uint64_t> destroyed_;
    std::map<PackedKey, std::optional<Page>> items_;
    std::map<uint64_t, std::vector<Change>> data_; // by oid, in the order of the log
    std::set<RecordId> written_;
};

} // namespace vexfs
