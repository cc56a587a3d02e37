// SPDX-License-Identifier: Apache-2.0
#include "bench/frontends/ways.h"

#include <memory>

#include "userlib/device/file_descriptor.h"
#include "userlib/frontend/wire/codec/reply.h"

namespace vexfs {

namespace {

struct FreeResult {
    void operator()(void* result) const { std::free(result); }
};

Status search_by_library(vexfs_node* node, uint32_t dim, uint32_t k, uint32_t flags,
                         const float* vector, std::vector<uint32_t>& rows) {
    vexfs_query query{};
    query.vectors = vector;
    query.queries = 1;
    query.dim = dim;
    query.element = VEXFS_ELEMENT_F32;
    query.k = k;
    query.flags = flags;
    vexfs_hits* raw = nullptr;
    const int result = vexfs_rows_search(node, &query, &raw, nullptr);
    if (result != 0)
        return fail(code_from_errno(-result), "a search by libvexfs");
    const std::unique_ptr<vexfs_hits, FreeResult> hits(raw);
    rows.clear();
    for (uint32_t i = 0; i < hits->hits; ++i)
        rows.push_back(hits->hit[i].row);
    return ok();
}

// As libvexfs does it with what is too large for an ioctl.
class SessionSearch {
  public:
    SessionSearch(FileDescriptor session, uint32_t dim, uint32_t k)
        : session_(std::move(session)), dim_(dim), k_(k),
          reply_(size_t{4096} + k * sizeof(vexfs_hit)) {}

    Status search(const float* vector, std::vector<uint32_t>& rows) {
        SearchRequest request;
        request.head.room = static_cast<uint32_t>(VEXFS_PAD8(reply_.size()));
        request.body.queries = 1;
        request.body.dim = dim_;
        request.body.element = VEXFS_ELEMENT_F32;
        request.body.k = k_;
        request.vectors = std::as_bytes(std::span(vector, dim_));
        const std::vector<std::byte> message = VEXFS_TRY(build_request(request));
        const ssize_t written = ::pwrite(session_.raw(), message.data(), message.size(), 0);
        if (written != static_cast<ssize_t>(message.size()))
            return fail(Code::kEIO, "a session took no message");
        const ssize_t read = ::pread(session_.raw(), reply_.data(), reply_.size(), 0);
        if (read < static_cast<ssize_t>(sizeof(vexfs_msg)))
            return fail(Code::kEIO, "a session gave no reply");
        const Reply reply = VEXFS_TRY(parse_reply(Bytes(reply_).first(static_cast<size_t>(read))));
        const auto* const found = std::get_if<SearchReply>(&reply);
        if (found == nullptr)
            return fail(Code::kEIO, "a session answered with a failure");
        rows.clear();
        for (size_t i = 0; i < found->hits.size(); ++i)
            rows.push_back(found->hits[i].row);
        return ok();
    }

  private:
    const FileDescriptor session_;
    const uint32_t dim_;
    const uint32_t k_;
    std::vector<std::byte> reply_;
};

} // namespace

Result<std::vector<WayOfSearch>> ways_of(const Volumes& volumes, uint32_t dim, uint32_t k) {
    FileDescriptor session(
        ::openat(vexfs_node_fd(volumes.mounted()), ".vexfs/call", O_RDWR | O_CLOEXEC));
    if (!session.is_open())
        return fail(code_from_errno(errno), "a session");
    const auto by_session = std::make_shared<SessionSearch>(std::move(session), dim, k);
    const auto by_library = [dim, k](vexfs_node* node) {
        return [=](const float* vector, std::vector<uint32_t>& rows) {
            return search_by_library(node, dim, k, 0, vector, rows);
        };
    };
    return std::vector<WayOfSearch>{
        {"in-process", volumes.local(), by_library(volumes.local())},
        {"FUSE ioctl", volumes.mounted(), by_library(volumes.mounted())},
        {"FUSE session", volumes.mounted(),
         [by_session](const float* vector, std::vector<uint32_t>& rows) {
             return by_session->search(vector, rows);
         }}};
}

Status search_exactly(vexfs_node* node, uint32_t dim, uint32_t k, const float* vector,
                      std::vector<uint32_t>& rows) {
    return search_by_library(node, dim, k, VEXFS_SEARCH_EXACT, vector, rows);
}

Result<uint64_t> index_ns(vexfs_node* node) {
    vexfs_stat_reply reply{};
    const int result = vexfs_rows_stat(node, nullptr, VEXFS_STAT_TOTALS, &reply, nullptr);
    if (result != 0)
        return fail(code_from_errno(-result), "counters of the collection");
    return reply.search_ns;
}

} // namespace vexfs
