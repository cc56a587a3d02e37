// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "userlib/testing/wire/wire_rig.h"

using namespace vexfs;

namespace {

vexfs_attr file_at(WireRig& rig, uint64_t directory, const std::string& name, float at,
                   uint32_t mode = 0644) {
    const vexfs_attr file = rig.make(VEXFS_REQ_MKNOD, directory, name, mode);
    REQUIRE(rig.volume().set_xattr(file.ino, "user.vexfs.vector", bytes_of(at), SetXattr::kAny));
    return file;
}

uint64_t collection(WireRig& rig) {
    const vexfs_attr directory = rig.make(VEXFS_REQ_MKDIR, kRootIno, "d", 0755);
    Schema schema;
    schema.dim = 1;
    REQUIRE(rig.volume().schema_set(directory.ino, schema, false, {0, 0}).has_value());
    return directory.ino;
}

bool may_be_kept(const WireRig& rig) {
    const auto entry = rig.reply<vexfs_rep_entry>();
    return entry.entry_ns != 0 || entry.attr.valid_ns != 0;
}

} // namespace

TEST_CASE("similar: what one caller finds is kept for no other") {
    WireRig rig;
    RigCaller root;
    RigCaller user{Caller{1000, 1000}};
    rig.set_caller(user);
    CHECK(rig.lookup(kRootIno, ".similar").ino == 0);
    CHECK_FALSE(may_be_kept(rig));
    const uint64_t directory = collection(rig);
    file_at(rig, directory, "a", 0);
    file_at(rig, directory, "shut", 1, 0600);
    file_at(rig, directory, "b", 2);
    const uint64_t top = rig.lookup(directory, ".similar").ino;
    CHECK_FALSE(may_be_kept(rig));
    const uint64_t of_a = rig.lookup(top, "a").ino;
    CHECK_FALSE(may_be_kept(rig));
    CHECK(rig.lookup(of_a, "0001 shut").ino == 0);
    CHECK_FALSE(may_be_kept(rig));
    const uint64_t link = rig.lookup(of_a, "0001 b").ino;
    CHECK(link != 0);
    CHECK_FALSE(may_be_kept(rig));
    CHECK(rig.run(VEXFS_REQ_READLINK, link, {}).bytes == std::string_view("../../b").size());
    rig.set_caller(root);
    CHECK(rig.lookup(of_a, "0001 shut").ino != 0);
    CHECK(rig.run(VEXFS_REQ_READLINK, link, {}).bytes == std::string_view("../../shut").size());
}

TEST_CASE("similar: who cannot be known finds nothing") {
    WireRig rig;
    const uint64_t directory = collection(rig);
    file_at(rig, directory, "a", 0);
    file_at(rig, directory, "b", 1);
    const uint64_t of_a = rig.lookup(rig.lookup(directory, ".similar").ino, "a").ino;
    const uint64_t link = rig.lookup(of_a, "0001 b").ino;
    RigCaller unknown{Caller{1000, 1000}};
    unknown.known = false;
    rig.set_caller(unknown);
    const vexfs_req_readdir body{0, 4096, 0};
    CHECK(rig.run_with(VEXFS_REQ_READDIR, of_a, body).result == -EACCES);
    CHECK(rig.run_with(VEXFS_REQ_READDIRPLUS, of_a, body).result == -EACCES);
    CHECK(rig.run(VEXFS_REQ_READLINK, link, {}).result == -EACCES);
}
