// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/differential/grove.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"

namespace vexfs {

namespace {

constexpr uint64_t kTags = 1000;
constexpr size_t kCentres = 40;
constexpr uint32_t kRowsOfLargeFile = 24;
constexpr uint32_t kUidFirst = 4000; // four owners
constexpr uint32_t kGidFirst = 5000; // six groups
constexpr uint32_t kGroupsOfLarge = 5;

struct CloseNode {
    void operator()(vexfs_node* node) const { vexfs_node_close(node); }
};
using Node = std::unique_ptr<vexfs_node, CloseNode>;

Node open_node(const std::string& path) {
    vexfs_node* node = nullptr;
    vexfs_node_open(path.c_str(), &node, nullptr);
    return Node(node);
}

std::string failed(const std::string& what, const std::string& path, int error) {
    return what + " of " + path + " failed: " + strerrorname_np(error);
}

uint64_t ino_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

} // namespace

std::vector<User> small_users() {
    return {{0, {0}, "root"},
            {kUidFirst, {kGidFirst}, "an owner"},
            {kUidFirst + 1, {kGidFirst + 1, kGidFirst + 3}, "an owner with two groups"},
            {4999, {4999, kGidFirst, kGidFirst + 1, kGidFirst + 2}, "one with three groups"},
            {4998, {4998}, "a stranger"}};
}

std::vector<User> large_users() {
    std::vector<User> users{{0, {0}, "root"}};
    const char* const shares[] = {"0.1 percent", "1 percent", "10 percent", "50 percent"};
    std::vector<uint32_t> groups{4990};
    for (uint32_t i = 0; i < 4; ++i) {
        groups.push_back(kGidFirst + i);
        users.push_back({4990 + i, groups, shares[i]});
    }
    users.insert(users.end(), {users[0], users[4], users[4], users[4]});
    return users;
}

Grove::Grove(std::string top, uint64_t seed, uint32_t dim, KnownMetric metric)
    : random_(seed), top_(std::move(top)), oracle_(dim, metric), centres_(kCentres) {
    for (std::vector<float>& centre : centres_)
        for (uint32_t i = 0; i < dim; ++i)
            centre.push_back(static_cast<float>(random_.normal()) * 3);
}

// Of values that a float adds up exactly.
std::vector<float> Grove::any_vector() {
    const std::vector<float>& centre = centres_[random_.below(kCentres)];
    std::vector<float> vector;
    for (const float middle : centre)
        vector.push_back(std::round((middle + static_cast<float>(random_.normal())) * 16) / 16);
    return vector;
}

std::string Grove::make_collection(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) != 0 || ::chmod(path.c_str(), 0755) != 0)
        return failed("mkdir", path, errno);
    const Node node = open_node(path);
    vexfs_schema schema{};
    schema.dim = oracle_.dim();
    schema.element = VEXFS_ELEMENT_F32;
    schema.metric = static_cast<uint16_t>(oracle_.metric()) + VEXFS_METRIC_L2;
    vexfs_schema_reply reply{};
    const int set = node ? vexfs_schema_set(node.get(), &schema, 0, &reply, nullptr) : -EIO;
    return set == 0 ? "" : failed("schema", path, -set);
}

std::string Grove::make_file(const std::string& path, uint32_t uid, uint32_t gid, uint32_t mode) {
    std::ofstream(path) << std::string(random_.below(60), 'x');
    if (::chown(path.c_str(), uid, gid) != 0 || ::chmod(path.c_str(), mode) != 0)
        return failed("making", path, errno);
    oracle_.files[ino_of(path)] = {};
    return "";
}

// A file that has names in several collections takes none.
std::string Grove::put_rows(const std::string& path, uint32_t count, How how) {
    KnownFile& file = oracle_.files[ino_of(path)];
    std::vector<KnownRow> rows;
    std::vector<float> vectors;
    std::vector<vexfs_row_meta> metas;
    for (uint32_t i = 0; i < count; ++i) {
        rows.push_back({any_vector(), random_.below(kTags), false});
        vectors.insert(vectors.end(), rows.back().vector.begin(), rows.back().vector.end());
        metas.push_back({rows.back().tag, 0, 0});
    }
    const size_t first = how == How::kAppend ? file.rows.size()
                         : how == How::kOver ? random_.below(file.rows.size() + 1)
                                             : 0;
    vexfs_put_rows put{};
    put.first = static_cast<uint32_t>(first);
    put.rows = count;
    put.vectors = vectors.data();
    put.metas = metas.data();
    const vexfs_put_batch batch{oracle_.dim(),
                                VEXFS_ELEMENT_F32,
                                0,
                                VEXFS_PUT_ASYNC | (how == How::kInPlace ? VEXFS_PUT_TRUNCATE : 0),
                                1,
                                &put};
    const Node node = open_node(path);
    const int done = node ? vexfs_rows_put(node.get(), &batch, nullptr, nullptr) : -EIO;
    if (done == -EXDEV)
        return "";
    if (done != 0)
        return failed("put", path, -done);
    vexfs_schema_reply schema{};
    if (vexfs_schema_get(node.get(), &schema, nullptr) != 0)
        return "no schema of " + path;
    file.collection = schema.collection;
    file.rows.resize(how == How::kInPlace ? count : std::max(file.rows.size(), first + count));
    std::ranges::move(rows, file.rows.begin() + static_cast<ptrdiff_t>(first));
    return "";
}

std::string Grove::drop_rows(const std::string& path) {
    KnownFile& file = oracle_.files[ino_of(path)];
    const auto first = static_cast<uint32_t>(random_.below(file.rows.size() + 1));
    const Node node = open_node(path);
    vexfs_drop_reply reply{};
    const int done =
        node ? vexfs_rows_drop(node.get(), nullptr, first, VEXFS_PUT_ASYNC, &reply, nullptr) : -EIO;
    if (done == -EXDEV)
        return "";
    if (done != 0)
        return failed("drop", path, -done);
    file.rows.resize(first);
    return "";
}

std::string Grove::plant_small() {
    if (std::string wrong = make_collection(top_); !wrong.empty())
        return wrong;
    collection_ = ino_of(top_);
    constexpr uint32_t kModes[] = {0755, 0755, 0750, 0700, 0711};
    constexpr uint32_t kFileModes[] = {0644, 0640, 0600, 0604, 0040};
    directories_ = {top_};
    for (int i = 0; i < 10; ++i) {
        const std::string path =
            directories_[random_.below(directories_.size())] + "/d" + std::to_string(made_++);
        if (i == 7) {
            if (std::string wrong = make_collection(path); !wrong.empty())
                return wrong;
        } else if (::mkdir(path.c_str(), 0755) != 0) {
            return failed("mkdir", path, errno);
        }
        if (::chown(path.c_str(), kUidFirst + random_.below(4), kGidFirst + random_.below(6)) !=
                0 ||
            ::chmod(path.c_str(), kModes[random_.below(5)]) != 0)
            return failed("chown", path, errno);
        directories_.push_back(path);
    }
    for (int i = 0; i < 50; ++i) {
        const std::string path = any_path();
        std::string wrong = make_file(path, kUidFirst + random_.below(4),
                                      kGidFirst + random_.below(6), kFileModes[random_.below(5)]);
        if (wrong.empty() && random_.chance(5, 6))
            wrong = put_rows(path, 1 + random_.below(20), How::kAppend);
        if (!wrong.empty())
            return wrong;
    }
    return "";
}

// The groups of a large tree's files: 1, 9, 90, 400 of a thousand, and the rest.
std::string Grove::plant_large(uint32_t rows) {
    if (std::string wrong = make_collection(top_); !wrong.empty())
        return wrong;
    collection_ = ino_of(top_);
    directories_ = {top_};
    for (int i = 0; i < 12; ++i) {
        directories_.push_back(directories_[random_.below(directories_.size())] + "/d" +
                               std::to_string(made_++));
        if (::mkdir(directories_.back().c_str(), 0755) != 0)
            return failed("mkdir", directories_.back(), errno);
    }
    const uint32_t files = (rows + kRowsOfLargeFile - 1) / kRowsOfLargeFile;
    std::vector<uint32_t> places;
    for (uint32_t i = 0; i < files; ++i)
        places.push_back(i * 1000 / files);
    random_.shuffle(std::span(places));
    for (const uint32_t place : places) {
        const uint32_t group = place < 1     ? 0
                               : place < 10  ? 1
                               : place < 100 ? 2
                               : place < 500 ? 3
                                             : 4;
        const std::string path = any_path();
        std::string wrong = make_file(path, 0, kGidFirst + group % kGroupsOfLarge, 0640);
        if (wrong.empty())
            wrong = put_rows(path, kRowsOfLargeFile, How::kAppend);
        if (!wrong.empty())
            return wrong;
    }
    return link_rows();
}

std::string Grove::link_rows() {
    const Node node = open_node(top_);
    const int done = node ? vexfs_rows_sync(node.get(), VEXFS_SYNC_LINK, nullptr) : -EIO;
    return done == 0 ? "" : failed("linking", top_, -done);
}

std::string Grove::any_path() {
    return directories_[random_.below(directories_.size())] + "/f" + std::to_string(made_++);
}

void Grove::list() {
    directories_ = {top_};
    files_.clear();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top_))
        (entry.is_directory() ? directories_ : files_).push_back(entry.path());
}

std::vector<std::string> Grove::some_directories(size_t count) {
    list();
    std::vector<std::string> some{top_};
    for (size_t i = 1; i < count; ++i)
        some.push_back(directories_[random_.below(directories_.size())]);
    return some;
}

std::string Grove::change(uint32_t times) {
    for (uint32_t i = 0; i < times; ++i) {
        list();
        if (std::string wrong = change_once(); !wrong.empty())
            return wrong;
    }
    return "";
}

std::string Grove::change_once() {
    if (files_.empty() || random_.chance(1, 10))
        return make_file(any_path(), kUidFirst + random_.below(4), kGidFirst + random_.below(6),
                         0644);
    const uint64_t choice = random_.below(10);
    if (choice < 2 && directories_.size() > 1) {
        change_directory(directories_[1 + random_.below(directories_.size() - 1)]);
        return "";
    }
    const std::string& file = files_[random_.below(files_.size())];
    return choice < 6 ? change_rows(file) : change_file(file);
}

std::string Grove::change_rows(const std::string& file) {
    switch (random_.below(5)) {
    case 0:
        return drop_rows(file);
    case 1:
        return put_rows(file, 1 + random_.below(20), How::kInPlace);
    case 2:
        return put_rows(file, 1 + random_.below(5), How::kAppend);
    default:
        return put_rows(file, 1 + random_.below(10), How::kOver);
    }
}

// What may not be is refused by the kernel or by the engine, and nothing happens.
std::string Grove::change_file(const std::string& file) {
    KnownFile& known = oracle_.files[ino_of(file)];
    switch (random_.below(7)) {
    case 0:
        ::unlink(file.c_str());
        return "";
    case 1:
        ::rename(file.c_str(), any_path().c_str());
        return "";
    case 2:
        ::rename(file.c_str(), files_[random_.below(files_.size())].c_str());
        return "";
    case 3:
        ::link(file.c_str(), any_path().c_str());
        return "";
    case 4: {
        std::ofstream(file, std::ios::app) << "more";
        for (KnownRow& row : known.rows)
            row.stale = true;
        return "";
    }
    case 5: {
        const std::string value = std::to_string(random_.below(40));
        if (::setxattr(file.c_str(), "user.n", value.data(), value.size(), 0) != 0)
            return failed("setxattr", file, errno);
        known.xattrs["user.n"] = value;
        return "";
    }
    default:
        if (::chown(file.c_str(), kUidFirst + random_.below(4), kGidFirst + random_.below(6)) !=
                0 ||
            ::chmod(file.c_str(), random_.chance(1, 2) ? 0640 : 0604) != 0)
            return failed("chmod", file, errno);
        return "";
    }
}

void Grove::change_directory(const std::string& directory) {
    constexpr uint32_t kModes[] = {0755, 0750, 0705, 0700, 0711};
    if (random_.chance(1, 3)) {
        const std::string to =
            directories_[random_.below(directories_.size())] + "/d" + std::to_string(made_++);
        ::rename(directory.c_str(), to.c_str());
    } else {
        ::chmod(directory.c_str(), kModes[random_.below(5)]);
    }
}

} // namespace vexfs
