// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/queue_server.h"

#include <array>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "userlib/testing/queue/queue_rig.h"

using namespace vexfs;

namespace {

// A pipe that logs go to: while it is full, whoever logs waits.
class LogPipe {
  public:
    LogPipe() {
        VEXFS_ASSERT(::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        set_log_level(LogLevel::kDebug);
        set_log_target(ends_[1], false);
    }
    ~LogPipe() {
        set_log_target(STDERR_FILENO, false);
        set_log_level(LogLevel::kInfo);
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    LogPipe(const LogPipe&) = delete;
    LogPipe& operator=(const LogPipe&) = delete;

    void fill() const {
        VEXFS_ASSERT(::fcntl(ends_[1], F_SETFL, O_NONBLOCK) == 0);
        const std::array<char, 4096> page{};
        for (const size_t piece : {page.size(), size_t{1}})
            while (::write(ends_[1], page.data(), piece) > 0)
                ;
        VEXFS_ASSERT(::fcntl(ends_[1], F_SETFL, 0) == 0);
    }
    void drain() const {
        std::array<char, 4096> page{};
        while (::read(ends_[0], page.data(), page.size()) > 0)
            ;
    }

  private:
    std::array<int, 2> ends_{};
};

PeerCall lookup_of(std::string_view name, const vexfs_req_name& body) {
    PeerCall call;
    call.op = VEXFS_REQ_LOOKUP;
    call.ino = kRootIno;
    call.body = bytes_of(body);
    call.payload = QueueRig::text(name);
    call.reply_bytes = sizeof(vexfs_rep_entry);
    return call;
}

// Ends the channel, and a look-out with it: the thread finds that when it commits.
void end_look_out(QueueRig& rig) {
    rig.peer().kill();
    PeerCall last;
    last.op = VEXFS_REQ_STATFS;
    last.ino = kRootIno;
    last.reply_bytes = sizeof(vexfs_rep_statfs);
    last.flags = VEXFS_REQUEST_NOREPLY;
    rig.peer().post(last);
}

// One client at work in a directory of its own: what it finds is what it left.
void work_alone(QueueRig& rig, int number, int rounds) {
    const std::string home = "home" + std::to_string(number);
    const PeerReply made = rig.make(VEXFS_REQ_MKDIR, kRootIno, home);
    const uint64_t directory = QueueRig::as<vexfs_rep_entry>(made).attr.ino;
    Random random(static_cast<uint64_t>(number));
    for (int round = 0; round < rounds; ++round) {
        const std::string name = "f" + std::to_string(random.below(5));
        const uint64_t ino = rig.find(directory, name);
        if (ino == 0) {
            CHECK(rig.make(VEXFS_REQ_MKNOD, directory, name).result == 0);
        } else if (random.chance(1, 3)) {
            CHECK(rig.named(VEXFS_REQ_UNLINK, directory, name).result == 0);
        } else {
            const std::string data(1 + random.below(9000), static_cast<char>('a' + round % 26));
            CHECK(rig.write(ino, 0, data).result == 0);
            const PeerReply read = rig.read(ino, 0, static_cast<uint32_t>(data.size()));
            CHECK(QueueRig::text(read) == data);
            if (random.chance(1, 10))
                CHECK(rig.send(VEXFS_REQ_FSYNC, ino, vexfs_req_fsync{0, 0}).result == 0);
        }
    }
}

void run_clients(QueueRig& rig, int clients, int rounds) {
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&rig, i, rounds] { work_alone(rig, i, rounds); });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(rig.peer().lies() == 0);
}

} // namespace

TEST_CASE("queue server: many clients at once each find what they left") {
    SUBCASE("one thread serves them") {
        QueueRig rig({1, {}});
        REQUIRE(rig.server().start());
        run_clients(rig, 4, 200);
    }
    SUBCASE("several threads do") {
        QueueRig rig({4, {}});
        REQUIRE(rig.server().start());
        run_clients(rig, 8, 200);
    }
    SUBCASE("and more clients than slots") {
        QueueRig rig({3, {}}, 2);
        REQUIRE(rig.server().start());
        run_clients(rig, 8, 100);
    }
    SUBCASE("threads look out for requests") {
        QueueRig rig({3, std::chrono::microseconds(20)});
        REQUIRE(rig.server().start());
        run_clients(rig, 4, 200);
    }
}

TEST_CASE("queue server: a request that waits holds up no other") {
    QueueRig rig({2, {}});
    REQUIRE(rig.server().start());
    const vexfs_req_io body{0, 1, 0};
    PeerCall refused; // a write whose payload is missing: its failure is logged
    refused.op = VEXFS_REQ_WRITE;
    refused.ino = kRootIno;
    refused.body = bytes_of(body);
    const LogPipe pipe;
    // The threads change places: whoever served the last one waits for the next to be called.
    for (int round = 0; round < 8; ++round) {
        pipe.fill();
        const uint32_t slow = rig.peer().post(refused);
        for (int i = 0; i < 100; ++i)
            CHECK(rig.send(VEXFS_REQ_STATFS, kRootIno, sizeof(vexfs_rep_statfs)).result == 0);
        CHECK(std::atomic_ref<uint32_t>(rig.peer().slot(slow).reply.state).load() ==
              VEXFS_SLOT_REQUEST);
        pipe.drain();
        CHECK(rig.peer().collect(slow).result == -EINVAL);
    }
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("queue server: short requests that wait together are committed together") {
    QueueRig rig({1, {}}, 64);
    const std::string name = "absent";
    const vexfs_req_name body{static_cast<uint32_t>(name.size()), 0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 64; ++i)
        clients.emplace_back([&] { CHECK(rig.peer().call(lookup_of(name, body)).result == 0); });
    // All of them sleep, so that each must be woken.
    for (uint32_t slot = 0; slot < 64; ++slot)
        while (std::atomic_ref<uint32_t>(rig.peer().slot(slot).client.waiting).load() == 0)
            std::this_thread::yield();
    REQUIRE(rig.server().start());
    for (std::thread& client : clients)
        client.join();
    CHECK(rig.peer().commits() + rig.peer().waits() <= 64 / 8 + 1);
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("queue server: a thread that looks out takes a request without the doorbell") {
    // Long enough that the one request below comes while it lasts, on any machine.
    QueueRig rig({1, std::chrono::seconds(60)});
    REQUIRE(rig.server().start());
    auto& polling = const_cast<uint32_t&>(rig.peer().engine().polling);
    while (std::atomic_ref<uint32_t>(polling).load() == 0)
        std::this_thread::yield();
    const std::string name = "absent";
    const vexfs_req_name body{static_cast<uint32_t>(name.size()), 0};
    CHECK(rig.peer().call(lookup_of(name, body)).result == 0);
    CHECK(rig.peer().waits() == 0);
    end_look_out(rig);
}

TEST_CASE("queue server: it says that it polls until it sleeps or is busy for long") {
    const std::string name = "absent";
    const vexfs_req_name body{static_cast<uint32_t>(name.size()), 0};
    const auto says = [](QueueRig& rig) {
        return std::atomic_ref<uint32_t>(const_cast<uint32_t&>(rig.peer().engine().polling)).load();
    };
    SUBCASE("a short request is served meanwhile") {
        QueueRig rig({1, std::chrono::seconds(60)});
        REQUIRE(rig.server().start());
        while (says(rig) == 0)
            std::this_thread::yield();
        for (int i = 0; i < 100; ++i) {
            CHECK(rig.peer().call(lookup_of(name, body)).result == 0);
            CHECK(says(rig) == 1);
        }
        end_look_out(rig);
    }
    SUBCASE("a sleep ends it") {
        QueueRig rig({2, std::chrono::microseconds(1)});
        REQUIRE(rig.server().start());
        for (int i = 0; i < 100; ++i) {
            CHECK(rig.peer().call(lookup_of(name, body)).result == 0);
            while (!rig.peer().parked())
                std::this_thread::yield();
            CHECK(says(rig) == 0);
        }
    }
    SUBCASE("a request that may be long ends it, if there is no other thread") {
        const vexfs_req_io io{0, 1, 0};
        PeerCall refused; // its failure is logged, into a pipe that is full
        refused.op = VEXFS_REQ_WRITE;
        refused.ino = kRootIno;
        refused.body = bytes_of(io);
        for (const unsigned threads : {1U, 2U}) {
            QueueRig rig({threads, std::chrono::seconds(60)});
            REQUIRE(rig.server().start());
            const LogPipe pipe;
            pipe.fill();
            while (says(rig) == 0)
                std::this_thread::yield();
            const uint32_t slow = rig.peer().post(refused);
            if (threads == 2)
                CHECK(rig.peer().call(lookup_of(name, body)).result == 0);
            while (says(rig) != threads - 1)
                std::this_thread::yield();
            pipe.drain();
            CHECK(rig.peer().collect(slow).result == -EINVAL);
            while (says(rig) == 0)
                std::this_thread::yield();
            end_look_out(rig);
        }
    }
}

TEST_CASE("queue server: killed clients cost their slots only until the engine is done") {
    QueueRig rig({2, {}});
    REQUIRE(rig.server().start());
    const std::string name = "absent";
    const vexfs_req_name body{static_cast<uint32_t>(name.size()), 0};
    for (int i = 0; i < 500; ++i)
        rig.peer().abandon(rig.peer().post(lookup_of(name, body)));
    CHECK(rig.peer().call(lookup_of(name, body)).result == 0);
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("queue server: a drained queue has answered what it took, and takes no more") {
    QueueRig rig({4, {}});
    REQUIRE(rig.server().start());
    std::atomic<uint32_t> answered{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back([&] {
            int32_t result = -EISDIR;
            while (result == -EISDIR) {
                ++answered;
                result = rig.write(kRootIno, 0, "x").result;
            }
            CHECK(result == -ENODEV); // it was not taken: nobody told it anything
        });
    while (answered < 100)
        std::this_thread::yield();
    rig.server().drain();
    const std::string name = "absent";
    const vexfs_req_name body{static_cast<uint32_t>(name.size()), 0};
    const uint32_t late = rig.peer().post(lookup_of(name, body));
    rig.peer().kill();
    for (std::thread& client : clients)
        client.join();
    rig.server().join();
    CHECK(rig.peer().slot(late).reply.state == VEXFS_SLOT_REQUEST);
    CHECK(rig.peer().lies() == 0);
}

TEST_CASE("queue server: it ends with its reason") {
    QueueRig rig({3, {}});
    SUBCASE("after an unmount, with success and an answer") {
        REQUIRE(rig.server().start());
        CHECK(rig.send(VEXFS_REQ_UNMOUNT, kRootIno).result == 0);
        CHECK(rig.end());
    }
    SUBCASE("when the channel ends") {
        REQUIRE(rig.server().start());
        rig.peer().kill();
        CHECK(rig.end().error().code == Code::kENODEV);
    }
    SUBCASE("when the module breaks the protocol") {
        rig.peer().tail() = 1000;
        REQUIRE(rig.server().start());
        CHECK(rig.end().error().code == Code::kEPROTO);
    }
}
