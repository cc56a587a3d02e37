// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/churn/churned_volume.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <ctime>
#include <fstream>
#include <thread>

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr uint32_t kRowsOfFile = 100;
constexpr uint64_t kImageBytes = uint64_t{2} << 30; // sparse
constexpr uint32_t kQueries = 500;
constexpr uint32_t kNearest = 10;
constexpr size_t kCentres = 100;
constexpr uint32_t kDirections = 16;  // that a cluster is wide in, as embeddings are
constexpr uint64_t kDuplicateOf = 20; // one row in so many is that before it
constexpr int kCommitsToFree = 4;     // what was freed can be used again after these
constexpr uint64_t kPauses = 50;      // of a turnover that is paced
constexpr uint64_t kDeadShare = 16;   // of its rows so many may wait to be taken out of the graph

const Caller kRoot{0, 0, {}, true};

// A condition that the run cannot go on without; the words say which.
void require(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "vexfs-churn: %s\n", what);
    std::abort();
}

// Of this thread: other programs take no part in it.
uint64_t processor_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

std::string name_of_file(uint64_t file) {
    return "f" + std::to_string(file);
}

} // namespace

ChurnedVolume::ChurnedVolume(const ChurnShape& shape)
    : shape_(shape), files_(shape.rows / kRowsOfFile), centres_(kCentres), directions_(kDirections),
      file_(kImageBytes) {
    Random random(shape.seed);
    for (auto* const drawn : {&centres_, &directions_})
        for (std::vector<float>& one : *drawn)
            for (uint32_t i = 0; i < shape.dim; ++i)
                one.push_back(static_cast<float>(random.normal()));
    VolumeOptions options;
    options.commit_interval = std::chrono::seconds(1);
    options.memory_bytes = memory_bytes(shape.rows);
    DeviceSpec spec;
    spec.path = file_.path();
    std::string explanation;
    volume_ = Volume::open(spec, options, explanation).value();
    const Entry made = volume_->make(kRootIno, "c", {S_IFDIR | 0755}).value();
    directory_ = made.ino;
    Schema schema;
    schema.dim = shape.dim;
    require(volume_->schema_set(directory_, schema, false, kRoot).has_value(), "no collection");
}

// In clusters, and some of them equal.
std::vector<float> ChurnedVolume::row(uint64_t file, uint32_t turnover, uint32_t row) const {
    Random random((shape_.seed << 48) + (uint64_t{turnover} << 40) + file * kRowsOfFile + row);
    if (row > 0 && random.chance(1, kDuplicateOf))
        return this->row(file, turnover, row - 1);
    return draw(random);
}

std::vector<float> ChurnedVolume::draw(Random& random) const {
    std::vector<float> vector = centres_[random.below(kCentres)];
    for (const std::vector<float>& direction : directions_) {
        const auto far = static_cast<float>(random.normal()) / 4;
        for (size_t i = 0; i < vector.size(); ++i)
            vector[i] += far * direction[i];
    }
    return vector;
}

void ChurnedVolume::make(uint64_t file) {
    const Entry made = volume_->make(directory_, name_of_file(file), {S_IFREG | 0644}).value();
    require(volume_->forget(made.ino, 1).has_value(), "a file cannot be given back");
    inos_[file] = made.ino;
}

void ChurnedVolume::put(uint64_t file, uint32_t turnover, uint32_t first) {
    std::vector<float> vectors;
    for (uint32_t i = 0; i < kRowsOfFile; ++i) {
        const std::vector<float> one = row(file, turnover, i);
        vectors.insert(vectors.end(), one.begin(), one.end());
    }
    PutRows rows;
    rows.first = first;
    rows.vectors = std::as_bytes(std::span(vectors));
    uint64_t ino = 0;
    const auto done = volume_->put_rows({inos_[file], 0, {}, true, true}, kRoot, rows,
                                        {index::Element::kF32, shape_.dim}, true, ino);
    require(done && done->total == kRowsOfFile, "rows cannot be put");
}

void ChurnedVolume::fill(uint32_t turnover) {
    for (uint64_t file = 0; file < files_; ++file) {
        make(file);
        put(file, turnover, kAppend);
    }
}

void ChurnedVolume::turn_over(uint32_t turnover) {
    least_ns_.clear();
    Random random(shape_.seed + turnover);
    std::vector<uint64_t> order(files_);
    for (uint64_t file = 0; file < files_; ++file)
        order[file] = file;
    random.shuffle(std::span(order));
    uint64_t done = 0;
    for (const uint64_t file : order) {
        if (shape_.paced && ++done % std::max<uint64_t>(1, files_ / kPauses) == 0)
            keep_pace();
        const uint64_t how = random.below(3);
        if (how == 1)
            require(
                volume_->drop_rows({inos_[file], 0, {}, true, true}, kRoot, 0, true).has_value(),
                "rows cannot be dropped");
        if (how == 2) {
            require(volume_->unlink(directory_, name_of_file(file)).has_value(),
                    "a file cannot be removed");
            make(file);
        }
        put(file, turnover, how == 0 ? 0 : kAppend);
    }
}

void ChurnedVolume::keep_pace() {
    require(volume_->wait_linked({}).has_value(), "rows cannot be linked");
    while (totals().dead * kDeadShare > shape_.rows)
        std::this_thread::yield();
}

RowCounts ChurnedVolume::totals() {
    return *volume_->stat_rows({directory_, 0, {}, true, false}, kRoot, true).value().totals;
}

void ChurnedVolume::rest() {
    require(volume_->wait_linked({}).has_value(), "rows cannot be linked");
    for (int i = 0; i < kCommitsToFree; ++i)
        require(volume_->sync().has_value(), "no sync");
}

std::vector<uint64_t> ChurnedVolume::nearest(const std::vector<float>& query, bool exact,
                                             uint64_t& ns) {
    SearchAsk ask;
    ask.query = {index::Element::kF32, shape_.dim, std::as_bytes(std::span(query)).data()};
    ask.k = kNearest;
    ask.exact = exact;
    SearchAnswer answer;
    const uint64_t began = processor_ns();
    require(volume_->search(directory_, kRoot, ask, answer).has_value(), "no search");
    ns = processor_ns() - began;
    std::vector<uint64_t> found;
    for (const SearchHit& hit : answer.hits)
        found.push_back(std::bit_cast<uint32_t>(hit.distance)); // equal vectors are equally good
    return found;
}

ChurnFigures ChurnedVolume::measure() {
    ChurnFigures figures;
    Random random(shape_.seed + 77);
    least_ns_.resize(kQueries, UINT64_MAX);
    uint64_t ns = 0;
    for (uint32_t i = 0; i < kQueries; ++i) {
        const std::vector<float> query = draw(random);
        const std::vector<uint64_t> truth = nearest(query, true, ns);
        const std::vector<uint64_t> found = nearest(query, false, ns);
        least_ns_[i] = std::min(least_ns_[i], ns);
        std::vector<uint64_t> both;
        std::ranges::set_intersection(truth, found, std::back_inserter(both));
        figures.recall += static_cast<double>(both.size()) / static_cast<double>(truth.size());
    }
    figures.recall /= kQueries;
    std::vector<uint64_t> times = least_ns_;
    std::ranges::sort(times);
    figures.p99_us = static_cast<double>(times[times.size() * 99 / 100]) / 1000;
    figures.disk_bytes = volume_->usage().used_blocks * kBlockBytes;
    const RowCounts counts = totals();
    figures.slots = counts.slots;
    figures.dead = counts.dead;
    figures.counted_bytes = counts.memory_bytes;
    ::malloc_trim(0);
    uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;
    figures.resident_bytes = pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    return figures;
}

} // namespace vexfs
