// SPDX-License-Identifier: Apache-2.0
//
// The trait of the pools: allocators of small objects that are reached by handles, so that they may
// be packed tightly, moved, and evicted.
//
// A pool is an object of a driver: it is made with PoolOptions, and what is in it goes with it. The
// memory of an object is reached only while it is mapped; what is not mapped may move. A handle
// names one object for ever: when that is gone the handle is stale, whatever has taken the place.
//
//     Result<PoolHandle> handle = pool.malloc(bytes.size(), PoolFlags::none());
//     Mapping mapping = VEXFS_TRY(pool.map(*handle, MapMode::kWrite));
//     std::memcpy(mapping.writable().data(), bytes.data(), bytes.size());
//
// Errors, the same for all drivers:
//   EINVAL  an object of no bytes, or of more than object_bytes_max(); a flag that is unknown;
//           shrink() without something to call
//   ESTALE  the handle names no object: it was freed, evicted, or never handed out
//   EBUSY   the object is mapped, for writing or where that would be needed; or is being evicted
//   ENOMEM  the system has no memory, or the pool would have more than its pages
//
// Threads: any thread may call anything. A Mapping belongs to one thread at a time.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs {

inline constexpr size_t kPoolPageBytes = 4096;
// The most that PoolOptions may ask for.
inline constexpr size_t kPoolObjectBytesMax = size_t{64} << 10;

// How an object is to be allocated.
class PoolFlags {
  public:
    enum Bit : uint32_t {
        kZeroed = 1,  // the object is zeros; without it, it is whatever lay there
        kNoGrowth = 2 // only in pages that the pool has: ENOMEM if none of them has room
    };

    static constexpr PoolFlags none() { return PoolFlags(0); }
    // Of bits that somebody else wrote. EINVAL if one of them is unknown.
    static Result<PoolFlags> from_bits(uint32_t bits) {
        if ((bits & ~(uint32_t{kZeroed} | uint32_t{kNoGrowth})) != 0)
            return fail(Code::kEINVAL, "pool: unknown flag");
        return PoolFlags(bits);
    }
    constexpr PoolFlags(Bit bit) : bits_(bit) {}

    friend constexpr PoolFlags operator|(PoolFlags a, PoolFlags b) {
        return PoolFlags(a.bits_ | b.bits_);
    }
    friend constexpr PoolFlags operator|(Bit a, Bit b) { return PoolFlags(a) | PoolFlags(b); }
    friend constexpr bool operator==(PoolFlags, PoolFlags) = default;
    [[nodiscard]] constexpr bool has(Bit bit) const { return (bits_ & bit) != 0; }
    [[nodiscard]] constexpr uint32_t bits() const { return bits_; }

  private:
    constexpr explicit PoolFlags(uint32_t bits) : bits_(bits) {}

    uint32_t bits_;
};

// One object of one pool. A handle of no object is all zeros.
class PoolHandle {
  public:
    constexpr PoolHandle() = default;
    constexpr PoolHandle(uint32_t index, uint32_t generation)
        : bits_(uint64_t{generation} << 32 | index) {}
    // For a caller that keeps handles as numbers.
    static constexpr PoolHandle from_bits(uint64_t bits) {
        return {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)};
    }

    [[nodiscard]] constexpr uint64_t bits() const { return bits_; }
    [[nodiscard]] constexpr uint32_t index() const { return static_cast<uint32_t>(bits_); }
    [[nodiscard]] constexpr uint32_t generation() const {
        return static_cast<uint32_t>(bits_ >> 32);
    }
    explicit constexpr operator bool() const { return bits_ != 0; }
    friend constexpr bool operator==(PoolHandle, PoolHandle) = default;

  private:
    uint64_t bits_ = 0;
};

// Many may read an object at once; who writes it has it alone.
enum class MapMode : uint8_t { kRead, kWrite };

// An object's bytes, which stay where they are while this lives.
class Mapping {
  public:
    using Unmap = void (*)(void* pool, uint32_t index);

    // For the drivers.
    Mapping(void* pool, Unmap unmap, uint32_t index, MutableBytes bytes, MapMode mode)
        : pool_(pool), unmap_(unmap), bytes_(bytes), index_(index), mode_(mode) {}
    ~Mapping() {
        if (pool_ != nullptr)
            unmap_(pool_, index_);
    }
    Mapping(Mapping&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), unmap_(other.unmap_),
          bytes_(std::exchange(other.bytes_, {})), index_(other.index_), mode_(other.mode_) {}
    Mapping& operator=(Mapping&&) = delete;

    [[nodiscard]] Bytes bytes() const { return bytes_; }
    // Only of what was mapped for writing.
    [[nodiscard]] MutableBytes writable() const {
        VEXFS_ASSERT(mode_ == MapMode::kWrite);
        return bytes_;
    }

  private:
    void* pool_;
    Unmap unmap_;
    MutableBytes bytes_;
    uint32_t index_;
    MapMode mode_;
};

// Where pools get their memory from. Lent to the pool for as long as that lives.
// Threads: any thread.
class PageSupply {
  public:
    virtual ~PageSupply() = default;
    // Zeroed memory at the border of a page, or null.
    virtual std::byte* map(size_t bytes) = 0;
    virtual void unmap(std::byte* memory, size_t bytes) = 0;
};
// Anonymous memory of the system.
PageSupply& system_pages();

struct PoolOptions {
    // ENOMEM beyond it.
    size_t pages_max = std::numeric_limits<size_t>::max();
    // At most kPoolObjectBytesMax. Buddies share a stretch of as many pages as this needs.
    size_t object_bytes_max = kPoolPageBytes;
    PageSupply* supply = &system_pages();
};

struct PoolStats {
    size_t objects = 0;
    size_t stored_bytes = 0; // what was asked for
    // Pages that the system counts as this pool's; those that wait for their next use among them.
    size_t pages = 0;
    size_t spare_pages = 0;
    size_t metadata_bytes = 0; // handles, and what is known of pages
    uint64_t moved = 0;        // objects, by compaction
    uint64_t evicted = 0;      // objects, by shrink()

    [[nodiscard]] size_t total_bytes() const { return pages * kPoolPageBytes + metadata_bytes; }
    friend bool operator==(const PoolStats&, const PoolStats&) = default;
};

// Objects that a driver treats alike, by their size.
struct PoolClass {
    size_t object_bytes = 0; // the most that one may have
    size_t objects = 0;
    size_t places = 0; // for objects, in these pages
    size_t pages = 0;

    friend bool operator==(const PoolClass&, const PoolClass&) = default;
};

// Writes an object back to where it can be found again, or takes note that it is gone. It is freed
// when this returns ok, and stays if not. Called without a lock; the pool may be used meanwhile,
// but to all others the object is EBUSY.
using Evict = std::function<Status(PoolHandle handle, Bytes bytes)>;

// What a driver offers.
template <typename Driver>
concept Pool = requires(Driver& pool, const Driver& looked_at, PoolHandle handle, PoolFlags flags,
                        MapMode mode, size_t number, const Evict& evict) {
    // What it is called in options and reports.
    { Driver::kName } -> std::convertible_to<std::string_view>;
    { pool.malloc(number, flags) } -> std::same_as<Result<PoolHandle>>;
    { pool.free(handle) } -> std::same_as<Status>;
    { pool.map(handle, mode) } -> std::same_as<Result<Mapping>>;
    // Evicts the coldest until this many pages were given back, or all that may go are gone.
    // Returns how many pages were given back.
    { pool.shrink(number, evict) } -> std::same_as<Result<size_t>>;
    // Moves objects together until no page can be saved. Returns how many were given back.
    { pool.compact() } -> std::same_as<size_t>;
    { looked_at.pages() } -> std::same_as<size_t>;
    { looked_at.stats() } -> std::same_as<PoolStats>;
    // Those that have objects, by size.
    { looked_at.classes() } -> std::same_as<std::vector<PoolClass>>;
    { looked_at.object_bytes_max() } -> std::same_as<size_t>;
};

} // namespace vexfs
