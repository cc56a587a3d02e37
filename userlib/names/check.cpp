// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/check.h"

#include <algorithm>

#include <dirent.h>

#include "userlib/names/names.h"
#include "userlib/names/reach.h"
#include "userlib/names/xattr.h"

namespace vexfs {

namespace {

constexpr size_t kItemsAtOnce = 256;
constexpr size_t kRecordsAtOnce = 4096;

bool is_type(const Key& key, NameItem type) {
    return key.type == static_cast<uint8_t>(type);
}
bool is_record(const Key& key) {
    return key.type == static_cast<uint8_t>(ItemType::kRecord);
}

// One pass over all items in the order of their keys, an object at a time, with a look at the other
// end of every name and link. What has to be compared across objects is kept until the end.
class Checker {
  public:
    Checker(Store& store, const NamesGuests& guests)
        : store_(store), guests_(guests), record_bytes_(store.layout().header().record_bytes) {}

    NamesReport run() {
        if (const Status status = check_all(); !status)
            find(fail(status.error().code, "names: the tree cannot be read behind this inode"),
                 object_.oid);
        return std::move(report_);
    }

  private:
    // What the pass has seen of an object.
    struct Object {
        uint64_t oid = 0;
        bool orphaned = false; // the store is erasing it
        std::optional<Inode> inode;
        bool inode_malformed = false;
        bool has_items = false;       // that only an inode may have
        bool has_guest_items = false; // that only a regular file may have
        uint64_t names = 0;
        uint64_t directories = 0; // of the names
        uint64_t links = 0;
        uint64_t hash = 0; // of the last name or attribute
        std::vector<std::string> names_of_hash;
        std::vector<Link> links_of_position;
    };
    // The object of a long attribute's value.
    struct Value {
        uint64_t object = 0;
        uint64_t ino = 0;
        uint64_t bytes = 0;
    };

    void find(Error error, uint64_t ino, std::string name = {}) {
        ++report_.problems;
        if (report_.findings.size() < NamesReport::kFindingsMax)
            report_.findings.push_back({error, ino, std::move(name)});
    }
    void find(const char* what, uint64_t ino, std::string name = {}) {
        find(fail(Code::kEUCLEAN, what), ino, std::move(name));
    }

    Status check_all() {
        const std::optional<Page> root =
            VEXFS_TRY(store_.get(name_key(kRootIno, NameItem::kInode)));
        const std::optional<Page> counter = VEXFS_TRY(
            store_.get({kVolumeOid, static_cast<uint8_t>(ItemType::kCounter), kInoCounter, 0}));
        report_.bare = !root && !counter;
        if (report_.bare)
            return ok();
        if (!root)
            find("names: the root directory is missing", kRootIno);
        if (counter && counter->size() == sizeof(uint64_t))
            numbers_end_ = kFirstIno - 1 + load_le<uint64_t>(counter->data());
        VEXFS_TRY_VOID(pass());
        VEXFS_TRY_VOID(check_values());
        reach_.check(kRootIno, [&](uint64_t ino, DirectoryReach::Cut cut) {
            find(cut == DirectoryReach::Cut::kCircle ? "directory: it lies below itself"
                                                     : "directory: it lies in no directory",
                 ino);
        });
        return ok();
    }

    Status pass() {
        Key from;
        for (;;) {
            const std::vector<StoreItem> items =
                VEXFS_TRY(store_.list(from, PackedKey::highest().unpacked(), kItemsAtOnce));
            for (const StoreItem& item : items)
                VEXFS_TRY_VOID(take(item));
            if (items.size() < kItemsAtOnce)
                return finish_object();
            const Key& last = items.back().key;
            // Of records it is enough that there are some.
            from = is_record(last) ? Key{last.oid, static_cast<uint8_t>(last.type + 1), 0, 0}
                                   : PackedKey(last).next().unpacked();
        }
    }

    Status take(const StoreItem& item) {
        const Key& key = item.key;
        if (key.oid == kVolumeOid) {
            if (key.type == static_cast<uint8_t>(ItemType::kOrphan))
                orphans_.push_back(key.sub);
            return ok();
        }
        if (key.oid == kNamesOid)
            return take_mark(item);
        if (key.oid < kFirstIno && is_guest(key.oid))
            return ok();
        if (key.oid != object_.oid) {
            VEXFS_TRY_VOID(finish_object());
            object_ = {};
            object_.oid = key.oid;
            object_.orphaned = std::ranges::binary_search(orphans_, key.oid);
        }
        if (object_.orphaned && !is_type(key, NameItem::kInode))
            return ok();
        if (is_guest(key.oid) && std::ranges::count(guests_.object_items, key.type) > 0)
            return ok();
        object_.has_items = object_.has_items || !is_record(key);
        if (is_type(key, NameItem::kInode))
            take_inode(item);
        else if (is_type(key, NameItem::kDirent))
            return take_name(item);
        else if (is_type(key, NameItem::kXattr))
            take_xattr(item);
        else if (is_type(key, NameItem::kLink))
            return take_link(item);
        else if (std::ranges::count(guests_.items, key.type) > 0)
            object_.has_guest_items = true;
        else if (!is_record(key))
            find("object: an item of a kind that is not known", key.oid);
        return ok();
    }

    [[nodiscard]] bool is_guest(uint64_t oid) const {
        return std::ranges::binary_search(guests_.objects, oid);
    }

    // The inode that a number stands for, or none.
    Result<std::optional<Inode>> inode_of(uint64_t ino) {
        const std::optional<Page> item = VEXFS_TRY(store_.get(name_key(ino, NameItem::kInode)));
        const Result<Inode> inode = item ? decode_inode(*item) : fail(Code::kESTALE, "");
        return inode ? std::optional<Inode>(*inode) : std::nullopt;
    }

    Status take_mark(const StoreItem& item) {
        const Key& key = item.key;
        const bool unlinked = is_type(key, NameItem::kUnlinked);
        if ((!unlinked && !is_type(key, NameItem::kTrim)) || key.tie != 0 || !item.value.empty()) {
            find("names: a mark is malformed", key.sub);
            return ok();
        }
        ++(unlinked ? report_.unlinked : report_.trims);
        const std::optional<Inode> inode = VEXFS_TRY(inode_of(key.sub));
        if (unlinked && (!inode || inode->nlink > 0))
            find("names: what is marked as unlinked is not there or has a name", key.sub);
        if (!unlinked && (!inode || !inode->is_regular()))
            find("names: what is marked to be cut is no file", key.sub);
        return ok();
    }

    void take_inode(const StoreItem& item) {
        const Result<Inode> inode = decode_inode(item.value);
        if (object_.orphaned) {
            find("inode: its data is being erased", item.key.oid);
        } else if (item.key.sub != 0 || item.key.tie != 0) {
            find("inode: its key is malformed", item.key.oid);
        } else if (!inode) {
            find(inode.error(), item.key.oid);
            object_.inode_malformed = true;
        } else {
            object_.inode = *inode;
        }
    }

    // Whether the inode has the name before: names of one hash are neighbours.
    bool repeated(uint64_t hash, const std::string& name) {
        if (hash != object_.hash)
            object_.names_of_hash.clear();
        object_.hash = hash;
        const bool seen = std::ranges::count(object_.names_of_hash, name) > 0;
        object_.names_of_hash.push_back(name);
        return seen;
    }

    Status take_name(const StoreItem& item) {
        const uint64_t directory = item.key.oid;
        const uint64_t position = position_of(item.key);
        ++report_.names;
        ++object_.names;
        const Result<Dirent> dirent = decode_dirent(item.value);
        if (!dirent) {
            find(dirent.error(), directory);
            return ok();
        }
        const std::string& name = dirent->name;
        object_.directories += dirent->type == DT_DIR ? 1 : 0;
        const uint64_t first =
            first_position(name, directory_seed(store_.layout().header().volume_id, directory));
        if (item.key.sub != first / kNamesOfOneHashMax || item.key.tie >= kNamesOfOneHashMax)
            find("directory: a name is not where it is looked for", directory, name);
        if (repeated(item.key.sub, name))
            find("directory: a name is there twice", directory, name);
        const std::optional<Inode> inode = VEXFS_TRY(inode_of(dirent->ino));
        if (!inode)
            find("directory: a name of an inode that is not there", directory, name);
        else if (inode->type() != dirent->type)
            find("directory: a name of another type than its inode", directory, name);
        else if (!VEXFS_TRY(knows(dirent->ino, *inode, {directory, position})))
            find("directory: a name that its inode does not know", directory, name);
        return ok();
    }

    Result<bool> knows(uint64_t ino, const Inode& inode, const Link& link) {
        if (inode.link == link)
            return true;
        const std::vector<StoreItem> links =
            VEXFS_TRY(store_.list(name_key(ino, NameItem::kLink, link.position),
                                  name_key(ino, NameItem::kLink, link.position + 1), SIZE_MAX));
        return std::ranges::any_of(links, [&](const StoreItem& item) {
            return item.value.size() == sizeof(uint64_t) &&
                   load_le<uint64_t>(item.value.data()) == link.directory;
        });
    }

    // The first of an inode's links is in the inode itself; those of one position are neighbours.
    Status take_link(const StoreItem& item) {
        if (item.value.size() != sizeof(uint64_t)) {
            find("inode: a link is malformed", item.key.oid);
            return ok();
        }
        const Link link{load_le<uint64_t>(item.value.data()), item.key.sub};
        std::vector<Link>& known = object_.links_of_position;
        if (!known.empty() && known.back().position != link.position)
            known.clear();
        if ((object_.inode && object_.inode->link == link) || std::ranges::count(known, link) > 0)
            find("inode: a link is there twice", object_.oid);
        known.push_back(link);
        return check_link(link);
    }

    Status check_link(const Link& link) {
        ++object_.links;
        if (link.directory == 0 || link.position >= kPositionEnd) {
            find("inode: a link is malformed", object_.oid);
            return ok();
        }
        const std::optional<Page> item =
            VEXFS_TRY(store_.get(dirent_key(link.directory, link.position)));
        const Result<Dirent> dirent = item ? decode_dirent(*item) : fail(Code::kENOENT, "");
        if (!dirent || dirent->ino != object_.oid)
            find("inode: a link without its name", object_.oid);
        return ok();
    }

    void take_xattr(const StoreItem& item) {
        ++report_.xattrs;
        const Result<Xattr> xattr = decode_xattr(item.value);
        if (!xattr)
            return find(xattr.error(), item.key.oid);
        if (item.key.sub != xattr_key(item.key.oid, xattr->name).sub)
            find("xattr: an attribute is not where it is looked for", item.key.oid, xattr->name);
        if (repeated(item.key.sub, xattr->name))
            find("xattr: an attribute is there twice", item.key.oid, xattr->name);
        if (xattr->object != 0)
            values_.push_back({xattr->object, item.key.oid, xattr->value_bytes});
    }

    bool handed_out(uint64_t number) const { return number >= kFirstIno && number < numbers_end_; }

    Status finish_object() {
        if (object_.oid == kVolumeOid || object_.orphaned || object_.inode_malformed)
            return ok();
        if (object_.inode)
            return finish_inode(*object_.inode);
        if (object_.has_items)
            find("inode: it is not there, but something of it is", object_.oid);
        else
            loose_.push_back(object_.oid);
        return ok();
    }

    Status finish_inode(const Inode& inode) {
        const uint64_t ino = object_.oid;
        ++(inode.is_directory() ? report_.directories
                                : (inode.is_regular() ? report_.files : report_.others));
        if (ino != kRootIno && !handed_out(ino))
            find("inode: its number was never handed out", ino);
        if (inode.link.directory != 0)
            VEXFS_TRY_VOID(check_link(inode.link));
        if (is_guest(ino))
            find("inode: its number is that of an object beside the names", ino);
        if (!inode.is_regular() && object_.has_guest_items)
            find("inode: an item that only a file may have", ino);
        if (!inode.is_directory() && object_.names > 0)
            find("inode: names in what is no directory", ino);
        if (inode.is_directory())
            finish_directory(inode);
        else if (inode.nlink != object_.links)
            find("inode: count of links", ino);
        if (inode.nlink == 0 &&
            !VEXFS_TRY(store_.get(name_key(kNamesOid, NameItem::kUnlinked, ino))))
            find("inode: it has no name and is not marked as unlinked", ino);
        return check_data(inode);
    }

    void finish_directory(const Inode& inode) {
        const uint64_t ino = object_.oid;
        if (inode.size != object_.names)
            find("directory: count of names", ino);
        if (inode.nlink == 0) { // removed, and in use
            if (object_.links > 0 || object_.names > 0)
                find("directory: it was removed and has names", ino);
            return;
        }
        if (inode.nlink != 2 + object_.directories)
            find("directory: count of links", ino);
        if (object_.links != (ino == kRootIno ? 0 : 1))
            find("directory: it has not one name", ino);
        if (ino != kRootIno)
            reach_.add(ino, inode.link.directory);
    }

    Status check_data(const Inode& inode) {
        const uint64_t ino = object_.oid;
        uint64_t records = 0;
        bool behind = false;
        for (uint64_t from = 0;;) {
            const std::vector<uint64_t> some =
                VEXFS_TRY(store_.records(ino, from, UINT64_MAX, kRecordsAtOnce));
            records += some.size();
            behind = behind || (!some.empty() && has_tail(inode, some.back()));
            if (some.size() < kRecordsAtOnce || !checked_add(some.back(), record_bytes_, from))
                break;
        }
        const bool link = S_ISLNK(inode.mode);
        if (!inode.is_regular() && !link) {
            if (records > 0)
                find("inode: data of what has none", ino);
            return ok();
        }
        if (link && (inode.size == 0 || inode.size > kTargetBytesMax || records != 1))
            find("inode: the target of a symbolic link", ino);
        if (records > inode.records)
            find("inode: count of records", ino);
        if (behind && !VEXFS_TRY(store_.get(name_key(kNamesOid, NameItem::kTrim, ino))))
            find("inode: data behind its end", ino);
        return ok();
    }

    // Whether the last record has data behind the end of the file. One that cannot be read is not
    // sound for the store's check.
    bool has_tail(const Inode& inode, uint64_t record) {
        if (record >= inode.size)
            return true;
        if (inode.size - record >= record_bytes_)
            return false;
        tail_.resize(record + record_bytes_ - inode.size);
        if (!store_.read(object_.oid, inode.size, tail_))
            return false;
        // All are zero if the first is and each is like the next.
        return tail_[0] != std::byte{0} ||
               std::memcmp(tail_.data(), tail_.data() + 1, tail_.size() - 1) != 0;
    }

    // A value of zeros has no record: that an object has none says nothing.
    Status check_values() {
        std::ranges::sort(values_, {}, &Value::object);
        for (size_t i = 0; i < values_.size(); ++i) {
            const Value& value = values_[i];
            if (i > 0 && values_[i - 1].object == value.object)
                find("xattr: its value is that of another attribute, too", value.ino);
            if (!handed_out(value.object))
                find("xattr: its value is in an object that was never handed out", value.ino);
            else if (VEXFS_TRY(store_.get(name_key(value.object, NameItem::kInode))))
                find("xattr: its value is in an inode", value.ino);
            else if (is_guest(value.object))
                find("xattr: its value is in an object beside the names", value.ino);
            else if (std::ranges::binary_search(orphans_, value.object))
                find("xattr: its value is being erased", value.ino);
            else if (!VEXFS_TRY(store_.records(value.object, round_up(value.bytes, record_bytes_),
                                               UINT64_MAX, 1))
                          .empty())
                find("xattr: data behind its value", value.ino);
        }
        for (const uint64_t oid : loose_)
            if (!is_guest(oid) && !std::ranges::binary_search(values_, oid, {}, &Value::object))
                find("object: it belongs to no inode", oid);
        for (const uint64_t oid : guests_.objects)
            if (oid >= kFirstIno && !handed_out(oid))
                find("object: its number was never handed out", oid);
        return ok();
    }

    Store& store_;
    const NamesGuests& guests_;
    const uint64_t record_bytes_;
    uint64_t numbers_end_ = kFirstIno; // below it numbers were handed out
    NamesReport report_;
    Object object_;
    std::vector<uint64_t> orphans_;
    std::vector<uint64_t> loose_; // objects with data alone
    std::vector<Value> values_;
    DirectoryReach reach_;
    Page tail_;
};

} // namespace

NamesReport check_names(Store& store, const NamesGuests& guests) {
    const auto run = [&]() -> Result<NamesReport> {
        return Checker(store, guests).run();
    };
    Result<NamesReport> report = guard(fail(Code::kENOMEM, "check: no memory"), run);
    if (report)
        return std::move(*report);
    NamesReport cut_off;
    cut_off.problems = 1;
    return cut_off;
}

} // namespace vexfs
