// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/differential/oracle.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <fnmatch.h>

namespace vexfs {

namespace {

constexpr uint64_t kTags = 1000;

std::string name_in(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

bool matches(const std::string& glob, const std::string& text) {
    return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

KnownFilter tag_filter(Random& random) {
    const uint64_t low = random.below(kTags);
    const uint64_t high = low + random.below(random.chance(1, 3) ? kTags : kTags / 20);
    return {"tag " + std::to_string(low) + ".." + std::to_string(high),
            [=](const SeenFile&, const KnownFile& file, uint32_t row) {
                return file.rows[row].tag >= low && file.rows[row].tag <= high;
            }};
}

KnownFilter glob_filter(Random& random) {
    const std::string glob =
        "*" + std::to_string(random.below(10)) + (random.chance(1, 2) ? "" : "*");
    const bool whole = random.chance(1, 2);
    return {(whole ? "path " : "name ") + glob,
            [=](const SeenFile& seen, const KnownFile&, uint32_t) {
                return std::ranges::any_of(seen.paths, [&](const std::string& path) {
                    return matches(glob, whole ? path : name_in(path));
                });
            }};
}

KnownFilter number_filter(Random& random) {
    const uint64_t limit = random.below(40);
    const std::string text = std::to_string(limit);
    switch (random.below(4)) {
    case 0:
        return {"row < " + text, [=](const SeenFile&, const KnownFile&, uint32_t row) {
                    return row < limit;
                }};
    case 1:
        return {"size >= " + text, [=](const SeenFile& seen, const KnownFile&, uint32_t) {
                    return seen.size >= limit;
                }};
    case 2:
        return {"uid != " + std::to_string(4000 + limit % 4),
                [=](const SeenFile& seen, const KnownFile&, uint32_t) {
                    return seen.uid != 4000 + limit % 4;
                }};
    default:
        return {"gid = " + std::to_string(5000 + limit % 6),
                [=](const SeenFile& seen, const KnownFile&, uint32_t) {
                    return seen.gid == 5000 + limit % 6;
                }};
    }
}

KnownFilter xattr_filter(Random& random) {
    const uint64_t limit = random.below(40);
    const auto value = [](const KnownFile& file) {
        const auto found = file.xattrs.find("user.n");
        return found == file.xattrs.end() ? nullptr : &found->second;
    };
    switch (random.below(4)) {
    case 0:
        return {"has user.n", [=](const SeenFile&, const KnownFile& file, uint32_t) {
                    return value(file) != nullptr;
                }};
    case 1:
        return {"missing user.n", [=](const SeenFile&, const KnownFile& file, uint32_t) {
                    return value(file) == nullptr;
                }};
    case 2:
        return {"xattr user.n <= " + std::to_string(limit),
                [=](const SeenFile&, const KnownFile& file, uint32_t) {
                    return value(file) != nullptr && std::stoull(*value(file)) <= limit;
                }};
    default:
        return {"xattr user.n = \"" + std::to_string(limit) + "\"",
                [=](const SeenFile&, const KnownFile& file, uint32_t) {
                    return value(file) != nullptr && *value(file) == std::to_string(limit);
                }};
    }
}

KnownFilter one_test(Random& random) {
    switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
        return tag_filter(random);
    case 3:
        return glob_filter(random);
    case 4:
    case 5:
        return number_filter(random);
    case 6:
        return {"stale", [](const SeenFile&, const KnownFile& file, uint32_t row) {
                    return file.rows[row].stale;
                }};
    default:
        return xattr_filter(random);
    }
}

} // namespace

KnownFilter any_filter(Random& random, int depth) {
    if (depth == 0 || random.chance(1, 2))
        return one_test(random);
    const KnownFilter one = any_filter(random, depth - 1);
    if (random.chance(1, 4))
        return {"not (" + one.text + ")",
                [=](const SeenFile& seen, const KnownFile& file, uint32_t row) {
                    return !one.passes(seen, file, row);
                }};
    const KnownFilter two = any_filter(random, depth - 1);
    const bool both = random.chance(1, 2);
    return {"(" + one.text + (both ? " and " : " or ") + two.text + ")",
            [=](const SeenFile& seen, const KnownFile& file, uint32_t row) {
                const bool first = one.passes(seen, file, row);
                return both ? first && two.passes(seen, file, row)
                            : first || two.passes(seen, file, row);
            }};
}

size_t Oracle::rows_of(uint64_t collection) const {
    size_t rows = 0;
    for (const auto& [ino, file] : files)
        rows += file.collection == collection ? file.rows.size() : 0;
    return rows;
}

float Oracle::distance(const float* a, const std::vector<float>& b) const {
    double squares = 0;
    double product = 0;
    double length_a = 0;
    double length_b = 0;
    for (uint32_t i = 0; i < dim_; ++i) {
        const double x = a[i];
        const double y = b[i];
        squares += (x - y) * (x - y);
        product += x * y;
        length_a += x * x;
        length_b += y * y;
    }
    if (metric_ == KnownMetric::kL2)
        return static_cast<float>(squares);
    if (metric_ == KnownMetric::kDot)
        return static_cast<float>(-product);
    const double lengths = std::sqrt(length_a) * std::sqrt(length_b);
    return lengths == 0 ? 1 : static_cast<float>(1 - product / lengths);
}

std::vector<KnownHit> Oracle::matching(const SeenFiles& seen, uint64_t collection,
                                       const KnownFilter& filter, const float* query,
                                       bool per_file) const {
    std::vector<KnownHit> hits;
    for (const auto& [ino, shown] : seen) {
        const auto known = files.find(ino);
        if (known == files.end() || known->second.collection != collection)
            continue;
        const KnownFile& file = known->second;
        for (uint32_t row = 0; row < file.rows.size(); ++row)
            if (!filter.passes || filter.passes(shown, file, row))
                hits.push_back({distance(query, file.rows[row].vector), ino, row});
    }
    std::ranges::sort(hits);
    if (per_file) {
        std::unordered_set<uint64_t> met;
        std::erase_if(hits, [&](const KnownHit& hit) { return !met.insert(hit.ino).second; });
    }
    return hits;
}

} // namespace vexfs
