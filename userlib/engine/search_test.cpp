// SPDX-License-Identifier: Apache-2.0
//
// Searches against a model that looks for files as find(1) does: down from the directory, through
// what the caller may read and enter, and then compares every vector.
#include <algorithm>
#include <set>
#include <tuple>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/testing/rows/row_volume.h"

using namespace vexfs;

namespace {

template <typename T>
Code code_of(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
}

using Point = std::array<float, 2>;
using Found = std::tuple<float, uint64_t, uint32_t>; // distance, file, row

constexpr size_t kFilesMax = 60;
constexpr size_t kDirectoriesMax = 25;

struct ModelDirectory {
    uint64_t parent = 0;
    std::string name;
    Ownership ownership;
    bool collection = false;
};

struct ModelFile {
    Ownership ownership;
    std::set<std::pair<uint64_t, std::string>> names;
    std::vector<Point> rows;
};

class Model {
  public:
    std::map<uint64_t, ModelDirectory> directories{{kRootIno, {0, "", {0755, 0, 0}, false}}};
    std::map<uint64_t, ModelFile> files;

    static bool allowed(const Ownership& on, const Caller& caller, uint32_t bits) {
        if (caller.uid == 0 || caller.all_rights)
            return true;
        if (caller.uid == on.uid)
            return (on.mode >> 6 & bits) == bits;
        const bool member = caller.gid == on.gid || std::ranges::count(caller.groups, on.gid) > 0;
        return ((member ? on.mode >> 3 : on.mode) & bits) == bits;
    }
    // 0: none.
    [[nodiscard]] uint64_t collection_of(uint64_t directory) const {
        while (directory != 0 && !directories.at(directory).collection)
            directory = directories.at(directory).parent;
        return directory;
    }
    [[nodiscard]] bool below(uint64_t directory, uint64_t above) const {
        for (; directory != 0; directory = directories.at(directory).parent)
            if (directory == above)
                return true;
        return false;
    }
    // Rows whose files have a name there, in the collection that the directory is in.
    [[nodiscard]] bool rows_below(uint64_t directory) const {
        for (const auto& [ino, file] : files)
            for (const auto& [parent, name] : file.names)
                if (!file.rows.empty() && below(parent, directory) &&
                    collection_of(parent) == collection_of(directory))
                    return true;
        return false;
    }
    // What a put says before it looks at the vectors.
    [[nodiscard]] Code put_code(const ModelFile& file) const {
        std::set<uint64_t> collections;
        for (const auto& [parent, name] : file.names)
            collections.insert(collection_of(parent));
        if (collections == std::set<uint64_t>{0})
            return Code::kENODATA;
        return collections.size() > 1 ? Code::kEXDEV : Code{};
    }

    void find(uint64_t directory, const Caller& caller, std::set<uint64_t>& listed) const {
        if (!allowed(directories.at(directory).ownership, caller, 5))
            return;
        for (const auto& [ino, file] : files)
            for (const auto& [parent, name] : file.names)
                if (parent == directory && allowed(file.ownership, caller, 4))
                    listed.insert(ino);
        for (const auto& [ino, child] : directories)
            if (child.parent == directory && !child.collection)
                find(ino, caller, listed);
    }
    [[nodiscard]] std::vector<Found> search(uint64_t directory, const Caller& caller,
                                            const Point& point, const SearchAsk& ask) const {
        std::set<uint64_t> listed;
        find(directory, caller, listed);
        std::vector<Found> all;
        for (const uint64_t ino : listed) {
            std::vector<Found> of_file;
            for (uint32_t row = 0; row < files.at(ino).rows.size(); ++row) {
                const Point& other = files.at(ino).rows[row];
                const float x = other[0] - point[0];
                const float y = other[1] - point[1];
                if (x * x + y * y <= ask.radius)
                    of_file.emplace_back(x * x + y * y, ino, row);
            }
            if (ask.per_file && !of_file.empty())
                of_file = {*std::ranges::min_element(of_file)};
            all.insert(all.end(), of_file.begin(), of_file.end());
        }
        std::ranges::sort(all);
        all.resize(std::min<size_t>(all.size(), ask.k));
        return all;
    }
    // Whether the caller comes by the path to that file.
    [[nodiscard]] bool leads(uint64_t directory, const Caller& caller, const std::string& path,
                             uint64_t ino) const {
        if (!allowed(directories.at(directory).ownership, caller, 5))
            return false;
        const size_t slash = path.find('/');
        if (slash == std::string::npos)
            return files.at(ino).names.contains({directory, path});
        for (const auto& [child, node] : directories)
            if (node.parent == directory && node.name == path.substr(0, slash))
                return leads(child, caller, path.substr(slash + 1), ino);
        return false;
    }
};

// A volume and its model, changed together at random.
class Twins {
  public:
    explicit Twins(uint64_t seed) : random_(seed) {
        top_ = make_directory(kRootIno);
        REQUIRE(volume_->schema_set(top_, plane(), false, root()));
        model_.directories[top_].collection = true;
    }
    ~Twins() {
        volume_.close();
        CHECK(volume_.sound());
    }

    void change() {
        switch (random_.below(14)) {
        case 0:
            if (model_.directories.size() < kDirectoriesMax)
                make_directory(some_directory());
            return;
        case 1:
            return random_.chance(1, 3) ? make_collection() : put(some_file());
        case 2:
            return remove_directory();
        case 3:
            return move_directory();
        case 4:
            return change_rights(some_directory());
        case 5:
        case 6:
            return make_file();
        case 7:
            return put(some_file());
        case 8:
            return drop(some_file());
        case 9:
            return link(some_file());
        case 10:
            return unlink(some_file());
        case 11:
        case 12:
            return rename(some_file());
        default:
            return change_rights(some_file());
        }
    }
    void check_search() {
        const uint64_t directory = random_.chance(1, 3) ? top_ : some_directory();
        const Caller caller = some_caller();
        const Point point = some_point();
        SearchAsk ask;
        ask.query = {index::Element::kF32, 2, reinterpret_cast<const std::byte*>(point.data())};
        ask.k = static_cast<uint32_t>(random_.between(1, 40));
        ask.exact = random_.chance(1, 2);
        ask.per_file = random_.chance(1, 4);
        ask.want_paths = random_.chance(1, 4);
        if (random_.chance(1, 4))
            ask.radius = static_cast<float>(random_.below(60));
        SearchAnswer answer;
        const Status searched = volume_->search(directory, caller, ask, answer);
        if (model_.collection_of(directory) == 0) {
            CHECK(code_of(searched) == Code::kENODATA);
            return;
        }
        REQUIRE(searched);
        std::vector<Found> found;
        for (const SearchHit& hit : answer.hits) {
            found.emplace_back(hit.distance, hit.id.ino, hit.id.row);
            if (ask.want_paths)
                CHECK(model_.leads(directory, caller, hit.path, hit.id.ino));
        }
        REQUIRE(found == model_.search(directory, caller, point, ask));
        ++searches_;
        hits_ += found.size();
    }
    // What is durable is all there is.
    void kill_and_reopen() {
        REQUIRE(volume_->sync());
        volume_.kill();
        CHECK(volume_.sound());
        volume_.open();
    }
    [[nodiscard]] uint64_t searches() const { return searches_; }
    [[nodiscard]] uint64_t hits() const { return hits_; }

  private:
    template <typename Map>
    uint64_t some(const Map& map) {
        return std::next(map.begin(), static_cast<ptrdiff_t>(random_.below(map.size())))->first;
    }
    uint64_t some_directory() { return some(model_.directories); }
    // 0: there is none.
    uint64_t some_file() { return model_.files.empty() ? 0 : some(model_.files); }
    std::string new_name() { return "n" + std::to_string(++names_); }
    Point some_point() {
        return {static_cast<float>(random_.below(12)), static_cast<float>(random_.below(12))};
    }
    Ownership some_ownership() {
        constexpr std::array<uint32_t, 10> kModes{0755, 0755, 0755, 0750, 0700,
                                                  0644, 0640, 0604, 0711, 0055};
        return {kModes[random_.below(kModes.size())], static_cast<uint32_t>(random_.below(4)),
                static_cast<uint32_t>(random_.below(4))};
    }
    Caller some_caller() {
        Caller caller{static_cast<uint32_t>(random_.below(4)),
                      static_cast<uint32_t>(random_.below(4)),
                      {},
                      random_.chance(1, 10)};
        if (random_.chance(1, 2))
            caller.groups.push_back(static_cast<uint32_t>(random_.below(4)));
        return caller;
    }
    template <typename T>
    static Code code(const Result<T>& result) {
        return result ? Code{} : result.error().code;
    }

    uint64_t make_directory(uint64_t parent) {
        const std::string name = new_name();
        const Ownership of = some_ownership();
        const uint64_t ino = volume_.directory(parent, name, of.mode, of.uid, of.gid);
        model_.directories[ino] = {parent, name, of, false};
        return ino;
    }
    void make_collection() {
        const uint64_t ino = some_directory();
        ModelDirectory& directory = model_.directories[ino];
        if (ino == kRootIno)
            return;
        Code expected{};
        if (directory.collection)
            expected = Code::kEEXIST;
        else if (model_.rows_below(ino))
            expected = Code::kENOTEMPTY;
        REQUIRE(code(volume_->schema_set(ino, plane(), false, root())) == expected);
        directory.collection = true;
        if (expected == Code::kENOTEMPTY)
            directory.collection = false;
    }
    void remove_directory() {
        const uint64_t ino = some_directory();
        if (ino == kRootIno || ino == top_)
            return;
        bool empty = true;
        for (const auto& [child, directory] : model_.directories)
            empty = empty && directory.parent != ino;
        for (const auto& [child, file] : model_.files)
            for (const auto& [parent, name] : file.names)
                empty = empty && parent != ino;
        const ModelDirectory directory = model_.directories[ino];
        REQUIRE(code(volume_->rmdir(directory.parent, directory.name)) ==
                (empty ? Code{} : Code::kENOTEMPTY));
        if (empty)
            model_.directories.erase(ino);
    }
    void move_directory() {
        const uint64_t ino = some_directory();
        const uint64_t to = some_directory();
        if (ino == kRootIno || model_.below(to, ino))
            return;
        ModelDirectory& directory = model_.directories[ino];
        const std::string name = new_name();
        const bool crosses = !directory.collection && model_.rows_below(ino) &&
                             model_.collection_of(to) != model_.collection_of(directory.parent);
        REQUIRE(code(volume_->rename({directory.parent, directory.name}, {to, name},
                                     RenameMode::kReplace)) == (crosses ? Code::kEXDEV : Code{}));
        if (crosses)
            return;
        directory.parent = to;
        directory.name = name;
    }
    void change_rights(uint64_t ino) {
        if (ino == 0)
            return;
        const Ownership of = some_ownership();
        Attributes attributes;
        Ownership& now = model_.directories.contains(ino) ? model_.directories[ino].ownership
                                                          : model_.files[ino].ownership;
        if (random_.chance(1, 2))
            attributes.mode = now.mode = of.mode;
        if (random_.chance(1, 2))
            attributes.uid = now.uid = of.uid;
        if (random_.chance(1, 2))
            attributes.gid = now.gid = of.gid;
        REQUIRE(volume_.set(ino, attributes));
    }
    void make_file() {
        if (model_.files.size() >= kFilesMax)
            return;
        const uint64_t parent = some_directory();
        const std::string name = new_name();
        const Ownership of = some_ownership();
        const uint64_t ino = volume_.file(parent, name, of.mode, of.uid, of.gid);
        model_.files[ino] = {of, {{parent, name}}, {}};
        put(ino);
    }
    void put(uint64_t ino) {
        if (ino == 0)
            return;
        ModelFile& file = model_.files[ino];
        std::vector<float> vectors;
        std::vector<Point> points;
        for (uint64_t i = random_.between(1, 3); i > 0; --i) {
            points.push_back(some_point());
            vectors.insert(vectors.end(), points.back().begin(), points.back().end());
        }
        PutRows rows;
        rows.first = random_.chance(1, 2)
                         ? kAppend
                         : static_cast<uint32_t>(random_.below(file.rows.size() + 1));
        rows.truncate = random_.chance(1, 3);
        const Code expected = model_.put_code(file);
        REQUIRE(code(volume_.put(RowVolume::opened(ino), vectors, root(), rows)) == expected);
        if (expected != Code{})
            return;
        const size_t first = rows.first == kAppend ? file.rows.size() : rows.first;
        if (rows.truncate || file.rows.size() < first + points.size())
            file.rows.resize(first + points.size());
        std::ranges::copy(points, file.rows.begin() + static_cast<ptrdiff_t>(first));
    }
    void drop(uint64_t ino) {
        if (ino == 0)
            return;
        ModelFile& file = model_.files[ino];
        const auto first = static_cast<uint32_t>(random_.below(3));
        const Code expected = model_.put_code(file);
        REQUIRE(code(volume_->drop_rows(RowVolume::opened(ino), root(), first, true)) == expected);
        if (expected == Code{} && file.rows.size() > first)
            file.rows.resize(first);
    }
    // Of a file with rows every name is in the collection of the first.
    bool crosses(const ModelFile& file, uint64_t to) {
        return !file.rows.empty() &&
               model_.collection_of(file.names.begin()->first) != model_.collection_of(to);
    }
    void link(uint64_t ino) {
        if (ino == 0)
            return;
        ModelFile& file = model_.files[ino];
        const uint64_t to = some_directory();
        const std::string name = new_name();
        const Code expected = crosses(file, to) ? Code::kEXDEV : Code{};
        REQUIRE(code(volume_.link(ino, to, name)) == expected);
        if (expected == Code{})
            file.names.emplace(to, name);
    }
    void unlink(uint64_t ino) {
        if (ino == 0)
            return;
        ModelFile& file = model_.files[ino];
        const auto [parent, name] = *file.names.begin();
        const bool held = random_.chance(1, 4) && volume_->lookup(parent, name).has_value();
        REQUIRE(volume_->unlink(parent, name));
        file.names.erase(file.names.begin());
        if (file.names.empty())
            model_.files.erase(ino);
        if (held)
            REQUIRE(volume_->forget(ino, 1));
    }
    // To a new name, over another file, or the two exchanged.
    void rename(uint64_t ino) {
        if (ino == 0)
            return;
        ModelFile& file = model_.files[ino];
        const auto from = *file.names.begin();
        const uint64_t there = some_file();
        ModelFile& other = model_.files[there];
        const auto over = *other.names.begin();
        const bool replaces = there != ino && random_.chance(1, 2);
        const auto to = replaces ? over : std::pair(some_directory(), new_name());
        const RenameMode mode =
            replaces && random_.chance(1, 2) ? RenameMode::kExchange : RenameMode::kReplace;
        const bool exchanges = mode == RenameMode::kExchange;
        const bool refused = model_.collection_of(from.first) != model_.collection_of(to.first) &&
                             (!file.rows.empty() || (exchanges && !other.rows.empty()));
        REQUIRE(code(volume_->rename({from.first, from.second}, {to.first, to.second}, mode)) ==
                (refused ? Code::kEXDEV : Code{}));
        if (refused)
            return;
        file.names.erase(from);
        file.names.insert(to);
        if (!replaces)
            return;
        other.names.erase(over);
        if (exchanges)
            other.names.insert(from);
        if (other.names.empty())
            model_.files.erase(there);
    }

    Random random_;
    RowVolume volume_;
    Model model_;
    uint64_t top_ = 0;
    uint64_t names_ = 0;
    uint64_t searches_ = 0;
    uint64_t hits_ = 0;
};

} // namespace

TEST_CASE("search: the answer is what find lists and a scan of all its vectors ranks") {
    uint64_t searches = 0;
    uint64_t hits = 0;
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        Twins twins(seed);
        for (int step = 0; step < 1500; ++step) {
            CAPTURE(step);
            twins.change();
            for (int i = 0; i < 3; ++i)
                twins.check_search();
            if (step % 300 == 299)
                twins.kill_and_reopen();
        }
        searches += twins.searches();
        hits += twins.hits();
    }
    CHECK(searches > 20'000);
    CHECK(hits > searches); // it is no comparison of nothing with nothing
}
