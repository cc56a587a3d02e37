// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/graph_file.h"

#include <algorithm>
#include <climits>

#include "index/codec/format.h"
#include "index/kernels/page_shape.h"
#include "userlib/collection/item.h"

namespace vexfs {

namespace {

constexpr uint16_t kVersion = 1;
constexpr size_t kHeadBytes = 32;
constexpr uint64_t kPagesOffset = uint64_t{1} << 32;
constexpr size_t kWriteBytes = size_t{256} << 10;
constexpr size_t kRecordsAtOnce = 4096;

// The parameters of a codec for such vectors are not longer.
uint64_t codec_bytes_max(uint64_t dim, uint64_t code_bytes) {
    const uint64_t lanes = std::min<uint64_t>(CHAR_BIT * code_bytes, index::kCodecLanesMax);
    return 128 + dim * (1 + lanes) * sizeof(float);
}

Key head_key(uint64_t oid) {
    return collection_key(oid, CollectionItem::kGraph);
}

} // namespace

Result<std::optional<GraphHead>> GraphFile::read_head() const {
    const std::optional<Page> value = VEXFS_TRY(store_.get(head_key(oid_)));
    if (!value)
        return std::optional<GraphHead>();
    if (value->size() != kHeadBytes || load_le<uint16_t>(value->data()) != kVersion ||
        load_le<uint16_t>(value->data() + 2) != 0 || load_le<uint32_t>(value->data() + 12) != 0)
        return fail(Code::kEUCLEAN, "graph: its head is malformed");
    GraphHead head;
    head.generation = load_le<uint32_t>(value->data() + 4);
    head.code_bytes = load_le<uint32_t>(value->data() + 8);
    head.codec_bytes = load_le<uint64_t>(value->data() + 16);
    head.trained_rows = load_le<uint64_t>(value->data() + 24);
    if (head.generation == 0 || head.generation > INT32_MAX || head.code_bytes == 0 ||
        head.code_bytes % index::kCodeBlockBytes != 0 ||
        head.code_bytes > index::kCodecRecordBytesMax)
        return fail(Code::kEUCLEAN, "graph: its head is malformed");
    return std::optional(head);
}

Result<index::CodecParameters> GraphFile::read_codec(const GraphHead& head, uint32_t dim) const {
    if (head.codec_bytes > codec_bytes_max(dim, head.code_bytes))
        return fail(Code::kEUCLEAN, "graph: its codec is too long");
    Page bytes(head.codec_bytes);
    VEXFS_TRY_VOID(store_.read(oid_, 0, bytes, ReadWidth::kOnce));
    index::CodecParameters parameters = VEXFS_TRY(index::parse_codec(bytes));
    if (parameters.generation != head.generation ||
        parameters.shape.record_bytes != head.code_bytes)
        return fail(Code::kEUCLEAN, "graph: its codec is that of another one");
    return parameters;
}

Result<std::vector<uint32_t>> GraphFile::pages() const {
    std::vector<uint32_t> numbers;
    const uint64_t unit = store_.layout().header().record_bytes;
    const uint64_t stop = kPagesOffset + uint64_t{index::kMaxSlots} * kGraphPageBytes;
    for (uint64_t from = kPagesOffset;;) {
        const std::vector<uint64_t> found =
            VEXFS_TRY(store_.records(oid_, from, stop, kRecordsAtOnce));
        for (const uint64_t offset : found) {
            // A record may hold several pages, or a page several records.
            const uint64_t last = std::min(stop, offset + unit) - 1;
            for (uint64_t page = (offset - kPagesOffset) / kGraphPageBytes;
                 page <= (last - kPagesOffset) / kGraphPageBytes; ++page)
                if (numbers.empty() || numbers.back() < page)
                    numbers.push_back(static_cast<uint32_t>(page));
        }
        if (found.size() < kRecordsAtOnce)
            return numbers;
        from = found.back() + unit;
    }
}

Result<bool> GraphFile::read_page(uint32_t number, MutableBytes page) const {
    return read_pages({&number, 1}, page)[0];
}

std::vector<Result<bool>> GraphFile::read_pages(std::span<const uint32_t> numbers,
                                                MutableBytes pages) const {
    std::vector<PieceRead> pieces;
    for (size_t i = 0; i < numbers.size(); ++i)
        pieces.push_back({kPagesOffset + uint64_t{numbers[i]} * kGraphPageBytes,
                          pages.subspan(i * kGraphPageBytes, kGraphPageBytes), ok()});
    const Result<BlockCounts> asked = store_.read(oid_, pieces, ReadWidth::kOnce);
    std::vector<Result<bool>> read;
    for (const PieceRead& piece : pieces)
        if (!asked || !piece.status)
            read.emplace_back(asked ? piece.status.error() : asked.error());
        else
            read.emplace_back(!all_zero(piece.out));
    return read;
}

Status GraphFile::apply(const Transaction& transaction) {
    return store_.apply(transaction, Space::kNormal, Logging::kUnlogged);
}

Status GraphFile::write_codec(const index::CodecParameters& parameters, GraphHead& head) {
    const std::vector<std::byte> bytes = index::codec_bytes(parameters);
    head.generation = parameters.generation;
    head.code_bytes = parameters.shape.record_bytes;
    head.codec_bytes = bytes.size();
    for (size_t done = 0; done < bytes.size(); done += kWriteBytes) {
        Transaction transaction;
        transaction.write(oid_, done,
                          Bytes(bytes).subspan(done, std::min(kWriteBytes, bytes.size() - done)));
        VEXFS_TRY_VOID(apply(transaction));
    }
    return ok();
}

Status GraphFile::write_head(const GraphHead& head) {
    Page value(kHeadBytes);
    store_le<uint16_t>(value.data(), kVersion);
    store_le<uint32_t>(value.data() + 4, head.generation);
    store_le<uint32_t>(value.data() + 8, head.code_bytes);
    store_le<uint64_t>(value.data() + 16, head.codec_bytes);
    store_le<uint64_t>(value.data() + 24, head.trained_rows);
    Transaction transaction;
    transaction.put(head_key(oid_), value);
    return apply(transaction);
}

Status GraphFile::write_page(uint32_t number, Bytes page) {
    const uint64_t place = kPagesOffset + uint64_t{number} * kGraphPageBytes;
    if (page.empty())
        return store_.punch(oid_, place, kGraphPageBytes, Logging::kUnlogged);
    Transaction transaction;
    transaction.write(oid_, place, page);
    return apply(transaction);
}

Status GraphFile::clear() {
    if (VEXFS_TRY(store_.get(head_key(oid_)))) {
        Transaction transaction;
        transaction.erase(head_key(oid_));
        VEXFS_TRY_VOID(store_.apply(transaction, Space::kFreeing, Logging::kUnlogged));
    }
    return store_.punch(oid_, 0, UINT64_MAX, Logging::kUnlogged);
}

} // namespace vexfs
