// SPDX-License-Identifier: Apache-2.0
//
// Threads: one thread.
#include <memory>

#include "bench/instructions/cases.h"
#include "userlib/engine/filter/filter.h"

namespace vexfs {
namespace {

constexpr uint32_t kRows = 2'000;
constexpr int64_t kNow = 1'700'000'000;
constexpr std::string_view kFilter = "(tag = 3 or xattr user.kind = \"image\" and xattr user.score "
                                     "> 0.5) and not name \"*.tmp\" and age < 7d";

// One file in many forms: the row's number says which.
class Subject final : public FilterSubject {
  public:
    void be(uint32_t number) {
        number_ = number;
        names_ = {"picture-" + std::to_string(number) + (number % 11 == 0 ? ".tmp" : ".png")};
        inode_.mtime.sec = kNow - int64_t{number} * 600;
        inode_.mode = S_IFREG | 0644;
        inode_.size = number;
        score_ = std::to_string(number % 10 / 10.0);
    }
    [[nodiscard]] uint32_t row() const override { return number_; }
    [[nodiscard]] uint64_t tag() const override { return number_ % 5; }
    Result<bool> stale() override { return false; }
    Result<const Inode*> inode() override { return &inode_; }
    Result<const std::vector<std::string>*> names() override { return &names_; }
    Result<const std::vector<std::string>*> paths() override { return &names_; }
    Result<std::optional<Bytes>> xattr(std::string_view name) override {
        std::optional<Bytes> value;
        if (name == "user.kind")
            value = std::as_bytes(std::span(kind_));
        else if (name == "user.score")
            value = std::as_bytes(std::span(score_));
        return value;
    }

  private:
    uint32_t number_ = 0;
    Inode inode_;
    std::vector<std::string> names_;
    const std::string kind_ = "image";
    std::string score_;
};

Result<uint32_t> count_passing(const Filter& filter) {
    Subject subject;
    uint32_t passed = 0;
    uint64_t untyped = 0;
    for (uint32_t row = 0; row < kRows; ++row) {
        subject.be(row);
        passed += VEXFS_TRY(filter.passes(subject, untyped));
    }
    return passed;
}

Result<CountedWork> evaluate() {
    FilterFault fault;
    const auto filter =
        std::make_shared<Filter>(VEXFS_TRY(Filter::compile(kFilter, {kNow, 0}, fault)));
    const uint32_t passing = VEXFS_TRY(count_passing(*filter));
    if (passing == 0 || passing == kRows)
        return fail(Code::kEIO, "the filter decides nothing");
    return CountedWork([filter, passing]() -> Status {
        return VEXFS_TRY(count_passing(*filter)) == passing
                   ? ok()
                   : Status(fail(Code::kEIO, "the filter changed its mind"));
    });
}

Result<CountedWork> compile() {
    return CountedWork([]() -> Status {
        for (int i = 0; i < 100; ++i) {
            FilterFault fault;
            VEXFS_TRY_VOID(Filter::compile(kFilter, {kNow, 0}, fault));
        }
        return ok();
    });
}

constexpr CountedCase kCases[] = {
    {"filter-rows", "a filter of five tests, asked about 2,000 rows", evaluate},
    {"filter-compile", "that filter compiled 100 times", compile},
};

} // namespace

std::span<const CountedCase> filter_cases() {
    return kCases;
}

} // namespace vexfs
