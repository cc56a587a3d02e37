// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/replay.h"

#include <doctest/doctest.h>
#include <linux/fs.h>
#include <sys/xattr.h>

#include "userlib/testing/queue/queue_rig.h"

using namespace vexfs;

namespace {

struct Fixture : QueueRig {
    Fixture() { VEXFS_ASSERT(server().start()); }

    // Sends it as new or again.
    PeerReply made(uint32_t op, const std::string& name, bool again,
                   const std::string& target = "") {
        return make(op, kRootIno, name, target, again ? VEXFS_REQUEST_REPLAY : 0);
    }
    uint64_t file(const std::string& name) {
        return as<vexfs_rep_entry>(made(VEXFS_REQ_MKNOD, name, false)).attr.ino;
    }
    PeerReply again(uint32_t op, const std::string& name) {
        return named(op, kRootIno, name, 0, VEXFS_REQUEST_REPLAY);
    }
    PeerReply rename(const std::string& from, const std::string& to, uint32_t mode) {
        const vexfs_req_rename body{kRootIno, 1, mode, static_cast<uint32_t>(from.size()),
                                    static_cast<uint32_t>(to.size())};
        return send(VEXFS_REQ_RENAME, kRootIno, body, from + to, 0, 0, VEXFS_REQUEST_REPLAY);
    }
    PeerReply link(uint64_t ino, const std::string& name, uint32_t flags) {
        const vexfs_req_link body{ino, 1, static_cast<uint32_t>(name.size())};
        return send(VEXFS_REQ_LINK, kRootIno, body, name, sizeof(vexfs_rep_entry), 0, flags);
    }
    uint32_t links(uint64_t ino) {
        return as<vexfs_rep_attr>(send(VEXFS_REQ_GETATTR, ino, sizeof(vexfs_rep_attr))).attr.nlink;
    }
};

} // namespace

TEST_CASE("replay: what was made before is recognised, what was not is made") {
    Fixture rig;
    for (const uint32_t op :
         {VEXFS_REQ_MKDIR, VEXFS_REQ_MKNOD, VEXFS_REQ_CREATE, VEXFS_REQ_SYMLINK}) {
        CAPTURE(op);
        const std::string name = "n" + std::to_string(op);
        const std::string target = op == VEXFS_REQ_SYMLINK ? "somewhere" : "";
        const PeerReply first = rig.made(op, name, false, target);
        REQUIRE(first.result == 0);
        CHECK(rig.made(op, name, false, target).result == -EEXIST);
        const PeerReply second = rig.made(op, name, true, target);
        REQUIRE(second.result == 0);
        CHECK(second.bytes.size() == first.bytes.size());
        CHECK(Fixture::as<vexfs_rep_entry>(second).attr.ino ==
              Fixture::as<vexfs_rep_entry>(first).attr.ino);
        REQUIRE(rig.made(op, "lost" + name, true, target).result == 0);
        CHECK(rig.find(kRootIno, "lost" + name) != 0);
    }
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("replay: what another made is not taken for one's own") {
    Fixture rig;
    const uint64_t file = rig.file("f");
    REQUIRE(rig.write(file, 0, "data").result == 0);
    CHECK(rig.made(VEXFS_REQ_MKNOD, "f", true).result == -EEXIST);
    CHECK(rig.made(VEXFS_REQ_MKDIR, "f", true).result == -EEXIST);
    rig.file("marked");
    const uint64_t marked = rig.find(kRootIno, "marked");
    REQUIRE(rig.send(VEXFS_REQ_SETXATTR, marked, vexfs_req_xattr{6, 1, 0, 0}, "user.a1").result ==
            0);
    CHECK(rig.made(VEXFS_REQ_MKNOD, "marked", true).result == -EEXIST);
    REQUIRE(rig.made(VEXFS_REQ_MKDIR, "d", false).result == 0);
    REQUIRE(rig.make(VEXFS_REQ_MKNOD, rig.find(kRootIno, "d"), "inside").result == 0);
    CHECK(rig.made(VEXFS_REQ_MKDIR, "d", true).result == -EEXIST);
    REQUIRE(rig.made(VEXFS_REQ_SYMLINK, "s", false, "here").result == 0);
    CHECK(rig.made(VEXFS_REQ_SYMLINK, "s", true, "there").result == -EEXIST);
    const vexfs_req_make other_owner{0640, 9, 8, 0, 0, 0, 5, 0};
    rig.file("owned");
    CHECK(rig.send(VEXFS_REQ_MKNOD, kRootIno, other_owner, "owned", sizeof(vexfs_rep_entry), 0,
                   VEXFS_REQUEST_REPLAY)
              .result == -EEXIST);
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("replay: a link is made once") {
    Fixture rig;
    const uint64_t ino = rig.file("f");
    REQUIRE(rig.link(ino, "g", 0).result == 0);
    const PeerReply again = rig.link(ino, "g", VEXFS_REQUEST_REPLAY);
    REQUIRE(again.result == 0);
    CHECK(Fixture::as<vexfs_rep_entry>(again).attr.ino == ino);
    CHECK(rig.links(ino) == 2);
    rig.file("other");
    CHECK(rig.link(ino, "other", VEXFS_REQUEST_REPLAY).result == -EEXIST);
    CHECK(rig.links(ino) == 2);
}

TEST_CASE("replay: what is gone already was removed") {
    Fixture rig;
    rig.file("f");
    CHECK(rig.again(VEXFS_REQ_UNLINK, "f").result == 0);
    CHECK(rig.again(VEXFS_REQ_UNLINK, "f").result == 0);
    CHECK(rig.named(VEXFS_REQ_UNLINK, kRootIno, "f").result == -ENOENT);
    REQUIRE(rig.made(VEXFS_REQ_MKDIR, "d", false).result == 0);
    CHECK(rig.again(VEXFS_REQ_RMDIR, "d").result == 0);
    CHECK(rig.again(VEXFS_REQ_RMDIR, "d").result == 0);
    CHECK(rig.find(kRootIno, "d") == 0);
}

TEST_CASE("replay: a rename is done if it was not, and refused if that cannot be known") {
    Fixture rig;
    const uint64_t ino = rig.file("a");
    rig.file("b");
    CHECK(rig.rename("a", "b", 0).result == 0);
    CHECK(rig.find(kRootIno, "b") == ino);
    CHECK(rig.rename("a", "b", 0).result == -ENOTCONN);
    CHECK(rig.find(kRootIno, "b") == ino);
    rig.file("c");
    CHECK(rig.rename("b", "c", RENAME_EXCHANGE).result == -ENOTCONN);
    CHECK(rig.find(kRootIno, "b") == ino);
    CHECK(rig.rename("b", "c", RENAME_NOREPLACE).result == -EEXIST);
}

TEST_CASE("replay: a write to its place is done, an append is refused") {
    Fixture rig;
    const uint64_t ino = rig.file("f");
    REQUIRE(rig.write(ino, 0, "one").result == 0);
    CHECK(rig.write(ino, 0, "one", 0, VEXFS_REQUEST_REPLAY).result == 0);
    CHECK(rig.write(ino, 0, "two", VEXFS_IO_APPEND, VEXFS_REQUEST_REPLAY).result == -ENOTCONN);
    CHECK(Fixture::text(rig.read(ino, 0, 100)) == "one");
}

TEST_CASE("replay: attributes are set and removed once") {
    Fixture rig;
    const uint64_t ino = rig.file("f");
    const auto set = [&](const std::string& value, uint32_t mode, uint32_t flags) {
        const vexfs_req_xattr body{6, static_cast<uint32_t>(value.size()), mode, 0};
        return rig.send(VEXFS_REQ_SETXATTR, ino, body, "user.a" + value, 0, 0, flags).result;
    };
    REQUIRE(set("v", XATTR_CREATE, 0) == 0);
    CHECK(set("v", XATTR_CREATE, VEXFS_REQUEST_REPLAY) == 0);
    CHECK(set("w", XATTR_CREATE, VEXFS_REQUEST_REPLAY) == -EEXIST);
    CHECK(set("", XATTR_CREATE, VEXFS_REQUEST_REPLAY) == -EEXIST);
    CHECK(set("w", 0, VEXFS_REQUEST_REPLAY) == 0);
    const auto remove = [&](uint32_t flags) {
        return rig
            .send(VEXFS_REQ_REMOVEXATTR, ino, vexfs_req_xattr{6, 0, 0, 0}, "user.a", 0, 0, flags)
            .result;
    };
    CHECK(remove(VEXFS_REQUEST_REPLAY) == 0);
    CHECK(remove(VEXFS_REQUEST_REPLAY) == 0);
    CHECK(remove(0) == -ENODATA);
}

TEST_CASE("replay: an application's change is refused, its questions are not") {
    Fixture rig;
    const auto ioctl = [&](uint16_t op) {
        vexfs_msg message{};
        message.size = sizeof message;
        message.room = 1024;
        message.op = op;
        message.version = VEXFS_ABI_VERSION;
        std::string bytes(1024, '\0');
        std::memcpy(bytes.data(), &message, sizeof message);
        const vexfs_req_ioctl body{static_cast<uint32_t>(VEXFS_IOC(op, 1024)), 1024, // NOLINT
                                   VEXFS_FILE_READ | VEXFS_FILE_WRITE, 0};
        return rig.send(VEXFS_REQ_IOCTL, kRootIno, body, bytes, 0, 1024, VEXFS_REQUEST_REPLAY)
            .result;
    };
    CHECK(ioctl(VEXFS_OP_HELLO) == 0);
    CHECK(ioctl(VEXFS_OP_PUT) == -ENOTCONN);
    CHECK(ioctl(VEXFS_OP_SCHEMA_SET) == -ENOTCONN);
}

TEST_CASE("replay: a request that is malformed is refused as any other") {
    Fixture rig;
    for (const uint32_t op :
         {VEXFS_REQ_MKDIR, VEXFS_REQ_LINK, VEXFS_REQ_RENAME, VEXFS_REQ_UNLINK, VEXFS_REQ_SETXATTR,
          VEXFS_REQ_REMOVEXATTR, VEXFS_REQ_WRITE, VEXFS_REQ_IOCTL}) {
        CAPTURE(op);
        PeerCall call;
        call.op = op;
        call.ino = kRootIno;
        call.flags = VEXFS_REQUEST_REPLAY;
        CHECK(rig.peer().call(call).result == -EINVAL);
    }
}
