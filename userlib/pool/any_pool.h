// SPDX-License-Identifier: Apache-2.0
//
// AnyPool: the trait behind a virtual call, for a driver that is chosen at run time.
//
// Threads: any thread, as the driver.
#pragma once

#include <memory>
#include <span>

#include "userlib/pool/pool.h"

namespace vexfs {

class AnyPool {
  public:
    virtual ~AnyPool() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;
    virtual Result<PoolHandle> malloc(size_t bytes, PoolFlags flags) = 0;
    virtual Status free(PoolHandle handle) = 0;
    virtual Result<Mapping> map(PoolHandle handle, MapMode mode) = 0;
    virtual Result<size_t> shrink(size_t pages, const Evict& evict) = 0;
    virtual size_t compact() = 0;
    [[nodiscard]] virtual size_t pages() const = 0;
    [[nodiscard]] virtual PoolStats stats() const = 0;
    [[nodiscard]] virtual std::vector<PoolClass> classes() const = 0;
    [[nodiscard]] virtual size_t object_bytes_max() const = 0;
};

// The adaptor.
template <Pool Driver>
class AnyPoolOf final : public AnyPool {
  public:
    explicit AnyPoolOf(const PoolOptions& options) : pool_(options) {}

    [[nodiscard]] std::string_view name() const override { return Driver::kName; }
    Result<PoolHandle> malloc(size_t bytes, PoolFlags flags) override {
        return pool_.malloc(bytes, flags);
    }
    Status free(PoolHandle handle) override { return pool_.free(handle); }
    Result<Mapping> map(PoolHandle handle, MapMode mode) override {
        return pool_.map(handle, mode);
    }
    Result<size_t> shrink(size_t pages, const Evict& evict) override {
        return pool_.shrink(pages, evict);
    }
    size_t compact() override { return pool_.compact(); }
    [[nodiscard]] size_t pages() const override { return pool_.pages(); }
    [[nodiscard]] PoolStats stats() const override { return pool_.stats(); }
    [[nodiscard]] std::vector<PoolClass> classes() const override { return pool_.classes(); }
    [[nodiscard]] size_t object_bytes_max() const override { return pool_.object_bytes_max(); }

  private:
    Driver pool_;
};

// What to take where nobody asks for another; README.md has the figures.
inline constexpr std::string_view kDefaultPool = "zsmalloc";

// The names of all drivers.
std::span<const std::string_view> pool_names();

// EOPNOTSUPP if no driver has that name, EINVAL for options out of range, ENOMEM.
Result<std::unique_ptr<AnyPool>> make_pool(std::string_view name, const PoolOptions& options);

} // namespace vexfs
