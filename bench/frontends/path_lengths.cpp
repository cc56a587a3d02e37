// SPDX-License-Identifier: Apache-2.0
#include "bench/frontends/path_lengths.h"

#include <fstream>

#include <nlohmann/json.hpp>

namespace vexfs {
namespace {

using Json = nlohmann::ordered_json;

// "Linux 6.1" of "6.1.0-50-cloud-amd64": what does not change with every update.
std::string kernel_of(const std::string& release) {
    return "Linux " +
           release.substr(0, release.find_first_not_of("0123456789", release.find('.') + 1));
}

// As people call it.
std::string way_of(const std::string& name) {
    if (name == "module_ioctl")
        return "module";
    if (name == "module_uring")
        return "module, io_uring";
    if (name == "module_polled")
        return "module, polling";
    if (name == "module_polled_client")
        return "module, polling, its client";
    if (name == "fuse_raw")
        return "/dev/fuse";
    return name;
}

bool add_file(const std::string& path, std::vector<Measurement>& all) {
    std::ifstream stream(path);
    const Json json = Json::parse(stream, nullptr, false);
    if (!json.is_object() || !json.contains("kernel") || !json["kernel"].is_string())
        return false;
    for (const auto& [name, value] : json.items()) {
        if (name == "kernel" || name == "getppid") // a call that goes nowhere
            continue;
        if (!value.is_number())
            return false;
        Measurement one{"frontends.path",
                        "vexfs",
                        name.find("fuse") != std::string::npos,
                        "an ioctl of 256 bytes there and back, nothing done with it",
                        {{"way", way_of(name)}, {"kernel", kernel_of(json["kernel"])}},
                        {},
                        {}};
        one.add("instructions", "count", Better::kLess, value.get<double>());
        all.push_back(std::move(one));
    }
    return true;
}

} // namespace

std::optional<std::vector<Measurement>> path_lengths(const std::string& files,
                                                     std::string& complaint) {
    std::vector<Measurement> all;
    for (size_t at = 0; at < files.size();) {
        const size_t end = std::min(files.find(',', at), files.size());
        const std::string path = files.substr(at, end - at);
        if (!add_file(path, all)) {
            complaint = path + ": has no instructions by \"kernel\"";
            return std::nullopt;
        }
        at = end + 1;
    }
    return all;
}

} // namespace vexfs
