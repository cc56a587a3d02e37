// SPDX-License-Identifier: Apache-2.0
//
// For the tests: a row of a file that is what its fields say, and remembers what it was asked.
//
// Threads: one thread.
#pragma once

#include <map>

#include "userlib/engine/filter/filter.h"

namespace vexfs {

struct TestFile final : FilterSubject {
    uint32_t row_number = 0;
    uint64_t tag_number = 0;
    bool is_stale = false;
    Inode node;
    std::vector<std::string> known_names;
    std::vector<std::string> known_paths;
    std::map<std::string, std::string, std::less<>> attributes;

    std::string asked; // a word for each question
    Code failure{};    // of every question that can fail, if it is one

    [[nodiscard]] uint32_t row() const override { return row_number; }
    [[nodiscard]] uint64_t tag() const override { return tag_number; }
    Result<bool> stale() override { return answer("stale ", is_stale); }
    Result<const Inode*> inode() override { return answer<const Inode*>("inode ", &node); }
    Result<const std::vector<std::string>*> names() override {
        return answer<const std::vector<std::string>*>("names ", &known_names);
    }
    Result<const std::vector<std::string>*> paths() override {
        return answer<const std::vector<std::string>*>("paths ", &known_paths);
    }
    Result<std::optional<Bytes>> xattr(std::string_view name) override {
        const auto found = attributes.find(name);
        std::optional<Bytes> value;
        if (found != attributes.end())
            value = std::as_bytes(std::span(found->second));
        return answer(std::string(name) + " ", value);
    }

  private:
    template <typename T>
    Result<T> answer(std::string_view question, T value) {
        asked += question;
        if (failure != Code{})
            return fail(failure, "test: the file cannot be asked");
        return value;
    }
};

} // namespace vexfs
