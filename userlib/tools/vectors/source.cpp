// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vectors/source.h"

#include <algorithm>
#include <array>

namespace vexfs {

namespace {

constexpr std::array<std::string_view, 7> kBinary{"fvecs", "bvecs", "ivecs", "fbin",
                                                  "u8bin", "i8bin", "npy"};
constexpr std::array<std::string_view, 3> kText{"jsonl", "ndjson", "csv"};

std::string_view ending_of(std::string_view path) {
    const size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? "" : path.substr(dot + 1);
}

template <size_t Size>
bool holds(const std::array<std::string_view, Size>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

} // namespace

bool is_vector_file(std::string_view path) {
    return holds(kBinary, ending_of(path)) || holds(kText, ending_of(path));
}

Result<std::unique_ptr<VectorSource>> VectorSource::open(const std::string& path,
                                                         const Columns& columns, Fault& fault) {
    const std::string_view format = ending_of(path);
    if (!is_vector_file(path)) {
        fault.sentence = "the name ends like no format that is read: .fvecs .bvecs .ivecs .fbin "
                         ".u8bin .i8bin .npy .jsonl .csv";
        return fail(Code::kEINVAL, "vectors: format");
    }
    Result<Stream> stream = Stream::open(path);
    if (!stream) {
        fault.sentence = cause_of(stream.error().code);
        return stream.error();
    }
    return holds(kBinary, format) ? open_binary(std::move(*stream), format, fault)
                                  : open_text(std::move(*stream), format, columns, fault);
}

} // namespace vexfs
