// SPDX-License-Identifier: Apache-2.0
//
// Random valid messages, for the tests of this folder and the seeds of its fuzzers.
//
// A sample owns the bytes that its message points into. Small on purpose: the interesting sizes are
// 0, 1 and a few.
//
// Threads: one thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "userlib/frontend/wire/codec/reply.h"

namespace vexfs {

class Sampler {
  public:
    explicit Sampler(uint64_t seed) : random_(seed) {}

    // A request of the given alternative of Request (variant index), valid in every respect.
    Request request(size_t alternative);
    // A reply of the given alternative of Reply.
    Reply reply(size_t alternative);

    Random& random() { return random_; }

  private:
    Head head(uint32_t flags_allowed);
    Bytes bytes(size_t count);
    Bytes vectors(uint32_t element, uint32_t dim, size_t count);
    std::string_view name(size_t length);
    std::string_view strings(size_t count);
    template <typename T>
    Records<T> records(std::vector<T> values);
    vexfs_file file(std::string_view& file_name);
    SchemaSetRequest schema_set();
    PutRequest put();
    template <typename T>
    T query();
    SearchReply search_reply();
    PutReply put_reply();

    Random random_;
    std::deque<std::vector<std::byte>> bytes_; // deque: growing moves no element
    std::deque<std::string> texts_;
};

} // namespace vexfs
