// SPDX-License-Identifier: Apache-2.0
//
// `.similar/` in every directory of a collection: a directory for each file with rows, and in it
// symbolic links to the files below that are nearest to the file's first row.
//
// Nothing of it is kept: whoever lists or follows has the search done for himself, so that he sees
// what he may read and nothing else. A front end must not cache any of it across callers.
//
// Numbers of inodes are as in virtual_files.h: bit 63, 3 bits for what it is, then the number of
// the directory or file. That of a link has its rank in the 12 bits above the file's.
//
// Threads: any.
#pragma once

#include "userlib/engine/collections.h"
#include "userlib/engine/virtual_files.h"

namespace vexfs {

// Who asks, when it has to be known. EACCES if it cannot be.
using AskCaller = std::function<Result<Caller>()>;
// A caller who is not known.
Result<Caller> nobody();

class SimilarFiles {
  public:
    static constexpr std::string_view kName = ".similar";
    static constexpr uint32_t kLinks = 20; // of a file

    // Both outlive it.
    SimilarFiles(Collections& collections, Names& names)
        : collections_(collections), names_(names) {}

    static bool owns(uint64_t ino);

    // Of an ino that it owns. ESTALE if what it hangs on is gone.
    Result<Inode> inode(uint64_t ino);
    // Of kName in a directory on the disk, or of a name in one of its own. ENOENT, ENOTDIR, EACCES.
    Result<Entry> lookup(uint64_t directory, std::string_view name, const AskCaller& ask);
    // As Names::list(). EACCES.
    Result<std::vector<Listed>> list(uint64_t directory, uint64_t cursor, size_t entries_max,
                                     const AskCaller& ask);
    // ENOENT if so many files are not there any more.
    Result<std::string> read_link(uint64_t ino, const AskCaller& ask);

  private:
    struct Link {
        std::string name;
        std::string target;
    };

    Result<Entry> entry(uint64_t ino);
    Result<std::vector<Listed>> list_files(uint64_t ino, uint64_t cursor, size_t entries_max);
    Result<std::vector<Link>> links(uint64_t file, const AskCaller& ask);

    Collections& collections_;
    Names& names_;
};

} // namespace vexfs
