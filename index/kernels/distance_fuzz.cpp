// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes every distance kernel against the definition of its metric.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "index/kernels/convert.h"
#include "index/kernels/distance.h"
#include "index/kernels/distance_oracle.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr size_t kHeadBytes = 3;

// A copy at the end of its own allocation, `shift` bytes off, with every NaN and Inf made finite.
std::unique_ptr<std::byte[]> valid_copy(const std::byte* from, Element element, uint32_t dim,
                                        size_t shift) {
    const size_t bytes = bytes_of(element, dim);
    auto room = std::make_unique<std::byte[]>(shift + bytes);
    std::byte* data = room.get() + shift;
    std::memcpy(data, from, bytes);
    while (const auto bad = first_invalid({element, dim, data})) {
        if (element == Element::kBit)
            data[*bad / 8] &= ~static_cast<std::byte>(1U << (*bad % 8));
        else // the exponent stands in the last byte of an element
            data[(*bad + 1) * bytes_of(element, 1) - 1] &= std::byte{0x83};
    }
    return room;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
    if (size < kHeadBytes || !is_element(input[0] % 8) || !is_metric(input[1] % 8))
        return 0;
    const auto element = static_cast<Element>(input[0] % 8);
    const auto metric = static_cast<Metric>(input[1] % 8);
    if (!fits(element, metric))
        return 0;
    const size_t each = (size - kHeadBytes) / 2;
    const size_t dim_wide = element == Element::kBit ? each * 8 : each / bytes_of(element, 1);
    if (dim_wide == 0 || dim_wide > kMaxDim)
        return 0;
    const auto dim =
        static_cast<uint32_t>(dim_wide) - (element == Element::kBit ? input[2] / 32 : 0);
    const size_t shift = input[2] % 16;
    const auto* bytes = reinterpret_cast<const std::byte*>(input + kHeadBytes);
    const auto a = valid_copy(bytes, element, dim, shift);
    const auto b = valid_copy(bytes + each, element, dim, shift / 2);
    const VectorView x{element, dim, a.get() + shift}, y{element, dim, b.get() + shift / 2};
    const OracleDistance oracle = oracle_distance(x, y, metric);
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        const float distance = Distance::make(element, metric, dim, isa)->between(x.data, y.data);
        if (!is_within(distance, oracle)) {
            std::fprintf(stderr, "%s element %d metric %d dim %u: %.9g, should be %.17g +- %.3g\n",
                         name_of(isa), static_cast<int>(element), static_cast<int>(metric), dim,
                         static_cast<double>(distance), oracle.value, oracle.error);
            std::abort();
        }
    }
    return 0;
}
