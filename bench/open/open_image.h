// SPDX-License-Identifier: Apache-2.0
//
// An image that libvexfs has open in this process, and a directory of it: what is put and asked
// goes there.
//
// What libvexfs explains of a failure goes to stderr.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "bench/data/matrix.h"
#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"

namespace vexfs {

struct FreeHits {
    void operator()(vexfs_hits* hits) const;
};
using Hits = std::unique_ptr<vexfs_hits, FreeHits>;

class OpenImage {
  public:
    // 0 bytes: as much as libvexfs takes.
    static Result<OpenImage> open(const std::string& path, uint64_t memory_bytes);

    Status open_directory(const std::string& inside);
    // All that follows is about the directory.
    Status make(const std::string& name, uint32_t mode) const;
    Status make_collection(uint32_t dim) const;
    // Rows `first` to `first + count` of a matrix of floats as those of a file, without a sync.
    Status put(const std::string& file, const Matrix& rows, uint64_t first, uint64_t count) const;
    Status sync(uint32_t flags) const;
    [[nodiscard]] Result<vexfs_stat_reply> stat(uint32_t flags) const;
    // The nearest rows to one row of a matrix of floats.
    [[nodiscard]] Result<Hits> search(const Matrix& queries, size_t number, uint32_t k) const;

    // A clean stop.
    Status close();

  private:
    struct CloseNode {
        void operator()(vexfs_node* node) const { vexfs_node_close(node); }
    };
    struct CloseImage {
        void operator()(vexfs_image* image) const { vexfs_image_close(image, nullptr); }
    };

    std::string path_;
    std::unique_ptr<vexfs_image, CloseImage> image_; // closed after its node
    std::unique_ptr<vexfs_node, CloseNode> node_;
};

} // namespace vexfs
