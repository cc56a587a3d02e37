// SPDX-License-Identifier: Apache-2.0
//
// A growing array of plain values at a 64-byte boundary, whose growth can fail.
//
// Threads: one thread.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs::index {

template <typename T>
class AlignedBuffer {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    // At least `count` elements. What was there is lost when the buffer grows; a grown buffer is
    // all zero. ENOMEM.
    Status reserve(size_t count) {
        if (count <= size_)
            return ok();
        const size_t wanted = count + count / 4;
        const size_t bytes = round_up<size_t>(wanted * sizeof(T), 64);
        void* place = std::aligned_alloc(64, bytes);
        if (place == nullptr)
            return fail(Code::kENOMEM, "graph: scratch memory");
        std::memset(place, 0, bytes);
        items_.reset(static_cast<T*>(place));
        size_ = wanted;
        return ok();
    }

    [[nodiscard]] T* data() const { return items_.get(); }
    [[nodiscard]] size_t size() const { return size_; }
    [[nodiscard]] size_t bytes() const { return size_ * sizeof(T); }
    T& operator[](size_t index) const { return items_.get()[index]; }

  private:
    struct Free {
        void operator()(T* items) const { std::free(items); }
    };
    std::unique_ptr<T[], Free> items_;
    size_t size_ = 0;
};

} // namespace vexfs::index
