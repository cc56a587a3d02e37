// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/workload.h"

#include <algorithm>

#include "base/checksum.h"

namespace vexfs {

namespace {

// oid = slot + 1 + generation * stride: one that was destroyed never comes back.
constexpr uint64_t kOidStride = 1000;
constexpr uint8_t kItemTypes = 3;
constexpr uint64_t kLastWritesMax = 40; // of a process, once it was struck
constexpr uint64_t kLastFlushesMax = 4;
constexpr uint64_t kMemoryMax = uint64_t{256} << 10; // of the cache, and of what is dirty

template <typename T, size_t N>
T pick(Random& random, const T (&choices)[N]) {
    return choices[random.below(N)];
}

} // namespace

SimConstants SimConstants::from_seed(uint64_t seed) {
    Random random(seed ^ 0x5eedc0de);
    SimConstants c;
    const uint32_t node_sizes[] = {512, 512, 1024, 4096};
    const uint32_t record_sizes[] = {4096, 8192, 16384};
    c.format.volume_id[0] = static_cast<uint8_t>(seed);
    c.format.node_bytes = pick(random, node_sizes);
    c.format.record_bytes = pick(random, record_sizes);
    c.format.region_blocks = 64;
    c.format.uberblock_slots = static_cast<uint32_t>(random.between(4, 6));
    c.format.log_blocks = random.between(2, 12);
    c.format.inline_bytes = static_cast<uint32_t>(
        random.between(0, std::min<size_t>(200, node_value_bytes_max(c.format.node_bytes) - 1)));
    c.store.cache_bytes = random.chance(1, 4) ? 0 : random.between(1024, kMemoryMax);
    c.store.dirty_bytes_max = random.between(4096, kMemoryMax);
    c.store.node_copies = static_cast<uint32_t>(random.between(1, 2));
    c.store.slop_blocks_min = random.between(64, 160);
    c.store.policy =
        random.chance(1, 8) ? FreeMap::Policy::kNextFit : FreeMap::Policy::kLowestFirst;
    if (random.chance(1, 3))
        c.store.compression = {random.chance(1, 2) ? CodecId::kZstd : CodecId::kNone, 1};
    c.device_blocks = random.between(400, 900);
    c.steps = random.between(40, 160);
    c.oids = random.between(1, 6);
    c.object_bytes_max = random.between(1, 4) * c.format.record_bytes;
    c.commit_every = random.between(5, 60);
    c.kill_chance = random.chance(1, 3) ? 0 : random.between(10, 60);
    c.reap_chance = random.between(0, 20);
    c.store.freeze_records_max = random.between(0, 8);
    c.wipe_chance = random.chance(1, 3) ? random.between(2, 20) : 0;
    return c;
}

Workload::Workload(uint64_t seed) : constants_(SimConstants::from_seed(seed)), random_(seed) {
    generations_.assign(constants_.oids, 0);
}

Status Workload::run() {
    ram_ = VEXFS_TRY(RamDevice::create(constants_.device_blocks * kBlockBytes));
    VEXFS_TRY_VOID(format_store(*ram_, constants_.format));
    first_image_.assign(ram_->bytes().begin(), ram_->bytes().end());
    recorder_ = std::make_unique<RecordDevice>(*ram_);
    mortal_ = std::make_unique<MortalDevice>(*recorder_);
    note_state();
    acks_.push_back({0, 0});
    VEXFS_TRY_VOID(open());
    for (uint64_t i = 0; i < constants_.steps; ++i) {
        const bool commits = i % constants_.commit_every == constants_.commit_every - 1;
        const Status done = commits ? commit() : step();
        VEXFS_TRY_VOID(mortal_->dead() ? kill() : done);
    }
    mortal_->revive();
    VEXFS_TRY_VOID(store_->close());
    note_ack();
    const uint64_t hash = VEXFS_TRY(hash_of_store(*store_, constants_.object_bytes_max));
    store_.reset();
    if (hash != model_.hash())
        return fail(Code::kEUCLEAN, "sim: the store is not what the model is, without any crash");
    return ok();
}

Status Workload::open() {
    store_ = VEXFS_TRY(Store::open(*mortal_, constants_.store));
    wipe_ = Wipe();
    return ok();
}

Status Workload::commit() {
    VEXFS_TRY_VOID(store_->commit());
    note_ack();
    return ok();
}

void Workload::note_state() {
    states_.push_back({model_.hash(), recorder_->record_count()});
    history_.push_back(model_);
}

void Workload::note_ack() {
    acks_.push_back({recorder_->record_count(), states_.size() - 1});
}

Status Workload::step() {
    if (random_.chance(constants_.reap_chance, 100)) {
        const Result<bool> more = store_->step_reap(random_.between(1, 4));
        return more ? ok() : Status(more.error());
    }
    if (constants_.wipe_chance > 0 && random_.chance(constants_.wipe_chance, 100)) {
        if (!VEXFS_TRY(store_->step_wipe(wipe_)))
            wipe_ = Wipe();
        return ok();
    }
    if (random_.chance(constants_.kill_chance, 1000)) {
        if (random_.chance(1, 2))
            return kill();
        strike();
        return ok();
    }
    switch (random_.below(16)) {
    case 0:
    case 1:
    case 2:
        VEXFS_TRY_VOID(store_->sync());
        note_ack();
        return ok();
    case 3:
    case 4: {
        // A stage that ends a commit acknowledges nothing by itself: what it covers was not asked
        // for.
        VEXFS_TRY_VOID(store_->step_commit());
        return ok();
    }
    case 5:
        VEXFS_TRY_VOID(store_->step_place(1));
        return ok();
    default:
        return transact();
    }
}

uint64_t Workload::random_oid() {
    const uint64_t slot = random_.below(constants_.oids);
    return slot + 1 + generations_[slot] * kOidStride;
}

Key Workload::random_key() {
    const uint8_t types[] = {1, 2, 9};
    return {random_oid(), types[random_.below(kItemTypes)], random_.below(12),
            static_cast<uint16_t>(random_.below(2))};
}

std::vector<std::byte> Workload::random_bytes(size_t count) {
    std::vector<std::byte> bytes(count);
    // Half of them compress: a short pattern, with some noise so that no two are equal.
    const bool pattern = random_.chance(1, 2);
    const uint64_t word = random_.next();
    for (size_t i = 0; i < count; ++i)
        bytes[i] =
            static_cast<std::byte>(pattern && i % 97 != 0 ? word >> (i % 8 * 8) : random_.next());
    return bytes;
}

// Always the same of an object; some objects are bytes of which nothing is known.
ObjectForm Workload::form_of(uint64_t oid) const {
    switch ((oid + constants_.oids) % 4) {
    case 0:
        return {{Numbers::kF32, true}, std::nullopt};
    case 1:
        return {{Numbers::kF32, false}, Compression{CodecId::kZstd, 1}};
    case 2:
        return {{Numbers::kTwoBytes, false}, Compression{CodecId::kLz4, 0}};
    default:
        return {};
    }
}

void Workload::add_object_operation(Transaction& transaction, Model& model, uint64_t oid) {
    const uint64_t offset = random_.below(constants_.object_bytes_max);
    const uint64_t room = constants_.object_bytes_max - offset;
    if (random_.chance(1, 4)) {
        const uint64_t length =
            random_.chance(1, 3) ? UINT64_MAX - offset : random_.between(1, room);
        transaction.punch(oid, offset, length);
        model.punch(oid, offset, length);
        return;
    }
    const uint64_t most = random_.chance(1, 2) ? 300 : 3 * uint64_t{constants_.format.record_bytes};
    std::vector<std::byte> bytes = random_bytes(random_.between(1, std::min(room, most)));
    const ObjectForm form = form_of(oid);
    (void)store_->set_form(oid, form); // memory does not end here
    if (form.block.numbers == Numbers::kF32 && random_.chance(3, 4))
        for (size_t i = 0; i < bytes.size(); ++i)
            if ((offset + i) % 4 < 2)
                bytes[i] = std::byte{0}; // each number is exact as bfloat16
    transaction.write(oid, offset, bytes);
    model.write(oid, offset, bytes);
}

void Workload::add_operation(Transaction& transaction, Model& model) {
    const uint64_t kind = random_.below(20);
    if (kind < 9) {
        const Key key = random_key();
        const std::vector<std::byte> value = random_bytes(random_.below(
            std::min<size_t>(400, node_value_bytes_max(constants_.format.node_bytes))));
        transaction.put(key, value);
        model.put(key, value);
    } else if (kind < 13) {
        const Key key = random_key();
        transaction.erase(key);
        model.erase(key);
    } else if (kind < 19) {
        add_object_operation(transaction, model, random_oid());
    } else {
        const uint64_t oid = random_oid();
        ++generations_[(oid - 1) % kOidStride];
        transaction.destroy(oid);
        model.destroy(oid);
    }
}

Status Workload::transact() {
    Transaction transaction;
    Model after = model_;
    const uint64_t operations = random_.chance(2, 3) ? 1 : random_.between(2, 3);
    for (uint64_t i = 0; i < operations; ++i)
        add_operation(transaction, after);
    const Status applied = store_->apply(transaction);
    if (!applied && applied.error().code == Code::kENOSPC)
        return ok();
    VEXFS_TRY_VOID(applied);
    model_ = std::move(after);
    note_state();
    return ok();
}

// From here on the process lives for a few writes or flushes only.
void Workload::strike() {
    if (random_.chance(1, 2))
        mortal_->die_after_writes(random_.below(kLastWritesMax));
    else
        mortal_->die_at_flush(random_.below(kLastFlushesMax));
}

// The process dies; the device goes on. What was synced is there, and of the rest a prefix.
Status Workload::kill() {
    store_.reset();
    mortal_->revive();
    if (random_.chance(1, 4)) { // and the next one dies while it recovers, or soon after
        strike();
        const Status opened = open();
        if (!opened && !mortal_->dead())
            return opened;
    }
    if (!store_) {
        mortal_->revive();
        VEXFS_TRY_VOID(open());
    }
    const uint64_t hash = VEXFS_TRY(hash_of_store(*store_, constants_.object_bytes_max));
    for (size_t state = states_.size(); state-- > acks_.back().state;) {
        if (states_[state].hash != hash)
            continue;
        model_ = history_[state];
        note_state();
        note_ack();
        return ok();
    }
    return fail(Code::kEUCLEAN, "sim: a killed process lost what it had synced");
}

uint64_t Workload::image_hash() const {
    return xxh3_64(ram_->bytes());
}

Result<uint64_t> hash_of_store(Store& store, uint64_t object_bytes_max,
                               std::set<uint64_t> objects) {
    Model model;
    std::set<uint64_t> orphans;
    Key from;
    for (;;) {
        const std::vector<StoreItem> items =
            VEXFS_TRY(store.list(from, PackedKey::highest().unpacked(), 256));
        for (const StoreItem& item : items) {
            if (item.key.oid == kVolumeOid)
                orphans.insert(item.key.sub);
            else if (orphans.count(item.key.oid) != 0)
                continue;
            else if (item.key.type == static_cast<uint8_t>(ItemType::kRecord))
                objects.insert(item.key.oid);
            else
                model.put(item.key, item.value);
        }
        if (items.size() < 256)
            break;
        from = items.back().key;
        ++from.tie;
    }
    std::vector<std::byte> content(object_bytes_max);
    for (const uint64_t oid : objects) {
        VEXFS_TRY_VOID(store.read(oid, 0, content));
        model.write(oid, 0, content);
    }
    return model.hash();
}

} // namespace vexfs
