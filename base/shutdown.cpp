// SPDX-License-Identifier: Apache-2.0
#include "base/shutdown.h"

#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace vexfs {
namespace {

constexpr int kSignalsMax = 64;

// A signal handler has no argument of its own: what it reaches must have static storage. Written by
// install() and the destructor only, before the handlers are set and after they are gone.
std::atomic<Shutdown*> installed{nullptr};
struct sigaction saved[kSignalsMax + 1];
std::atomic<bool> taken[kSignalsMax + 1];

void on_signal(int number) {
    const int saved_errno = errno;
    if (Shutdown* shutdown = installed.load(std::memory_order_acquire))
        shutdown->request();
    // The next signal finds the disposition from before: a stuck shutdown can still be ended.
    if (taken[number].exchange(false))
        sigaction(number, &saved[number], nullptr);
    errno = saved_errno;
}

} // namespace

Result<std::unique_ptr<Shutdown>> Shutdown::create() {
    const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0)
        return fail(code_from_errno(errno), "shutdown: eventfd");
    return std::unique_ptr<Shutdown>(new Shutdown(descriptor));
}

Shutdown::~Shutdown() {
    if (installed_) {
        for (int number = 1; number <= kSignalsMax; ++number)
            if (taken[number].exchange(false))
                sigaction(number, &saved[number], nullptr);
        installed.store(nullptr, std::memory_order_release);
    }
    close(descriptor_);
}

Status Shutdown::install(std::initializer_list<int> signals) {
    for (int number : signals)
        if (number < 1 || number > kSignalsMax)
            return fail(Code::kEINVAL, "shutdown: signal number");
    Shutdown* none = nullptr;
    if (!installed.compare_exchange_strong(none, this))
        return fail(Code::kEBUSY, "shutdown: another flag is installed");
    installed_ = true;
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (int number : signals) {
        // Fetched before the handler can run and restore it.
        if (sigaction(number, nullptr, &saved[number]) != 0)
            return fail(code_from_errno(errno), "shutdown: signal cannot be caught");
        taken[number].store(true);
        if (sigaction(number, &action, nullptr) != 0) {
            taken[number].store(false);
            return fail(code_from_errno(errno), "shutdown: signal cannot be caught");
        }
    }
    return ok();
}

void Shutdown::request() noexcept {
    requested_.store(true, std::memory_order_release);
    const uint64_t one = 1;
    // EAGAIN means that the counter is full, so the descriptor is readable as it should be.
    [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof one);
}

void Shutdown::wait() const {
    pollfd waiting{descriptor_, POLLIN, 0};
    while (!requested())
        poll(&waiting, 1, -1);
}

} // namespace vexfs
