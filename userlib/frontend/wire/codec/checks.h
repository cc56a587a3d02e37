// SPDX-License-Identifier: Apache-2.0
//
// Rules that the messages of several ops share.
//
// Each tells what is wrong with untrusted values, and where; none needs a volume. Offsets that the
// faults name count from the start of the message.
//
// Threads: pure functions.
#pragma once

#include "userlib/frontend/wire/codec/frame.h"

namespace vexfs {

// A vexfs_file that stands at `offset`: ino and name not both, name at most 255 bytes, zero is 0.
Status check_file(const vexfs_file& file, size_t offset, Fault& fault);

// One component of a path: not ".", not "..", no '/' and no NUL. An empty name means that none was
// given.
Status check_name(std::string_view name, size_t offset, Fault& fault);

// dim 1..65,535 and a known element; both stand in one body.
Status check_shape(uint32_t element, uint32_t dim, size_t element_offset, size_t dim_offset,
                   Fault& fault);

// Floats are finite, and the spare bits of bit vectors are 0. `vectors` holds whole vectors of that
// shape, which check_shape passed.
Status check_vectors(Bytes vectors, uint32_t element, uint32_t dim, size_t offset, Fault& fault);

// No NUL and no control character but tab and newline. The grammar is the engine's.
Status check_filter(std::string_view filter, size_t offset, Fault& fault);

// offset + length within 2^63 - 1; without a length no offset.
Status check_row_meta(const vexfs_row_meta& meta, size_t offset, Fault& fault);

} // namespace vexfs
