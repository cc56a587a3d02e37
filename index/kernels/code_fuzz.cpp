// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the kernels of code records of every instruction set against the portable distance, which
// they equal bit for bit, whatever the bytes of a record are.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "index/kernels/code.h"
#include "index/kernels/code_kernels.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr size_t kHeadBytes = 2;
constexpr uint32_t kBlocksMax = 6;
constexpr uint32_t kBits[] = {16, 8, 4, 1};

// Bytes on a cache line, with nothing behind them that a kernel may read.
template <typename T>
class Aligned {
  public:
    explicit Aligned(size_t count)
        : data_(static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{64}))) {
        std::memset(data_, 0, count * sizeof(T));
    }
    ~Aligned() { ::operator delete (data_, std::align_val_t{64}); }
    Aligned(const Aligned&) = delete;
    Aligned& operator=(const Aligned&) = delete;
    T* get() { return data_; }

  private:
    T* data_;
};

// The input as often as it takes.
void fill(std::span<const uint8_t> input, size_t from, void* to, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
        static_cast<uint8_t*>(to)[i] = input[(from + i) % input.size()];
}

// What a codec may make: zero where a record has its bias, and no byte of -128.
void make_valid(CodeShape shape, int8_t* query) {
    const uint32_t payload = shape.record_bytes - kCodeBiasBytes;
    for (uint32_t i = 0; i < code_query_bytes(shape); ++i) {
        const uint32_t of_record = shape.bits == 1    ? i / 8
                                   : shape.bits == 16 ? i / 2
                                                      : i % shape.record_bytes;
        if (of_record >= payload)
            query[i] = 0;
        else if (shape.bits != 16)
            query[i] = std::max<int8_t>(query[i], -127);
    }
}

void demand(bool holds, Isa isa, CodeShape shape, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "%s, %u bits, %u bytes: %s\n", name_of(isa), shape.bits,
                 shape.record_bytes, what);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size <= kHeadBytes)
        return 0;
    const CodeShape shape{(1 + data[0] % kBlocksMax) * kCodeBlockBytes, kBits[data[1] % 4]};
    if (!code_shape_valid(shape))
        return 0;
    const uint32_t count = 1 + data[1] / 4 % 11, queries = 1 + data[0] / 8 % kBatchQueries;
    const std::span<const uint8_t> input(data + kHeadBytes, size - kHeadBytes);
    const size_t query_bytes = code_query_bytes(shape);
    Aligned<uint8_t> records(size_t{count} * shape.record_bytes);
    Aligned<int8_t> asked(queries * query_bytes), batch(batch_query_bytes(shape));
    Aligned<int8_t> decoded(query_bytes), expected(query_bytes);
    fill(input, 0, records.get(), size_t{count} * shape.record_bytes);
    std::vector<const int8_t*> each;
    for (uint32_t q = 0; q < queries; ++q) {
        int8_t* query = asked.get() + q * query_bytes;
        fill(input, size_t{count} * shape.record_bytes + size_t{37} * q, query, query_bytes);
        make_valid(shape, query);
        each.push_back(query);
    }
    std::vector<const uint8_t*> places;
    for (uint32_t i = 0; i < count; ++i)
        places.push_back(records.get() + size_t{i} * shape.record_bytes);
    interleave_queries(shape, each, batch.get());
    const uint32_t blocks = shape.record_bytes / kCodeBlockBytes;
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        const CodeKernels& kernels = code_kernels(isa, shape);
        std::vector<int32_t> scanned(count), gathered(count), shared(count * kBatchQueries);
        kernels.scan(records.get(), count, each[0], blocks, scanned.data());
        kernels.gather(places.data(), count, each[0], blocks, gathered.data());
        kernels.batch(places.data(), count, batch.get(), blocks, shared.data());
        for (uint32_t i = 0; i < count; ++i) {
            const int32_t distance = code_distance(shape, places[i], each[0]);
            demand(scanned[i] == distance, isa, shape, "scan");
            demand(gathered[i] == distance, isa, shape, "gather");
            for (uint32_t q = 0; q < queries; ++q)
                demand(shared[size_t{i} * kBatchQueries + q] ==
                           code_distance(shape, places[i], each[q]),
                       isa, shape, "batch");
            demand(kernels.decode(places[i], decoded.get(), blocks) ==
                           decode_code(shape, places[i], expected.get()) &&
                       std::memcmp(decoded.get(), expected.get(), query_bytes) == 0,
                   isa, shape, "decode");
        }
    }
    return 0;
}
