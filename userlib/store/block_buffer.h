// SPDX-License-Identifier: Apache-2.0
//
// A zeroed buffer of whole blocks that a device accepts, from the heap.
//
// AlignedBuffer maps its own pages, which suits arenas; this one suits the many short-lived buffers
// of one or a few blocks.
//
// Threads: a value with one owner.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "userlib/device/device.h"

namespace vexfs {

class BlockBuffer {
  public:
    BlockBuffer() = default;
    explicit BlockBuffer(size_t blocks)
        : size_(blocks * kBlockBytes),
          memory_(static_cast<std::byte*>(::operator new (size_, std::align_val_t{kBlockBytes}))) {
        std::memset(memory_.get(), 0, size_);
    }

    [[nodiscard]] MutableBytes bytes() { return {memory_.get(), size_}; }
    [[nodiscard]] Bytes bytes() const { return {memory_.get(), size_}; }

  private:
    struct Release {
        void operator()(std::byte* memory) const {
            ::operator delete (memory, std::align_val_t{kBlockBytes});
        }
    };

    size_t size_ = 0;
    std::unique_ptr<std::byte, Release> memory_;
};

} // namespace vexfs
