// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>

#include "userlib/tools/vexctl/hits.h"
#include "userlib/tools/vexctl/vector_input.h"

namespace vexfs {

namespace {

constexpr size_t kPathBytes = 64; // of a hit's path, as a rule

// The query as the options say, without its vectors; `filter` holds its text.
Result<vexfs_query> query_of(const Invocation& invocation, const std::string& filter,
                             Failure& failure) {
    vexfs_query query{};
    query.k = static_cast<uint32_t>(
        VEXFS_TRY(number_option(invocation, "hits", 1, VEXFS_MAX_K, 10, failure)));
    query.ef = static_cast<uint32_t>(
        VEXFS_TRY(number_option(invocation, "ef", 1, VEXFS_MAX_EF, 0, failure)));
    query.filter = filter.c_str();
    if (invocation.has("exact"))
        query.flags |= VEXFS_SEARCH_EXACT;
    if (invocation.has("per-file"))
        query.flags |= VEXFS_SEARCH_PER_FILE;
    if (!invocation.has("explain"))
        query.flags |= VEXFS_SEARCH_PATHS;
    if (!invocation.has("radius"))
        return query;
    const std::string text = invocation.value("radius");
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, query.radius);
    if (error != std::errc{} || stop != end || !std::isfinite(query.radius))
        return refuse_usage(invocation, "--radius '" + text + "' is no number", failure);
    query.flags |= VEXFS_SEARCH_RADIUS;
    return query;
}

// The vector of a row of a file, which may lie anywhere.
Status vector_like(const Invocation& invocation, const vexfs_schema& schema,
                   std::vector<std::byte>& vectors, Failure& failure) {
    const std::string path = invocation.value("like");
    const auto row = static_cast<uint32_t>(
        VEXFS_TRY(number_option(invocation, "row", 0, VEXFS_MAX_ROW, 0, failure)));
    const Node node = VEXFS_TRY(Node::open(path, failure));
    const vexfs_schema own = VEXFS_TRY(node.schema(failure)).schema;
    if (own.dim != schema.dim || own.element != schema.element)
        return refuse(Code::kEINVAL, path, "its collection has vectors of another kind", "",
                      failure);
    const auto visit = [&](uint32_t, const vexfs_row& found, const std::byte* vector) -> Status {
        if ((found.flags & VEXFS_ROW_DAMAGED) != 0)
            return refuse(Code::kEBADMSG, path, "its vector is damaged", "put the row again",
                          failure);
        vectors.assign(vector, vector + vexfs_vector_bytes(own.element, own.dim));
        return ok();
    };
    VEXFS_TRY_VOID(node.rows(nullptr, own, row, 1, visit, failure));
    if (vectors.empty())
        return refuse(Code::kENOENT, path, "it has no row " + std::to_string(row),
                      "vexctl put gives it one", failure);
    return ok();
}

class Searcher {
  public:
    Searcher(const Invocation& invocation, const Node& node, const vexfs_schema& schema,
             vexfs_query query)
        : explain_(invocation.has("explain")), node_(node), query_(query),
          printer_(invocation, node.path(), query.k) {
        query_.dim = schema.dim;
        query_.element = schema.element;
        vector_bytes_ = vexfs_vector_bytes(schema.element, schema.dim);
    }

    // Queries that one ioctl takes and answers; at least one.
    [[nodiscard]] size_t queries_at_once() const {
        const size_t reply = query_.k * (sizeof(vexfs_hit) + kPathBytes) + sizeof(vexfs_answer);
        const size_t each = std::max(vector_bytes_, explain_ ? sizeof(vexfs_explain) : reply);
        return std::max<size_t>(1, (VEXFS_MAX_IOCTL - VEXFS_MAX_FILTER) / each);
    }

    // Asks with all the vectors.
    Status run(const std::vector<std::byte>& vectors, Failure& failure) {
        query_.vectors = vectors.data();
        query_.queries = static_cast<uint32_t>(vectors.size() / vector_bytes_);
        return explain_ ? run_explain(failure) : run_search(failure);
    }

    HitPrinter& printer() { return printer_; }

  private:
    Status run_search(Failure& failure) {
        vexfs_hits* raw = nullptr;
        vexfs_reason reason{};
        const int result = vexfs_rows_search(node_.raw(), &query_, &raw, &reason);
        if (result != 0)
            return explain(result, node_.path(), reason, failure);
        const std::unique_ptr<vexfs_hits, Free> hits(raw);
        printer_.add(*hits);
        return ok();
    }

    Status run_explain(Failure& failure) {
        std::vector<vexfs_explain> answers(query_.queries);
        vexfs_explain_reply head{};
        vexfs_reason reason{};
        query_.flags |= VEXFS_EXPLAIN_TOTALS;
        int result = vexfs_rows_explain(node_.raw(), &query_, &head, answers.data(), &reason);
        if (result == -EPERM) { // the totals are the owner's
            query_.flags &= ~VEXFS_EXPLAIN_TOTALS;
            result = vexfs_rows_explain(node_.raw(), &query_, &head, answers.data(), &reason);
        }
        if (result != 0)
            return explain(result, node_.path(), reason, failure);
        printer_.add(head, answers);
        return ok();
    }

    const bool explain_;
    const Node& node_;
    vexfs_query query_;
    size_t vector_bytes_ = 0;
    HitPrinter printer_;
};

Status search_all(const Invocation& invocation, const vexfs_schema& schema, Searcher& searcher,
                  Failure& failure) {
    std::vector<std::byte> vectors;
    if (invocation.has("like")) {
        if (invocation.has("vector") || invocation.has("vector-file") || invocation.has("stdin"))
            return refuse_usage(invocation, "vectors come from one place, two are given", failure);
        VEXFS_TRY_VOID(vector_like(invocation, schema, vectors, failure));
        return searcher.run(vectors, failure);
    }
    VectorInput input = VEXFS_TRY(VectorInput::open(invocation, schema, failure));
    const size_t at_once = searcher.queries_at_once();
    for (bool more = true; more;) {
        vectors.clear();
        for (size_t i = 0; i < at_once && more; ++i)
            more = VEXFS_TRY(input.next(vectors, failure));
        if (!vectors.empty())
            VEXFS_TRY_VOID(searcher.run(vectors, failure));
    }
    return ok();
}

Result<int> search(const Invocation& invocation, Failure& failure) {
    const std::string filter = invocation.value("filter");
    const vexfs_query query = VEXFS_TRY(query_of(invocation, filter, failure));
    const Node node = VEXFS_TRY(Node::open(invocation.operand(0, "."), failure));
    const vexfs_schema schema = VEXFS_TRY(node.schema(failure)).schema;
    Searcher searcher(invocation, node, schema, query);
    VEXFS_TRY_VOID(search_all(invocation, schema, searcher, failure));
    HitPrinter& printer = searcher.printer();
    printer.finish();
    if (invocation.has("exit-status") && printer.found() == 0)
        return kFailed;
    return printer.degraded() ? kDamaged : kDone;
}

} // namespace

int run_search(const Invocation& invocation) {
    Failure failure;
    return end_of(search(invocation, failure), invocation, failure);
}

int run_explain(const Invocation& invocation) {
    Invocation asked = invocation;
    asked.options["explain"] = "";
    Failure failure;
    return end_of(search(asked, failure), asked, failure);
}

} // namespace vexfs
