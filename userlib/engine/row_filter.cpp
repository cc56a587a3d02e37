// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/row_filter.h"

namespace vexfs {

Result<bool> RowFilter::passes(const RowId& id, const StoredRow& row) {
    if (memory_bytes_ > kMemoryBytesMax) {
        files_.clear();
        memory_bytes_ = 0;
    }
    const auto [file, is_first] = files_.try_emplace(id.ino);
    memory_bytes_ += is_first ? sizeof(*file) : 0;
    id_ = id;
    row_ = row;
    file_ = &file->second;
    const Result<bool> passed = filter_.passes(*this, untyped_);
    if (!passed && passed.error().code == Code::kESTALE)
        return false;
    return passed;
}

Result<bool> RowFilter::stale() {
    return row_.data_version < VEXFS_TRY(inode())->data_version;
}

Result<const Inode*> RowFilter::inode() {
    if (!file_->inode)
        file_->inode = VEXFS_TRY(names_.get(id_.ino));
    return &*file_->inode;
}

Result<const RowFilter::Places*> RowFilter::places() {
    if (!file_->places) {
        Places places{VEXFS_TRY(paths_.all(id_.ino)), {}};
        if (places.paths.empty())
            return fail(Code::kESTALE, "filter: the file has moved away");
        for (const std::string& path : places.paths) {
            places.names.push_back(path.substr(path.rfind('/') + 1));
            memory_bytes_ += 2 * (sizeof(std::string) + path.size());
        }
        file_->places = std::move(places);
    }
    return &*file_->places;
}

Result<const std::vector<std::string>*> RowFilter::names() {
    return &VEXFS_TRY(places())->names;
}

Result<const std::vector<std::string>*> RowFilter::paths() {
    return &VEXFS_TRY(places())->paths;
}

Result<std::optional<Bytes>> RowFilter::xattr(std::string_view name) {
    auto known = file_->xattrs.find(name);
    if (known == file_->xattrs.end()) {
        Result<Page> value = names_.get_xattr(id_.ino, name);
        if (!value && value.error().code != Code::kENODATA)
            return value.error();
        memory_bytes_ += sizeof(*known) + name.size() + (value ? value->size() : 0);
        known = file_->xattrs
                    .emplace(name, value ? std::optional(std::move(*value)) : std::optional<Page>())
                    .first;
    }
    if (!known->second)
        return std::optional<Bytes>();
    return std::optional<Bytes>(*known->second);
}

} // namespace vexfs
