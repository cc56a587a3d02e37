// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/schema_words.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "userlib/tools/vectors/elements.h"

namespace vexfs {

namespace {

// The word of a number is at its place.
constexpr std::array kMetrics{"?", "l2", "cosine", "dot", "hamming", "jaccard"};
constexpr std::array kCodes{"auto", "none", "i8", "f16", "bit"};
constexpr std::array kIndexes{"auto", "flat", "hnsw", "ivfpq"};
constexpr std::array kCompressions{"auto", "none", "lz4", "zstd"};
constexpr std::array kPools{"auto", "zbud", "z3fold", "zsmalloc"};
constexpr std::array kPlans{"nothing to search",
                            "scan of vectors",
                            "scan of codes",
                            "graph walk",
                            "graph walk among allowed rows",
                            "graph walk, widened",
                            "inverted lists"};

template <size_t Size>
const char* word(const std::array<const char*, Size>& words, uint32_t number) {
    return number < Size ? words[number] : "?";
}

template <size_t Size>
uint16_t number(const std::array<const char*, Size>& words, std::string_view name) {
    const auto* const found = std::find(words.begin(), words.end(), name);
    return found == words.end() ? uint16_t{0} : static_cast<uint16_t>(found - words.begin());
}

} // namespace

const char* metric_name(uint16_t metric) {
    return word(kMetrics, metric);
}
const char* codes_name(uint16_t codes) {
    return word(kCodes, codes);
}
const char* index_name(uint16_t index) {
    return word(kIndexes, index);
}
std::string compress_name(uint16_t compress) {
    const std::string name = word(kCompressions, compress & 0xff);
    return compress >> 8 == 0 ? name : name + ":" + std::to_string(compress >> 8);
}
const char* pool_name(uint16_t pool) {
    return word(kPools, pool);
}
const char* plan_name(uint32_t plan) {
    return word(kPlans, plan);
}

uint16_t element_number(std::string_view name) {
    for (uint16_t element = VEXFS_ELEMENT_F32; element <= VEXFS_ELEMENT_BIT; ++element)
        if (name == element_name(element))
            return element;
    return 0;
}
uint16_t metric_number(std::string_view name) {
    return number(kMetrics, name);
}
uint16_t codes_number(std::string_view name) {
    return number(kCodes, name);
}
uint16_t index_number(std::string_view name) {
    return number(kIndexes, name);
}
uint16_t pool_number(std::string_view name) {
    return number(kPools, name);
}

std::optional<uint16_t> compress_number(std::string_view name) {
    if (name == "off")
        return VEXFS_COMPRESS_NONE;
    constexpr std::string_view kLevelled = "zstd:";
    if (name.substr(0, kLevelled.size()) == kLevelled) {
        const std::string_view digits = name.substr(kLevelled.size());
        uint16_t level = 0;
        const char* const end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, level);
        if (error != std::errc{} || stop != end || level < 1 || level > VEXFS_MAX_ZSTD_LEVEL)
            return std::nullopt;
        return static_cast<uint16_t>(level << 8 | VEXFS_COMPRESS_ZSTD);
    }
    const uint16_t found = number(kCompressions, name);
    return name == kCompressions[found] ? std::optional(found) : std::nullopt;
}

std::string shortage_text(uint32_t why) {
    std::string text;
    const auto add = [&](uint32_t flag, const char* words) {
        if ((why & flag) != 0)
            text += (text.empty() ? "" : "; ") + std::string(words);
    };
    add(VEXFS_SHORT_ROWS, "no more rows match");
    add(VEXFS_SHORT_RADIUS, "others are beyond the radius");
    add(VEXFS_SHORT_DEGRADED, "damaged rows were left out");
    return text;
}

nlohmann::ordered_json schema_json(const vexfs_schema_reply& reply) {
    const vexfs_schema& schema = reply.schema;
    return {{"dim", schema.dim},
            {"element", element_name(schema.element)},
            {"metric", metric_name(schema.metric)},
            {"codes", codes_name(schema.codes)},
            {"index", index_name(schema.index)},
            {"links", schema.m},
            {"ef_construction", schema.ef_construction},
            {"ef", schema.ef},
            {"max_rows", schema.max_rows},
            {"compress", compress_name(schema.compress)},
            {"pool", pool_name(schema.pool)},
            {"vector_bytes", reply.vector_bytes},
            {"collection_ino", reply.collection},
            {"created_ns", reply.created_ns}};
}

std::string schema_text(const vexfs_schema& schema) {
    return std::to_string(schema.dim) + " x " + element_name(schema.element) + ", " +
           metric_name(schema.metric);
}

} // namespace vexfs
