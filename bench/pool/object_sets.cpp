// SPDX-License-Identifier: Apache-2.0
#include "bench/pool/object_sets.h"

#include <algorithm>

#include "userlib/pool/codec/codec.h"
#include "userlib/store/node.h"

namespace vexfs {

namespace {

constexpr size_t kNodeBytes = 16384;

// Threads: one thread.
class Sizer {
  public:
    Sizer(const Codec& codec, ObjectSet& set) : codec_(codec), set_(set) {}

    Status add(Bytes block) {
        if (block.empty())
            return ok();
        room_.resize(block.size());
        const MutableBytes room = MutableBytes(room_).first(block.size() - block.size() / 16);
        const size_t size =
            VEXFS_TRY(codec_.encode(state_, block, codec_.level_default, false, room));
        if (size == 0)
            return ok();
        set_.sizes.push_back(static_cast<uint32_t>(size));
        set_.source_bytes += block.size();
        return ok();
    }

  private:
    const Codec& codec_;
    ObjectSet& set_;
    CodecState state_;
    std::vector<std::byte> room_;
};

} // namespace

Result<ObjectSet> record_objects(const std::vector<SourceFile>& files, std::string_view codec,
                                 size_t record_bytes) {
    ObjectSet set;
    set.name = std::string(codec) + ", records of " + std::to_string(record_bytes / 1024) + " KiB";
    Sizer sizer(*VEXFS_TRY(find_codec(codec)), set);
    for (const SourceFile& file : files) {
        for (Bytes rest = file.bytes; !rest.empty();) {
            const size_t count = std::min(rest.size(), record_bytes);
            VEXFS_TRY_VOID(sizer.add(rest.first(count)));
            rest = rest.subspan(count);
        }
    }
    return set;
}

Result<ObjectSet> node_objects(const std::vector<SourceFile>& files, std::string_view codec) {
    ObjectSet set;
    set.name = std::string(codec) + ", nodes of 16 KiB";
    Sizer sizer(*VEXFS_TRY(find_codec(codec)), set);
    const auto volume = VEXFS_TRY(SourceVolume::make(files, {}));
    const Key end{UINT64_MAX, 0xff, UINT64_MAX, UINT16_MAX};
    const std::vector<StoreItem> items =
        VEXFS_TRY(volume->store().list({}, end, std::numeric_limits<size_t>::max()));
    std::vector<std::byte> page(kNodeBytes);
    NodeEditor node(page);
    node.format(0, PackedKey(), PackedKey::highest());
    for (const StoreItem& item : items) {
        if (node.free_bytes() < kEntryOverhead + item.value.size()) {
            VEXFS_TRY_VOID(sizer.add(page));
            std::fill(page.begin(), page.end(), std::byte{0});
            node.format(0, PackedKey(item.key), PackedKey::highest());
        }
        node.insert(node.count(), PackedKey(item.key), item.value);
    }
    VEXFS_TRY_VOID(sizer.add(page));
    return set;
}

ObjectSet vector_objects(std::string_view element, uint32_t dim, uint64_t bytes) {
    const uint32_t size = dim * (element == "f32" ? 4 : element == "f16" ? 2 : 1);
    ObjectSet set;
    set.name = std::to_string(dim) + " x " + std::string(element);
    set.sizes.assign(std::max<uint64_t>(bytes / size, 2), size);
    return set;
}

} // namespace vexfs
