// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/names.h"

namespace vexfs {

namespace {

// Cursors: 0 before ".", 1 before "..", then the position of an entry and this.
constexpr uint64_t kCursorOfParent = 1;
constexpr uint64_t kFirstCursor = 2;
constexpr size_t kDepthMax = 100'000; // of a path; deeper is a circle

} // namespace

// The names that have the hash of this one.
Result<std::vector<Names::Found>> Names::names_like(uint64_t directory, std::string_view name) {
    const uint64_t first = first_position(name, seed_of(directory));
    std::vector<Found> found;
    for (const StoreItem& item : VEXFS_TRY(
             store_.list(dirent_key(directory, first),
                         dirent_key(directory, first + kNamesOfOneHashMax), kNamesOfOneHashMax)))
        found.push_back({position_of(item.key), VEXFS_TRY(decode_dirent(item.value))});
    return found;
}

Result<std::optional<Names::Found>> Names::find(uint64_t directory, std::string_view name) {
    std::vector<Found> all = VEXFS_TRY(names_like(directory, name));
    for (Found& found : all)
        if (found.dirent.name == name)
            return std::optional<Found>(std::move(found));
    return std::optional<Found>();
}

// Where a name that the directory has not would stand.
Result<uint64_t> Names::free_position(uint64_t directory, std::string_view name) {
    const uint64_t first = first_position(name, seed_of(directory));
    uint64_t free = first;
    for (const Found& found : VEXFS_TRY(names_like(directory, name)))
        if (found.position == free)
            ++free;
    if (free == first + kNamesOfOneHashMax)
        return fail(Code::kENOSPC, "directory: too many names of one hash");
    return free;
}

Result<Inode> Names::directory_inode(uint64_t directory) {
    const Inode inode = VEXFS_TRY(get(directory));
    if (!inode.is_directory())
        return fail(Code::kENOTDIR, "names: not a directory");
    return inode;
}

Result<bool> Names::is_empty(uint64_t directory) {
    return VEXFS_TRY(store_.list(dirent_key(directory, 0), dirent_key(directory, kPositionEnd), 1))
        .empty();
}

Result<Entry> Names::lookup(uint64_t directory, std::string_view name) {
    const Inode inode = VEXFS_TRY(directory_inode(directory));
    if (name == ".")
        return Entry{directory, inode};
    if (name == "..") {
        const uint64_t parent = inode.link.directory == 0 ? directory : inode.link.directory;
        return Entry{parent, VEXFS_TRY(get(parent))};
    }
    VEXFS_TRY_VOID(check_name(name));
    // Not locked: a name that goes while it is looked up was there or was not.
    const std::optional<Found> found = VEXFS_TRY(find(directory, name));
    if (!found)
        return fail(Code::kENOENT, "names: there is no such name");
    const Result<Inode> child = get(found->dirent.ino);
    if (!child)
        return child.error().code == Code::kESTALE ? fail(Code::kENOENT, "names: the name has gone")
                                                   : child.error();
    return Entry{found->dirent.ino, *child};
}

Result<std::vector<Listed>> Names::list(uint64_t directory, uint64_t cursor, size_t entries_max) {
    const Inode inode = VEXFS_TRY(directory_inode(directory));
    std::vector<Listed> listed;
    if (inode.nlink == 0)
        return listed;
    if (cursor == 0 && entries_max > 0)
        listed.push_back({directory, inode.type(), cursor = kCursorOfParent, "."});
    if (cursor == kCursorOfParent && listed.size() < entries_max) {
        const uint64_t parent = inode.link.directory == 0 ? directory : inode.link.directory;
        listed.push_back({parent, inode.type(), cursor = kFirstCursor, ".."});
    }
    if (cursor < kFirstCursor || listed.size() >= entries_max)
        return listed;
    const uint64_t from = cursor - kFirstCursor;
    if (from >= kPositionEnd)
        return listed;
    for (const StoreItem& item :
         VEXFS_TRY(store_.list(dirent_key(directory, from), dirent_key(directory, kPositionEnd),
                               entries_max - listed.size()))) {
        Dirent dirent = VEXFS_TRY(decode_dirent(item.value));
        listed.push_back({dirent.ino, dirent.type, position_of(item.key) + 1 + kFirstCursor,
                          std::move(dirent.name)});
    }
    return listed;
}

Result<std::string> Names::path(uint64_t ino) {
    std::string path;
    for (size_t depth = 0; depth < kDepthMax; ++depth) {
        if (ino == kRootIno)
            return path.empty() ? "/" : path;
        const Link link = VEXFS_TRY(get(ino)).link;
        if (link.directory == 0)
            return fail(Code::kENOENT, "names: the inode has no name");
        path.insert(0, "/" + VEXFS_TRY(name_at(link)));
        ino = link.directory;
    }
    return fail(Code::kEUCLEAN, "names: a directory is below itself");
}

Result<std::vector<Link>> Names::links(uint64_t ino) {
    const auto held = locks_.lock_shared(ino);
    const Link first = VEXFS_TRY(get(ino)).link;
    std::vector<Link> links;
    if (first.directory != 0)
        links.push_back(first);
    for (const StoreItem& item : VEXFS_TRY(store_.list(
             name_key(ino, NameItem::kLink), name_key_end(ino, NameItem::kLink), kLinksMax))) {
        if (item.value.size() != sizeof(uint64_t))
            return fail(Code::kEUCLEAN, "inode: a link is malformed");
        links.push_back({load_le<uint64_t>(item.value.data()), item.key.sub});
    }
    return links;
}

Result<std::string> Names::name_at(const Link& link) {
    const std::optional<Page> item =
        VEXFS_TRY(store_.get(dirent_key(link.directory, link.position)));
    if (!item)
        return fail(Code::kENOENT, "names: the name has gone");
    return VEXFS_TRY(decode_dirent(*item)).name;
}

Result<std::string> Names::read_link(uint64_t ino) {
    const Inode inode = VEXFS_TRY(get(ino));
    if (!S_ISLNK(inode.mode) || inode.size > kTargetBytesMax)
        return fail(Code::kEINVAL, "names: not a symbolic link");
    std::string target(inode.size, '\0');
    VEXFS_TRY_VOID(store_.read(ino, 0, std::as_writable_bytes(std::span(target))));
    return target;
}

} // namespace vexfs
