// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a file of any format: read to the end, or refused with a sentence.
#include <array>

#include <sys/mman.h>
#include <unistd.h>

#include "userlib/tools/vectors/source.h"

using namespace vexfs;

namespace {

void read_all(VectorSource& source) {
    Record record;
    Fault fault;
    std::string sentence;
    std::vector<std::byte> converted;
    for (;;) {
        const Result<bool> more = source.next(record, fault);
        VEXFS_ASSERT(more || !fault.sentence.empty());
        if (!more || !*more)
            return;
        if (!record.bad.empty())
            continue;
        VEXFS_ASSERT(record.vector.size() == vector_size(record.element, record.dim));
        VEXFS_ASSERT(convert_vector(record.element, record.vector, record.dim, VEXFS_ELEMENT_I8,
                                    converted, sentence) ||
                     !sentence.empty());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr std::array<const char*, 9> kFormats{"fvecs", "bvecs", "ivecs", "fbin", "u8bin",
                                                  "i8bin", "npy",   "jsonl", "csv"};
    if (size == 0)
        return 0;
    const std::string_view format = kFormats[data[0] % kFormats.size()];
    const int file = ::memfd_create("fuzz", MFD_CLOEXEC);
    VEXFS_ASSERT(file >= 0 && ::write(file, data + 1, size - 1) == static_cast<ssize_t>(size - 1));
    Fault fault;
    Columns columns;
    columns.header = data[0] < 128;
    auto stream = Stream::open("/proc/self/fd/" + std::to_string(file));
    VEXFS_ASSERT(stream.has_value());
    auto source = format == "jsonl" || format == "csv"
                      ? open_text(std::move(*stream), format, columns, fault)
                      : open_binary(std::move(*stream), format, fault);
    VEXFS_ASSERT(source || !fault.sentence.empty());
    if (source)
        read_all(**source);
    ::close(file);
    return 0;
}
