// SPDX-License-Identifier: Apache-2.0
//
// A buffer of whole blocks that a device accepts, from the heap; zeroed unless its owner says that
// all of it will be written.
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
    explicit BlockBuffer(size_t blocks) : BlockBuffer(unset(blocks)) {
        std::memset(memory_.get(), 0, size_);
    }
    static BlockBuffer unset(size_t blocks) {
        BlockBuffer buffer;
        buffer.size_ = blocks * kBlockBytes;
        buffer.memory_.reset(
            static_cast<std::byte*>(::operator new (buffer.size_, std::align_val_t{kBlockBytes})));
        return buffer;
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
