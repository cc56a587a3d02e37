// SPDX-License-Identifier: Apache-2.0
//
// A volume in an image file, and what tests of rows do with one.
//
// Only tests include it.
//
// Threads: one thread, but for the volume.
#pragma once

#include <functional>

#include "userlib/collection/check.h"
#include "userlib/collection/item.h"
#include "userlib/names/check.h"
#include "userlib/testing/rows/opened_volume.h"
#include "userlib/testing/volume/file_volume.h"

namespace vexfs {

inline Caller root() {
    return {0, 0, {}, true};
}

// Vectors of two floats, nearest by squared distance.
inline Schema plane() {
    Schema schema;
    schema.dim = 2;
    schema.element = index::Element::kF32;
    schema.metric = index::Metric::kL2;
    return schema;
}

class RowVolume {
  public:
    explicit RowVolume(uint64_t bytes = uint64_t{64} << 20) : file_(bytes) { open(); }
    Volume* operator->() { return volume_.get(); }
    [[nodiscard]] const std::string& path() const { return file_.path(); }
    // The store of a volume that is not open.
    void with_store(bool read_only, const std::function<void(Store&)>& use) const {
        std::string explanation;
        FileOptions device_options;
        device_options.read_only = read_only;
        const auto device = FileDevice::open(file_.path(), device_options, explanation).value();
        StoreOptions options;
        options.read_only = read_only;
        const auto store = Store::open(*device, options).value();
        use(*store);
        VEXFS_ASSERT(read_only || store->close());
    }
    // Whether nothing is damaged and everything agrees. Of a volume that is not open.
    [[nodiscard]] bool sound() const {
        bool sound = false;
        with_store(true, [&](Store& store) {
            const CollectionsReport rows = check_collections(store);
            const NamesGuests guests{rows.objects,
                                     {static_cast<uint8_t>(CollectionItem::kRows)},
                                     {static_cast<uint8_t>(CollectionItem::kGraph)}};
            sound = check(store).clean() && rows.clean() && check_names(store, guests).clean();
        });
        return sound;
    }

    void open(bool read_only = false) {
        volume_ = opened_volume(file_.path(), read_only ? for_reading() : VolumeOptions{});
    }
    // What is not durable is lost.
    void kill() { volume_.reset(); }
    void close() {
        VEXFS_ASSERT(volume_->close());
        volume_.reset();
    }
    void reopen() {
        close();
        open();
    }

    // Nothing made here is held.
    uint64_t make(uint64_t directory, std::string_view name, const Make& what) {
        const Entry entry = volume_->make(directory, name, what).value();
        VEXFS_ASSERT(volume_->forget(entry.ino, 1));
        return entry.ino;
    }
    uint64_t file(uint64_t directory, std::string_view name, uint32_t mode = 0644, uint32_t uid = 0,
                  uint32_t gid = 0) {
        return make(directory, name, {S_IFREG | mode, uid, gid});
    }
    uint64_t directory(uint64_t parent, std::string_view name, uint32_t mode = 0755,
                       uint32_t uid = 0, uint32_t gid = 0) {
        return make(parent, name, {S_IFDIR | mode, uid, gid});
    }
    Status link(uint64_t ino, uint64_t directory, std::string_view name) {
        const Result<Entry> entry = volume_->link(ino, directory, name);
        return entry ? volume_->forget(ino, 1) : Status(entry.error());
    }
    Status set(uint64_t ino, const Attributes& attributes) {
        const Result<Inode> inode = volume_->set(ino, attributes, false, false);
        return inode ? ok() : Status(inode.error());
    }

    uint64_t collection(uint64_t parent, std::string_view name, const Schema& schema = plane()) {
        const uint64_t ino = directory(parent, name);
        VEXFS_ASSERT(volume_->schema_set(ino, schema, false, root()));
        return ino;
    }
    // Not durable before a sync.
    Result<PutDone> put(const FileChoice& choice, const std::vector<float>& vectors,
                        const Caller& caller = root(), PutRows rows = {}) {
        rows.vectors = std::as_bytes(std::span(vectors));
        uint64_t ino = 0;
        return volume_->put_rows(choice, caller, rows, {index::Element::kF32, 2}, true, ino);
    }
    Result<PutDone> put(uint64_t ino, const std::vector<float>& vectors) {
        return put(opened(ino), vectors);
    }
    // A file that was opened for everything.
    static FileChoice opened(uint64_t ino) { return {ino, 0, {}, true, true}; }

    // The files nearest to a point, those that are nearest first.
    Result<SearchAnswer> search(uint64_t directory, const Caller& caller = root(),
                                std::array<float, 2> point = {0, 0}, SearchAsk ask = {}) {
        ask.query = {index::Element::kF32, 2, reinterpret_cast<const std::byte*>(point.data())};
        ask.exact = true;
        ask.want_paths = true;
        SearchAnswer answer;
        const Status found = volume_->search(directory, caller, ask, answer);
        if (!found)
            return found.error();
        return answer;
    }
    // Their paths, in one line; or the error.
    std::string found(uint64_t directory, const Caller& caller = root(),
                      const SearchAsk& ask = {}) {
        const Result<SearchAnswer> answer = search(directory, caller, {0, 0}, ask);
        if (!answer)
            return name_of(answer.error().code);
        std::string line;
        for (const SearchHit& hit : answer->hits)
            line += (line.empty() ? "" : " ") + hit.path;
        return line;
    }

  private:
    const FileVolume file_;
    std::unique_ptr<Volume> volume_;
};

} // namespace vexfs
