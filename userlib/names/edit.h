// SPDX-License-Identifier: Apache-2.0
//
// One change of the namespace while it is put together: a transaction, and the inodes it changes.
//
// An inode that several parts of a verb change is one object here and one item of the transaction.
//
// Threads: one thread, which holds the locks of all inodes that it names.
#pragma once

#include "userlib/names/names.h"

namespace vexfs {

class Edit {
  public:
    explicit Edit(Names& names) : names_(names) {}

    // The inode, to be changed; it stays where it is. ESTALE.
    Result<Inode*> inode(uint64_t ino);
    // A directory that still has a name. ENOTDIR, ENOENT.
    Result<Inode*> directory(uint64_t ino);
    Inode* add(uint64_t ino, const Inode& inode);

    // A directory gets, loses or changes an entry. Times and link counts of directories are the
    // caller's.
    void put_name(const Link& link, const Dirent& dirent);
    void erase_name(const Link& link);

    // What the inode knows of its names. nlink is not touched.
    Status add_link(uint64_t ino, const Link& link);
    Status remove_link(uint64_t ino, const Link& link);
    Status move_link(uint64_t ino, const Link& from, const Link& to);

    // The inode loses a name, and is gone if that was the last one: at once, or with the last who
    // holds it. Pointers to it end.
    Status drop(uint64_t ino, const Link& link);
    // Takes the inode and all that belongs to it from the volume.
    Status destroy(uint64_t ino);

    Transaction& transaction() { return transaction_; }
    Status apply(Space space = Space::kNormal);

  private:
    Status abandon(uint64_t ino);
    Result<std::vector<StoreItem>> links_at(uint64_t ino, uint64_t position);

    Names& names_;
    Transaction transaction_;
    std::map<uint64_t, Inode> inodes_;
};

} // namespace vexfs
