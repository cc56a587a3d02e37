// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/model.h"

#include <algorithm>

#include "base/checksum.h"

namespace vexfs {

namespace {

uint64_t hash_of(const Key& key, Bytes value) {
    return xxh3_64(value, xxh3_64(PackedKey(key).bytes, 1));
}
uint64_t hash_of(uint64_t oid, Bytes content) {
    return xxh3_64(content, xxh3_64(bytes_of(oid), 2));
}

} // namespace

void Model::set_item(const Key& key, Content value) {
    const auto found = items_.find(key);
    if (found != items_.end()) {
        hash_ -= hash_of(key, *found->second);
        items_.erase(found);
    }
    if (value) {
        hash_ += hash_of(key, *value);
        items_.emplace(key, std::move(value));
    }
}

void Model::set_object(uint64_t oid, std::vector<std::byte> content) {
    while (!content.empty() && content.back() == std::byte{0})
        content.pop_back();
    const auto found = objects_.find(oid);
    if (found != objects_.end()) {
        hash_ -= hash_of(oid, *found->second);
        objects_.erase(found);
    }
    if (!content.empty()) {
        hash_ += hash_of(oid, content);
        objects_.emplace(oid, std::make_shared<const std::vector<std::byte>>(std::move(content)));
    }
}

std::vector<std::byte> Model::object(uint64_t oid) const {
    const auto found = objects_.find(oid);
    return found == objects_.end() ? std::vector<std::byte>() : *found->second;
}

void Model::put(const Key& key, Bytes value) {
    set_item(key, std::make_shared<const std::vector<std::byte>>(value.begin(), value.end()));
}

void Model::erase(const Key& key) {
    set_item(key, nullptr);
}

void Model::write(uint64_t oid, uint64_t offset, Bytes bytes) {
    std::vector<std::byte> content = object(oid);
    content.resize(std::max<size_t>(content.size(), offset + bytes.size()));
    std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<ptrdiff_t>(offset));
    set_object(oid, std::move(content));
}

void Model::punch(uint64_t oid, uint64_t offset, uint64_t length) {
    std::vector<std::byte> content = object(oid);
    if (offset < content.size()) {
        const size_t count = std::min<uint64_t>(length, content.size() - offset);
        std::fill_n(content.begin() + static_cast<ptrdiff_t>(offset), count, std::byte{0});
    }
    set_object(oid, std::move(content));
}

void Model::destroy(uint64_t oid) {
    set_object(oid, {});
    std::vector<Key> gone;
    for (auto it = items_.lower_bound(Key{oid, 0, 0, 0}); it != items_.end(); ++it) {
        if (it->first.oid != oid)
            break;
        gone.push_back(it->first);
    }
    for (const Key& key : gone)
        erase(key);
}

} // namespace vexfs
