// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/faults/trial.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace vexfs {
namespace {

constexpr uint32_t kFaultsMax = 5000; // no operation of these has so many

} // namespace

int result_of(long returned) {
    return returned < 0 ? errno : 0;
}

Trial::Trial() : file_(::open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC)) {}

Trial::~Trial() {
    ::close(file_);
}

void Trial::arm(uint32_t number) {
    const std::string text = std::to_string(number);
    must("arming", ::pwrite(file_, text.data(), text.size(), 0) > 0);
}

// Whether the fault happened. Reading and writing the counter may count too: what fails of it has
// not happened before.
bool Trial::disarm() {
    std::array<char, 16> text{};
    const bool happened = ::pread(file_, text.data(), text.size() - 1, 0) > 0 && text[0] == '0';
    if (::pwrite(file_, "0", 1, 0) != 1)
        must("disarming", ::pwrite(file_, "0", 1, 0) == 1);
    return happened;
}

void Trial::operation(const std::string& name, const std::function<int()>& act,
                      const std::function<void()>& prepare, int expected,
                      std::initializer_list<int> allowed) {
    uint32_t number = 1, refused = 0;
    int answer = 0;
    for (bool happened = true; happened && number <= kFaultsMax; ++number) {
        if (prepare)
            prepare();
        arm(number);
        answer = act();
        happened = disarm();
        if (!happened)
            break;
        refused += answer != expected ? 1 : 0;
        if (answer != expected && answer != ENOMEM && answer != EFAULT &&
            std::find(allowed.begin(), allowed.end(), answer) == allowed.end())
            must(name + " with fault " + std::to_string(number) + ": " + std::strerror(answer),
                 false);
    }
    must(name + " without a fault: " + std::strerror(answer), answer == expected);
    must(name + " comes to an end", number <= kFaultsMax);
    std::printf("%s: %u faults, %u of them refused it\n", name.c_str(), number - 1, refused);
    std::fflush(stdout);
    faults_ += number - 1;
    ++operations_;
}

void Trial::must(const std::string& what, bool holds) {
    if (holds)
        return;
    passed_ = false;
    std::printf("FAIL  %s\n", what.c_str());
}

} // namespace vexfs
