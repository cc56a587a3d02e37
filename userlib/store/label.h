// SPDX-License-Identifier: Apache-2.0
//
// The labels: where a volume is recognised, and which of its commits is in force.
//
// Four labels, two at each end of the device, each with the header and a ring of uberblocks. A
// commit is the write of its uberblock to labels 0 and 1, between two flushes; labels 2 and 3 get
// it with the next commit, for nothing.
//
// Threads: one thread.
#pragma once

#include <optional>

#include "userlib/store/label_survey.h"

namespace vexfs {

// Features of this version that a volume may demand. Unknown ones: see check_features().
inline constexpr uint64_t kFeaturesWrite = 0;
inline constexpr uint64_t kFeaturesRead = 0;

class Label {
  public:
    Label(Device& device, const Layout& layout) : device_(device), layout_(layout) {}

    // The header of a device, from the first label that is whole; that it is not the first of all
    // is logged. EINVAL if this is no volume; EIO if the first label cannot be read and no other is
    // whole; EOPNOTSUPP for another version of the format; EUCLEAN if a header is whole and its
    // numbers are impossible.
    static Result<Header> read_header(Device& device);

    // Wipes all four uberblock rings and writes the headers. No flush.
    Status format();

    // Writes to each label what others have newer or whole, and nothing where none has anything
    // whole. No flush.
    Status mend(const LabelSurvey& survey);

    // The commit: to labels 0 and 1. No flush.
    Status write(const Uberblock& uberblock) { return write_to(uberblock, 0); }
    // To labels 2 and 3. No flush.
    Status write_far(const Uberblock& uberblock) { return write_to(uberblock, 2); }

  private:
    Status write_header(uint32_t label);
    Status write_to(const Uberblock& uberblock, uint32_t first_label);

    Device& device_;
    const Layout& layout_;
};

// Whether this code may open a volume with these feature words: EOPNOTSUPP if it may not; EROFS if
// only for reading.
Status check_features(uint64_t features_write, uint64_t features_read, bool for_writing);

// Whether the block is this header and zeros.
bool header_is(Bytes block, const Header& header);
// The uberblock in a block of slot `slot`, if it is one and whole.
std::optional<Uberblock> parse_uberblock(Bytes block, const Header& header, uint64_t slot);

Checksum128 checksum_of(const Header& header);
Checksum128 checksum_of(const Uberblock& uberblock, uint64_t slot);

} // namespace vexfs
