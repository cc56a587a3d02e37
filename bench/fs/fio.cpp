// SPDX-License-Identifier: Apache-2.0
#include "bench/fs/fio.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include <nlohmann/json.hpp>

#include "bench/fs/work_file.h"
#include "userlib/device/run_program.h"

namespace vexfs {

namespace {

using Json = nlohmann::json;

struct FioJob {
    const char* name;
    const char* what;
    const char* options; // of this one, besides kOptions
    bool on_full_file;   // else fio makes the file
    FioPlaces places;
};

// Each read and write is one system call. The kernel's clock needs no tenth of a second before it,
// as the processor's does.
constexpr const char* kOptions =
    "ioengine=psync thread=1 clocksource=clock_gettime time_based=1 fallocate=none size=64m";
static_assert(kFileBytes == uint64_t{64} << 20);
constexpr double kLongestSeconds = 100;
// How the results are told.
constexpr const char* kTelling = "output-format=json eta=never percentile_list=50:90:99:99.9";

constexpr FioJob kJobs[] = {
    {"fio-read",
     "read 128 KiB in order, O_DIRECT",
     "rw=read bs=128k direct=1",
     true,
     {"read", "read"}},
    {"fio-write",
     "write 128 KiB in order, fsync at the end",
     "rw=write bs=128k end_fsync=1",
     false,
     {"write", "write"}},
    {"fio-randread",
     "read 4 KiB anywhere in 64 MiB, O_DIRECT",
     "rw=randread bs=4k direct=1",
     true,
     {"read", "read"}},
    {"fio-randwrite",
     "overwrite 4 KiB anywhere in 64 MiB and fsync it; latencies are the fsync's",
     "rw=randwrite bs=4k fsync=1",
     true,
     {"write", "sync"}},
};

// Takes numbers out of the document and remembers the first one that is not there.
// Threads: one thread.
class Numbers {
  public:
    Numbers(const Json& document, std::string& complaint)
        : document_(document), complaint_(complaint) {}

    // Of the only job, below the members of the path; 0 if it is not there.
    double at(std::initializer_list<const char*> path) {
        std::string where = "jobs[0]";
        const Json* place = only_job();
        for (const char* const member : path) {
            where += std::string(".") + member;
            if (place == nullptr || !place->is_object() || !place->contains(member))
                place = nullptr;
            else
                place = &(*place)[member];
        }
        if (place == nullptr || !place->is_number())
            return wrong(where + " is no number");
        const auto value = place->get<double>();
        return value >= 0 && value <= 1e18 ? value : wrong(where + " is out of range");
    }

  private:
    [[nodiscard]] const Json* only_job() const {
        if (!document_.is_object() || !document_.contains("jobs"))
            return nullptr;
        const Json& jobs = document_["jobs"];
        return jobs.is_array() && jobs.size() == 1 ? &jobs[0] : nullptr;
    }
    double wrong(const std::string& what) {
        if (complaint_.empty())
            complaint_ = what;
        return 0;
    }

    const Json& document_;
    std::string& complaint_;
};

Latency latency_in(Numbers& numbers, const char* operations) {
    // A sync is not submitted and completed: it has one latency.
    const char* const latency = std::string_view(operations) == "sync" ? "lat_ns" : "clat_ns";
    const auto longest = static_cast<uint64_t>(numbers.at({operations, latency, "max"}));
    // It sorts them into buckets, of which the last may have its middle past the longest.
    const auto nanoseconds = [&](const char* percent) {
        const double told = numbers.at({operations, latency, "percentile", percent});
        return std::min(static_cast<uint64_t>(told), longest);
    };
    return {nanoseconds("50.000000"), nanoseconds("90.000000"), nanoseconds("99.000000"),
            nanoseconds("99.900000"), longest};
}

// A colon ends a name in a list of files.
std::string one_file(const std::string& path) {
    std::string text;
    for (const char c : path)
        text += c == ':' ? std::string("\\:") : std::string(1, c);
    return text;
}

std::vector<std::string> words_of(const Trial& trial, const std::string& path, double seconds) {
    std::vector<std::string> words{"fio", "--name=" + trial.name, "--filename=" + one_file(path),
                                   "--runtime=" + std::to_string(std::lround(seconds * 1000)) +
                                       "ms"};
    std::istringstream options(trial.job + " " + kTelling);
    for (std::string option; options >> option;)
        words.push_back("--" + option);
    return words;
}

Result<Slice> run_fio(const std::vector<std::string>& words, const FioPlaces& places) {
    const ProgramRun run = run_program(words);
    if (!run) {
        std::fprintf(stderr, "vexfs-bench fs: %s%s\n", run.err.c_str(), run.out.c_str());
        return fail(Code::kEIO, "fio failed");
    }
    std::string complaint;
    const std::optional<Slice> slice = parse_fio(run.out, places, complaint);
    if (!slice) {
        std::fprintf(stderr, "vexfs-bench fs: what fio wrote: %s\n", complaint.c_str());
        return fail(Code::kEPROTO, "fio wrote something else than its results");
    }
    return *slice;
}

Result<Slice> run_job(const Trial& trial, const FioJob& job, const std::string& folder,
                      double seconds, Random& random) {
    const std::string path = folder + "/file";
    if (job.on_full_file)
        VEXFS_TRY_VOID(make_full_file(path, random));
    // A disk may take longer for the first operation than a slice lasts.
    Slice slice;
    for (double longer = seconds; slice.operations == 0; longer *= 2) {
        if (longer > kLongestSeconds)
            return fail(Code::kETIMEDOUT, "fio had no time for one operation");
        slice = VEXFS_TRY(run_fio(words_of(trial, path, longer), job.places));
    }
    return slice;
}

} // namespace

std::vector<Trial> fio_trials() {
    std::vector<Trial> trials;
    for (const FioJob& job : kJobs) {
        Trial trial{job.name, job.what, std::string(job.options) + " " + kOptions, {}};
        trial.run = [told = trial, &job](const std::string& folder, double seconds,
                                         Random& random) {
            return run_job(told, job, folder, seconds, random);
        };
        trials.push_back(std::move(trial));
    }
    return trials;
}

std::string fio_version() {
    const ProgramRun run = run_program({"fio", "--version"});
    return run ? run.out.substr(0, run.out.find('\n')) : std::string();
}

std::optional<Slice> parse_fio(std::string_view text, const FioPlaces& places,
                               std::string& complaint) {
    const Json document = Json::parse(text, nullptr, false);
    if (document.is_discarded()) {
        complaint = "it is no JSON document";
        return std::nullopt;
    }
    complaint.clear();
    Numbers numbers(document, complaint);
    const double error = numbers.at({"error"});
    Slice slice;
    slice.operations = static_cast<uint64_t>(numbers.at({places.operations, "total_ios"}));
    slice.seconds = numbers.at({places.time, "runtime"}) / 1000; // of milliseconds
    if (slice.operations > 0)
        slice.latency = latency_in(numbers, places.operations);
    if (complaint.empty() && error != 0)
        complaint = "jobs[0].error is not 0";
    else if (complaint.empty() && !(slice.seconds > 0))
        complaint = "jobs[0]." + std::string(places.time) + ".runtime is 0";
    if (!complaint.empty())
        return std::nullopt;
    return slice;
}

} // namespace vexfs
