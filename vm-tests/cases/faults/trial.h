// SPDX-License-Identifier: Apache-2.0
//
// An operation whose first allocation or copy from or to user memory fails, then its second, until
// one goes through with none failing: each time it does what it is for, or says cleanly that it did
// not. The kernel makes them fail (/proc/thread-self/fail-nth), in the calling thread alone.
//
// Threads: one thread, the one whose calls fail.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>

namespace vexfs {

// 0, or the errno of a call that returned -1.
int result_of(long returned);

class Trial {
  public:
    Trial();
    ~Trial();
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

    // False: this kernel makes nothing fail.
    [[nodiscard]] bool possible() const { return file_ >= 0; }

    // `act` answers 0 or an errno; with no fault it is `expected`. With one it may be ENOMEM,
    // EFAULT or one of `allowed` too. `prepare` runs before each try, and nothing of it fails.
    void operation(const std::string& name, const std::function<int()>& act,
                   const std::function<void()>& prepare = {}, int expected = 0,
                   std::initializer_list<int> allowed = {});

    // What has to hold when nothing is made to fail.
    void must(const std::string& what, bool holds);

    [[nodiscard]] bool passed() const { return passed_; }
    [[nodiscard]] uint64_t faults() const { return faults_; }
    [[nodiscard]] uint64_t operations() const { return operations_; }

  private:
    void arm(uint32_t number);
    bool disarm();

    const int file_;
    bool passed_ = true;
    uint64_t faults_ = 0;
    uint64_t operations_ = 0;
};

// What is tried: loading the module; the device, and mounts that a quiet engine serves; files and
// messages in a directory of a mount.
void try_module(Trial& trial, const std::string& path);
void try_device(Trial& trial);
void try_mount(Trial& trial, const std::string& mountpoint);
void try_files(Trial& trial, const std::string& mountpoint);
void try_messages(Trial& trial, const std::string& mountpoint);

} // namespace vexfs
