// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "userlib/tools/vexctl/command.h"
#include "userlib/tools/vexctl/mounted.h"

namespace vexfs {

namespace {

std::string engine_text(const vexfs_hello_reply& hello) {
    const std::string_view all(reinterpret_cast<const char*>(hello.engine), sizeof hello.engine);
    return std::string(all.substr(0, all.find('\0')));
}

} // namespace

int run_version(const Invocation& invocation) {
    nlohmann::ordered_json json{{"schema", "vexctl.version/1"},
                                {"vexctl", VEXFS_VERSION},
                                {"libvexfs", vexfs_version()},
                                {"abi", VEXFS_ABI_VERSION},
                                {"engine", nullptr}};
    std::string text = std::string("vexctl ") + VEXFS_VERSION + "\nlibvexfs " + vexfs_version() +
                       "\nabi " + std::to_string(VEXFS_ABI_VERSION) + "\n";
    if (!invocation.operands.empty()) {
        Failure failure;
        const auto volume = Mounted::open(invocation.operand(0), failure);
        const auto hello = volume ? volume->hello(failure) : volume.error();
        if (!hello)
            return print_failure(failure, "version", invocation.json(),
                                 exit_status_of(failure.code));
        json["engine"] = {{"version", engine_text(*hello)},
                          {"abi_min", hello->abi_min},
                          {"abi_max", hello->abi_max},
                          {"features", hello->features}};
        text += "engine " + engine_text(*hello) + "\nengine's abi " +
                std::to_string(hello->abi_min) + " to " + std::to_string(hello->abi_max) + "\n";
    }
    std::printf("%s", invocation.json() ? (json.dump(2) + "\n").c_str() : text.c_str());
    return kDone;
}

} // namespace vexfs
