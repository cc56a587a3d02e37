// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/rows.h"

#include <doctest/doctest.h>

#include "userlib/testing/rows/row_volume.h"

using namespace vexfs;

namespace {

template <typename T>
Code code_of(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
}

const Caller kAlice{1, 1, {}, false};
const Caller kBob{2, 2, {}, false};

std::vector<float> floats_of(const FileRows& rows) {
    std::vector<float> floats(rows.vectors.size() / sizeof(float));
    std::memcpy(floats.data(), rows.vectors.data(), rows.vectors.size());
    return floats;
}

Code search_code(RowVolume& volume, uint64_t directory, const SearchAsk& ask) {
    SearchAnswer answer;
    return code_of(volume->search(directory, root(), ask, answer));
}

} // namespace

TEST_CASE("rows: what is put is got, found and dropped, and a crash keeps what was told durable") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t sub = volume.directory(c, "sub");
    const uint64_t near = volume.file(c, "near");
    const uint64_t far = volume.file(sub, "far");
    CHECK(volume.found(c).empty());
    CHECK(volume.put(far, {3, 3, 9, 9}).value().total == 2);
    const std::vector<RowMeta> metas{{7, 0, 0}};
    PutRows rows;
    rows.metas = metas;
    const PutDone done = volume.put(RowVolume::opened(near), {1, 1}, root(), rows).value();
    CHECK(done.first == 0);
    CHECK(done.total == 1);
    CHECK(volume.found(c) == "near sub/far sub/far");
    CHECK(volume.found(sub) == "far far");
    REQUIRE(volume->sync());
    REQUIRE(volume.put(near, {5, 5})); // not synced
    volume.kill();
    volume.open();

    const FileRows read = volume->get_rows({c, near, {}}, root(), {0, 0, true, true}).value();
    CHECK(read.total == 1);
    CHECK(read.metas[0].meta.tag == 7);
    CHECK(floats_of(read) == std::vector<float>{1, 1});
    CHECK(volume.found(c) == "near sub/far sub/far");
    const FileRows tail = volume->get_rows({sub, 0, "far"}, root(), {1, 0, false, true}).value();
    CHECK(tail.rows == 1);
    CHECK(tail.total == 2);
    CHECK(floats_of(tail) == std::vector<float>{9, 9});
    CHECK(volume->get_rows({c, far, {}}, root(), {9, 0, true, true}).value().rows == 0);

    const Dropped dropped = volume->drop_rows({c, far, {}}, root(), 1, false).value();
    CHECK(dropped.ino == far);
    CHECK(dropped.dropped == 1);
    CHECK(dropped.total == 1);
    CHECK(volume->drop_rows({c, far, {}}, root(), 1, false).value().dropped == 0);
    volume.kill();
    volume.open();
    CHECK(volume.found(c) == "near sub/far");
    CHECK(volume->drop_rows({c, far, {}}, root(), 0, false).value().dropped == 1);
    CHECK(volume.found(sub).empty());
    volume.close();
}

TEST_CASE("rows: a synchronous put needs no sync") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    volume.file(c, "f");
    const std::array<float, 2> point{1, 2};
    PutRows rows;
    rows.vectors = std::as_bytes(std::span(point));
    uint64_t ino = 0;
    REQUIRE(volume->put_rows({c, 0, "f"}, root(), rows, {index::Element::kF32, 2}, false, ino));
    CHECK(ino == volume->lookup(c, "f").value().ino);
    volume.kill();
    volume.open();
    CHECK(volume.found(c) == "f");
    volume.close();
}

TEST_CASE("rows: a file is meant by its descriptor, by number or by name, and errors say which") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t open = volume.directory(c, "open");
    const uint64_t closed = volume.directory(c, "closed", 0700);
    const uint64_t f = volume.file(open, "f", 0666);
    const uint64_t hidden = volume.file(closed, "hidden", 0666);
    const uint64_t outside = volume.file(kRootIno, "outside", 0666);
    const uint64_t link = volume.make(open, "link", {S_IFLNK | 0777, 0, 0, 0, 0, "f"});
    const std::string long_name(256, 'n');
    const auto put = [&](const FileChoice& choice, const Caller& caller = kAlice) {
        const Result<PutDone> done = volume.put(choice, {1, 1}, caller);
        return done ? Code{} : done.error().code;
    };
    CHECK(put({f, 0, {}, false, true}) == Code{});
    CHECK(put({c, f, {}}) == Code{});
    CHECK(put({open, 0, "f"}) == Code{});
    CHECK(put({f, 0, {}, true, false}) == Code::kEBADF);
    CHECK(put({c, 0, {}, true, true}) == Code::kEISDIR);
    CHECK(put({f, f, {}, true, true}) == Code::kENOTDIR);
    CHECK(put({f, 0, "f", true, true}) == Code::kENOTDIR);
    CHECK(put({open, f, "f"}) == Code::kEINVAL);
    for (const char* name : {".", "..", "a/b"})
        CHECK(put({open, 0, name}) == Code::kEINVAL);
    CHECK(put({open, 0, long_name}) == Code::kENAMETOOLONG);
    CHECK(put({open, 0, "none"}) == Code::kENOENT);
    CHECK(put({open, 99'999, {}}) == Code::kENOENT);
    CHECK(put({open, hidden, {}}) == Code::kENOENT); // elsewhere
    CHECK(put({c, hidden, {}}) == Code::kENOENT);    // no way that the caller may walk
    CHECK(put({closed, 0, "hidden"}) == Code::kENOENT);
    CHECK(put({c, hidden, {}}, root()) == Code{});
    CHECK(put({c, open, {}}) == Code::kEISDIR);
    CHECK(put({c, 0, "open"}) == Code::kEISDIR);
    CHECK(put({open, link, {}}) == Code::kEINVAL);
    CHECK(put({open, 0, "link"}) == Code::kEINVAL);
    CHECK(put({kRootIno, outside, {}}) == Code::kENODATA);
    CHECK(put({99'999, 0, {}, true, true}) == Code::kESTALE);
    CHECK(put({VirtualFiles::kFirstFile, 0, {}, true, true}) == Code::kENODATA);

    const uint64_t both = volume.file(c, "both", 0666);
    REQUIRE(volume.link(both, kRootIno, "both"));
    CHECK(put({c, both, {}}) == Code::kEXDEV);
    CHECK(put({kRootIno, 0, "both"}) == Code::kEXDEV);
    REQUIRE(volume->unlink(kRootIno, "both"));
    CHECK(put({c, both, {}}) == Code{});
    volume.close();
}

TEST_CASE("rows: every right is needed that the table of rights names") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t f = volume.file(c, "f", 0640, 1, 1);
    REQUIRE(volume.put({c, f, {}}, {1, 1}, kAlice));
    CHECK(code_of(volume.put({c, f, {}}, {1, 1}, kBob)) == Code::kEACCES);
    CHECK(code_of(volume->drop_rows({c, f, {}}, kBob, 0, true)) == Code::kEACCES);
    CHECK(code_of(volume->get_rows({c, f, {}}, kBob, {})) == Code::kEACCES);
    CHECK(code_of(volume->stat_rows({c, f, {}}, kBob, false)) == Code::kEACCES);
    const Caller member{3, 2, {9, 1}, false};
    CHECK(volume->get_rows({c, f, {}}, member, {}).value().total == 1);
    CHECK(code_of(volume.put({c, f, {}}, {1, 1}, member)) == Code::kEACCES);
    // What was opened is given, whatever the mode has become.
    REQUIRE(volume.set(f, {0}));
    CHECK(volume->get_rows({f, 0, {}, true, false}, kBob, {}).value().total == 1);
    CHECK(code_of(volume->get_rows({f, 0, {}, false, true}, kBob, {})) == Code::kEBADF);
    CHECK(volume.put({f, 0, {}, false, true}, {2, 2}, kBob).value().total == 2);
    CHECK(volume->drop_rows({f, 0, {}, false, true}, kBob, 1, true).value().dropped == 1);
    CHECK(code_of(volume->drop_rows({f, 0, {}, true, false}, kBob, 1, true)) == Code::kEBADF);
    // The owner's ops: the directory is root's.
    CHECK(code_of(volume->schema_set(c, plane(), true, kAlice)) == Code::kEPERM);
    CHECK(code_of(volume->check_owner(f, kAlice)) == Code::kEPERM);
    CHECK(code_of(volume->stat_rows({c}, kAlice, true)) == Code::kEPERM);
    REQUIRE(volume.set(c, {{}, 1}));
    CHECK(volume->check_owner(f, kAlice));
    CHECK(volume->stat_rows({c}, kAlice, true).value().totals->rows == 1);
    volume.close();
}

TEST_CASE("rows: a row is stale when the data changed after it, or after what it was made from") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t f = volume.file(c, "f");
    const auto version = [&] {
        return volume->get(f).value().data_version;
    };
    const auto write = [&] {
        REQUIRE(volume->write(f, {0}, std::as_bytes(std::span(std::string_view("text")))));
    };
    write();
    PutRows rows;
    rows.data_version = version() + 1;
    CHECK(code_of(volume.put(RowVolume::opened(f), {1, 1}, root(), rows)) == Code::kEINVAL);
    rows.data_version = version();
    REQUIRE(volume.put(RowVolume::opened(f), {1, 1}, root(), rows));
    const auto stale = [&] {
        return volume.search(c).value().hits.at(0).stale;
    };
    CHECK_FALSE(stale());
    write();
    CHECK(stale());
    CHECK(volume->stat_rows({c}, root(), false).value().stale == 1);
    REQUIRE(volume.put(RowVolume::opened(f), {1, 1}, root(), rows)); // of the data before
    CHECK(volume.search(c).value().hits.at(1).stale);
    const auto counted = [&] {
        const RowStat stat = volume->stat_rows({c}, root(), false).value();
        return std::array<uint64_t, 4>{stat.files, stat.rows, stat.stale, stat.pending};
    };
    CHECK(counted() == std::array<uint64_t, 4>{1, 2, 2, 2});
    rows.data_version = version();
    REQUIRE(volume.put(RowVolume::opened(f), {1, 1}, root(), rows)); // rows of two versions
    CHECK(counted() == std::array<uint64_t, 4>{1, 3, 2, 3});
    volume.reopen();
    CHECK(counted() == std::array<uint64_t, 4>{1, 3, 2, 3});
    rows.data_version = 0;
    rows.first = 0;
    rows.truncate = true;
    REQUIRE(volume.put(RowVolume::opened(f), {1, 1}, root(), rows));
    CHECK_FALSE(stale());
    const FileRows read = volume->get_rows({c, f, {}}, root(), {0, 0, true, false}).value();
    CHECK(read.data_version == version());
    CHECK_FALSE(read.is_stale(read.metas.at(0)));
    // Times and names are no data.
    REQUIRE(volume->rename({c, "f"}, {c, "g"}, RenameMode::kReplace));
    REQUIRE(volume.set(f, {0600}));
    CHECK_FALSE(stale());
    volume.close();
}

TEST_CASE("rows: a schema is set once, holds below, and changes only where it may") {
    RowVolume volume;
    const uint64_t c = volume.directory(kRootIno, "c", 0755, 1);
    const uint64_t sub = volume.directory(c, "sub");
    const uint64_t f = volume.file(sub, "f");
    CHECK(code_of(volume->schema_get(f)) == Code::kENODATA);
    CHECK(code_of(volume->schema_set(f, plane(), false, root())) == Code::kENOTDIR);
    CHECK(code_of(volume->schema_set(c, plane(), false, kBob)) == Code::kEPERM);
    CHECK(code_of(volume->schema_set(c, plane(), true, kAlice)) == Code::kENODATA);
    Schema wrong = plane();
    wrong.dim = 0;
    CHECK(code_of(volume->schema_set(c, wrong, false, kAlice)) == Code::kEINVAL);
    const SchemaInfo made = volume->schema_set(c, plane(), false, kAlice).value();
    CHECK(made.collection == c);
    CHECK(made.own);
    CHECK(made.schema.m > 0); // no default is left open
    CHECK(made.schema.created_ns > 0);
    CHECK(code_of(volume->schema_set(c, plane(), false, kAlice)) == Code::kEEXIST);
    for (const uint64_t node : {sub, f}) {
        const SchemaInfo inherited = volume->schema_get(node).value();
        CHECK(inherited.collection == c);
        CHECK_FALSE(inherited.own);
    }
    REQUIRE(volume.put(f, {1, 1}));
    CHECK(code_of(volume->schema_set(sub, plane(), false, root())) == Code::kENOTEMPTY);
    const uint64_t inner = volume.directory(c, "inner");
    Schema other = plane();
    other.dim = 3;
    REQUIRE(volume->schema_set(inner, other, false, root()));
    CHECK(volume->schema_get(inner).value().schema.dim == 3);
    const uint64_t g = volume.file(inner, "g");
    CHECK(code_of(volume.put(g, {1, 1})) == Code::kEINVAL); // dim

    Schema next = made.schema;
    next.ef = 77;
    next.max_rows = 1;
    const SchemaInfo updated = volume->schema_set(c, next, true, kAlice).value();
    CHECK(updated.schema.ef == 77);
    CHECK(updated.schema.created_ns == made.schema.created_ns);
    CHECK(code_of(volume.put(f, {2, 2})) == Code::kEDQUOT);
    next.dim = 5;
    CHECK(code_of(volume->schema_set(c, next, true, kAlice)) == Code::kEINVAL);
    volume.kill();
    volume.open();
    CHECK(volume->schema_get(f).value().schema == updated.schema);
    CHECK(volume.found(c) == "sub/f");
    CHECK(volume.found(kRootIno) == "ENODATA");
    volume.close();
}

TEST_CASE("rows: a read-only volume is searched and changed by nobody") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t f = volume.file(c, "f");
    REQUIRE(volume.put(f, {1, 1}));
    REQUIRE(volume->sync());
    volume.kill(); // so that the log is replayed
    volume.open(true);
    CHECK(volume.found(c) == "f");
    CHECK(volume->get_rows({c, f, {}}, root(), {0, 0, false, true}).value().rows == 1);
    CHECK(volume->stat_rows({c}, root(), true).value().rows == 1);
    CHECK(volume->schema_get(f).value().collection == c);
    CHECK(code_of(volume.put(f, {1, 1})) == Code::kEROFS);
    CHECK(code_of(volume->drop_rows({c, f, {}}, root(), 0, false)) == Code::kEROFS);
    CHECK(code_of(volume->schema_set(c, plane(), true, root())) == Code::kEROFS);
    volume.close();
}

TEST_CASE("rows: a search returns what it was asked for, and refuses what makes no sense") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t f = volume.file(c, "f");
    const uint64_t g = volume.file(c, "g");
    REQUIRE(volume.put(f, {1, 0, 2, 0}));
    REQUIRE(volume.put(g, {3, 0}));
    SearchAsk ask;
    ask.per_file = true;
    SearchAnswer answer = volume.search(c, root(), {0, 0}, ask).value();
    REQUIRE(answer.hits.size() == 2);
    CHECK(answer.hits[0].id == RowId{f, 0});
    CHECK(answer.hits[0].distance == 1);
    CHECK(answer.hits[0].exact);
    CHECK(answer.report.short_why == kShortRows);
    std::array<float, 4> vectors{};
    const std::array<float, 2> origin{};
    const index::VectorView near{index::Element::kF32, 2,
                                 reinterpret_cast<const std::byte*>(origin.data())};
    REQUIRE(Volume::read_vectors(near, answer));
    REQUIRE(answer.vectors.size() == sizeof vectors);
    std::memcpy(vectors.data(), answer.vectors.data(), sizeof vectors);
    CHECK(vectors == std::array<float, 4>{1, 0, 3, 0});
    // What came since is not what was found: nobody has looked whether the caller may read it.
    for (const float other : {8.0F, 9.0F}) {
        answer = volume.search(c, root(), {0, 0}, {}).value();
        REQUIRE(answer.hits.size() == 3);
        PutRows again;
        again.first = 0;
        for (int round = 0; round < 2; ++round) // the second may take the slot of before
            REQUIRE(volume.put(RowVolume::opened(g), {other, other + 2 * static_cast<float>(round)},
                               root(), again));
        REQUIRE(Volume::read_vectors(near, answer));
        for (size_t i = 0; i < 3; ++i) {
            CHECK(answer.hits[i].row.damaged == (answer.hits[i].id.ino == g));
            float first = -1;
            std::memcpy(&first, answer.vectors.data() + i * 2 * sizeof(float), sizeof first);
            CHECK(first == (answer.hits[i].id.ino == g ? 0 : answer.hits[i].id.row + 1));
        }
    }
    REQUIRE(volume.put(RowVolume::opened(g), {3, 0}, root(), [] {
        PutRows back;
        back.first = 0;
        return back;
    }()));
    ask = {};
    ask.radius = 4;
    answer = volume.search(c, root(), {0, 0}, ask).value();
    CHECK(answer.hits.size() == 2);
    CHECK(answer.report.short_why == kShortRadius);
    CHECK(answer.report.visible == 3);

    const std::array<float, 3> point{};
    SearchAsk wrong;
    wrong.query = {index::Element::kF32, 3, reinterpret_cast<const std::byte*>(point.data())};
    CHECK(search_code(volume, c, wrong) == Code::kEINVAL);
    wrong.query.dim = 2;
    CHECK(search_code(volume, f, wrong) == Code::kENOTDIR);
    CHECK(search_code(volume, kRootIno, wrong) == Code::kENODATA);
    CHECK(search_code(volume, VirtualFiles::kDirectory, wrong) == Code::kENODATA);
    uint8_t cancel = 1;
    wrong.stop.cancel = &cancel;
    CHECK(search_code(volume, c, wrong) == Code::kECANCELED);
    volume.close();
}

TEST_CASE("rows: a filter sees the file, its attributes and the names that the caller may walk") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t open = volume.directory(c, "open");
    const uint64_t closed = volume.directory(c, "closed", 0700);
    const uint64_t f = volume.file(open, "f.txt");
    const uint64_t g = volume.file(open, "g.dat");
    REQUIRE(volume.link(f, closed, "f.key"));
    REQUIRE(volume.put(f, {1, 0}));
    REQUIRE(volume.put(g, {2, 0, 3, 0}));
    const auto set = [&](uint64_t ino, std::string_view value) {
        REQUIRE(
            volume->set_xattr(ino, "user.year", std::as_bytes(std::span(value)), SetXattr::kAny));
    };
    set(f, "1999");
    set(g, "soon");
    uint64_t untyped = 0;
    const auto found = [&](std::string_view text, const Caller& caller = kAlice) {
        FilterFault fault;
        const Result<Filter> filter = Filter::compile(text, {1'000'000, 0}, fault);
        REQUIRE(filter.has_value());
        SearchAsk ask;
        ask.filter = &*filter;
        const SearchAnswer answer = volume.search(c, caller, {0, 0}, ask).value();
        untyped = answer.untyped;
        std::string line;
        for (const SearchHit& hit : answer.hits)
            line += (line.empty() ? "" : " ") + hit.path;
        return line;
    };
    CHECK(found("name \"*.txt\"") == "open/f.txt");
    CHECK(found("name \"*.key\"").empty());
    CHECK(found("name \"*.key\"", root()) == "open/f.txt");
    CHECK(found("path \"open/*\" and row = 1") == "open/g.dat");
    CHECK(found("path \"closed/*\"").empty());
    CHECK(found("xattr user.year < 2000") == "open/f.txt");
    CHECK(untyped == 2);
    CHECK(found("missing user.year").empty());
    CHECK(found("stale").empty());
    REQUIRE(volume->write(g, {0}, std::as_bytes(std::span(std::string_view("text")))));
    CHECK(found("stale and size = 4") == "open/g.dat open/g.dat");
    volume.close();
}

TEST_CASE("rows: a path is one that the caller may walk, of a file that he may read") {
    RowVolume volume;
    const uint64_t d = volume.directory(kRootIno, "d"); // no collection
    const uint64_t open = volume.directory(d, "open");
    const uint64_t closed = volume.directory(d, "closed", 0700);
    const uint64_t f = volume.file(closed, "f");
    const uint64_t secret = volume.file(open, "secret", 0600);
    const std::vector<uint64_t> inos{f, secret, open, 99'999, VirtualFiles::kFirstFile};
    using Paths = std::vector<std::string>;
    CHECK(volume->paths_of(d, kAlice, inos).value() == Paths{"", "", "", "", ""});
    CHECK(volume->paths_of(d, root(), inos).value() ==
          Paths{"closed/f", "open/secret", "", "", ""});
    REQUIRE(volume.link(f, open, "g"));
    CHECK(volume->paths_of(d, kAlice, inos).value() == Paths{"open/g", "", "", "", ""});
    CHECK(volume->paths_of(open, kAlice, inos).value() == Paths{"g", "", "", "", ""});
    CHECK(volume->paths_of(kRootIno, root(), inos).value()[1] == "d/open/secret");
    CHECK(volume->paths_of(VirtualFiles::kDirectory, root(), inos).value()[0].empty());
    CHECK(code_of(volume->paths_of(f, root(), inos)) == Code::kENOTDIR);
    volume.close();
}

TEST_CASE("rows: counts are of what the caller sees, totals of all") {
    RowVolume volume;
    const uint64_t c = volume.collection(kRootIno, "c");
    const uint64_t sub = volume.directory(c, "sub");
    const uint64_t f = volume.file(sub, "f", 0600, 1);
    const uint64_t g = volume.file(c, "g");
    REQUIRE(volume.put(f, {1, 1, 2, 2}));
    REQUIRE(volume.put(g, {3, 3}));
    const auto counts = [&](uint64_t directory, const Caller& caller) {
        const RowStat stat = volume->stat_rows({directory}, caller, false).value();
        CHECK(stat.collection == c);
        CHECK_FALSE(stat.totals.has_value());
        return std::pair(stat.files, stat.rows);
    };
    CHECK(counts(c, kAlice) == std::pair<uint64_t, uint64_t>(2, 3));
    CHECK(counts(c, kBob) == std::pair<uint64_t, uint64_t>(1, 1));
    CHECK(counts(sub, kAlice) == std::pair<uint64_t, uint64_t>(1, 2));
    CHECK(counts(sub, kBob) == std::pair<uint64_t, uint64_t>(0, 0));
    const RowStat all = volume->stat_rows({c}, root(), true).value();
    CHECK(all.totals->rows == 3);
    CHECK(all.totals->memory_bytes > 0);
    const RowStat one = volume->stat_rows({c, 0, "g"}, kBob, false).value();
    CHECK(one.of_file);
    CHECK(one.ino == g);
    CHECK(one.rows == 1);
    CHECK(one.files == 1);
    CHECK(code_of(volume->stat_rows({kRootIno}, root(), false)) == Code::kENODATA);
    volume.close();
}
