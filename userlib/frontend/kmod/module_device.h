// SPDX-License-Identifier: Apache-2.0
//
// /dev/vexfs, attached: a channel of the kernel module, and the memory of its queues.
//
// The descriptor is open from open() on, never duplicated and closed on exec: to the module its
// end is the end of the engine.
//
// Threads: one thread; forget_attributes() and detach() from any.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "ioctl/vexfs_queue.h"

namespace vexfs {

class ModuleDevice {
  public:
    // ENOENT if the module is not loaded. The explanation is a sentence for the user.
    static Result<ModuleDevice> open(std::string& explanation);
    ~ModuleDevice();
    ModuleDevice(ModuleDevice&& other) noexcept;
    ModuleDevice& operator=(ModuleDevice&&) = delete;

    // With an fs in it, to that one: it has lost its engine, and what was not durable. Fills in
    // what was made. EPROTO: another version; EBUSY: the fs has an engine; ENOENT: there is none.
    Status attach(vexfs_attach& attach, std::string& explanation);
    // The memory of a queue, mapped until the end.
    Result<MutableBytes> map(const vexfs_attach& attach, uint32_t queue);
    // The kernel asks for the attributes of that node again. It never waits for a request.
    Status forget_attributes(uint64_t ino) const;
    // Ends the channel. `keep`: the fs waits for the next engine.
    Status detach(bool keep) const;

    [[nodiscard]] int descriptor() const { return descriptor_; }

  private:
    explicit ModuleDevice(int descriptor) : descriptor_(descriptor) {}

    int descriptor_ = -1;
    std::vector<MutableBytes> mappings_;
};

} // namespace vexfs
