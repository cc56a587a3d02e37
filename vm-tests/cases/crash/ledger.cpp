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

int make_durable(int file, const std::string&) {
    return result_of(::fsync(file));
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

std::optional<Ledger::Names> Ledger::after(Kind kind, const std::string& name,
                                           const std::string& other) const {
    Names names = window_.back();
    const auto one = names.find(name);
    const auto two = names.find(other);
    switch (kind) {
    case Kind::kCreate:
        if (one != names.end())
            return std::nullopt;
        names[name] = "";
        return names;
    case Kind::kWrite: // appends, so that a file with two names would change under both
        if (one == names.end() || !one->second.empty())
            return std::nullopt;
        one->second = contents_of(name, operations_);
        return names;
    case Kind::kRename:
        if (one == names.end() || name == other)
            return std::nullopt;
        names[other] = one->second;
        names.erase(name);
        return names;
    case Kind::kExchange:
        if (one == names.end() || two == names.end())
            return std::nullopt;
        std::swap(one->second, two->second);
        return names;
    case Kind::kLink: // of a file that will not be filled any more
        if (one == names.end() || two != names.end() || one->second.empty())
            return std::nullopt;
        names[other] = one->second;
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

int Ledger::perform(Kind kind, const std::string& name, const std::string& other) const {
    switch (kind) {
    case Kind::kCreate:
        return with_file(path(name), O_CREAT | O_EXCL | O_WRONLY, nothing, "");
    case Kind::kWrite:
        return with_file(path(name), O_WRONLY, put, contents_of(name, operations_));
    case Kind::kRename:
        return result_of(::rename(path(name).c_str(), path(other).c_str()));
    case Kind::kExchange:
        return result_of(::renameat2(AT_FDCWD, path(name).c_str(), AT_FDCWD, path(other).c_str(),
                                     RENAME_EXCHANGE));
    case Kind::kLink:
        return result_of(::link(path(name).c_str(), path(other).c_str()));
    case Kind::kUnlink:
        return result_of(::unlink(path(name).c_str()));
    case Kind::kSync:
        return sync();
    }
    return EINVAL;
}

int Ledger::sync() const {
    return with_file(directory_, O_RDONLY | O_DIRECTORY, make_durable, "");
}

bool Ledger::step() {
    constexpr std::array kKinds{Kind::kCreate, Kind::kCreate, Kind::kWrite,  Kind::kWrite,
                                Kind::kRename, Kind::kLink,   Kind::kUnlink, Kind::kExchange};
    // Two names of one file, renamed to each other, would both stay.
    Kind kind = kKinds[random_.below(kKinds.size())];
    if (window_.size() > kWindowMax || random_.below(12) == 0)
        kind = Kind::kSync;
    const std::string name = any_name();
    const std::string other = any_name();
    const std::optional<Names> next = after(kind, name, other);
    if (!next)
        return true;
    if (kind == Kind::kRename && next->size() == window_.back().size() - 1 &&
        window_.back().at(name) == window_.back().at(other))
        return true;
    if (kind != Kind::kSync)
        window_.push_back(*next);
    const int error = perform(kind, name, other);
    if (error != 0) {
        if (!is_gone(error))
            trouble_ = "operation " + std::to_string(operations_) + " on " + path(name) +
                       " failed: " + strerrorname_np(error);
        return false;
    }
    ++operations_;
    if (kind == Kind::kSync) {
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

std::optional<std::string> Ledger::verify() {
    const std::optional<Names> names = found();
    if (!names)
        return directory_ + " cannot be read";
    if (std::find(window_.begin(), window_.end(), *names) == window_.end())
        return directory_ + " is in no state that it was in since the last sync: found " +
               text_of(*names) + ", synced " + text_of(window_.front()) + ", " +
               std::to_string(window_.size() - 1) + " operations later " + text_of(window_.back());
    window_ = {*names};
    if (sync() != 0)
        return directory_ + " cannot be synced";
    return std::nullopt;
}

} // namespace vexfs
