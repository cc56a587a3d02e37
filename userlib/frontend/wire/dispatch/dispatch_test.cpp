// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/dispatch/dispatch.h"

#include <doctest/doctest.h>
#include <linux/fs.h>

#include "base/random.h"
#include "userlib/testing/wire/wire_rig.h"

using namespace vexfs;

namespace {

Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// With payloads that are text.
struct Fixture : WireRig {
    WireReply run(uint32_t op, uint64_t ino, Bytes body, std::string_view payload = {},
                  size_t room = 65536) {
        return WireRig::run(op, ino, body, bytes_of(payload), 0, room);
    }
    template <typename Body>
    WireReply run(uint32_t op, uint64_t ino, const Body& body, std::string_view payload = {}) {
        return run(op, ino, std::as_bytes(std::span(&body, 1)), payload);
    }
};

} // namespace

TEST_CASE("dispatch: names are made, found, listed, renamed and removed") {
    Fixture fixture;
    const vexfs_attr directory = fixture.make(VEXFS_REQ_MKDIR, kRootIno, "d");
    CHECK(directory.mode == (S_IFDIR | 0640));
    CHECK(directory.uid == 7);
    const vexfs_attr file = fixture.make(VEXFS_REQ_MKNOD, directory.ino, "f");
    CHECK(file.mode == (S_IFREG | 0640));
    const vexfs_attr symlink =
        fixture.make(VEXFS_REQ_SYMLINK, directory.ino, "l", 0777, 7, 8, "../x");
    CHECK(symlink.size == 4);
    CHECK(fixture.run(VEXFS_REQ_READLINK, symlink.ino, Bytes()).bytes == 4);

    CHECK(fixture.lookup(directory.ino, "f").ino == file.ino);
    CHECK(fixture.lookup(directory.ino, "absent").ino == 0);
    CHECK(fixture.reply<vexfs_rep_entry>().entry_ns > 0);

    const vexfs_req_rename rename{kRootIno, 1, RENAME_NOREPLACE, 1, 2};
    CHECK(fixture.run(VEXFS_REQ_RENAME, directory.ino, rename, "fgg").result == 0);
    CHECK(fixture.run(VEXFS_REQ_RENAME, directory.ino, rename, "lgg").result == -EEXIST);
    CHECK(fixture.lookup(kRootIno, "gg").ino == file.ino);

    const WireReply listed =
        fixture.run(VEXFS_REQ_READDIRPLUS, directory.ino, vexfs_req_readdir{0, 4096, 0});
    REQUIRE(listed.result == 0);
    std::string names;
    for (size_t at = 0; at < listed.bytes;) {
        vexfs_direntplus record;
        std::memcpy(&record, fixture.out.data() + at, sizeof record);
        names.append(reinterpret_cast<const char*>(fixture.out.data()) + at + sizeof record,
                     record.dirent.name_bytes);
        names += record.entry.attr.ino == 0 ? "- " : "+ ";
        at += sizeof record + round_up<size_t>(record.dirent.name_bytes, 8);
    }
    CHECK(names == ".- ..- l+ ");
    CHECK(fixture.run(VEXFS_REQ_RMDIR, kRootIno, vexfs_req_name{1, 0}, "d").result == -ENOTEMPTY);
    CHECK(fixture.run(VEXFS_REQ_UNLINK, directory.ino, vexfs_req_name{1, 0}, "l").result == 0);
    CHECK(fixture.run(VEXFS_REQ_RMDIR, kRootIno, vexfs_req_name{1, 0}, "d").result == 0);
}

TEST_CASE("dispatch: data and attributes go in and come out") {
    Fixture fixture;
    const uint64_t ino = fixture.make(VEXFS_REQ_MKNOD, kRootIno, "f").ino;
    REQUIRE(fixture.run(VEXFS_REQ_WRITE, ino, vexfs_req_io{3, 5, VEXFS_IO_SYNC}, "hello").result ==
            0);
    CHECK(fixture.reply<vexfs_rep_write>().size == 8);
    const WireReply read = fixture.run(VEXFS_REQ_READ, ino, vexfs_req_io{0, 100, 0});
    CHECK(read.bytes == 8);
    CHECK(std::memcmp(fixture.out.data(), "\0\0\0hello", 8) == 0);

    vexfs_req_setattr set{};
    set.valid = VEXFS_SET_MODE | VEXFS_SET_SIZE | VEXFS_SET_MTIME;
    set.mode = 0600;
    set.size = 4;
    set.mtime = {77, 88, 0};
    REQUIRE(fixture.run(VEXFS_REQ_SETATTR, ino, set).result == 0);
    const vexfs_attr attr = fixture.reply<vexfs_rep_attr>().attr;
    CHECK(attr.mode == (S_IFREG | 0600));
    CHECK(attr.size == 4);
    CHECK(attr.mtime.sec == 77);
    CHECK(attr.mtime.nsec == 88);

    CHECK(fixture.run(VEXFS_REQ_SETXATTR, ino, vexfs_req_xattr{6, 3, 0, 0}, "user.aval").result ==
          0);
    CHECK(fixture.run(VEXFS_REQ_GETXATTR, ino, vexfs_req_xattr{6, 0, 0, 0}, "user.a").bytes ==
          sizeof(vexfs_rep_xattr));
    CHECK(fixture.reply<vexfs_rep_xattr>().bytes == 3);
    CHECK(fixture.run(VEXFS_REQ_GETXATTR, ino, vexfs_req_xattr{6, 2, 0, 0}, "user.a").result ==
          -ERANGE);
    CHECK(fixture.run(VEXFS_REQ_GETXATTR, ino, vexfs_req_xattr{6, 3, 0, 0}, "user.a").bytes ==
          sizeof(vexfs_rep_xattr) + 3);
    CHECK(fixture.run(VEXFS_REQ_LISTXATTR, ino, vexfs_req_xattr{0, 64, 0, 0}).bytes ==
          sizeof(vexfs_rep_xattr) + 7);
    CHECK(fixture.run(VEXFS_REQ_STATFS, kRootIno, Bytes()).bytes == sizeof(vexfs_rep_statfs));
}

TEST_CASE(
    "dispatch: a request of the wrong size, an unknown one and one without room are refused") {
    Fixture fixture;
    const uint64_t ino = fixture.make(VEXFS_REQ_MKNOD, kRootIno, "f").ino;
    CHECK(fixture.run(0, ino, Bytes()).result == -EOPNOTSUPP);
    CHECK(fixture.run(99, ino, Bytes()).result == -EOPNOTSUPP);
    CHECK(fixture.run(UINT32_MAX, ino, Bytes()).result == -EOPNOTSUPP);
    const std::string three = "abc";
    for (const uint32_t op :
         {VEXFS_REQ_LOOKUP, VEXFS_REQ_SETATTR, VEXFS_REQ_MKDIR, VEXFS_REQ_CREATE, VEXFS_REQ_UNLINK,
          VEXFS_REQ_RENAME, VEXFS_REQ_LINK, VEXFS_REQ_READ, VEXFS_REQ_WRITE, VEXFS_REQ_READDIR,
          VEXFS_REQ_SETXATTR, VEXFS_REQ_GETXATTR, VEXFS_REQ_FALLOCATE, VEXFS_REQ_COPY_RANGE,
          VEXFS_REQ_LSEEK, VEXFS_REQ_IOCTL, VEXFS_REQ_FORGET, VEXFS_REQ_MOUNT}) {
        CAPTURE(op);
        CHECK(fixture.run(op, ino, Bytes()).result == -EINVAL);
        CHECK(fixture.run(op, ino, bytes_of(three)).result == -EINVAL);
    }
    // Counts that lie.
    CHECK(fixture.run(VEXFS_REQ_LOOKUP, kRootIno, vexfs_req_name{9, 0}, "f").result == -EINVAL);
    CHECK(fixture.run(VEXFS_REQ_WRITE, ino, vexfs_req_io{0, 9, 0}, "f").result == -EINVAL);
    CHECK(fixture
              .run(VEXFS_REQ_RENAME, kRootIno, vexfs_req_rename{kRootIno, 1, 0, UINT32_MAX, 2}, "f")
              .result == -EINVAL);
    CHECK(fixture.run(VEXFS_REQ_SETXATTR, ino, vexfs_req_xattr{UINT32_MAX, 2, 0, 0}, "f").result ==
          -EINVAL);
    CHECK(fixture.run(VEXFS_REQ_FORGET, ino, vexfs_req_forget{UINT32_MAX, 0}, "f").result ==
          -EINVAL);
    // Room.
    CHECK(fixture.run(VEXFS_REQ_GETATTR, ino, Bytes(), {}, sizeof(vexfs_rep_attr) - 1).result ==
          -EMSGSIZE);
    CHECK(fixture.run(VEXFS_REQ_READ, ino, vexfs_req_io{0, 65537, 0}).result == -EMSGSIZE);
    // A node of another generation.
    WireRequest stale;
    stale.header.op = VEXFS_REQ_GETATTR;
    stale.header.ino = ino;
    stale.header.generation = 2;
    CHECK(fixture.dispatch().run(stale).result == -ESTALE);
}

TEST_CASE("dispatch: random requests are answered and leave a sound volume") {
    Fixture fixture;
    constexpr uint64_t kSeed = 20;
    Random random(kSeed);
    INFO("seed " << kSeed);
    const uint64_t call = fixture.lookup(VirtualFiles::kDirectory, "call").ino;
    const std::array<uint64_t, 8> inos{kRootIno,
                                       call,
                                       call ^ 1024,
                                       fixture.make(VEXFS_REQ_MKDIR, kRootIno, "d").ino,
                                       fixture.make(VEXFS_REQ_MKNOD, kRootIno, "f").ino,
                                       16,
                                       17,
                                       1u << 20};
    for (int round = 0; round < 30'000; ++round) {
        std::array<std::byte, 64> body{};
        for (std::byte& b : body)
            b = static_cast<std::byte>(random.next() % 4 == 0 ? random.next() % 16 : 0);
        std::string payload(random.next() % 40, 'x');
        // Half of them have the size that most structs have, or a name's.
        const std::array<size_t, 6> sizes{8, 16, 24, 32, 40, random.next() % 65};
        const uint64_t ino = inos[random.next() % inos.size()];
        if (random.next() % 2 == 0) // often the counts agree with the payload
            body[0] = static_cast<std::byte>(payload.size());
        const WireReply reply =
            fixture.run(static_cast<uint32_t>(random.next() % 48), ino,
                        Bytes(body).first(sizes[random.next() % sizes.size()]), payload);
        CHECK(reply.bytes <= fixture.out.size());
        CHECK(reply.result <= 0);
        CHECK(reply.result >= -VEXFS_QUEUE_MAX_ERRNO);
    }
}

namespace {

// An application's message by ioctl; returns what run() did, the reply is in fixture.out.
WireReply send(Fixture& fixture, uint16_t op, uint32_t mode, size_t ioctl_bytes = 1024,
               uint16_t version = VEXFS_ABI_VERSION) {
    std::string message(ioctl_bytes, '\0');
    vexfs_msg header{};
    header.size = sizeof header;
    header.room = static_cast<uint32_t>(ioctl_bytes);
    header.op = op;
    header.version = version;
    header.cookie = 77;
    std::memcpy(message.data(), &header, sizeof header);
    const vexfs_req_ioctl body{static_cast<uint32_t>(VEXFS_IOC(op, ioctl_bytes)), // NOLINT
                               static_cast<uint32_t>(ioctl_bytes), mode, 0};
    return fixture.run(VEXFS_REQ_IOCTL, kRootIno, body, message);
}

} // namespace

TEST_CASE("dispatch: an application's message has its reply, and a refusal its explanation") {
    Fixture fixture;
    WireReply done = send(fixture, VEXFS_OP_HELLO, VEXFS_FILE_READ);
    REQUIRE(done.result == 0);
    auto reply = parse_reply(Bytes(fixture.out).first(done.bytes));
    REQUIRE(reply.has_value());
    const auto& hello = std::get<HelloReply>(*reply).body;
    CHECK(hello.front_end == VEXFS_FRONT_END_LOCAL);
    CHECK(hello.max_dim == VEXFS_MAX_DIM);
    CHECK(fixture.reply<vexfs_msg>().cookie == 77);

    CHECK(send(fixture, VEXFS_OP_SYNC, 0).result == 0);
    const auto refused = [&](const WireReply& sent, int error) {
        CHECK(sent.result == -error);
        const auto failure = parse_reply(Bytes(fixture.out).first(sent.bytes));
        REQUIRE(failure.has_value());
        CHECK(std::get<FailureReply>(*failure).text.size() > 1);
    };
    refused(send(fixture, VEXFS_OP_HELLO, VEXFS_FILE_WRITE), EBADF);
    refused(send(fixture, VEXFS_OP_SCHEMA_GET, VEXFS_FILE_READ), ENODATA);
    CHECK(send(fixture, VEXFS_OP_JOB_LIST, VEXFS_FILE_READ).result == 0);
    refused(send(fixture, 0x3F, VEXFS_FILE_READ), ENOTTY);
    done = send(fixture, VEXFS_OP_HELLO, VEXFS_FILE_READ, 1024, 9);
    CHECK(done.result == -EPROTO);
    CHECK(done.bytes > sizeof(vexfs_msg));
    // Without a header that can be read there is no reply.
    CHECK(send(fixture, VEXFS_OP_HELLO, VEXFS_FILE_READ, 64).result == -EINVAL);
    const vexfs_req_ioctl other{0x5401, 0, VEXFS_FILE_READ, 0};
    CHECK(fixture.run(VEXFS_REQ_IOCTL, kRootIno, other).result == -ENOTTY);
}
