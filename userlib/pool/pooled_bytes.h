// SPDX-License-Identifier: Apache-2.0
//
// Bytes in a pool, for as long as this lives.
//
// Threads: a value with one owner; many may read what it holds.
#pragma once

#include <cstring>

#include "userlib/pool/any_pool.h"

namespace vexfs {

class PooledBytes {
  public:
    PooledBytes() = default; // none
    // A copy, in a pool that outlives it. ENOMEM, EINVAL.
    static Result<PooledBytes> copy(Bytes bytes, AnyPool& pool) {
        PooledBytes pooled(pool, VEXFS_TRY(pool.malloc(bytes.size(), PoolFlags::none())));
        const Mapping mapping = VEXFS_TRY(pool.map(pooled.handle_, MapMode::kWrite));
        std::memcpy(mapping.writable().data(), bytes.data(), bytes.size());
        return pooled;
    }
    ~PooledBytes() {
        if (pool_ != nullptr)
            static_cast<void>(pool_->free(handle_)); // its own, and nobody has it mapped
    }
    PooledBytes(PooledBytes&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), handle_(other.handle_) {}
    PooledBytes& operator=(PooledBytes&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(handle_, other.handle_);
        return *this;
    }

    explicit operator bool() const { return pool_ != nullptr; }
    // For reading; there are some.
    [[nodiscard]] Result<Mapping> map() const { return pool_->map(handle_, MapMode::kRead); }

  private:
    PooledBytes(AnyPool& pool, PoolHandle handle) : pool_(&pool), handle_(handle) {}

    AnyPool* pool_ = nullptr;
    PoolHandle handle_;
};

} // namespace vexfs
