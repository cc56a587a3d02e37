// SPDX-License-Identifier: Apache-2.0
//
// A file of vectors, read record by record in memory that does not depend on its length. The end of
// its name tells the format:
//
//   .fvecs .bvecs .ivecs   each row is u32 dim and dim elements: f32, u8, i32
//   .fbin .u8bin .i8bin    u32 rows, u32 dim, then the rows: f32, u8, i8
//   .npy                   NumPy 1.0 to 3.0, C order, one or two axes: f2 f4 f8 i1 u1 i4
//   .jsonl .ndjson         an object a line
//   .csv                   RFC 4180, a record a line
//
// Every count and size is held against the file before it is believed. A record that is wrong by
// itself is handed out with the sentence that says so; a file that is wrong ends the reading.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <optional>

#include "userlib/tools/vectors/elements.h"
#include "userlib/tools/vectors/stream.h"

namespace vexfs {

// Of .jsonl and .csv: which columns mean what.
struct Columns {
    std::string vector; // empty: "vector"; in a .csv without it every column that is nothing else
    std::string name;   // of the file that gets the row; empty: none
    std::string tag;    // empty: "tag", if there is one
    std::string text;   // what the file holds; empty: none
    bool header = true; // the first line of a .csv names the columns, else they are 1, 2, 3...
};

struct Record {
    uint64_t number = 0; // in the file, from 0
    uint64_t offset = 0; // where it begins
    uint16_t element = 0;
    uint32_t dim = 0;
    std::vector<std::byte> vector;
    std::optional<std::string> name;
    std::optional<uint64_t> tag;
    std::string text;
    std::string bad; // not empty: why the record is none, and nothing else is set
};

class VectorSource {
  public:
    // Reads what the file says of itself. EINVAL: the name ends like no known format. EBADMSG: it
    // is malformed, and `fault` says where.
    static Result<std::unique_ptr<VectorSource>> open(const std::string& path,
                                                      const Columns& columns, Fault& fault);
    virtual ~VectorSource() = default;
    VectorSource(const VectorSource&) = delete;
    VectorSource& operator=(const VectorSource&) = delete;

    // The next record; false at the end.
    virtual Result<bool> next(Record& record, Fault& fault) = 0;

    // 0: each record tells.
    [[nodiscard]] uint32_t dim() const { return dim_; }
    [[nodiscard]] uint16_t element() const { return element_; }
    // 0: not known before the end.
    [[nodiscard]] uint64_t rows() const { return rows_; }
    [[nodiscard]] uint64_t offset() const { return stream_.offset(); }
    [[nodiscard]] uint64_t size_bytes() const { return stream_.size_bytes(); }

  protected:
    explicit VectorSource(Stream stream) : stream_(std::move(stream)) {}

    Stream stream_;
    uint32_t dim_ = 0;
    uint16_t element_ = 0;
    uint64_t rows_ = 0;
};

// Whether the name ends like a format that open() knows.
bool is_vector_file(std::string_view path);

// The two families, for open().
Result<std::unique_ptr<VectorSource>> open_binary(Stream stream, std::string_view format,
                                                  Fault& fault);
Result<std::unique_ptr<VectorSource>> open_text(Stream stream, std::string_view format,
                                                const Columns& columns, Fault& fault);

} // namespace vexfs
