// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/schema.h"

#include "index/codec/parameters.h"
#include "index/graph/graph_view.h"
#include "userlib/pool/any_pool.h"
#include "userlib/pool/codec/block_coder.h"

namespace vexfs {

namespace {

constexpr uint32_t kMMin = 4;
constexpr uint32_t kMMax = 128;
constexpr uint32_t kMOffered = index::kLinks / 2; // a row has twice as many links on level 0
constexpr uint32_t kConstructionMin = 16;
constexpr uint32_t kConstructionMax = 4096;
constexpr uint32_t kEfMax = 65536;
constexpr uint16_t kPoolMax = 3;

constexpr uint32_t kMDefault = 16;
constexpr uint32_t kConstructionDefault = 200;
constexpr uint32_t kEfDefault = 64;

bool between_or_zero(uint32_t value, uint32_t low, uint32_t high) {
    return value == 0 || (value >= low && value <= high);
}

Error invalid(const char* what) {
    return fail(Code::kEINVAL, what);
}
Error not_offered(const char* what) {
    return fail(Code::kEOPNOTSUPP, what);
}

Status check_codes(const Schema& schema) {
    const auto codes = static_cast<CodesKind>(schema.codes);
    if (schema.codes > static_cast<uint16_t>(CodesKind::kBit))
        return invalid("schema: codes is not known");
    const bool plain = codes == CodesKind::kAuto || codes == CodesKind::kNone;
    if (schema.element == index::Element::kBit && !plain)
        return invalid("schema: codes of element bit are auto or none");
    if (codes == CodesKind::kBit && schema.metric == index::Metric::kDot)
        return invalid("schema: codes bit hold no length, which metric dot needs");
    if (codes == CodesKind::kI8 && schema.dim > index::plain_dim_max(schema.metric))
        return not_offered("schema: codes i8 are not offered for so large a dim");
    return ok();
}

Status check_index(const Schema& schema) {
    if (schema.index > static_cast<uint16_t>(IndexKind::kIvfPq))
        return invalid("schema: index is not known");
    if (schema.index == static_cast<uint16_t>(IndexKind::kIvfPq))
        return not_offered("schema: index ivfpq is not offered");
    if (schema.index == static_cast<uint16_t>(IndexKind::kHnsw) &&
        schema.codes == static_cast<uint16_t>(CodesKind::kNone))
        return invalid("schema: index hnsw needs codes");
    if (!between_or_zero(schema.m, kMMin, kMMax))
        return invalid("schema: m is not 4 to 128");
    if (schema.m > kMOffered)
        return not_offered("schema: m above 16 is not offered");
    if (!between_or_zero(schema.ef_construction, kConstructionMin, kConstructionMax))
        return invalid("schema: ef_construction is not 16 to 4096");
    if (!between_or_zero(schema.ef, 1, kEfMax))
        return invalid("schema: ef is not 1 to 65536");
    return ok();
}

// A pool's number is its place among the names, counted from 1.
std::string_view pool_name(uint16_t pool) {
    return pool == 0 ? std::string_view() : pool_names()[pool - 1];
}

Status check_compress(const Schema& schema) {
    if (schema.compress_kind() > CompressKind::kZstd)
        return invalid("schema: compress is not known");
    if (schema.compress_level() != 0 && (schema.compress_kind() != CompressKind::kZstd ||
                                         schema.compress_level() > kZstdCodec.level_max))
        return invalid("schema: compress has no such level");
    return ok();
}

} // namespace

bool Schema::flat() const {
    return codes == static_cast<uint16_t>(CodesKind::kNone) ||
           index == static_cast<uint16_t>(IndexKind::kFlat);
}

Status check_schema(const Schema& schema) {
    if (schema.dim == 0 || schema.dim > index::kMaxDim)
        return invalid("schema: dim is not 1 to 65535");
    if (!index::is_element(static_cast<uint8_t>(schema.element)))
        return invalid("schema: element is not known");
    if (!index::is_metric(static_cast<uint8_t>(schema.metric)))
        return invalid("schema: metric is not known");
    if (!index::fits(schema.element, schema.metric))
        return invalid("schema: metric hamming or jaccard go with element bit, always and only");
    VEXFS_TRY_VOID(check_codes(schema));
    VEXFS_TRY_VOID(check_index(schema));
    if (schema.pool > kPoolMax)
        return invalid("schema: pool is not known");
    return check_compress(schema);
}

ObjectForm form_of_vectors(const Schema& schema) {
    const CompressKind kind = schema.compress_kind();
    ObjectForm form;
    form.numbers = true;
    form.pool = pool_name(schema.pool);
    form.compression = Compression{CodecId::kNone, 0};
    if (kind == CompressKind::kNone)
        return form;
    const bool two =
        schema.element == index::Element::kF16 || schema.element == index::Element::kBf16;
    form.block.numbers = schema.element == index::Element::kF32 ? Numbers::kF32
                         : two                                  ? Numbers::kTwoBytes
                                                                : Numbers::kNone;
    form.block.seekable = kind == CompressKind::kAuto;
    if (kind == CompressKind::kLz4)
        form.compression = Compression{kLz4Codec.id, kLz4Codec.level_default};
    if (kind == CompressKind::kZstd)
        form.compression =
            Compression{kZstdCodec.id, schema.compress_level() != 0 ? schema.compress_level()
                                                                    : kZstdCodec.level_default};
    return form;
}

Schema with_defaults(const Schema& schema) {
    Schema used = schema;
    used.m = schema.m != 0 ? schema.m : kMDefault;
    used.ef_construction =
        schema.ef_construction != 0 ? schema.ef_construction : kConstructionDefault;
    used.ef = schema.ef != 0 ? schema.ef : kEfDefault;
    return used;
}

Status check_update(const Schema& before, const Schema& after) {
    VEXFS_TRY_VOID(check_schema(after));
    if (after.dim != before.dim)
        return invalid("schema: dim cannot be changed");
    if (after.element != before.element)
        return invalid("schema: element cannot be changed");
    if (after.metric != before.metric)
        return invalid("schema: metric cannot be changed");
    if (after.codes != before.codes)
        return invalid("schema: codes cannot be changed");
    if (after.index != before.index)
        return invalid("schema: index cannot be changed");
    if (after.m != before.m)
        return invalid("schema: m cannot be changed");
    if (after.ef_construction != before.ef_construction)
        return invalid("schema: ef_construction cannot be changed");
    return ok();
}

void encode_schema(const Schema& schema, MutableBytes out) {
    VEXFS_ASSERT(out.size() == kSchemaBytes);
    store_le<uint32_t>(out.data(), schema.dim);
    store_le<uint16_t>(out.data() + 4, static_cast<uint16_t>(schema.element));
    store_le<uint16_t>(out.data() + 6, static_cast<uint16_t>(schema.metric));
    store_le<uint16_t>(out.data() + 8, schema.codes);
    store_le<uint16_t>(out.data() + 10, schema.index);
    store_le<uint32_t>(out.data() + 12, schema.m);
    store_le<uint32_t>(out.data() + 16, schema.ef_construction);
    store_le<uint32_t>(out.data() + 20, schema.ef);
    store_le<uint64_t>(out.data() + 24, schema.max_rows);
    store_le<uint16_t>(out.data() + 32, schema.pool);
    store_le<uint16_t>(out.data() + 34, schema.compress);
    store_le<uint32_t>(out.data() + 36, 0);
    store_le<uint64_t>(out.data() + 40, schema.created_ns);
    store_le<uint64_t>(out.data() + 48, 0);
}

Result<Schema> decode_schema(Bytes bytes) {
    if (bytes.size() != kSchemaBytes || load_le<uint32_t>(bytes.data() + 36) != 0 ||
        load_le<uint64_t>(bytes.data() + 48) != 0)
        return fail(Code::kEUCLEAN, "schema: its bytes are malformed");
    const auto element = load_le<uint16_t>(bytes.data() + 4);
    const auto metric = load_le<uint16_t>(bytes.data() + 6);
    if (element > UINT8_MAX || metric > UINT8_MAX)
        return fail(Code::kEUCLEAN, "schema: element or metric is not known");
    Schema schema;
    schema.dim = load_le<uint32_t>(bytes.data());
    schema.element = static_cast<index::Element>(element);
    schema.metric = static_cast<index::Metric>(metric);
    schema.codes = load_le<uint16_t>(bytes.data() + 8);
    schema.index = load_le<uint16_t>(bytes.data() + 10);
    schema.m = load_le<uint32_t>(bytes.data() + 12);
    schema.ef_construction = load_le<uint32_t>(bytes.data() + 16);
    schema.ef = load_le<uint32_t>(bytes.data() + 20);
    schema.max_rows = load_le<uint64_t>(bytes.data() + 24);
    schema.pool = load_le<uint16_t>(bytes.data() + 32);
    schema.compress = load_le<uint16_t>(bytes.data() + 34);
    schema.created_ns = load_le<uint64_t>(bytes.data() + 40);
    if (const Status status = check_schema(schema); !status)
        return fail(Code::kEUCLEAN, status.error().what);
    return schema;
}

} // namespace vexfs
