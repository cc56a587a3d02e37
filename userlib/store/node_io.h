// SPDX-License-Identifier: Apache-2.0
//
// Nodes between memory and device: compressed, checksummed, in two copies, through the cache.
//
// Threads: any thread.
#pragma once

#include <memory>
#include <vector>

#include "userlib/pool/cache/block_cache.h"
#include "userlib/pool/codec/block_coder.h"
#include "userlib/store/block_buffer.h"
#include "userlib/store/damage_log.h"
#include "userlib/store/free_map.h"
#include "userlib/store/node.h"

namespace vexfs {

using Page = std::vector<std::byte>;

using PageHandle = std::shared_ptr<const CachedBlock>;

// A node ready to be written: a pointer to it, and its blocks, lent.
struct EncodedNode {
    Pointer pointer;
    MutableBytes blocks;
};

// Allocates for `page`, whose head says that it was born in `txg`, and encodes it into the front of
// `room`, which has to hold the page in whole blocks. A second copy is left out if `copies` is 1 or
// the first one lies in too many pieces. ENOSPC.
Result<EncodedNode> encode_node(const Page& page, BlockCoder& coder, FreeMap& free_map,
                                uint64_t txg, uint32_t copies, MutableBytes room);

// Adds the Ios that write a copy of the node, if there is such a copy.
void add_writes(const EncodedNode& node, bool second, std::vector<Io>& batch);

// Whether a pointer from disk may be followed at all.
Status validate_pointer(const Pointer& pointer, const Layout& layout);

class NodeReader {
  public:
    NodeReader(Device& device, const Layout& layout, BlockCache& cache)
        : device_(device), layout_(layout), cache_(cache), damage_log_(device) {}

    // The node, from the cache or from the first copy that is right. EIO if none is.
    Result<PageHandle> read(const Pointer& pointer);
    // Reads those that are not in the cache into it, many at a time. One that cannot be read is
    // left to read(), which says why.
    void prefetch(std::span<const Pointer> pointers);
    // One copy, past the cache, down to the zeros behind it that nobody else minds. EBADMSG,
    // EUCLEAN or the device's error.
    Result<PageHandle> read_copy(const Pointer& pointer, bool second);

    // What read() met, and whoever reads data beside it.
    [[nodiscard]] DamageLog& damage_log() { return damage_log_; }

  private:
    [[nodiscard]] Result<PageHandle> decode(const Pointer& pointer, Bytes blocks) const;
    void keep(const Pointer& pointer, const PageHandle& page);
    PageHandle cached(const Pointer& pointer);

    Device& device_;
    const Layout& layout_;
    BlockCache& cache_;
    DamageLog damage_log_;
};

} // namespace vexfs
