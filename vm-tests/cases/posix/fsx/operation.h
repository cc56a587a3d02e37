// SPDX-License-Identifier: Apache-2.0
//
// One thing done to a file, drawn from a seed and written down as a line of text.
//
// The operation's number decides its bytes, so that a line tells all of it. Nothing here touches a
// file.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace vexfs {

enum class Kind : uint8_t {
    kRead,
    kMapRead,
    kDirectRead,
    kSeek, // walk through data and holes
    kWhole,
    kWrite,
    kAppend,
    kMapWrite,
    kDirectWrite,
    kTruncate, // to `length`
    kReserve,
    kReserveKeep,
    kPunch,
    kZero,
    kZeroKeep,
    kCopy,
    kSync,
    kDataSync,
    kEvict, // sync, and drop what is cached
    kReopen,
    kCount
};

// What has to be supported to do it; kNone is always there.
enum class Feature : uint8_t { kNone, kDirect, kReserve, kPunch, kZero, kCopy, kMap, kCount };

std::string_view name_of(Kind kind);
std::string_view name_of(Feature feature);
Feature feature_of(Kind kind);
// Does it make all of its file that came before durable?
bool is_sync(Kind kind);

struct Operation {
    uint64_t number = 0;
    Kind kind = Kind::kRead;
    uint32_t file = 0; // that is read or changed
    uint64_t offset = 0;
    uint64_t length = 0;
    uint32_t from_file = 0; // kCopy
    uint64_t from_offset = 0;

    friend bool operator==(const Operation&, const Operation&) = default;
};

// "NUMBER KIND FILE OFFSET LENGTH FROM_FILE FROM_OFFSET"
std::string line_of(const Operation& operation);
std::optional<Operation> parse_operation(std::string_view line);

// The next operation on files of these sizes, none of which grows beyond `size_max`.
Operation draw(uint64_t seed, uint64_t number, std::span<const uint64_t> sizes, uint64_t size_max,
               std::span<const Feature> missing);

// The bytes that operation `number` writes.
std::string bytes_of(uint64_t number, uint64_t length);

} // namespace vexfs
