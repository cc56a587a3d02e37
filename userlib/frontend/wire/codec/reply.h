// SPDX-License-Identifier: Apache-2.0
//
// Replies of the application ABI: one struct an op, written to bytes and read from bytes.
//
// The engine writes replies into the room that the caller gave: whole, or not at all (EMSGSIZE with
// the size needed). Clients of the engine in this tree read them; they hold the engine to the same
// rules as the engine holds them.
//
// Each struct has kOp, Body, pieces() as in request.h, and check(): what must hold between its
// parts.
//
// Threads: values and pure functions.
#pragma once

#include <variant>

#include "userlib/frontend/wire/codec/request.h"

namespace vexfs {

// A reply that is a body and nothing else.
template <uint16_t Op, typename BodyType>
struct PlainReply {
    static constexpr uint16_t kOp = Op;
    using Body = BodyType;

    Body body{};

    template <typename Self, typename Io>
    static Status pieces(Self&, Io&) {
        return ok();
    }
    Status check() const { return ok(); }
};
using HelloReply = PlainReply<VEXFS_OP_HELLO, vexfs_hello_reply>;
using SchemaGetReply = PlainReply<VEXFS_OP_SCHEMA_GET, vexfs_schema_reply>;
using SchemaSetReply = PlainReply<VEXFS_OP_SCHEMA_SET, vexfs_schema_reply>;
using DropReply = PlainReply<VEXFS_OP_DROP, vexfs_drop_reply>;
using StatReply = PlainReply<VEXFS_OP_STAT, vexfs_stat_reply>;
using SyncReply = PlainReply<VEXFS_OP_SYNC, NoBody>;
using JobReply = PlainReply<VEXFS_OP_JOB, vexfs_job_cmd_reply>;
using PartPutReply = PlainReply<VEXFS_OP_PART_PUT, vexfs_part_put_reply>;

struct PutReply {
    static constexpr uint16_t kOp = VEXFS_OP_PUT;
    using Body = vexfs_put_reply;

    Body body{};
    Records<vexfs_put_status> files;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.records(self.files, self.body.files);
    }
    Status check() const;
};

struct GetReply {
    static constexpr uint16_t kOp = VEXFS_OP_GET;
    using Body = vexfs_get_reply;

    Body body{};
    Records<vexfs_row> rows; // if body.flags has VEXFS_GET_ROWS
    Bytes vectors;           // if body.flags has VEXFS_GET_VECTORS

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        const vexfs_get_reply& body = self.body;
        VEXFS_TRY_VOID(io.records(self.rows, (body.flags & VEXFS_GET_ROWS) != 0 ? body.rows : 0));
        const uint64_t vectors = (body.flags & VEXFS_GET_VECTORS) != 0 ? body.rows : 0;
        return io.bytes(self.vectors, vectors * vexfs_vector_bytes(body.element, body.dim));
    }
    Status check() const;
};

struct SearchReply {
    static constexpr uint16_t kOp = VEXFS_OP_SEARCH;
    using Body = vexfs_search_reply;

    Body body{};
    Records<vexfs_answer> answers; // one a query
    Records<vexfs_hit> hits;       // those of the first query first
    Bytes vectors;                 // body.vector_bytes a hit
    std::string_view paths;        // one a hit, each ends with NUL

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        const vexfs_search_reply& body = self.body;
        VEXFS_TRY_VOID(io.records(self.answers, body.queries));
        VEXFS_TRY_VOID(io.records(self.hits, body.hits));
        VEXFS_TRY_VOID(io.bytes(self.vectors, uint64_t{body.hits} * body.vector_bytes));
        return io.text(self.paths, body.path_bytes);
    }
    Status check() const;
};

struct ExplainReply {
    static constexpr uint16_t kOp = VEXFS_OP_EXPLAIN;
    using Body = vexfs_explain_reply;

    Body body{};
    Records<vexfs_explain> queries;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.records(self.queries, self.body.queries);
    }
    Status check() const { return ok(); }
};

struct PathReply {
    static constexpr uint16_t kOp = VEXFS_OP_PATH;
    using Body = vexfs_path_reply;

    Body body{};
    std::string_view paths; // one an ino, each ends with NUL

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.text(self.paths, self.body.path_bytes);
    }
    Status check() const;
};

struct JobListReply {
    static constexpr uint16_t kOp = VEXFS_OP_JOB_LIST;
    using Body = vexfs_job_list_reply;

    Body body{};
    Records<vexfs_job> jobs;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.records(self.jobs, self.body.jobs);
    }
    Status check() const { return ok(); }
};

struct PartGetReply {
    static constexpr uint16_t kOp = VEXFS_OP_PART_GET;
    using Body = vexfs_part_get_reply;

    Body body{};
    Bytes part;

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.bytes(self.part, self.body.bytes);
    }
    Status check() const;
};

// Why an op failed. Stands for the reply of any op.
struct FailureReply {
    using Body = vexfs_failure;

    Code code = Code::kEIO;
    Body body{};
    std::string_view text; // with its NUL

    template <typename Self, typename Io>
    static Status pieces(Self& self, Io& io) {
        return io.text(self.text, self.body.text);
    }
    Status check() const;
};

using Reply =
    std::variant<FailureReply, HelloReply, SchemaGetReply, GetReply, SearchReply, ExplainReply,
                 PathReply, StatReply, JobListReply, SyncReply, PartPutReply, PartGetReply,
                 SchemaSetReply, PutReply, DropReply, JobReply>;

// Writes the reply to the request with header `asked` into `buffer`, which has at least
// VEXFS_ROOM_MIN bytes; no more than asked.room of them are used. A reply that does not fit becomes
// the failure EMSGSIZE. Returns the bytes written; the rest of the buffer is as it was. A reply
// whose parts do not agree is a bug of ours and asserts.
size_t build_reply(const Reply& reply, const vexfs_msg& asked, MutableBytes buffer);

// The same for a failure: the text is the explanation, cut to what a failure may carry.
size_t build_failure(const Error& error, const Fault& fault, std::string_view text,
                     const vexfs_msg& asked, MutableBytes buffer);

// The room that the reply needs, for ops that must know before they change anything.
uint64_t reply_bytes(const Reply& reply);

// The reply in a buffer. EBADMSG or EPROTO if it is not one: the engine broke the contract.
Result<Reply> parse_reply(Bytes buffer);

} // namespace vexfs
