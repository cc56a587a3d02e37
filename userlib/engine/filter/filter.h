// SPDX-License-Identifier: Apache-2.0
//
// A filter of a search: text in the manner of find(1), compiled once, asked about each row.
//
// The grammar stands in ioctl/vexfs_ioctl.h. Tests that are joined by "and" or "or" are done in
// the order of their cost, whatever the order of the text, and only until the answer is known. So
// a row counts as untyped if its answer came to a comparison of an attribute that is no number.
//
// Threads: immutable once compiled; passes() by any thread, each with a subject of its own.
#pragma once

#include "userlib/engine/filter/subject.h"
#include "userlib/engine/filter/tree.h"

namespace vexfs {

struct FilterFault {
    size_t column = 0;    // the byte at fault, from 1 on
    std::string sentence; // begins with the column; plain text, under 160 bytes
};

class Filter {
  public:
    // `now` is what ages count from. EINVAL, and what is wrong in `fault`.
    static Result<Filter> compile(std::string_view text, Timestamp now, FilterFault& fault);

    // Adds 1 to `untyped` if the row counts as such. The errors are those of the subject.
    Result<bool> passes(FilterSubject& subject, uint64_t& untyped) const;

  private:
    explicit Filter(FilterNode root) : root_(std::move(root)) {}

    FilterNode root_;
};

} // namespace vexfs
