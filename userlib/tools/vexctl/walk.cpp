// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/walk.h"

#include <filesystem>
#include <span>

#include <dirent.h>
#include <sys/stat.h>

namespace vexfs {

namespace {

struct Names {
    std::vector<std::string> files;
    std::vector<std::string> directories;
};

// Nothing if it cannot be listed.
Names names_in(const Node& directory) {
    Names names;
    vexfs_names* raw = nullptr;
    if (vexfs_node_list(directory.raw(), &raw, nullptr) != 0)
        return names;
    const std::unique_ptr<vexfs_names, Free> list(raw);
    for (const vexfs_name& name : std::span(list->names, list->count)) {
        if (name.type == DT_REG)
            names.files.emplace_back(name.name);
        else if (name.type == DT_DIR)
            names.directories.emplace_back(name.name);
    }
    return names;
}

bool can_be_left_out(Code code) {
    return code == Code::kEACCES || code == Code::kENOENT || code == Code::kENOTDIR;
}

// The device that a node lies on; no file system has 0, which stands for an image.
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
        std::string path = start;
        if (!below.empty())
            path.append("/").append(below);
        Failure own;
        const Result<Node> node = Node::open(path, own);
        if (!node && (below.empty() || !can_be_left_out(node.error().code))) {
            failure = own;
            return node.error();
        }
        if (!node || (device != 0 && device_of(*node) != device))
            continue;
        device = device_of(*node);
        Names names = names_in(*node);
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
    const vexfs_stat_reply stat = VEXFS_TRY(first.stat(nullptr, 0, failure));
    if ((stat.flags & VEXFS_STAT_FILE) != 0)
        return visit({first, nullptr, std::filesystem::path(start).filename(), stat.rows});
    const auto visit_directory = [&](const Walked& walked) -> Result<bool> {
        if (VEXFS_TRY(walked.directory.schema(failure)).collection != collection)
            return false; // another collection begins here
        for (const std::string& name : walked.files) {
            Failure own;
            const auto of_file = walked.directory.stat(name.c_str(), 0, own);
            if (!of_file && can_be_left_out(of_file.error().code))
                continue;
            if (!of_file) {
                failure = own;
                return of_file.error();
            }
            if (of_file->rows > 0)
                VEXFS_TRY_VOID(visit({walked.directory, name.c_str(),
                                      walked.below.empty() ? name : walked.below + "/" + name,
                                      of_file->rows}));
        }
        return true;
    };
    return walk(start, visit_directory, failure);
}

} // namespace vexfs
