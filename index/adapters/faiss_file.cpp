// SPDX-License-Identifier: Apache-2.0
//
// Parses and checks FAISS index files.
//
// Threads: pure.
#include "index/adapters/faiss_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "index/adapters/link_check.h"

namespace vexfs::index {
namespace {

constexpr uint64_t kMaxLevels = 64;

enum class Kind { kFlat, kHnsw };

struct Header {
    Kind kind = Kind::kFlat;
    Metric metric = Metric::kL2;
    uint32_t dim = 0;
    uint64_t rows = 0;
};

Result<Header> parse_header(ByteReader& reader) {
    Header header;
    const Bytes name = VEXFS_TRY(reader.take(4));
    const auto named = [&](const char* other) {
        return std::memcmp(name.data(), other, 4) == 0;
    };
    if (!named("IxF2") && !named("IxFI") && !named("IHNf"))
        return fail(Code::kEOPNOTSUPP, "faiss file: neither IndexFlat nor IndexHNSWFlat");
    header.kind = named("IHNf") ? Kind::kHnsw : Kind::kFlat;
    header.dim = VEXFS_TRY(reader.le<uint32_t>());
    header.rows = VEXFS_TRY(reader.le<uint64_t>());
    VEXFS_TRY_VOID(reader.skip(16));
    const auto trained = VEXFS_TRY(reader.le<uint8_t>());
    const auto metric = VEXFS_TRY(reader.le<uint32_t>());
    if (header.dim == 0 || header.dim > kMaxDim)
        return fail(Code::kEBADMSG, "faiss file: dimension is not in 1..65,535");
    if (header.rows > 0x7fffffff)
        return fail(Code::kEBADMSG, "faiss file: more rows than its links can name");
    if (trained != 1)
        return fail(Code::kEBADMSG, "faiss file: not a trained index");
    if (metric > 1 || (named("IxF2") && metric != 1) || (named("IxFI") && metric != 0))
        return fail(Code::kEBADMSG, "faiss file: the metric is unknown or another than its name");
    header.metric = metric == 1 ? Metric::kL2 : Metric::kDot;
    return header;
}

// A counted vector of the file, lent; `item_bytes` each.
struct Items {
    Bytes bytes;
    size_t count;
};

Result<Items> take_items(ByteReader& reader, size_t item_bytes) {
    const auto count = VEXFS_TRY(reader.le<uint64_t>());
    if (count > reader.remaining() / item_bytes)
        return fail(Code::kEBADMSG, "faiss file: a vector is longer than the file");
    return Items{VEXFS_TRY(reader.take(count * item_bytes)), static_cast<size_t>(count)};
}

Status parse_floats(ByteReader& reader, const Header& header, ImportedIndex& into) {
    const Items floats = VEXFS_TRY(take_items(reader, sizeof(float)));
    if (floats.count != header.rows * header.dim)
        return fail(Code::kEBADMSG, "faiss file: not as many floats as rows times dimension");
    into.dim = header.dim;
    into.rows = static_cast<uint32_t>(header.rows);
    into.vectors.reserve(floats.count);
    for (size_t i = 0; i < floats.count; ++i)
        into.vectors.push_back(std::bit_cast<float>(load_le<uint32_t>(&floats.bytes[4 * i])));
    into.labels.resize(into.rows);
    std::iota(into.labels.begin(), into.labels.end(), uint64_t{0});
    into.deleted.assign(into.rows, false);
    return check_finite(into.vectors);
}

// Where the links of each level of a row begin, counted from the row's first.
Result<std::vector<uint32_t>> parse_level_begins(ByteReader& reader) {
    const Items begins = VEXFS_TRY(take_items(reader, 4));
    if (begins.count < 2 || begins.count > kMaxLevels + 1)
        return fail(Code::kEBADMSG, "faiss file: the number of levels is out of range");
    std::vector<uint32_t> out;
    for (size_t i = 0; i < begins.count; ++i) {
        out.push_back(load_le<uint32_t>(&begins.bytes[4 * i]));
        if (out.back() > 0x7fffffff || (i == 0 ? out[0] != 0 : out[i] < out[i - 1]))
            return fail(Code::kEBADMSG, "faiss file: the links of the levels overlap");
    }
    return out;
}

Status append_row(const Items& links, uint64_t begin, uint32_t levels,
                  const std::vector<uint32_t>& level_begins, ImportedLinks& into) {
    into.begin_row();
    for (uint32_t level = 0; level < levels; ++level) {
        into.begin_level();
        for (uint32_t i = level_begins[level]; i < level_begins[level + 1]; ++i) {
            const auto target = static_cast<int32_t>(
                load_le<uint32_t>(&links.bytes[4 * static_cast<size_t>(begin + i)]));
            if (target == -1)
                break;
            if (target < 0)
                return fail(Code::kEBADMSG, "faiss file: a link is negative");
            into.add(static_cast<uint32_t>(target));
        }
    }
    return ok();
}

Status parse_graph(ByteReader& reader, const Header& header, ImportedIndex& into) {
    VEXFS_TRY_VOID(take_items(reader, sizeof(double)));
    const std::vector<uint32_t> level_begins = VEXFS_TRY(parse_level_begins(reader));
    const Items levels = VEXFS_TRY(take_items(reader, 4));
    const Items begins = VEXFS_TRY(take_items(reader, 8));
    const Items links = VEXFS_TRY(take_items(reader, 4));
    if (levels.count != header.rows || begins.count != header.rows + 1)
        return fail(Code::kEBADMSG, "faiss file: levels or offsets are not one per row");
    uint64_t expected = 0;
    for (size_t row = 0; row < header.rows; ++row) {
        const auto row_levels = load_le<uint32_t>(&levels.bytes[4 * row]);
        if (row_levels == 0 || row_levels >= level_begins.size())
            return fail(Code::kEBADMSG, "faiss file: the level of a row is out of range");
        const auto begin = load_le<uint64_t>(&begins.bytes[8 * row]);
        if (begin != expected || links.count - begin < level_begins[row_levels])
            return fail(Code::kEBADMSG, "faiss file: the offset of a row's links is wrong");
        expected = begin + level_begins[row_levels];
        VEXFS_TRY_VOID(append_row(links, begin, row_levels, level_begins, into.links));
    }
    if (load_le<uint64_t>(&begins.bytes[8 * header.rows]) != expected || links.count != expected)
        return fail(Code::kEBADMSG, "faiss file: the links do not end where the last row does");
    into.entry = VEXFS_TRY(reader.le<uint32_t>());
    const auto top_level = VEXFS_TRY(reader.le<uint32_t>());
    VEXFS_TRY_VOID(reader.skip(12));
    if (header.rows == 0)
        return into.entry == 0xffffffff
                   ? ok()
                   : Status(fail(Code::kEBADMSG, "faiss file: an empty index has an entry"));
    VEXFS_TRY_VOID(check_links(into.links, into.entry));
    if (into.links.levels_of(into.entry) != uint64_t{top_level} + 1)
        return fail(Code::kEBADMSG, "faiss file: the entry is not on the highest level");
    return ok();
}

} // namespace

Result<FaissFile> parse_faiss_file(Bytes file) {
    ByteReader reader(file);
    const Header header = VEXFS_TRY(parse_header(reader));
    FaissFile parsed{header.metric, {}};
    if (header.kind == Kind::kHnsw) {
        VEXFS_TRY_VOID(parse_graph(reader, header, parsed.index));
        const Header storage = VEXFS_TRY(parse_header(reader));
        if (storage.kind != Kind::kFlat || storage.dim != header.dim ||
            storage.rows != header.rows || storage.metric != header.metric)
            return fail(Code::kEBADMSG, "faiss file: the vectors do not belong to the graph");
    }
    VEXFS_TRY_VOID(parse_floats(reader, header, parsed.index));
    if (reader.remaining() != 0)
        return fail(Code::kEBADMSG, "faiss file: bytes follow its end");
    return parsed;
}

} // namespace vexfs::index
