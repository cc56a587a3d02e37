// SPDX-License-Identifier: Apache-2.0
//
// SCHEMA_GET and SCHEMA_SET.
//
// The numbers of element and metric are those of the ABI in the engine, too. Both replies fit in
// the least room, so that none has to be asked for before a change.
#include "userlib/frontend/wire/dispatch/messages.h"

namespace vexfs {

namespace {

static_assert(sizeof(vexfs_msg) + sizeof(vexfs_schema_reply) <= VEXFS_ROOM_MIN);
static_assert(static_cast<uint32_t>(index::Element::kF32) == VEXFS_ELEMENT_F32 &&
              static_cast<uint32_t>(index::Element::kF16) == VEXFS_ELEMENT_F16 &&
              static_cast<uint32_t>(index::Element::kBf16) == VEXFS_ELEMENT_BF16 &&
              static_cast<uint32_t>(index::Element::kI8) == VEXFS_ELEMENT_I8 &&
              static_cast<uint32_t>(index::Element::kU8) == VEXFS_ELEMENT_U8 &&
              static_cast<uint32_t>(index::Element::kBit) == VEXFS_ELEMENT_BIT);
static_assert(static_cast<uint32_t>(index::Metric::kL2) == VEXFS_METRIC_L2 &&
              static_cast<uint32_t>(index::Metric::kCosine) == VEXFS_METRIC_COSINE &&
              static_cast<uint32_t>(index::Metric::kDot) == VEXFS_METRIC_DOT &&
              static_cast<uint32_t>(index::Metric::kHamming) == VEXFS_METRIC_HAMMING &&
              static_cast<uint32_t>(index::Metric::kJaccard) == VEXFS_METRIC_JACCARD);

Schema schema_of(const vexfs_schema& body) {
    Schema schema;
    schema.dim = body.dim;
    schema.element = static_cast<index::Element>(body.element);
    schema.metric = static_cast<index::Metric>(body.metric);
    schema.codes = body.codes;
    schema.index = body.index;
    schema.m = body.m;
    schema.ef_construction = body.ef_construction;
    schema.ef = body.ef;
    schema.max_rows = body.max_rows;
    schema.pool = body.pool;
    schema.compress = body.compress;
    return schema;
}

vexfs_schema_reply reply_of(const SchemaInfo& info) {
    const Schema& schema = info.schema;
    vexfs_schema_reply reply{};
    reply.schema.dim = schema.dim;
    reply.schema.element = static_cast<uint16_t>(schema.element);
    reply.schema.metric = static_cast<uint16_t>(schema.metric);
    reply.schema.codes = schema.codes;
    reply.schema.index = schema.index;
    reply.schema.m = schema.m;
    reply.schema.ef_construction = schema.ef_construction;
    reply.schema.ef = schema.ef;
    reply.schema.max_rows = schema.max_rows;
    reply.schema.pool = schema.pool;
    reply.schema.compress = schema.compress;
    reply.collection = info.collection;
    reply.created_ns = schema.created_ns;
    reply.vector_bytes = static_cast<uint32_t>(schema.vector_bytes());
    reply.flags = info.own ? VEXFS_SCHEMA_OWN : 0;
    return reply;
}

} // namespace

Result<size_t> Messages::perform(Message& message, const SchemaGetRequest&) {
    VEXFS_TRY_VOID(message.check_readable());
    SchemaGetReply reply;
    reply.body = reply_of(VEXFS_TRY(volume_.schema_get(message.node())));
    return message.reply(Reply(reply));
}

Result<size_t> Messages::perform(Message& message, const SchemaSetRequest& request) {
    const bool update = (request.head.flags & VEXFS_SCHEMA_UPDATE) != 0;
    const Caller caller = VEXFS_TRY(message.caller());
    SchemaSetReply reply;
    reply.body = reply_of(
        VEXFS_TRY(volume_.schema_set(message.node(), schema_of(request.body), update, caller)));
    return message.reply(Reply(reply));
}

} // namespace vexfs
