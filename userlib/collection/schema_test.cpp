// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/schema.h"

#include <doctest/doctest.h>

#include "userlib/collection/catalogue.h"
#include "userlib/collection/item.h"
#include "userlib/testing/volume/ram_volume.h"

using namespace vexfs;

namespace {

Schema schema_of(uint32_t dim) {
    Schema schema;
    schema.dim = dim;
    return schema;
}

Code code_of(const Status& status) {
    return status ? Code{} : status.error().code;
}

} // namespace

TEST_CASE("schema: what makes no sense is EINVAL, and what is not offered EOPNOTSUPP") {
    CHECK(check_schema(schema_of(1)));
    CHECK(check_schema(schema_of(65535)));
    CHECK(code_of(check_schema(schema_of(0))) == Code::kEINVAL);
    CHECK(code_of(check_schema(schema_of(65536))) == Code::kEINVAL);
    const auto with = [](auto change) {
        Schema schema = schema_of(64);
        change(schema);
        return code_of(check_schema(schema));
    };
    using index::Element;
    using index::Metric;
    CHECK(with([](Schema& s) { s.element = Element{7}; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.element = Element{0}; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.metric = Metric{6}; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.metric = Metric::kHamming; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.element = Element::kBit; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) {
              s.element = Element::kBit;
              s.metric = Metric::kJaccard;
          }) == Code{});
    CHECK(with([](Schema& s) { s.codes = 5; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.codes = 3; }) == Code{});
    CHECK(with([](Schema& s) { s.codes = 4; }) == Code{});
    CHECK(with([](Schema& s) {
              s.codes = 4;
              s.metric = Metric::kDot;
          }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.codes = 2; }) == Code{});
    CHECK(with([](Schema& s) { s.index = 4; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.index = 3; }) == Code::kEOPNOTSUPP);
    CHECK(with([](Schema& s) {
              s.index = 2;
              s.codes = 1;
          }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.m = 3; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.m = 16; }) == Code{});
    CHECK(with([](Schema& s) { s.m = 17; }) == Code::kEOPNOTSUPP);
    CHECK(with([](Schema& s) { s.m = 129; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.ef_construction = 15; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.ef = 65537; }) == Code::kEINVAL);
    for (uint16_t pool = 0; pool < 4; ++pool)
        CHECK(with([&](Schema& s) { s.pool = pool; }) == Code{});
    CHECK(with([](Schema& s) { s.pool = 4; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.compress = 4; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.compress = 19 << 8 | 3; }) == Code{});
    CHECK(with([](Schema& s) { s.compress = 20 << 8 | 3; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.compress = 1 << 8 | 2; }) == Code::kEINVAL);
    CHECK(with([](Schema& s) { s.compress = 1 << 8; }) == Code::kEINVAL);
}

TEST_CASE("schema: the store hears of the pool and of the level") {
    Schema schema = with_defaults(schema_of(8));
    CHECK(form_of_vectors(schema).pool.empty());
    schema.pool = 1;
    CHECK(form_of_vectors(schema).pool == "zbud");
    schema.pool = 2;
    CHECK(form_of_vectors(schema).pool == "z3fold");
    schema.pool = 3;
    CHECK(form_of_vectors(schema).pool == "zsmalloc");
    schema.compress = 3;
    CHECK(form_of_vectors(schema).compression == parse_compression("zstd").value());
    schema.compress = 9 << 8 | 3;
    CHECK(form_of_vectors(schema).compression == parse_compression("zstd:9").value());
}

TEST_CASE("schema: only ef and the limit may change") {
    const Schema before = with_defaults(schema_of(8));
    CHECK(before.m == 16);
    CHECK(before.ef == 64);
    Schema after = before;
    after.ef = 100;
    after.max_rows = 5;
    CHECK(check_update(before, after));
    after.dim = 9;
    CHECK(code_of(check_update(before, after)) == Code::kEINVAL);
    after = before;
    after.m = 8;
    CHECK(code_of(check_update(before, after)) == Code::kEINVAL);
}

TEST_CASE("catalogue: collections are listed as they were put, through a crash") {
    RamVolume volume(uint64_t{16} << 20);
    CHECK(list_collections(volume.store()).value().empty());
    Schema schema = with_defaults(schema_of(768));
    schema.element = index::Element::kI8;
    schema.metric = index::Metric::kDot;
    schema.max_rows = uint64_t{1} << 40;
    schema.created_ns = 1234567890123456789;
    Transaction both;
    put_collection(both, {2000, schema, 3000, 3001});
    put_collection(both, {1500, schema_of(3), 3002, 3003});
    REQUIRE(volume.store().apply(both));
    REQUIRE(volume.store().sync());
    volume.crash();
    const auto listed = list_collections(volume.store()).value();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].directory == 1500);
    CHECK(listed[1].schema == schema);
    CHECK(listed[1].vectors_oid == 3000);
    CHECK(listed[1].rows_oid == 3001);
    CHECK(find_collection(volume.store(), 2000).value()->schema == schema);
    CHECK(!find_collection(volume.store(), 1).value());

    Transaction gone;
    gone.write(3000, 0, Page(100, std::byte{1}));
    erase_collection(gone, listed[1]);
    REQUIRE(volume.store().apply(gone));
    CHECK(list_collections(volume.store()).value().size() == 1);
    CHECK(volume.check().orphans == 0);
    CHECK(volume.store().records(3000, 0, UINT64_MAX, 1).value().empty());
}

TEST_CASE("catalogue: a malformed item is left out of the list, and named when asked for") {
    RamVolume volume(uint64_t{16} << 20);
    Transaction transaction;
    put_collection(transaction, {1500, schema_of(3), 3002, 3003});
    transaction.put(collection_key(kCollectionsOid, CollectionItem::kCollection, 1600),
                    Page(80, std::byte{9}));
    transaction.put(collection_key(kCollectionsOid, CollectionItem::kCollection, 1700), {});
    REQUIRE(volume.store().apply(transaction));
    CHECK(list_collections(volume.store()).value().size() == 1);
    CHECK(find_collection(volume.store(), 1600).error().code == Code::kEUCLEAN);
    CHECK(find_collection(volume.store(), 1700).error().code == Code::kEUCLEAN);
}
