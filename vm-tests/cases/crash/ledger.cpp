// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/crash/ledger.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr uint64_t kNames = 24;
constexpr size_t kWindowMax = 64;

bool is_gone(int error) {
    return error == ENOTCONN || error == ECONNABORTED || error == EIO || error == ENODEV;
}

// 0 or errno.
int result_of(int returned) {
    return returned < 0 ? errno : 0;
}

int with_file(const std::string& path, int flags, int (*use)(int, const std::string&),
              const std::string& text) {
    const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
    if (file < 0)
        return errno;
    const int result = use(file, text);
    ::close(file);
    return result;
}

int put(int file, const std::string& text) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0)
        return errno;
    return static_cast<size_t>(count) == text.size() ? 0 : ENOSPC;
}

int nothing(int, const std::string&) {
    return 0;
}

// What a file of this name is filled with: itself and when.
std::string contents_of(const std::string& name, uint64_t number) {
    return name + " " + std::to_string(number);
}

std::string text_of(const std::map<std::string, std::string>& names) {
    std::string text;
    for (const auto& [name, contents] : names)
        text.append(" ").append(name).append("='").append(contents).append("'");
    return "{" + text + " }";
}

} // namespace

std::optional<std::string> Ledger::begin() {
    if (::mkdir(directory_.c_str(), 0755) != 0 || sync() != 0)
        return directory_ + " cannot be made: " + strerrorname_np(errno);
    return std::nullopt;
}

std::string Ledger::any_name() {
    return "n" + std::to_string(random_.below(kNames));
}

std::optional<Ledger::Names> Ledger::after(Names names, const Operation& operation) {
    const auto one = names.find(operation.name);
    const auto two = names.find(operation.other);
    switch (operation.kind) {
    case Kind::kCreate:
        if (one != names.end())
            return std::nullopt;
        names[operation.name] = "";
        return names;
    case Kind::kWrite: // only what is empty, so that a file with two names need not change
        if (one == names.end() || !one->second.empty())
            return std::nullopt;
        one->second = operation.text;
        return names;
    case Kind::kRename:
        if (one == names.end() || operation.name == operation.other)
            return std::nullopt;
        names[operation.other] = one->second;
        names.erase(operation.name);
        return names;
    case Kind::kExchange:
        if (one == names.end() || two == names.end())
            return std::nullopt;
        std::swap(one->second, two->second);
        return names;
    case Kind::kLink: // of a file that will not be filled any more
        if (one == names.end() || two != names.end() || one->second.empty())
            return std::nullopt;
        names[operation.other] = one->second;
        return names;
    case Kind::kUnlink:
        if (one == names.end())
            return std::nullopt;
        names.erase(one);
        return names;
    case Kind::kSync:
        return names;
    }
    return std::nullopt;
}

// By name, or to the file that had the name: that has another one now, if a rename was undone, and
// is empty, if what it was filled with is undone.
bool Ledger::makes_late(const Names& names, const Operation& operation, const Names& found) {
    if (after(names, operation) == found)
        return true;
    const bool emptied = std::ranges::none_of(
        names, [&](const auto& one) { return one.second == operation.contents; });
    for (const auto& [name, contents] : names) {
        Names late = names;
        if (operation.kind == Kind::kWrite && contents.empty())
            late[name] = operation.text;
        else if (operation.kind == Kind::kLink && !names.contains(operation.other) &&
                 (emptied ? contents.empty() : contents == operation.contents))
            late[operation.other] = contents;
        else if (operation.kind == Kind::kWrite && name == operation.name)
            // The name is that of an older file again: it is written over, under all its names.
            for (auto& [alias, text] : late)
                if (text == contents)
                    text = operation.text +
                           contents.substr(std::min(contents.size(), operation.text.size()));
        if (late == found)
            return true;
    }
    return false;
}

bool Ledger::is_allowed(const Names& found, bool recovered) const {
    return std::ranges::any_of(window_, [&](const Names& names) {
        return names == found || (recovered && makes_late(names, last_, found));
    });
}

int Ledger::perform(const Operation& operation) {
    const std::string name = path(operation.name);
    const std::string other = path(operation.other);
    switch (operation.kind) {
    case Kind::kCreate:
        return with_file(name, O_CREAT | O_EXCL | O_WRONLY, nothing, "");
    case Kind::kWrite:
        return with_file(name, O_WRONLY, put, operation.text);
    case Kind::kRename:
        return result_of(::rename(name.c_str(), other.c_str()));
    case Kind::kExchange:
        return result_of(
            ::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE));
    case Kind::kLink:
        return result_of(::link(name.c_str(), other.c_str()));
    case Kind::kUnlink:
        return result_of(::unlink(name.c_str()));
    case Kind::kSync:
        return sync();
    }
    return EINVAL;
}

int Ledger::sync() {
    if (directory_file_ < 0)
        directory_file_ = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return directory_file_ < 0 ? errno : result_of(::fsync(directory_file_));
}

void Ledger::leave() {
    if (directory_file_ >= 0)
        ::close(directory_file_);
    directory_file_ = -1;
}

bool Ledger::step() {
    constexpr std::array kKinds{Kind::kCreate, Kind::kCreate, Kind::kWrite,  Kind::kWrite,
                                Kind::kRename, Kind::kLink,   Kind::kUnlink, Kind::kExchange};
    const Names& now = window_.back();
    Operation operation;
    operation.kind = kKinds[random_.below(kKinds.size())];
    if (window_.size() > kWindowMax || random_.below(12) == 0)
        operation.kind = Kind::kSync;
    operation.name = any_name();
    operation.other = any_name();
    operation.text = contents_of(operation.name, operations_);
    const std::optional<Names> next = after(now, operation);
    if (!next)
        return true;
    // Two names of one file, renamed to each other, would both stay.
    if (operation.kind == Kind::kRename && next->size() == now.size() - 1 &&
        now.at(operation.name) == now.at(operation.other))
        return true;
    if (const auto found = now.find(operation.name); found != now.end())
        operation.contents = found->second;
    last_ = operation;
    if (operation.kind != Kind::kSync)
        window_.push_back(*next);
    const int error = perform(operation);
    if (error != 0) {
        if (!is_gone(error))
            trouble_ = "operation " + std::to_string(operations_) + " on " + path(operation.name) +
                       " failed: " + strerrorname_np(error);
        return false;
    }
    ++operations_;
    if (operation.kind == Kind::kSync) {
        window_.erase(window_.begin(), window_.end() - 1);
        ++syncs_;
    }
    return true;
}

std::optional<Ledger::Names> Ledger::found() const {
    Names names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
        std::ifstream stream(entry.path(), std::ios::binary);
        std::stringstream text;
        text << stream.rdbuf();
        if (!stream)
            return std::nullopt;
        names[entry.path().filename()] = text.str();
    }
    return error ? std::nullopt : std::optional(names);
}

std::optional<std::string> Ledger::verify(bool recovered) {
    std::optional<Names> names = found();
    if (!names)
        return directory_ + " cannot be read";
    if (!is_allowed(*names, recovered))
        return directory_ + " is in no state that it was in since the last sync: found " +
               text_of(*names) + ", synced " + text_of(window_.front()) + ", " +
               std::to_string(window_.size() - 1) + " operations later " + text_of(window_.back());
    // An empty file of two names would be filled under both.
    const auto alias = last_.kind == Kind::kLink ? names->find(last_.other) : names->end();
    if (alias != names->end() && alias->second.empty()) {
        if (::unlink(path(last_.other).c_str()) != 0)
            return path(last_.other) + " cannot be removed: " + strerrorname_np(errno);
        names->erase(alias);
    }
    window_ = {*names};
    last_ = Operation();
    // A crash that nobody heard of yet is told of to the first who syncs.
    int error = sync();
    if (recovered && error == EIO)
        error = sync();
    if (error != 0)
        return directory_ + " cannot be synced: " + strerrorname_np(error);
    return std::nullopt;
}

} // namespace vexfs
