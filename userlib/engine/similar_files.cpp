// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/similar_files.h"

#include <algorithm>
#include <cstdio>

#include <dirent.h>

namespace vexfs {

namespace {

// Behind those of VirtualFiles::Kind.
enum class Kind : uint64_t { kTop = 2, kFile = 3, kLink = 4 };

constexpr unsigned kKindBits = 3;
constexpr unsigned kRankShift = 48;
constexpr uint64_t kFileMask = (uint64_t{1} << kRankShift) - 1;
constexpr uint32_t kReadAndWalk = 0555;
constexpr uint32_t kReaders = 0444;

Kind kind_of(uint64_t ino) {
    return static_cast<Kind>(ino >> VirtualFiles::kKindShift & ((1U << kKindBits) - 1));
}

// A number beyond what fits is of no file: 2^48 is never reached.
uint64_t number_of(Kind kind, uint64_t ino, uint64_t rank = 0) {
    return VirtualFiles::kInDirectory | static_cast<uint64_t>(kind) << VirtualFiles::kKindShift |
           rank << kRankShift | (ino & kFileMask);
}

uint64_t base_of(uint64_t ino) {
    return ino & kFileMask;
}

uint64_t rank_of(uint64_t ino) {
    return (ino & VirtualFiles::kNumberMask) >> kRankShift;
}

Error absent() {
    return fail(Code::kENOENT, "similar files: there is no such name");
}

// 0001 NAME; the name is cut where the whole would be longer than a name may be.
std::string link_name(size_t rank, const std::string& path) {
    char number[24];
    const int bytes = std::snprintf(number, sizeof number, "%04zu ", rank);
    std::string name(number, static_cast<size_t>(bytes));
    name += path.substr(path.rfind('/') + 1);
    return name.substr(0, kNameBytesMax);
}

std::vector<Listed> page_of(std::vector<Listed> all, uint64_t cursor, size_t entries_max) {
    all.erase(all.begin(),
              all.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(cursor, all.size())));
    all.resize(std::min(all.size(), entries_max));
    return all;
}

} // namespace

Result<Caller> nobody() {
    return fail(Code::kEACCES, "similar files: the caller is not known");
}

bool SimilarFiles::owns(uint64_t ino) {
    return (ino & VirtualFiles::kInDirectory) != 0 && kind_of(ino) >= Kind::kTop &&
           kind_of(ino) <= Kind::kLink;
}

Result<Inode> SimilarFiles::inode(uint64_t ino) {
    VEXFS_ASSERT(owns(ino));
    const Inode base = VEXFS_TRY(names_.get(base_of(ino)));
    Inode inode;
    inode.atime = inode.mtime = inode.ctime = inode.btime = base.mtime;
    inode.uid = base.uid;
    inode.gid = base.gid;
    inode.nlink = kind_of(ino) == Kind::kLink ? 1 : 2;
    switch (kind_of(ino)) {
    case Kind::kTop:
        if (!base.is_directory())
            return fail(Code::kESTALE, "similar files: not a directory");
        inode.mode = S_IFDIR | (base.mode & kReadAndWalk);
        inode.link = {base_of(ino), 0};
        return inode;
    case Kind::kFile:
    case Kind::kLink:
        if (!base.is_regular())
            return fail(Code::kESTALE, "similar files: not a file");
        inode.mode = S_IFLNK | 0777;
        inode.link = {number_of(Kind::kFile, base_of(ino)), 0};
        if (kind_of(ino) == Kind::kLink)
            return inode;
        // Who may read the file may list and follow what is similar.
        inode.mode = S_IFDIR | (base.mode & kReaders) | (base.mode & kReaders) >> 2;
        inode.link = {number_of(Kind::kTop, base.link.directory), 0};
        return inode;
    }
    return fail(Code::kESTALE, "similar files: there is no such inode");
}

Result<Entry> SimilarFiles::entry(uint64_t ino) {
    return Entry{ino, VEXFS_TRY(inode(ino))};
}

// A file with several names is only where it was named first: from elsewhere the links would lead
// astray.
Result<Entry> SimilarFiles::lookup(uint64_t directory, std::string_view name,
                                   const AskCaller& ask) {
    const Inode base = VEXFS_TRY(names_.get(base_of(directory)));
    if (!owns(directory)) {
        if (name != kName || !base.is_directory() || !collections_.schema(directory))
            return absent();
        return entry(number_of(Kind::kTop, directory));
    }
    if (kind_of(directory) == Kind::kLink)
        return fail(Code::kENOTDIR, "similar files: not a directory");
    if (name == ".")
        return entry(directory);
    if (kind_of(directory) == Kind::kTop) {
        if (name == "..")
            return Entry{base_of(directory), base};
        const Entry file = VEXFS_TRY(names_.lookup(base_of(directory), name));
        if (!file.inode.is_regular() || file.inode.link.directory != base_of(directory))
            return absent();
        return entry(number_of(Kind::kFile, file.ino));
    }
    if (name == "..")
        return entry(number_of(Kind::kTop, base.link.directory));
    const std::vector<Link> all = VEXFS_TRY(links(base_of(directory), ask));
    const auto found = std::ranges::find(all, name, &Link::name);
    if (found == all.end())
        return absent();
    return entry(
        number_of(Kind::kLink, base_of(directory), static_cast<uint64_t>(found - all.begin()) + 1));
}

Result<std::vector<Listed>> SimilarFiles::list(uint64_t directory, uint64_t cursor,
                                               size_t entries_max, const AskCaller& ask) {
    if (kind_of(directory) == Kind::kLink)
        return fail(Code::kENOTDIR, "similar files: not a directory");
    if (kind_of(directory) == Kind::kTop)
        return list_files(directory, cursor, entries_max);
    const uint64_t file = base_of(directory);
    const uint64_t above = VEXFS_TRY(names_.get(file)).link.directory;
    std::vector<Listed> all;
    all.push_back({directory, DT_DIR, 1, "."});
    all.push_back({number_of(Kind::kTop, above), DT_DIR, 2, ".."});
    uint64_t rank = 0;
    for (Link& link : VEXFS_TRY(links(file, ask))) {
        ++rank;
        all.push_back(
            {number_of(Kind::kLink, file, rank), DT_LNK, all.size() + 1, std::move(link.name)});
    }
    return page_of(std::move(all), cursor, entries_max);
}

// The files of the directory above, at its own cursors.
Result<std::vector<Listed>> SimilarFiles::list_files(uint64_t ino, uint64_t cursor,
                                                     size_t entries_max) {
    std::vector<Listed> files;
    for (;;) {
        const std::vector<Listed> above = VEXFS_TRY(names_.list(base_of(ino), cursor, entries_max));
        for (const Listed& listed : above) {
            if (listed.name == ".")
                files.push_back({ino, DT_DIR, listed.next, listed.name});
            else if (listed.name == "..")
                files.push_back({base_of(ino), DT_DIR, listed.next, listed.name});
            else if (listed.type == DT_REG)
                files.push_back(
                    {number_of(Kind::kFile, listed.ino), DT_DIR, listed.next, listed.name});
        }
        if (above.empty() || !files.empty())
            return files;
        cursor = above.back().next;
    }
}

Result<std::string> SimilarFiles::read_link(uint64_t ino, const AskCaller& ask) {
    if (kind_of(ino) != Kind::kLink)
        return fail(Code::kEINVAL, "similar files: not a symbolic link");
    const std::vector<Link> all = VEXFS_TRY(links(base_of(ino), ask));
    const uint64_t rank = rank_of(ino);
    if (rank == 0 || rank > all.size())
        return absent();
    return all[rank - 1].target;
}

// Nearest first. The file itself is the nearest as a rule, and left out.
Result<std::vector<SimilarFiles::Link>> SimilarFiles::links(uint64_t file, const AskCaller& ask) {
    const Caller caller = VEXFS_TRY(ask());
    const Inode inode = VEXFS_TRY(names_.get(file));
    if (!caller.may(kMayRead, {inode.mode, inode.uid, inode.gid}))
        return fail(Code::kEACCES, "similar files: the file may not be read");
    FileChoice choice;
    choice.node = file;
    choice.opened_for_read = true;
    RowsAsk first;
    first.rows = 1;
    first.want_vectors = true;
    const FileRows row = VEXFS_TRY(collections_.get(choice, caller, first));
    std::vector<Link> links;
    if (row.rows == 0)
        return links;
    SearchAsk query;
    query.query = {row.shape.element, row.shape.dim, row.vectors.data()};
    query.k = kLinks + 1;
    query.per_file = true;
    query.want_paths = true;
    SearchAnswer answer;
    VEXFS_TRY_VOID(
        collections_.search(inode.link.directory, caller, query, {&query.query, 1}, {&answer, 1}));
    for (const SearchHit& hit : answer.hits)
        if (hit.id.ino != file && !hit.path.empty() && links.size() < kLinks)
            links.push_back({link_name(links.size() + 1, hit.path), "../../" + hit.path});
    return links;
}

} // namespace vexfs
