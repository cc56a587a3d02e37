// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/access/access_classes.h"

#include <set>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/engine/access/walk.h"

using namespace vexfs;

namespace {

constexpr uint64_t kTop = 2; // the collection's directory
constexpr size_t kDirectoriesMax = 40;

struct File {
    Ownership ownership;
    std::multiset<uint64_t> parents; // two names may be in one directory
    uint32_t id = 0;

    [[nodiscard]] AccessClass access_class() const {
        return {{parents.begin(), parents.end()}, ownership};
    }
};

// A tree without names, and what find(1) would list in it.
struct Tree {
    std::map<uint64_t, Directory> directories{{kTop, {0, {0755, 0, 0}}}};
    std::map<uint64_t, File> files;

    static bool allowed(const Ownership& on, const Caller& caller, uint32_t bits) {
        if (caller.uid == 0 || caller.all_rights)
            return true;
        bool group = caller.gid == on.gid;
        for (const uint32_t gid : caller.groups)
            group = group || gid == on.gid;
        const uint32_t shift = caller.uid == on.uid ? 6 : group ? 3 : 0;
        return ((on.mode >> shift) & bits) == bits;
    }

    // Down from the directory, as find does, not up from the file as the classes do.
    void find_in(uint64_t directory, const Caller& caller, std::set<uint64_t>& open) const {
        if (!allowed(directories.at(directory).ownership, caller, 5))
            return;
        open.insert(directory);
        for (const auto& [ino, child] : directories)
            if (child.parent == directory)
                find_in(ino, caller, open);
    }
    [[nodiscard]] std::set<uint64_t> open_directories(uint64_t top, const Caller& caller) const {
        std::set<uint64_t> open;
        if (directories.contains(top))
            find_in(top, caller, open);
        return open;
    }
    static bool lists(const std::set<uint64_t>& open, const AccessClass& of, const Caller& caller) {
        if (!allowed(of.ownership, caller, 4))
            return false;
        for (const uint64_t parent : of.parents)
            if (open.contains(parent))
                return true;
        return false;
    }
    [[nodiscard]] bool below(uint64_t ino, uint64_t above) const {
        for (; ino != 0; ino = directories.at(ino).parent)
            if (ino == above)
                return true;
        return false;
    }
};

// A tree that changes, and the classes that are told so.
class Scene {
  public:
    explicit Scene(uint64_t seed)
        : random_(seed), known_([this](uint64_t ino) -> Result<Directory> {
              const auto found = tree_.directories.find(ino);
              if (found == tree_.directories.end())
                  return fail(Code::kESTALE, "scene: no such directory");
              return found->second;
          }),
          classes_(known_, kTop) {}

    Tree& tree() { return tree_; }
    AccessClasses& classes() { return classes_; }
    Directories& known() { return known_; }
    Random& random() { return random_; }

    Ownership some_ownership() {
        constexpr std::array<uint32_t, 8> kModes{0755, 0750, 0700, 0644, 0640, 0444, 0711, 0055};
        return {kModes[random_.below(kModes.size())] | (random_.chance(1, 8) ? 04000u : 0u),
                static_cast<uint32_t>(random_.below(4)), static_cast<uint32_t>(random_.below(4))};
    }
    Caller some_caller() {
        Caller caller{static_cast<uint32_t>(random_.below(4)),
                      static_cast<uint32_t>(random_.below(4)),
                      {},
                      random_.chance(1, 16)};
        for (uint64_t i = random_.below(3); i > 0; --i)
            caller.groups.push_back(static_cast<uint32_t>(random_.below(4)));
        return caller;
    }
    template <typename Map>
    uint64_t some(const Map& map) {
        return std::next(map.begin(), static_cast<ptrdiff_t>(random_.below(map.size())))->first;
    }

    void change() {
        switch (random_.below(10)) {
        case 0:
            if (tree_.directories.size() < kDirectoriesMax)
                tree_.directories[next_ino_++] = {some(tree_.directories), some_ownership()};
            return;
        case 1:
            return change_directory();
        case 2:
            return move_directory();
        case 3:
        case 4:
        case 5:
            return add_file();
        default:
            return change_file();
        }
    }

  private:
    void change_directory() {
        const uint64_t ino = some(tree_.directories);
        tree_.directories[ino].ownership = some_ownership();
        known_.changed(ino);
    }
    void move_directory() {
        const uint64_t ino = some(tree_.directories);
        const uint64_t to = some(tree_.directories);
        if (ino == kTop || tree_.below(to, ino))
            return;
        tree_.directories[ino].parent = to;
        known_.changed(ino);
    }
    void add_file() {
        File file{some_ownership(), {some(tree_.directories)}, 0};
        file.id = classes_.join(file.access_class());
        tree_.files[next_ino_++] = file;
    }
    void change_file() {
        if (tree_.files.empty())
            return;
        const auto found = tree_.files.find(some(tree_.files));
        File& file = found->second;
        const uint32_t before = file.id;
        switch (random_.below(4)) {
        case 0:
            file.ownership = some_ownership();
            break;
        case 1:
            file.parents.insert(some(tree_.directories));
            break;
        case 2:
            file.parents.erase(file.parents.begin());
            break;
        default:
            file.parents = {some(tree_.directories)};
        }
        if (file.parents.empty()) {
            classes_.leave(before);
            tree_.files.erase(found);
            return;
        }
        file.id = classes_.join(file.access_class());
        classes_.leave(before);
    }

    Random random_;
    Tree tree_;
    Directories known_;
    AccessClasses classes_;
    uint64_t next_ino_ = 100;
};

void check_all(Scene& scene, uint64_t top, const Caller& caller) {
    const auto visible = scene.classes().visible(top, caller).value();
    const std::set<uint64_t> open = scene.tree().open_directories(top, caller);
    bool files_below = false;
    for (const auto& [ino, file] : scene.tree().files) {
        const bool listed = Tree::lists(open, file.access_class(), caller);
        REQUIRE((visible->all || visible->classes[file.id]) == listed);
        for (const uint64_t parent : file.parents)
            files_below = files_below || scene.tree().below(parent, top);
    }
    CHECK(scene.classes().any_files_below(top).value() == files_below);
}

} // namespace

TEST_CASE("caller: the owner has the owner's rights only, a member the group's only") {
    const Ownership on{0274, 7, 8};
    const Caller owner{7, 8, {}, false};
    const Caller member{9, 8, {}, false};
    const Caller further{9, 1, {3, 8}, false};
    const Caller other{9, 1, {3}, false};
    CHECK(owner.may(kMayWrite, on));
    CHECK_FALSE(owner.may(kMayRead, on));
    for (const Caller& caller : {member, further})
        CHECK(caller.may(kMayRead | kMayWrite | kMayExecute, on));
    CHECK(other.may(kMayRead, on));
    CHECK_FALSE(other.may(kMayRead | kMayExecute, on));
    CHECK(Caller{0, 1, {}, false}.may(kMayWrite | kMayExecute, on));
    CHECK(Caller{9, 1, {}, true}.may(kMayWrite | kMayExecute, on));
    CHECK(owner.owns(on));
    CHECK(Caller{}.owns(on));
    CHECK_FALSE(member.owns(on));
}

TEST_CASE("access: what is visible is what find lists, over random trees that change") {
    uint64_t checked = 0;
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        Scene scene(seed);
        std::vector<std::pair<uint64_t, Caller>> regulars;
        for (int i = 0; i < 6; ++i)
            regulars.emplace_back(kTop, scene.some_caller());
        for (int step = 0; step < 300; ++step) {
            CAPTURE(step);
            scene.change();
            auto& [top, caller] = regulars[scene.random().below(regulars.size())];
            check_all(scene, top, caller);
            ++checked;
            if (scene.random().chance(1, 10))
                top = scene.some(scene.tree().directories);
            if (scene.random().chance(1, 40))
                caller = scene.some_caller();
        }
    }
    CHECK(checked == 60 * 300);
}

TEST_CASE("access: a set that somebody holds never shows what was not visible when it was made") {
    struct Held {
        std::shared_ptr<const VisibleClasses> visible;
        Caller caller;
        std::set<uint64_t> open;
    };
    Scene scene(7);
    std::vector<Held> held;
    uint32_t ids = 0;
    // Files of directories that come and go, so that ids run out.
    for (int step = 0; step < 150'000; ++step) {
        CAPTURE(step);
        scene.change();
        if (scene.tree().files.size() > 30) {
            const auto last = std::prev(scene.tree().files.end());
            scene.classes().leave(last->second.id);
            scene.tree().files.erase(last);
        }
        if (held.size() < 3) {
            const Caller caller = scene.some_caller();
            held.push_back({scene.classes().visible(kTop, caller).value(), caller,
                            scene.tree().open_directories(kTop, caller)});
        }
        if (scene.random().chance(1, 500)) // long enough for ids to be used again meanwhile
            held.erase(held.begin() + static_cast<ptrdiff_t>(scene.random().below(held.size())));
        for (const auto& [ino, file] : scene.tree().files) {
            ids = std::max(ids, file.id + 1);
            for (const Held& one : held) {
                const std::vector<bool>& classes = one.visible->classes;
                if (!one.visible->all && file.id < classes.size() && classes[file.id])
                    REQUIRE(Tree::lists(one.open, file.access_class(), one.caller));
            }
        }
    }
    // Meanings were given away many times more often than there are ids.
    CHECK(ids < 10 * AccessClasses::kRestingMin);
}

TEST_CASE("access: a set is made anew only if something has changed") {
    Scene scene(3);
    for (int i = 0; i < 100; ++i)
        scene.change();
    const Caller caller{1, 1, {2}, false};
    const auto first = scene.classes().visible(kTop, caller).value();
    CHECK(scene.classes().visible(kTop, caller).value() == first);
    scene.tree().directories[kTop].ownership = {0755, 0, 0};
    scene.known().changed(kTop);
    const auto second = scene.classes().visible(kTop, caller).value();
    CHECK(second != first);
    CHECK(second->version != first->version);
    scene.classes().join({{kTop}, {0644, 77, 77}});
    const auto third = scene.classes().visible(kTop, caller).value();
    CHECK(third->classes.size() == second->classes.size() + 1);
    CHECK(third->classes.back());
    CHECK(scene.classes().memory_bytes() > 0);
}

TEST_CASE("directories: what was read before a change was told is not kept") {
    uint32_t mode = 0700;
    Directories* self = nullptr;
    Directories directories([&](uint64_t ino) -> Result<Directory> {
        const Directory read{0, {mode, 0, 0}};
        if (mode == 0700) { // the change comes between reading and keeping
            mode = 0755;
            self->changed(ino);
        }
        return read;
    });
    self = &directories;
    CHECK(directories.get(kTop).value().ownership.mode == 0700);
    CHECK(directories.get(kTop).value().ownership.mode == 0755);
}

TEST_CASE("walk: a circle of directories is an error and not a hang") {
    Directories directories([](uint64_t ino) -> Result<Directory> {
        return Directory{ino ^ 1, {0755, 0, 0}};
    });
    const Caller caller{1, 1, {}, false};
    Walk walk(directories, caller, kTop);
    const Result<bool> reached = walk.reaches(10);
    REQUIRE_FALSE(reached.has_value());
    CHECK(reached.error().code == Code::kEUCLEAN);
    const Result<bool> below = directories.is_below(10, kTop);
    REQUIRE_FALSE(below.has_value());
    CHECK(below.error().code == Code::kEUCLEAN);
}
