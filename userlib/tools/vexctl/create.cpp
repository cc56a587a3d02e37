// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <sys/stat.h>
#include <unistd.h>

#include "userlib/tools/vectors/source.h"
#include "userlib/tools/vexctl/node.h"
#include "userlib/tools/vexctl/schema_words.h"

namespace vexfs {

namespace {

// What the first vector of a file has.
Status take_from_file(const std::string& path, vexfs_schema& schema, Failure& failure) {
    Fault fault;
    const auto source = VectorSource::open(path, {}, fault);
    Record record;
    const Result<bool> more = source ? (*source)->next(record, fault) : source.error();
    if (!more || !*more || !record.bad.empty())
        return refuse(more ? Code::kEBADMSG : more.error().code, path,
                      !record.bad.empty()      ? record.bad
                      : fault.sentence.empty() ? "there is no vector"
                                               : fault.sentence,
                      "", failure);
    schema.dim = record.dim;
    if (vexfs_vector_bytes(record.element, 8) != 0)
        schema.element = record.element;
    return ok();
}

Result<vexfs_schema> schema_of(const Invocation& invocation, Failure& failure) {
    vexfs_schema schema{};
    schema.element = VEXFS_ELEMENT_F32;
    if (invocation.has("from"))
        VEXFS_TRY_VOID(take_from_file(invocation.value("from"), schema, failure));
    const auto number = [&](const char* name, uint64_t most, uint64_t otherwise) {
        return number_option(invocation, name, 0, most, otherwise, failure);
    };
    schema.dim = static_cast<uint32_t>(VEXFS_TRY(number("dim", VEXFS_MAX_DIM, schema.dim)));
    if (schema.dim == 0)
        return refuse_usage(invocation, "--dim or --from is missing", failure);
    if (invocation.has("element"))
        schema.element = element_number(invocation.value("element"));
    schema.metric = schema.element == VEXFS_ELEMENT_BIT ? VEXFS_METRIC_HAMMING : VEXFS_METRIC_L2;
    if (invocation.has("metric"))
        schema.metric = metric_number(invocation.value("metric"));
    schema.codes = codes_number(invocation.value("codes"));
    schema.index = index_number(invocation.value("index"));
    schema.pool = pool_number(invocation.value("pool"));
    if (invocation.has("compress")) {
        const auto compress = compress_number(invocation.value("compress"));
        if (!compress)
            return refuse_usage(invocation, "--compress is auto, off, lz4, zstd or zstd:LEVEL",
                                failure);
        schema.compress = *compress;
    }
    schema.m = static_cast<uint32_t>(VEXFS_TRY(number("links", UINT32_MAX, 0)));
    schema.ef_construction =
        static_cast<uint32_t>(VEXFS_TRY(number("ef-construction", UINT32_MAX, 0)));
    schema.ef = static_cast<uint32_t>(VEXFS_TRY(number("ef", UINT32_MAX, 0)));
    schema.max_rows = VEXFS_TRY(number("max-rows", UINT64_MAX, 0));
    return schema;
}

Result<vexfs_schema_reply> set_schema(const std::string& path, const vexfs_schema& schema,
                                      Failure& failure) {
    const Node node = VEXFS_TRY(Node::open(path, failure));
    vexfs_schema_reply reply{};
    vexfs_reason reason{};
    const int result = vexfs_schema_set(node.raw(), &schema, 0, &reply, &reason);
    if (result != 0)
        return explain(result, path, reason, failure);
    return reply;
}

Result<int> create(const Invocation& invocation, Failure& failure) {
    const std::string path = invocation.operand(0);
    const vexfs_schema schema = VEXFS_TRY(schema_of(invocation, failure));
    const bool made = ::mkdir(path.c_str(), 0777) == 0;
    if (!made && errno != EEXIST) {
        const Code code = code_from_errno(errno);
        return refuse(code, path, cause_of(code), advice_of(code), failure);
    }
    const auto reply = set_schema(path, schema, failure);
    if (!reply) {
        if (made)
            ::rmdir(path.c_str());
        return reply.error();
    }
    if (invocation.json()) {
        Json json{{"schema", "vexctl.create/1"}};
        add_bytes(json, "path", path);
        json.update(schema_json(*reply));
        print_json(json);
    } else {
        std::printf("%s is a collection: %s\n", printable(path).c_str(),
                    schema_text(reply->schema).c_str());
    }
    return kDone;
}

} // namespace

int run_create(const Invocation& invocation) {
    Failure failure;
    return end_of(create(invocation, failure), invocation, failure);
}

} // namespace vexfs
