// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/fsx/operation.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace vexfs {

namespace {

struct KindRow {
    std::string_view name;
    Feature feature;
    unsigned weight; // how often, of all
};

constexpr std::array<KindRow, static_cast<size_t>(Kind::kCount)> kKinds{{
    {"read", Feature::kNone, 12},          {"map-read", Feature::kMap, 6},
    {"direct-read", Feature::kDirect, 4},  {"seek", Feature::kNone, 3},
    {"whole", Feature::kNone, 3},          {"write", Feature::kNone, 18},
    {"append", Feature::kNone, 6},         {"map-write", Feature::kMap, 6},
    {"direct-write", Feature::kDirect, 4}, {"truncate", Feature::kNone, 8},
    {"reserve", Feature::kReserve, 2},     {"reserve-keep", Feature::kReserve, 2},
    {"punch", Feature::kPunch, 6},         {"zero", Feature::kZero, 4},
    {"zero-keep", Feature::kZero, 2},      {"copy", Feature::kCopy, 6},
    {"sync", Feature::kNone, 3},           {"data-sync", Feature::kNone, 2},
    {"evict", Feature::kNone, 2},          {"reopen", Feature::kNone, 2},
}};

constexpr std::array<std::string_view, static_cast<size_t>(Feature::kCount)> kFeatures{
    "", "O_DIRECT", "fallocate", "punching holes", "zeroing ranges", "copy_file_range", "mmap"};

constexpr uint64_t kDirectUnit = 4096;

const KindRow& row(Kind kind) {
    return kKinds[static_cast<size_t>(kind)];
}

Kind draw_kind(Random& random, std::span<const Feature> missing) {
    const auto has = [&](const KindRow& kind) {
        return std::find(missing.begin(), missing.end(), kind.feature) == missing.end();
    };
    uint64_t weights = 0;
    for (const KindRow& kind : kKinds)
        weights += has(kind) ? kind.weight : 0;
    uint64_t drawn = random.below(weights);
    size_t index = 0;
    while (!has(kKinds[index]) || drawn >= kKinds[index].weight) {
        drawn -= has(kKinds[index]) ? kKinds[index].weight : 0;
        ++index;
    }
    return static_cast<Kind>(index);
}

// Mostly anywhere, often at or beside a border at which filesystems go wrong.
uint64_t draw_place(Random& random, uint64_t end) {
    if (end == 0 || random.chance(1, 2))
        return random.below(end + 1);
    constexpr std::array<uint64_t, 4> kUnits{512, 4096, 65536, 262144};
    const uint64_t unit = kUnits[random.below(kUnits.size())];
    const uint64_t border = random.chance(1, 4) ? end : random.below(end / unit + 1) * unit;
    const uint64_t step = random.below(3);
    return std::min(end, step == 0 && border > 0 ? border - 1 : border + step - (step > 0 ? 1 : 0));
}

uint64_t draw_length(Random& random) {
    const uint64_t longest = uint64_t{1} << random.between(0, 17);
    return random.between(1, longest);
}

void align(Operation& operation) {
    operation.offset -= operation.offset % kDirectUnit;
    operation.length += kDirectUnit - 1;
    operation.length -= operation.length % kDirectUnit;
}

void draw_range(Random& random, Operation& operation, uint64_t size, uint64_t size_max) {
    const bool within = operation.kind == Kind::kMapRead || operation.kind == Kind::kMapWrite;
    const uint64_t end = within ? size : size_max;
    operation.offset = draw_place(random, random.chance(3, 4) ? size : end);
    operation.length = draw_length(random);
    if (operation.kind == Kind::kTruncate) {
        operation.length = operation.offset;
        operation.offset = 0;
        return;
    }
    if (operation.kind == Kind::kDirectRead || operation.kind == Kind::kDirectWrite)
        align(operation);
    if (operation.kind == Kind::kAppend)
        operation.offset = size;
    operation.length = std::min(operation.length, end - std::min(end, operation.offset));
}

// Source and target may be one file, but may not overlap; the source ends where its file does.
void draw_source(Random& random, Operation& operation, std::span<const uint64_t> sizes) {
    operation.from_file = static_cast<uint32_t>(random.below(sizes.size()));
    const uint64_t size = sizes[operation.from_file];
    operation.from_offset = draw_place(random, size);
    operation.length = std::min(operation.length, size - operation.from_offset);
    const uint64_t low = std::min(operation.offset, operation.from_offset);
    const uint64_t high = std::max(operation.offset, operation.from_offset);
    if (operation.from_file == operation.file)
        operation.length = std::min(operation.length, high - low);
}

} // namespace

std::string_view name_of(Kind kind) {
    return row(kind).name;
}

std::string_view name_of(Feature feature) {
    return kFeatures[static_cast<size_t>(feature)];
}

Feature feature_of(Kind kind) {
    return row(kind).feature;
}

bool is_sync(Kind kind) {
    return kind == Kind::kSync || kind == Kind::kDataSync || kind == Kind::kEvict;
}

std::string line_of(const Operation& operation) {
    std::string line = std::to_string(operation.number) + " ";
    line += name_of(operation.kind);
    for (const uint64_t number : {uint64_t{operation.file}, operation.offset, operation.length,
                                  uint64_t{operation.from_file}, operation.from_offset})
        line += " " + std::to_string(number);
    return line;
}

std::optional<Operation> parse_operation(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const size_t end = std::min(line.find(' '), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(line.size(), end + 1));
    }
    if (words.size() != 7)
        return std::nullopt;
    const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const KindRow& known) { return known.name == words[1]; });
    bool sound = kind != kKinds.end();
    const auto number = [&](size_t index) {
        uint64_t value = 0;
        const char* end = words[index].data() + words[index].size();
        const auto [stop, error] = std::from_chars(words[index].data(), end, value);
        sound = sound && error == std::errc{} && stop == end;
        return value;
    };
    Operation operation{number(0), Kind::kRead, static_cast<uint32_t>(number(2)),
                        number(3), number(4),   static_cast<uint32_t>(number(5)),
                        number(6)};
    operation.kind = static_cast<Kind>(kind - kKinds.begin());
    return sound ? std::optional(operation) : std::nullopt;
}

Operation draw(uint64_t seed, uint64_t number, std::span<const uint64_t> sizes, uint64_t size_max,
               std::span<const Feature> missing) {
    Random random(seed * 0x9e3779b97f4a7c15 + number);
    Operation operation;
    operation.number = number;
    operation.kind = draw_kind(random, missing);
    operation.file = static_cast<uint32_t>(random.below(sizes.size()));
    if (is_sync(operation.kind) || operation.kind == Kind::kReopen ||
        operation.kind == Kind::kSeek || operation.kind == Kind::kWhole)
        return operation;
    draw_range(random, operation, sizes[operation.file], size_max);
    if (operation.kind == Kind::kCopy)
        draw_source(random, operation, sizes);
    return operation;
}

std::string bytes_of(uint64_t number, uint64_t length) {
    Random random(number);
    std::string bytes(length, '\0');
    const uint64_t run = random.below(4); // some compress well
    uint64_t word = random.next();
    for (uint64_t i = 0; i < length; ++i) {
        if (i % (uint64_t{8} << (run * 3)) == 0)
            word = random.next();
        bytes[i] = static_cast<char>(word >> (i % 8 * 8));
    }
    return bytes;
}

} // namespace vexfs
