// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/local/local_tree.h"

#include <array>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace vexfs {

namespace {

constexpr size_t kTargetRoom = 4096;

Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

uint32_t length(std::string_view text) {
    return static_cast<uint32_t>(text.size());
}

// Puts the components of a path on top of those that are still to walk, the first one last.
void push_components(std::string_view path, std::vector<std::string>& todo) {
    std::vector<std::string> parts;
    for (size_t at = 0; at < path.size();) {
        const size_t end = std::min(path.find('/', at), path.size());
        if (end > at)
            parts.emplace_back(path.substr(at, end - at));
        at = end + 1;
    }
    todo.insert(todo.end(), std::make_move_iterator(parts.rbegin()),
                std::make_move_iterator(parts.rend()));
}

} // namespace

bool LocalNode::is_directory() const {
    return S_ISDIR(attr_.mode);
}

bool LocalNode::is_link() const {
    return S_ISLNK(attr_.mode);
}

void LocalNode::let_go() {
    if (!held_)
        return;
    held_ = false;
    const vexfs_req_forget body{1, 0};
    const vexfs_node node{attr_.ino, kLocalGeneration, 0, 1};
    WireRequest request;
    request.header.op = VEXFS_REQ_FORGET;
    request.body = std::as_bytes(std::span(&body, 1));
    request.payload = std::as_bytes(std::span(&node, 1));
    engine_->run(request);
}

Status LocalTree::check(uint32_t rights, const LocalNode& node) const {
    if ((rights & kMayWrite) != 0 && engine_.read_only())
        return fail(Code::kEROFS, "local: the image is open for reading only");
    if (!caller_.may(rights, node.ownership()))
        return fail(Code::kEACCES, "local: the caller may not");
    return ok();
}

Status LocalTree::check_owner(const LocalNode& node) const {
    if (engine_.read_only())
        return fail(Code::kEROFS, "local: the image is open for reading only");
    return caller_.owns(node.ownership()) ? ok()
                                          : Status(fail(Code::kEPERM, "local: not the owner"));
}

Status LocalTree::check_names(const LocalNode& directory) const {
    return check(kMayWrite | kMayExecute, directory);
}

// In a sticky directory a name belongs to the owner of what it names.
Status LocalTree::check_removal(const LocalNode& directory, const LocalNode& node) const {
    VEXFS_TRY_VOID(check_names(directory));
    if ((directory.attr().mode & S_ISVTX) != 0 && !caller_.owns(directory.ownership()) &&
        !caller_.owns(node.ownership()))
        return fail(Code::kEPERM, "local: the name belongs to somebody else");
    return ok();
}

Result<LocalNode> LocalTree::node_of(uint64_t ino) {
    LocalRequest request(engine_, caller_, VEXFS_REQ_GETATTR, ino);
    return LocalNode(engine_, VEXFS_TRY(request.fetch_bodyless<vexfs_rep_attr>()).attr, false);
}

Result<std::optional<LocalNode>> LocalTree::look_up(const LocalNode& directory,
                                                    std::string_view name) {
    LocalRequest request(engine_, caller_, VEXFS_REQ_LOOKUP, directory.ino());
    const auto entry =
        VEXFS_TRY(request.fetch<vexfs_rep_entry>(vexfs_req_name{length(name), 0}, bytes_of(name)));
    if (entry.attr.ino == 0)
        return std::optional<LocalNode>();
    return std::optional<LocalNode>(LocalNode(engine_, entry.attr, name != ".."));
}

Status LocalTree::step_back(Trail& trail) {
    if (trail.back().ino() == engine_.root())
        return ok();
    if (trail.size() == 1) {
        auto above = VEXFS_TRY(look_up(trail.back(), ".."));
        if (!above)
            return fail(Code::kENOENT, "local: the directory is gone");
        trail.insert(trail.begin(), std::move(*above));
    }
    trail.pop_back();
    return ok();
}

Result<std::string> LocalTree::target_of(const LocalNode& node) {
    std::array<char, kTargetRoom> target{};
    LocalRequest request(engine_, caller_, VEXFS_REQ_READLINK, node.ino());
    const size_t bytes =
        VEXFS_TRY(request.call_bodyless(std::as_writable_bytes(std::span(target))));
    return std::string(target.data(), bytes);
}

Result<LocalTree::Place> LocalTree::find(uint64_t begin, std::string_view path, LastLink last) {
    if (path.empty())
        return fail(Code::kENOENT, "local: an empty path");
    const bool absolute = begin == 0 || path.front() == '/';
    Trail trail;
    trail.push_back(VEXFS_TRY(node_of(absolute ? engine_.root() : begin)));
    std::vector<std::string> todo;
    push_components(path, todo);
    for (size_t links = 0; !todo.empty();) {
        const std::string name = std::move(todo.back());
        todo.pop_back();
        if (!trail.back().is_directory())
            return fail(Code::kENOTDIR, "local: not a directory");
        VEXFS_TRY_VOID(check(kMayExecute, trail.back()));
        if (name == ".")
            continue;
        if (name == "..") {
            VEXFS_TRY_VOID(step_back(trail));
            continue;
        }
        auto node = VEXFS_TRY(look_up(trail.back(), name));
        if (!node && !todo.empty())
            return fail(Code::kENOENT, "local: no such directory");
        if (node && node->is_link() && (!todo.empty() || last == LastLink::kFollow)) {
            if (++links > kLinksMax)
                return fail(Code::kELOOP, "local: too many symbolic links");
            const std::string target = VEXFS_TRY(target_of(*node));
            if (target.starts_with('/')) {
                trail.clear();
                trail.push_back(VEXFS_TRY(node_of(engine_.root())));
            }
            push_components(target, todo);
            continue;
        }
        if (todo.empty())
            return Place{std::move(trail.back()), name, std::move(node)};
        trail.push_back(std::move(*node));
    }
    return Place{std::move(trail.back()), "", std::nullopt};
}

Result<LocalNode> LocalTree::get(uint64_t begin, std::string_view path, LastLink last) {
    Place place = VEXFS_TRY(find(begin, path, last));
    if (place.name.empty())
        return std::move(place.directory);
    if (!place.node)
        return fail(Code::kENOENT, "local: there is nothing of that name");
    return std::move(*place.node);
}

Result<LocalNode> LocalTree::make_in(const Place& place, uint32_t op, mode_t mode, dev_t device,
                                     std::string_view target) {
    if (place.name.empty() || place.node)
        return fail(Code::kEEXIST, "local: the name exists");
    VEXFS_TRY_VOID(check_names(place.directory));
    vexfs_req_make body{};
    body.mode = mode;
    body.uid = caller_.uid;
    body.gid = caller_.gid;
    // A set-group-ID directory hands its group on, and itself to directories.
    if ((place.directory.attr().mode & S_ISGID) != 0) {
        body.gid = place.directory.attr().gid;
        body.mode |= op == VEXFS_REQ_MKDIR ? S_ISGID : 0;
    }
    body.rdev_major = major(device);
    body.rdev_minor = minor(device);
    body.name_bytes = length(place.name);
    body.target_bytes = length(target);
    const std::string payload = place.name + std::string(target);
    LocalRequest request(engine_, caller_, op, place.directory.ino());
    const auto entry = VEXFS_TRY(request.fetch<vexfs_rep_entry>(body, bytes_of(payload)));
    return LocalNode(engine_, entry.attr, true);
}

Result<LocalNode> LocalTree::make(uint32_t op, std::string_view path, uint64_t begin, mode_t mode,
                                  dev_t device, std::string_view target) {
    const bool is_device = S_ISCHR(mode) || S_ISBLK(mode);
    if (is_device && !caller_.privileged())
        return fail(Code::kEPERM, "local: devices are made by root");
    return make_in(VEXFS_TRY(find(begin, path, LastLink::kKeep)), op, mode, device, target);
}

Status LocalTree::remove(uint32_t op, std::string_view path) {
    const Place place = VEXFS_TRY(find(0, path, LastLink::kKeep));
    if (place.name.empty())
        return fail(Code::kEBUSY, "local: the directory has no name to remove");
    if (!place.node)
        return fail(Code::kENOENT, "local: there is nothing of that name");
    VEXFS_TRY_VOID(check_removal(place.directory, *place.node));
    LocalRequest request(engine_, caller_, op, place.directory.ino());
    VEXFS_TRY(request.call(vexfs_req_name{length(place.name), 0}, bytes_of(place.name), {}));
    return ok();
}

Status LocalTree::rename(std::string_view path, std::string_view other) {
    const Place from = VEXFS_TRY(find(0, path, LastLink::kKeep));
    const Place to = VEXFS_TRY(find(0, other, LastLink::kKeep));
    if (from.name.empty() || to.name.empty())
        return fail(Code::kEBUSY, "local: the directory has no name to change");
    if (!from.node)
        return fail(Code::kENOENT, "local: there is nothing of that name");
    VEXFS_TRY_VOID(check_removal(from.directory, *from.node));
    VEXFS_TRY_VOID(to.node ? check_removal(to.directory, *to.node) : check_names(to.directory));
    // Its ".." changes.
    if (from.node->is_directory() && from.directory.ino() != to.directory.ino())
        VEXFS_TRY_VOID(check(kMayWrite, *from.node));
    const vexfs_req_rename body{to.directory.ino(), kLocalGeneration, 0, length(from.name),
                                length(to.name)};
    const std::string names = from.name + to.name;
    LocalRequest request(engine_, caller_, VEXFS_REQ_RENAME, from.directory.ino());
    VEXFS_TRY(request.call(body, bytes_of(names), {}));
    return ok();
}

Status LocalTree::link(std::string_view path, std::string_view other) {
    const LocalNode node = VEXFS_TRY(get(0, path, LastLink::kKeep));
    const Place to = VEXFS_TRY(find(0, other, LastLink::kKeep));
    if (to.name.empty() || to.node)
        return fail(Code::kEEXIST, "local: the name exists");
    VEXFS_TRY_VOID(check_names(to.directory));
    const vexfs_req_link body{node.ino(), kLocalGeneration, length(to.name)};
    LocalRequest request(engine_, caller_, VEXFS_REQ_LINK, to.directory.ino());
    const auto entry = VEXFS_TRY(request.fetch<vexfs_rep_entry>(body, bytes_of(to.name)));
    const LocalNode held(engine_, entry.attr, true); // by the request, and let go at once
    return ok();
}

Status LocalTree::set(const LocalNode& node, const vexfs_req_setattr& body) {
    LocalRequest request(engine_, caller_, VEXFS_REQ_SETATTR, node.ino());
    VEXFS_TRY(request.fetch<vexfs_rep_attr>(body, {}));
    return ok();
}

} // namespace vexfs
