// SPDX-License-Identifier: Apache-2.0
//
// Random changes of rows on a recorded device, beside a model in memory. The power fails at its
// writes, and whatever the medium may then hold has to open, be sound, and hold the rows as they
// were after some change, none before the last one that was synced. With a graph it also has to
// answer searches with rows that are there, at their distances, as many as there are.
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "userlib/collection/check.h"
#include "userlib/device/record_device.h"
#include "userlib/testing/collection/test_collection.h"
#include "userlib/testing/sim/landing.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 5;
constexpr uint64_t kFiles = 4;
constexpr uint64_t kBlocks = 4096;

struct ModelRow {
    std::vector<float> vector;
    uint64_t tag = 0;

    friend bool operator==(const ModelRow&, const ModelRow&) = default;
};
using Rows = std::map<uint64_t, std::vector<ModelRow>>; // by file; none is empty

// The inode of a file, as far as a collection is concerned.
Key file_key(uint64_t ino) {
    return {ino, 1, 0, 0};
}

Collection::ClassOf class_of(Store& store) {
    return [&store](uint64_t ino) -> Result<std::optional<uint32_t>> {
        const std::optional<Page> item = VEXFS_TRY(store.get(file_key(ino)));
        return item ? std::optional<uint32_t>(0) : std::nullopt;
    };
}

StoreOptions options() {
    StoreOptions options;
    options.slop_blocks_min = 128;
    options.dirty_bytes_max = 128 * 1024;
    return options;
}

std::vector<std::byte> first_image(IndexKind kind) {
    const auto device = RamDevice::create(kBlocks * kBlockBytes).value();
    FormatOptions format;
    format.log_blocks = 32;
    format.node_bytes = 8192;
    format.record_bytes = 4096;
    format.region_blocks = 256;
    format.uberblock_slots = 4;
    format.inline_bytes = 200;
    REQUIRE(format_store(*device, format));
    const auto store = Store::open(*device, options()).value();
    Transaction transaction;
    Schema schema = with_defaults(small_schema(kDim));
    schema.index = static_cast<uint16_t>(kind); // flat: a seed gives the same run
    put_collection(transaction, {1025, schema, 1026, 1027, {1028, 1029}});
    REQUIRE(store->apply(transaction));
    REQUIRE(store->close());
    return {device->bytes().begin(), device->bytes().end()};
}

// What the collection holds of files below `end`.
Rows rows_of(Collection& collection, uint64_t end) {
    Rows rows;
    for (uint64_t ino = 2000; ino < end; ++ino) {
        std::vector<StoredRow> meta;
        Page vectors;
        REQUIRE(collection.get(ino, 0, UINT32_MAX, &meta, &vectors));
        const std::vector<float> floats = floats_of(vectors);
        for (size_t row = 0; row < meta.size(); ++row)
            rows[ino].push_back({{floats.begin() + static_cast<ptrdiff_t>(row * kDim),
                                  floats.begin() + static_cast<ptrdiff_t>((row + 1) * kDim)},
                                 meta[row].meta.tag});
    }
    return rows;
}

// A seeded run. The states that the rows went through, and when each was there or synced.
class Run {
  public:
    Run(Bytes image, uint64_t seed, bool with_graph)
        : with_graph_(with_graph), random_(seed), device_(image), recorder_(device_) {
        store_ = Store::open(recorder_, options()).value();
        recorder_.forget();
        start_ = device_.save();
        rows_ = Collection::open(*store_, list_collections(*store_).value().at(0),
                                 class_of(*store_), false)
                    .value();
        note();
        synced.push_back({0, 0});
        for (uint64_t i = 0; i < kFiles; ++i)
            make_file();
        if (with_graph) {
            const size_t noted = recorder_.record_count();
            put(files_[0], 0, false, 1100);
            states.push_back({model_, noted});
        }
        for (int step = 0; step < 40; ++step)
            change();
        sync();
        rows_.reset(); // it writes in the background
    }

    struct State {
        Rows rows;
        size_t since_record = 0;
    };
    struct Sync {
        size_t record = 0;
        size_t state = 0;
    };

    [[nodiscard]] const OverlayDevice::Saved& start() const { return start_; }
    [[nodiscard]] const std::vector<DeviceRecord>& records() const { return recorder_.records(); }
    [[nodiscard]] uint64_t end() const { return next_; }

    std::vector<State> states;
    std::vector<Sync> synced;

  private:
    void note() { states.push_back({model_, recorder_.record_count()}); }
    void sync() {
        const Status status = random_.chance(1, 4) ? store_->commit() : store_->sync();
        REQUIRE(status);
        synced.push_back({recorder_.record_count(), states.size() - 1});
    }
    void make_file() {
        Transaction transaction;
        transaction.put(file_key(next_), {});
        REQUIRE(store_->apply(transaction));
        files_.push_back(next_++);
    }

    void change() {
        const size_t which = random_.below(files_.size());
        const uint64_t ino = files_[which];
        const uint64_t before = model_.contains(ino) ? model_[ino].size() : 0;
        const size_t noted = recorder_.record_count();
        switch (random_.below(8)) {
        case 0:
            drop(ino, random_.below(before + 2));
            break;
        case 1:
            destroy(which);
            break;
        case 2:
            put(ino, 0, true, row_count());
            break;
        case 3:
        case 4:
            put(ino, random_.below(before + 1), false, row_count());
            break;
        default:
            put(ino, before, false, row_count());
        }
        // It was there somewhen during the call.
        states.push_back({model_, noted});
        if (with_graph_ && random_.chance(1, 3))
            write_graph();
        if (random_.chance(1, 3))
            sync();
    }

    size_t row_count() { return 1 + random_.below(random_.chance(1, 4) ? 700 : 12); }
    void write_graph() {
        REQUIRE(rows_->wait_linked({}));
        REQUIRE(rows_->flush_graph({}));
    }

    void put(uint64_t ino, uint64_t first, bool truncate, size_t count) {
        std::vector<float> vectors;
        std::vector<RowMeta> metas;
        std::vector<ModelRow>& rows = model_[ino];
        for (size_t i = 0; i < count; ++i) {
            ModelRow row;
            for (uint32_t j = 0; j < kDim; ++j)
                row.vector.push_back(static_cast<float>(random_.below(1000)));
            row.tag = random_.next();
            vectors.insert(vectors.end(), row.vector.begin(), row.vector.end());
            metas.push_back({row.tag, 0, 0});
            if (first + i < rows.size())
                rows[first + i] = row;
            else
                rows.push_back(row);
        }
        if (truncate)
            rows.resize(first + count);
        REQUIRE(rows_->put(
            {ino, static_cast<uint32_t>(first), truncate, 1, 0, metas, as_bytes(vectors)}));
    }
    void drop(uint64_t ino, uint64_t first) {
        REQUIRE(rows_->drop(ino, static_cast<uint32_t>(first)));
        if (model_.contains(ino) && first < model_[ino].size())
            model_[ino].resize(first);
        if (model_.contains(ino) && model_[ino].empty())
            model_.erase(ino);
    }
    void destroy(size_t which) {
        const uint64_t ino = files_[which];
        Transaction transaction;
        transaction.erase(file_key(ino));
        transaction.destroy(ino);
        REQUIRE(store_->apply(transaction));
        REQUIRE(rows_->file_gone(ino));
        model_.erase(ino);
        files_.erase(files_.begin() + static_cast<ptrdiff_t>(which));
        make_file();
    }

    const bool with_graph_;
    Random random_;
    OverlayDevice device_;
    RecordDevice recorder_;
    OverlayDevice::Saved start_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Collection> rows_;
    Rows model_;
    std::vector<uint64_t> files_;
    uint64_t next_ = 2000;
};

// Whether searches find what is there.
void answers(Collection& rows, const Rows& there) {
    size_t count = 0;
    for (const auto& [ino, its] : there)
        count += its.size();
    const std::vector<float> point(kDim, 500.0F);
    RowQuery query;
    query.query = {index::Element::kF32, kDim, as_bytes(point).data()};
    query.k = 50;
    std::vector<RowHit> hits;
    RowSearchReport report;
    REQUIRE(rows.search(query, hits, report));
    CHECK(hits.size() == std::min<size_t>(count, query.k));
    std::set<RowId> seen;
    for (const RowHit& hit : hits) {
        CHECK(seen.insert(hit.id).second);
        REQUIRE(there.contains(hit.id.ino));
        REQUIRE(hit.id.row < there.at(hit.id.ino).size());
        const ModelRow& row = there.at(hit.id.ino)[hit.id.row];
        CHECK(hit.row.meta.tag == row.tag);
        float distance = 0;
        for (const float value : row.vector)
            distance += (value - 500) * (value - 500);
        CHECK(hit.distance == doctest::Approx(distance));
    }
}

// Whether the medium recovers to a state that may be there after `position` records.
void recovers(OverlayDevice& device, const Run& run, size_t position) {
    const auto store = Store::open(device, options());
    REQUIRE(store.has_value());
    CHECK(check(**store).clean());
    CHECK(check_collections(**store).clean());
    const auto rows = Collection::open(**store, list_collections(**store).value().at(0),
                                       class_of(**store), false);
    REQUIRE(rows.has_value());
    const Rows found = rows_of(**rows, run.end());
    size_t oldest = 0;
    for (const Run::Sync& sync : run.synced)
        oldest = sync.record <= position ? std::max(oldest, sync.state) : oldest;
    bool known = false;
    for (size_t i = oldest; i < run.states.size() && run.states[i].since_record <= position; ++i)
        known = known || run.states[i].rows == found;
    CHECK(known);
    answers(**rows, found);
    const CollectionsReport after = check_collections(**store);
    CHECK(after.clean());
    CHECK(after.leftovers == 0);
}

// How many states were looked at: one in `every` of those that a run goes through.
size_t crash_everywhere(IndexKind kind, uint64_t seeds, uint64_t every) {
    const bool with_graph = kind != IndexKind::kFlat;
    const std::vector<std::byte> image = first_image(kind);
    size_t states = 0;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        const Run run(image, seed, with_graph);
        Random random(seed);
        OverlayDevice device(image);
        device.restore(run.start());
        size_t durable = 0;
        for (size_t position = 0; position <= run.records().size(); ++position) {
            CAPTURE(position);
            for (const size_t end = durable_records(run.records(), position); durable < end;
                 ++durable)
                if (run.records()[durable].kind == DeviceRecord::Kind::kWrite)
                    device.land(run.records()[durable].address_bytes, run.records()[durable].data);
            if (!random.chance(1, every) && position != run.records().size())
                continue;
            const OverlayDevice::Saved medium = device.save();
            const auto pending = std::span(run.records()).subspan(durable, position - durable);
            land_pending(pending, kLandings[random.below(std::size(kLandings))], random, device);
            recovers(device, run, position);
            device.restore(medium);
            ++states;
        }
    }
    return states;
}

} // namespace

TEST_CASE("crash: rows are as some change left them, and none that was synced is lost") {
    CHECK(crash_everywhere(IndexKind::kFlat, 3, 3) > 100);
}

TEST_CASE("crash: the same with a graph, and searches find what is there") {
    CHECK(crash_everywhere(IndexKind::kAuto, 2, 3) > 30);
}
