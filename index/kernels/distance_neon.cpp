// SPDX-License-Identifier: Apache-2.0
//
// Distance kernels with NEON, which every aarch64 machine has. Empty on other machines.
//
// Threads: pure functions.
#if defined(__aarch64__)

#include <arm_neon.h>

#include "index/kernels/distance_body.h"

namespace vexfs::index {
namespace {

struct Neon {
    using Floats = float32x4_t;
    using Ints = int32x4_t; // bytes and sums
    static constexpr uint32_t kFloats = 4, kWords = 8, kBytes = 16;

    VEXFS_INLINE Floats zero() { return vdupq_n_f32(0); }
    VEXFS_INLINE Ints zero_ints() { return vdupq_n_s32(0); }

    VEXFS_INLINE const uint8_t* raw(const std::byte* at) {
        return reinterpret_cast<const uint8_t*>(at);
    }
    template <Element kElement>
    VEXFS_INLINE Floats load(const std::byte* at) {
        if constexpr (kElement == Element::kF32)
            return vreinterpretq_f32_u8(vld1q_u8(raw(at)));
        else if constexpr (kElement == Element::kF16)
            return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(raw(at))));
        else
            return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(raw(at))), 16));
    }
    template <Element kElement>
    VEXFS_INLINE Floats load_part(const std::byte* at, uint32_t count) {
        std::byte room[16] = {};
        __builtin_memcpy(room, at, count * size_of(kElement));
        return load<kElement>(room);
    }
    VEXFS_INLINE Floats subtract(Floats a, Floats b) { return vsubq_f32(a, b); }
    VEXFS_INLINE Floats multiply_add(Floats a, Floats b, Floats c) { return vfmaq_f32(c, a, b); }
    VEXFS_INLINE float sum(const Floats (&parts)[4]) {
        return vaddvq_f32(vaddq_f32(vaddq_f32(parts[0], parts[1]), vaddq_f32(parts[2], parts[3])));
    }

    template <Element kElement>
    VEXFS_INLINE Ints load_words(const std::byte* at) {
        if constexpr (kElement == Element::kI8)
            return vreinterpretq_s32_s16(vmovl_s8(vreinterpret_s8_u8(vld1_u8(raw(at)))));
        else
            return vreinterpretq_s32_u16(vmovl_u8(vld1_u8(raw(at))));
    }
    template <Element kElement>
    VEXFS_INLINE Ints load_words_part(const std::byte* at, uint32_t count) {
        std::byte room[8] = {};
        __builtin_memcpy(room, at, count);
        return load_words<kElement>(room);
    }
    VEXFS_INLINE Ints subtract_words(Ints a, Ints b) {
        return vreinterpretq_s32_s16(vsubq_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
    }
    VEXFS_INLINE Ints add_products(Ints sum, Ints a, Ints b) {
        const int16x8_t x = vreinterpretq_s16_s32(a), y = vreinterpretq_s16_s32(b);
        return vmlal_high_s16(vmlal_s16(sum, vget_low_s16(x), vget_low_s16(y)), x, y);
    }
    VEXFS_INLINE uint32_t sum_ints(Ints sum) { return vaddvq_u32(vreinterpretq_u32_s32(sum)); }

    VEXFS_INLINE Ints load_bytes(const std::byte* at) {
        return vreinterpretq_s32_u8(vld1q_u8(raw(at)));
    }
    VEXFS_INLINE Ints load_bytes_part(const std::byte* at, uint32_t count) {
        std::byte room[16] = {};
        __builtin_memcpy(room, at, count);
        return load_bytes(room);
    }
    VEXFS_INLINE Ints bit_xor(Ints a, Ints b) { return veorq_s32(a, b); }
    VEXFS_INLINE Ints bit_or(Ints a, Ints b) { return vorrq_s32(a, b); }
    VEXFS_INLINE Ints add_bits(Ints sum, Ints bytes) {
        const uint16x8_t counts = vpaddlq_u8(vcntq_u8(vreinterpretq_u8_s32(bytes)));
        return vreinterpretq_s32_u32(vpadalq_u16(vreinterpretq_u32_s32(sum), counts));
    }
    VEXFS_INLINE uint32_t sum_bits(Ints sum) { return sum_ints(sum); }
};

} // namespace

constexpr DistanceTable kNeonDistances = make_table<Neon>();

} // namespace vexfs::index

#endif
