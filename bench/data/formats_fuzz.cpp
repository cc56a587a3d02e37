// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the readers of vector files: the first byte picks the format, the rest is the file.
//
// Threads: one thread.
#include <cstdlib>
#include <string>
#include <unistd.h>

#include "base/assert.h"
#include "bench/data/file.h"
#include "bench/data/formats.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static constexpr const char* kEnds[] = {".fbin",  ".u8bin", ".i8bin", ".fvecs",
                                            ".bvecs", ".npy",   ".idx",   ".ibin"};
    if (size == 0)
        return 0;
    const std::string path =
        "/tmp/vexfs-fuzz-" + std::to_string(::getpid()) + kEnds[data[0] % std::size(kEnds)];
    const vexfs::Bytes file = std::as_bytes(std::span(data + 1, size - 1));
    VEXFS_ASSERT(vexfs::write_file(path, {file}).has_value());
    if (path.ends_with(".ibin")) {
        const auto truth = vexfs::read_truth(path, 2, 1000);
        VEXFS_ASSERT(!truth || truth->queries() == 2);
    } else if (const auto matrix = vexfs::read_vectors(path)) {
        VEXFS_ASSERT(matrix->bytes.size() == matrix->rows * matrix->row_bytes());
    }
    ::unlink(path.c_str());
    return 0;
}
