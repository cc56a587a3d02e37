// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/paths.h"

#include <algorithm>

namespace vexfs {

namespace {

template <typename T>
bool is_gone(const Result<T>& result) {
    return !result &&
           (result.error().code == Code::kESTALE || result.error().code == Code::kENOENT);
}

} // namespace

Result<std::vector<Link>> Paths::links(uint64_t ino) {
    std::vector<Link> reached;
    const Result<std::vector<Link>> links = names_.links(ino);
    if (is_gone(links))
        return reached;
    for (const Link& link : VEXFS_TRY(links))
        if (VEXFS_TRY(walk_.reaches(link.directory)))
            reached.push_back(link);
    return reached;
}

Result<std::string> Paths::path_of_directory(uint64_t directory) {
    std::vector<std::pair<uint64_t, std::string>> way; // each with its name
    std::string path;
    for (uint64_t at = directory; at != top_;) {
        const auto known = directories_.find(at);
        if (known != directories_.end()) {
            path = known->second;
            break;
        }
        if (way.size() == Directories::kDepthMax)
            return fail(Code::kEUCLEAN, "paths: a directory is below itself");
        const Link link = VEXFS_TRY(names_.get(at)).link;
        if (link.directory == 0)
            return fail(Code::kENOENT, "paths: the directory has moved away");
        way.emplace_back(at, VEXFS_TRY(names_.name_at(link)));
        at = link.directory;
    }
    for (auto passed = way.rbegin(); passed != way.rend(); ++passed) {
        path += passed->second + "/";
        directories_.emplace(passed->first, path);
    }
    return path;
}

Result<std::optional<std::string>> Paths::path_of(const Link& link) {
    const Result<std::string> directory = path_of_directory(link.directory);
    const Result<std::string> name = names_.name_at(link);
    if (is_gone(directory) || is_gone(name))
        return std::optional<std::string>();
    return std::optional(VEXFS_TRY(directory) + VEXFS_TRY(name));
}

Result<std::vector<std::string>> Paths::all(uint64_t ino) {
    std::vector<std::string> paths;
    for (const Link& link : VEXFS_TRY(links(ino)))
        if (std::optional<std::string> path = VEXFS_TRY(path_of(link)))
            paths.push_back(std::move(*path));
    return paths;
}

Result<std::string> Paths::first(uint64_t ino) {
    for (const Link& link : VEXFS_TRY(links(ino)))
        if (std::optional<std::string> path = VEXFS_TRY(path_of(link)))
            return std::move(*path);
    return std::string();
}

Result<bool> Paths::reaches(uint64_t ino) {
    return !VEXFS_TRY(links(ino)).empty();
}

Result<std::string> Paths::first_readable(uint64_t ino) {
    const Result<Inode> inode = names_.get(ino);
    if (is_gone(inode))
        return std::string();
    const Inode file = VEXFS_TRY(inode);
    if (!file.is_regular() || !caller_.may(kMayRead, ownership_of(file)))
        return std::string();
    return first(ino);
}

} // namespace vexfs
