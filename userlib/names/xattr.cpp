// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/xattr.h"

#include "base/checksum.h"
#include "userlib/names/edit.h"

namespace vexfs {

namespace {

constexpr size_t kHeadBytes = 16;
constexpr size_t kItemsAtOnce = 64;

Status check_xattr_name(std::string_view name) {
    if (name.empty() || name.size() > kNameBytesMax)
        return fail(Code::kERANGE, "xattr: a name of no or of more than 255 bytes");
    for (const std::string_view space : {"user.", "trusted.", "security."})
        if (name.starts_with(space))
            return name.size() > space.size()
                       ? ok()
                       : Status(fail(Code::kEINVAL, "xattr: a name space without a name"));
    return fail(Code::kEOPNOTSUPP, "xattr: a name space other than user, trusted and security");
}

// Where an attribute stands, or where it would.
struct XattrPlace {
    Key key;
    std::optional<Xattr> xattr;
};

Result<XattrPlace> find_xattr(Store& store, uint64_t ino, std::string_view name) {
    XattrPlace place{xattr_key(ino, name), {}};
    Key end = place.key;
    ++end.sub;
    uint32_t free = 0;
    for (const StoreItem& item : VEXFS_TRY(store.list(place.key, end, SIZE_MAX))) {
        Xattr xattr = VEXFS_TRY(decode_xattr(item.value));
        if (xattr.name == name)
            return XattrPlace{item.key, std::move(xattr)};
        if (item.key.tie == free)
            ++free;
    }
    if (free > UINT16_MAX)
        return fail(Code::kENOSPC, "xattr: too many names of one hash");
    place.key.tie = static_cast<uint16_t>(free);
    return place;
}

} // namespace

Page encode_xattr(const Xattr& xattr) {
    Page bytes(kHeadBytes + xattr.name.size() + xattr.value.size());
    store_le<uint64_t>(bytes.data(), xattr.object);
    store_le<uint32_t>(bytes.data() + 8, xattr.value_bytes);
    bytes[12] = static_cast<std::byte>(xattr.name.size());
    std::memcpy(bytes.data() + kHeadBytes, xattr.name.data(), xattr.name.size());
    if (!xattr.value.empty())
        std::memcpy(bytes.data() + kHeadBytes + xattr.name.size(), xattr.value.data(),
                    xattr.value.size());
    return bytes;
}

Result<Xattr> decode_xattr(Bytes bytes) {
    const Error malformed = fail(Code::kEUCLEAN, "xattr: the item is malformed");
    if (bytes.size() < kHeadBytes)
        return malformed;
    Xattr xattr;
    xattr.object = load_le<uint64_t>(bytes.data());
    xattr.value_bytes = load_le<uint32_t>(bytes.data() + 8);
    const auto name_bytes = static_cast<size_t>(bytes[12]);
    const size_t here = xattr.object == 0 ? xattr.value_bytes : 0;
    if (name_bytes == 0 || xattr.value_bytes > kXattrBytesMax ||
        bytes.size() != kHeadBytes + name_bytes + here || bytes[13] != std::byte{0} ||
        bytes[14] != std::byte{0} || bytes[15] != std::byte{0})
        return malformed;
    xattr.name.assign(reinterpret_cast<const char*>(bytes.data()) + kHeadBytes, name_bytes);
    const Bytes value = bytes.subspan(kHeadBytes + name_bytes);
    xattr.value.assign(value.begin(), value.end());
    return xattr;
}

Key xattr_key(uint64_t ino, std::string_view name, uint16_t number) {
    // The end of the list of one hash has to be a key too.
    return name_key(ino, NameItem::kXattr, xxh3_64(std::as_bytes(std::span(name)), ino) >> 1,
                    number);
}

Result<Page> Names::get_xattr(uint64_t ino, std::string_view name) {
    VEXFS_TRY_VOID(check_xattr_name(name));
    const auto held = locks_.lock_shared(ino);
    VEXFS_TRY(get(ino));
    XattrPlace place = VEXFS_TRY(find_xattr(store_, ino, name));
    if (!place.xattr)
        return fail(Code::kENODATA, "xattr: there is no such attribute");
    if (place.xattr->object == 0)
        return std::move(place.xattr->value);
    Page value(place.xattr->value_bytes);
    VEXFS_TRY_VOID(store_.read(place.xattr->object, 0, value));
    return value;
}

Result<std::vector<std::string>> Names::list_xattrs(uint64_t ino) {
    const auto held = locks_.lock_shared(ino);
    VEXFS_TRY(get(ino));
    std::vector<std::string> names;
    Key from = name_key(ino, NameItem::kXattr);
    for (;;) {
        const std::vector<StoreItem> items =
            VEXFS_TRY(store_.list(from, name_key_end(ino, NameItem::kXattr), kItemsAtOnce));
        for (const StoreItem& item : items)
            names.push_back(VEXFS_TRY(decode_xattr(item.value)).name);
        if (items.size() < kItemsAtOnce)
            return names;
        from = items.back().key;
        if (++from.tie == 0)
            ++from.sub;
    }
}

Status Names::set_xattr(uint64_t ino, std::string_view name, Bytes value, SetXattr how,
                        Timestamp now) {
    VEXFS_TRY_VOID(check_xattr_name(name));
    if (value.size() > kXattrBytesMax)
        return fail(Code::kE2BIG, "xattr: a value of more than 64 KiB");
    Xattr xattr;
    xattr.name = name;
    xattr.value_bytes = static_cast<uint32_t>(value.size());
    if (value.size() <= kXattrInlineMax)
        xattr.value.assign(value.begin(), value.end());
    else
        xattr.object = VEXFS_TRY(next_number());
    const auto held = locks_.lock({ino});
    Edit edit(*this);
    Inode* const inode = VEXFS_TRY(edit.inode(ino));
    const XattrPlace place = VEXFS_TRY(find_xattr(store_, ino, name));
    if (how == SetXattr::kCreate && place.xattr)
        return fail(Code::kEEXIST, "xattr: the attribute exists");
    if (how == SetXattr::kReplace && !place.xattr)
        return fail(Code::kENODATA, "xattr: there is no such attribute");
    if (place.xattr && place.xattr->object != 0)
        edit.transaction().destroy(place.xattr->object);
    if (xattr.object != 0)
        edit.transaction().write(xattr.object, 0, value);
    edit.transaction().put(place.key, encode_xattr(xattr));
    inode->ctime = now;
    return edit.apply();
}

Status Names::remove_xattr(uint64_t ino, std::string_view name, Timestamp now) {
    VEXFS_TRY_VOID(check_xattr_name(name));
    const auto held = locks_.lock({ino});
    Edit edit(*this);
    Inode* const inode = VEXFS_TRY(edit.inode(ino));
    const XattrPlace place = VEXFS_TRY(find_xattr(store_, ino, name));
    if (!place.xattr)
        return fail(Code::kENODATA, "xattr: there is no such attribute");
    if (place.xattr->object != 0)
        edit.transaction().destroy(place.xattr->object);
    edit.transaction().erase(place.key);
    inode->ctime = now;
    return edit.apply(Space::kFreeing);
}

// What a file was trusted with is lost with its first change.
Status Names::drop_capability(Edit& edit, uint64_t ino) {
    const XattrPlace place = VEXFS_TRY(find_xattr(store_, ino, "security.capability"));
    if (!place.xattr)
        return ok();
    if (place.xattr->object != 0)
        edit.transaction().destroy(place.xattr->object);
    edit.transaction().erase(place.key);
    return ok();
}

} // namespace vexfs
