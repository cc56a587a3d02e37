// SPDX-License-Identifier: Apache-2.0
//
// Requests of the application ABI: one struct an op, read from bytes and written to bytes.
//
// A request that parse_request returns obeys every rule of vexfs_ioctl.h that can be decided
// without a volume: sizes, flags, ranges, zeros, names, finite floats. Its spans and strings point
// into the buffer that was parsed.
//
// Each struct has: kOp, kFlags (those it takes), Body, pieces() (the payload in order; the reader,
// the counter and the writer all walk it), check_body() (before a count is used) and
// check_payload().
//
// Threads: values and pure functions.
#pragma once

#include <optional>
#include <variant>

#include "userlib/frontend/wire/codec/frame.h"

namespace vexfs {

struct NoBody {};

template <typename Body>
constexpr size_t kBodyBytes = std::is_empty_v<Body> ? 0 : sizeof(Body);

// HELLO, SCHEMA_GET, JOB_LIST, SYNC.
template <uint16_t Op, uint32_t Flags>
struct PlainRequest {
    static constexpr uint16_t kOp = Op;
    static constexpr uint32_t kFlags = Flags;
    using Body = NoBody;

    Head head;
    Body body;

    template <typename Self, typename Io>
    static Status pieces(Self&, Io&) {
        return ok();
    }
    Status check_body(Fault&) const { return ok(); }
    Status check_payload(Bytes, Fault&) const { return ok(); }
};
using HelloRequest = PlainRequest<VEXFS_OP_HELLO, 0>;
using SchemaGetRequest = PlainRequest<VEXFS_OP_SCHEMA_GET, 0>;
using JobListRequest = PlainRequest<VEXFS_OP_JOB_LIST, 0>;
using SyncRequest = PlainRequest<VEXFS_OP_SYNC, VEXFS_SYNC_LINK>;

struct SchemaSetRequest {
    static constexpr uint16_t kOp = VEXFS_OP_SCHEMA_SET;
    static constexpr uint32_t kFlags = VEXFS_SCHEMA_UPDATE;
    using Body = vexfs_schema;

    Head head;
    Body body{};

    template <typename Self, typename Io>
    static Status pieces(Self&, Io&) {
        return ok();
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes, Fault&) const { return ok(); }
};

struct PutRequest {
    static constexpr uint16_t kOp = VEXFS_OP_PUT;
    static constexpr uint32_t kFlags = VEXFS_PUT_ASYNC | VEXFS_PUT_TRUNCATE;
    using Body = vexfs_put;

    Head head;
    Body body{};
    Records<vexfs_put_file> files;
    Records<vexfs_row_meta> metas; // none: all default
    Bytes vectors;                 // body.rows of them
    std::string_view names;        // one after the other; files[i].file.name bytes each

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        const vexfs_put& body = self.body;
        VEXFS_TRY_VOID(io.records(self.files, body.files));
        VEXFS_TRY_VOID(io.records(self.metas, body.metas));
        VEXFS_TRY_VOID(io.bytes(self.vectors,
                                uint64_t{body.rows} * vexfs_vector_bytes(body.element, body.dim)));
        return io.text(self.names, body.names);
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes message, Fault& fault) const;
};

struct GetRequest {
    static constexpr uint16_t kOp = VEXFS_OP_GET;
    static constexpr uint32_t kFlags = VEXFS_GET_VECTORS | VEXFS_GET_ROWS;
    using Body = vexfs_get;

    Head head;
    Body body{};
    std::string_view name;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.text(self.name, self.body.file.name);
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes message, Fault& fault) const;
};

struct DropRequest {
    static constexpr uint16_t kOp = VEXFS_OP_DROP;
    static constexpr uint32_t kFlags = VEXFS_DROP_ASYNC;
    using Body = vexfs_drop;

    Head head;
    Body body{};
    std::string_view name;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.text(self.name, self.body.file.name);
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes message, Fault& fault) const;
};

// SEARCH and EXPLAIN have one body.
template <uint16_t Op, uint32_t Flags>
struct QueryRequest {
    static constexpr uint16_t kOp = Op;
    static constexpr uint32_t kFlags = Flags;
    using Body = vexfs_search;

    Head head;
    Body body{};
    Bytes vectors; // body.queries of them
    std::string_view filter;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        const vexfs_search& body = self.body;
        VEXFS_TRY_VOID(io.bytes(self.vectors, uint64_t{body.queries} *
                                                  vexfs_vector_bytes(body.element, body.dim)));
        return io.text(self.filter, body.filter);
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes message, Fault& fault) const;
};
using SearchRequest =
    QueryRequest<VEXFS_OP_SEARCH, VEXFS_SEARCH_EXACT | VEXFS_SEARCH_PATHS | VEXFS_SEARCH_VECTORS |
                                      VEXFS_SEARCH_PER_FILE | VEXFS_SEARCH_RADIUS>;
using ExplainRequest =
    QueryRequest<VEXFS_OP_EXPLAIN, VEXFS_SEARCH_EXACT | VEXFS_SEARCH_PER_FILE |
                                       VEXFS_SEARCH_RADIUS | VEXFS_EXPLAIN_TOTALS>;

struct PathRequest {
    static constexpr uint16_t kOp = VEXFS_OP_PATH;
    static constexpr uint32_t kFlags = 0;
    using Body = vexfs_path;

    Head head;
    Body body{};
    Records<uint64_t> inos;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.records(self.inos, self.body.inos);
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes, Fault&) const { return ok(); }
};

struct StatRequest {
    static constexpr uint16_t kOp = VEXFS_OP_STAT;
    static constexpr uint32_t kFlags = VEXFS_STAT_TOTALS;
    using Body = vexfs_stat;

    Head head;
    Body body{};
    std::string_view name;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.text(self.name, self.body.file.name);
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes message, Fault& fault) const;
};

struct JobRequest {
    static constexpr uint16_t kOp = VEXFS_OP_JOB;
    static constexpr uint32_t kFlags = VEXFS_JOB_WAIT | VEXFS_JOB_VERIFY;
    using Body = vexfs_job_cmd;

    Head head;
    Body body{};

    template <typename Self, typename Io>
    static Status pieces(Self&, Io&) {
        return ok();
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes, Fault&) const { return ok(); }
};

struct PartPutRequest {
    static constexpr uint16_t kOp = VEXFS_OP_PART_PUT;
    static constexpr uint32_t kFlags = VEXFS_PART_FIRST;
    using Body = vexfs_part_put;

    Head head;
    Body body{};
    Bytes part;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.bytes(self.part, self.body.bytes);
    }
    Status check_body(Fault& fault) const;
    Status check_payload(Bytes, Fault&) const { return ok(); }
};

struct PartGetRequest {
    static constexpr uint16_t kOp = VEXFS_OP_PART_GET;
    static constexpr uint32_t kFlags = 0;
    using Body = vexfs_part_get;

    Head head;
    Body body{};

    template <typename Self, typename Io>
    static Status pieces(Self&, Io&) {
        return ok();
    }
    Status check_body(Fault&) const { return ok(); }
    Status check_payload(Bytes, Fault&) const { return ok(); }
};

using Request =
    std::variant<HelloRequest, SchemaGetRequest, GetRequest, SearchRequest, ExplainRequest,
                 PathRequest, StatRequest, JobListRequest, SyncRequest, PartPutRequest,
                 PartGetRequest, SchemaSetRequest, PutRequest, DropRequest, JobRequest>;

// The request in a buffer whose header is readable (frame.h). `carrier_op`: the op that an ioctl's
// number says, which must be the message's. On failure `fault` names the byte and the Error has the
// errno of the ABI: EINVAL, ENAMETOOLONG, E2BIG, EPROTO, ENOTTY (unknown op), EOPNOTSUPP (reserved
// op or command).
Result<Request> parse_request(Bytes buffer, Fault& fault, std::optional<uint32_t> carrier_op = {});

// The bytes of a request. It is held to the same rules first, so that no caller sends what every
// engine refuses.
Result<std::vector<std::byte>> build_request(const Request& request);

} // namespace vexfs
