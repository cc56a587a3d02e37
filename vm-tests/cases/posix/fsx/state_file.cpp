// SPDX-License-Identifier: Apache-2.0
#include "vm-tests/cases/posix/fsx/state_file.h"

#include <cstdio>
#include <fstream>
#include <limits>

#include <fcntl.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr const char* kMagic = "vexfs-fsx-1";
constexpr const char* kDone = "done";
constexpr uint64_t kFilesMax = 1024;
constexpr uint64_t kFileBytesMax = uint64_t{1} << 30;

} // namespace

std::vector<History> histories_of(const SavedRun& saved) {
    Model model(saved.files);
    std::vector<History> histories;
    for (const std::string& file : saved.files)
        histories.push_back({file, {}});
    for (size_t at = 0; at < saved.operations.size(); ++at) {
        const Operation& operation = saved.operations[at];
        const bool done = saved.last_done || at + 1 < saved.operations.size();
        History& history = histories[operation.file];
        if (changes(operation.kind)) {
            model.apply(operation);
            history.later.push_back(model.file(operation.file));
        }
        if (done && is_sync(operation.kind))
            history = {model.file(operation.file), {}};
        if (done && operation.kind == Kind::kMapWrite && operation.length > 0)
            history = {model.file(operation.file), {}}; // it was synced by msync
    }
    return histories;
}

StateFile::~StateFile() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

Checked StateFile::begin(const SavedRun& saved) {
    const std::string next = path_ + ".next";
    {
        std::ofstream out(next, std::ios::binary | std::ios::trunc);
        out << kMagic << ' ' << saved.seed << ' ' << saved.size_max << ' ' << saved.next_number
            << ' ' << saved.files.size() << '\n';
        for (const std::string& file : saved.files)
            out << file.size() << '\n' << file << '\n';
        if (!out.flush())
            return wrong("writing " + next + " failed");
    }
    const int descriptor = ::open(next.c_str(), O_WRONLY | O_APPEND);
    if (descriptor < 0 || std::rename(next.c_str(), path_.c_str()) != 0)
        return wrong("replacing " + path_ + " failed");
    if (descriptor_ >= 0)
        ::close(descriptor_);
    descriptor_ = descriptor;
    return std::nullopt;
}

Checked StateFile::will_do(const Operation& operation) {
    return append(line_of(operation) + "\n");
}

Checked StateFile::has_done() {
    return append(std::string(kDone) + "\n");
}

Checked StateFile::append(const std::string& line) {
    if (::write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        return wrong("writing to " + path_ + " failed");
    return std::nullopt;
}

Checked StateFile::load(SavedRun& saved) const {
    std::ifstream in(path_, std::ios::binary);
    std::string magic;
    uint64_t file_count = 0;
    in >> magic >> saved.seed >> saved.size_max >> saved.next_number >> file_count;
    if (!in || magic != kMagic || file_count == 0 || file_count > kFilesMax)
        return wrong(path_ + " is no state of a run");
    saved.files.clear();
    for (uint64_t file = 0; file < file_count; ++file) {
        uint64_t size = 0;
        in >> size;
        if (!in || size > kFileBytesMax || in.get() != '\n')
            return wrong(path_ + ": file " + std::to_string(file) + " is damaged");
        std::string contents(size, '\0');
        if (!in.read(contents.data(), static_cast<std::streamsize>(size)) || in.get() != '\n')
            return wrong(path_ + ": file " + std::to_string(file) + " is cut off");
        saved.files.push_back(std::move(contents));
    }
    saved.operations.clear();
    saved.last_done = true;
    for (std::string line; std::getline(in, line);) {
        if (line == kDone) {
            saved.last_done = true;
            continue;
        }
        const std::optional<Operation> operation = parse_operation(line);
        if (!operation || operation->file >= file_count || operation->from_file >= file_count)
            return wrong(path_ + ": '" + line + "' is no operation");
        saved.operations.push_back(*operation);
        saved.last_done = false;
    }
    return std::nullopt;
}

} // namespace vexfs
