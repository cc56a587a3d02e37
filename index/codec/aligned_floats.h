// SPDX-License-Identifier: Apache-2.0
//
// A fixed array of floats that begins on a cache line.
//
// Threads: a value; one owner.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs::index {

class AlignedFloats {
  public:
    AlignedFloats() = default;

    // `count` zeros. ENOMEM.
    static Result<AlignedFloats> zeros(size_t count) {
        AlignedFloats made;
        size_t size_bytes = 0;
        if (!checked_mul(count, sizeof(float), size_bytes) || size_bytes > SIZE_MAX - 64)
            return fail(Code::kENOMEM, "codec: size of its parameters");
        if (count == 0)
            return made;
        size_bytes = round_up(size_bytes, 64);
        made.floats_.reset(static_cast<float*>(std::aligned_alloc(64, size_bytes)));
        if (made.floats_ == nullptr)
            return fail(Code::kENOMEM, "codec: memory for its parameters");
        std::memset(made.floats_.get(), 0, size_bytes);
        made.count_ = count;
        return made;
    }

    [[nodiscard]] const float* data() const { return floats_.get(); }
    [[nodiscard]] float* data() { return floats_.get(); }
    [[nodiscard]] size_t size() const { return count_; }
    [[nodiscard]] size_t size_bytes() const { return round_up(count_ * sizeof(float), 64); }
    [[nodiscard]] std::span<const float> view() const { return {data(), count_}; }

  private:
    struct Free {
        void operator()(float* floats) const { std::free(floats); }
    };
    std::unique_ptr<float, Free> floats_;
    size_t count_ = 0;
};

} // namespace vexfs::index
