// SPDX-License-Identifier: Apache-2.0
#include "bench/pool/cache_record.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "bench/pool/source_volume.h"

namespace vexfs {

namespace {

enum class Order : uint8_t { kUniform, kLiked, kScan };

// As a path is walked and the file read whole.
Status read_file(SourceVolume& volume, const SourceFile& file, std::vector<std::byte>& room) {
    std::string_view path = file.path;
    uint64_t at = kRootIno;
    while (true) {
        const size_t slash = path.find('/');
        at = VEXFS_TRY(volume.names().lookup(at, path.substr(0, slash))).ino;
        if (slash == std::string_view::npos)
            break;
        path.remove_prefix(slash + 1);
    }
    room.resize(file.bytes.size());
    VEXFS_TRY(volume.names().read(at, 0, room));
    return ok();
}

// The number of the most liked of `files`, more seldom the larger it is.
size_t liked(Random& random, size_t files) {
    // The inverse of a sum of 1/n, near enough.
    const double most = std::log(static_cast<double>(files) + 1);
    const auto at = static_cast<size_t>(std::exp(random.unit() * most)) - 1;
    return std::min(at, files - 1);
}

Status record(SourceVolume& volume, const std::vector<SourceFile>& files,
              const std::vector<size_t>& rank, Order order, const std::string& path, size_t cache,
              uint64_t reads, uint64_t seed) {
    StoreOptions options;
    options.cache_bytes = cache;
    VEXFS_TRY_VOID(volume.reopen(options));
    volume.store().record_cache(VEXFS_TRY(CacheTrace::open(path)));
    Random random(seed);
    std::vector<std::byte> room;
    size_t scanned = 0;
    for (uint64_t i = 0; i < reads; ++i) {
        size_t next = 0;
        if (order == Order::kUniform)
            next = random.below(files.size());
        else if (order == Order::kLiked)
            next = rank[liked(random, files.size())];
        else if (i % 2 == 0)
            next = rank[liked(random, std::max<size_t>(files.size() / 10, 1))];
        else
            next = scanned++ % files.size();
        VEXFS_TRY_VOID(read_file(volume, files[next], room));
    }
    volume.store().record_cache(nullptr);
    return ok();
}

} // namespace

Result<std::vector<std::string>> record_traces(const std::string& from, const std::string& prefix,
                                               uint64_t reads, uint64_t seed) {
    const std::vector<SourceFile> files = VEXFS_TRY(read_sources(from));
    StoreOptions whole;
    whole.cache_bytes = size_t{4} << 30;
    const auto volume = VEXFS_TRY(SourceVolume::make(files, whole));
    std::vector<std::byte> room;
    for (const SourceFile& file : files)
        VEXFS_TRY_VOID(read_file(*volume, file, room));
    const size_t needed = volume->store().cache_counts().hot.bytes;
    std::vector<size_t> rank(files.size());
    for (size_t i = 0; i < rank.size(); ++i)
        rank[i] = i;
    Random(seed).shuffle(std::span(rank));
    std::vector<std::string> written;
    for (const auto& [name, order] : {std::pair{".uniform", Order::kUniform},
                                      {".liked", Order::kLiked},
                                      {".scan", Order::kScan}}) {
        written.push_back(prefix + name);
        VEXFS_TRY_VOID(
            record(*volume, files, rank, order, written.back(), needed / 4, reads, seed));
    }
    return written;
}

} // namespace vexfs
