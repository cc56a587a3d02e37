// SPDX-License-Identifier: Apache-2.0
//
// An engine of an empty directory: it answers what mount(2) and umount(2) ask, and refuses the
// rest.
//
// Threads: one thread makes and ends it; it answers in its own.
#pragma once

#include <thread>

#include "ioctl/vexfs_queue.h"

namespace vexfs {

class QuietEngine {
  public:
    QuietEngine();
    ~QuietEngine(); // the filesystem is dead then
    QuietEngine(const QuietEngine&) = delete;
    QuietEngine& operator=(const QuietEngine&) = delete;

    // The attached device, or -1.
    [[nodiscard]] int device() const { return device_; }

  private:
    void serve();
    void answer(uint32_t slot);

    int device_ = -1;
    size_t bytes_ = 0;
    vexfs_queue_memory* memory_ = nullptr;
    vexfs_areas* areas_ = nullptr; // one for each slot
    std::thread server_;
};

// As an engine asks for one queue of few slots.
vexfs_attach small_attach();

} // namespace vexfs
