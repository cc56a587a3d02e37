// SPDX-License-Identifier: Apache-2.0
//
// Requests on extended attributes.
#include <linux/xattr.h>
#include <sys/xattr.h>

#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

Result<SetXattr> set_mode_of(uint32_t flags) {
    switch (flags) {
    case 0:
        return SetXattr::kAny;
    case XATTR_CREATE:
        return SetXattr::kCreate;
    case XATTR_REPLACE:
        return SetXattr::kReplace;
    default:
        return fail(Code::kEINVAL, "request: flags of setxattr");
    }
}

// Room 0 asks for the size.
Result<size_t> reply_value(const WireRequest& request, uint32_t room, Bytes value) {
    size_t bytes =
        VEXFS_TRY(reply_with(request, vexfs_rep_xattr{static_cast<uint32_t>(value.size()), 0}));
    if (room == 0)
        return bytes;
    if (value.size() > room || value.size() > request.out.size() - bytes)
        return fail(Code::kERANGE, "request: the value is larger than its room");
    if (!value.empty())
        std::memcpy(request.out.data() + bytes, value.data(), value.size());
    return bytes + value.size();
}

} // namespace

Result<size_t> Dispatch::setxattr(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_xattr>(request));
    if (request.payload.size() != uint64_t{body.name_bytes} + body.value_bytes)
        return fail(Code::kEINVAL, "request: the payload is not name and value");
    VEXFS_TRY_VOID(volume_.set_xattr(
        VEXFS_TRY(node(request)), text_of(request.payload.first(body.name_bytes)),
        request.payload.subspan(body.name_bytes), VEXFS_TRY(set_mode_of(body.flags))));
    return size_t{0};
}

Result<size_t> Dispatch::getxattr(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_xattr>(request));
    const Page value = VEXFS_TRY(
        volume_.get_xattr(VEXFS_TRY(node(request)), VEXFS_TRY(name_of(request, body.name_bytes))));
    return reply_value(request, body.value_bytes, value);
}

// The kernel keeps trusted names from others than root, but does not look into a list.
Result<size_t> Dispatch::listxattr(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_xattr>(request));
    std::string names;
    for (const std::string& name : VEXFS_TRY(volume_.list_xattrs(VEXFS_TRY(node(request)))))
        if (request.header.uid == 0 || !name.starts_with(XATTR_TRUSTED_PREFIX))
            names.append(name).push_back('\0');
    return reply_value(request, body.value_bytes, std::as_bytes(std::span(names)));
}

Result<size_t> Dispatch::removexattr(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_xattr>(request));
    VEXFS_TRY_VOID(volume_.remove_xattr(VEXFS_TRY(node(request)),
                                        VEXFS_TRY(name_of(request, body.name_bytes))));
    return size_t{0};
}

} // namespace vexfs
