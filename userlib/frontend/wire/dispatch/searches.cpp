// SPDX-License-Identifier: Apache-2.0
//
// SEARCH, EXPLAIN and PATH.
#include <algorithm>
#include <chrono>
#include <ctime>

#include "userlib/frontend/wire/dispatch/messages.h"

namespace vexfs {

namespace {

static_assert(static_cast<uint32_t>(kShortRows) == VEXFS_SHORT_ROWS &&
              static_cast<uint32_t>(kShortRadius) == VEXFS_SHORT_RADIUS &&
              static_cast<uint32_t>(kShortDegraded) == VEXFS_SHORT_DEGRADED);

uint32_t plan_of(index::Plan plan) {
    switch (plan) {
    case index::Plan::kNothing:
        return VEXFS_PLAN_NONE;
    case index::Plan::kExact:
        return VEXFS_PLAN_SCAN_VECTORS;
    case index::Plan::kCodeScan:
        return VEXFS_PLAN_SCAN_CODES;
    case index::Plan::kWalk:
        return VEXFS_PLAN_WALK;
    case index::Plan::kNavigate:
        return VEXFS_PLAN_WALK_EXTEND;
    case index::Plan::kTwoHop:
        return VEXFS_PLAN_WALK_ALLOWED;
    }
    VEXFS_UNREACHABLE("every plan has a case");
}

vexfs_answer answer_of(const SearchAnswer& answer) {
    const RowSearchReport& report = answer.report;
    vexfs_answer record{};
    record.found = static_cast<uint32_t>(answer.hits.size());
    record.why = report.short_why;
    record.flags = (report.exact ? VEXFS_ANSWER_EXACT : 0) |
                   (report.degraded > 0 ? VEXFS_ANSWER_DEGRADED : 0) |
                   (report.fallback ? VEXFS_ANSWER_FALLBACK : 0);
    record.plan = plan_of(report.plan);
    record.ef = report.ef;
    record.degraded = report.degraded;
    record.untyped = answer.untyped;
    return record;
}

vexfs_hit hit_of(const SearchHit& hit) {
    vexfs_hit record{};
    record.ino = hit.id.ino;
    record.row = hit.id.row;
    record.flags = (hit.exact ? VEXFS_HIT_EXACT : 0) | (hit.stale ? VEXFS_HIT_STALE : 0) |
                   (hit.row.damaged ? VEXFS_HIT_DAMAGED : 0);
    record.distance = hit.distance;
    record.tag = hit.row.meta.tag;
    record.offset = hit.row.meta.offset;
    record.length = hit.row.meta.length;
    return record;
}

vexfs_explain explain_of(const SearchAnswer& answer, bool totals) {
    const RowSearchReport& report = answer.report;
    vexfs_explain record{};
    record.answer = answer_of(answer);
    record.total_ns = answer.total_ns;
    record.visible = report.visible;
    record.matching = report.matching;
    record.filter_tested = report.tested;
    record.filter_passed = report.passed;
    if (!totals)
        return record;
    record.rows = report.rows;
    record.pending_scanned = report.pending_scanned;
    record.nodes = report.hops;
    record.code_distances = report.code_distances;
    record.exact_distances = report.exact_distances;
    record.access_ns = answer.access_ns + report.access_ns;
    record.plan_ns = report.plan_ns;
    record.filter_ns = report.filter_ns;
    record.blocks_cached = report.blocks.cached;
    record.blocks_read = report.blocks.read;
    record.walk_ns = report.walk_ns - report.rank_ns;
    record.scan_ns = report.scan_ns;
    record.rank_ns = report.rank_ns;
    return record;
}

Timestamp wall_clock() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec)};
}

// Queries that are searched together: as many as may share a scan, and fewer if they want so many
// hits that the memory for them would be felt.
constexpr size_t kAtOnce = index::kBatchQueries;
constexpr size_t kHitsAtOnce = 65'536;

size_t queries_at_once(uint32_t k) {
    return std::clamp<size_t>(kHitsAtOnce / std::max(k, 1U), 1, kAtOnce);
}

// The queries of a message, with what all of them share.
class Queries {
  public:
    // EINVAL for a filter that is none; the failure then names the column.
    template <typename Request>
    Status prepare(Message& message, const Request& request) {
        const vexfs_search& body = request.body;
        const uint32_t flags = request.head.flags;
        vectors_ = request.vectors;
        vector_bytes_ = vexfs_vector_bytes(body.element, body.dim);
        ask_.query = {static_cast<index::Element>(body.element), body.dim, nullptr};
        ask_.k = body.k;
        ask_.ef = body.ef;
        ask_.exact = (flags & VEXFS_SEARCH_EXACT) != 0;
        ask_.per_file = (flags & VEXFS_SEARCH_PER_FILE) != 0;
        if ((flags & VEXFS_SEARCH_RADIUS) != 0)
            ask_.radius = body.radius;
        ask_.stop.cancel = message.cancelled();
        return request.filter.empty() ? ok() : compile(message, request.filter);
    }

    // What all of them ask for.
    [[nodiscard]] SearchAsk ask() const {
        SearchAsk ask = ask_;
        ask.filter = filter_ ? &*filter_ : nullptr;
        return ask;
    }
    [[nodiscard]] std::vector<index::VectorView> points(size_t first, size_t count) const {
        std::vector<index::VectorView> points(count, ask_.query);
        for (size_t i = 0; i < count; ++i)
            points[i].data = vectors_.data() + (first + i) * vector_bytes_;
        return points;
    }
    [[nodiscard]] size_t vector_bytes() const { return vector_bytes_; }

  private:
    Status compile(Message& message, std::string_view text) {
        FilterFault fault;
        Result<Filter> filter = Filter::compile(text, wall_clock(), fault);
        if (filter) {
            filter_ = std::move(*filter);
            return ok();
        }
        const size_t column = fault.column > 0 ? fault.column - 1 : 0;
        message.fault().offset = static_cast<uint32_t>(message.offset_of(text.data()) + column);
        message.explain("filter: " + fault.sentence);
        return filter.error();
    }

    SearchAsk ask_;
    Bytes vectors_;
    size_t vector_bytes_ = 0;
    std::optional<Filter> filter_;
};

// The pieces of a search's reply. Vectors are kept as long as the reply fits; it is counted on, so
// that a failure can tell how large it is.
class Found {
  public:
    Found(uint64_t room, size_t vector_bytes, bool paths)
        : room_(room), vector_bytes_(vector_bytes), paths_(paths) {}

    // Whether the vectors of so many more hits may fit.
    [[nodiscard]] bool has_room_for(uint64_t hits) const {
        return vector_bytes_ != 0 && bytes() + hits * (sizeof(vexfs_hit) + vector_bytes_) <= room_;
    }
    void add(const SearchAnswer& answer) {
        answers_.push_back(answer_of(answer));
        for (const SearchHit& hit : answer.hits) {
            hits_.push_back(hit_of(hit));
            if (paths_)
                text_.append(hit.path).push_back('\0');
        }
        if (bytes() <= room_)
            vectors_.insert(vectors_.end(), answer.vectors.begin(), answer.vectors.end());
    }
    [[nodiscard]] uint64_t bytes() const {
        return sizeof(vexfs_msg) + sizeof(vexfs_search_reply) +
               answers_.size() * sizeof(vexfs_answer) + hits_.size() * sizeof(vexfs_hit) +
               round_up<uint64_t>(hits_.size() * vector_bytes_, 8) +
               round_up<uint64_t>(text_.size(), 8);
    }
    // Points into this object.
    [[nodiscard]] SearchReply reply() const {
        SearchReply reply;
        reply.body.queries = static_cast<uint32_t>(answers_.size());
        reply.body.hits = static_cast<uint32_t>(hits_.size());
        reply.body.vector_bytes = static_cast<uint32_t>(vector_bytes_);
        reply.body.path_bytes = static_cast<uint32_t>(text_.size());
        reply.answers = Records<vexfs_answer>(std::span(answers_));
        reply.hits = Records<vexfs_hit>(std::span(hits_));
        reply.vectors = vectors_;
        reply.paths = text_;
        return reply;
    }

  private:
    const uint64_t room_;
    const size_t vector_bytes_;
    const bool paths_;
    std::vector<vexfs_answer> answers_;
    std::vector<vexfs_hit> hits_;
    std::vector<std::byte> vectors_;
    std::string text_;
};

} // namespace

Result<size_t> Messages::perform(Message& message, const SearchRequest& request) {
    VEXFS_TRY_VOID(message.check_readable());
    const bool want_vectors = (request.head.flags & VEXFS_SEARCH_VECTORS) != 0;
    const bool want_paths = (request.head.flags & VEXFS_SEARCH_PATHS) != 0;
    const Caller caller = VEXFS_TRY(message.caller());
    Queries queries;
    VEXFS_TRY_VOID(queries.prepare(message, request));
    Found found(message.room(), want_vectors ? queries.vector_bytes() : 0, want_paths);
    SearchAsk ask = queries.ask();
    ask.want_paths = want_paths;
    const size_t at_once = queries_at_once(ask.k);
    for (size_t first = 0; first < request.body.queries; first += at_once) {
        const size_t count = std::min<size_t>(at_once, request.body.queries - first);
        SearchAnswer answers[kAtOnce];
        const std::vector<index::VectorView> points = queries.points(first, count);
        VEXFS_TRY_VOID(volume_.search_each(message.node(), caller, ask, points,
                                           std::span(answers).first(count)));
        for (size_t i = 0; i < count; ++i) {
            if (found.has_room_for(answers[i].hits.size()))
                VEXFS_TRY_VOID(Volume::read_vectors(points[i], answers[i]));
            found.add(answers[i]);
            answers[i] = {};
        }
    }
    VEXFS_TRY_VOID(message.reserve(found.bytes()));
    return message.reply(Reply(found.reply()));
}

Result<size_t> Messages::perform(Message& message, const ExplainRequest& request) {
    VEXFS_TRY_VOID(message.check_readable());
    const bool totals = (request.head.flags & VEXFS_EXPLAIN_TOTALS) != 0;
    const Caller caller = VEXFS_TRY(message.caller());
    if (totals)
        VEXFS_TRY_VOID(volume_.check_owner(message.node(), caller));
    VEXFS_TRY_VOID(message.reserve(sizeof(vexfs_msg) + sizeof(vexfs_explain_reply) +
                                   uint64_t{request.body.queries} * sizeof(vexfs_explain)));
    const auto began = std::chrono::steady_clock::now();
    Queries queries;
    VEXFS_TRY_VOID(queries.prepare(message, request));
    const std::chrono::nanoseconds parsing = std::chrono::steady_clock::now() - began;
    std::vector<vexfs_explain> records;
    const size_t at_once = queries_at_once(request.body.k);
    for (size_t first = 0; first < request.body.queries; first += at_once) {
        const size_t count = std::min<size_t>(at_once, request.body.queries - first);
        SearchAnswer answers[kAtOnce];
        VEXFS_TRY_VOID(volume_.search_each(message.node(), caller, queries.ask(),
                                           queries.points(first, count),
                                           std::span(answers).first(count)));
        for (const SearchAnswer& answer : std::span(answers).first(count))
            records.push_back(explain_of(answer, totals));
    }
    ExplainReply reply;
    reply.body.queries = request.body.queries;
    reply.body.flags = totals ? VEXFS_EXPLAIN_TOTALS : 0;
    reply.body.parse_ns = static_cast<uint64_t>(parsing.count());
    reply.queries = Records<vexfs_explain>(std::span(std::as_const(records)));
    return message.reply(Reply(reply));
}

Result<size_t> Messages::perform(Message& message, const PathRequest& request) {
    VEXFS_TRY_VOID(message.check_readable());
    std::vector<uint64_t> inos;
    inos.reserve(request.inos.size());
    for (size_t i = 0; i < request.inos.size(); ++i)
        inos.push_back(request.inos[i]);
    const std::vector<std::string> paths =
        VEXFS_TRY(volume_.paths_of(message.node(), VEXFS_TRY(message.caller()), inos));
    std::string text;
    for (const std::string& path : paths)
        text.append(path).push_back('\0');
    PathReply reply;
    reply.body = {request.body.inos, static_cast<uint32_t>(text.size())};
    reply.paths = text;
    return message.reply(Reply(reply));
}

} // namespace vexfs
