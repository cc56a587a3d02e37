// SPDX-License-Identifier: Apache-2.0
#include "bench/open/open_image.h"

#include <cstdio>
#include <cstdlib>

namespace vexfs {

namespace {

// Of a call of libvexfs that returned `result`.
Status status_of(int result, const vexfs_reason& reason, const char* what) {
    if (result == 0)
        return ok();
    std::fprintf(stderr, "vexfs-bench: %s\n", reason.text);
    return fail(code_from_errno(-result), what);
}

} // namespace

void FreeHits::operator()(vexfs_hits* hits) const {
    std::free(hits);
}

Result<OpenImage> OpenImage::open(const std::string& path, uint64_t memory_bytes) {
    vexfs_image_options options{};
    options.flags = VEXFS_IMAGE_WRITE;
    options.memory_bytes = memory_bytes;
    OpenImage opened;
    opened.path_ = path;
    vexfs_image* image = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_image_open(path.c_str(), &options, &image, &reason);
    opened.image_.reset(image);
    VEXFS_TRY_VOID(status_of(result, reason, "the image cannot be opened"));
    return opened;
}

Status OpenImage::open_directory(const std::string& inside) {
    node_.reset();
    vexfs_node* node = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_node_open((path_ + ":" + inside).c_str(), &node, &reason);
    node_.reset(node);
    return status_of(result, reason, "a directory cannot be opened");
}

Status OpenImage::make(const std::string& name, uint32_t mode) const {
    vexfs_reason reason{};
    const int result = vexfs_node_make(node_.get(), name.c_str(), mode, &reason);
    return status_of(result, reason, "a file or directory cannot be made");
}

Status OpenImage::make_collection(uint32_t dim) const {
    vexfs_schema schema{};
    schema.dim = dim;
    schema.element = VEXFS_ELEMENT_F32;
    schema.metric = VEXFS_METRIC_L2;
    vexfs_schema_reply reply{};
    vexfs_reason reason{};
    const int result = vexfs_schema_set(node_.get(), &schema, 0, &reply, &reason);
    return status_of(result, reason, "the collection cannot be made");
}

Status OpenImage::put(const std::string& file, const Matrix& rows, uint64_t first,
                      uint64_t count) const {
    vexfs_put_rows put{};
    put.which.name = file.c_str();
    put.rows = static_cast<uint32_t>(count);
    put.vectors = rows.row(first);
    const vexfs_put_batch batch{rows.dim, VEXFS_ELEMENT_F32, 0, VEXFS_PUT_ASYNC, 1, &put};
    vexfs_reason reason{};
    const int result = vexfs_rows_put(node_.get(), &batch, nullptr, &reason);
    return status_of(result, reason, "put");
}

Status OpenImage::sync(uint32_t flags) const {
    vexfs_reason reason{};
    const int result = vexfs_rows_sync(node_.get(), flags, &reason);
    return status_of(result, reason, "sync");
}

Result<vexfs_stat_reply> OpenImage::stat(uint32_t flags) const {
    vexfs_stat_reply reply{};
    vexfs_reason reason{};
    const int result = vexfs_rows_stat(node_.get(), nullptr, flags, &reply, &reason);
    VEXFS_TRY_VOID(status_of(result, reason, "stat"));
    return reply;
}

Result<Hits> OpenImage::search(const Matrix& queries, size_t number, uint32_t k) const {
    vexfs_query query{};
    query.vectors = queries.row(number);
    query.queries = 1;
    query.dim = queries.dim;
    query.element = VEXFS_ELEMENT_F32;
    query.k = k;
    vexfs_hits* hits = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_rows_search(node_.get(), &query, &hits, &reason);
    VEXFS_TRY_VOID(status_of(result, reason, "search"));
    return Hits(hits);
}

Status OpenImage::close() {
    node_.reset();
    vexfs_reason reason{};
    const int result = vexfs_image_close(image_.release(), &reason);
    return status_of(result, reason, "the image cannot be closed");
}

} // namespace vexfs
