// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/filter/filter.h"

#include <algorithm>

#include "userlib/engine/filter/glob.h"
#include "userlib/engine/filter/number.h"
#include "userlib/engine/filter/parser.h"

namespace vexfs {

namespace {

// What a part costs at most: the kinds of tests stand in that order.
size_t cost(const FilterNode& node) {
    size_t most = node.kind == FilterNode::Kind::kTest ? node.test.index() : 0;
    for (const FilterNode& part : node.parts)
        most = std::max(most, cost(part));
    return most;
}

void order_by_cost(FilterNode& node) {
    for (FilterNode& part : node.parts)
        order_by_cost(part);
    std::ranges::stable_sort(node.parts, {}, cost);
}

// One row before the filter.
class Evaluation {
  public:
    explicit Evaluation(FilterSubject& subject) : subject_(subject) {}

    [[nodiscard]] bool untyped() const { return untyped_; }

    Result<bool> passes(const FilterNode& node) {
        if (node.kind == FilterNode::Kind::kTest)
            return std::visit(*this, node.test);
        if (node.kind == FilterNode::Kind::kNot)
            return !VEXFS_TRY(passes(node.parts.front()));
        const bool decisive = node.kind == FilterNode::Kind::kOr;
        for (const FilterNode& part : node.parts)
            if (VEXFS_TRY(passes(part)) == decisive)
                return decisive;
        return !decisive;
    }

    Result<bool> operator()(const RowTest& test) {
        return holds(test.comparison, uint64_t{subject_.row()}, test.value);
    }
    Result<bool> operator()(const TagTest& test) {
        return holds(test.comparison, subject_.tag(), test.value);
    }
    Result<bool> operator()(const TagRangeTest& test) {
        return test.first <= subject_.tag() && subject_.tag() <= test.last;
    }
    Result<bool> operator()(const StaleTest&) { return subject_.stale(); }
    Result<bool> operator()(const TypeTest& test) {
        const Inode* const inode = VEXFS_TRY(subject_.inode());
        return (inode->mode & S_IFMT) == test.format;
    }
    Result<bool> operator()(const InodeTest& test) {
        const Inode* const inode = VEXFS_TRY(subject_.inode());
        const uint64_t value = test.number == InodeNumber::kSize  ? inode->size
                               : test.number == InodeNumber::kUid ? inode->uid
                                                                  : inode->gid;
        return holds(test.comparison, value, test.value);
    }
    Result<bool> operator()(const TimeTest& test) {
        const Timestamp mtime = VEXFS_TRY(subject_.inode())->mtime;
        return holds(test.comparison, std::pair(mtime.sec, mtime.nsec),
                     std::pair(test.value.sec, test.value.nsec));
    }
    Result<bool> operator()(const NameTest& test) {
        return any_matches(*VEXFS_TRY(subject_.names()), test.glob);
    }
    Result<bool> operator()(const PathTest& test) {
        return any_matches(*VEXFS_TRY(subject_.paths()), test.glob);
    }
    Result<bool> operator()(const HasTest& test) {
        return VEXFS_TRY(subject_.xattr(test.name)).has_value() == test.wanted;
    }
    Result<bool> operator()(const XattrNumberTest& test) {
        const std::optional<Bytes> value = VEXFS_TRY(subject_.xattr(test.name));
        if (!value)
            return false;
        const std::optional<double> number = parse_decimal(text_of(*value));
        if (!number)
            untyped_ = true;
        return number && holds(test.comparison, *number, test.value);
    }
    Result<bool> operator()(const XattrTextTest& test) {
        const std::optional<Bytes> value = VEXFS_TRY(subject_.xattr(test.name));
        return value && holds(test.comparison, text_of(*value), std::string_view(test.value));
    }

  private:
    static std::string_view text_of(Bytes bytes) {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    static Result<bool> any_matches(const std::vector<std::string>& names,
                                    const std::string& glob) {
        for (const std::string& name : names)
            if (VEXFS_TRY(glob_matches(glob, name)))
                return true;
        return false;
    }

    FilterSubject& subject_;
    bool untyped_ = false;
};

} // namespace

Result<Filter> Filter::compile(std::string_view text, Timestamp now, FilterFault& fault) {
    FilterNode root = VEXFS_TRY(FilterParser(text, now, fault).parse());
    order_by_cost(root);
    return Filter(std::move(root));
}

Result<bool> Filter::passes(FilterSubject& subject, uint64_t& untyped) const {
    Evaluation evaluation(subject);
    const bool passed = VEXFS_TRY(evaluation.passes(root_));
    untyped += evaluation.untyped() ? 1 : 0;
    return passed;
}

} // namespace vexfs
