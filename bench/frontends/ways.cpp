// SPDX-License-Identifier: Apache-2.0
#include "bench/frontends/ways.h"

#include <algorithm>
#include <memory>
#include <string_view>

#include "userlib/device/file_descriptor.h"
#include "userlib/frontend/wire/codec/reply.h"

namespace vexfs {

namespace {

struct FreeResult {
    void operator()(void* result) const { std::free(result); }
};

// Hits stand one after the other, as many of each query as its answer says.
template <typename RowOf>
void sort_out(const std::vector<uint32_t>& found, const RowOf& row_of, Answers& rows) {
    rows.resize(found.size());
    size_t at = 0;
    for (size_t query = 0; query < found.size(); ++query) {
        rows[query].clear();
        for (uint32_t i = 0; i < found[query]; ++i)
            rows[query].push_back(row_of(at++));
    }
}

vexfs_query query_of(const float* vectors, uint32_t count, uint32_t dim, uint32_t k) {
    vexfs_query query{};
    query.vectors = vectors;
    query.queries = count;
    query.dim = dim;
    query.element = VEXFS_ELEMENT_F32;
    query.k = k;
    return query;
}

Status search_by_library(vexfs_node* node, const vexfs_query& query, Answers& rows) {
    vexfs_hits* raw = nullptr;
    const int result = vexfs_rows_search(node, &query, &raw, nullptr);
    if (result != 0)
        return fail(code_from_errno(-result), "a search by libvexfs");
    const std::unique_ptr<vexfs_hits, FreeResult> hits(raw);
    std::vector<uint32_t> found;
    for (uint32_t i = 0; i < hits->queries; ++i)
        found.push_back(hits->answers[i].found);
    sort_out(
        found, [&](size_t i) { return hits->hit[i].row; }, rows);
    return ok();
}

Status insert_by_library(vexfs_node* node, uint32_t dim, const float* vectors, uint32_t count) {
    vexfs_put_rows file{};
    file.which.name = Volumes::kSpareFile;
    file.first = VEXFS_ROW_APPEND;
    file.rows = count;
    file.vectors = vectors;
    const vexfs_put_batch batch{dim, VEXFS_ELEMENT_F32, 0, VEXFS_PUT_ASYNC, 1, &file};
    const int result = vexfs_rows_put(node, &batch, nullptr, nullptr);
    return result == 0 ? ok() : Status(fail(code_from_errno(-result), "a put by libvexfs"));
}

// As libvexfs does it with what is too large for an ioctl.
class SessionCalls {
  public:
    SessionCalls(FileDescriptor session, uint32_t dim, uint32_t k)
        : session_(std::move(session)), dim_(dim), k_(k) {}

    Status search(const float* vectors, uint32_t count, Answers& rows) {
        SearchRequest request;
        request.body.queries = count;
        request.body.dim = dim_;
        request.body.element = VEXFS_ELEMENT_F32;
        request.body.k = k_;
        request.vectors = bytes_of(vectors, count);
        const Reply reply =
            VEXFS_TRY(exchange(request, count * (sizeof(vexfs_answer) + k_ * sizeof(vexfs_hit))));
        const auto* const found = std::get_if<SearchReply>(&reply);
        if (found == nullptr)
            return fail(Code::kEIO, "a session answered with a failure");
        counts_.clear();
        for (size_t i = 0; i < found->answers.size(); ++i)
            counts_.push_back(found->answers[i].found);
        sort_out(
            counts_, [&](size_t i) { return found->hits[i].row; }, rows);
        return ok();
    }

    Status insert(const float* vectors, uint32_t count) {
        constexpr std::string_view kName = Volumes::kSpareFile;
        vexfs_put_file file{};
        file.file.name = kName.size();
        file.first = VEXFS_ROW_APPEND;
        file.rows = count;
        PutRequest request;
        request.head.flags = VEXFS_PUT_ASYNC;
        request.body.files = 1;
        request.body.rows = count;
        request.body.names = file.file.name;
        request.body.dim = dim_;
        request.body.element = VEXFS_ELEMENT_F32;
        request.files = Records<vexfs_put_file>({&file, 1});
        request.vectors = bytes_of(vectors, count);
        request.names = kName;
        const Reply reply = VEXFS_TRY(exchange(request, sizeof(vexfs_put_status)));
        return std::holds_alternative<PutReply>(reply)
                   ? ok()
                   : Status(fail(Code::kEIO, "a session answered a put with a failure"));
    }

  private:
    [[nodiscard]] Bytes bytes_of(const float* vectors, uint32_t count) const {
        return std::as_bytes(std::span(vectors, size_t{count} * dim_));
    }

    template <typename Request>
    Result<Reply> exchange(Request& request, size_t payload_bytes) {
        constexpr size_t kFrameBytes = 4096;
        reply_.resize(std::max(reply_.size(), VEXFS_PAD8(kFrameBytes + payload_bytes)));
        request.head.room = static_cast<uint32_t>(reply_.size());
        const std::vector<std::byte> message = VEXFS_TRY(build_request(request));
        const ssize_t written = ::pwrite(session_.raw(), message.data(), message.size(), 0);
        if (written != static_cast<ssize_t>(message.size()))
            return fail(Code::kEIO, "a session took no message");
        const ssize_t read = ::pread(session_.raw(), reply_.data(), reply_.size(), 0);
        if (read < static_cast<ssize_t>(sizeof(vexfs_msg)))
            return fail(Code::kEIO, "a session gave no reply");
        return parse_reply(Bytes(reply_).first(static_cast<size_t>(read)));
    }

    const FileDescriptor session_;
    const uint32_t dim_;
    const uint32_t k_;
    std::vector<std::byte> reply_;
    std::vector<uint32_t> counts_;
};

WayIn by_library(std::string name, vexfs_node* node, uint32_t dim, uint32_t k) {
    return {std::move(name), node,
            [=](const float* vectors, uint32_t count, Answers& rows) {
                return search_by_library(node, query_of(vectors, count, dim, k), rows);
            },
            [=](const float* vectors, uint32_t count) {
                return insert_by_library(node, dim, vectors, count);
            }};
}

} // namespace

Result<std::vector<WayIn>> ways_of(const Volumes& volumes, uint32_t dim, uint32_t k) {
    FileDescriptor session(
        ::openat(vexfs_node_fd(volumes.mounted()), ".vexfs/call", O_RDWR | O_CLOEXEC));
    if (!session.is_open())
        return fail(code_from_errno(errno), "a session");
    const auto calls = std::make_shared<SessionCalls>(std::move(session), dim, k);
    WayIn by_session{"FUSE session", volumes.mounted(),
                     [calls](const float* vectors, uint32_t count, Answers& rows) {
                         return calls->search(vectors, count, rows);
                     },
                     [calls](const float* vectors, uint32_t count) {
                         return calls->insert(vectors, count);
                     }};
    return std::vector<WayIn>{by_library("in-process", volumes.local(), dim, k),
                              by_library("FUSE ioctl", volumes.mounted(), dim, k),
                              std::move(by_session)};
}

bool fits_an_ioctl(uint32_t dim, uint32_t k, uint32_t count) {
    const size_t vectors = size_t{count} * dim * sizeof(float);
    const size_t hits = size_t{count} * (sizeof(vexfs_answer) + k * sizeof(vexfs_hit));
    constexpr size_t kRoom = VEXFS_MAX_IOCTL - sizeof(vexfs_msg);
    return vectors + sizeof(vexfs_search) <= kRoom && hits + sizeof(vexfs_search_reply) <= kRoom;
}

Status search_exactly(vexfs_node* node, uint32_t dim, uint32_t k, const float* vector,
                      std::vector<uint32_t>& rows) {
    vexfs_query query = query_of(vector, 1, dim, k);
    query.flags = VEXFS_SEARCH_EXACT;
    Answers one;
    VEXFS_TRY_VOID(search_by_library(node, query, one));
    rows = std::move(one.at(0));
    return ok();
}

Status take_back(vexfs_node* node) {
    const vexfs_which spare{Volumes::kSpareFile, 0};
    vexfs_drop_reply reply{};
    int result = vexfs_rows_drop(node, &spare, 0, VEXFS_DROP_ASYNC, &reply, nullptr);
    if (result == 0)
        result = vexfs_rows_sync(node, VEXFS_SYNC_LINK, nullptr);
    return result == 0 ? ok() : Status(fail(code_from_errno(-result), "rows taken back"));
}

Result<uint64_t> index_ns(vexfs_node* node) {
    vexfs_stat_reply reply{};
    const int result = vexfs_rows_stat(node, nullptr, VEXFS_STAT_TOTALS, &reply, nullptr);
    if (result != 0)
        return fail(code_from_errno(-result), "counters of the collection");
    return reply.search_ns;
}

} // namespace vexfs
