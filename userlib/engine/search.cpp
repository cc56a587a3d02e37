// SPDX-License-Identifier: Apache-2.0
//
// Searches, paths and counts: what a caller sees below a directory.
#include "userlib/engine/collections.h"
#include "userlib/engine/row_filter.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

// Of a search that directories interrupt.
constexpr int kAttemptsMax = 4;

uint64_t ns_since(Clock::time_point began) {
    return static_cast<uint64_t>((Clock::now() - began).count());
}

RowQuery query_of(const SearchAsk& ask) {
    RowQuery query;
    query.query = ask.query;
    query.k = ask.k;
    query.ef = ask.ef;
    query.exact = ask.exact;
    query.per_file = ask.per_file;
    query.radius = ask.radius;
    query.stop = ask.stop;
    return query;
}

// Versions of the data of files, each asked for once.
//
// Threads: one thread.
class DataVersions {
  public:
    explicit DataVersions(Names& names) : names_(names) {}

    // A row of a file that has gone meanwhile is as it was when it was found.
    Result<bool> is_stale(uint64_t ino, uint64_t put_with) {
        const auto known = versions_.find(ino);
        if (known != versions_.end())
            return put_with < known->second;
        const Result<Inode> inode = names_.get(ino);
        if (!inode && inode.error().code != Code::kESTALE)
            return inode.error();
        const uint64_t version = inode ? inode->data_version : 0;
        versions_.emplace(ino, version);
        return put_with < version;
    }

  private:
    Names& names_;
    std::unordered_map<uint64_t, uint64_t> versions_;
};

} // namespace

Status Collections::search(uint64_t directory, const Caller& caller, const SearchAsk& ask,
                           std::span<const index::VectorView> points,
                           std::span<SearchAnswer> answers) {
    const auto began = Clock::now();
    if (!VEXFS_TRY(names_.get(directory)).is_directory())
        return fail(Code::kENOTDIR, "search: not a directory");
    const std::shared_ptr<OpenCollection> collection =
        VEXFS_TRY(opened(VEXFS_TRY(collection_of(directory))));
    std::ranges::fill(answers, SearchAnswer{});
    std::vector<std::vector<RowHit>> hits(points.size());
    VEXFS_TRY_VOID(find_visible(*collection, directory, caller, ask, points, answers, hits));
    DataVersions versions(names_);
    Paths paths(names_, directories_, caller, directory);
    for (size_t i = 0; i < points.size(); ++i) {
        answers[i].rows = std::shared_ptr<Collection>(collection, collection->rows.get());
        answers[i].hits.reserve(hits[i].size());
        for (const RowHit& hit : hits[i]) {
            SearchHit made{hit.id, hit.distance, hit.row, hit.exact, hit.slot};
            made.stale = VEXFS_TRY(versions.is_stale(hit.id.ino, hit.row.data_version));
            if (ask.want_paths)
                made.path = VEXFS_TRY(paths.first(hit.id.ino));
            answers[i].hits.push_back(std::move(made));
        }
    }
    const uint64_t each_ns = ns_since(began) / points.size();
    for (SearchAnswer& answer : answers)
        answer.total_ns = each_ns;
    return ok();
}

// A directory that is closed during a search, and a file that comes to a class which was visible
// before: neither alone shows the file, together they would. So no directory may change meanwhile.
Status Collections::find_visible(OpenCollection& collection, uint64_t directory,
                                 const Caller& caller, const SearchAsk& ask,
                                 std::span<const index::VectorView> points,
                                 std::span<SearchAnswer> answers,
                                 std::span<std::vector<RowHit>> hits) {
    std::vector<RowSearchReport> reports(points.size());
    for (int attempt = 1;; ++attempt) {
        const uint64_t version = directories_.version();
        const auto began = Clock::now();
        const auto visible = VEXFS_TRY(collection.classes.visible(directory, caller));
        answers[0].access_ns += ns_since(began);
        RowQuery query = query_of(ask);
        query.classes = visible->all ? nullptr : &visible->classes;
        Paths paths(names_, directories_, caller, directory);
        std::optional<RowFilter> filter;
        if (ask.filter != nullptr)
            query.predicate = &filter.emplace(*ask.filter, names_, paths);
        VEXFS_TRY_VOID(collection.rows->search_each(query, points, hits, reports));
        for (size_t i = 0; i < points.size(); ++i)
            answers[i].report = reports[i];
        answers[0].untyped = filter ? filter->untyped() : 0;
        if (directories_.version() == version)
            return ok();
        if (attempt == kAttemptsMax)
            break;
    }
    for (size_t i = 0; i < points.size(); ++i)
        VEXFS_TRY_VOID(leave_out_hidden(directory, caller, answers[i], hits[i]));
    return ok();
}

// Where directories never keep still, each hit is judged by itself.
Status Collections::leave_out_hidden(uint64_t directory, const Caller& caller, SearchAnswer& answer,
                                     std::vector<RowHit>& hits) {
    Paths paths(names_, directories_, caller, directory);
    std::vector<RowHit> seen;
    for (const RowHit& hit : hits)
        if (!VEXFS_TRY(paths.first_readable(hit.id.ino)).empty())
            seen.push_back(hit);
    if (seen.size() < hits.size()) {
        answer.report.short_why |= kShortRows;
        answer.report.exact = false;
    }
    hits = std::move(seen);
    return ok();
}

// A row that has gone or changed since it was found is told as damaged: its vector is there no
// more. Another one than was found is never read: the caller may have no right to it.
Status Collections::read_vectors(const index::VectorView& point, SearchAnswer& answer) {
    const std::shared_ptr<Collection> rows = answer.rows.lock();
    const size_t bytes = index::bytes_of(point.element, point.dim);
    answer.vectors.assign(answer.hits.size() * bytes, std::byte{0});
    for (size_t i = 0; i < answer.hits.size(); ++i) {
        SearchHit& hit = answer.hits[i];
        const MutableBytes out = MutableBytes(answer.vectors).subspan(i * bytes, bytes);
        const Status read =
            rows ? rows->read_vector({hit.id, hit.distance, hit.row, hit.slot}, point, out)
                 : Status(fail(Code::kENOENT, "search: the collection is no more"));
        if (read)
            continue;
        if (read.error().code != Code::kEBADMSG && read.error().code != Code::kENOENT)
            return read.error();
        std::ranges::fill(out, std::byte{0});
        hit.row.damaged = true;
    }
    return ok();
}

Result<std::vector<std::string>> Collections::paths(uint64_t directory, const Caller& caller,
                                                    std::span<const uint64_t> inos) {
    if (!VEXFS_TRY(names_.get(directory)).is_directory())
        return fail(Code::kENOTDIR, "paths: not a directory");
    Paths paths(names_, directories_, caller, directory);
    std::vector<std::string> found;
    found.reserve(inos.size());
    for (const uint64_t ino : inos)
        found.push_back(VEXFS_TRY(paths.first_readable(ino)));
    return found;
}

Result<RowStat> Collections::stat(const FileChoice& choice, const Caller& caller, bool totals) {
    RowStat stat;
    const Inode node = VEXFS_TRY(names_.get(choice.node));
    std::shared_ptr<OpenCollection> collection;
    std::shared_ptr<const VisibleClasses> visible;
    stat.of_file = !choice.is_node() || !node.is_directory();
    if (stat.of_file) {
        stat.ino = VEXFS_TRY(find(choice, caller));
        if (choice.is_node() && !choice.opened_for_read)
            return fail(Code::kEBADF, "rows: the file was not opened for reading");
        const Carrier file = VEXFS_TRY(carrier(stat.ino, caller, choice.is_node() ? 0 : kMayRead));
        stat.data_version = file.inode.data_version;
        collection = VEXFS_TRY(opened(file.collection));
    } else {
        stat.ino = choice.node;
        collection = VEXFS_TRY(opened(VEXFS_TRY(collection_of(choice.node))));
        visible = VEXFS_TRY(collection->classes.visible(choice.node, caller));
    }
    stat.collection = collection->directory;
    if (totals)
        VEXFS_TRY_VOID(check_owner(stat.collection, caller));
    VEXFS_TRY_VOID(count(*collection->rows, visible.get(), stat));
    const RowCounts counts = collection->rows->counts();
    stat.trained = counts.trained_rows > 0;
    stat.index = stat.trained ? IndexKind::kHnsw : IndexKind::kFlat;
    stat.code_bytes = counts.code_bytes;
    if (totals) {
        stat.totals = counts;
        stat.disk = VEXFS_TRY(collection->rows->on_disk());
    }
    return stat;
}

// The rows of the classes, or of the one file that is asked about.
Status Collections::count(Collection& rows, const VisibleClasses* visible, RowStat& stat) {
    DataVersions versions(names_);
    if (stat.of_file) {
        std::vector<StoredRow> metas;
        VEXFS_TRY_VOID(rows.get(stat.ino, 0, kRowsMax, &metas, nullptr));
        for (const StoredRow& row : metas) {
            const bool stale = VEXFS_TRY(versions.is_stale(stat.ino, row.data_version));
            stat.stale += stale ? 1 : 0;
            stat.pending += row.pending ? 1 : 0;
            stat.damaged += row.damaged ? 1 : 0;
        }
        stat.rows = metas.size();
        stat.files = metas.empty() ? 0 : 1;
        return ok();
    }
    const RowTally tally = rows.tally(visible->all ? nullptr : &visible->classes);
    uint64_t last = 0; // file
    for (const RowTally::Rows& some : tally.rows) {
        stat.files += some.ino != last ? 1 : 0;
        last = some.ino;
        stat.rows += some.count;
        const bool stale = VEXFS_TRY(versions.is_stale(some.ino, some.data_version));
        stat.stale += stale ? some.count : 0;
    }
    stat.pending = tally.pending;
    stat.damaged = tally.damaged;
    return ok();
}

Status Collections::wait_linked(const index::ScanStop& stop) {
    for (const std::shared_ptr<OpenCollection>& one : all_open())
        VEXFS_TRY_VOID(one->rows->wait_linked(stop));
    return ok();
}

// What fails is logged by the linker, and costs work after the next open.
void Collections::flush_graphs() {
    for (const std::shared_ptr<OpenCollection>& one : all_open())
        (void)one->rows->flush_graph({});
}

} // namespace vexfs
