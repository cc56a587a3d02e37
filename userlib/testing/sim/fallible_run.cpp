// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/fallible_run.h"

#include <algorithm>

#include "userlib/testing/sim/workload.h"

namespace vexfs {

namespace {

constexpr uint64_t kObjectBytes = 20000;
constexpr uint64_t kFirstObject = 50;
constexpr uint64_t kCounter = 1000000;

} // namespace

FallibleRun::FallibleRun(uint64_t seed, std::function<void(bool)> around)
    : random_(seed), around_(std::move(around)), object_(kFirstObject) {
    states_.push_back(model_.hash());
}

FormatOptions FallibleRun::format() {
    FormatOptions format;
    format.node_bytes = 512;
    format.record_bytes = 4096;
    format.region_blocks = 64;
    format.uberblock_slots = 4;
    format.log_blocks = 8;
    format.inline_bytes = 60;
    return format;
}

StoreOptions FallibleRun::options() {
    StoreOptions options;
    options.slop_blocks_min = 100;
    options.cache_bytes = 0; // every read is one of the device
    options.node_copies = 1;
    options.freeze_records_max = 1; // data is written both before a freeze and after it
    options.policy = FreeMap::Policy::kLowestFirst;
    return options;
}

void FallibleRun::note(bool failed, Code code) {
    if (!failed)
        return;
    ++failures_;
    if (code != Code::kEIO && code != Code::kENOMEM)
        fault_ = std::string("a call failed with ") + name_of(code);
}

template <typename Verb>
auto FallibleRun::call(Verb&& verb) {
    if (around_)
        around_(true);
    auto result = verb();
    if (around_)
        around_(false);
    note(!result, result ? Code::kEIO : result.error().code);
    return result;
}

void FallibleRun::go(Device& device, int steps) {
    auto opened = call([&] { return Store::open(device, options()); });
    if (!opened)
        return;
    store_ = std::move(*opened);
    for (int i = 0; i < steps && fault_.empty(); ++i)
        step();
    if (fault_.empty())
        compare_all();
    store_.reset();
}

void FallibleRun::step() {
    switch (random_.below(14)) {
    case 0:
    case 1:
        return acknowledge(call([&] { return store_->sync(); }).has_value());
    case 2:
    case 3:
        return acknowledge(call([&] { return store_->commit(); }).has_value());
    case 4:
        (void)call([&] { return store_->step_commit(); });
        return;
    case 5:
        (void)call([&] { return store_->step_place(2); });
        return;
    case 6:
        (void)call([&] { return store_->step_reap(3); });
        (void)call([&] { return store_->step_wipe(wipe_); });
        return;
    case 7:
        return reserve();
    case 8:
        return look();
    case 9:
        return punch();
    case 10:
        return random_.chance(1, 3) ? destroy() : read_object();
    default:
        return put_and_write();
    }
}

void FallibleRun::acknowledge(bool done) {
    if (done)
        acknowledged_ = states_.size() - 1;
}

void FallibleRun::apply(const Change& change, Model after) {
    const Status applied = call([&] {
        Transaction transaction;
        change(transaction);
        return store_->apply(transaction);
    });
    if (!applied)
        return;
    model_ = std::move(after);
    states_.push_back(model_.hash());
}

void FallibleRun::put_and_write() {
    std::vector<std::pair<Key, uint64_t>> items;
    for (int i = 0; i < 3; ++i)
        items.push_back({{random_.between(1, 40), 1, random_.below(4), 0}, random_.next()});
    const std::vector<std::byte> data(random_.between(1, 6000), std::byte{7});
    const uint64_t offset = random_.below(kObjectBytes - data.size());
    Model after = model_;
    for (const auto& [key, value] : items)
        after.put(key, bytes_of(value));
    after.write(object_, offset, data);
    apply(
        [&](Transaction& transaction) {
            for (const auto& [key, value] : items)
                transaction.put(key, bytes_of(value));
            transaction.write(object_, offset, data);
        },
        std::move(after));
}

void FallibleRun::punch() {
    const uint64_t offset = random_.below(kObjectBytes);
    const uint64_t length = random_.between(1, kObjectBytes - offset);
    Model after = model_;
    after.punch(object_, offset, length);
    if (random_.chance(1, 2))
        return apply([&](Transaction& t) { t.punch(object_, offset, length); }, std::move(after));
    // The object has so few records that this is one transaction too.
    if (!call([&] { return store_->punch(object_, offset, length); }))
        return;
    model_ = std::move(after);
    states_.push_back(model_.hash());
}

void FallibleRun::destroy() {
    Model after = model_;
    after.destroy(object_);
    apply([&](Transaction& transaction) { transaction.destroy(object_); }, std::move(after));
    ++object_; // whether it was destroyed or not: nobody may use it again
}

void FallibleRun::reserve() {
    const uint64_t count = random_.between(1, 9);
    const Result<uint64_t> first = call([&] { return store_->reserve(kCounter, count); });
    if (!first)
        return;
    if (first.value() < next_reserved_)
        fault_ = "a counter handed out a number twice";
    next_reserved_ = first.value() + count;
}

void FallibleRun::look() {
    const Key key{random_.between(1, 40), 1, random_.below(4), 0};
    const auto expected = model_.items().find(key);
    const auto value = call([&] { return store_->get(key); });
    const bool there = expected != model_.items().end();
    if (value && (value.value().has_value() != there ||
                  (there && !std::ranges::equal(**value, *expected->second))))
        fault_ = "an item is not what was put";
    const auto items = call([&] { return store_->list(key, Key{41, 0, 0, 0}, 5); });
    const auto from = model_.items().lower_bound(key);
    if (items && (items.value().empty() ? from != model_.items().end()
                                        : items.value()[0].key != from->first))
        fault_ = "a list does not begin where it should";
}

void FallibleRun::read_object() {
    std::vector<std::byte> content(kObjectBytes);
    if (!call([&] { return store_->read(object_, 0, content); }))
        return;
    Model read;
    read.write(object_, 0, content);
    Model expected;
    if (const auto found = model_.objects().find(object_); found != model_.objects().end())
        expected.write(object_, 0, *found->second);
    if (read.hash() != expected.hash())
        fault_ = "an object is not what was written";
}

// What failed left nothing behind in memory either. A store that is in doubt says so instead.
void FallibleRun::compare_all() {
    std::set<uint64_t> objects;
    for (const auto& [oid, content] : model_.objects())
        objects.insert(oid);
    const Result<uint64_t> hash = hash_of_store(*store_, kObjectBytes, objects);
    note(!hash, hash ? Code::kEIO : hash.error().code);
    if (hash && *hash != model_.hash())
        fault_ = "the store is not what the model is";
}

bool FallibleRun::allows(Store& reopened) const {
    const Result<uint64_t> hash = hash_of_store(reopened, kObjectBytes);
    return hash && std::find(states_.begin() + static_cast<ptrdiff_t>(acknowledged_), states_.end(),
                             *hash) != states_.end();
}

} // namespace vexfs
