// SPDX-License-Identifier: Apache-2.0
//
// Feeds foreign indexes with floats.
//
// Threads: as Contender says.
#include "bench/ann/foreign_contender.h"

#include <filesystem>
#include <functional>
#include <iterator>

#include "bench/data/temporary_folder.h"
#include "index/adapters/faiss_index.h"
#include "index/adapters/faiss_ivf_index.h"
#include "index/adapters/hnswlib_index.h"

namespace vexfs {
namespace {

using index::VectorIndex;

using Make = std::function<Result<std::unique_ptr<VectorIndex>>(const index::ForeignShape&)>;

class ForeignContender : public Contender {
  public:
    ForeignContender(std::string name, std::string description, const ContenderShape& shape,
                     Make make)
        : name_(std::move(name)), description_(std::move(description)), shape_(shape),
          make_(std::move(make)) {}

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::string description() const override { return description_; }

    Status prepare(const Matrix& base) override {
        rows_ = base.floats();
        return ok();
    }
    Status build(const Matrix& base) override {
        index::ForeignShape wanted;
        wanted.metric = shape_.metric;
        wanted.dim = base.dim;
        wanted.capacity = static_cast<uint32_t>(base.rows);
        wanted.links = shape_.links;
        wanted.build_effort = shape_.build_effort;
        wanted.seed = shape_.seed;
        built_rows_ = base.rows;
        index_ = VEXFS_TRY(make_(wanted));
        return index_->build(rows_, shape_.build_threads);
    }
    Status load_queries(const Matrix& queries) override {
        rows_ = {};
        dim_ = queries.dim;
        queries_ = queries.floats();
        return ok();
    }
    [[nodiscard]] bool can_restrict() const override { return !name_.starts_with("faiss"); }
    Status restrict_to(const index::BitmapView* allowed) override {
        return index_->restrict_to(allowed);
    }
    Status search(size_t query, uint32_t k, uint32_t effort,
                  std::vector<index::Neighbor>& out) override {
        return index_->search(std::span(queries_).subspan(query * dim_, dim_), k, effort, out);
    }
    Status replace(std::span<const uint32_t> slots, const Matrix& base,
                   std::span<const uint32_t> from) override {
        for (uint32_t slot : slots)
            VEXFS_TRY_VOID(index_->remove(slot));
        std::vector<float> row(base.dim);
        for (size_t i = 0; i < slots.size(); ++i) {
            base.to_floats(from[i], row);
            VEXFS_TRY_VOID(index_->insert(slots[i], row));
        }
        return ok();
    }
    // Where there are no codes every search reads the vectors themselves: all of it is hot.
    [[nodiscard]] Footprint footprint() const override {
        return {index_->memory_bytes() - index_->cold_bytes(), index_->cold_bytes()};
    }
    Result<uint64_t> file_bytes() override {
        const TemporaryFolder folder = VEXFS_TRY(TemporaryFolder::make());
        VEXFS_TRY_VOID(index_->save(folder.file("index")));
        std::error_code error;
        const uint64_t bytes = std::filesystem::file_size(folder.file("index"), error);
        if (error)
            return fail(Code::kEIO, "the size of a saved index");
        return bytes;
    }

  protected:
    [[nodiscard]] uint64_t built_rows() const { return built_rows_; }

  private:
    const std::string name_;
    const std::string description_;
    const ContenderShape shape_;
    const Make make_;
    std::unique_ptr<VectorIndex> index_;
    uint64_t built_rows_ = 0;
    std::vector<float> rows_; // until it is built
    std::vector<float> queries_;
    uint32_t dim_ = 0;
};

// Threads: as Contender says.
class IvfContender final : public ForeignContender {
  public:
    using ForeignContender::ForeignContender;

    // A ladder for each number of lists.
    [[nodiscard]] std::vector<std::vector<uint32_t>> own_efforts() const override {
        std::vector<std::vector<uint32_t>> ladders;
        const uint32_t lists = index::ivf_lists(built_rows());
        for (uint32_t probes = 1;; probes *= 2) {
            const index::IvfEffort whole{std::min(probes, lists), 1};
            std::vector<uint32_t> ladder;
            for (uint32_t factor = 1; factor <= 64; factor *= 2)
                ladder.push_back(index::IvfEffort{whole.probes, factor}.packed());
            ladders.push_back(std::move(ladder));
            if (probes >= lists)
                return ladders;
        }
    }
    [[nodiscard]] std::string words_of(uint32_t effort) const override {
        const index::IvfEffort both = index::IvfEffort::of(effort);
        return "nprobe " + std::to_string(both.probes) + " k_factor " + std::to_string(both.factor);
    }
};

constexpr const char* kAsInstalled = ", as the installed library is built";

} // namespace

std::unique_ptr<Contender> make_hnswlib_contender(const ContenderShape& shape) {
    const index::Isa isa = shape.isa;
    return std::make_unique<ForeignContender>(
        "hnswlib",
        "hnswlib " + parameters(shape) + ", its float distances compiled for " +
            index::name_of(isa),
        shape,
        [isa](const index::ForeignShape& wanted) { return make_hnswlib_index(wanted, isa); });
}

std::unique_ptr<Contender> make_faiss_contender(const ContenderShape& shape) {
    return std::make_unique<ForeignContender>(
        "faiss", "FAISS IndexHNSWFlat " + parameters(shape) + kAsInstalled, shape,
        index::make_faiss_index);
}

std::unique_ptr<Contender> make_faiss_sq8_contender(const ContenderShape& shape) {
    return std::make_unique<ForeignContender>(
        "faiss-sq8", "FAISS IndexHNSWSQ 8 bits " + parameters(shape) + kAsInstalled, shape,
        index::make_faiss_sq8_index);
}

std::unique_ptr<Contender> make_faiss_ivfpq_contender(const ContenderShape& shape) {
    return std::make_unique<IvfContender>(
        "faiss-ivfpq",
        "FAISS IndexIVFPQFastScan with IndexRefineFlat, 4 sqrt(rows) lists, 4 bits for two "
        "elements, build threads=" +
            std::to_string(shape.build_threads) + kAsInstalled,
        shape, index::make_faiss_ivf_index);
}

std::vector<std::unique_ptr<Contender>> make_peers(const std::string& peer,
                                                   const ContenderShape& shape) {
    std::vector<std::unique_ptr<Contender>> peers;
    for (const auto make : {make_hnswlib_contender, make_faiss_contender, make_faiss_sq8_contender,
                            make_faiss_ivfpq_contender}) {
        std::unique_ptr<Contender> one = make(shape);
        if (peer == "all" || peer == one->name())
            peers.push_back(std::move(one));
    }
    return peers;
}

} // namespace vexfs
