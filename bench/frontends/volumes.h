// SPDX-License-Identifier: Apache-2.0
//
// The same collection twice, in two images: one is open in this process, one is
// mounted through FUSE. Both are gone at the end, be it by a signal.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "bench/child/keeper.h"
#include "bench/data/matrix.h"
#include "userlib/client/vexfs.h"
#include "userlib/device/scratch_file.h"

namespace vexfs {

struct CloseNode {
    void operator()(vexfs_node* node) const { vexfs_node_close(node); }
};
using NodeHandle = std::unique_ptr<vexfs_node, CloseNode>;

struct CloseImage {
    void operator()(vexfs_image* image) const { vexfs_image_close(image, nullptr); }
};

class Volumes {
  public:
    // `programs`: the folder of mkfs.vexfs and vexfsd. Mounting needs root and
    // /dev/fuse. The explanation is a sentence.
    static Result<std::unique_ptr<Volumes>> make(const std::string& programs, const Matrix& rows,
                                                 std::string& explanation);
    // For make() alone.
    explicit Volumes(std::string programs) : programs_(std::move(programs)) {}
    ~Volumes() = default;
    Volumes(const Volumes&) = delete;
    Volumes& operator=(const Volumes&) = delete;

    // A file of the collection beside the one with the rows: empty, for inserts.
    static constexpr const char* kSpareFile = "spare";

    // The directory of the collection, whose rows are all linked.
    [[nodiscard]] vexfs_node* local() const { return local_.get(); }
    [[nodiscard]] vexfs_node* mounted() const { return mounted_.get(); }

  private:
    Status fill(const Matrix& rows, std::string& explanation);
    Status open_image(std::string& explanation);
    Status mount(std::string& explanation);
    Result<NodeHandle> open(const std::string& target, std::string& explanation) const;
    [[nodiscard]] std::string image() const { return scratch_.path() + "/volume.img"; }
    [[nodiscard]] std::string copy() const { return scratch_.path() + "/copy.img"; }
    [[nodiscard]] std::string point() const { return scratch_.path() + "/mount"; }

    const std::string programs_;
    const ScratchDirectory scratch_;
    std::unique_ptr<Keeper> keeper_;                      // unmounts, after all below it
    std::unique_ptr<vexfs_image, CloseImage> open_image_; // closed after its nodes
    NodeHandle local_;
    NodeHandle mounted_;
};

} // namespace vexfs
