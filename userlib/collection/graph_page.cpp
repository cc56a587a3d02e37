// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/graph_page.h"

#include <algorithm>

#include "index/graph/graph_export.h"
#include "index/graph/links.h"

namespace vexfs {

namespace {

using index::kLinks;

constexpr size_t kHeadBytes = 16;
constexpr size_t kLinkBytes = kLinks * sizeof(uint32_t);
// Of a page, for the upper levels of each row: one row in 16 has any, most of them one.
constexpr size_t kUpperShare = 24;
constexpr uint32_t kRowsAtATime = 16;

// Where the parts of a page begin.
struct Parts {
    explicit Parts(uint32_t code_bytes)
        : rows(graph_page_rows(code_bytes)), sums(kHeadBytes + rows),
          codes(sums + rows * sizeof(uint32_t)), links(codes + size_t{rows} * code_bytes),
          upper(links + rows * kLinkBytes) {}

    uint32_t rows;
    size_t sums;
    size_t codes;
    size_t links;
    size_t upper;
};

// Takes the upper levels of rows to the page that each is of.
class UpperLevels final : public index::ChangeSink {
  public:
    UpperLevels(std::span<const uint32_t> numbers, const Parts& parts, std::vector<Page>& pages)
        : numbers_(numbers), parts_(parts), pages_(pages), used_(numbers.size(), 0) {}

    [[nodiscard]] bool wants(uint32_t slot) const { return find(slot) != numbers_.end(); }

    void links_changed(uint32_t slot, uint32_t level, std::span<const uint32_t> links) override {
        const auto at = static_cast<size_t>(find(slot) - numbers_.begin());
        index::ChangeWriter writer;
        writer.links_changed(slot, level, links);
        const Result<std::vector<std::byte>> record = writer.take();
        const size_t place = parts_.upper + used_[at];
        if (!record || pages_[at].empty() || record->size() > kGraphPageBytes - place)
            return;
        std::ranges::copy(*record, pages_[at].begin() + static_cast<ptrdiff_t>(place));
        used_[at] += record->size();
        store_le<uint32_t>(pages_[at].data() + 8, static_cast<uint32_t>(used_[at]));
    }
    void duplicate_added(uint32_t, uint32_t) override {}
    void row_released(uint32_t) override {}
    void entry_changed(uint32_t) override {}

  private:
    [[nodiscard]] std::span<const uint32_t>::iterator find(uint32_t slot) const {
        return std::ranges::find(numbers_, slot / parts_.rows);
    }

    const std::span<const uint32_t> numbers_;
    const Parts& parts_;
    std::vector<Page>& pages_;
    std::vector<size_t> used_;
};

bool has_row(const index::GraphCore& core, uint32_t slot) {
    return core.knows(slot) && (core.state(slot) & index::kRowLinked) != 0;
}

void encode_row(const index::GraphCore& core, const GraphChanges& rows, const Parts& parts,
                uint32_t slot, std::byte* page) {
    const uint32_t i = slot % parts.rows;
    const uint32_t code_bytes = core.config.shape.record_bytes;
    const bool equal = (core.state(slot) & index::kRowDuplicate) != 0;
    uint32_t links[kLinks];
    uint32_t count = 1;
    if (equal)
        links[0] = rows.equal_to(slot);
    else
        count = index::load_links(core.row(slot), kLinks, links);
    page[kHeadBytes + i] =
        static_cast<std::byte>(equal ? GraphRowKind::kEqual : GraphRowKind::kNode);
    store_le<uint32_t>(page + parts.sums + i * sizeof(uint32_t), rows.sum(slot));
    std::memcpy(page + parts.codes + size_t{i} * code_bytes, core.code(slot), code_bytes);
    for (uint32_t j = 0; j < kLinks; ++j)
        store_le<uint32_t>(page + parts.links + i * kLinkBytes + j * sizeof(uint32_t),
                           j < count ? links[j] : index::kNoLink);
}

} // namespace

uint32_t graph_page_rows(uint32_t code_bytes) {
    const size_t row = 1 + sizeof(uint32_t) + code_bytes + kLinkBytes + kUpperShare;
    const auto most = static_cast<uint32_t>((kGraphPageBytes - kHeadBytes) / row);
    return std::max(1U, most - most % kRowsAtATime);
}

std::vector<Page> encode_graph_pages(const index::GraphCore& core, const GraphChanges& rows,
                                     uint32_t generation, std::span<const uint32_t> numbers,
                                     const SlotSet& hasty) {
    const Parts parts(core.config.shape.record_bytes);
    std::vector<Page> pages(numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
        const uint32_t first = numbers[i] * parts.rows;
        for (uint32_t slot = first; slot < first + parts.rows; ++slot) {
            if (!has_row(core, slot) || hasty.contains(slot))
                continue;
            if (pages[i].empty()) {
                pages[i].resize(kGraphPageBytes);
                store_le<uint32_t>(pages[i].data(), generation);
                store_le<uint32_t>(pages[i].data() + 4, first);
            }
            encode_row(core, rows, parts, slot, pages[i].data());
        }
    }
    UpperLevels upper(numbers, parts, pages);
    index::export_upper(
        core, [&](uint32_t slot) { return upper.wants(slot) && !hasty.contains(slot); }, upper);
    return pages;
}

Result<GraphPage> GraphPage::parse(Bytes bytes, uint32_t code_bytes, uint32_t generation,
                                   uint32_t number) {
    const Parts parts(code_bytes);
    if (bytes.size() != kGraphPageBytes || parts.upper > kGraphPageBytes)
        return fail(Code::kEUCLEAN, "graph page: size");
    const uint64_t first = uint64_t{number} * parts.rows;
    if (load_le<uint32_t>(bytes.data()) != generation)
        return fail(Code::kEUCLEAN, "graph page: generation");
    if (load_le<uint32_t>(bytes.data() + 4) != first ||
        load_le<uint32_t>(bytes.data() + 8) > kGraphPageBytes - parts.upper ||
        load_le<uint32_t>(bytes.data() + 12) != 0)
        return fail(Code::kEUCLEAN, "graph page: its head is malformed");
    return GraphPage(bytes, code_bytes, parts.rows, static_cast<uint32_t>(first));
}

GraphRowKind GraphPage::kind(uint32_t i) const {
    const auto kind = static_cast<uint8_t>(bytes_[kHeadBytes + i]);
    return kind <= static_cast<uint8_t>(GraphRowKind::kEqual) ? static_cast<GraphRowKind>(kind)
                                                              : GraphRowKind::kNone;
}

uint32_t GraphPage::sum(uint32_t i) const {
    return load_le<uint32_t>(bytes_.data() + Parts(code_bytes_).sums + i * sizeof(uint32_t));
}

const uint8_t* GraphPage::code(uint32_t i) const {
    return reinterpret_cast<const uint8_t*>(bytes_.data()) + Parts(code_bytes_).codes +
           size_t{i} * code_bytes_;
}

uint32_t GraphPage::links(uint32_t i, std::array<uint32_t, kLinks>& links) const {
    const std::byte* const from = bytes_.data() + Parts(code_bytes_).links + i * kLinkBytes;
    uint32_t count = 0;
    for (; count < kLinks; ++count) {
        links[count] = load_le<uint32_t>(from + count * sizeof(uint32_t));
        if (links[count] == index::kNoLink)
            break;
    }
    return count;
}

Bytes GraphPage::upper() const {
    return bytes_.subspan(Parts(code_bytes_).upper, load_le<uint32_t>(bytes_.data() + 8));
}

} // namespace vexfs
