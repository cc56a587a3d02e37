// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/distance.h"

#include <doctest/doctest.h>
#include <memory>
#include <vector>

#include "base/random.h"
#include "index/kernels/convert.h"
#include "index/kernels/distance_oracle.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr Element kElements[] = {Element::kF32, Element::kF16, Element::kBf16,
                                 Element::kI8,  Element::kU8,  Element::kBit};
constexpr Metric kMetrics[] = {Metric::kL2, Metric::kCosine, Metric::kDot, Metric::kHamming,
                               Metric::kJaccard};

// How the elements of a generated vector are drawn.
enum class Draw { kNormal, kHuge, kSubnormal, kAlternating, kExtremes, kSparse, kZero, kCount };

float drawn(Draw draw, uint32_t i, Random& random) {
    const auto sign = static_cast<float>(random.chance(1, 2) ? 1 : -1);
    switch (draw) {
    case Draw::kNormal:
        return static_cast<float>(random.normal() * 40);
    case Draw::kHuge:
        return sign * static_cast<float>(std::ldexp(1 + random.unit(), 124));
    case Draw::kSubnormal:
        return sign * static_cast<float>(std::ldexp(random.unit(), -130));
    case Draw::kAlternating:
        return static_cast<float>(i % 2 == 0 ? 1 : -1) * static_cast<float>(1e4 + random.unit());
    case Draw::kExtremes:
        return sign *
               static_cast<float>(std::ldexp(1 + random.unit(), random.chance(1, 2) ? 60 : -60));
    case Draw::kSparse:
        return random.chance(1, 20) ? sign : 0;
    default:
        return 0;
    }
}

// A vector at the very end of its allocation, `shift` bytes off any alignment: reading past it is
// an error that the address sanitizer sees.
struct Held {
    std::unique_ptr<std::byte[]> room;
    VectorView view;
};

Held make_vector(Element element, uint32_t dim, Draw draw, size_t shift, Random& random) {
    const size_t bytes = bytes_of(element, dim);
    Held held{std::make_unique<std::byte[]>(shift + bytes), {}};
    std::byte* data = held.room.get() + shift;
    std::vector<float> values(dim);
    for (uint32_t i = 0; i < dim; ++i) {
        values[i] = drawn(draw, i, random);
        if (element == Element::kF16) // its largest number is 65504
            values[i] = std::fmax(-65504.0F, std::fmin(65504.0F, values[i]));
    }
    from_f32(values.data(), dim, element, data);
    if (element == Element::kBit && draw == Draw::kNormal) {
        for (size_t i = 0; i + 1 < bytes; ++i)
            data[i] = static_cast<std::byte>(random.next());
    }
    held.view = {element, dim, data};
    return held;
}

void check_all_isas(const Held& a, const Held& b, Metric metric) {
    const OracleDistance oracle = oracle_distance(a.view, b.view, metric);
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        const Distance distance = *Distance::make(a.view.element, metric, a.view.dim, isa);
        const float result = distance.between(a.view.data, b.view.data);
        if (!is_within(result, oracle)) {
            FAIL_CHECK(name_of(isa), " element ", static_cast<int>(a.view.element), " metric ",
                       static_cast<int>(metric), " dim ", a.view.dim, ": ", result, " not ",
                       oracle.value, " +- ", oracle.error);
        }
    }
}

void check_pair(Element element, uint32_t dim, Draw one, Draw other, Random& random) {
    const Held a = make_vector(element, dim, one, random.below(8), random);
    const Held b = make_vector(element, dim, other, random.below(8), random);
    for (Metric metric : kMetrics) {
        if (fits(element, metric)) {
            check_all_isas(a, b, metric);
            check_all_isas(a, a, metric);
        }
    }
}

} // namespace

TEST_CASE("distance: every kernel is within its bound at every small dimension and any alignment") {
    const uint64_t seed = 1;
    INFO("seed ", seed);
    Random random(seed);
    for (Element element : kElements) {
        for (uint32_t dim = 1; dim <= 300; ++dim)
            check_pair(element, dim, Draw::kNormal, Draw::kNormal, random);
    }
}

TEST_CASE("distance: every kernel is within its bound on adversarial vectors") {
    const uint64_t seed = 2;
    INFO("seed ", seed);
    Random random(seed);
    constexpr auto kDraws = static_cast<int>(Draw::kCount);
    for (Element element : kElements) {
        for (uint32_t dim : {1U, 7U, 33U, 128U, 129U, 768U}) {
            for (int pair = 0; pair < kDraws * kDraws; ++pair) {
                check_pair(element, dim, static_cast<Draw>(pair / kDraws),
                           static_cast<Draw>(pair % kDraws), random);
            }
        }
    }
}

TEST_CASE("distance: integer sums do not overflow at the largest dimension") {
    for (Element element : {Element::kI8, Element::kU8}) {
        const int low = element == Element::kI8 ? -128 : 0;
        const int high = element == Element::kI8 ? 127 : 255;
        for (const auto& [first, second] : {std::pair{low, high}, {high, high}, {low, low}}) {
            const int x = first; // clang 14 captures no binding
            const int y = second;
            const std::vector<std::byte> a(kMaxDim, static_cast<std::byte>(x));
            const std::vector<std::byte> b(kMaxDim, static_cast<std::byte>(y));
            for (Isa isa : kAllIsas) {
                if (!is_supported(isa))
                    continue;
                INFO(name_of(isa), " ", x, " ", y);
                const Distance l2 = *Distance::make(element, Metric::kL2, kMaxDim, isa);
                const Distance dot = *Distance::make(element, Metric::kDot, kMaxDim, isa);
                const double n = kMaxDim;
                CHECK(l2.between(a.data(), b.data()) == static_cast<float>(n * (x - y) * (x - y)));
                CHECK(dot.between(a.data(), b.data()) == static_cast<float>(-n * x * y));
            }
        }
    }
}

TEST_CASE("distance: every kernel is within its bound at the largest dimension") {
    const uint64_t seed = 3;
    INFO("seed ", seed);
    Random random(seed);
    for (Element element : kElements) {
        check_pair(element, kMaxDim, Draw::kNormal, Draw::kNormal, random);
        check_pair(element, kMaxDim - 1, Draw::kHuge, Draw::kHuge, random);
    }
}

TEST_CASE("distance: integers and bits give the same float on every instruction set") {
    const uint64_t seed = 4;
    INFO("seed ", seed);
    Random random(seed);
    for (Element element : {Element::kI8, Element::kU8, Element::kBit}) {
        for (int round = 0; round < 300; ++round) {
            const auto dim = static_cast<uint32_t>(random.between(1, 2000));
            const Held a = make_vector(element, dim, Draw::kNormal, 0, random);
            const Held b = make_vector(element, dim, Draw::kNormal, 1, random);
            for (Metric metric : kMetrics) {
                if (!fits(element, metric))
                    continue;
                const float scalar = Distance::make(element, metric, dim, Isa::kScalar)
                                         ->between(a.view.data, b.view.data);
                const float best = Distance::make(element, metric, dim, best_isa())
                                       ->between(a.view.data, b.view.data);
                CHECK(scalar == best);
                if (is_supported(Isa::kAvx2)) {
                    CHECK(scalar == Distance::make(element, metric, dim, Isa::kAvx2)
                                        ->between(a.view.data, b.view.data));
                }
            }
        }
    }
}

TEST_CASE("distance: a zero vector is at cosine distance 1 from everything, itself included") {
    Random random(5);
    for (Element element : kElements) {
        if (!fits(element, Metric::kCosine))
            continue;
        const Held zero = make_vector(element, 100, Draw::kZero, 0, random);
        const Held other = make_vector(element, 100, Draw::kNormal, 0, random);
        for (Isa isa : kAllIsas) {
            if (!is_supported(isa))
                continue;
            const Distance cosine = *Distance::make(element, Metric::kCosine, 100, isa);
            CHECK(cosine.between(zero.view.data, other.view.data) == 1);
            CHECK(cosine.between(other.view.data, zero.view.data) == 1);
            CHECK(cosine.between(zero.view.data, zero.view.data) == 1);
        }
    }
}

TEST_CASE("distance: the batched forms equal the single one") {
    const uint64_t seed = 6;
    INFO("seed ", seed);
    Random random(seed);
    for (Element element : kElements) {
        for (uint32_t dim : {3U, 128U, 1000U}) {
            constexpr size_t kRows = 37;
            const size_t stride = bytes_of(element, dim) + 5;
            std::vector<std::byte> rows(stride * kRows);
            std::vector<const std::byte*> places(kRows);
            for (size_t i = 0; i < kRows; ++i) {
                const Held row = make_vector(element, dim, Draw::kNormal, 0, random);
                std::memcpy(&rows[i * stride], row.view.data, bytes_of(element, dim));
                places[kRows - 1 - i] = &rows[i * stride];
            }
            const Held query = make_vector(element, dim, Draw::kNormal, 0, random);
            for (Metric metric : kMetrics) {
                if (!fits(element, metric))
                    continue;
                const Distance distance = *Distance::make(element, metric, dim);
                float strided[kRows], gathered[kRows];
                distance.to_rows(query.view.data, rows.data(), stride, kRows, strided);
                distance.to_rows(query.view.data, places.data(), kRows, gathered);
                for (size_t i = 0; i < kRows; ++i) {
                    CHECK(strided[i] == distance.between(query.view.data, &rows[i * stride]));
                    CHECK(gathered[kRows - 1 - i] == strided[i]);
                }
            }
        }
    }
}

TEST_CASE("distance: what does not go together is refused") {
    CHECK(Distance::make(Element::kF32, Metric::kHamming, 8).error().code == Code::kEINVAL);
    CHECK(Distance::make(Element::kBit, Metric::kL2, 8).error().code == Code::kEINVAL);
    CHECK(Distance::make(Element::kF32, Metric::kL2, 0).error().code == Code::kEINVAL);
    CHECK(Distance::make(Element::kF32, Metric::kL2, kMaxDim + 1).error().code == Code::kEINVAL);
    CHECK(Distance::make(static_cast<Element>(0), Metric::kL2, 8).error().code == Code::kEINVAL);
    CHECK(Distance::make(static_cast<Element>(7), Metric::kL2, 8).error().code == Code::kEINVAL);
    CHECK(Distance::make(Element::kF32, static_cast<Metric>(9), 8).error().code == Code::kEINVAL);
}
