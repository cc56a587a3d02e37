// SPDX-License-Identifier: Apache-2.0
//
// Loads what is measured on.
//
// Threads: one thread.
#include "bench/ann/ann_data.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <thread>

#include "base/checksum.h"
#include "bench/cli/command.h"
#include "bench/data/formats.h"

namespace vexfs {
namespace {

const char* word_of(index::Element element) {
    return element == index::Element::kU8 ? "u8" : element == index::Element::kI8 ? "i8" : "f32";
}

bool read_named(const char* option, const std::string& path, uint64_t limit, Matrix& matrix,
                std::string& complaint) {
    Result<Matrix> read = read_vectors(path, limit == 0 ? SIZE_MAX : limit);
    if (!read) {
        complaint = complaint_about(std::string(option) + " " + path, read.error());
        return false;
    }
    matrix = std::move(read).value();
    return true;
}

bool is_nearer(float one, float other) {
    return one < other - 1e-4F * std::abs(other);
}

// The answers are in order, and no row of a thousand is nearer than the last without being one.
bool are_nearest(const ExactDistance& distance, size_t query, std::span<const uint32_t> rows) {
    for (size_t i = 1; i < rows.size(); ++i) {
        if (is_nearer(distance.between(query, rows[i]), distance.between(query, rows[i - 1])))
            return false;
    }
    const float last = distance.between(query, rows.back());
    for (size_t row = 0; row < distance.rows(); row += distance.rows() / 1000 + 1) {
        if (is_nearer(distance.between(query, row), last) &&
            std::find(rows.begin(), rows.end(), row) == rows.end())
            return false;
    }
    return true;
}

// A truth for another base, other queries or another metric shows in some of the answers.
bool is_of_this_set(const ExactDistance& distance, const Truth& truth, uint32_t k) {
    const size_t step = truth.queries() / 20 + 1;
    for (size_t query = 0; query < truth.queries(); query += step) {
        if (!are_nearest(distance, query, truth.of(query).first(k)))
            return false;
    }
    return true;
}

std::string cached_name(const AnnOptions& options, const VectorSet& set) {
    char name[96];
    std::snprintf(name, sizeof name, ".%s-k%u-%016llx-%016llx.ibin", options.metric.c_str(),
                  static_cast<unsigned>(options.k),
                  static_cast<unsigned long long>(xxh3_64(set.base.bytes)),
                  static_cast<unsigned long long>(xxh3_64(set.queries.bytes)));
    return options.base + name;
}

} // namespace

uint32_t all_processors() {
    return std::max(1U, std::thread::hardware_concurrency());
}

bool load_set(const AnnOptions& options, VectorSet& set, DataDescription& description,
              std::string& complaint) {
    if (options.quick) {
        ClusteredShape shape;
        shape.rows = options.rows == 0 ? 20'000 : static_cast<uint32_t>(options.rows);
        shape.queries = options.queries == 0 ? 500 : static_cast<uint32_t>(options.queries);
        shape.seed = options.seed;
        set = generate_clustered(shape);
        description.base = "generated: " + std::to_string(shape.clusters) + " clusters, " +
                           std::to_string(shape.latent_dim) + " latent dimensions, 5 percent " +
                           "noise, length 1, seed " + std::to_string(shape.seed);
        description.query = "generated with it";
    } else {
        if (!read_named("--base", options.base, options.rows, set.base, complaint) ||
            !read_named("--query", options.query, options.queries, set.queries, complaint))
            return false;
        description.base = options.base;
        description.query = options.query;
    }
    if (set.base.dim != set.queries.dim || set.base.element != set.queries.element) {
        complaint = "--query " + options.query + ": " + word_of(set.queries.element) + " of " +
                    std::to_string(set.queries.dim) + " dimensions, but the base is " +
                    word_of(set.base.element) + " of " + std::to_string(set.base.dim);
        return false;
    }
    description.element = word_of(set.base.element);
    description.metric = options.metric;
    description.rows = set.base.rows;
    description.queries = set.queries.rows;
    description.dim = set.base.dim;
    return true;
}

bool load_truth(const AnnOptions& options, const VectorSet& set, const ExactDistance& distance,
                Truth& truth, DataDescription& description, std::string& complaint) {
    const auto depth = static_cast<uint32_t>(options.k);
    const std::string cached = options.cache_truth ? cached_name(options, set) : "";
    if (!options.truth.empty()) {
        Result<Truth> read = read_truth(options.truth, set.queries.rows, set.base.rows);
        if (!read) {
            complaint = complaint_about("--truth " + options.truth, read.error());
            return false;
        }
        truth = std::move(read).value();
        if (truth.depth < depth) {
            complaint = "--truth " + options.truth + ": it has " + std::to_string(truth.depth) +
                        " answers per query, --k wants " + std::to_string(depth);
            return false;
        }
        if (!is_of_this_set(distance, truth, depth)) {
            complaint = "--truth " + options.truth +
                        ": its answers are not the nearest rows by --metric " + options.metric;
            return false;
        }
        description.truth = options.truth;
        return true;
    }
    if (!cached.empty()) {
        Result<Truth> read = read_truth(cached, set.queries.rows, set.base.rows);
        if (read && read->depth == depth && is_of_this_set(distance, *read, depth)) {
            truth = std::move(read).value();
            description.truth = cached;
            return true;
        }
    }
    truth = exact_truth(distance, depth, nullptr, all_processors());
    description.truth = "computed";
    if (!cached.empty()) {
        const Status written = write_truth(cached, truth);
        if (!written) {
            complaint = complaint_about("--cache-truth " + cached, written.error());
            return false;
        }
    }
    return true;
}

} // namespace vexfs
