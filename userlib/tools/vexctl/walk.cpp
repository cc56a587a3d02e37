// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/walk.h"

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>

namespace vexfs {

namespace {

namespace fs = std::filesystem;

struct Names {
    std::vector<std::string> files;
    std::vector<std::string> directories;
};

Names names_in(const std::string& path) {
    Names names;
    std::error_code ended;
    for (fs::directory_iterator at(path, ended); !ended && at != fs::directory_iterator();
         at.increment(ended)) {
        std::error_code unknown;
        const fs::file_type type = at->symlink_status(unknown).type();
        if (type == fs::file_type::regular)
            names.files.push_back(at->path().filename());
        else if (type == fs::file_type::directory)
            names.directories.push_back(at->path().filename());
    }
    std::sort(names.files.begin(), names.files.end());
    std::sort(names.directories.begin(), names.directories.end());
    return names;
}

bool can_be_left_out(Code code) {
    return code == Code::kEACCES || code == Code::kENOENT || code == Code::kENOTDIR;
}

// The device that a node lies on; no file system has 0.
dev_t device_of(const Node& node) {
    struct stat found {};
    return ::fstat(node.descriptor(), &found) == 0 ? found.st_dev : 0;
}

} // namespace

Status walk(const std::string& start, const Visit& visit, Failure& failure) {
    std::vector<std::string> todo{""}; // paths from `start`, the next one last
    dev_t device = 0;
    while (!todo.empty()) {
        const std::string below = std::move(todo.back());
        todo.pop_back();
        const std::string path = below.empty() ? start : start + "/" + below;
        Failure own;
        const Result<Node> node = Node::open(path, own);
        if (!node && (below.empty() || !can_be_left_out(node.error().code))) {
            failure = own;
            return node.error();
        }
        if (!node || (device != 0 && device_of(*node) != device))
            continue;
        device = device_of(*node);
        Names names = names_in(path);
        if (!VEXFS_TRY(visit({*node, below, std::move(names.files)})))
            continue;
        for (auto name = names.directories.rbegin(); name != names.directories.rend(); ++name)
            todo.push_back(below.empty() ? *name : below + "/" + *name);
    }
    return ok();
}

Status walk_rows(const std::string& start, const VisitFile& visit, Failure& failure) {
    const Node first = VEXFS_TRY(Node::open(start, failure));
    const uint64_t collection = VEXFS_TRY(first.schema(failure)).collection;
    std::error_code unknown;
    if (!fs::is_directory(start, unknown)) {
        const uint64_t rows = VEXFS_TRY(first.stat(nullptr, 0, failure)).rows;
        return visit({first, nullptr, fs::path(start).filename(), rows});
    }
    const auto visit_directory = [&](const Walked& walked) -> Result<bool> {
        if (VEXFS_TRY(walked.directory.schema(failure)).collection != collection)
            return false; // another collection begins here
        for (const std::string& name : walked.files) {
            Failure own;
            const auto stat = walked.directory.stat(name.c_str(), 0, own);
            if (!stat && can_be_left_out(stat.error().code))
                continue;
            if (!stat) {
                failure = own;
                return stat.error();
            }
            if (stat->rows > 0)
                VEXFS_TRY_VOID(
                    visit({walked.directory, name.c_str(),
                           walked.below.empty() ? name : walked.below + "/" + name, stat->rows}));
        }
        return true;
    };
    return walk(start, visit_directory, failure);
}

} // namespace vexfs
