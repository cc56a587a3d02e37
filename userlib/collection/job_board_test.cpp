// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/job_board.h"

#include <doctest/doctest.h>

using namespace vexfs;

TEST_CASE("job board: a kind has one unfinished job, whose progress and end are kept") {
    JobBoard board;
    bool made = false;
    const uint64_t id = board.ask(JobKind::kErase, made).id;
    CHECK(made);
    CHECK(board.ask(JobKind::kErase, made).id == id);
    CHECK_FALSE(made);
    CHECK(board.list().at(0).state == JobState::kQueued);
    board.at_work(JobKind::kErase, 3, 10);
    board.advance(JobKind::kErase, 2, 5);
    JobRecord job = board.list().at(0);
    CHECK(job.state == JobState::kRunning);
    CHECK(job.done == 5);
    CHECK(job.total == 10);
    CHECK(job.started_ns != 0);
    CHECK(job.ended_ns == 0);
    board.end(JobKind::kErase, fail(Code::kENOSPC, "test"));
    board.end(JobKind::kErase);
    REQUIRE(board.list().size() == 1);
    job = board.wait(id, {}).value();
    CHECK(job.state == JobState::kFailed);
    CHECK(job.failure->code == Code::kENOSPC);
    CHECK(job.ended_ns >= job.started_ns);
    CHECK(board.ask(JobKind::kErase, made).id != id);
}

TEST_CASE("job board: the latest finished jobs of each kind are remembered, by themselves") {
    JobBoard board;
    board.at_work(JobKind::kCompact, 0, 0);
    board.end(JobKind::kCompact);
    for (int i = 0; i < 20; ++i) {
        board.at_work(JobKind::kLink, 1, 1);
        board.end(JobKind::kLink);
    }
    const std::vector<JobRecord> jobs = board.list();
    REQUIRE(jobs.size() == JobBoard::kRemembered + 1);
    CHECK(jobs.front().id == 21);
    CHECK(jobs.back().kind == JobKind::kCompact);
    CHECK(board.wait(2, {}).error().code == Code::kENOENT);
}

TEST_CASE("job board: a pause holds one job, or all and those to come, until it is undone") {
    JobBoard board;
    bool made = false;
    board.at_work(JobKind::kLink, 1, 2);
    const uint64_t erase = board.ask(JobKind::kErase, made).id;
    CHECK(board.pause(erase).value() == 1);
    CHECK(board.pause(erase).value() == 0);
    CHECK_FALSE(board.may_work(JobKind::kErase));
    CHECK(board.may_work(JobKind::kLink));
    CHECK(board.wait(erase, {}).value().state == JobState::kPaused);
    CHECK(board.resume(erase).value() == 1);
    CHECK(board.list().at(1).state == JobState::kQueued);
    CHECK(board.pause(99).error().code == Code::kENOENT);

    CHECK(board.pause(0).value() == 2);
    CHECK_FALSE(board.may_work(JobKind::kLink));
    CHECK_FALSE(board.may_work(JobKind::kTrain));
    CHECK(board.ask(JobKind::kCompact, made).state == JobState::kPaused);
    CHECK(board.resume(0).value() == 3);
    CHECK(board.may_work(JobKind::kTrain));
    CHECK(board.list().at(0).state == JobState::kRunning);
    const uint8_t cancelled = 1;
    CHECK(board.wait(erase, {&cancelled}).error().code == Code::kECANCELED);
}
