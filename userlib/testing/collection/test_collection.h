// SPDX-License-Identifier: Apache-2.0
//
// A collection on a volume in memory, for tests. Files are numbers; each is there, in the class it
// was last put with, until forget_file().
//
// Only tests include it.
//
// Threads: one thread, but for the collection.
#pragma once

#include <map>
#include <set>

#include "base/random.h"
#include "userlib/collection/collection.h"
#include "userlib/testing/volume/ram_volume.h"

namespace vexfs {

inline Schema small_schema(uint32_t dim) {
    Schema schema;
    schema.dim = dim;
    return schema;
}

inline Bytes as_bytes(const std::vector<float>& floats) {
    return std::as_bytes(std::span(floats));
}

inline std::vector<float> floats_of(const Page& bytes) {
    std::vector<float> floats(bytes.size() / sizeof(float));
    if (!floats.empty())
        std::memcpy(floats.data(), bytes.data(), bytes.size());
    return floats;
}

class TagAbove final : public RowPredicate {
  public:
    explicit TagAbove(uint64_t tag) : tag_(tag) {}
    Result<bool> passes(const RowId&, const StoredRow& row) override { return row.meta.tag > tag_; }

  private:
    const uint64_t tag_;
};

class TestCollection {
  public:
    // `memory` outlives it; null: nobody counts.
    explicit TestCollection(const Schema& schema, uint64_t volume_bytes = uint64_t{64} << 20,
                            RowMemory* memory = nullptr)
        : memory_(memory),
          volume_(volume_bytes), entry_{1025, with_defaults(schema), 1026, 1027, {1028, 1029}} {
        Transaction transaction;
        put_collection(transaction, entry_);
        VEXFS_ASSERT(volume_.store().apply(transaction));
        VEXFS_ASSERT(volume_.store().sync());
        open();
    }

    [[nodiscard]] Store& store() { return volume_.store(); }
    [[nodiscard]] RamVolume& volume() { return volume_; }
    [[nodiscard]] Collection& rows() { return *rows_; }
    [[nodiscard]] const CollectionEntry& entry() const { return entry_; }

    void forget_file(uint64_t ino) { gone_.insert(ino); }
    // As a volume is closed.
    void reopen() {
        (void)rows_->flush_graph({}); // a full volume has no room for it
        rows_.reset();
        volume_.reopen();
        open();
    }
    // All that can be listed, each by itself.
    void reopen_all() {
        rows_.reset();
        volume_.reopen();
        for (const CollectionEntry& entry : list_collections(volume_.store()).value())
            VEXFS_ASSERT(Collection::open(volume_.store(), entry, class_of(), false, memory_));
        open();
    }
    // What was not synced is lost.
    void crash() {
        rows_.reset();
        volume_.crash();
        open();
    }

    // The query has to live as long as what is returned.
    [[nodiscard]] RowQuery query(const std::vector<float>& vector) {
        vector_ = vector;
        RowQuery query;
        query.query = {index::Element::kF32, entry_.schema.dim, as_bytes(vector_).data()};
        return query;
    }
    [[nodiscard]] std::vector<RowId> nearest(const std::vector<float>& vector, uint32_t k,
                                             bool exact = true) {
        RowQuery asked = query(vector);
        asked.k = k;
        asked.exact = exact;
        std::vector<RowHit> hits;
        RowSearchReport report;
        VEXFS_ASSERT(rows_->search(asked, hits, report));
        std::vector<RowId> ids;
        for (const RowHit& hit : hits)
            ids.push_back(hit.id);
        return ids;
    }

  private:
    void open() {
        entry_ = list_collections(volume_.store()).value().at(0);
        rows_ = Collection::open(volume_.store(), entry_, class_of(), false, memory_).value();
    }
    Collection::ClassOf class_of() {
        return [this](uint64_t ino) -> Result<std::optional<uint32_t>> {
            return gone_.contains(ino) ? std::optional<uint32_t>() : 0U;
        };
    }

    RowMemory* const memory_;
    RamVolume volume_;
    CollectionEntry entry_;
    std::set<uint64_t> gone_;
    std::vector<float> vector_; // of the last query
    std::unique_ptr<Collection> rows_;
};

} // namespace vexfs
