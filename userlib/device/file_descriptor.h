// SPDX-License-Identifier: Apache-2.0
//
// FileDescriptor: owns an open file and closes it.
//
// Threads: a value with one owner.
#pragma once

#include <utility>

#include <unistd.h>

namespace vexfs {

class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int raw) : raw_(raw) {}
    ~FileDescriptor() { close(); }
    FileDescriptor(FileDescriptor&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }

    [[nodiscard]] int raw() const { return raw_; }
    [[nodiscard]] bool is_open() const { return raw_ >= 0; }
    void close() {
        if (raw_ >= 0)
            ::close(std::exchange(raw_, -1));
    }

  private:
    int raw_ = -1;
};

} // namespace vexfs
