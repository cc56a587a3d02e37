// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/codec/request.h"

#include <algorithm>
#include <cmath>

#include "userlib/frontend/wire/codec/checks.h"

namespace vexfs {
namespace {

size_t offset_in(Bytes message, const void* piece) {
    return static_cast<size_t>(static_cast<const std::byte*>(piece) - message.data());
}

template <typename T>
Result<Request> parse_as(const Frame& frame, Fault& fault) {
    T request;
    const vexfs_msg& msg = frame.msg;
    request.head = {msg.room, msg.flags, msg.cookie};
    VEXFS_TRY_VOID(check_header(frame, fault));
    if (msg.status != 0)
        return fault.at(offsetof(vexfs_msg, status), Code::kEINVAL, "status is not 0 in a request");
    VEXFS_TRY_VOID(read_body(frame, reinterpret_cast<std::byte*>(&request.body),
                             kBodyBytes<typename T::Body>, fault));
    if ((msg.flags & ~T::kFlags) != 0)
        return fault.at(offsetof(vexfs_msg, flags), Code::kEINVAL,
                        "flags: one that this op does not take");
    VEXFS_TRY_VOID(request.check_body(fault));
    PieceReader reader(frame, fault);
    VEXFS_TRY_VOID(T::pieces(request, reader));
    VEXFS_TRY_VOID(reader.end());
    VEXFS_TRY_VOID(request.check_payload(frame.message, fault));
    return Request(request);
}

template <typename T>
Result<std::vector<std::byte>> build_as(const T& request) {
    Fault fault;
    VEXFS_TRY_VOID(request.check_body(fault));
    constexpr size_t kBytes = kBodyBytes<typename T::Body>;
    PieceCounter counter(kBytes);
    VEXFS_TRY_VOID(T::pieces(request, counter));
    if (counter.total() > VEXFS_MAX_MESSAGE)
        return fail(Code::kEFBIG, "the message is over 64 MiB");
    std::vector<std::byte> buffer(counter.total());
    vexfs_msg msg{};
    msg.size = static_cast<uint32_t>(counter.total());
    msg.room = request.head.room;
    msg.op = T::kOp;
    msg.version = VEXFS_ABI_VERSION;
    msg.body = kBytes;
    msg.flags = request.head.flags;
    msg.cookie = request.head.cookie;
    std::memcpy(buffer.data(), &msg, sizeof msg);
    std::memcpy(buffer.data() + sizeof msg, &request.body, kBytes);
    PieceWriter writer(buffer, sizeof msg + kBytes);
    VEXFS_TRY_VOID(T::pieces(request, writer));
    VEXFS_TRY_VOID(parse_request(buffer, fault));
    return buffer;
}

Status check_carrier(const Frame& frame, std::optional<uint32_t> carrier_op, Fault& fault) {
    if (carrier_op && *carrier_op != frame.msg.op)
        return fault.at(offsetof(vexfs_msg, op), Code::kEINVAL,
                        "op is not that of the ioctl's number");
    return ok();
}

// Tries the op of each alternative in turn.
template <size_t I = 0>
Result<Request> parse_op(const Frame& frame, std::optional<uint32_t> carrier_op, Fault& fault) {
    if constexpr (I < std::variant_size_v<Request>) {
        using T = std::variant_alternative_t<I, Request>;
        if (frame.msg.op != T::kOp)
            return parse_op<I + 1>(frame, carrier_op, fault);
        VEXFS_TRY_VOID(check_carrier(frame, carrier_op, fault));
        return parse_as<T>(frame, fault);
    } else {
        if (frame.msg.op != VEXFS_OP_URING && frame.msg.op != VEXFS_OP_SNAPSHOT)
            return fault.at(offsetof(vexfs_msg, op), Code::kENOTTY, "op: unknown");
        VEXFS_TRY_VOID(check_carrier(frame, carrier_op, fault));
        return fault.at(offsetof(vexfs_msg, op), Code::kEOPNOTSUPP,
                        "op: reserved, not offered in version 1");
    }
}

template <typename T>
Status check_named(const T& request, Bytes message, Fault& fault) {
    return check_name(request.name, offset_in(message, request.name.data()), fault);
}

} // namespace

Result<Request> parse_request(Bytes buffer, Fault& fault, std::optional<uint32_t> carrier_op) {
    const Frame frame = VEXFS_TRY(parse_frame(buffer, fault));
    Result<Request> request = parse_op(frame, carrier_op, fault);
    // A field that a short body leaves out has no byte to point at.
    if (!request && fault.offset >= frame.msg.size)
        fault.offset = 0;
    return request;
}

Result<std::vector<std::byte>> build_request(const Request& request) {
    return std::visit([](const auto& one) { return build_as(one); }, request);
}

Status SchemaSetRequest::check_body(Fault& fault) const {
    VEXFS_TRY_VOID(check_shape(body.element, body.dim, VEXFS_BODY_OFFSET(vexfs_schema, element),
                               VEXFS_BODY_OFFSET(vexfs_schema, dim), fault));
    const bool bit = body.element == VEXFS_ELEMENT_BIT;
    const bool bit_metric =
        body.metric == VEXFS_METRIC_HAMMING || body.metric == VEXFS_METRIC_JACCARD;
    if (body.metric < VEXFS_METRIC_L2 || body.metric > VEXFS_METRIC_JACCARD || bit != bit_metric)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, metric), Code::kEINVAL,
                        "schema: unknown metric, or not one of this element type");
    if (body.codes > VEXFS_CODES_BIT || (bit && body.codes > VEXFS_CODES_NONE))
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, codes), Code::kEINVAL,
                        "schema: unknown codes, or not for this element type");
    if (body.index > VEXFS_INDEX_IVFPQ)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, index), Code::kEINVAL,
                        "schema: unknown index");
    if (body.m != 0 && (body.m < 4 || body.m > 128))
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, m), Code::kEINVAL,
                        "schema: m is not 4 to 128");
    if (body.ef_construction != 0 && (body.ef_construction < 16 || body.ef_construction > 4096))
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, ef_construction), Code::kEINVAL,
                        "schema: ef_construction is not 16 to 4,096");
    if (body.ef > VEXFS_MAX_EF)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, ef), Code::kEINVAL,
                        "schema: ef is over 65,536");
    if (body.pool > VEXFS_POOL_ZSMALLOC)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, pool), Code::kEINVAL,
                        "schema: unknown pool");
    const uint32_t level = body.compress >> 8;
    if ((body.compress & 0xff) > VEXFS_COMPRESS_ZSTD || level > VEXFS_MAX_ZSTD_LEVEL ||
        (level > 0 && (body.compress & 0xff) != VEXFS_COMPRESS_ZSTD))
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, compress), Code::kEINVAL,
                        "schema: unknown compression, or a level that it does not have");
    if (body.zero != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_schema, zero), Code::kEINVAL,
                        "schema: zero is not 0");
    return ok();
}

Status PutRequest::check_body(Fault& fault) const {
    if (body.files < 1 || body.files > VEXFS_MAX_FILES)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_put, files), Code::kEINVAL,
                        "put: files is 0 or over 65,536");
    if (body.rows < body.files)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_put, rows), Code::kEINVAL,
                        "put: fewer rows than files");
    if (body.metas != 0 && body.metas != body.rows)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_put, metas), Code::kEINVAL,
                        "put: metas is neither 0 nor rows");
    if (body.zero != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_put, zero), Code::kEINVAL, "put: zero is not 0");
    return check_shape(body.element, body.dim, VEXFS_BODY_OFFSET(vexfs_put, element),
                       VEXFS_BODY_OFFSET(vexfs_put, dim), fault);
}

namespace {

// One file of a PUT, whose name begins at `name_begin` of the names; the name is returned.
Result<std::string_view> check_put_file(const PutRequest& put, size_t i, size_t name_begin,
                                        Bytes message, Fault& fault) {
    const vexfs_put_file one = put.files[i];
    const size_t at = offset_in(message, put.files.bytes().data()) + i * sizeof(vexfs_put_file);
    VEXFS_TRY_VOID(check_file(one.file, at, fault));
    if (put.files.size() > 1 && one.file.ino == 0 && one.file.name == 0)
        return fault.at(at, Code::kEINVAL, "put: one of several files has neither ino nor name");
    if (one.rows == 0)
        return fault.at(at + offsetof(vexfs_put_file, rows), Code::kEINVAL,
                        "put: a file without rows");
    if (one.first != VEXFS_ROW_APPEND &&
        uint64_t{one.first} + one.rows - 1 > uint64_t{VEXFS_MAX_ROW})
        return fault.at(at + offsetof(vexfs_put_file, rows), Code::kEFBIG,
                        "put: rows beyond the largest row number");
    if (one.file.name > put.names.size() - name_begin)
        return fault.at(at + offsetof(vexfs_put_file, file) + offsetof(vexfs_file, name),
                        Code::kEINVAL, "put: names is shorter than the files' names");
    const std::string_view name = put.names.substr(name_begin, one.file.name);
    VEXFS_TRY_VOID(check_name(name, offset_in(message, name.data()), fault));
    return name;
}

template <typename T>
bool has_twice(std::vector<T>& keys) {
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

} // namespace

Status PutRequest::check_payload(Bytes message, Fault& fault) const {
    std::vector<uint64_t> inos;
    std::vector<std::string_view> given_names;
    uint64_t row_sum = 0;
    size_t name_end = 0;
    for (size_t i = 0; i < files.size(); ++i) {
        const std::string_view name = VEXFS_TRY(check_put_file(*this, i, name_end, message, fault));
        name_end += name.size();
        row_sum += files[i].rows;
        if (!name.empty())
            given_names.push_back(name);
        else
            inos.push_back(files[i].file.ino);
    }
    if (has_twice(inos) || has_twice(given_names))
        return fault.at(offset_in(message, files.bytes().data()), Code::kEINVAL,
                        "put: a file is named twice");
    if (name_end != names.size())
        return fault.at(VEXFS_BODY_OFFSET(vexfs_put, names), Code::kEINVAL,
                        "put: names is longer than the files' names");
    if (row_sum != body.rows)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_put, rows), Code::kEINVAL,
                        "put: rows is not the sum over the files");
    for (size_t i = 0; i < metas.size(); ++i)
        VEXFS_TRY_VOID(check_row_meta(
            metas[i], offset_in(message, metas.bytes().data()) + i * sizeof(vexfs_row_meta),
            fault));
    return check_vectors(vectors, body.element, body.dim, offset_in(message, vectors.data()),
                         fault);
}

Status GetRequest::check_body(Fault& fault) const {
    return check_file(body.file, VEXFS_BODY_OFFSET(vexfs_get, file), fault);
}

Status GetRequest::check_payload(Bytes message, Fault& fault) const {
    return check_named(*this, message, fault);
}

Status DropRequest::check_body(Fault& fault) const {
    if (body.zero != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_drop, zero), Code::kEINVAL, "drop: zero is not 0");
    return check_file(body.file, VEXFS_BODY_OFFSET(vexfs_drop, file), fault);
}

Status DropRequest::check_payload(Bytes message, Fault& fault) const {
    return check_named(*this, message, fault);
}

template <uint16_t Op, uint32_t Flags>
Status QueryRequest<Op, Flags>::check_body(Fault& fault) const {
    if (body.queries < 1 || body.queries > VEXFS_MAX_QUERIES)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, queries), Code::kEINVAL,
                        "search: queries is 0 or over 4,096");
    VEXFS_TRY_VOID(check_shape(body.element, body.dim, VEXFS_BODY_OFFSET(vexfs_search, element),
                               VEXFS_BODY_OFFSET(vexfs_search, dim), fault));
    if (body.k < 1 || body.k > VEXFS_MAX_K)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, k), Code::kEINVAL,
                        "search: k is 0 or over 65,536");
    if (uint64_t{body.queries} * body.k > VEXFS_MAX_HITS)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, k), Code::kEINVAL,
                        "search: queries * k is over 1,048,576");
    if (body.ef > VEXFS_MAX_EF)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, ef), Code::kEINVAL,
                        "search: ef is over 65,536");
    // Compared as bits: -0.0 is not "no radius".
    if ((head.flags & VEXFS_SEARCH_RADIUS) != 0 ? !std::isfinite(body.radius)
                                                : std::bit_cast<uint32_t>(body.radius) != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, radius), Code::kEINVAL,
                        "search: radius is not finite, or given without its flag");
    if (body.filter > VEXFS_MAX_FILTER)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, filter), Code::kEINVAL,
                        "search: the filter is over 4,096 bytes");
    if (body.zero != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, zero), Code::kEINVAL,
                        "search: zero is not 0");
    if (body.zero2 != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_search, zero2), Code::kEINVAL,
                        "search: zero2 is not 0");
    return ok();
}

template <uint16_t Op, uint32_t Flags>
Status QueryRequest<Op, Flags>::check_payload(Bytes message, Fault& fault) const {
    VEXFS_TRY_VOID(
        check_vectors(vectors, body.element, body.dim, offset_in(message, vectors.data()), fault));
    return check_filter(filter, offset_in(message, filter.data()), fault);
}

template struct QueryRequest<SearchRequest::kOp, SearchRequest::kFlags>;
template struct QueryRequest<ExplainRequest::kOp, ExplainRequest::kFlags>;

Status PathRequest::check_body(Fault& fault) const {
    if (body.inos < 1 || body.inos > VEXFS_MAX_FILES)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_path, inos), Code::kEINVAL,
                        "path: inos is 0 or over 65,536");
    if (body.zero != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_path, zero), Code::kEINVAL, "path: zero is not 0");
    return ok();
}

Status StatRequest::check_body(Fault& fault) const {
    return check_file(body.file, VEXFS_BODY_OFFSET(vexfs_stat, file), fault);
}

Status StatRequest::check_payload(Bytes message, Fault& fault) const {
    return check_named(*this, message, fault);
}

Status JobRequest::check_body(Fault& fault) const {
    if (body.cmd == VEXFS_JOB_CMD_SCRUB)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_job_cmd, cmd), Code::kEOPNOTSUPP,
                        "job: scrub is reserved, not offered in version 1");
    if (body.cmd < VEXFS_JOB_CMD_PAUSE || body.cmd > VEXFS_JOB_CMD_SCRUB)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_job_cmd, cmd), Code::kEINVAL,
                        "job: unknown command");
    const bool starts = body.cmd == VEXFS_JOB_CMD_COMPACT || body.cmd == VEXFS_JOB_CMD_ERASE;
    if (starts && body.id != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_job_cmd, id), Code::kEINVAL,
                        "job: a command that starts a job takes no id");
    if (!starts && (head.flags & VEXFS_JOB_WAIT) != 0)
        return fault.at(offsetof(vexfs_msg, flags), Code::kEINVAL,
                        "job: WAIT goes with a command that starts a job");
    if (body.cmd != VEXFS_JOB_CMD_ERASE && (head.flags & VEXFS_JOB_VERIFY) != 0)
        return fault.at(offsetof(vexfs_msg, flags), Code::kEINVAL, "job: VERIFY goes with ERASE");
    if (body.zero != 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_job_cmd, zero), Code::kEINVAL,
                        "job: zero is not 0");
    return ok();
}

Status PartPutRequest::check_body(Fault& fault) const {
    if (body.bytes == 0)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_part_put, bytes), Code::kEINVAL, "part: no bytes");
    if (uint64_t{body.offset} + body.bytes > VEXFS_MAX_MESSAGE)
        return fault.at(VEXFS_BODY_OFFSET(vexfs_part_put, offset), Code::kEFBIG,
                        "part: offset + bytes is over 64 MiB");
    return ok();
}

} // namespace vexfs
