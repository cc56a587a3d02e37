// SPDX-License-Identifier: Apache-2.0
//
// A directory or file whose rows a subcommand works on, by way of libvexfs.
//
// Threads: one thread.
#pragma once

#include <functional>
#include <memory>

#include <nlohmann/json.hpp>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"
#include "userlib/tools/vexctl/command.h"
#include "userlib/tools/vexctl/failure.h"

namespace vexfs {

using Json = nlohmann::ordered_json;

// What libvexfs said, as a failure of `subject`, with advice.
Error explain(int result, const std::string& subject, const vexfs_reason& reason, Failure& failure);
// A failure of the program's own.
Error refuse(Code code, std::string subject, std::string sentence, std::string hint,
             Failure& failure);
// A command line that is understood, but makes no sense.
Error refuse_usage(const Invocation& invocation, std::string sentence, Failure& failure);

// The exit status of what a subcommand did; prints the failure if there is one.
int end_of(const Result<int>& done, const Invocation& invocation, const Failure& failure);

// The value of an option; `otherwise` if it is not given.
Result<uint64_t> number_option(const Invocation& invocation, const char* name, uint64_t least,
                               uint64_t most, uint64_t otherwise, Failure& failure);

void print_json(const Json& json);
// Bytes of a name as a terminal may be shown them.
std::string printable(std::string_view name);
// The text, or, if it is no UTF-8, what can be shown of it and its bytes in base64 as NAME_base64.
void add_bytes(Json& json, const char* name, std::string_view bytes);
std::string grouped(uint64_t number); // "1,234,567"

class Node {
  public:
    static Result<Node> open(const std::string& path, Failure& failure);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] vexfs_node* raw() const { return handle_.get(); }
    [[nodiscard]] int descriptor() const { return vexfs_node_fd(handle_.get()); }

    [[nodiscard]] Result<vexfs_schema_reply> schema(Failure& failure) const;
    // `name`: of a file in this directory; nullptr: the node.
    [[nodiscard]] Result<vexfs_stat_reply> stat(const char* name, uint32_t flags,
                                                Failure& failure) const;
    // Visits the rows of a file from `first` on, `count` of them at most, in slices.
    using Visit =
        std::function<Status(uint32_t number, const vexfs_row& row, const std::byte* vector)>;
    Status rows(const char* name, const vexfs_schema& schema, uint32_t first, uint64_t count,
                const Visit& visit, Failure& failure) const;
    Status sync(uint32_t flags, Failure& failure) const;

  private:
    struct Closer {
        void operator()(vexfs_node* node) const { vexfs_node_close(node); }
    };
    using Handle = std::unique_ptr<vexfs_node, Closer>;

    Node(std::string path, Handle handle) : path_(std::move(path)), handle_(std::move(handle)) {}

    std::string path_;
    Handle handle_;
};

struct Free {
    void operator()(void* allocation) const { std::free(allocation); }
};

} // namespace vexfs
