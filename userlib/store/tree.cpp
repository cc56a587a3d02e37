// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/tree.h"

#include <algorithm>

#include "base/assert.h"

namespace vexfs {

namespace {

Pointer resident_pointer(uint64_t number, uint8_t level) {
    Pointer pointer;
    pointer.segments[0].raw = number;
    pointer.level = level;
    pointer.flags = Pointer::kResident;
    return pointer;
}

// Whether the node can take what a put of `key` may bring: the entry itself, or one more child.
bool has_room(const NodeView& node, const PackedKey& key, size_t value_bytes) {
    if (!node.leaf())
        return node.free_bytes() >= kEntryOverhead + sizeof(Pointer);
    size_t free = node.free_bytes();
    if (free >= kEntryOverhead + value_bytes)
        return true;
    const size_t at = node.lower_bound(key);
    if (at < node.count() && node.key(at) == key)
        free += kEntryOverhead + node.value(at).size();
    return free >= kEntryOverhead + value_bytes;
}

std::optional<Page> value_in(const NodeView& leaf, const PackedKey& key) {
    const size_t at = leaf.lower_bound(key);
    if (at == leaf.count() || leaf.key(at) != key)
        return std::nullopt;
    const Bytes value = leaf.value(at);
    return Page(value.begin(), value.end());
}

// Where to split: in the middle of the bytes, or before the last entry if the tree grows at its
// end, which leaves nodes full under a sequential load.
size_t split_index(const NodeView& node, const PackedKey& key) {
    const size_t last = node.count() - 1;
    if (key > node.key(last))
        return last;
    size_t bytes = 0;
    for (size_t i = 0; i < last; ++i) {
        bytes += kEntryOverhead + node.value(i).size();
        if (bytes * 2 >= node.used_bytes())
            return i + 1;
    }
    return last;
}

} // namespace

Tree::Tree(NodeReader& reader, FreeMap& free_map, size_t node_bytes)
    : reader_(reader), free_map_(free_map), node_bytes_(node_bytes) {}

void Tree::open(const Pointer& root, uint64_t txg) {
    root_ = root;
    txg_ = txg;
}

void Tree::create(uint64_t txg) {
    txg_ = txg;
    Page page(node_bytes_);
    NodeEditor(page).format(0, PackedKey(), PackedKey::highest());
    add_dirty(std::move(page), root_);
}

Result<PageHandle> Tree::load(const Pointer& pointer) const {
    if (!pointer.resident())
        return reader_.read(pointer);
    if (const auto found = dirty_.find(pointer.number()); found != dirty_.end())
        return PageHandle(found->second);
    VEXFS_ASSERT(frozen_ != nullptr);
    return PageHandle(frozen_->at(pointer.number()));
}

// Whoever walks the tree relies on fences: a node that has others than its parent says would send
// it in circles.
Result<PageHandle> Tree::load_child(const NodeView& parent, size_t i) const {
    PageHandle page = VEXFS_TRY(load(parent.child(i)));
    const NodeHead& head = NodeView(page->bytes).head();
    if (head.level + 1 != parent.head().level || head.lower != parent.key(i) ||
        head.upper != parent.upper_of(i))
        return fail(Code::kEUCLEAN, "node: level or fences are not what the parent says");
    return page;
}

// The root bounds everything.
Result<PageHandle> Tree::load_root() const {
    PageHandle page = VEXFS_TRY(load(root_));
    const NodeHead& head = NodeView(page->bytes).head();
    if (head.lower != PackedKey() || head.upper != PackedKey::highest())
        return fail(Code::kEUCLEAN, "node: fences of the root");
    return page;
}

Result<std::optional<Page>> Tree::get(const PackedKey& key) const {
    if (const Page* leaf = finger(key))
        return value_in(NodeView(*leaf), key);
    PageHandle page = VEXFS_TRY(load_root());
    while (!NodeView(page->bytes).leaf()) {
        const NodeView node(page->bytes);
        page = VEXFS_TRY(load_child(node, node.covering(key)));
    }
    return value_in(NodeView(page->bytes), key);
}

Result<std::vector<Item>> Tree::list(const PackedKey& from, const PackedKey& end,
                                     size_t items_max) const {
    std::vector<Item> items;
    PackedKey next = from;
    while (next < end && items.size() < items_max) {
        PageHandle page = VEXFS_TRY(load_root());
        while (!NodeView(page->bytes).leaf()) {
            const NodeView node(page->bytes);
            page = VEXFS_TRY(load_child(node, node.covering(next)));
        }
        const NodeView leaf(page->bytes);
        for (size_t i = leaf.lower_bound(next); i < leaf.count(); ++i) {
            if (leaf.key(i) >= end || items.size() == items_max)
                return items;
            const Bytes value = leaf.value(i);
            items.push_back({leaf.key(i), Page(value.begin(), value.end())});
        }
        next = leaf.head().upper;
    }
    return items;
}

void Tree::prefetch(std::span<const PackedKey> keys) const {
    std::vector<Pointer> leaves;
    PackedKey next; // keys below it lie in leaves that were found already
    for (const PackedKey& key : keys) {
        if (key < next)
            continue;
        Result<PageHandle> page = load_root();
        while (page && NodeView((*page)->bytes).head().level > 1) {
            const NodeView node((*page)->bytes);
            page = load_child(node, node.covering(key));
        }
        if (!page || NodeView((*page)->bytes).leaf())
            break;
        const NodeView node((*page)->bytes);
        const size_t i = node.covering(key);
        next = node.upper_of(i);
        if (const Pointer leaf = node.child(i); !leaf.resident())
            leaves.push_back(leaf);
    }
    reader_.prefetch(leaves);
}

Page* Tree::add_dirty(Page page, Pointer& pointer) {
    NodeHead& head = NodeEditor(page).edit_head();
    head.birth = txg_;
    const uint8_t level = head.level;
    auto block = std::make_shared<CachedBlock>();
    block->birth = txg_;
    block->bytes = std::move(page);
    Page* lent = &block->bytes;
    pointer = resident_pointer(next_number_, level);
    dirty_.emplace(next_number_++, std::move(block));
    return lent;
}

Result<Page*> Tree::edit(Pointer& pointer) {
    if (pointer.resident())
        if (const auto found = dirty_.find(pointer.number()); found != dirty_.end())
            return &found->second->bytes;
    const PageHandle page = VEXFS_TRY(load(pointer));
    retire(pointer);
    return add_dirty(page->bytes, pointer);
}

Result<Page*> Tree::edit_child(NodeEditor& parent, size_t i) {
    Pointer pointer = parent.child(i);
    if (!pointer.resident())
        VEXFS_TRY_VOID(load_child(parent, i));
    Page* page = VEXFS_TRY(edit(pointer));
    parent.set_child(i, pointer);
    return page;
}

void Tree::retire(const Pointer& pointer) {
    if (!pointer.resident()) {
        for (const Segment segment : pointer.segments)
            if (segment)
                free_map_.release(segment, txg_);
        return;
    }
    fingers_.fill(nullptr);
    if (dirty_.erase(pointer.number()) == 0)
        retired_frozen_.push_back(pointer.number());
}

void Tree::grow_root() {
    Page page(node_bytes_);
    NodeEditor node(page);
    node.format(static_cast<uint8_t>(root_.level + 1), PackedKey(), PackedKey::highest());
    node.insert(0, PackedKey(), bytes_of(root_));
    add_dirty(std::move(page), root_);
}

void Tree::split_child(NodeEditor& parent, size_t i, Page& child, const PackedKey& key) {
    NodeEditor left(child);
    Page right(node_bytes_);
    left.split_at(split_index(left, key), right);
    const PackedKey lower = NodeView(right).head().lower;
    Pointer pointer;
    add_dirty(std::move(right), pointer);
    parent.insert(i + 1, lower, bytes_of(pointer));
}

Page* Tree::finger(const PackedKey& key) const {
    for (Page* page : fingers_) {
        if (page == nullptr)
            continue;
        const NodeHead& head = NodeView(*page).head();
        if (head.lower <= key && key < head.upper)
            return page;
    }
    return nullptr;
}

Result<Page*> Tree::leaf_for(const PackedKey& key, size_t value_bytes) {
    VEXFS_TRY_VOID(load_root());
    Page* page = VEXFS_TRY(edit(root_));
    if (!has_room(NodeView(*page), key, value_bytes)) {
        Page* old_root = page;
        grow_root();
        page = VEXFS_TRY(edit(root_));
        NodeEditor root(*page);
        split_child(root, 0, *old_root, key);
    }
    while (!NodeView(*page).leaf()) {
        NodeEditor node(*page);
        size_t i = node.covering(key);
        Page* child = VEXFS_TRY(edit_child(node, i));
        if (!has_room(NodeView(*child), key, value_bytes)) {
            split_child(node, i, *child, key);
            i = node.covering(key);
            child = VEXFS_TRY(edit_child(node, i));
        }
        page = child;
    }
    if (std::find(fingers_.begin(), fingers_.end(), page) == fingers_.end())
        fingers_[next_finger_++ % fingers_.size()] = page;
    return page;
}

Status Tree::put(const PackedKey& key, Bytes value, std::optional<Page>* before) {
    VEXFS_ASSERT(value.size() <= node_value_bytes_max(node_bytes_) && key < PackedKey::highest());
    Page* page = finger(key);
    if (page == nullptr || !has_room(NodeView(*page), key, value.size()))
        page = VEXFS_TRY(leaf_for(key, value.size()));
    NodeEditor leaf(*page);
    const size_t at = leaf.lower_bound(key);
    const bool replaces = at < leaf.count() && leaf.key(at) == key;
    if (before != nullptr && replaces)
        before->emplace(leaf.value(at).begin(), leaf.value(at).end());
    if (replaces)
        leaf.replace(at, value);
    else
        leaf.insert(at, key, value);
    return ok();
}

Status Tree::erase(const PackedKey& key) {
    if (!VEXFS_TRY(get(key)))
        return ok();
    VEXFS_TRY_VOID(load_root());
    Page* page = VEXFS_TRY(edit(root_));
    NodeEditor root(*page);
    VEXFS_TRY_VOID(erase_below(root, key));
    collapse_root();
    return ok();
}

Status Tree::erase_below(NodeEditor& node, const PackedKey& key) {
    if (node.leaf()) {
        node.erase(node.lower_bound(key));
        return ok();
    }
    const size_t i = node.covering(key);
    Page* page = VEXFS_TRY(edit_child(node, i));
    NodeEditor child(*page);
    VEXFS_TRY_VOID(erase_below(child, key));
    if (child.used_bytes() < child.capacity_bytes() / 4)
        merge_child(node, i);
    return ok();
}

void Tree::merge_child(NodeEditor& parent, size_t i) {
    if (i > 0 && merge_pair(parent, i - 1))
        --i;
    if (i + 1 < parent.count())
        merge_pair(parent, i);
}

// Merging saves space and nothing depends on it: a sibling that cannot be read, or is not what the
// parent says, stays where it is.
bool Tree::merge_pair(NodeEditor& parent, size_t left_index) {
    const Result<PageHandle> left = load_child(parent, left_index);
    const Result<PageHandle> right = load_child(parent, left_index + 1);
    if (!left || !right)
        return false;
    const NodeView left_view((*left)->bytes);
    const NodeView right_view((*right)->bytes);
    if (left_view.used_bytes() + right_view.used_bytes() > left_view.capacity_bytes() * 3 / 4)
        return false;
    const Result<Page*> page = edit_child(parent, left_index);
    if (!page)
        return false;
    NodeEditor(**page).append(right_view);
    retire(parent.child(left_index + 1));
    parent.erase(left_index + 1);
    return true;
}

void Tree::collapse_root() {
    while (root_.level > 0) {
        const Result<PageHandle> page = load(root_);
        if (!page || NodeView((*page)->bytes).count() > 1)
            return;
        const Pointer child = NodeView((*page)->bytes).child(0);
        retire(root_);
        root_ = child;
    }
}

FrozenTree Tree::freeze(uint64_t next_txg) {
    VEXFS_ASSERT(frozen_ == nullptr);
    fingers_.fill(nullptr);
    frozen_ = std::make_shared<const DirtyNodes>(std::move(dirty_));
    dirty_ = DirtyNodes();
    txg_ = next_txg;
    return {root_, frozen_};
}

void Tree::publish(const WrittenTree& written) {
    const auto resolve = [&written](Pointer pointer) {
        const auto found = written.pointers.find(pointer.number());
        return pointer.resident() && found != written.pointers.end() ? found->second : pointer;
    };
    root_ = resolve(root_);
    for (auto& [number, block] : dirty_) {
        NodeEditor node(block->bytes);
        for (size_t i = 0; !node.leaf() && i < node.count(); ++i)
            node.set_child(i, resolve(node.child(i)));
    }
    for (const uint64_t number : retired_frozen_) {
        const Pointer& pointer = written.pointers.at(number);
        for (const Segment segment : pointer.segments)
            if (segment)
                free_map_.release(segment, txg_);
    }
    retired_frozen_.clear();
    frozen_ = nullptr;
}

} // namespace vexfs
