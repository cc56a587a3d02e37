// SPDX-License-Identifier: Apache-2.0
#include "bench/open/open_run.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include "bench/child/child.h"
#include "bench/data/truth.h"
#include "bench/result/latency.h"
#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"
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

Error failed(int result, const vexfs_reason& reason, const char* what) {
    std::fprintf(stderr, "vexfs-bench: %s\n", reason.text);
    return fail(code_from_errno(-result), what);
}

struct CloseNode {
    void operator()(vexfs_node* node) const { vexfs_node_close(node); }
};
struct CloseImage {
    void operator()(vexfs_image* image) const { vexfs_image_close(image, nullptr); }
};
struct FreeHits {
    void operator()(vexfs_hits* hits) const { std::free(hits); }
};

// An image that is open in this process.
class OpenImage {
  public:
    static Result<OpenImage> open(const std::string& path, uint64_t memory_bytes) {
        vexfs_image_options options{};
        options.flags = VEXFS_IMAGE_WRITE;
        options.memory_bytes = memory_bytes;
        OpenImage opened;
        opened.path_ = path;
        vexfs_image* image = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_image_open(path.c_str(), &options, &image, &reason);
        opened.image_.reset(image);
        if (result != 0)
            return failed(result, reason, "the image cannot be opened");
        return opened;
    }

    Status open_node(const std::string& inside) {
        node_.reset();
        vexfs_node* node = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_node_open((path_ + ":" + inside).c_str(), &node, &reason);
        node_.reset(node);
        return result == 0 ? ok() : Status(failed(result, reason, "a directory cannot be opened"));
    }
    [[nodiscard]] vexfs_node* node() const { return node_.get(); }

    Status sync(uint32_t flags) const {
        vexfs_reason reason{};
        const int result = vexfs_rows_sync(node(), flags, &reason);
        return result == 0 ? ok() : Status(failed(result, reason, "sync"));
    }
    Status close() {
        node_.reset();
        vexfs_reason reason{};
        const int result = vexfs_image_close(image_.release(), &reason);
        return result == 0 ? ok() : Status(failed(result, reason, "the image cannot be closed"));
    }

  private:
    std::string path_;
    std::unique_ptr<vexfs_image, CloseImage> image_; // closed after its node
    std::unique_ptr<vexfs_node, CloseNode> node_;
};

std::string file_name(uint64_t file) {
    return "f" + std::to_string(file);
}

Status put_file(vexfs_node* directory, const Matrix& rows, uint64_t rows_a_file, uint64_t file) {
    const std::string name = file_name(file);
    const uint64_t first = file * rows_a_file;
    vexfs_put_rows put{};
    put.which.name = name.c_str();
    put.rows = static_cast<uint32_t>(std::min(rows_a_file, rows.rows - first));
    put.vectors = rows.row(first);
    const vexfs_put_batch batch{rows.dim, VEXFS_ELEMENT_F32, 0, VEXFS_PUT_ASYNC, 1, &put};
    vexfs_reason reason{};
    const int result = vexfs_rows_put(directory, &batch, nullptr, &reason);
    return result == 0 ? ok() : Status(failed(result, reason, "put"));
}

Result<vexfs_stat_reply> stat_of(vexfs_node* directory, uint32_t flags) {
    vexfs_stat_reply reply{};
    vexfs_reason reason{};
    const int result = vexfs_rows_stat(directory, nullptr, flags, &reply, &reason);
    if (result != 0)
        return failed(result, reason, "stat");
    return reply;
}

// The middle search of a slice, in us, and how many of the true rows were found.
Status search_slice(vexfs_node* directory, const Matrix& queries,
                    const std::vector<float>& farthest, size_t from, size_t count,
                    double& middle_us, uint64_t& right) {
    std::vector<uint64_t> samples;
    for (size_t i = from; i < from + count; ++i) {
        const size_t number = i % queries.rows;
        vexfs_query query{};
        query.vectors = queries.row(number);
        query.queries = 1;
        query.dim = queries.dim;
        query.element = VEXFS_ELEMENT_F32;
        query.k = kK;
        vexfs_hits* raw = nullptr;
        vexfs_reason reason{};
        const auto began = Clock::now();
        const int result = vexfs_rows_search(directory, &query, &raw, &reason);
        samples.push_back(static_cast<uint64_t>((Clock::now() - began).count()));
        if (result != 0)
            return failed(result, reason, "search");
        const std::unique_ptr<vexfs_hits, FreeHits> hits(raw);
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
Status find_full_speed(vexfs_node* directory, const Matrix& queries,
                       const std::vector<float>& farthest, Clock::time_point began,
                       OpenReport& report) {
    std::vector<Slice> slices;
    uint64_t right = 0;
    for (size_t after = 0; after < kSlicesAfter && slices.size() < kSlicesMax;) {
        Slice slice;
        VEXFS_TRY_VOID(search_slice(directory, queries, farthest,
                                    1 + slices.size() * kSliceSearches, kSliceSearches,
                                    slice.middle_us, right));
        slice.ended = seconds_since(began);
        if (slices.empty())
            report.first_recall = static_cast<double>(right) / (kSliceSearches * kK);
        slices.push_back(slice);
        // No longer asked than needed: it looks at each row.
        const bool linked = after > 0 || VEXFS_TRY(stat_of(directory, 0)).rows_pending == 0;
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
    VEXFS_TRY_VOID(image.open_node("/"));
    vexfs_reason reason{};
    int result = vexfs_node_make(image.node(), "c", S_IFDIR | 0755, &reason);
    if (result != 0)
        return failed(result, reason, "mkdir");
    VEXFS_TRY_VOID(image.open_node("/c"));
    vexfs_schema schema{};
    schema.dim = set_.base.dim;
    schema.element = VEXFS_ELEMENT_F32;
    schema.metric = VEXFS_METRIC_L2;
    vexfs_schema_reply reply{};
    result = vexfs_schema_set(image.node(), &schema, 0, &reply, &reason);
    for (uint64_t file = 0; result == 0 && file < files(); ++file)
        result = vexfs_node_make(image.node(), file_name(file).c_str(), S_IFREG | 0644, &reason);
    return result == 0 ? image.close() : Status(failed(result, reason, "making the collection"));
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
        VEXFS_TRY_VOID(image.open_node("/c"));
        auto began = Clock::now();
        for (uint64_t file = 0; file < files(); ++file)
            VEXFS_TRY_VOID(put_file(image.node(), set_.base, options_.rows_a_file, file));
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
        VEXFS_TRY_VOID(image.open_node("/c"));
        uint64_t right = 0;
        double us = 0;
        VEXFS_TRY_VOID(search_slice(image.node(), set_.queries, farthest_, 0, 1, us, right));
        report.first_answer = seconds_since(began);
        if (right == 0)
            return fail(Code::kEIO, "the first answer has none of the nearest rows");
        const vexfs_stat_reply stat = VEXFS_TRY(stat_of(image.node(), VEXFS_STAT_TOTALS));
        if (stat.total_rows != options_.rows)
            return fail(Code::kEIO, "rows are missing after the open");
        report.pending = stat.rows_pending;
        report.dead = stat.total_dead;
        VEXFS_TRY_VOID(find_full_speed(image.node(), set_.queries, farthest_, began, report));
        VEXFS_TRY_VOID(image.close());
        tell(report);
        return ok();
    };
    return run_child<OpenReport>(ChildEnd::kItself, body);
}

Status OpenRun::kill() const {
    const auto body = [&](const std::function<void(const uint64_t&)>& tell) -> Status {
        OpenImage image = VEXFS_TRY(OpenImage::open(image_, memory_bytes()));
        VEXFS_TRY_VOID(image.open_node("/c"));
        for (uint64_t put = 0;; ++put) {
            VEXFS_TRY_VOID(put_file(image.node(), set_.base, options_.rows_a_file, put % files()));
            VEXFS_TRY_VOID(image.sync(0));
            if (put + 1 == std::min(files(), kFilesBeforeKill))
                tell(put); // the end comes from outside, in the middle of what follows
        }
    };
    VEXFS_TRY(run_child<uint64_t>(ChildEnd::kKilled, body));
    return ok();
}

} // namespace vexfs
