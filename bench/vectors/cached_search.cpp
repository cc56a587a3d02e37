// SPDX-License-Identifier: Apache-2.0
#include "bench/vectors/cached_search.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "bench/result/latency.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kK = 10;
constexpr uint64_t kFile = 100;
constexpr uint32_t kRowsAtOnce = 1000;
constexpr uint64_t kSlackBytes = uint64_t{512} << 20;

uint64_t ns_since(Clock::time_point start) {
    return static_cast<uint64_t>((Clock::now() - start).count());
}

uint32_t all_processors() {
    return std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

CachedSearch::CachedSearch(const VectorSet& set)
    : set_(set), distance_(index::Metric::kL2, set.base, set.queries),
      truth_(exact_truth(distance_, kK, nullptr, all_processors())) {}

Result<std::unique_ptr<CachedSearch>> CachedSearch::make(const VectorSet& set,
                                                         CompressKind compress) {
    std::unique_ptr<CachedSearch> made(new CachedSearch(set));
    VEXFS_TRY_VOID(made->fill(compress));
    return made;
}

Status CachedSearch::fill(CompressKind compress) {
    const std::string path = scratch_.path() + "/vectors.img";
    const uint64_t bytes = kSlackBytes + 3 * plain_bytes() + set_.base.rows * 1024;
    const FileDescriptor made(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    if (!made.is_open() || ::ftruncate(made.raw(), static_cast<off_t>(bytes)) != 0)
        return fail(code_from_errno(errno), "the image cannot be made");
    std::string explanation;
    file_ = VEXFS_TRY(FileDevice::open(path, {}, explanation));
    device_ = std::make_unique<StatsDevice>(*file_);
    VEXFS_TRY_VOID(format_store(*device_, {}));
    store_ = VEXFS_TRY(Store::open(*device_, {}));
    Schema schema;
    schema.dim = set_.base.dim;
    schema.compress = static_cast<uint16_t>(compress);
    entry_ = {1025, with_defaults(schema), 1026, 1027, {1028, 1029}};
    Transaction transaction;
    put_collection(transaction, entry_);
    VEXFS_TRY_VOID(store_->apply(transaction));
    const auto class_of = [](uint64_t) {
        return Result<std::optional<uint32_t>>(0U);
    };
    rows_ = VEXFS_TRY(Collection::open(*store_, entry_, class_of, false));
    for (size_t done = 0; done < set_.base.rows; done += kRowsAtOnce) {
        const size_t count = std::min<size_t>(kRowsAtOnce, set_.base.rows - done);
        const Bytes vectors(set_.base.row(done), count * set_.base.row_bytes());
        VEXFS_TRY(rows_->put({kFile, kAppend, false, 1, 0, {}, vectors}));
        VEXFS_TRY_VOID(store_->commit());
    }
    VEXFS_TRY_VOID(rows_->wait_linked({}));
    VEXFS_TRY_VOID(rows_->flush_graph({}));
    return store_->commit();
}

Result<uint64_t> CachedSearch::stored_bytes() {
    return store_->stored_bytes(entry_.vectors_oid);
}

Result<RowSearchReport> CachedSearch::search(size_t number, std::vector<RowHit>& hits) {
    RowQuery query;
    query.query = set_.queries.view(number);
    query.k = kK;
    RowSearchReport report;
    VEXFS_TRY_VOID(rows_->search(query, hits, report));
    return report;
}

Result<CachedSearchFigures> CachedSearch::measure(uint64_t cache_bytes) {
    store_->set_cache_bytes(0);
    store_->set_cache_bytes(cache_bytes);
    const size_t half = set_.queries.rows / 2;
    std::vector<RowHit> hits;
    for (size_t i = 0; i < half; ++i)
        VEXFS_TRY(search(i, hits));
    device_->reset();
    std::vector<uint64_t> samples;
    BlockCounts blocks;
    uint64_t found = 0;
    uint64_t all_ns = 0;
    for (size_t i = half; i < set_.queries.rows; ++i) {
        const auto began = Clock::now();
        const RowSearchReport report = VEXFS_TRY(search(i, hits));
        samples.push_back(ns_since(began));
        all_ns += samples.back();
        blocks += report.blocks;
        std::vector<uint32_t> rows;
        for (const RowHit& hit : hits)
            rows.push_back(hit.id.row);
        found += count_found(distance_, truth_, i, kK, rows);
    }
    const OpStats read = device_->stats().read;
    const auto searches = static_cast<double>(samples.size());
    return CachedSearchFigures{static_cast<double>(percentile(samples, 50)) / 1000,
                               searches * 1e9 / static_cast<double>(all_ns),
                               static_cast<double>(found) / (searches * kK),
                               static_cast<double>(blocks.cached) /
                                   static_cast<double>(blocks.cached + blocks.read),
                               static_cast<double>(read.ios) / searches,
                               static_cast<double>(read.bytes) / searches};
}

} // namespace vexfs
