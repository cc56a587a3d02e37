// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/names.h"

#include "userlib/names/edit.h"
#include "userlib/names/xattr.h"

namespace vexfs {

namespace {

constexpr uint64_t kNumbersAtOnce = 4096;
constexpr size_t kItemsAtOnce = 64;
// What the largest item of this layer takes.
constexpr size_t kValueBytesMin = kXattrInlineMax + kNameBytesMax + 16;

Status check_format(Store& store) {
    if (node_value_bytes_max(store.layout().header().node_bytes) < kValueBytesMin)
        return fail(Code::kEOPNOTSUPP, "names: the volume's nodes are too small for files");
    return ok();
}

} // namespace

Names::Names(Store& store) : store_(store) {}

Status Names::create(Store& store, const Make& root, Timestamp now) {
    VEXFS_TRY_VOID(check_format(store));
    const Key key = name_key(kRootIno, NameItem::kInode);
    if (VEXFS_TRY(store.get(key)))
        return fail(Code::kEEXIST, "names: the volume has a root directory");
    Inode inode;
    inode.mode = S_IFDIR | (root.mode & 07777);
    inode.uid = root.uid;
    inode.gid = root.gid;
    inode.nlink = 2;
    inode.atime = inode.mtime = inode.ctime = inode.btime = now;
    Transaction transaction;
    transaction.put(key, encode_inode(inode));
    VEXFS_TRY_VOID(store.apply(transaction));
    return store.sync();
}

Result<std::unique_ptr<Names>> Names::open(Store& store, bool read_only) {
    VEXFS_TRY_VOID(check_format(store));
    std::unique_ptr<Names> names(new Names(store));
    const Result<Inode> root = names->get(kRootIno);
    if (!root && root.error().code != Code::kESTALE)
        return root.error();
    if (!root || !root->is_directory())
        return fail(Code::kEUCLEAN, "names: the volume has no root directory");
    if (!read_only)
        VEXFS_TRY_VOID(names->recover());
    return names;
}

// Nobody holds an inode any more, and no range is being cut off.
Status Names::recover() {
    for (;;) {
        const std::vector<StoreItem> items =
            VEXFS_TRY(store_.list(name_key(kNamesOid, NameItem::kUnlinked),
                                  name_key_end(kNamesOid, NameItem::kUnlinked), kItemsAtOnce));
        for (const StoreItem& item : items) {
            Edit edit(*this);
            edit.transaction().erase(item.key);
            const Result<Inode> inode = get(item.key.sub);
            if (inode && inode->nlink == 0)
                VEXFS_TRY_VOID(edit.destroy(item.key.sub));
            VEXFS_TRY_VOID(edit.apply(Space::kFreeing));
        }
        if (items.empty())
            break;
    }
    for (;;) {
        const std::vector<StoreItem> items = VEXFS_TRY(store_.list(
            name_key(kNamesOid, NameItem::kTrim), name_key_end(kNamesOid, NameItem::kTrim), 1));
        if (items.empty())
            return ok();
        const uint64_t ino = items[0].key.sub;
        Result<Inode> inode = get(ino);
        if (inode && inode->is_regular())
            VEXFS_TRY_VOID(zero_range(ino, *inode, inode->size, UINT64_MAX));
        Transaction transaction;
        transaction.erase(items[0].key);
        VEXFS_TRY_VOID(store_.apply(transaction, Space::kFreeing));
    }
}

uint64_t Names::seed_of(uint64_t directory) const {
    return directory_seed(store_.layout().header().volume_id, directory);
}

// Numbers are reserved many at a time: each reservation waits for the disk.
Result<uint64_t> Names::next_number() {
    MutexLock lock(numbers_mutex_);
    if (next_number_ == numbers_end_) {
        next_number_ = VEXFS_TRY(store_.reserve(kInoCounter, kNumbersAtOnce));
        numbers_end_ = next_number_ + kNumbersAtOnce;
    }
    return kFirstIno - 1 + next_number_++;
}

Result<Inode> Names::get(uint64_t ino) {
    const std::optional<Page> item = VEXFS_TRY(store_.get(name_key(ino, NameItem::kInode)));
    if (ino < kRootIno || !item)
        return fail(Code::kESTALE, "names: there is no such inode any more");
    return decode_inode(*item);
}

uint64_t Names::allocated_bytes(const Inode& inode) const {
    constexpr uint64_t kUnit = 512;
    uint64_t bytes = 0;
    if (!checked_mul(inode.records, record_bytes(), bytes))
        return inode.size;
    return std::min(bytes, round_up(inode.size, kUnit));
}

Status Names::hold(uint64_t ino) {
    const auto held = locks_.lock_shared(ino);
    VEXFS_TRY(get(ino));
    MutexLock lock(holds_mutex_);
    ++holds_[ino];
    return ok();
}

Status Names::release(uint64_t ino, uint64_t times) {
    const auto held = locks_.lock({ino});
    {
        MutexLock lock(holds_mutex_);
        const auto found = holds_.find(ino);
        if (found == holds_.end() || found->second < times)
            return fail(Code::kEINVAL, "names: released more often than held");
        found->second -= times;
        if (found->second > 0)
            return ok();
        holds_.erase(found);
    }
    const Inode inode = VEXFS_TRY(get(ino));
    if (inode.nlink > 0)
        return ok();
    Edit edit(*this);
    edit.transaction().erase(name_key(kNamesOid, NameItem::kUnlinked, ino));
    VEXFS_TRY_VOID(edit.destroy(ino));
    return edit.apply(Space::kFreeing);
}

} // namespace vexfs
