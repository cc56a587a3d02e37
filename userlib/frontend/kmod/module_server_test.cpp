// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/module_server.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "userlib/testing/queue/queue_rig.h"

using namespace vexfs;

TEST_CASE("module server: without the kernel module it says so") {
    if (::access("/dev/vexfs", F_OK) == 0)
        return; // the cases of vm-tests have it
    QueueRig rig;
    std::string explanation;
    const auto server = ModuleServer::mount(rig.dispatch(), {}, explanation);
    REQUIRE(!server);
    CHECK(server.error().code == Code::kENOENT);
    CHECK(explanation == "/dev/vexfs: No such file or directory (is the kernel module loaded?)");
}
