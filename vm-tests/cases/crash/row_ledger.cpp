// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/crash/row_ledger.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"

namespace vexfs {

namespace {

constexpr uint32_t kDim = 8;
constexpr uint64_t kNames = 5;
constexpr uint64_t kRowsOfPut = 60;
constexpr size_t kRowsOfFile = 600; // so that there are enough for a graph
constexpr size_t kWindowMax = 48;
constexpr size_t kGoneMax = 64;

bool is_gone(int error) {
    return error == ENOTCONN || error == ECONNABORTED || error == EIO || error == ENODEV ||
           error == ESTALE || error == EINTR;
}

using Vector = std::array<float, kDim>;

// Whole numbers, so that equal ones have the distance 0.
Vector vector_of(uint64_t tag) {
    Random random(tag);
    Vector vector;
    for (float& value : vector)
        value = static_cast<float>(random.below(4096));
    return vector;
}

} // namespace

void RowLedger::CloseNode::operator()(vexfs_node* node) const {
    vexfs_node_close(node);
}

int RowLedger::open(const std::string& name, Node& node) const {
    vexfs_node* opened = nullptr;
    const int result =
        vexfs_node_open((name.empty() ? directory_ : path(name)).c_str(), &opened, nullptr);
    node.reset(opened);
    return -result;
}

std::optional<std::string> RowLedger::begin() {
    Node node;
    vexfs_schema schema{};
    schema.dim = kDim;
    schema.element = VEXFS_ELEMENT_F32;
    schema.metric = VEXFS_METRIC_L2;
    vexfs_schema_reply reply{};
    if (::mkdir(directory_.c_str(), 0755) != 0 || open("", node) != 0 ||
        vexfs_schema_set(node.get(), &schema, 0, &reply, nullptr) != 0)
        return directory_ + " cannot become a collection";
    return std::nullopt;
}

RowLedger::Change RowLedger::any_change() {
    constexpr std::array kKinds{Kind::kAppend,  Kind::kAppend, Kind::kAppend, Kind::kOverwrite,
                                Kind::kReplace, Kind::kDrop,   Kind::kDrop,   Kind::kRemove};
    const Files& now = window_.back();
    Change change;
    change.kind = kKinds[random_.below(kKinds.size())];
    if (window_.size() > kWindowMax || random_.chance(1, 16))
        change.kind = Kind::kSync;
    change.name = "r" + std::to_string(random_.below(kNames));
    const auto found = now.find(change.name);
    const size_t rows = found == now.end() ? 0 : found->second.size();
    if (change.kind == Kind::kAppend && rows >= kRowsOfFile)
        change.kind = Kind::kOverwrite;
    if (change.kind == Kind::kRemove && random_.chance(2, 3))
        change.kind = Kind::kOverwrite;
    change.first = change.kind == Kind::kAppend    ? static_cast<uint32_t>(rows)
                   : change.kind == Kind::kReplace ? 0
                                                   : static_cast<uint32_t>(random_.below(rows + 1));
    if (change.kind != Kind::kDrop && change.kind != Kind::kRemove && change.kind != Kind::kSync)
        for (uint64_t i = 1 + random_.below(kRowsOfPut); i > 0; --i)
            change.fresh.push_back(random_.next());
    change.durable = change.kind != Kind::kRemove && random_.chance(1, 2);
    return change;
}

RowLedger::Files RowLedger::after(const Files& before, const Change& change) {
    Files files = before;
    Tags& tags = files[change.name];
    if (change.kind == Kind::kRemove)
        tags.clear();
    else if (change.kind == Kind::kDrop)
        tags.resize(std::min<size_t>(tags.size(), change.first));
    else if (change.kind != Kind::kSync) {
        const size_t end = change.first + change.fresh.size();
        tags.resize(change.kind == Kind::kReplace ? end : std::max(tags.size(), end));
        std::ranges::copy(change.fresh, tags.begin() + change.first);
    }
    if (tags.empty())
        files.erase(change.name);
    return files;
}

int RowLedger::put(const Change& change) const {
    const int made = ::open(path(change.name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (made < 0)
        return errno;
    ::close(made);
    Node node;
    if (const int error = open(change.name, node); error != 0)
        return error;
    std::vector<float> vectors;
    std::vector<vexfs_row_meta> metas;
    for (const uint64_t tag : change.fresh) {
        const Vector vector = vector_of(tag);
        vectors.insert(vectors.end(), vector.begin(), vector.end());
        metas.push_back({tag, 0, 0});
    }
    vexfs_put_rows rows{};
    rows.first = change.first;
    rows.rows = static_cast<uint32_t>(change.fresh.size());
    rows.vectors = vectors.data();
    rows.metas = metas.data();
    const uint32_t flags = (change.durable ? 0 : VEXFS_PUT_ASYNC) |
                           (change.kind == Kind::kReplace ? VEXFS_PUT_TRUNCATE : 0);
    const vexfs_put_batch batch{kDim, VEXFS_ELEMENT_F32, 0, flags, 1, &rows};
    return -vexfs_rows_put(node.get(), &batch, nullptr, nullptr);
}

int RowLedger::perform(const Change& change) {
    if (change.kind == Kind::kRemove)
        return ::unlink(path(change.name).c_str()) == 0 || errno == ENOENT ? 0 : errno;
    if (change.kind == Kind::kSync)
        return sync();
    if (change.kind != Kind::kDrop)
        return put(change);
    Node node;
    if (const int error = open(change.name, node); error != 0)
        return error == ENOENT ? 0 : error; // never made: it has no rows
    vexfs_drop_reply reply{};
    return -vexfs_rows_drop(node.get(), nullptr, change.first,
                            change.durable ? 0 : VEXFS_DROP_ASYNC, &reply, nullptr);
}

int RowLedger::sync() {
    if (!synced_by_)
        if (const int error = open("", synced_by_); error != 0)
            return error;
    return -vexfs_rows_sync(synced_by_.get(), 0, nullptr);
}

// EBADMSG if a row is not the one that its tag says.
int RowLedger::read(const std::string& name, Tags& tags) const {
    tags.clear();
    Node node;
    if (const int error = open(name, node); error != 0)
        return error == ENOENT ? 0 : error;
    vexfs_row_set* set = nullptr;
    const int error = -vexfs_rows_get(node.get(), nullptr, 0, 0, VEXFS_GET_ROWS | VEXFS_GET_VECTORS,
                                      &set, nullptr);
    if (error != 0)
        return error;
    bool same = set->head->rows == set->head->total;
    for (uint32_t i = 0; i < set->head->rows; ++i) {
        const Vector vector = vector_of(set->rows[i].meta.tag);
        Vector stored;
        std::memcpy(stored.data(), static_cast<const std::byte*>(set->vectors) + i * sizeof stored,
                    sizeof stored);
        same = same && stored == vector;
        tags.push_back(set->rows[i].meta.tag);
    }
    std::free(set);
    return same ? 0 : EBADMSG;
}

int RowLedger::find(uint64_t tag, bool exact, bool& found) const {
    Node node;
    if (const int error = open("", node); error != 0)
        return error;
    const Vector vector = vector_of(tag);
    vexfs_query query{};
    query.vectors = vector.data();
    query.queries = 1;
    query.dim = kDim;
    query.element = VEXFS_ELEMENT_F32;
    query.k = 1;
    query.flags = exact ? VEXFS_SEARCH_EXACT : 0;
    vexfs_hits* hits = nullptr;
    const int error = -vexfs_rows_search(node.get(), &query, &hits, nullptr);
    if (error != 0)
        return error;
    found = hits->hits == 1 && hits->hit[0].tag == tag && hits->hit[0].distance == 0;
    std::free(hits);
    return 0;
}

// What was written is there at once, whether it is durable or not, and what it replaced is not.
int RowLedger::read_back(const Change& change, std::string& wrong) {
    const Files& now = window_.back();
    Tags tags;
    if (const int error = read(change.name, tags); error != 0)
        return error;
    const auto wanted = now.find(change.name);
    if (tags != (wanted == now.end() ? Tags{} : wanted->second))
        wrong = "a change is not there when it is read back";
    bool found = true;
    if (!change.fresh.empty()) {
        const uint64_t tag = change.fresh[random_.below(change.fresh.size())];
        if (const int error = find(tag, random_.chance(1, 2), found); error != 0)
            return error;
        if (!found)
            wrong = "a row that was just put is not found";
    }
    if (!gone_.empty()) {
        if (const int error = find(gone_[random_.below(gone_.size())], true, found); error != 0)
            return error;
        if (found)
            wrong = "a row that is no more is found";
    }
    ++reads_;
    return 0;
}

bool RowLedger::step() {
    const Change change = any_change();
    last_ = change;
    before_ = window_;
    if (change.kind != Kind::kSync) {
        const Files before = window_.back();
        window_.push_back(after(before, change));
        const auto was = before.find(change.name);
        const auto is = window_.back().find(change.name);
        if (was != before.end())
            for (size_t row = 0; row < was->second.size(); ++row)
                if (is == window_.back().end() || row >= is->second.size() ||
                    is->second[row] != was->second[row])
                    gone_.push_back(was->second[row]);
        if (gone_.size() > kGoneMax)
            gone_.erase(gone_.begin(), gone_.end() - kGoneMax);
    }
    int error = perform(change);
    if (error == 0 && (change.durable || change.kind == Kind::kSync)) {
        window_.erase(window_.begin(), window_.end() - 1);
        ++acknowledged_;
    }
    std::string wrong;
    if (error == 0)
        error = read_back(change, wrong);
    if (error == 0 && wrong.empty()) {
        ++changes_;
        return true;
    }
    if (!wrong.empty() || !is_gone(error))
        trouble_ = "change " + std::to_string(changes_) + " of " + path(change.name) + ": " +
                   (wrong.empty() ? strerrorname_np(error) : wrong);
    return false;
}

std::optional<std::string> RowLedger::check_searches() {
    bool found = false;
    for (const auto& [name, tags] : window_.back()) {
        const uint64_t tag = tags[random_.below(tags.size())];
        if (const int error = find(tag, random_.chance(1, 2), found); error != 0)
            return directory_ + " cannot be searched: " + strerrorname_np(error);
        if (!found)
            return "a row of " + path(name) + " is not found";
    }
    for (const uint64_t tag : gone_) {
        if (const int error = find(tag, true, found); error != 0)
            return directory_ + " cannot be searched: " + strerrorname_np(error);
        if (found)
            return "a row of " + directory_ + " that is no more is found";
    }
    return std::nullopt;
}

// What of the window is not in `files`: some of what was dropped has come back, and some of what
// was put has not.
void RowLedger::keep_gone(const Files& files) {
    std::set<uint64_t> there;
    for (const auto& [name, tags] : files)
        there.insert(tags.begin(), tags.end());
    for (const auto& [name, tags] : window_.back())
        gone_.insert(gone_.end(), tags.begin(), tags.end());
    std::erase_if(gone_, [&](uint64_t tag) { return there.contains(tag); });
    if (gone_.size() > kGoneMax)
        gone_.erase(gone_.begin(), gone_.end() - kGoneMax);
}

bool RowLedger::is_allowed(const Files& files, bool recovered) const {
    if (std::ranges::find(window_, files) != window_.end())
        return true;
    return recovered && last_.kind != Kind::kSync &&
           std::ranges::any_of(before_,
                               [&](const Files& before) { return after(before, last_) == files; });
}

std::optional<std::string> RowLedger::verify(bool recovered) {
    Files files;
    for (uint64_t i = 0; i < kNames; ++i) {
        const std::string name = "r" + std::to_string(i);
        Tags tags;
        if (const int error = read(name, tags); error != 0)
            return path(name) + " cannot be read: " + strerrorname_np(error);
        if (!tags.empty())
            files[name] = std::move(tags);
    }
    if (!is_allowed(files, recovered))
        return directory_ +
               " has rows as they never were since the last one that was "
               "acknowledged, " +
               std::to_string(window_.size() - 1) + " changes ago";
    keep_gone(files);
    window_ = {files};
    if (auto trouble = check_searches())
        return trouble;
    last_ = Change();
    // A crash that nobody heard of yet is told of to the first who syncs.
    int error = sync();
    if (recovered && error == EIO)
        error = sync();
    if (error != 0)
        return directory_ + " cannot be synced: " + strerrorname_np(error);
    return std::nullopt;
}

} // namespace vexfs
