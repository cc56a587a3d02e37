// SPDX-License-Identifier: Apache-2.0
//
// The vectors that a command line gives, one after the other, in the type that a schema wants.
//
// Threads: one thread.
#pragma once

#include "userlib/tools/vectors/source.h"
#include "userlib/tools/vexctl/node.h"

namespace vexfs {

class VectorInput {
  public:
    // From --vector, --vector-file or --stdin, one of which is given.
    static Result<VectorInput> open(const Invocation& invocation, const vexfs_schema& schema,
                                    Failure& failure);

    // Appends the next vector to `vectors`; false: there is none.
    Result<bool> next(std::vector<std::byte>& vectors, Failure& failure);

  private:
    VectorInput(std::string name, const vexfs_schema& schema)
        : name_(std::move(name)), schema_(schema) {}
    Result<bool> next_record(Record& record, Failure& failure);
    Result<bool> next_line(Record& record, Failure& failure);

    std::string name_; // of what is read, for people
    vexfs_schema schema_;
    std::string text_; // of --vector
    std::optional<Stream> lines_;
    std::unique_ptr<VectorSource> source_;
    uint64_t number_ = 0; // of lines, from 1
};

// Appends the record's vector as the schema wants it; a sentence that says why not.
std::string append_converted(const Record& record, const vexfs_schema& schema,
                             std::vector<std::byte>& vectors);

} // namespace vexfs
