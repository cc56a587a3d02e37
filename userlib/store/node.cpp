// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/node.h"

#include <algorithm>

#include "base/assert.h"

namespace vexfs {

namespace {

template <typename T>
bool all_zero(const T& values) {
    return std::all_of(std::begin(values), std::end(values),
                       [](auto value) { return static_cast<uint64_t>(value) == 0; });
}

} // namespace

Pointer NodeView::child(size_t i) const {
    Pointer pointer;
    std::memcpy(&pointer, value(i).data(), sizeof pointer);
    return pointer;
}

size_t NodeView::lower_bound(const PackedKey& key_wanted) const {
    size_t low = 0;
    size_t high = count();
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (key(middle) < key_wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t NodeView::covering(const PackedKey& key_wanted) const {
    const size_t at = lower_bound(key_wanted);
    if (at < count() && key(at) == key_wanted)
        return at;
    return at == 0 ? 0 : at - 1;
}

Status NodeView::validate() const {
    const NodeHead& node = head();
    if (node.magic != kNodeMagic)
        return fail(Code::kEUCLEAN, "node: magic");
    if (node.zero0 != 0 || node.zero1 != 0 || !all_zero(node.zero2))
        return fail(Code::kEUCLEAN, "node: reserved bytes are not zero");
    if (node.data_set != 0)
        return fail(Code::kEUCLEAN, "node: data set");
    if (node.lower >= node.upper)
        return fail(Code::kEUCLEAN, "node: fences are not in order");
    const size_t array_bytes = size_t{node.count} * sizeof(uint16_t);
    if (node.end < sizeof(NodeHead) || array_bytes > page_.size() - sizeof(NodeHead) ||
        node.end > page_.size() - array_bytes)
        return fail(Code::kEUCLEAN, "node: entries do not fit the page");
    if (!all_zero(page_.subspan(node.end, page_.size() - array_bytes - node.end)))
        return fail(Code::kEUCLEAN, "node: bytes between the entries and their offsets");
    return validate_entries();
}

Status NodeView::validate_entries() const {
    const NodeHead& node = head();
    if (node.level > 0 && node.count == 0)
        return fail(Code::kEUCLEAN, "node: inner node without a child");
    if (offset(0) != sizeof(NodeHead))
        return fail(Code::kEUCLEAN, "node: first entry is not behind the head");
    for (size_t i = 0; i < node.count; ++i) {
        const size_t begin = offset(i);
        const size_t end = offset(i + 1);
        if (end > node.end || end < begin + kKeyBytes)
            return fail(Code::kEUCLEAN, "node: offsets are not in order");
        if (node.level > 0 && end - begin != kKeyBytes + sizeof(Pointer))
            return fail(Code::kEUCLEAN, "node: entry of an inner node is not a pointer");
        if (end - begin - kKeyBytes > std::max(node_value_bytes_max(page_.size()), sizeof(Pointer)))
            return fail(Code::kEUCLEAN, "node: value is too long");
        if (i > 0 && key(i) <= key(i - 1))
            return fail(Code::kEUCLEAN, "node: keys are not in order");
        if (key(i) < node.lower || key(i) >= node.upper)
            return fail(Code::kEUCLEAN, "node: key is outside the fences");
    }
    if (node.level > 0 && key(0) != node.lower)
        return fail(Code::kEUCLEAN, "node: first child does not begin at the fence");
    return ok();
}

void NodeEditor::format(uint8_t level, const PackedKey& lower, const PackedKey& upper) {
    std::fill(page_.begin(), page_.end(), std::byte{0});
    NodeHead node;
    node.level = level;
    node.lower = lower;
    node.upper = upper;
    std::memcpy(page_.data(), &node, sizeof node);
}

void NodeEditor::insert(size_t i, const PackedKey& key, Bytes value) {
    const size_t bytes = kKeyBytes + value.size();
    VEXFS_ASSERT(bytes + sizeof(uint16_t) <= free_bytes());
    const size_t entries = count();
    const size_t begin = offset(i);
    std::memmove(page_.data() + begin + bytes, page_.data() + begin, head().end - begin);
    std::memcpy(page_.data() + begin, key.bytes.data(), kKeyBytes);
    if (!value.empty())
        std::memcpy(page_.data() + begin + kKeyBytes, value.data(), value.size());
    for (size_t j = entries; j > i; --j)
        set_offset(j, offset(j - 1) + bytes);
    set_offset(i, begin);
    edit_head().end += static_cast<uint32_t>(bytes);
    edit_head().count = static_cast<uint16_t>(entries + 1);
}

void NodeEditor::erase(size_t i) {
    const size_t entries = count();
    const size_t begin = offset(i);
    const size_t end = offset(i + 1);
    const size_t bytes = end - begin;
    const size_t old_end = head().end;
    std::memmove(page_.data() + begin, page_.data() + end, old_end - end);
    std::memset(page_.data() + old_end - bytes, 0, bytes);
    for (size_t j = i; j + 1 < entries; ++j)
        set_offset(j, offset(j + 1) - bytes);
    set_offset(entries - 1, 0);
    edit_head().end = static_cast<uint32_t>(old_end - bytes);
    edit_head().count = static_cast<uint16_t>(entries - 1);
}

void NodeEditor::replace(size_t i, Bytes value) {
    if (this->value(i).size() == value.size()) {
        std::memcpy(page_.data() + offset(i) + kKeyBytes, value.data(), value.size());
        return;
    }
    const PackedKey same = key(i);
    erase(i);
    insert(i, same, value);
}

void NodeEditor::set_child(size_t i, const Pointer& pointer) {
    std::memcpy(page_.data() + offset(i) + kKeyBytes, &pointer, sizeof pointer);
}

void NodeEditor::split_at(size_t i, MutableBytes right) {
    NodeEditor other(right);
    other.format(head().level, key(i), head().upper);
    for (size_t j = i; j < count(); ++j)
        other.insert(j - i, key(j), value(j));
    edit_head().upper = other.head().lower;
    while (count() > i)
        erase(count() - 1);
}

void NodeEditor::append(const NodeView& right) {
    for (size_t j = 0; j < right.count(); ++j)
        insert(count(), right.key(j), right.value(j));
    edit_head().upper = right.head().upper;
}

} // namespace vexfs
