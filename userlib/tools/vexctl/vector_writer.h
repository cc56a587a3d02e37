// SPDX-License-Identifier: Apache-2.0
//
// A file of vectors that is written row by row and gets its name once it is whole.
//
// Threads: one thread.
#pragma once

#include <cstdio>
#include <memory>

#include "userlib/tools/vexctl/node.h"

namespace vexfs {

class VectorWriter {
  public:
    // The end of the name tells the format. EINVAL: none that is written, or not for this element.
    static Result<VectorWriter> create(const std::string& path, const vexfs_schema& schema,
                                       Failure& failure);
    ~VectorWriter();
    VectorWriter(VectorWriter&&) = default;
    VectorWriter& operator=(VectorWriter&&) = delete;

    Status add(const std::string& path, uint32_t number, const vexfs_row& row,
               const std::byte* vector, Failure& failure);
    Status finish(Failure& failure);

    [[nodiscard]] uint64_t rows() const { return rows_; }

  private:
    enum class Format { kBin, kVecs, kNpy, kJsonLines, kCsv };
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };

    VectorWriter(std::string path, const vexfs_schema& schema, Format format)
        : path_(std::move(path)), partial_(path_ + ".partial"), schema_(schema), format_(format) {}
    [[nodiscard]] std::string head() const;
    Status write(const std::string& bytes, Failure& failure);
    Error refuse_written(Failure& failure) const;

    std::string path_;
    std::string partial_; // "": it has its name, or was moved away
    vexfs_schema schema_;
    Format format_;
    std::unique_ptr<std::FILE, Closer> file_;
    uint64_t rows_ = 0;
};

} // namespace vexfs
