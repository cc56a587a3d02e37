// SPDX-License-Identifier: Apache-2.0
//
// The index without the filesystem: put vectors, search them, filter, remove, and see what it cost.
//
//     vexfs-index-example [ROWS]
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/random.h"
#include "index/planner/index.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr uint32_t kDim = 64;

// Points around a few hundred centres.
std::vector<float> generate(uint32_t rows) {
    Random random(1);
    std::vector<float> centres(size_t{300} * kDim), points(size_t{rows} * kDim);
    for (float& number : centres)
        number = static_cast<float>(random.normal());
    for (uint32_t row = 0; row < rows; ++row) {
        const float* centre = &centres[random.below(300) * kDim];
        for (uint32_t j = 0; j < kDim; ++j) {
            points[size_t{row} * kDim + j] = centre[j] + 0.3F * static_cast<float>(random.normal());
        }
    }
    return points;
}

VectorView view(const std::vector<float>& points, uint32_t row) {
    return {Element::kF32, kDim, reinterpret_cast<const std::byte*>(&points[size_t{row} * kDim])};
}

void print(const char* what, const SearchReport& report, const std::vector<Neighbor>& found) {
    std::printf("%-22s plan %-9s %s, %llu code distances, %llu exact:", what, name_of(report.plan),
                report.exact ? "exact" : "approximate",
                static_cast<unsigned long long>(report.code_distances),
                static_cast<unsigned long long>(report.exact_distances));
    for (const Neighbor& neighbor : found)
        std::printf(" %u (%.2f)", neighbor.slot, static_cast<double>(neighbor.distance));
    std::printf("\n");
}

Status run(uint32_t rows) {
    const std::vector<float> points = generate(rows);
    const TrainingTable sample{Element::kF32,        Metric::kL2,          kDim,
                               view(points, 0).data, kDim * sizeof(float), std::min(rows, 5000U)};
    const std::unique_ptr<Index> index = VEXFS_TRY(Index::create(sample, {}));
    SearchScratch scratch;
    for (uint32_t row = 0; row < rows; ++row)
        VEXFS_TRY_VOID(index->put(row, view(points, row), scratch));
    std::printf("%u rows, %zu hot and %zu cold bytes a row\n", rows, index->hot_bytes() / rows,
                index->cold_bytes() / rows);

    std::vector<Neighbor> found;
    SearchRequest request{view(points, 0)};
    request.k = 4;
    print("nearest to row 0", VEXFS_TRY(index->search(request, scratch, found)), found);

    request.exact = true;
    print("by exact distances", VEXFS_TRY(index->search(request, scratch, found)), found);

    request.exact = false;
    Bitmap even(rows);
    for (uint32_t row = 0; row < rows; row += 2)
        even.add(row);
    const BitmapView allowed = even.view();
    request.allowed = &allowed;
    print("even rows only", VEXFS_TRY(index->search(request, scratch, found)), found);

    VEXFS_TRY_VOID(index->remove(0));
    print("after removing row 0", VEXFS_TRY(index->search(request, scratch, found)), found);
    return ok();
}

} // namespace

int main(int argc, char** argv) {
    const long rows = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 20'000;
    if (rows < 100 || rows > 10'000'000) {
        std::fprintf(stderr, "usage: vexfs-index-example [ROWS], 100 to 10000000\n");
        return 2;
    }
    const Status status = run(static_cast<uint32_t>(rows));
    if (!status) {
        std::fprintf(stderr, "%s: %s\n", name_of(status.error().code), status.error().what);
        return 1;
    }
    return 0;
}
