// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/messages/sampler.h"

namespace vexfs {

Head Sampler::head(uint32_t flags_allowed) {
    return {static_cast<uint32_t>(random_.between(VEXFS_ROOM_MIN, 1 << 16)),
            static_cast<uint32_t>(random_.next()) & flags_allowed, random_.next()};
}

Bytes Sampler::bytes(size_t count) {
    std::vector<std::byte>& made = bytes_.emplace_back(count);
    for (std::byte& byte : made)
        byte = static_cast<std::byte>(random_.next());
    return made;
}

Bytes Sampler::vectors(uint32_t element, uint32_t dim, size_t count) {
    const size_t one = vexfs_vector_bytes(element, dim);
    bytes(one * count);
    std::vector<std::byte>& made = bytes_.back();
    // A byte under 0x3f at the top keeps every float finite; the top byte of a little-endian float
    // is its last.
    if (element <= VEXFS_ELEMENT_BF16) {
        const size_t width = element == VEXFS_ELEMENT_F32 ? 4 : 2;
        for (size_t i = width - 1; i < made.size(); i += width)
            made[i] &= std::byte{0xbf};
    }
    if (element == VEXFS_ELEMENT_BIT && dim % 8 != 0)
        for (size_t i = one - 1; i < made.size(); i += one)
            made[i] &= static_cast<std::byte>((1u << (dim % 8)) - 1);
    return made;
}

std::string_view Sampler::name(size_t length) {
    std::string& made = texts_.emplace_back(length, ' ');
    for (char& c : made)
        do
            c = static_cast<char>(random_.next());
        while (c == '/' || c == '\0' || c == '.');
    return made;
}

std::string_view Sampler::strings(size_t count) {
    std::string made;
    for (size_t i = 0; i < count; ++i)
        made.append(name(random_.below(9))).push_back('\0');
    return texts_.emplace_back(std::move(made));
}

template <typename T>
Records<T> Sampler::records(std::vector<T> values) {
    const Bytes raw = std::as_bytes(std::span<const T>(values));
    std::vector<std::byte>& kept = bytes_.emplace_back(raw.begin(), raw.end());
    return Records<T>(Bytes(kept));
}

vexfs_file Sampler::file(std::string_view& file_name) {
    vexfs_file made{};
    const uint64_t how = random_.below(3);
    if (how == 0)
        made.ino = random_.next() | 1;
    else if (how == 1)
        file_name = name(random_.between(1, VEXFS_MAX_NAME));
    made.name = static_cast<uint32_t>(file_name.size());
    return made;
}

PutRequest Sampler::put() {
    PutRequest put;
    put.head = head(PutRequest::kFlags);
    put.body.files = static_cast<uint32_t>(random_.between(1, 4));
    put.body.element = static_cast<uint16_t>(random_.between(1, 6));
    put.body.dim = static_cast<uint32_t>(random_.between(1, 40));
    std::vector<vexfs_put_file> files(put.body.files);
    std::string names;
    for (size_t i = 0; i < files.size(); ++i) {
        vexfs_put_file& one = files[i];
        if (random_.chance(1, 2)) {
            one.file.ino = 1000 + i;
        } else {
            const std::string_view given = name(random_.between(4, 9));
            names += std::to_string(i);
            names += given;
            one.file.name = static_cast<uint32_t>(given.size() + 1);
        }
        one.rows = static_cast<uint32_t>(random_.between(1, 3));
        one.first =
            random_.chance(1, 2) ? VEXFS_ROW_APPEND : static_cast<uint32_t>(random_.below(9));
        one.data_version = random_.below(3);
        put.body.rows += one.rows;
    }
    put.body.names = static_cast<uint32_t>(names.size());
    put.names = texts_.emplace_back(std::move(names));
    put.files = records(std::move(files));
    if (random_.chance(1, 2)) {
        std::vector<vexfs_row_meta> metas(put.body.rows);
        for (vexfs_row_meta& meta : metas)
            if (meta.tag = random_.next(); random_.chance(1, 2))
                meta = {random_.next(), random_.next() >> 2, (random_.next() >> 2) | 1};
        put.body.metas = put.body.rows;
        put.metas = records(std::move(metas));
    }
    put.vectors = vectors(put.body.element, put.body.dim, put.body.rows);
    return put;
}

template <typename T>
T Sampler::query() {
    T query;
    query.head = head(T::kFlags);
    query.body.queries = static_cast<uint32_t>(random_.between(1, 3));
    query.body.element = static_cast<uint16_t>(random_.between(1, 6));
    query.body.dim = static_cast<uint32_t>(random_.between(1, 40));
    query.body.k = static_cast<uint32_t>(random_.between(1, VEXFS_MAX_K));
    query.body.ef = static_cast<uint32_t>(random_.below(VEXFS_MAX_EF + 1));
    if ((query.head.flags & VEXFS_SEARCH_RADIUS) != 0)
        query.body.radius = static_cast<float>(random_.normal());
    query.vectors = vectors(query.body.element, query.body.dim, query.body.queries);
    if (random_.chance(1, 2))
        query.filter = texts_.emplace_back("name \"*.txt\" and\tsize > 1M\n");
    query.body.filter = static_cast<uint32_t>(query.filter.size());
    return query;
}

SchemaSetRequest Sampler::schema_set() {
    const bool bit = random_.chance(1, 4);
    SchemaSetRequest set{head(SchemaSetRequest::kFlags), {}};
    set.body.dim = static_cast<uint32_t>(random_.between(1, VEXFS_MAX_DIM));
    set.body.element = bit ? VEXFS_ELEMENT_BIT : static_cast<uint16_t>(random_.between(1, 5));
    set.body.metric = static_cast<uint16_t>(bit ? random_.between(4, 5) : random_.between(1, 3));
    set.body.codes = static_cast<uint16_t>(random_.below(bit ? 2 : 5));
    set.body.index = static_cast<uint16_t>(random_.below(4));
    set.body.m = random_.chance(1, 2) ? 0 : static_cast<uint32_t>(random_.between(4, 128));
    set.body.ef = static_cast<uint32_t>(random_.below(VEXFS_MAX_EF + 1));
    set.body.max_rows = random_.next();
    set.body.pool = static_cast<uint16_t>(random_.below(4));
    set.body.compress = static_cast<uint16_t>(random_.below(4));
    if (set.body.compress == VEXFS_COMPRESS_ZSTD)
        set.body.compress |= static_cast<uint16_t>(random_.below(VEXFS_MAX_ZSTD_LEVEL + 1) << 8);
    return set;
}

Request Sampler::request(size_t alternative) {
    switch (alternative) {
    case 0:
        return HelloRequest{head(0), {}};
    case 1:
        return SchemaGetRequest{head(0), {}};
    case 2: {
        GetRequest get{head(GetRequest::kFlags), {}, {}};
        get.body = {file(get.name), static_cast<uint32_t>(random_.next()), 7};
        return get;
    }
    case 3:
        return query<SearchRequest>();
    case 4:
        return query<ExplainRequest>();
    case 5: {
        PathRequest path{head(0), {}, {}};
        path.inos = records<uint64_t>({random_.next(), 1, random_.next()});
        path.body.inos = 3;
        return path;
    }
    case 6: {
        StatRequest stat{head(StatRequest::kFlags), {}, {}};
        stat.body.file = file(stat.name);
        return stat;
    }
    case 7:
        return JobListRequest{head(0), {}};
    case 8:
        return SyncRequest{head(SyncRequest::kFlags), {}};
    case 9: {
        PartPutRequest part{head(PartPutRequest::kFlags), {}, bytes(random_.between(1, 50))};
        part.body = {static_cast<uint32_t>(random_.below(VEXFS_MAX_MESSAGE - 50)),
                     static_cast<uint32_t>(part.part.size())};
        return part;
    }
    case 10:
        return PartGetRequest{head(0), {static_cast<uint32_t>(random_.next()), 9}};
    case 11:
        return schema_set();
    case 12:
        return put();
    case 13: {
        DropRequest drop{head(DropRequest::kFlags), {}, {}};
        drop.body = {file(drop.name), static_cast<uint32_t>(random_.next()), 0};
        return drop;
    }
    default: {
        JobRequest job{head(0), {}};
        job.body.cmd = static_cast<uint32_t>(random_.between(1, 4));
        if (job.body.cmd >= VEXFS_JOB_CMD_COMPACT)
            job.head.flags = random_.chance(1, 2) ? VEXFS_JOB_WAIT : 0;
        else
            job.body.id = random_.next();
        return job;
    }
    }
}

SearchReply Sampler::search_reply() {
    SearchReply reply;
    reply.body.queries = static_cast<uint32_t>(random_.between(1, 3));
    std::vector<vexfs_answer> answers(reply.body.queries);
    for (vexfs_answer& answer : answers) {
        answer.found = static_cast<uint32_t>(random_.below(4));
        answer.why = answer.found == 3 ? 0 : VEXFS_SHORT_ROWS;
        answer.plan = static_cast<uint32_t>(random_.below(7));
        reply.body.hits += answer.found;
    }
    std::vector<vexfs_hit> hits(reply.body.hits);
    for (vexfs_hit& hit : hits)
        hit = {random_.next(), 1, VEXFS_HIT_EXACT, 0.5f, 0, 7, 0, 0};
    reply.answers = records(std::move(answers));
    reply.hits = records(std::move(hits));
    if (random_.chance(1, 2)) {
        reply.body.vector_bytes = 12;
        reply.vectors = bytes(size_t{12} * reply.body.hits);
    }
    if (random_.chance(1, 2)) {
        reply.paths = strings(reply.body.hits);
        reply.body.path_bytes = static_cast<uint32_t>(reply.paths.size());
    }
    return reply;
}

PutReply Sampler::put_reply() {
    PutReply put;
    put.body.files = 2;
    put.body.failed = 1;
    std::vector<vexfs_put_status> files(2);
    files[1].status = -ENOSPC;
    put.files = records(std::move(files));
    return put;
}

Reply Sampler::reply(size_t alternative) {
    switch (alternative) {
    case 0: {
        FailureReply failure{Code::kENOSPC, {0, 40, 0}, strings(1)};
        failure.body.text = static_cast<uint32_t>(failure.text.size());
        return failure;
    }
    case 1: {
        HelloReply hello;
        hello.body.abi_min = hello.body.abi_max = VEXFS_ABI_VERSION;
        hello.body.features = random_.next();
        return hello;
    }
    case 2:
        return SchemaGetReply{{{}, random_.next(), random_.next(), 512, VEXFS_SCHEMA_OWN}};
    case 3: {
        GetReply get;
        get.body.rows = static_cast<uint32_t>(random_.below(4));
        get.body.element = VEXFS_ELEMENT_F16;
        get.body.dim = 5;
        get.body.flags = VEXFS_GET_VECTORS | VEXFS_GET_ROWS;
        get.rows = records(std::vector<vexfs_row>(get.body.rows));
        get.vectors = bytes(size_t{10} * get.body.rows);
        return get;
    }
    case 4:
        return search_reply();
    case 5: {
        ExplainReply explain;
        explain.body.queries = 2;
        explain.queries = records(std::vector<vexfs_explain>(2));
        return explain;
    }
    case 6: {
        PathReply path;
        path.body.inos = 3;
        path.paths = strings(3);
        path.body.path_bytes = static_cast<uint32_t>(path.paths.size());
        return path;
    }
    case 7:
        return StatReply{};
    case 8: {
        JobListReply jobs;
        jobs.body.jobs = static_cast<uint32_t>(random_.below(3));
        jobs.jobs = records(std::vector<vexfs_job>(jobs.body.jobs));
        return jobs;
    }
    case 9:
        return SyncReply{};
    case 10:
        return PartPutReply{{7, 320}};
    case 11: {
        PartGetReply part;
        part.part = bytes(random_.below(30));
        part.body = {100, static_cast<uint32_t>(part.part.size())};
        return part;
    }
    case 12:
        return SchemaSetReply{};
    case 13:
        return put_reply();
    case 14:
        return DropReply{{5, 1, 2}};
    default:
        return JobReply{{5, 1, VEXFS_JOB_RUNNING}};
    }
}

} // namespace vexfs
