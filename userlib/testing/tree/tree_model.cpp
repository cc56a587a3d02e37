// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/tree/tree_model.h"

#include <algorithm>

#include "base/checksum.h"

namespace vexfs {

namespace {

constexpr size_t kEntriesAtOnce = 5; // so that listings go on

std::string line_of(uint64_t ino, uint32_t mode, uint64_t nlink, uint64_t size) {
    return std::to_string(ino) + " mode " + std::to_string(mode) + " links " +
           std::to_string(nlink) + " size " + std::to_string(size);
}

std::string data_word(Bytes data) {
    return " data " + std::to_string(xxh3_64(data));
}

std::string xattr_word(const std::string& name, Bytes value) {
    return " [" + name + " " + std::to_string(value.size()) + " " + std::to_string(xxh3_64(value)) +
           "]";
}

std::string entry_word(const std::string& name, uint64_t ino) {
    return " (" + name + " " + std::to_string(ino) + ")";
}

Bytes bytes_in(const std::string& text) {
    return std::as_bytes(std::span(text));
}

} // namespace

TreeModel::TreeModel(uint32_t root_mode) {
    nodes_[kRootIno].mode = S_IFDIR | root_mode;
}

uint64_t TreeModel::lookup(uint64_t directory, const std::string& name) const {
    const auto& entries = at(directory).entries;
    const auto found = entries.find(name);
    return found == entries.end() ? 0 : found->second;
}

Code TreeModel::make(uint64_t directory, const std::string& name, const Make& what, uint64_t ino) {
    if (lookup(directory, name) != 0)
        return Code::kEEXIST;
    Node& node = nodes_[ino];
    node.mode = what.mode;
    node.data = std::make_shared<std::string>(what.target);
    nodes_.at(directory).entries[name] = ino;
    return Code{};
}

Code TreeModel::link(uint64_t ino, uint64_t directory, const std::string& name) {
    if (at(ino).is_directory())
        return Code::kEPERM;
    if (lookup(directory, name) != 0)
        return Code::kEEXIST;
    nodes_.at(directory).entries[name] = ino;
    ++nodes_.at(ino).names;
    return Code{};
}

void TreeModel::drop(uint64_t ino) {
    if (--nodes_.at(ino).names == 0)
        nodes_.erase(ino);
}

Code TreeModel::remove(uint64_t directory, const std::string& name, bool wants_directory) {
    const uint64_t ino = lookup(directory, name);
    if (ino == 0)
        return Code::kENOENT;
    if (at(ino).is_directory() != wants_directory)
        return wants_directory ? Code::kENOTDIR : Code::kEISDIR;
    if (!at(ino).entries.empty())
        return Code::kENOTEMPTY;
    nodes_.at(directory).entries.erase(name);
    drop(ino);
    return Code{};
}

bool TreeModel::below(uint64_t directory, uint64_t above) const {
    return directory == above || std::ranges::any_of(at(above).entries, [&](const auto& entry) {
               return at(entry.second).is_directory() && below(directory, entry.second);
           });
}

Code TreeModel::rename_code(uint64_t from, uint64_t to, uint64_t moved, uint64_t replaced,
                            RenameMode mode) const {
    const bool there = replaced != 0;
    const bool exchanges = mode == RenameMode::kExchange;
    if (exchanges && !there)
        return Code::kENOENT;
    if (mode == RenameMode::kNoReplace && there)
        return Code::kEEXIST;
    if (moved == replaced)
        return Code{};
    if (!exchanges && there) {
        if (at(replaced).is_directory() != at(moved).is_directory())
            return at(moved).is_directory() ? Code::kENOTDIR : Code::kEISDIR;
        if (!at(replaced).entries.empty())
            return Code::kENOTEMPTY;
    }
    if (from == to)
        return Code{};
    if (at(moved).is_directory() && below(to, moved))
        return Code::kEINVAL;
    if (exchanges && at(replaced).is_directory() && below(from, replaced))
        return Code::kEINVAL;
    return Code{};
}

Code TreeModel::rename(const Place& from, const Place& to, RenameMode mode) {
    const std::string from_name(from.name);
    const std::string to_name(to.name);
    const uint64_t moved = lookup(from.directory, from_name);
    const uint64_t replaced = lookup(to.directory, to_name);
    if (moved == 0)
        return Code::kENOENT;
    const Code code = rename_code(from.directory, to.directory, moved, replaced, mode);
    if (code != Code{} || moved == replaced)
        return code;
    if (mode == RenameMode::kExchange) {
        nodes_.at(from.directory).entries[from_name] = replaced;
    } else {
        nodes_.at(from.directory).entries.erase(from_name);
        if (replaced != 0)
            drop(replaced);
    }
    nodes_.at(to.directory).entries[to_name] = moved;
    return Code{};
}

void TreeModel::write(uint64_t ino, uint64_t offset, const std::string& text) {
    std::string data = *at(ino).data;
    data.resize(std::max<uint64_t>(data.size(), offset + text.size()), '\0');
    data.replace(offset, text.size(), text);
    nodes_.at(ino).data = std::make_shared<std::string>(std::move(data));
}

void TreeModel::resize(uint64_t ino, uint64_t size) {
    std::string data = *at(ino).data;
    data.resize(size, '\0');
    nodes_.at(ino).data = std::make_shared<std::string>(std::move(data));
}

void TreeModel::zero(uint64_t ino, uint64_t offset, uint64_t length, bool grows) {
    const uint64_t size = at(ino).data->size();
    const uint64_t end = grows ? offset + length : std::min(offset + length, size);
    if (offset < end)
        write(ino, offset, std::string(end - offset, '\0'));
}

uint64_t TreeModel::copy(uint64_t from, uint64_t offset, uint64_t to, uint64_t to_offset,
                         uint64_t length) {
    const std::string& source = *at(from).data;
    const uint64_t count =
        offset >= source.size() ? 0 : std::min<uint64_t>(length, source.size() - offset);
    if (count > 0)
        write(to, to_offset, source.substr(offset, count));
    return count;
}

void TreeModel::set_xattr(uint64_t ino, const std::string& name, const std::string& value) {
    nodes_.at(ino).xattrs[name] = value;
}

Code TreeModel::remove_xattr(uint64_t ino, const std::string& name) {
    return nodes_.at(ino).xattrs.erase(name) > 0 ? Code{} : Code::kENODATA;
}

std::string TreeModel::text() const {
    std::string text;
    for (const auto& [ino, node] : nodes_) {
        const auto directories = static_cast<uint64_t>(std::ranges::count_if(
            node.entries, [&](const auto& entry) { return at(entry.second).is_directory(); }));
        const bool directory = node.is_directory();
        text += line_of(ino, node.mode, directory ? 2 + directories : node.names,
                        directory ? node.entries.size() : node.data->size());
        if (!directory)
            text += data_word(bytes_in(*node.data));
        for (const auto& [name, value] : node.xattrs)
            text += xattr_word(name, bytes_in(value));
        for (const auto& [name, child] : node.entries)
            text += entry_word(name, child);
        text += "\n";
    }
    return text;
}

namespace {

// Threads: one thread.
class Walk {
  public:
    explicit Walk(Names& names) : names_(names) {}

    Status visit(uint64_t ino) {
        if (lines_.contains(ino))
            return ok();
        const Inode inode = VEXFS_TRY(names_.get(ino));
        std::string line = line_of(ino, inode.mode, inode.nlink, inode.size);
        lines_[ino];
        if (inode.is_regular()) {
            std::string data(inode.size, '?');
            VEXFS_TRY(names_.read(ino, 0, std::as_writable_bytes(std::span(data))));
            line += data_word(bytes_in(data));
        } else if (S_ISLNK(inode.mode)) {
            line += data_word(bytes_in(VEXFS_TRY(names_.read_link(ino))));
        }
        std::vector<std::string> xattrs = VEXFS_TRY(names_.list_xattrs(ino));
        std::ranges::sort(xattrs);
        for (const std::string& name : xattrs)
            line += xattr_word(name, VEXFS_TRY(names_.get_xattr(ino, name)));
        if (inode.is_directory())
            VEXFS_TRY_VOID(visit_names(ino, line));
        lines_[ino] = line + "\n";
        return ok();
    }

    [[nodiscard]] std::string text() const {
        std::string text;
        for (const auto& [ino, line] : lines_)
            text += line;
        return text;
    }

  private:
    Status visit_names(uint64_t directory, std::string& line) {
        std::map<std::string, uint64_t> entries;
        for (uint64_t cursor = 0;;) {
            const std::vector<Listed> some =
                VEXFS_TRY(names_.list(directory, cursor, kEntriesAtOnce));
            if (some.empty())
                break;
            cursor = some.back().next;
            for (const Listed& entry : some) {
                if (entry.name == "." || entry.name == "..")
                    continue;
                if (!entries.emplace(entry.name, entry.ino).second)
                    return fail(Code::kEUCLEAN, "tree: a name is listed twice");
                if (VEXFS_TRY(names_.lookup(directory, entry.name)).ino != entry.ino)
                    return fail(Code::kEUCLEAN, "tree: a name is looked up as another inode");
                VEXFS_TRY(names_.path(entry.ino));
            }
        }
        for (const auto& [name, ino] : entries) {
            line += entry_word(name, ino);
            VEXFS_TRY_VOID(visit(ino));
            if (VEXFS_TRY(names_.get(ino)).is_directory() &&
                VEXFS_TRY(names_.lookup(ino, "..")).ino != directory)
                return fail(Code::kEUCLEAN, "tree: a directory knows another parent");
        }
        return ok();
    }

    Names& names_;
    std::map<uint64_t, std::string> lines_;
};

} // namespace

Result<std::string> text_of(Names& names) {
    Walk walk(names);
    VEXFS_TRY_VOID(walk.visit(kRootIno));
    return walk.text();
}

} // namespace vexfs
