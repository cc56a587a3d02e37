// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/edit.h"

#include "userlib/names/xattr.h"

namespace vexfs {

namespace {

constexpr size_t kItemsAtOnce = 64;

} // namespace

Result<Inode*> Edit::inode(uint64_t ino) {
    const auto known = inodes_.find(ino);
    if (known != inodes_.end())
        return &known->second;
    return add(ino, VEXFS_TRY(names_.get(ino)));
}

Result<Inode*> Edit::directory(uint64_t ino) {
    Inode* const found = VEXFS_TRY(inode(ino));
    if (!found->is_directory())
        return fail(Code::kENOTDIR, "names: not a directory");
    if (found->nlink == 0)
        return fail(Code::kENOENT, "names: the directory was removed");
    return found;
}

Inode* Edit::add(uint64_t ino, const Inode& inode) {
    return &(inodes_[ino] = inode);
}

void Edit::put_name(const Link& link, const Dirent& dirent) {
    transaction_.put(dirent_key(link.directory, link.position), encode_dirent(dirent));
}

void Edit::erase_name(const Link& link) {
    transaction_.erase(dirent_key(link.directory, link.position));
}

Result<std::vector<StoreItem>> Edit::links_at(uint64_t ino, uint64_t position) {
    return names_.store_.list(name_key(ino, NameItem::kLink, position),
                              name_key(ino, NameItem::kLink, position + 1), SIZE_MAX);
}

Status Edit::add_link(uint64_t ino, const Link& link) {
    Inode* const found = VEXFS_TRY(inode(ino));
    if (found->link.directory == 0) {
        found->link = link;
        return ok();
    }
    // Links of one position, in different directories, are told apart by a number.
    uint32_t tie = 0;
    for (const StoreItem& item : VEXFS_TRY(links_at(ino, link.position)))
        if (item.key.tie == tie)
            ++tie;
    if (tie > UINT16_MAX)
        return fail(Code::kEMLINK, "names: links of one position");
    transaction_.put(name_key(ino, NameItem::kLink, link.position, static_cast<uint16_t>(tie)),
                     bytes_of(link.directory));
    return ok();
}

Status Edit::remove_link(uint64_t ino, const Link& link) {
    Inode* const found = VEXFS_TRY(inode(ino));
    if (found->link == link) {
        found->link = {};
        const std::vector<StoreItem> others = VEXFS_TRY(names_.store_.list(
            name_key(ino, NameItem::kLink), name_key_end(ino, NameItem::kLink), 1));
        if (others.empty())
            return ok();
        if (others[0].value.size() != sizeof(uint64_t))
            return fail(Code::kEUCLEAN, "inode: a link is malformed");
        found->link = {load_le<uint64_t>(others[0].value.data()), others[0].key.sub};
        transaction_.erase(others[0].key);
        return ok();
    }
    for (const StoreItem& item : VEXFS_TRY(links_at(ino, link.position)))
        if (item.value.size() == sizeof(uint64_t) &&
            load_le<uint64_t>(item.value.data()) == link.directory) {
            transaction_.erase(item.key);
            return ok();
        }
    return fail(Code::kEUCLEAN, "inode: a name that the inode does not know");
}

Status Edit::move_link(uint64_t ino, const Link& from, const Link& to) {
    Inode* const found = VEXFS_TRY(inode(ino));
    if (found->link == from) {
        found->link = to;
        return ok();
    }
    VEXFS_TRY_VOID(remove_link(ino, from));
    return add_link(ino, to);
}

Status Edit::drop(uint64_t ino, const Link& link) {
    Inode* const found = VEXFS_TRY(inode(ino));
    if (found->is_directory() || found->nlink <= 1) {
        found->link = {};
        return abandon(ino);
    }
    --found->nlink;
    return remove_link(ino, link);
}

Status Edit::abandon(uint64_t ino) {
    Inode* const found = VEXFS_TRY(inode(ino));
    found->nlink = 0;
    {
        MutexLock lock(names_.holds_mutex_);
        if (names_.holds_.contains(ino)) {
            transaction_.put(name_key(kNamesOid, NameItem::kUnlinked, ino), {});
            return ok();
        }
    }
    return destroy(ino);
}

// Long values of attributes are objects of their own.
Status Edit::destroy(uint64_t ino) {
    inodes_.erase(ino);
    Key from = name_key(ino, NameItem::kXattr);
    const Key end = name_key_end(ino, NameItem::kXattr);
    for (;;) {
        const std::vector<StoreItem> items = VEXFS_TRY(names_.store_.list(from, end, kItemsAtOnce));
        for (const StoreItem& item : items) {
            const Result<Xattr> xattr = decode_xattr(item.value);
            if (xattr && xattr->object != 0)
                transaction_.destroy(xattr->object);
        }
        if (items.size() < kItemsAtOnce)
            break;
        from = items.back().key;
        if (++from.tie == 0)
            ++from.sub;
    }
    const Key cut = name_key(kNamesOid, NameItem::kTrim, ino);
    if (VEXFS_TRY(names_.store_.get(cut)))
        transaction_.erase(cut);
    // The store erases in its own time; the inode is gone at once.
    transaction_.erase(name_key(ino, NameItem::kInode));
    transaction_.destroy(ino);
    return ok();
}

Status Edit::apply(Space space) {
    for (const auto& [ino, inode] : inodes_)
        transaction_.put(name_key(ino, NameItem::kInode), encode_inode(inode));
    return names_.store_.apply(transaction_, space);
}

} // namespace vexfs
