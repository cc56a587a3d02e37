// SPDX-License-Identifier: Apache-2.0
//
// A set of vectors in memory: rows of equal dimension and element type, one after the other.
//
// Threads: a value; any number of readers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/kernels/metric.h"

namespace vexfs {

struct Matrix {
    index::Element element = index::Element::kF32; // kF32, kU8 or kI8
    uint32_t dim = 0;
    size_t rows = 0;
    std::vector<std::byte> bytes; // rows * row_bytes()

    [[nodiscard]] size_t row_bytes() const { return index::bytes_of(element, dim); }
    [[nodiscard]] const std::byte* row(size_t number) const {
        return bytes.data() + number * row_bytes();
    }
    [[nodiscard]] index::VectorView view(size_t number) const {
        return {element, dim, row(number)};
    }

    // Writes row `number` as floats; out.size() == dim.
    void to_floats(size_t number, std::span<float> out) const {
        const std::byte* from = row(number);
        if (element == index::Element::kF32) {
            std::copy_n(from, row_bytes(), std::as_writable_bytes(out).data());
            return;
        }
        for (size_t j = 0; j < dim; ++j)
            out[j] = element == index::Element::kU8 ? static_cast<float>(from[j])
                                                    : static_cast<float>(int8_t(from[j]));
    }
    // All rows as floats.
    [[nodiscard]] std::vector<float> floats() const {
        std::vector<float> out(rows * dim);
        for (size_t i = 0; i < rows; ++i)
            to_floats(i, std::span(out).subspan(i * dim, dim));
        return out;
    }
};

} // namespace vexfs
