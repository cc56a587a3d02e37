// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/row_filter.h"

namespace vexfs {

Result<bool> RowFilter::passes(const RowId& id, const StoredRow& row) {
    if (id.ino != id_.ino) {
        inode_.reset();
        file_paths_.reset();
        file_names_.reset();
        xattrs_.clear();
    }
    id_ = id;
    row_ = row;
    const Result<bool> passed = filter_.passes(*this, untyped_);
    if (!passed && passed.error().code == Code::kESTALE)
        return false;
    return passed;
}

Result<bool> RowFilter::stale() {
    return row_.data_version < VEXFS_TRY(inode())->data_version;
}

Result<const Inode*> RowFilter::inode() {
    if (!inode_)
        inode_ = VEXFS_TRY(names_.get(id_.ino));
    return &*inode_;
}

Result<const std::vector<std::string>*> RowFilter::names() {
    if (!file_names_) {
        std::vector<std::string> last;
        for (const std::string& path : *VEXFS_TRY(paths()))
            last.push_back(path.substr(path.rfind('/') + 1));
        file_names_ = std::move(last);
    }
    return &*file_names_;
}

Result<const std::vector<std::string>*> RowFilter::paths() {
    if (!file_paths_)
        file_paths_ = VEXFS_TRY(paths_of_.all(id_.ino));
    return &*file_paths_;
}

Result<std::optional<Bytes>> RowFilter::xattr(std::string_view name) {
    auto known = xattrs_.find(name);
    if (known == xattrs_.end()) {
        Result<Page> value = names_.get_xattr(id_.ino, name);
        if (!value && value.error().code != Code::kENODATA)
            return value.error();
        known =
            xattrs_.emplace(name, value ? std::optional(std::move(*value)) : std::nullopt).first;
    }
    return known->second ? std::optional<Bytes>(*known->second) : std::nullopt;
}

} // namespace vexfs
