// SPDX-License-Identifier: Apache-2.0
//
// What a search found, as a person, a script or a program wants to read it.
//
// Threads: one thread; it writes to stdout, remarks to stderr.
#pragma once

#include "userlib/tools/vexctl/node.h"

namespace vexfs {

class HitPrinter {
  public:
    HitPrinter(const Invocation& invocation, std::string directory, uint32_t wanted);

    // The answers to the next queries.
    void add(const vexfs_hits& hits);
    // The same for EXPLAIN.
    void add(const vexfs_explain_reply& head, std::span<const vexfs_explain> answers);
    // Whatever is printed once at the end.
    void finish();

    [[nodiscard]] uint64_t found() const { return found_; }
    [[nodiscard]] bool degraded() const { return degraded_; }

  private:
    enum class Form { kText, kTabs, kNull, kJson, kJsonLines };

    void add_answer(const vexfs_answer& answer, std::span<const vexfs_hit> hits,
                    std::span<const char* const> paths);
    void remark(const vexfs_answer& answer) const;
    [[nodiscard]] std::string full_path(const char* path) const;

    Form form_ = Form::kText;
    const std::string directory_;
    const uint32_t wanted_;
    uint64_t query_ = 0; // number of the next one
    uint64_t found_ = 0;
    bool degraded_ = false;
    Json queries_ = Json::array();
};

} // namespace vexfs
