// SPDX-License-Identifier: Apache-2.0
//
// Speaks the lines of bench/external/README.md.
//
// Threads: as Contender says.
#include "bench/ann/external_contender.h"

#include <cstdio>
#include <cstring>

#include <nlohmann/json.hpp>

#include "bench/data/formats.h"
#include "bench/data/temporary_folder.h"
#include "bench/external/adapter_process.h"

namespace vexfs {
namespace {

using Json = nlohmann::json;

const char* word_of(index::Metric metric) {
    return metric == index::Metric::kL2       ? "l2"
           : metric == index::Metric::kCosine ? "cosine"
                                              : "dot";
}

Matrix as_floats(const Matrix& matrix) {
    Matrix out{index::Element::kF32, matrix.dim, matrix.rows, {}};
    const std::vector<float> values = matrix.floats();
    out.bytes.resize(values.size() * sizeof(float));
    std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
    return out;
}

// An object; one with "error" is shown and is an Error.
Result<Json> ask(AdapterProcess& adapter, const Json& request) {
    Json answer = Json::parse(VEXFS_TRY(adapter.ask(request.dump())), nullptr, false);
    if (answer.is_discarded() || !answer.is_object())
        return fail(Code::kEIO, "adapter: an answer is no JSON object");
    if (answer.contains("error")) {
        std::fprintf(stderr, "vexfs-bench: an adapter says: %s\n", answer["error"].dump().c_str());
        return fail(Code::kEIO, "adapter: it failed");
    }
    return answer;
}

std::string text_in(const Json& answer, const char* name) {
    const auto found = answer.find(name);
    return found != answer.end() && found->is_string() ? found->get<std::string>() : "";
}

uint64_t bytes_in(const Json& answer, const char* name) {
    const auto found = answer.find(name);
    return found != answer.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

// Whole numbers that are not negative; false if one is something else.
template <typename Number>
bool numbers_in(const Json& list, std::vector<Number>& out) {
    out.clear();
    if (!list.is_array())
        return false;
    for (const Json& one : list) {
        if (!one.is_number_unsigned() ||
            one.get<uint64_t>() > uint64_t{std::numeric_limits<Number>::max()})
            return false;
        out.push_back(one.get<Number>());
    }
    return true;
}

struct Asked {
    std::vector<std::vector<uint32_t>> slots;
    std::vector<uint64_t> ns;
};

class ExternalContender final : public Contender {
  public:
    ExternalContender(AdapterProcess adapter, TemporaryFolder folder, std::string name,
                      std::string version, std::vector<uint32_t> efforts,
                      const ContenderShape& shape, uint32_t processor)
        : adapter_(std::move(adapter)), folder_(std::move(folder)), name_(std::move(name)),
          version_(std::move(version)), efforts_(std::move(efforts)), shape_(shape),
          processor_(processor) {}

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::string description() const override {
        return name_ + " " + version_ + " " + parameters(shape_) +
               (about_.empty() ? "" : ", " + about_) + ", timed by its adapter";
    }
    Status prepare(const Matrix& base) override {
        return write_vectors(folder_.file("base.fbin"), as_floats(base));
    }
    Status load_queries(const Matrix& queries) override;
    // The adapter wants both files at once: it is asked when the queries are there.
    Status build(const Matrix&) override { return ok(); }
    [[nodiscard]] std::vector<std::vector<uint32_t>> own_efforts() const override {
        if (efforts_.empty())
            return {};
        return {efforts_};
    }
    [[nodiscard]] bool can_restrict() const override { return false; }
    Status restrict_to(const index::BitmapView*) override { return ok(); }
    [[nodiscard]] uint32_t clients_max() const override { return 0; }
    Status search(size_t query, uint32_t k, uint32_t effort,
                  std::vector<index::Neighbor>& out) override;
    Result<bool> timed_searches(std::span<const uint32_t> queries, uint32_t k, uint32_t effort,
                                std::vector<uint64_t>& latencies_ns) override {
        latencies_ns = VEXFS_TRY(searches(queries, k, effort)).ns;
        return true;
    }
    Status replace(std::span<const uint32_t>, const Matrix&, std::span<const uint32_t>) override {
        return fail(Code::kEOPNOTSUPP, "adapter: rows are not replaced");
    }
    [[nodiscard]] Footprint footprint() const override { return {bytes_, 0}; }
    Result<uint64_t> file_bytes() override { return file_bytes_; }
    [[nodiscard]] double own_build_seconds() const override { return build_seconds_; }

  private:
    Result<Asked> searches(std::span<const uint32_t> queries, uint32_t k, uint32_t effort);

    AdapterProcess adapter_;
    const TemporaryFolder folder_;
    const std::string name_;
    const std::string version_;
    const std::vector<uint32_t> efforts_; // empty: the sweep's
    const ContenderShape shape_;
    const uint32_t processor_;
    std::string about_;
    uint64_t bytes_ = 0;
    uint64_t file_bytes_ = 0;
    double build_seconds_ = 0;
    bool pinned_ = false;
};

Status ExternalContender::load_queries(const Matrix& queries) {
    VEXFS_TRY_VOID(write_vectors(folder_.file("query.fbin"), as_floats(queries)));
    const Json answer = VEXFS_TRY(ask(adapter_, {{"do", "build"},
                                                 {"base", folder_.file("base.fbin")},
                                                 {"query", folder_.file("query.fbin")},
                                                 {"metric", word_of(shape_.metric)},
                                                 {"links", shape_.links},
                                                 {"build_effort", shape_.build_effort},
                                                 {"threads", shape_.build_threads},
                                                 {"seed", shape_.seed}}));
    about_ = text_in(answer, "description");
    bytes_ = bytes_in(answer, "bytes");
    file_bytes_ = bytes_in(answer, "file_bytes");
    const auto seconds = answer.find("seconds");
    build_seconds_ = seconds != answer.end() && seconds->is_number() ? seconds->get<double>() : 0;
    return ok();
}

Result<Asked> ExternalContender::searches(std::span<const uint32_t> queries, uint32_t k,
                                          uint32_t effort) {
    // Threads that it built with are on all processors until here.
    if (!pinned_)
        VEXFS_TRY_VOID(adapter_.pin_to(processor_));
    pinned_ = true;
    const Json answer =
        VEXFS_TRY(ask(adapter_, {{"do", "search"},
                                 {"queries", std::vector<uint32_t>(queries.begin(), queries.end())},
                                 {"k", k},
                                 {"effort", effort},
                                 {"processor", processor_}}));
    Asked asked;
    const auto wrong = fail(Code::kEIO, "adapter: an answer to searches lacks slots or ns of each");
    if (!numbers_in(answer.value("ns", Json()), asked.ns) || asked.ns.size() != queries.size())
        return wrong;
    for (const Json& slots : answer.value("slots", Json::array())) {
        if (!numbers_in(slots, asked.slots.emplace_back()))
            return wrong;
    }
    if (asked.slots.size() != queries.size())
        return wrong;
    return asked;
}

Status ExternalContender::search(size_t query, uint32_t k, uint32_t effort,
                                 std::vector<index::Neighbor>& out) {
    const auto number = static_cast<uint32_t>(query);
    const Asked asked = VEXFS_TRY(searches(std::span(&number, 1), k, effort));
    out.clear();
    // Whoever judges has distances of its own.
    for (const uint32_t slot : asked.slots[0])
        out.push_back({slot, 0});
    return ok();
}

} // namespace

Result<std::unique_ptr<Contender>> make_external_contender(const std::string& path,
                                                           const ContenderShape& shape,
                                                           uint32_t processor,
                                                           std::string& absent) {
    using Made = std::unique_ptr<Contender>;
    AdapterProcess adapter = VEXFS_TRY(AdapterProcess::start(path));
    const Json hello = VEXFS_TRY(ask(adapter, {{"do", "hello"}}));
    if (hello.contains("absent")) {
        absent = text_in(hello, "absent");
        return Made();
    }
    std::vector<uint32_t> efforts;
    const std::string name = text_in(hello, "name");
    if (name.empty() || !numbers_in(hello.value("efforts", Json::array()), efforts))
        return fail(Code::kEIO, "adapter: its greeting has no name, or no numbers as efforts");
    return Made(std::make_unique<ExternalContender>(
        std::move(adapter), VEXFS_TRY(TemporaryFolder::make()), name, text_in(hello, "version"),
        std::move(efforts), shape, processor));
}

} // namespace vexfs
