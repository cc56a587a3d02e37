// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/any_pool.h"

#include <array>

#include "base/guard.h"
#include "userlib/pool/pool_driver.h"

namespace vexfs {

namespace {

template <Pool Driver>
std::unique_ptr<AnyPool> make(const PoolOptions& options) {
    return std::make_unique<AnyPoolOf<Driver>>(options);
}

struct Choice {
    std::string_view name;
    std::unique_ptr<AnyPool> (*make)(const PoolOptions& options);
};
constexpr std::array kChoices{Choice{Zbud::kName, make<Zbud>}, Choice{Z3fold::kName, make<Z3fold>},
                              Choice{Zsmalloc::kName, make<Zsmalloc>}};

} // namespace

std::span<const std::string_view> pool_names() {
    static constexpr std::array names{kChoices[0].name, kChoices[1].name, kChoices[2].name};
    return names;
}

Result<std::unique_ptr<AnyPool>> make_pool(std::string_view name, const PoolOptions& options) {
    if (options.object_bytes_max == 0 || options.object_bytes_max > kPoolObjectBytesMax ||
        options.supply == nullptr)
        return fail(Code::kEINVAL, "pool: options out of range");
    for (const Choice& choice : kChoices) {
        if (choice.name == name)
            return guard(
                fail(Code::kEIO, "pool: construction"),
                [&]() -> Result<std::unique_ptr<AnyPool>> { return choice.make(options); });
    }
    return fail(Code::kEOPNOTSUPP, "pool: no driver has that name");
}

} // namespace vexfs
