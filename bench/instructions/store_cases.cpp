// SPDX-License-Identifier: Apache-2.0
//
// Threads: one thread.
#include <cstring>
#include <memory>

#include "base/random.h"
#include "bench/instructions/cases.h"
#include "userlib/device/ram_device.h"
#include "userlib/pool/codec/block_coder.h"
#include "userlib/store/store.h"
#include "userlib/store/transaction.h"

namespace vexfs {
namespace {

constexpr uint64_t kVolumeBytes = uint64_t{64} << 20;
constexpr uint64_t kItems = 5'000;
constexpr uint64_t kGets = 2'000;
constexpr uint64_t kPuts = 500;
constexpr size_t kValueBytes = 100;
constexpr uint8_t kItemType = 16; // of the layers above
constexpr size_t kBlockBytes64 = 65'536;
constexpr size_t kBlocks = 4;

struct Opened {
    std::unique_ptr<RamDevice> device;
    std::unique_ptr<Store> store;
};

Key key_of(uint64_t number) {
    return {1 + number % 97, kItemType, number, 0};
}

Page value_of(uint64_t number) {
    Page value(kValueBytes);
    Random random(number);
    // Half of it is the same everywhere, as the values of a file system are.
    for (size_t i = 0; i < kValueBytes / 2; ++i)
        value[i] = static_cast<std::byte>(random.next());
    return value;
}

Status put_items(Store& store, uint64_t first, uint64_t count) {
    for (uint64_t number = first; number < first + count; ++number) {
        Transaction transaction;
        transaction.put(key_of(number), value_of(number));
        VEXFS_TRY_VOID(store.apply(transaction));
    }
    return ok();
}

Result<std::shared_ptr<Opened>> opened() {
    auto one = std::make_shared<Opened>();
    one->device = VEXFS_TRY(RamDevice::create(kVolumeBytes));
    VEXFS_TRY_VOID(format_store(*one->device, {}));
    one->store = VEXFS_TRY(Store::open(*one->device, {}));
    VEXFS_TRY_VOID(put_items(*one->store, 0, kItems));
    VEXFS_TRY_VOID(one->store->commit());
    return one;
}

Result<CountedWork> get() {
    std::shared_ptr<Opened> one = VEXFS_TRY(opened());
    const auto work = [one]() -> Status {
        Random random(7);
        for (uint64_t i = 0; i < kGets; ++i) {
            const std::optional<Page> value =
                VEXFS_TRY(one->store->get(key_of(random.below(kItems))));
            if (!value || value->size() != kValueBytes)
                return fail(Code::kEIO, "an item is not there");
        }
        return ok();
    };
    VEXFS_TRY_VOID(work());
    return CountedWork(work);
}

Result<CountedWork> put() {
    std::shared_ptr<Opened> one = VEXFS_TRY(opened());
    return CountedWork([one] { return put_items(*one->store, kItems, kPuts); });
}

Result<CountedWork> commit() {
    std::shared_ptr<Opened> one = VEXFS_TRY(opened());
    VEXFS_TRY_VOID(put_items(*one->store, kItems, kPuts));
    return CountedWork([one] { return one->store->commit(); });
}

struct CodedBlocks {
    BlockCoder coder;
    std::vector<Coded> forms;
    std::vector<std::byte> blocks;
    std::vector<std::byte> rooms;
    std::vector<std::byte> back;
};

// Words out of a small set, with some that are drawn.
void fill_text(MutableBytes bytes) {
    constexpr std::string_view kWords[] = {"volume ", "index ",  "of a ", "vector ", "and the ",
                                           "file ",   "search ", "is ",   "not\n",   "block "};
    Random random(11);
    for (size_t at = 0; at < bytes.size();) {
        const std::string_view word = kWords[random.below(std::size(kWords))];
        const size_t now = std::min(word.size(), bytes.size() - at);
        std::memcpy(bytes.data() + at, word.data(), now);
        at += now;
        if (random.chance(1, 8))
            bytes[at - 1] = static_cast<std::byte>('a' + random.below(26));
    }
}

void fill_floats(MutableBytes bytes) {
    Random random(12);
    for (size_t at = 0; at < bytes.size(); at += sizeof(float)) {
        const auto value = static_cast<float>(random.normal());
        uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        bits &= 0xffff0000U; // a bfloat16, which the filter finds
        std::memcpy(bytes.data() + at, &bits, sizeof bits);
    }
}

Result<CountedWork> decode(Numbers numbers) {
    auto one = std::make_shared<CodedBlocks>();
    one->blocks.resize(kBlocks * kBlockBytes64);
    one->rooms.resize(one->blocks.size());
    one->back.resize(kBlockBytes64);
    if (numbers == Numbers::kNone)
        fill_text(one->blocks);
    else
        fill_floats(one->blocks);
    const auto part = [](std::vector<std::byte>& bytes, size_t number) {
        return MutableBytes(bytes).subspan(number * kBlockBytes64, kBlockBytes64);
    };
    for (size_t i = 0; i < kBlocks; ++i) {
        one->forms.push_back(VEXFS_TRY(one->coder.encode(
            {CodecId::kLz4, 0}, {numbers, false}, part(one->blocks, i), part(one->rooms, i))));
        if (one->forms.back().is_raw())
            return fail(Code::kEIO, "a block does not compress");
    }
    return CountedWork([one, part]() -> Status {
        for (size_t i = 0; i < kBlocks; ++i) {
            const Coded& form = one->forms[i];
            VEXFS_TRY_VOID(one->coder.decode(static_cast<uint8_t>(form.codec), form.filter,
                                             part(one->rooms, i).first(form.size_bytes),
                                             one->back));
            if (std::memcmp(one->back.data(), part(one->blocks, i).data(), kBlockBytes64) != 0)
                return fail(Code::kEIO, "a block came back changed");
        }
        return ok();
    });
}

constexpr CountedCase kCases[] = {
    {"store-get", "2,000 items of 5,000, all in the cache", get},
    {"store-put", "500 items of 100 bytes, logged", put},
    {"store-commit", "the commit of those", commit},
    {"codec-text", "4 blocks of 64 KiB, decoded by lz4",
     [] {
         return decode(Numbers::kNone);
     }},
    {"codec-floats", "4 blocks of float32, decoded by filter and lz4",
     [] {
         return decode(Numbers::kF32);
     }},
};

} // namespace

std::span<const CountedCase> store_cases() {
    return kCases;
}

} // namespace vexfs
