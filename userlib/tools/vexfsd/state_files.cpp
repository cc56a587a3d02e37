// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexfsd/state_files.h"

#include <cerrno>
#include <cstdio>
#include <fstream>

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace vexfs {

namespace {

Status replace(const std::string& path, const std::string& text) {
    if (path.empty())
        return ok();
    const std::string next = path + ".next";
    {
        std::ofstream stream(next, std::ios::trunc);
        stream << text;
        if (!stream.flush())
            return fail(code_from_errno(errno), "vexfsd: a pid or state file cannot be written");
    }
    if (std::rename(next.c_str(), path.c_str()) != 0)
        return fail(code_from_errno(errno), "vexfsd: a pid or state file cannot be written");
    return ok();
}

} // namespace

StateFiles::~StateFiles() {
    for (const std::string& path : {options_.pid_file, options_.state_file})
        if (!path.empty())
            ::unlink(path.c_str());
}

Status StateFiles::write(const char* state) {
    nlohmann::ordered_json json{
        {"schema", "vexfsd.state/1"},      {"pid", ::getpid()},
        {"target", options_.target},       {"mountpoint", options_.mountpoint},
        {"read_only", options_.read_only}, {"state", state}};
    if (module_fs_ != 0)
        json["module_fs"] = module_fs_;
    VEXFS_TRY_VOID(replace(options_.pid_file, std::to_string(::getpid()) + "\n"));
    return replace(options_.state_file,
                   json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                       "\n");
}

} // namespace vexfs
