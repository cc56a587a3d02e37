// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/codec/request.h"

#include <functional>
#include <limits>

#include <doctest/doctest.h>

#include "userlib/testing/messages/sampler.h"

using namespace vexfs;

namespace {

constexpr size_t kOps = std::variant_size_v<Request>;
using Buffer = std::vector<std::byte>;

// The start of a field, to read or to spoil.
template <typename T>
T& at(Buffer& buffer, size_t offset) {
    REQUIRE(offset + sizeof(T) <= buffer.size());
    return *reinterpret_cast<T*>(buffer.data() + offset);
}

uint32_t flags_of(const Request& request) {
    return std::visit([](const auto& one) { return one.head.flags; }, request);
}

Buffer built(const Request& request) {
    Result<Buffer> bytes = build_request(request);
    REQUIRE(bytes.has_value());
    return std::move(bytes).value();
}

// A search of 2 queries x 3 floats, k = 5, filter "stale".
SearchRequest small_search() {
    static const float vectors[6] = {1, 2, 3, 4, 5, 6};
    SearchRequest search;
    search.head = {4096, 0, 77};
    search.body.queries = 2;
    search.body.dim = 3;
    search.body.element = VEXFS_ELEMENT_F32;
    search.body.k = 5;
    search.vectors = std::as_bytes(std::span(vectors));
    search.filter = "stale";
    search.body.filter = 5;
    return search;
}

// A put of two files, "a" with 1 row and inode 9 with 2, metas given.
PutRequest small_put() {
    static const float vectors[6] = {1, 2, 3, 4, 5, 6};
    static const vexfs_put_file files[2] = {{{0, 1, 0}, VEXFS_ROW_APPEND, 1, 0},
                                            {{9, 0, 0}, 0, 2, 0}};
    static const vexfs_row_meta metas[3] = {{1, 0, 10}, {2, 10, 5}, {3, 0, 0}};
    PutRequest put;
    put.head = {4096, 0, 0};
    put.body = {2, 3, 3, 1, 2, VEXFS_ELEMENT_F32, 0};
    put.files = Records<vexfs_put_file>(std::span(files));
    put.metas = Records<vexfs_row_meta>(std::span(metas));
    put.vectors = std::as_bytes(std::span(vectors));
    put.names = "a";
    return put;
}

constexpr size_t kPutFiles = sizeof(vexfs_msg) + sizeof(vexfs_put);
constexpr size_t kPutMetas = kPutFiles + 2 * sizeof(vexfs_put_file);
constexpr size_t kPutVectors = kPutMetas + 3 * sizeof(vexfs_row_meta);
constexpr size_t kPutNames = kPutVectors + 24;
constexpr size_t kSearchVectors = sizeof(vexfs_msg) + sizeof(vexfs_search);
constexpr size_t kSearchFilter = kSearchVectors + 24;

struct Refusal {
    const char* rule;
    Request request;
    std::function<void(Buffer&)> spoil;
    Code code;
    size_t offset;
};

void check_refused(const Refusal& refusal) {
    CAPTURE(refusal.rule);
    Buffer buffer = built(refusal.request);
    refusal.spoil(buffer);
    REQUIRE(header_readable(buffer));
    Fault fault;
    const auto parsed = parse_request(buffer, fault);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(name_of(parsed.error().code) == std::string(name_of(refusal.code)));
    CHECK(fault.offset == refusal.offset);
}

// A field that stands in the body of type `body`.
#define FIELD(type, body, field, value)                                                            \
    [](Buffer& b) {                                                                                \
        at<type>(b, VEXFS_BODY_OFFSET(body, field)) = value;                                       \
    }

} // namespace

TEST_CASE("request: what is built of any op is parsed to the same, and built to the same bytes") {
    for (uint64_t seed = 0; seed < 400; ++seed) {
        Sampler sampler(seed);
        for (size_t op = 0; op < kOps; ++op) {
            CAPTURE(seed);
            CAPTURE(op);
            const Request request = sampler.request(op);
            REQUIRE(request.index() == op);
            const Buffer bytes = built(request);
            Fault fault;
            const auto parsed = parse_request(bytes, fault);
            REQUIRE(parsed.has_value());
            CHECK(parsed->index() == op);
            CHECK(flags_of(*parsed) == flags_of(request));
            CHECK(built(*parsed) == bytes);
        }
    }
}

TEST_CASE("request: a message cut short or lengthened anywhere is refused") {
    Sampler sampler(3);
    for (size_t op = 0; op < kOps; ++op) {
        const Buffer bytes = built(sampler.request(op));
        for (size_t size = 0; size < bytes.size(); ++size) {
            // An exact copy, so that the sanitizer sees a read past the end.
            Buffer cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
            CHECK_FALSE(header_readable(cut));
            if (size < sizeof(vexfs_msg))
                continue;
            at<uint32_t>(cut, 0) = static_cast<uint32_t>(size);
            Fault fault;
            // A body may be short, but not beside the counts of its payload: only ops without one
            // can pass.
            const auto parsed = parse_request(cut, fault);
            if (parsed.has_value())
                CHECK(at<uint16_t>(cut, offsetof(vexfs_msg, body)) + sizeof(vexfs_msg) == size);
        }
        Buffer longer = bytes;
        longer.resize(bytes.size() + 8);
        at<uint32_t>(longer, 0) += 8;
        Fault fault;
        CHECK(parse_request(longer, fault).error().code == Code::kEINVAL);
    }
}

TEST_CASE("request: random bytes and random damage are refused or understood, never worse") {
    for (uint64_t seed = 0; seed < 3000; ++seed) {
        CAPTURE(seed);
        Sampler sampler(seed);
        Buffer bytes = built(sampler.request(seed % kOps));
        Random& random = sampler.random();
        for (uint64_t hits = random.between(1, 4); hits > 0; --hits)
            at<uint8_t>(bytes, random.below(bytes.size())) =
                static_cast<uint8_t>(random.chance(1, 4) ? 0xff : random.next());
        if (!header_readable(bytes))
            continue;
        Fault fault;
        const auto parsed = parse_request(bytes, fault);
        CHECK(fault.offset <= bytes.size());
        if (parsed.has_value() && at<uint32_t>(bytes, 0) == bytes.size())
            CHECK(build_request(*parsed).has_value());
    }
}

TEST_CASE("request: header rules") {
    const auto header = [](const char* rule, std::function<void(Buffer&)> spoil, Code code,
                           size_t offset) {
        check_refused({rule, small_search(), std::move(spoil), code, offset});
    };
    header(
        "size is a multiple of 8", [](Buffer& b) { at<uint32_t>(b, 0) -= 4; }, Code::kEINVAL, 0);
    header(
        "room is at most 64 MiB", [](Buffer& b) { at<uint32_t>(b, 4) = 1u << 30; }, Code::kEINVAL,
        4);
    header(
        "op is known", [](Buffer& b) { at<uint16_t>(b, 8) = 0x3f; }, Code::kENOTTY, 8);
    header(
        "reserved op", [](Buffer& b) { at<uint16_t>(b, 8) = VEXFS_OP_SNAPSHOT; }, Code::kEOPNOTSUPP,
        8);
    header(
        "version", [](Buffer& b) { at<uint16_t>(b, 10) = 2; }, Code::kEPROTO, 10);
    header(
        "body within the message", [](Buffer& b) { at<uint16_t>(b, 12) = 0xfff8; }, Code::kEINVAL,
        12);
    header(
        "body is a multiple of 8", [](Buffer& b) { at<uint16_t>(b, 12) += 1; }, Code::kEINVAL, 12);
    header(
        "zero", [](Buffer& b) { at<uint16_t>(b, 14) = 1; }, Code::kEINVAL, 14);
    header(
        "unknown flag", [](Buffer& b) { at<uint32_t>(b, 16) = 1u << 31; }, Code::kEINVAL, 16);
    header(
        "status is 0", [](Buffer& b) { at<int32_t>(b, 20) = -1; }, Code::kEINVAL, 20);
}

TEST_CASE("request: of several faults the first in the documented order is told") {
    Buffer bytes = built(small_search());
    const auto told = [&bytes] {
        Fault fault;
        return parse_request(bytes, fault).error().code;
    };
    at<uint32_t>(bytes, offsetof(vexfs_msg, flags)) = 1u << 31;
    CHECK(told() == Code::kEINVAL);
    at<uint16_t>(bytes, offsetof(vexfs_msg, body)) += 8; // its tail is the first vector
    CHECK(told() == Code::kE2BIG);
    at<uint16_t>(bytes, offsetof(vexfs_msg, zero)) = 1;
    CHECK(told() == Code::kEINVAL);
    at<uint16_t>(bytes, offsetof(vexfs_msg, op)) = 0x3f;
    CHECK(told() == Code::kENOTTY);
    at<uint16_t>(bytes, offsetof(vexfs_msg, version)) = 9;
    CHECK(told() == Code::kEPROTO);
    at<uint32_t>(bytes, offsetof(vexfs_msg, room)) = UINT32_MAX;
    CHECK(told() == Code::kEINVAL);
}

TEST_CASE("request: a header that cannot be answered is not readable") {
    Buffer bytes = built(small_search());
    CHECK(header_readable(bytes));
    at<uint32_t>(bytes, 4) = VEXFS_ROOM_MIN - 1;
    CHECK_FALSE(header_readable(bytes));
    at<uint32_t>(bytes, 4) = VEXFS_ROOM_MIN;
    at<uint32_t>(bytes, 0) = 24;
    CHECK_FALSE(header_readable(bytes));
    at<uint32_t>(bytes, 0) = static_cast<uint32_t>(bytes.size() + 8);
    CHECK_FALSE(header_readable(bytes));
    CHECK_FALSE(header_readable(Bytes(bytes).first(31)));
    CHECK_FALSE(header_readable({}));
}

TEST_CASE("request: an ioctl's number must be that of the message, unless the op is unknown") {
    Buffer bytes = built(small_search());
    Fault fault;
    CHECK(parse_request(bytes, fault, VEXFS_OP_SEARCH).has_value());
    CHECK(parse_request(bytes, fault, VEXFS_OP_EXPLAIN).error().code == Code::kEINVAL);
    CHECK(fault.offset == offsetof(vexfs_msg, op));
    at<uint16_t>(bytes, offsetof(vexfs_msg, op)) = VEXFS_OP_SNAPSHOT;
    CHECK(parse_request(bytes, fault, VEXFS_OP_SNAPSHOT).error().code == Code::kEOPNOTSUPP);
    CHECK(parse_request(bytes, fault, VEXFS_OP_SEARCH).error().code == Code::kEINVAL);
    at<uint16_t>(bytes, offsetof(vexfs_msg, op)) = 0x3f;
    CHECK(parse_request(bytes, fault, VEXFS_OP_SEARCH).error().code == Code::kENOTTY);
}

TEST_CASE("request: a shorter body is zero-extended, a longer one may only add zeros") {
    // STAT of the fd itself: all of its body is 0, so no body means the same.
    Buffer bytes(sizeof(vexfs_msg) + sizeof(vexfs_stat) + 16);
    vexfs_msg msg{};
    msg.room = 4096;
    msg.op = VEXFS_OP_STAT;
    msg.version = VEXFS_ABI_VERSION;
    for (uint16_t body : {0, 8, 16, 24, 32}) {
        msg.body = body;
        msg.size = static_cast<uint32_t>(sizeof msg + body);
        std::memcpy(bytes.data(), &msg, sizeof msg);
        Fault fault;
        CHECK(parse_request(bytes, fault).has_value());
    }
    at<uint8_t>(bytes, sizeof(vexfs_msg) + 31) = 1;
    Fault fault;
    CHECK(parse_request(bytes, fault).error().code == Code::kE2BIG);
    CHECK(fault.offset == sizeof(vexfs_msg) + sizeof(vexfs_stat));
}

TEST_CASE("request: a field that the body leaves out is at fault nowhere in the message") {
    vexfs_msg msg{};
    msg.size = sizeof msg;
    msg.room = 4096;
    msg.op = VEXFS_OP_PART_PUT;
    msg.version = VEXFS_ABI_VERSION;
    Fault fault;
    CHECK(parse_request(bytes_of(msg), fault).error().code == Code::kEINVAL);
    CHECK(fault.offset == 0);
}

TEST_CASE("request: search rules") {
    const auto search = [](const char* rule, std::function<void(Buffer&)> spoil, Code code,
                           size_t offset) {
        check_refused({rule, small_search(), std::move(spoil), code, offset});
    };
    const Code inval = Code::kEINVAL;
    search("k is not 0", FIELD(uint32_t, vexfs_search, k, 0), inval,
           VEXFS_BODY_OFFSET(vexfs_search, k));
    search("k has a limit", FIELD(uint32_t, vexfs_search, k, VEXFS_MAX_K + 1), inval,
           VEXFS_BODY_OFFSET(vexfs_search, k));
    search("queries is not 0", FIELD(uint32_t, vexfs_search, queries, 0), inval,
           VEXFS_BODY_OFFSET(vexfs_search, queries));
    search("queries has a limit", FIELD(uint32_t, vexfs_search, queries, UINT32_MAX), inval,
           VEXFS_BODY_OFFSET(vexfs_search, queries));
    search("more queries than vectors", FIELD(uint32_t, vexfs_search, queries, 4), inval, 0);
    search("dim is not 0", FIELD(uint32_t, vexfs_search, dim, 0), inval,
           VEXFS_BODY_OFFSET(vexfs_search, dim));
    search("dim has a limit", FIELD(uint32_t, vexfs_search, dim, 65536), inval,
           VEXFS_BODY_OFFSET(vexfs_search, dim));
    search("element is known", FIELD(uint16_t, vexfs_search, element, 7), inval,
           VEXFS_BODY_OFFSET(vexfs_search, element));
    search("ef has a limit", FIELD(uint32_t, vexfs_search, ef, VEXFS_MAX_EF + 1), inval,
           VEXFS_BODY_OFFSET(vexfs_search, ef));
    search("radius needs its flag", FIELD(float, vexfs_search, radius, -0.0f), inval,
           VEXFS_BODY_OFFSET(vexfs_search, radius));
    search("filter has a limit", FIELD(uint32_t, vexfs_search, filter, 4097), inval,
           VEXFS_BODY_OFFSET(vexfs_search, filter));
    search("filter within the message", FIELD(uint32_t, vexfs_search, filter, 4096), inval, 0);
    search("zero", FIELD(uint16_t, vexfs_search, zero, 1), inval,
           VEXFS_BODY_OFFSET(vexfs_search, zero));
    search("zero2", FIELD(uint32_t, vexfs_search, zero2, 1), inval,
           VEXFS_BODY_OFFSET(vexfs_search, zero2));
    search(
        "NaN", [](Buffer& b) { at<uint32_t>(b, kSearchVectors + 8) = 0x7fc00000; }, inval,
        kSearchVectors + 8);
    search(
        "infinity", [](Buffer& b) { at<uint32_t>(b, kSearchVectors + 20) = 0xff800000; }, inval,
        kSearchVectors + 20);
    search(
        "NUL in the filter", [](Buffer& b) { b[kSearchFilter + 2] = std::byte{0}; }, inval,
        kSearchFilter + 2);
    search(
        "padding", [](Buffer& b) { b[kSearchFilter + 6] = std::byte{1}; }, inval,
        kSearchFilter + 5);
    search(
        "queries * k",
        [](Buffer& b) {
            at<uint32_t>(b, VEXFS_BODY_OFFSET(vexfs_search, queries)) = 4096;
            at<uint32_t>(b, VEXFS_BODY_OFFSET(vexfs_search, k)) = 257;
        },
        inval, VEXFS_BODY_OFFSET(vexfs_search, k));
    search(
        "radius is finite",
        [](Buffer& b) {
            at<uint32_t>(b, offsetof(vexfs_msg, flags)) = VEXFS_SEARCH_RADIUS;
            at<float>(b, VEXFS_BODY_OFFSET(vexfs_search, radius)) =
                std::numeric_limits<float>::infinity();
        },
        inval, VEXFS_BODY_OFFSET(vexfs_search, radius));
}

TEST_CASE("request: put rules") {
    const auto put = [](const char* rule, std::function<void(Buffer&)> spoil, Code code,
                        size_t offset) {
        check_refused({rule, small_put(), std::move(spoil), code, offset});
    };
    const Code inval = Code::kEINVAL;
    constexpr size_t kSecond = kPutFiles + sizeof(vexfs_put_file);
    put("files is not 0", FIELD(uint32_t, vexfs_put, files, 0), inval,
        VEXFS_BODY_OFFSET(vexfs_put, files));
    put("files has a limit", FIELD(uint32_t, vexfs_put, files, 65537), inval,
        VEXFS_BODY_OFFSET(vexfs_put, files));
    put("each file has a row", FIELD(uint32_t, vexfs_put, rows, 1), inval,
        VEXFS_BODY_OFFSET(vexfs_put, rows));
    put("metas is 0 or rows", FIELD(uint32_t, vexfs_put, metas, 2), inval,
        VEXFS_BODY_OFFSET(vexfs_put, metas));
    put("counts beyond the message", FIELD(uint32_t, vexfs_put, rows, UINT32_MAX), inval,
        VEXFS_BODY_OFFSET(vexfs_put, metas));
    put("zero", FIELD(uint16_t, vexfs_put, zero, 9), inval, VEXFS_BODY_OFFSET(vexfs_put, zero));
    put(
        "a file has rows", [](Buffer& b) { at<vexfs_put_file>(b, kSecond).rows = 0; }, inval,
        kSecond + offsetof(vexfs_put_file, rows));
    put(
        "rows is the sum", [](Buffer& b) { at<vexfs_put_file>(b, kSecond).rows = 3; }, inval,
        VEXFS_BODY_OFFSET(vexfs_put, rows));
    put(
        "row numbers have a limit",
        [](Buffer& b) { at<vexfs_put_file>(b, kSecond).first = VEXFS_MAX_ROW; }, Code::kEFBIG,
        kSecond + offsetof(vexfs_put_file, rows));
    put(
        "ino or name, not both", [](Buffer& b) { at<vexfs_put_file>(b, kPutFiles).file.ino = 4; },
        inval, kPutFiles);
    put(
        "each of several is named", [](Buffer& b) { at<vexfs_put_file>(b, kSecond).file.ino = 0; },
        inval, kSecond);
    put(
        "a name has a limit", [](Buffer& b) { at<vexfs_put_file>(b, kPutFiles).file.name = 256; },
        Code::kENAMETOOLONG, kPutFiles + offsetof(vexfs_file, name));
    put(
        "names hold all names", [](Buffer& b) { at<vexfs_put_file>(b, kPutFiles).file.name = 2; },
        inval, kPutFiles + offsetof(vexfs_file, name));
    put(
        "no '/' in a name", [](Buffer& b) { b[kPutNames] = std::byte{'/'}; }, inval, kPutNames);
    put(
        "a name is not '.'", [](Buffer& b) { b[kPutNames] = std::byte{'.'}; }, inval, kPutNames);
    put(
        "a range ends before 2^63",
        [](Buffer& b) { at<vexfs_row_meta>(b, kPutMetas).offset = INT64_MAX; }, inval,
        kPutMetas + offsetof(vexfs_row_meta, length));
    put(
        "no offset without a length",
        [](Buffer& b) {
            at<vexfs_row_meta>(b, kPutMetas).length = 0;
            at<vexfs_row_meta>(b, kPutMetas).offset = 1;
        },
        inval, kPutMetas + offsetof(vexfs_row_meta, offset));
    put(
        "NaN", [](Buffer& b) { at<uint32_t>(b, kPutVectors) = 0x7f800001; }, inval, kPutVectors);
    Buffer twice = built(small_put());
    at<vexfs_put_file>(twice, kPutFiles).file = {9, 0, 0};
    at<uint32_t>(twice, VEXFS_BODY_OFFSET(vexfs_put, names)) = 0;
    twice.resize(kPutNames);
    at<uint32_t>(twice, 0) = static_cast<uint32_t>(kPutNames);
    Fault fault;
    CHECK(parse_request(twice, fault).error().code == inval);
    CHECK(fault.offset == kPutFiles);
}

TEST_CASE("request: floats of 16 bits and spare bits are checked too") {
    const auto first_bad = [](uint16_t element, uint32_t dim, Buffer bytes) -> size_t {
        SearchRequest search = small_search();
        search.body.element = element;
        search.body.dim = dim;
        search.body.queries = 1;
        search.vectors = bytes;
        const auto parsed = build_request(search);
        return parsed.has_value() ? SIZE_MAX : static_cast<size_t>(parsed.error().code);
    };
    const size_t inval = EINVAL;
    const auto byte = [](unsigned value) {
        return static_cast<std::byte>(value);
    };
    CHECK(first_bad(VEXFS_ELEMENT_F16, 1, {byte(0), byte(0x7c)}) == inval);
    CHECK(first_bad(VEXFS_ELEMENT_F16, 1, {byte(0xff), byte(0x7b)}) == SIZE_MAX);
    CHECK(first_bad(VEXFS_ELEMENT_BF16, 1, {byte(0x80), byte(0x7f)}) == inval);
    CHECK(first_bad(VEXFS_ELEMENT_BF16, 1, {byte(0), byte(0x7c)}) == SIZE_MAX);
    CHECK(first_bad(VEXFS_ELEMENT_BIT, 9, {byte(0xff), byte(1)}) == SIZE_MAX);
    CHECK(first_bad(VEXFS_ELEMENT_BIT, 9, {byte(0xff), byte(2)}) == inval);
    CHECK(first_bad(VEXFS_ELEMENT_I8, 2, {byte(0xff), byte(0x80)}) == SIZE_MAX);
}

TEST_CASE("request: schema rules") {
    SchemaSetRequest valid{{256, 0, 0}, {}};
    valid.body.dim = 3;
    valid.body.element = VEXFS_ELEMENT_F32;
    valid.body.metric = VEXFS_METRIC_L2;
    const auto schema = [&](const char* rule, std::function<void(Buffer&)> spoil, size_t offset) {
        check_refused({rule, valid, std::move(spoil), Code::kEINVAL, offset});
    };
    schema("dim", FIELD(uint32_t, vexfs_schema, dim, 0), VEXFS_BODY_OFFSET(vexfs_schema, dim));
    schema("element", FIELD(uint16_t, vexfs_schema, element, 0),
           VEXFS_BODY_OFFSET(vexfs_schema, element));
    schema("metric", FIELD(uint16_t, vexfs_schema, metric, 6),
           VEXFS_BODY_OFFSET(vexfs_schema, metric));
    schema("hamming is for bits", FIELD(uint16_t, vexfs_schema, metric, VEXFS_METRIC_HAMMING),
           VEXFS_BODY_OFFSET(vexfs_schema, metric));
    schema("bits have no l2", FIELD(uint16_t, vexfs_schema, element, VEXFS_ELEMENT_BIT),
           VEXFS_BODY_OFFSET(vexfs_schema, metric));
    schema("codes", FIELD(uint16_t, vexfs_schema, codes, 5),
           VEXFS_BODY_OFFSET(vexfs_schema, codes));
    schema("index", FIELD(uint16_t, vexfs_schema, index, 4),
           VEXFS_BODY_OFFSET(vexfs_schema, index));
    schema("m", FIELD(uint32_t, vexfs_schema, m, 3), VEXFS_BODY_OFFSET(vexfs_schema, m));
    schema("ef_construction", FIELD(uint32_t, vexfs_schema, ef_construction, 15),
           VEXFS_BODY_OFFSET(vexfs_schema, ef_construction));
    schema("ef", FIELD(uint32_t, vexfs_schema, ef, 65537), VEXFS_BODY_OFFSET(vexfs_schema, ef));
    schema("pool", FIELD(uint16_t, vexfs_schema, pool, 4), VEXFS_BODY_OFFSET(vexfs_schema, pool));
    schema("compress", FIELD(uint16_t, vexfs_schema, compress, 4),
           VEXFS_BODY_OFFSET(vexfs_schema, compress));
    schema("compress: level", FIELD(uint16_t, vexfs_schema, compress, 20 << 8 | 3),
           VEXFS_BODY_OFFSET(vexfs_schema, compress));
    schema("compress: level of lz4", FIELD(uint16_t, vexfs_schema, compress, 1 << 8 | 2),
           VEXFS_BODY_OFFSET(vexfs_schema, compress));
    schema("compress: level of auto", FIELD(uint16_t, vexfs_schema, compress, 1 << 8),
           VEXFS_BODY_OFFSET(vexfs_schema, compress));
    schema("zero", FIELD(uint32_t, vexfs_schema, zero, 1), VEXFS_BODY_OFFSET(vexfs_schema, zero));
}

TEST_CASE("request: rules of the small ops") {
    Sampler sampler(1);
    JobRequest compact{{256, VEXFS_JOB_WAIT, 0}, {VEXFS_JOB_CMD_COMPACT, 0, 0}};
    check_refused({"job: id", compact, FIELD(uint64_t, vexfs_job_cmd, id, 1), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_job_cmd, id)});
    check_refused({"job: cmd", compact, FIELD(uint32_t, vexfs_job_cmd, cmd, 6), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_job_cmd, cmd)});
    check_refused({"job: scrub", compact, FIELD(uint32_t, vexfs_job_cmd, cmd, VEXFS_JOB_CMD_SCRUB),
                   Code::kEOPNOTSUPP, VEXFS_BODY_OFFSET(vexfs_job_cmd, cmd)});
    check_refused({"job: wait for a pause", compact,
                   FIELD(uint32_t, vexfs_job_cmd, cmd, VEXFS_JOB_CMD_PAUSE), Code::kEINVAL,
                   offsetof(vexfs_msg, flags)});
    JobRequest verify{{256, VEXFS_JOB_VERIFY, 0}, {VEXFS_JOB_CMD_ERASE, 0, 0}};
    check_refused({"job: verify what erases nothing", verify,
                   FIELD(uint32_t, vexfs_job_cmd, cmd, VEXFS_JOB_CMD_COMPACT), Code::kEINVAL,
                   offsetof(vexfs_msg, flags)});
    check_refused({"job: zero", compact, FIELD(uint32_t, vexfs_job_cmd, zero, 1), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_job_cmd, zero)});
    const Request part = sampler.request(9);
    check_refused({"part: bytes", part, FIELD(uint32_t, vexfs_part_put, bytes, 0), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_part_put, bytes)});
    check_refused({"part: offset", part, FIELD(uint32_t, vexfs_part_put, offset, UINT32_MAX),
                   Code::kEFBIG, VEXFS_BODY_OFFSET(vexfs_part_put, offset)});
    const Request path = sampler.request(5);
    check_refused({"path: inos", path, FIELD(uint32_t, vexfs_path, inos, 0), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_path, inos)});
    check_refused({"path: zero", path, FIELD(uint32_t, vexfs_path, zero, 1), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_path, zero)});
    const DropRequest drop{{256, 0, 0}, {{0, 3, 0}, 0, 0}, "abc"};
    constexpr size_t kName = sizeof(vexfs_msg) + sizeof(vexfs_drop);
    check_refused({"drop: zero", drop, FIELD(uint32_t, vexfs_drop, zero, 1), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_drop, zero)});
    check_refused({"file: zero", drop, FIELD(uint32_t, vexfs_drop, file.zero, 1), Code::kEINVAL,
                   VEXFS_BODY_OFFSET(vexfs_drop, file.zero)});
    check_refused({"name: NUL", drop, [](Buffer& b) { b[kName + 1] = std::byte{0}; }, Code::kEINVAL,
                   kName + 1});
}

TEST_CASE("request: a builder refuses what parts do not agree on") {
    SearchRequest search = small_search();
    search.body.queries = 3;
    CHECK(build_request(search).error().code == Code::kEINVAL);
    search = small_search();
    search.head.room = 8;
    CHECK(build_request(search).error().code == Code::kEINVAL);
    search = small_search();
    search.head.flags = VEXFS_EXPLAIN_TOTALS;
    CHECK(build_request(search).error().code == Code::kEINVAL);
}
