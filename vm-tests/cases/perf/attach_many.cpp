// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "userlib/frontend/kmod/module_device.h"
#include "vm-tests/cases/perf/attach_many.h"

namespace vexfs {

int run_attached(const Attached& how, const char* command) {
    std::vector<ModuleDevice> devices;
    for (uint32_t i = 0; i < how.filesystems; ++i) {
        std::string explanation;
        auto device = ModuleDevice::open(explanation);
        vexfs_attach attach{};
        attach.queues = how.queues;
        attach.slots = how.slots;
        if (!device || !device->attach(attach, explanation)) {
            std::fprintf(stderr, "%s\n", explanation.c_str());
            return 1;
        }
        devices.push_back(std::move(*device));
    }
    return std::system(command); // NOLINT(cert-env33-c,concurrency-mt-unsafe): a shell is wanted
}

} // namespace vexfs
