// SPDX-License-Identifier: Apache-2.0
#include "bench/open/open_run.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "bench/child/child.h"
#include "bench/data/truth.h"
#include "bench/open/open_image.h"
#include "bench/result/latency.h"
#include "userlib/device/run_program.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kK = 10;
constexpr uint64_t kSlack = uint64_t{512} << 20;
constexpr size_t kSliceSearches = 50;
constexpr size_t kSlicesMax = 4000;
// Searched once nothing is pending. All queries are among them several times, so that what they
// need is in memory; the last say what full speed is.
constexpr size_t kSlicesAfter = 80;
constexpr size_t kSlicesLast = 20;
constexpr double kFullSpeed = 1.25; // of their time
constexpr float kTolerance = 1e-5F; // of two sums of the same numbers
constexpr uint64_t kFilesBeforeKill = 10;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

ClusteredShape shape_of(const OpenOptions& options) {
    ClusteredShape shape;
    shape.rows = static_cast<uint32_t>(options.rows);
    shape.queries = 1000;
    shape.dim = static_cast<uint32_t>(options.dim);
    shape.latent_dim = std::min(shape.latent_dim, shape.dim);
    shape.clusters = std::min(shape.clusters, shape.rows);
    return shape;
}

std::string file_name(uint64_t file) {
    return "f" + std::to_string(file);
}

// The middle search of a slice, in us, and how many of the true rows were found.
Status search_slice(const OpenImage& image, const Matrix& queries,
                    const std::vector<float>& farthest, size_t from, size_t count,
                    double& middle_us, uint64_t& right) {
    std::vector<uint64_t> samples;
    for (size_t i = from; i < from + count; ++i) {
        const size_t number = i % queries.rows;
        const auto began = Clock::now();
        const Hits hits = VEXFS_TRY(image.search(queries, number, kK));
        samples.push_back(static_cast<uint64_t>((Clock::now() - began).count()));
        for (uint32_t hit = 0; hit < hits->hits; ++hit)
            right += hits->hit[hit].distance <= farthest[number] * (1 + kTolerance) ? 1 : 0;
    }
    middle_us = static_cast<double>(percentile(samples, 50)) / 1000;
    return ok();
}

struct Slice {
    double middle_us = 0;
    double ended = 0; // since the begin
};

// Until nothing is pending and some more slices were searched.
Status find_full_speed(const OpenImage& image, const Matrix& queries,
                       const std::vector<float>& farthest, Clock::time_point began,
                       OpenReport& report) {
    std::vector<Slice> slices;
    uint64_t right = 0;
    for (size_t after = 0; after < kSlicesAfter && slices.size() < kSlicesMax;) {
        Slice slice;
        VEXFS_TRY_VOID(search_slice(image, queries, farthest, 1 + slices.size() * kSliceSearches,
                                    kSliceSearches, slice.middle_us, right));
        slice.ended = seconds_since(began);
        if (slices.empty())
            report.first_recall = static_cast<double>(right) / (kSliceSearches * kK);
        slices.push_back(slice);
        // No longer asked than needed: it looks at each file.
        const bool linked = after > 0 || VEXFS_TRY(image.stat(0)).rows_pending == 0;
        if (after == 0 && linked)
            report.linked = slice.ended;
        after += linked ? 1 : 0;
    }
    std::vector<double> last;
    for (size_t i = slices.size() - std::min(slices.size(), kSlicesLast); i < slices.size(); ++i)
        last.push_back(slices[i].middle_us);
    std::ranges::sort(last);
    report.last_us = last[last.size() / 2];
    report.slice_us = slices[0].middle_us;
    const auto full = std::ranges::find_if(
        slices, [&](const Slice& slice) { return slice.middle_us <= kFullSpeed * report.last_us; });
    report.full_speed = full->ended;
    return ok();
}

} // namespace

OpenRun::OpenRun(const OpenOptions& options, const std::string& folder)
    : options_(options), image_(folder + "/open.img"), set_(generate_clustered(shape_of(options))) {
    const ExactDistance distance(index::Metric::kL2, set_.base, set_.queries);
    const Truth truth =
        exact_truth(distance, kK, nullptr, std::max(1U, std::thread::hardware_concurrency()));
    for (size_t query = 0; query < set_.queries.rows; ++query)
        farthest_.push_back(distance.between(query, truth.of(query)[kK - 1]));
}

Status OpenRun::make_collection(const std::string& path) const {
    OpenImage image = VEXFS_TRY(OpenImage::open(path, 0));
    VEXFS_TRY_VOID(image.open_directory("/"));
    VEXFS_TRY_VOID(image.make("c", S_IFDIR | 0755));
    VEXFS_TRY_VOID(image.open_directory("/c"));
    VEXFS_TRY_VOID(image.make_collection(set_.base.dim));
    for (uint64_t file = 0; file < files(); ++file)
        VEXFS_TRY_VOID(image.make(file_name(file), S_IFREG | 0644));
    return image.close();
}

Status OpenRun::put_file(const OpenImage& image, uint64_t file) const {
    const uint64_t first = file * options_.rows_a_file;
    return image.put(file_name(file), set_.base, first,
                     std::min(options_.rows_a_file, set_.base.rows - first));
}

bool OpenRun::is_filled() const {
    return ::access(image_.c_str(), F_OK) == 0;
}

Result<FillReport> OpenRun::fill(std::string& explanation) {
    const std::string unfinished = image_ + ".part";
    const uint64_t bytes = kSlack + 4 * set_.base.bytes.size() + options_.rows * 1024;
    const ProgramRun made = run_program({options_.programs + "/mkfs.vexfs", "-q", "--size",
                                         std::to_string(bytes >> 20) + "M", unfinished});
    if (!made) {
        explanation = options_.programs + "/mkfs.vexfs failed: " + made.err;
        return fail(Code::kEIO, "mkfs");
    }
    const auto body = [&](const std::function<void(const FillReport&)>& tell) -> Status {
        FillReport report;
        VEXFS_TRY_VOID(make_collection(unfinished));
        OpenImage image = VEXFS_TRY(OpenImage::open(unfinished, memory_bytes()));
        VEXFS_TRY_VOID(image.open_directory("/c"));
        auto began = Clock::now();
        for (uint64_t file = 0; file < files(); ++file)
            VEXFS_TRY_VOID(put_file(image, file));
        VEXFS_TRY_VOID(image.sync(0));
        report.put_seconds = seconds_since(began);
        began = Clock::now();
        VEXFS_TRY_VOID(image.sync(VEXFS_SYNC_LINK));
        report.link_seconds = seconds_since(began);
        began = Clock::now();
        VEXFS_TRY_VOID(image.close());
        report.stop_seconds = seconds_since(began);
        if (::rename(unfinished.c_str(), image_.c_str()) != 0)
            return fail(code_from_errno(errno), "the image cannot be renamed");
        tell(report);
        return ok();
    };
    return run_child<FillReport>(ChildEnd::kItself, body);
}

Result<OpenReport> OpenRun::open() const {
    const auto body = [&](const std::function<void(const OpenReport&)>& tell) -> Status {
        OpenReport report;
        const auto began = Clock::now();
        OpenImage image = VEXFS_TRY(OpenImage::open(image_, memory_bytes()));
        report.mounted = seconds_since(began);
        VEXFS_TRY_VOID(image.open_directory("/c"));
        uint64_t right = 0;
        double us = 0;
        VEXFS_TRY_VOID(search_slice(image, set_.queries, farthest_, 0, 1, us, right));
        report.first_answer = seconds_since(began);
        if (right == 0)
            return fail(Code::kEIO, "the first answer has none of the nearest rows");
        const vexfs_stat_reply stat = VEXFS_TRY(image.stat(VEXFS_STAT_TOTALS));
        if (stat.total_rows != options_.rows)
            return fail(Code::kEIO, "rows are missing after the open");
        report.pending = stat.rows_pending;
        report.dead = stat.total_dead;
        VEXFS_TRY_VOID(find_full_speed(image, set_.queries, farthest_, began, report));
        VEXFS_TRY_VOID(image.close());
        tell(report);
        return ok();
    };
    return run_child<OpenReport>(ChildEnd::kItself, body);
}

Status OpenRun::kill() const {
    const auto body = [&](const std::function<void(const uint64_t&)>& tell) -> Status {
        OpenImage image = VEXFS_TRY(OpenImage::open(image_, memory_bytes()));
        VEXFS_TRY_VOID(image.open_directory("/c"));
        for (uint64_t put = 0;; ++put) {
            VEXFS_TRY_VOID(put_file(image, put % files()));
            VEXFS_TRY_VOID(image.sync(0));
            if (put + 1 == std::min(files(), kFilesBeforeKill))
                tell(put); // the end comes from outside, in the middle of what follows
        }
    };
    VEXFS_TRY(run_child<uint64_t>(ChildEnd::kKilled, body));
    return ok();
}

} // namespace vexfs
