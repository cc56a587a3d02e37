// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/session.h"

#include <doctest/doctest.h>

#include "userlib/testing/messages/sampler.h"
#include "userlib/testing/wire/wire_rig.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 4;
constexpr uint32_t kReadWrite = VEXFS_FILE_READ | VEXFS_FILE_WRITE;

SchemaSetRequest plain_schema() {
    SchemaSetRequest request;
    request.body.dim = kDim;
    request.body.element = VEXFS_ELEMENT_F32;
    request.body.metric = VEXFS_METRIC_L2;
    return request;
}

// A PUT of one row for each file; all elements of its vector are the number of the file.
struct Put {
    PutRequest request;
    std::vector<vexfs_put_file> files;
    std::vector<float> vectors;

    explicit Put(const std::vector<uint64_t>& inos) {
        for (const uint64_t ino : inos) {
            vexfs_put_file file{};
            file.file.ino = ino;
            file.rows = 1;
            files.push_back(file);
            vectors.insert(vectors.end(), kDim, static_cast<float>(files.size()));
        }
        request.body.files = request.body.rows = static_cast<uint32_t>(files.size());
        request.body.dim = kDim;
        request.body.element = VEXFS_ELEMENT_F32;
        request.files = Records<vexfs_put_file>(std::span(std::as_const(files)));
        request.vectors = std::as_bytes(std::span(vectors));
    }
};

constexpr std::array<float, kDim> kQuery{1, 1, 1, 1};

template <typename Request>
Request query_of(uint32_t flags) {
    Request request;
    request.head.flags = flags;
    request.body.queries = 1;
    request.body.dim = kDim;
    request.body.element = VEXFS_ELEMENT_F32;
    request.body.k = 10;
    request.vectors = std::as_bytes(std::span(kQuery));
    return request;
}

// A collection with files "0", "1", ... of a user.
struct RowRig : WireRig {
    const uint64_t directory = make(VEXFS_REQ_MKDIR, kRootIno, "c", 0755).ino;
    std::vector<uint64_t> files;

    explicit RowRig(size_t count) {
        CHECK(status_of(ask(directory, VEXFS_FILE_READ, plain_schema())) == 0);
        for (size_t i = 0; i < count; ++i)
            files.push_back(make(VEXFS_REQ_MKNOD, directory, std::to_string(i), 0644).ino);
    }
    template <typename T>
    Result<Reply> send(const T& request) {
        return ask(directory, VEXFS_FILE_READ, request);
    }
    uint64_t rows() { return std::get<StatReply>(send(StatRequest()).value()).body.rows; }
};

template <typename T, typename R>
const T& as(const Result<R>& reply) {
    REQUIRE(reply.has_value());
    REQUIRE(std::holds_alternative<T>(*reply));
    return std::get<T>(*reply);
}

} // namespace

TEST_CASE("messages: every op of rows does what it says") {
    RowRig rig(3);
    const Put put(rig.files);
    const Result<Reply> done = rig.send(put.request);
    CHECK(as<PutReply>(done).body.failed == 0);
    CHECK(as<PutReply>(done).body.rows == 3);
    CHECK(rig.rows() == 3);
    CHECK(rig.root().changed == rig.files);
    CHECK(as<SchemaGetReply>(rig.send(SchemaGetRequest())).body.collection == rig.directory);

    const auto found = rig.send(
        query_of<SearchRequest>(VEXFS_SEARCH_PATHS | VEXFS_SEARCH_VECTORS | VEXFS_SEARCH_EXACT));
    const auto& search = as<SearchReply>(found);
    REQUIRE(search.hits.size() == 3);
    CHECK(search.hits[0].ino == rig.files[0]);
    CHECK(search.paths == std::string_view("0\0001\0002\0", 6));
    CHECK(std::memcmp(search.vectors.data(), put.vectors.data(), search.vectors.size()) == 0);
    CHECK((search.answers[0].flags & VEXFS_ANSWER_EXACT) != 0);
    const auto explained = rig.send(query_of<ExplainRequest>(VEXFS_EXPLAIN_TOTALS));
    CHECK(as<ExplainReply>(explained).queries[0].rows == 3);

    const std::array<uint64_t, 2> inos{rig.files[2], 99};
    PathRequest path;
    path.body.inos = 2;
    path.inos = Records<uint64_t>(std::span(inos));
    CHECK(as<PathReply>(rig.send(path)).paths == std::string_view("2\0\0", 3));

    GetRequest get;
    get.head.flags = VEXFS_GET_ROWS;
    CHECK(as<GetReply>(rig.ask(rig.files[1], VEXFS_FILE_READ, get)).rows.size() == 1);
    DropRequest drop;
    CHECK(as<PlainReply<VEXFS_OP_DROP, vexfs_drop_reply>>(
              rig.ask(rig.files[1], VEXFS_FILE_WRITE, drop))
              .body.dropped == 1);
    CHECK(rig.root().changed.back() == rig.files[1]);
    CHECK(rig.rows() == 2);
    SyncRequest sync;
    sync.head.flags = VEXFS_SYNC_LINK;
    CHECK(WireRig::status_of(rig.send(sync)) == 0);
    JobRequest job;
    job.head.flags = VEXFS_JOB_WAIT;
    job.body.cmd = VEXFS_JOB_CMD_COMPACT;
    const auto compacted = rig.send(job);
    CHECK(as<JobReply>(compacted).body.state == VEXFS_JOB_DONE);
    const auto listed = rig.send(JobListRequest());
    REQUIRE(as<JobListReply>(listed).jobs.size() == 1);
    const vexfs_job record = as<JobListReply>(listed).jobs[0];
    CHECK(record.id == as<JobReply>(compacted).body.id);
    CHECK(record.collection == rig.directory);
    CHECK(record.kind == VEXFS_JOB_KIND_COMPACT);
    CHECK(record.state == VEXFS_JOB_DONE);
    CHECK(record.ended_ns >= record.started_ns);
    // What was acknowledged is there after a restart.
    rig.reopen();
    CHECK(rig.rows() == 2);
}

TEST_CASE("messages: who cannot be known is EACCES, and nothing is searched with fewer groups") {
    RowRig rig(1);
    const Put put(rig.files);
    REQUIRE(WireRig::status_of(rig.send(put.request)) == 0);
    RigCaller unknown;
    unknown.known = false;
    rig.set_caller(unknown);
    for (const Request& request : {Request(put.request), Request(query_of<SearchRequest>(0)),
                                   Request(query_of<ExplainRequest>(0)), Request(StatRequest()),
                                   Request(GetRequest()), Request(DropRequest())}) {
        const auto asked = [&](const auto& one) {
            return rig.ask(rig.files[0], kReadWrite, one);
        };
        CHECK(WireRig::status_of(std::visit(asked, request)) == -EACCES);
    }
    CHECK(WireRig::status_of(rig.send(plain_schema())) == -EACCES);
    JobRequest pause;
    pause.body.cmd = VEXFS_JOB_CMD_PAUSE;
    CHECK(WireRig::status_of(rig.send(pause)) == -EACCES);
    CHECK(WireRig::status_of(rig.send(JobListRequest())) == -EACCES);
    CHECK(WireRig::status_of(rig.send(SchemaGetRequest())) == 0);
    CHECK(WireRig::status_of(rig.send(SyncRequest())) == 0);
    // The groups make the difference, and the descriptor the rest.
    RigCaller member{Caller{1000, 1000, {8}}};
    rig.set_caller(member);
    const vexfs_attr shared = rig.make(VEXFS_REQ_MKNOD, rig.directory, "g", 0060);
    CHECK(WireRig::status_of(rig.send(Put({shared.ino}).request)) == 0);
    CHECK(as<SearchReply>(rig.send(query_of<SearchRequest>(0))).hits.size() == 2);
    RigCaller other{Caller{1000, 1000, {9}}};
    rig.set_caller(other);
    CHECK(WireRig::status_of(rig.send(Put({shared.ino}).request)) == -EACCES);
    CHECK(as<SearchReply>(rig.send(query_of<SearchRequest>(0))).hits.size() == 1);
    CHECK(WireRig::status_of(rig.ask(shared.ino, VEXFS_FILE_WRITE, DropRequest())) == 0);
    // Jobs are the owner's.
    CHECK(WireRig::status_of(rig.send(pause)) == -EPERM);
    CHECK(WireRig::status_of(rig.send(JobListRequest())) == -EPERM);
}

TEST_CASE("messages: a signal is EINTR, or leaves out the files that were not reached") {
    RowRig rig(3);
    RigCaller impatient;
    impatient.cancel = 1;
    rig.set_caller(impatient);
    CHECK(WireRig::status_of(rig.send(Put(rig.files).request)) == -EINTR);
    CHECK(rig.rows() == 0);
    impatient.cancel = 0;
    REQUIRE(WireRig::status_of(rig.send(Put(rig.files).request)) == 0);
    impatient.cancel = 1;
    CHECK(WireRig::status_of(rig.send(query_of<SearchRequest>(VEXFS_SEARCH_EXACT))) == -EINTR);
    CHECK(WireRig::status_of(rig.send(query_of<ExplainRequest>(VEXFS_SEARCH_EXACT))) == -EINTR);
    CHECK(WireRig::status_of(rig.send(StatRequest())) == 0);
}

TEST_CASE("messages: a reply that will not fit is known before anything changes") {
    RowRig rig(20);
    Put put(rig.files);
    put.request.head.room = VEXFS_ROOM_MIN;
    const auto message = build_request(Request(put.request)).value();
    Messages messages(rig.volume(), VEXFS_FRONT_END_LOCAL);
    Session session(messages, rig.volume().staged(), rig.directory, kReadWrite, Caller{});
    REQUIRE(session.write(0, message));
    std::array<std::byte, 4096> room{};
    const size_t bytes = session.read(0, room, nullptr).value();
    const Reply reply = parse_reply(Bytes(room).first(bytes)).value();
    CHECK(std::get<FailureReply>(reply).code == Code::kEMSGSIZE);
    CHECK(std::get<FailureReply>(reply).body.needed ==
          sizeof(vexfs_msg) + sizeof(vexfs_put_reply) + 20 * sizeof(vexfs_put_status));
    CHECK(rig.rows() == 0);
}

TEST_CASE("messages: valid ones with bytes turned are answered, and leave a sound volume") {
    constexpr uint64_t kSeed = 41;
    constexpr int kRounds = 4'000;
    INFO("seed " << kSeed);
    RowRig rig(4);
    REQUIRE(WireRig::status_of(rig.send(Put(rig.files).request)) == 0);
    Sampler sampler(kSeed);
    Random& random = sampler.random();
    for (int round = 0; round < kRounds; ++round) {
        const Request request =
            sampler.request(random.between(0, std::variant_size_v<Request> - 1));
        auto message = build_request(request).value();
        if (message.size() > VEXFS_MAX_IOCTL)
            continue;
        // A file that is there is named more often than chance would.
        if (random.chance(1, 2) && message.size() >= sizeof(vexfs_msg) + sizeof(uint64_t))
            store_le<uint64_t>(message.data() + sizeof(vexfs_msg), rig.files[random.between(0, 3)]);
        for (uint64_t turned = random.between(0, 3); turned > 0; --turned)
            message[random.between(8, message.size() - 1)] ^= static_cast<std::byte>(random.next());
        store_le<uint32_t>(message.data() + offsetof(vexfs_msg, room), VEXFS_MAX_IOCTL);
        const uint64_t node = random.chance(1, 2) ? rig.directory : rig.files[0];
        const Result<Reply> reply = rig.ask(node, kReadWrite, Bytes(message));
        // A reply has the version of its message, and is then none that we can read.
        CHECK(
            (reply || reply.error().code == Code::kEINVAL || reply.error().code == Code::kEPROTO));
    }
}
