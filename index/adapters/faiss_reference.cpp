// SPDX-License-Identifier: Apache-2.0
#include "index/adapters/faiss_reference.h"

#include <faiss/index_io.h>
#include <omp.h>

#include "index/adapters/normalise.h"

namespace vexfs::index {

faiss::MetricType faiss_metric(Metric metric) {
    return metric == Metric::kL2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
}

bool faiss_takes(Metric metric, uint32_t dim) {
    const bool known = metric == Metric::kL2 || metric == Metric::kCosine || metric == Metric::kDot;
    return known && dim > 0 && dim <= kMaxDim;
}

Status FaissReference::build(std::span<const float> rows, uint32_t threads) {
    if (rows.size() / shape_.dim > shape_.capacity || library_index().ntotal != 0)
        return fail(Code::kEINVAL, "faiss: more rows than the capacity, or a second build");
    return guard(fail(Code::kEIO, "faiss: build"), [&]() -> Status {
        omp_set_num_threads(static_cast<int>(threads));
        const std::vector<float> unit = unit_rows(shape_.metric, rows, shape_.dim);
        const auto count = static_cast<faiss::Index::idx_t>(rows.size() / shape_.dim);
        const float* const first = unit.empty() ? rows.data() : unit.data();
        if (!library_index().is_trained)
            library_index().train(count, first);
        library_index().add(count, first);
        omp_set_num_threads(1);
        return ok();
    });
}

Status FaissReference::insert(uint32_t, std::span<const float>) {
    return fail(Code::kEOPNOTSUPP, "faiss: this index is made of all rows at once");
}

Status FaissReference::remove(uint32_t) {
    return fail(Code::kEOPNOTSUPP, "faiss: this index removes no rows");
}

Status FaissReference::restrict_to(const BitmapView* allowed) {
    return allowed == nullptr ? ok()
                              : Status(fail(Code::kEOPNOTSUPP, "faiss: this index has no filter"));
}

Status FaissReference::search(std::span<const float> query, uint32_t k, uint32_t effort,
                              std::vector<Neighbor>& out) const {
    if (query.size() != shape_.dim || k == 0)
        return fail(Code::kEINVAL, "faiss: the query has another dimension, or k is 0");
    return guard(fail(Code::kEIO, "faiss: search"), [&]() -> Status {
        omp_set_num_threads(1); // each thread that searches has a number of its own
        set_effort(effort);
        std::vector<float> distances(k);
        std::vector<faiss::Index::idx_t> rows(k);
        const std::vector<float> unit = unit_rows(shape_.metric, query, shape_.dim);
        library_index().search(1, unit.empty() ? query.data() : unit.data(), k, distances.data(),
                               rows.data());
        out.clear();
        // Where it finds fewer than k, there is no row in what is left.
        for (size_t i = 0; i < k; ++i) {
            if (rows[i] >= 0)
                out.push_back({static_cast<uint32_t>(rows[i]),
                               distance_of_library(shape_.metric, distances[i])});
        }
        return ok();
    });
}

Status FaissReference::save(const std::string& path) {
    return guard(fail(Code::kEIO, "faiss: save"), [&]() -> Status {
        faiss::write_index(&library_index(), path.c_str());
        return ok();
    });
}

} // namespace vexfs::index
