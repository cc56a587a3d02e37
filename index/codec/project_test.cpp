// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <vector>

#include "base/random.h"
#include "index/codec/aligned_floats.h"
#include "index/kernels/convert.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr Element kElements[] = {Element::kF32, Element::kF16, Element::kBf16,
                                 Element::kI8,  Element::kU8,  Element::kBit};

// A vector that starts `shift` bytes after an aligned address.
struct Odd {
    std::vector<std::byte> bytes;
    VectorView view;
};

Odd odd_vector(Element element, uint32_t dim, size_t shift, Random& random) {
    std::vector<float> values(dim);
    for (float& value : values)
        value = static_cast<float>(random.normal() * 30);
    Odd made;
    made.bytes.resize(shift + bytes_of(element, dim));
    from_f32(values.data(), dim, element, made.bytes.data() + shift);
    made.view = {element, dim, made.bytes.data() + shift};
    return made;
}

AlignedFloats random_floats(size_t count, Random& random) {
    AlignedFloats floats = AlignedFloats::zeros(count).value();
    for (size_t i = 0; i < count; ++i)
        floats.data()[i] = static_cast<float>(random.normal());
    return floats;
}

} // namespace

TEST_CASE("projection: every instruction set gives the same bits for every element and dimension") {
    const uint64_t seed = 11;
    CAPTURE(seed);
    Random random(seed);
    const ProjectKernels& reference = project_kernels(Isa::kScalar);
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        CAPTURE(name_of(isa));
        const ProjectKernels& kernels = project_kernels(isa);
        for (Element element : kElements) {
            for (uint32_t dim : {1u, 3u, 15u, 16u, 17u, 63u, 255u, 256u, 257u, 700u}) {
                for (uint32_t columns : {64u, 128u, 192u, 320u}) {
                    CAPTURE(dim);
                    CAPTURE(columns);
                    const Odd odd = odd_vector(element, dim, dim % 5, random);
                    const AlignedFloats mean = random_floats(dim, random);
                    const AlignedFloats matrix = random_floats(size_t{dim} * columns, random);
                    AlignedFloats a = AlignedFloats::zeros(columns).value();
                    AlignedFloats b = AlignedFloats::zeros(columns).value();
                    const Projection projection{mean.data(), matrix.data(), columns};
                    reference.project(odd.view, 0.75f, projection, a.data());
                    kernels.project(odd.view, 0.75f, projection, b.data());
                    CHECK(std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
                    CHECK(reference.norm2(odd.view, 0.5f, mean.data()) ==
                          kernels.norm2(odd.view, 0.5f, mean.data()));
                    CHECK(reference.norm2(odd.view, 1, nullptr) ==
                          kernels.norm2(odd.view, 1, nullptr));
                }
            }
        }
    }
}

TEST_CASE("projection: the scalar kernels compute what the definition says") {
    Random random(12);
    const ProjectKernels& kernels = project_kernels(Isa::kScalar);
    for (Element element : kElements) {
        constexpr uint32_t kDim = 301, kColumns = 64;
        const Odd odd = odd_vector(element, kDim, 3, random);
        const AlignedFloats mean = random_floats(kDim, random);
        const AlignedFloats matrix = random_floats(size_t{kDim} * kColumns, random);
        std::vector<float> plain(kDim), centred(kDim);
        to_f32(odd.view, plain.data());
        kernels.centre(odd.view, 0.5f, mean.data(), centred.data());
        double norm2 = 0;
        for (uint32_t j = 0; j < kDim; ++j) {
            CHECK(centred[j] == plain[j] * 0.5f - mean.data()[j]);
            norm2 += static_cast<double>(centred[j]) * centred[j];
        }
        CHECK(kernels.norm2(odd.view, 0.5f, mean.data()) == doctest::Approx(norm2));
        AlignedFloats out = AlignedFloats::zeros(kColumns).value();
        kernels.project(odd.view, 0.5f, {mean.data(), matrix.data(), kColumns}, out.data());
        for (uint32_t i = 0; i < kColumns; ++i) {
            double sum = 0;
            for (uint32_t j = 0; j < kDim; ++j)
                sum += static_cast<double>(centred[j]) * matrix.data()[j * kColumns + i];
            CHECK(out.data()[i] == doctest::Approx(sum).epsilon(1e-4).scale(std::sqrt(norm2)));
        }
    }
}

TEST_CASE("projection: quantising rounds to nearest even, clamps and survives NaN and infinity") {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    alignas(64) float values[64] = {0.5f,   1.5f, 2.5f,    -0.5f,     -1.5f,
                                    126.6f, 200,  -126.6f, -3e9f,     3e38f,
                                    -3e38f, kNan, -kNan,   kInfinity, -kInfinity};
    const int expected[] = {0, 2, 2, 0, -2, 127, 127, -127, -127, 127, -127, -127, -127, 127, -127};
    const int expected4[] = {8, 9, 10, 7, 6, 15, 15, 0, 0, 15, 0, 0, 0, 15, 0};
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        CAPTURE(name_of(isa));
        alignas(64) int8_t out[64];
        const int32_t squares = project_kernels(isa).quantise(values, 64, 1, out);
        int32_t sum = 0;
        for (size_t i = 0; i < 64; ++i) {
            CAPTURE(i);
            CHECK(static_cast<int>(out[i]) == (i < std::size(expected) ? expected[i] : 0));
            sum += out[i] * out[i];
        }
        CHECK(squares == sum);
        project_kernels(isa).quantise4(values, 64, 1, out);
        for (size_t i = 0; i < std::size(expected4); ++i) {
            CAPTURE(i);
            CHECK(static_cast<int>(out[i]) == expected4[i]);
        }
    }
}
