// SPDX-License-Identifier: Apache-2.0
//
// Becoming a daemon: the command returns when the daemon serves, or with the daemon's failure.
//
// Threads: one thread; split() before any other is started.
#pragma once

#include <string>

#include "base/result.h"

namespace vexfs {

class Daemon {
  public:
    // In the foreground there is one process, which is told() of nothing.
    // Otherwise the process splits: the parent waits in here for the child's word and exits with
    // it; the child returns, in a session of its own and in the root directory.
    static Result<Daemon> split(bool foreground);
    ~Daemon();
    Daemon(Daemon&& other) noexcept;
    Daemon& operator=(Daemon&&) = delete;

    // It serves: the parent exits with 0, and the child lets go of its terminal. `log_file`: where
    // stderr goes from now on, empty: nowhere.
    void serves(const std::string& log_file);
    // It failed: the sentence is the parent's, with exit status 1.
    void failed(const std::string& sentence);

  private:
    explicit Daemon(int pipe) : pipe_(pipe) {}

    int pipe_ = -1; // to the parent; -1 in the foreground, and after the word was given
};

// Tells a service manager that started this process ("READY=1"); nothing if there is none.
void notify_manager(const char* state);

} // namespace vexfs
