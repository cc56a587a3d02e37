// SPDX-License-Identifier: Apache-2.0
//
// Requests that list directories.
#include <algorithm>

#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

// A name of one byte is the shortest.
template <typename Record>
constexpr size_t record_bytes(size_t name_bytes) {
    return sizeof(Record) + round_up<size_t>(name_bytes, 8);
}

vexfs_dirent dirent_of(const Listed& listed) {
    return {listed.ino, listed.next, listed.type, static_cast<uint32_t>(listed.name.size())};
}

// Appends one record with its name. False if it does not fit.
template <typename Record>
bool append(MutableBytes out, size_t& bytes, const Record& record, const std::string& name) {
    const size_t all = record_bytes<Record>(name.size());
    if (out.size() - bytes < all)
        return false;
    std::memcpy(out.data() + bytes, &record, sizeof record);
    std::memcpy(out.data() + bytes + sizeof record, name.data(), name.size());
    const size_t filled = sizeof record + name.size();
    std::memset(out.data() + bytes + filled, 0, all - filled);
    bytes += all;
    return true;
}

bool is_dot(const std::string& name) {
    return name == "." || name == "..";
}

} // namespace

Result<size_t> Dispatch::opendir(const WireRequest& request) {
    VEXFS_TRY(body_of<vexfs_req_open>(request));
    const Inode inode = VEXFS_TRY(volume_.get(VEXFS_TRY(node(request))));
    if (!inode.is_directory())
        return fail(Code::kENOTDIR, "request: not a directory");
    return reply_with(request, vexfs_rep_open{});
}

Result<size_t> Dispatch::readdir(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_readdir>(request));
    const MutableBytes out = request.out.first(std::min<size_t>(body.bytes, request.out.size()));
    const size_t entries_max = out.size() / record_bytes<vexfs_dirent>(1);
    size_t bytes = 0;
    for (const Listed& listed : VEXFS_TRY(
             volume_.list(VEXFS_TRY(node(request)), body.cookie, entries_max, caller_of(request))))
        if (!append(out, bytes, dirent_of(listed), listed.name))
            break;
    return bytes;
}

// An entry that goes while it is looked up is listed without its attributes.
Result<size_t> Dispatch::readdirplus(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_readdir>(request));
    const MutableBytes out = request.out.first(std::min<size_t>(body.bytes, request.out.size()));
    const size_t entries_max = out.size() / record_bytes<vexfs_direntplus>(1);
    const uint64_t directory = VEXFS_TRY(node(request));
    size_t bytes = 0;
    for (const Listed& listed :
         VEXFS_TRY(volume_.list(directory, body.cookie, entries_max, caller_of(request)))) {
        if (out.size() - bytes < record_bytes<vexfs_direntplus>(listed.name.size()))
            break;
        vexfs_direntplus record{};
        record.dirent = dirent_of(listed);
        if (!is_dot(listed.name)) {
            const Result<Entry> entry = volume_.lookup(directory, listed.name, caller_of(request));
            if (entry)
                record.entry = entry_of(*entry);
        }
        append(out, bytes, record, listed.name);
    }
    return bytes;
}

Result<size_t> Dispatch::nothing(const WireRequest&) {
    return size_t{0};
}

} // namespace vexfs
