// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm-tests/cases/posix/runner.h"

using namespace vexfs;

namespace {

CaseResult run(void (*what)(), unsigned seconds_max = 60) {
    std::string directory = "/tmp/vexfs-runner-XXXXXX";
    REQUIRE(mkdtemp(directory.data()) != nullptr);
    const CaseResult result = run_case({"name", what}, directory + "/case", seconds_max);
    CHECK(std::filesystem::is_empty(directory));
    CHECK(std::filesystem::remove(directory));
    return result;
}

} // namespace

TEST_CASE("runner: a case that comes to its end has passed, and what it made is removed") {
    const CaseResult result = run([] {
        works(mkdir("directory", 0755));
        works(open("directory/file", O_WRONLY | O_CREAT, 0644));
    });
    CHECK(result.outcome == Outcome::kPassed);
    CHECK(result.message.empty());
}

TEST_CASE("runner: the first expectation that does not hold is the result") {
    const CaseResult wrong = run([] {
        expect_equal(1 + 1, 3);
        expect_equal(1, 2);
    });
    CHECK(wrong.outcome == Outcome::kFailed);
    CHECK(wrong.message.find("runner_test.cpp") == 0);
    CHECK(wrong.message.find("2, expected 3") != std::string::npos);
    CHECK(run([] { expect(false); }).outcome == Outcome::kFailed);
    CHECK(run([] { works(open("none", O_RDONLY)); }).message.find("ENOENT") != std::string::npos);
    const CaseResult other = run([] { refused(EEXIST, open("none", O_RDONLY)); });
    CHECK(other.message.find("ENOENT, expected EEXIST") != std::string::npos);
    CHECK(run([] { refused(EEXIST, 0); }).message.find("the call worked") != std::string::npos);
}

TEST_CASE("runner: what a child of the case finds is the case's result") {
    const CaseResult result = run([] { in_child([] { expect_equal(1, 2); }); });
    CHECK(result.outcome == Outcome::kFailed);
    CHECK(result.message.find("1, expected 2") != std::string::npos);
    CHECK(run([] { in_child([] { raise(SIGKILL); }); }).outcome == Outcome::kFailed);
    CHECK(run([] { in_child([] {}); }).outcome == Outcome::kPassed);
}

TEST_CASE("runner: a subject that is not supported is skipped with its reason") {
    const CaseResult result = run([] {
        errno = EOPNOTSUPP;
        supported(-1, "wonders");
    });
    CHECK(result.outcome == Outcome::kSkipped);
    CHECK(result.message == "no wonders");
    CHECK(run([] {
              errno = EIO;
              supported(-1, "wonders");
          }).outcome == Outcome::kFailed);
}

TEST_CASE("runner: a case that dies or takes too long has failed") {
    CHECK(run([] { raise(SIGKILL); }).message.find("signal 9") != std::string::npos);
    const CaseResult endless = run([] { pause(); }, 1);
    CHECK(endless.outcome == Outcome::kFailed);
    CHECK(endless.message.find("more than 1 s") != std::string::npos);
}
