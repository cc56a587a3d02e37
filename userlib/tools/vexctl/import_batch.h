// SPDX-License-Identifier: Apache-2.0
//
// Rows on their way into files of a directory: gathered, and put by messages of a bounded size.
//
// A file's rows are put at their numbers, so that a batch may be put twice. Files are made when
// their first row is put; rows that a file has already are counted, not put again.
//
// Threads: one thread.
#pragma once

#include "base/bytes.h"
#include "userlib/tools/vexctl/node.h"

namespace vexfs {

struct ImportCounts {
    uint64_t put = 0;     // rows
    uint64_t files = 0;   // made
    uint64_t present = 0; // rows that were there already
};

class ImportBatch {
  public:
    // `bytes`: of vectors that a message may take.
    ImportBatch(const Node& directory, const vexfs_schema& schema, size_t bytes);

    // The file that the next rows belong to. A file that is made holds `text`. How many rows it
    // has.
    Result<uint64_t> begin_file(const std::string& name, const std::string& text, Failure& failure);
    // The file's next row. It is already there if the file has more rows than were added so far.
    Status add(Bytes vector, uint64_t tag, Failure& failure);
    // Puts what was gathered.
    Status flush(Failure& failure);

    [[nodiscard]] const ImportCounts& counts() const { return counts_; }

  private:
    struct File {
        std::string name;
        uint32_t first;
        uint32_t rows;
    };

    const Node& directory_;
    const vexfs_schema& schema_;
    const size_t rows_max_;
    std::string name_;
    uint64_t present_ = 0; // rows that the file has
    uint64_t number_ = 0;  // of the file's next row
    std::vector<File> files_;
    std::vector<vexfs_row_meta> metas_;
    std::vector<std::byte> vectors_;
    ImportCounts counts_;
};

} // namespace vexfs
