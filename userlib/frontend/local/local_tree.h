// SPDX-License-Identifier: Apache-2.0
//
// Paths to nodes, and names in directories, with the rights that the kernel would check on a mount:
// who may walk, read, write, and whose names those are in a sticky directory.
//
// It knows no open file. A node that it answers is held by the engine until the LocalNode is gone.
//
// Threads: any; it has no state but the engine and the caller.
#pragma once

#include <optional>
#include <vector>

#include <sys/types.h>

#include "userlib/frontend/local/local_engine.h"

namespace vexfs {

// A node that the engine keeps for us. Its attributes are those of when it was found.
// Threads: a value; the engine outlives it.
class LocalNode {
  public:
    LocalNode(LocalEngine& engine, const vexfs_attr& attr, bool held)
        : engine_(&engine), attr_(attr), held_(held) {}
    ~LocalNode() { let_go(); }
    LocalNode(LocalNode&& other) noexcept
        : engine_(other.engine_), attr_(other.attr_), held_(std::exchange(other.held_, false)) {}
    LocalNode& operator=(LocalNode&& other) noexcept {
        if (this != &other) {
            let_go();
            engine_ = other.engine_;
            attr_ = other.attr_;
            held_ = std::exchange(other.held_, false);
        }
        return *this;
    }

    [[nodiscard]] uint64_t ino() const { return attr_.ino; }
    [[nodiscard]] const vexfs_attr& attr() const { return attr_; }
    [[nodiscard]] bool is_directory() const;
    [[nodiscard]] bool is_link() const;
    [[nodiscard]] Ownership ownership() const { return {attr_.mode, attr_.uid, attr_.gid}; }

  private:
    void let_go();

    LocalEngine* engine_;
    vexfs_attr attr_;
    bool held_;
};

class LocalTree {
  public:
    static constexpr size_t kLinksMax = 40; // symbolic ones in a path

    // Both outlive it.
    LocalTree(LocalEngine& engine, const Caller& caller) : engine_(engine), caller_(caller) {}

    enum class LastLink { kFollow, kKeep };
    // Where a path leads: the directory, and what is there of that name. An empty name: the
    // directory itself. `begin`: where a relative path begins; 0: the root.
    struct Place {
        LocalNode directory;
        std::string name;
        std::optional<LocalNode> node;
    };
    Result<Place> find(uint64_t begin, std::string_view path, LastLink last);
    // What is there: ENOENT.
    Result<LocalNode> get(uint64_t begin, std::string_view path, LastLink last);
    Result<LocalNode> node_of(uint64_t ino);

    // Each needs the rights to do so. EROFS on a volume that is read-only.
    Result<LocalNode> make(uint32_t op, std::string_view path, uint64_t begin, mode_t mode,
                           dev_t device, std::string_view target);
    Result<LocalNode> make_in(const Place& place, uint32_t op, mode_t mode, dev_t device,
                              std::string_view target);
    Status remove(uint32_t op, std::string_view path);
    Status rename(std::string_view path, std::string_view other);
    Status link(std::string_view path, std::string_view other);
    Status set(const LocalNode& node, const vexfs_req_setattr& body);
    Result<std::string> target_of(const LocalNode& node);

    // EACCES; EROFS if it is to be written.
    Status check(uint32_t rights, const LocalNode& node) const;
    Status check_owner(const LocalNode& node) const;

  private:
    using Trail = std::vector<LocalNode>; // from the root to where the walk is

    Result<std::optional<LocalNode>> look_up(const LocalNode& directory, std::string_view name);
    Status step_back(Trail& trail);
    // That the caller may make and remove names there.
    Status check_names(const LocalNode& directory) const;
    Status check_removal(const LocalNode& directory, const LocalNode& node) const;

    LocalEngine& engine_;
    const Caller& caller_;
};

} // namespace vexfs
