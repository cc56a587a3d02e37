// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/fsx/model.h"

#include <algorithm>

namespace vexfs {

namespace {

void put(std::string& file, uint64_t offset, std::string_view bytes) {
    if (bytes.empty())
        return;
    file.resize(std::max<uint64_t>(file.size(), offset + bytes.size()));
    file.replace(offset, bytes.size(), bytes);
}

void zero(std::string& file, uint64_t offset, uint64_t length) {
    const uint64_t end = std::min<uint64_t>(file.size(), offset + length);
    if (offset < end)
        std::fill(file.begin() + static_cast<ptrdiff_t>(offset),
                  file.begin() + static_cast<ptrdiff_t>(end), '\0');
}

void grow(std::string& file, const Operation& operation) {
    if (operation.length > 0)
        file.resize(std::max<uint64_t>(file.size(), operation.offset + operation.length));
}

char byte_at(std::string_view file, size_t at) {
    return at < file.size() ? file[at] : '\0';
}

} // namespace

void Model::apply(const Operation& operation) {
    std::string& file = files_[operation.file];
    switch (operation.kind) {
    case Kind::kWrite:
    case Kind::kAppend:
    case Kind::kMapWrite:
    case Kind::kDirectWrite:
        return put(file, operation.offset, bytes_of(operation.number, operation.length));
    case Kind::kTruncate:
        return file.resize(operation.length);
    case Kind::kReserve:
        return grow(file, operation);
    case Kind::kZero:
        grow(file, operation);
        return zero(file, operation.offset, operation.length);
    case Kind::kPunch:
    case Kind::kZeroKeep:
        return zero(file, operation.offset, operation.length);
    case Kind::kCopy:
        return put(
            file, operation.offset,
            std::string(files_[operation.from_file], operation.from_offset, operation.length));
    default:
        return;
    }
}

std::vector<uint64_t> Model::sizes() const {
    std::vector<uint64_t> sizes;
    for (const std::string& file : files_)
        sizes.push_back(file.size());
    return sizes;
}

bool changes(Kind kind) {
    switch (kind) {
    case Kind::kWrite:
    case Kind::kAppend:
    case Kind::kMapWrite:
    case Kind::kDirectWrite:
    case Kind::kTruncate:
    case Kind::kReserve:
    case Kind::kPunch:
    case Kind::kZero:
    case Kind::kZeroKeep:
    case Kind::kCopy:
        return true;
    default:
        return false;
    }
}

bool is_between(std::string_view found, std::string_view before, std::string_view after) {
    if (found.size() < std::min(before.size(), after.size()) ||
        found.size() > std::max(before.size(), after.size()))
        return false;
    for (size_t at = 0; at < found.size(); ++at)
        if (found[at] != byte_at(before, at) && found[at] != byte_at(after, at))
            return false;
    return true;
}

bool is_allowed(std::string_view found, const History& history) {
    if (found == history.synced)
        return true;
    std::string_view before = history.synced;
    for (const std::string& after : history.later) {
        if (is_between(found, before, after))
            return true;
        before = after;
    }
    return false;
}

} // namespace vexfs
