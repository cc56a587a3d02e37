// SPDX-License-Identifier: Apache-2.0
//
// Elements of vectors in any of the types in which they are stored or travel, and the way from one
// type to another: by way of a binary64, which holds a value of each exactly.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ioctl/vexfs_ioctl.h"

namespace vexfs {

// Types beside the VEXFS_ELEMENT_*, in which vectors only travel.
constexpr uint16_t kElementI32 = 0x101;
constexpr uint16_t kElementF64 = 0x102;

// Bytes of a vector; 0: no such type.
size_t vector_size(uint16_t element, uint32_t dim);
const char* element_name(uint16_t element); // "f32"; "?"

double element_at(uint16_t element, const std::byte* vector, uint32_t i);
// Whether the value was stored: types of integers take those in their range alone, the others round
// and take what is finite then. A vector of bits begins as zeros.
bool store_element(uint16_t element, double value, std::byte* vector, uint32_t i);

// `from` as a vector of type `to`, in `out`. On failure a sentence that names the element.
bool convert_vector(uint16_t from, Bytes vector, uint32_t dim, uint16_t to,
                    std::vector<std::byte>& out, std::string& sentence);

// "0.25, -1, 3e-4", with or without brackets, with blanks or commas between the numbers; the same
// that vector_text() prints. A sentence on failure.
bool parse_vector(std::string_view text, std::vector<double>& values, std::string& sentence);
// In the fewest digits that read back as the same value.
std::string number_text(double value);
std::string number_text(float value);
std::string vector_text(uint16_t element, const std::byte* vector, uint32_t dim);

} // namespace vexfs
