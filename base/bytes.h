// SPDX-License-Identifier: Apache-2.0
//
// Integers in byte buffers, with bounds checks.
//
// Formats on disk are little-endian; keys of the B+tree are big-endian so that memcmp orders them.
// load_* and store_* work at any alignment and are for offsets the caller has checked. ByteReader
// and ByteWriter walk a buffer that nobody has checked: they never touch a byte outside it and fail
// with EBADMSG (reader) or EMSGSIZE (writer).
//
// Threads: values; one thread each.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "base/result.h"

namespace vexfs {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

template <std::unsigned_integral T>
constexpr T byte_swapped(T value) {
    if constexpr (sizeof(T) == 1)
        return value;
    else if constexpr (sizeof(T) == 2)
        return __builtin_bswap16(value);
    else if constexpr (sizeof(T) == 4)
        return __builtin_bswap32(value);
    else
        return __builtin_bswap64(value);
}

template <std::unsigned_integral T>
T load_le(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return std::endian::native == std::endian::little ? value : byte_swapped(value);
}

template <std::unsigned_integral T>
T load_be(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return std::endian::native == std::endian::big ? value : byte_swapped(value);
}

template <std::unsigned_integral T>
void store_le(std::byte* to, std::type_identity_t<T> value) {
    T raw = std::endian::native == std::endian::little ? value : byte_swapped(value);
    std::memcpy(to, &raw, sizeof raw);
}

template <std::unsigned_integral T>
void store_be(std::byte* to, std::type_identity_t<T> value) {
    T raw = std::endian::native == std::endian::big ? value : byte_swapped(value);
    std::memcpy(to, &raw, sizeof raw);
}

// The bytes of a trivially copyable object, for hashing and writing.
template <typename T>
requires std::is_trivially_copyable_v<T> Bytes bytes_of(const T& object) {
    return std::as_bytes(std::span<const T, 1>(&object, 1));
}

// a + b and a * b; false if the result does not fit. Sizes from untrusted bytes are only ever
// combined with these.
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool checked_add(T a, T b, T& sum) {
    return !__builtin_add_overflow(a, b, &sum);
}
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool checked_mul(T a, T b, T& product) {
    return !__builtin_mul_overflow(a, b, &product);
}

// value rounded up to a multiple of unit, a power of two. The caller knows that it does not
// overflow.
template <std::unsigned_integral T>
constexpr T round_up(T value, std::type_identity_t<T> unit) {
    return static_cast<T>((value + (unit - 1)) & ~(unit - 1));
}

template <std::unsigned_integral T>
constexpr T div_ceil(T value, std::type_identity_t<T> unit) {
    return static_cast<T>(value / unit + (value % unit != 0 ? 1 : 0));
}

// Reads forward through untrusted bytes.
// Threads: one thread.
class ByteReader {
  public:
    explicit ByteReader(Bytes bytes) : bytes_(bytes) {}

    [[nodiscard]] size_t position() const { return position_; }
    [[nodiscard]] size_t remaining() const { return bytes_.size() - position_; }

    template <std::unsigned_integral T>
    Result<T> le() {
        Bytes raw = VEXFS_TRY(take(sizeof(T)));
        return load_le<T>(raw.data());
    }
    template <std::unsigned_integral T>
    Result<T> be() {
        Bytes raw = VEXFS_TRY(take(sizeof(T)));
        return load_be<T>(raw.data());
    }

    // The next `count` bytes, lent from the buffer.
    Result<Bytes> take(size_t count) {
        if (count > remaining())
            return fail(Code::kEBADMSG, "bytes: the buffer ends inside a field");
        Bytes taken = bytes_.subspan(position_, count);
        position_ += count;
        return taken;
    }
    Status skip(size_t count) {
        VEXFS_TRY_VOID(take(count));
        return ok();
    }

    // A struct that crosses a border as it stands in memory (the ABI's, in native byte order).
    template <typename T>
    requires std::is_trivially_copyable_v<T> Result<T> object() {
        Bytes raw = VEXFS_TRY(take(sizeof(T)));
        T copy;
        std::memcpy(&copy, raw.data(), sizeof copy);
        return copy;
    }

  private:
    Bytes bytes_;
    size_t position_ = 0;
};

// Writes forward into a buffer of fixed size.
// Threads: one thread.
class ByteWriter {
  public:
    explicit ByteWriter(MutableBytes bytes) : bytes_(bytes) {}

    [[nodiscard]] size_t position() const { return position_; }
    [[nodiscard]] size_t remaining() const { return bytes_.size() - position_; }

    template <std::unsigned_integral T>
    Status le(std::type_identity_t<T> value) {
        MutableBytes place = VEXFS_TRY(reserve(sizeof(T)));
        store_le<T>(place.data(), value);
        return ok();
    }
    template <std::unsigned_integral T>
    Status be(std::type_identity_t<T> value) {
        MutableBytes place = VEXFS_TRY(reserve(sizeof(T)));
        store_be<T>(place.data(), value);
        return ok();
    }
    Status put(Bytes bytes) {
        MutableBytes place = VEXFS_TRY(reserve(bytes.size()));
        if (!bytes.empty())
            std::memcpy(place.data(), bytes.data(), bytes.size());
        return ok();
    }
    Status zeros(size_t count) {
        MutableBytes place = VEXFS_TRY(reserve(count));
        if (count > 0)
            std::memset(place.data(), 0, count);
        return ok();
    }
    template <typename T>
    requires std::is_trivially_copyable_v<T> Status object(const T& value) {
        return put(bytes_of(value));
    }

    // The next `count` bytes, for the caller to fill.
    Result<MutableBytes> reserve(size_t count) {
        if (count > remaining())
            return fail(Code::kEMSGSIZE, "bytes: the buffer is too small for what is written");
        MutableBytes place = bytes_.subspan(position_, count);
        position_ += count;
        return place;
    }

  private:
    MutableBytes bytes_;
    size_t position_ = 0;
};

} // namespace vexfs
