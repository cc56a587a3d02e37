// SPDX-License-Identifier: Apache-2.0
//
// Memory that a Device accepts: aligned to a block, a whole number of blocks, zero at first.
//
// Large buffers take memory only where they are touched.
//
// Threads: a value with one owner.
#pragma once

#include <cstddef>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs {

class AlignedBuffer {
  public:
    AlignedBuffer() = default;
    // At least `size_bytes`, rounded up to whole blocks; ENOMEM.
    static Result<AlignedBuffer> create(size_t size_bytes);
    ~AlignedBuffer();
    AlignedBuffer(AlignedBuffer&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }

    [[nodiscard]] MutableBytes bytes() { return bytes_; }
    [[nodiscard]] Bytes bytes() const { return bytes_; }

  private:
    explicit AlignedBuffer(MutableBytes bytes) : bytes_(bytes) {}

    MutableBytes bytes_;
};

} // namespace vexfs
