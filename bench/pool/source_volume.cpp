// SPDX-License-Identifier: Apache-2.0
#include "bench/pool/source_volume.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>

#include <sys/stat.h>

namespace vexfs {

namespace {

constexpr std::array<std::string_view, 9> kEndings{".h",  ".c",   ".cpp", ".md", ".txt",
                                                   ".sh", ".css", ".py",  ".rst"};
constexpr Timestamp kNow{1, 0};

bool is_source(const std::filesystem::path& path) {
    return std::find(kEndings.begin(), kEndings.end(), path.extension().string()) != kEndings.end();
}

bool is_left_out(const std::filesystem::path& folder) {
    return folder.filename() == "build" || folder.filename().string().starts_with(".git");
}

} // namespace

Result<std::vector<SourceFile>> read_sources(const std::string& folder) {
    std::vector<SourceFile> files;
    std::error_code error;
    std::filesystem::recursive_directory_iterator at(folder, error);
    for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
        if (at->is_directory() && is_left_out(at->path()))
            at.disable_recursion_pending();
        if (!at->is_regular_file() || !is_source(at->path()))
            continue;
        std::ifstream stream(at->path(), std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(stream), {});
        const Bytes bytes = std::as_bytes(std::span(text));
        files.push_back(
            {at->path().lexically_relative(folder).string(), {bytes.begin(), bytes.end()}});
    }
    if (error || files.empty())
        return fail(Code::kENOENT, "sources: no text files below the folder");
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

Result<std::unique_ptr<SourceVolume>> SourceVolume::make(const std::vector<SourceFile>& files,
                                                         const StoreOptions& options) {
    uint64_t bytes = 0;
    for (const SourceFile& file : files)
        bytes += file.bytes.size() + kBlockBytes;
    auto volume = std::make_unique<SourceVolume>();
    volume->ram_ = VEXFS_TRY(
        RamDevice::create((bytes * 2 + (uint64_t{256} << 20)) / kBlockBytes * kBlockBytes));
    volume->counted_ = std::make_unique<StatsDevice>(*volume->ram_);
    VEXFS_TRY_VOID(format_store(*volume->counted_, {}));
    volume->store_ = VEXFS_TRY(Store::open(*volume->counted_, options));
    VEXFS_TRY_VOID(Names::create(*volume->store_, {S_IFDIR | 0755}, kNow));
    VEXFS_TRY_VOID(volume->reopen(options));
    VEXFS_TRY_VOID(volume->fill(files));
    VEXFS_TRY_VOID(volume->reopen(options));
    return volume;
}

Status SourceVolume::reopen(const StoreOptions& options) {
    names_.reset();
    VEXFS_TRY_VOID(store_->close());
    store_.reset();
    store_ = VEXFS_TRY(Store::open(*counted_, options));
    names_ = VEXFS_TRY(Names::open(*store_, false));
    counted_->reset();
    return ok();
}

Status SourceVolume::fill(const std::vector<SourceFile>& files) {
    std::map<std::string, uint64_t> folders{{"", kRootIno}};
    for (const SourceFile& file : files) {
        uint64_t folder = kRootIno;
        std::string so_far;
        std::filesystem::path path(file.path);
        for (const auto& part : path.parent_path()) {
            so_far += "/" + part.string();
            auto [found, fresh] = folders.try_emplace(so_far, 0);
            if (fresh)
                found->second =
                    VEXFS_TRY(names_->make(folder, part.string(), {S_IFDIR | 0755}, kNow)).ino;
            folder = found->second;
        }
        const Entry entry =
            VEXFS_TRY(names_->make(folder, path.filename().string(), {S_IFREG | 0644}, kNow));
        VEXFS_TRY_VOID(names_->write(entry.ino, {}, file.bytes, kNow));
    }
    return store_->commit();
}

} // namespace vexfs
