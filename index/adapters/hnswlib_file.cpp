// SPDX-License-Identifier: Apache-2.0
//
// Parses and checks hnswlib index files.
//
// Threads: pure.
#include "index/adapters/hnswlib_file.h"

#include <cmath>
#include <unordered_set>

#include "index/adapters/link_check.h"

namespace vexfs::index {
namespace {

constexpr uint64_t kMaxLinks = 20'000; // twice the library's largest M
constexpr uint32_t kNoElement = 0xffffffff;

struct Header {
    uint64_t elements = 0;
    uint64_t element_bytes = 0;
    uint64_t label_offset = 0;
    uint64_t vector_offset = 0;
    uint32_t top_level = 0;
    uint32_t entry = 0;
    uint64_t upper_links = 0;
    uint64_t base_links = 0;

    [[nodiscard]] uint32_t dim() const {
        return static_cast<uint32_t>((label_offset - vector_offset) / sizeof(float));
    }
    [[nodiscard]] uint64_t upper_level_bytes() const { return 4 + 4 * upper_links; }
};

Result<Header> parse_header(ByteReader& reader) {
    Header header;
    const auto lowest = VEXFS_TRY(reader.le<uint64_t>());
    const auto capacity = VEXFS_TRY(reader.le<uint64_t>());
    header.elements = VEXFS_TRY(reader.le<uint64_t>());
    header.element_bytes = VEXFS_TRY(reader.le<uint64_t>());
    header.label_offset = VEXFS_TRY(reader.le<uint64_t>());
    header.vector_offset = VEXFS_TRY(reader.le<uint64_t>());
    header.top_level = VEXFS_TRY(reader.le<uint32_t>());
    header.entry = VEXFS_TRY(reader.le<uint32_t>());
    header.upper_links = VEXFS_TRY(reader.le<uint64_t>());
    header.base_links = VEXFS_TRY(reader.le<uint64_t>());
    const auto links = VEXFS_TRY(reader.le<uint64_t>());
    const auto level_factor = std::bit_cast<double>(VEXFS_TRY(reader.le<uint64_t>()));
    const auto effort = VEXFS_TRY(reader.le<uint64_t>());
    if (lowest != 0)
        return fail(Code::kEBADMSG, "hnswlib file: offset of the lowest level is not 0");
    if (header.elements > capacity || header.elements >= kNoElement)
        return fail(Code::kEBADMSG, "hnswlib file: more elements than its capacity");
    if (links == 0 || header.upper_links != links || header.base_links == 0 || links > kMaxLinks ||
        header.base_links > kMaxLinks)
        return fail(Code::kEBADMSG, "hnswlib file: the numbers of links are out of range");
    if (!std::isfinite(level_factor) || level_factor <= 0 || effort == 0)
        return fail(Code::kEBADMSG, "hnswlib file: level factor or build effort is out of range");
    if (header.vector_offset != 4 + 4 * header.base_links ||
        header.label_offset <= header.vector_offset ||
        header.label_offset - header.vector_offset > uint64_t{kMaxDim} * sizeof(float) ||
        (header.label_offset - header.vector_offset) % sizeof(float) != 0 ||
        header.element_bytes != header.label_offset + 8)
        return fail(Code::kEBADMSG, "hnswlib file: the layout of an element is inconsistent");
    return header;
}

// Appends the links of one list; `count` has been held against the list's room.
void append_links(const std::byte* from, uint32_t count, ImportedLinks& links) {
    links.begin_level();
    for (uint32_t i = 0; i < count; ++i)
        links.add(load_le<uint32_t>(from + 4 * size_t{i}));
}

// The vector, label and mark of an element, and its links on the lowest level.
Status parse_element(const Header& header, Bytes element, ImportedIndex& into) {
    const auto count = load_le<uint16_t>(element.data());
    const auto mark = load_le<uint16_t>(element.data() + 2);
    if (count > header.base_links)
        return fail(Code::kEBADMSG, "hnswlib file: an element has more links than fit");
    if (mark > 1)
        return fail(Code::kEBADMSG, "hnswlib file: the mark of an element is neither 0 nor 1");
    into.deleted.push_back(mark == 1);
    into.links.begin_row();
    append_links(element.data() + 4, count, into.links);
    for (uint32_t j = 0; j < into.dim; ++j)
        into.vectors.push_back(std::bit_cast<float>(
            load_le<uint32_t>(element.data() + header.vector_offset + 4 * size_t{j})));
    into.labels.push_back(load_le<uint64_t>(element.data() + header.label_offset));
    return ok();
}

Status parse_upper_levels(const Header& header, ByteReader& reader, ImportedLinks& links) {
    const auto size = VEXFS_TRY(reader.le<uint32_t>());
    const uint64_t level_bytes = header.upper_level_bytes();
    if (size % level_bytes != 0 || size / level_bytes > header.top_level)
        return fail(Code::kEBADMSG, "hnswlib file: the upper levels of an element do not fit");
    const Bytes upper = VEXFS_TRY(reader.take(size));
    for (uint64_t offset = 0; offset < size; offset += level_bytes) {
        const auto count = load_le<uint32_t>(upper.data() + offset);
        if (count > header.upper_links)
            return fail(Code::kEBADMSG, "hnswlib file: an element has more links than fit");
        append_links(upper.data() + offset + 4, count, links);
    }
    return ok();
}

Status check_labels(const std::vector<uint64_t>& labels) {
    std::unordered_set<uint64_t> seen;
    seen.reserve(labels.size());
    for (uint64_t label : labels) {
        if (!seen.insert(label).second)
            return fail(Code::kEBADMSG, "hnswlib file: two elements have one label");
    }
    return ok();
}

} // namespace

Result<ImportedIndex> parse_hnswlib_file(Bytes file) {
    ByteReader reader(file);
    const Header header = VEXFS_TRY(parse_header(reader));
    // Every element takes its bytes here and at least 4 for its upper levels.
    if (header.elements > reader.remaining() / (header.element_bytes + 4))
        return fail(Code::kEBADMSG, "hnswlib file: it ends before its elements do");
    ImportedIndex index;
    index.dim = header.dim();
    index.rows = static_cast<uint32_t>(header.elements);
    const Bytes elements = VEXFS_TRY(reader.take(header.elements * header.element_bytes));
    index.vectors.reserve(header.elements * index.dim);
    for (uint64_t row = 0; row < header.elements; ++row) {
        const Bytes element = elements.subspan(row * header.element_bytes, header.element_bytes);
        VEXFS_TRY_VOID(parse_element(header, element, index));
        VEXFS_TRY_VOID(parse_upper_levels(header, reader, index.links));
    }
    if (reader.remaining() != 0)
        return fail(Code::kEBADMSG, "hnswlib file: bytes follow its end");
    VEXFS_TRY_VOID(check_finite(index.vectors));
    VEXFS_TRY_VOID(check_labels(index.labels));
    if (header.elements == 0) {
        if (header.entry != kNoElement || header.top_level != kNoElement)
            return fail(Code::kEBADMSG, "hnswlib file: an empty index has an entry");
        return index;
    }
    index.entry = header.entry;
    VEXFS_TRY_VOID(check_links(index.links, index.entry));
    if (index.links.levels_of(index.entry) != uint64_t{header.top_level} + 1)
        return fail(Code::kEBADMSG, "hnswlib file: the entry is not on the highest level");
    return index;
}

} // namespace vexfs::index
