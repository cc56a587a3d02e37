// SPDX-License-Identifier: Apache-2.0
//
// What damage on the device does to rows: it costs those that it hit, and no open.
#include <algorithm>

#include <doctest/doctest.h>

#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 16;
constexpr uint32_t kRows = 3000;

// One file with rows of which each element is the row's number.
class DamagedVolume {
  public:
    DamagedVolume() : device_(RamDevice::create(uint64_t{64} << 20).value()) {
        FormatOptions format;
        format.record_bytes = 16384;
        REQUIRE(format_store(*device_, format));
        open_store();
        Transaction transaction;
        Schema schema = with_defaults(small_schema(kDim));
        schema.compress = static_cast<uint16_t>(CompressKind::kNone); // so that the test finds it
        put_collection(transaction, {1025, schema, 1026, 1027});
        REQUIRE(store_->apply(transaction));
        open();
        std::vector<float> vectors;
        std::vector<RowMeta> metas;
        for (uint32_t row = 0; row < kRows; ++row) {
            vectors.insert(vectors.end(), kDim, static_cast<float>(row));
            metas.push_back({0xabcd0000 + row, 0, 0});
        }
        REQUIRE(rows_->put({1030, kAppend, false, 1, 0, metas, as_bytes(vectors)}));
        close();
    }

    void close() {
        rows_.reset();
        REQUIRE(store_->close());
        store_.reset();
    }
    void open() {
        if (!store_)
            open_store();
        rows_ = Collection::open(
                    *store_, list_collections(*store_).value().at(0),
                    [](uint64_t) { return std::optional<uint32_t>(0); }, false)
                    .value();
    }
    // Flips a byte wherever these bytes are on the device.
    void damage(Bytes pattern) {
        size_t found = 0;
        const MutableBytes all = device_->bytes();
        for (auto at = all.begin();;) {
            at = std::search(at, all.end(), pattern.begin(), pattern.end());
            if (at == all.end())
                break;
            *at ^= std::byte{0x40};
            ++found;
        }
        REQUIRE(found > 0);
    }

    [[nodiscard]] Collection& rows() { return *rows_; }

  private:
    void open_store() {
        StoreOptions raw = small_options();
        raw.compression = {CodecId::kNone, 0};
        store_ = Store::open(*device_, raw).value();
    }

    std::unique_ptr<RamDevice> device_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Collection> rows_;
};

RowQuery query_of(const std::vector<float>& vector) {
    RowQuery query;
    query.query = {index::Element::kF32, kDim, as_bytes(vector).data()};
    query.k = kRows;
    return query;
}

} // namespace

TEST_CASE("damage: rows whose vectors are damaged are flagged, left out and counted") {
    DamagedVolume volume;
    const std::vector<float> vector(kDim, 1500.0F);
    volume.damage(as_bytes(vector));
    volume.open();
    REQUIRE(volume.rows().wait_linked({}));
    CHECK(volume.rows().counts().rows == kRows);
    CHECK(volume.rows().counts().pending == 0);
    const uint64_t damaged = volume.rows().counts().damaged;
    CHECK(damaged > 0);
    CHECK(damaged <= 256); // those of one record of the store
    RowQuery query = query_of(vector);
    for (const bool exact : {false, true}) {
        query.exact = exact;
        std::vector<RowHit> hits;
        RowSearchReport report;
        REQUIRE(volume.rows().search(query, hits, report));
        CHECK(hits.size() == kRows - damaged);
        CHECK(report.degraded == damaged);
        CHECK(!report.exact);
        CHECK(report.short_why == (kShortRows | kShortDegraded));
    }
    std::vector<StoredRow> meta;
    Page bytes;
    REQUIRE(volume.rows().get(1030, 1499, 3, &meta, &bytes));
    CHECK(meta[1].damaged);
    CHECK(meta[1].meta.tag == 0xabcd0000 + 1500);
    CHECK(std::ranges::all_of(std::span(bytes).subspan(kDim * 4, kDim * 4),
                              [](std::byte b) { return b == std::byte{0}; }));
    CHECK(volume.rows().get(1030, 1500, 1, nullptr, &bytes).error().code == Code::kEBADMSG);
    const std::vector<float> origin(kDim);
    const index::VectorView point{index::Element::kF32, kDim, as_bytes(origin).data()};
    bytes.resize(kDim * sizeof(float));
    CHECK(volume.rows().read_vector({{1030, 1500}, 0, {}, 1500}, point, bytes).error().code ==
          Code::kEBADMSG);
    CHECK(volume.rows().read_vector({{1030, kRows}, 0, {}, kRows}, point, bytes).error().code ==
          Code::kENOENT);

    // Putting it again heals it.
    REQUIRE(volume.rows().put({1030, 1500, false, 1, 0, {}, as_bytes(vector)}));
    REQUIRE(volume.rows().get(1030, 1500, 1, &meta, &bytes));
    CHECK(!meta[0].damaged);
    CHECK(floats_of(bytes) == vector);
    REQUIRE(volume.rows().drop(1030, 0));
    REQUIRE(volume.rows().put({1030, 0, false, 1, 0, {}, as_bytes(vector)}));
    REQUIRE(volume.rows().get(1030, 0, 1, &meta, &bytes));
    CHECK(floats_of(bytes) == vector);
    volume.close();
}

TEST_CASE("damage: rows whose records are damaged lose what they carry, and are found") {
    DamagedVolume volume;
    const uint64_t tag = 0xabcd0000 + 700;
    volume.damage(bytes_of(tag));
    volume.open();
    CHECK(volume.rows().counts().rows == kRows);
    std::vector<StoredRow> meta;
    REQUIRE(volume.rows().get(1030, 0, UINT32_MAX, &meta, nullptr));
    CHECK(meta[700].meta == RowMeta{});
    CHECK(meta[700].data_version == 0);
    CHECK(!meta[700].damaged);
    CHECK(meta[2900].meta.tag == 0xabcd0000 + 2900);
    const auto lost = std::ranges::count(meta, RowMeta{}, &StoredRow::meta);
    CHECK(lost <= static_cast<std::ptrdiff_t>(kBlockBytes / kRowRecordBytes + 2)); // its block
    const std::vector<float> vector(kDim, 700.0F);
    RowQuery query = query_of(vector);
    query.k = 1;
    std::vector<RowHit> hits;
    RowSearchReport report;
    REQUIRE(volume.rows().search(query, hits, report));
    CHECK(hits.at(0).id == RowId{1030, 700});
    volume.close();
}
