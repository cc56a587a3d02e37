// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/staging.h"

#include <algorithm>

#include "base/guard.h"

namespace vexfs {

namespace {

constexpr size_t kPieceCost = 64; // of an entry of the map

} // namespace

Status CountedBytes::grow(size_t size, size_t capacity) {
    if (size > counted_) {
        capacity = std::max(size, capacity);
        // While it moves, both are there.
        VEXFS_TRY_VOID(memory_.take(uid_, capacity));
        const Status grown = guard(fail(Code::kEIO, "session: memory"), [&]() -> Status {
            bytes_.reserve(capacity);
            return ok();
        });
        memory_.give_back(uid_, grown ? counted_ : capacity);
        VEXFS_TRY_VOID(grown);
        counted_ = capacity;
    }
    if (size > bytes_.size())
        bytes_.resize(size);
    return ok();
}

void CountedBytes::clear() {
    std::vector<std::byte>().swap(bytes_);
    memory_.give_back(uid_, counted_);
    counted_ = 0;
}

Status Staging::put(uint64_t offset, Bytes piece) {
    if (offset > VEXFS_MAX_MESSAGE || piece.size() > VEXFS_MAX_MESSAGE - offset)
        return fail(Code::kEFBIG, "session: a message has at most 64 MiB");
    if (piece.empty())
        return ok();
    const uint64_t end = offset + piece.size();
    size_t capacity = std::max<size_t>(end, expected_bytes(offset, piece));
    Status grown = bytes_.grow(end, capacity);
    while (!grown && capacity > end) { // as much as there is, so that it moves seldom
        capacity = end + (capacity - end) / 2;
        grown = bytes_.grow(end, capacity);
    }
    VEXFS_TRY_VOID(grown);
    VEXFS_TRY_VOID(note(offset, end));
    std::memcpy(bytes_.bytes().data() + offset, piece.data(), piece.size());
    return ok();
}

// How large it will be: the header tells; without it, it grows by doubling.
size_t Staging::expected_bytes(uint64_t offset, Bytes piece) const {
    uint64_t expected = message_bytes();
    if (offset == 0 && piece.size() >= sizeof(vexfs_msg))
        expected = load_le<uint32_t>(piece.data() + offsetof(vexfs_msg, size));
    else if (expected == 0 && offset + piece.size() > bytes_.size())
        expected = 2 * (offset + piece.size());
    return std::min<uint64_t>(expected, VEXFS_MAX_MESSAGE);
}

// Joins the piece with those that it touches.
Status Staging::note(uint64_t begin, uint64_t end) {
    auto next = pieces_.upper_bound(begin);
    if (next != pieces_.begin() && std::prev(next)->second >= begin)
        --next;
    uint64_t joined = 0;
    auto last = next;
    for (; last != pieces_.end() && last->first <= end; ++last) {
        begin = std::min(begin, last->first);
        end = std::max(end, last->second);
        joined += last->second - last->first;
    }
    VEXFS_TRY_VOID(memory_.take(uid_, kPieceCost));
    pieces_.erase(next, last);
    pieces_.emplace(begin, end);
    staged_bytes_ += end - begin - joined;
    const size_t cost = pieces_.size() * kPieceCost;
    memory_.give_back(uid_, pieces_counted_ + kPieceCost - cost);
    pieces_counted_ = cost;
    return ok();
}

void Staging::clear() {
    bytes_.clear();
    pieces_.clear();
    memory_.give_back(uid_, pieces_counted_);
    pieces_counted_ = 0;
    staged_bytes_ = 0;
}

bool Staging::has(uint64_t end) const {
    return !pieces_.empty() && pieces_.begin()->first == 0 && pieces_.begin()->second >= end;
}

uint32_t Staging::message_bytes() const {
    if (!has(sizeof(vexfs_msg)))
        return 0;
    return load_le<uint32_t>(bytes_.bytes().data() + offsetof(vexfs_msg, size));
}

Result<Bytes> Staging::message() const {
    const uint32_t size = message_bytes();
    if (size == 0 || !has(size))
        return fail(Code::kEINVAL, "session: the message is not complete");
    const Bytes message = bytes_.bytes().first(size);
    if (!header_readable(message))
        return fail(Code::kEINVAL, "session: the header cannot be answered");
    return message;
}

Result<MutableBytes> KeptReply::take(size_t bytes) {
    VEXFS_TRY_VOID(bytes_.grow(bytes, bytes));
    return bytes_.bytes();
}

void KeptReply::clear() {
    bytes_.clear();
    used_ = 0;
}

} // namespace vexfs
