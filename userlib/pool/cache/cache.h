// SPDX-License-Identifier: Apache-2.0
//
// A bounded cache of immutable values by a 64-bit key, which a scan does not empty. Who stays is
// the business of a policy: s3_fifo.h, arc.h; README.md has what they are worth.
//
// It knows nothing of what the values are; a value that somebody holds stays alive after it left
// the cache. A put that is cut off by lack of memory leaves a cache that works.
//
// Threads: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace vexfs {

enum class CachePolicy : uint8_t { kS3Fifo, kArc };
inline constexpr CachePolicy kDefaultCachePolicy = CachePolicy::kS3Fifo;

inline constexpr std::string_view name_of(CachePolicy policy) {
    return policy == CachePolicy::kArc ? "arc" : "s3fifo";
}

template <typename Value>
class Cache {
  public:
    using Handle = std::shared_ptr<const Value>;

    // A value that was asked for again, and yet had to go to keep the budget.
    struct Left {
        uint64_t key = 0;
        Handle value;
    };
    // What is known of a value that is put: nothing; that it was asked for before, so that it need
    // not prove itself; that nobody has asked for it yet, so that the first who does proves
    // nothing.
    enum class Past : uint8_t { kUnknown, kProven, kAhead };
    // Whether asking for a value tells that it will be asked for again. Who reads a value in
    // pieces, one after the other, asks for it once.
    enum class Use : uint8_t { kCounted, kUncounted };
    struct Counts {
        size_t bytes = 0;
        size_t values = 0;
        uint64_t hits = 0;
        uint64_t misses = 0;
    };

    Cache() = default;
    virtual ~Cache() = default;
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    // The value, or nothing.
    virtual Handle get(uint64_t key, Use use) = 0;
    Handle get(uint64_t key) { return get(key, Use::kCounted); }
    // Whether it is there, without asking for it.
    [[nodiscard]] virtual bool contains(uint64_t key) const = 0;
    // Takes the place of what was there under this key. `cost_bytes` counts against the budget.
    // What leaves for it is appended to `left`, if that is given.
    virtual void put(uint64_t key, Handle value, size_t cost_bytes, std::vector<Left>* left,
                     Past past) = 0;
    void put(uint64_t key, Handle value, size_t cost_bytes) {
        put(key, std::move(value), cost_bytes, nullptr, Past::kUnknown);
    }
    virtual void erase(uint64_t key) = 0;
    // For memory that others need meanwhile. What is over a smaller budget leaves at once.
    virtual void set_budget(size_t budget_bytes) = 0;
    [[nodiscard]] virtual size_t budget() const = 0;
    [[nodiscard]] virtual Counts counts() const = 0;
};

} // namespace vexfs
