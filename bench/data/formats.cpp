// SPDX-License-Identifier: Apache-2.0
//
// Readers and writers of vector files.
//
// A reader finds out the layout (where the rows begin, how they are spaced, how many there are),
// holds it against the size of the file, and then one function loads the rows of any format.
//
// Threads: pure, apart from the file.
#include "bench/data/formats.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "bench/data/file.h"
#include "bench/data/npy.h"

namespace vexfs {
namespace {

using index::Element;

struct Layout {
    Element element = Element::kF32;
    uint32_t dim = 0;
    uint64_t rows = 0;
    uint64_t offset = 0;       // of the first row
    uint32_t prefix_bytes = 0; // before every row: its dimension, when not 0
};

constexpr const char* kBadDim = "vectors: dimension is not in 1..65,535";

Status check(const Layout& layout, uint64_t size_bytes) {
    if (layout.dim == 0 || layout.dim > index::kMaxDim)
        return fail(Code::kEBADMSG, kBadDim);
    const uint64_t row_bytes = index::bytes_of(layout.element, layout.dim) + layout.prefix_bytes;
    const uint64_t body = size_bytes - std::min(size_bytes, layout.offset);
    if (layout.rows == 0)
        return fail(Code::kEBADMSG, "vectors: the file has no row");
    if (layout.rows > std::numeric_limits<uint32_t>::max())
        return fail(Code::kEFBIG, "vectors: more than 2^32 - 1 rows");
    if (body / row_bytes != layout.rows || body % row_bytes != 0)
        return fail(Code::kEBADMSG, "vectors: the file's size is not what its header states");
    return ok();
}

Result<Layout> bin_layout(const InputFile& file, Element element) {
    std::byte head[8];
    VEXFS_TRY_VOID(file.read(0, head));
    return Layout{element, load_le<uint32_t>(head + 4), load_le<uint32_t>(head), sizeof head, 0};
}

Result<Layout> vecs_layout(const InputFile& file, Element element) {
    std::byte head[4];
    VEXFS_TRY_VOID(file.read(0, head));
    const uint32_t dim = load_le<uint32_t>(head);
    if (dim == 0 || dim > index::kMaxDim)
        return fail(Code::kEBADMSG, kBadDim);
    const uint64_t row_bytes = index::bytes_of(element, dim) + sizeof head;
    return Layout{element, dim, file.size_bytes() / row_bytes, 0, sizeof head};
}

Result<Layout> idx_layout(const InputFile& file) {
    std::byte head[4];
    VEXFS_TRY_VOID(file.read(0, head));
    const uint32_t magic = load_be<uint32_t>(head);
    const uint32_t axes = magic & 0xff;
    if (magic >> 8 != 0x08 || axes < 1 || axes > 4)
        return fail(Code::kEBADMSG, "idx: not a file of unsigned bytes with 1 to 4 axes");
    Layout layout{Element::kU8, 1, 0, 4 + 4 * uint64_t{axes}, 0};
    uint64_t dim = 1;
    for (uint32_t axis = 0; axis < axes; ++axis) {
        VEXFS_TRY_VOID(file.read(4 + 4 * uint64_t{axis}, head));
        if (axis == 0)
            layout.rows = load_be<uint32_t>(head);
        else
            dim *= load_be<uint32_t>(head);
        if (dim > index::kMaxDim)
            return fail(Code::kEBADMSG, kBadDim);
    }
    layout.dim = static_cast<uint32_t>(dim);
    return layout;
}

Result<Layout> npy_layout(const InputFile& file) {
    const size_t known =
        static_cast<size_t>(std::min<uint64_t>(file.size_bytes(), kNpyHeadBytesMax));
    std::vector<std::byte> head(known);
    VEXFS_TRY_VOID(file.read(0, head));
    const NpyHeader header = VEXFS_TRY(parse_npy_header(head));
    return Layout{header.element, header.dim, header.rows, header.data_offset, 0};
}

bool ends_with(const std::string& path, const char* end) {
    return std::string_view(path).ends_with(end);
}

Result<Layout> layout_of(const std::string& path, const InputFile& file) {
    if (ends_with(path, ".fbin"))
        return bin_layout(file, Element::kF32);
    if (ends_with(path, ".u8bin"))
        return bin_layout(file, Element::kU8);
    if (ends_with(path, ".i8bin"))
        return bin_layout(file, Element::kI8);
    if (ends_with(path, ".fvecs"))
        return vecs_layout(file, Element::kF32);
    if (ends_with(path, ".bvecs"))
        return vecs_layout(file, Element::kU8);
    if (ends_with(path, ".npy"))
        return npy_layout(file);
    if (ends_with(path, ".idx") || ends_with(path, "-ubyte"))
        return idx_layout(file);
    return fail(Code::kEINVAL, "vectors: the name ends like no known format (fbin, u8bin, i8bin, "
                               "fvecs, bvecs, npy, idx)");
}

Status check_finite(const Matrix& matrix) {
    if (matrix.element != Element::kF32)
        return ok();
    for (size_t i = 0; i < matrix.rows * matrix.dim; ++i) {
        const uint32_t bits = load_le<uint32_t>(matrix.bytes.data() + 4 * i);
        if ((bits & 0x7f800000) == 0x7f800000)
            return fail(Code::kEBADMSG, "vectors: a value is infinite or not a number");
    }
    return ok();
}

// Drops the dimension that stands before every row, in place.
Status strip_prefixes(const Layout& layout, Matrix& matrix) {
    const size_t row_bytes = matrix.row_bytes();
    for (size_t i = 0; i < matrix.rows; ++i) {
        const std::byte* from = matrix.bytes.data() + i * (row_bytes + layout.prefix_bytes);
        if (load_le<uint32_t>(from) != layout.dim)
            return fail(Code::kEBADMSG, "vectors: two rows have different dimensions");
        std::memmove(matrix.bytes.data() + i * row_bytes, from + layout.prefix_bytes, row_bytes);
    }
    matrix.bytes.resize(matrix.rows * row_bytes);
    return ok();
}

} // namespace

Result<Matrix> read_vectors(const std::string& path, size_t row_limit) {
    InputFile file = VEXFS_TRY(InputFile::open(path));
    const Layout layout = VEXFS_TRY(layout_of(path, file));
    VEXFS_TRY_VOID(check(layout, file.size_bytes()));
    Matrix matrix;
    matrix.element = layout.element;
    matrix.dim = layout.dim;
    matrix.rows = static_cast<size_t>(std::min<uint64_t>(layout.rows, row_limit));
    matrix.bytes.resize(matrix.rows * (matrix.row_bytes() + layout.prefix_bytes));
    VEXFS_TRY_VOID(file.read(layout.offset, matrix.bytes));
    if (layout.prefix_bytes != 0)
        VEXFS_TRY_VOID(strip_prefixes(layout, matrix));
    VEXFS_TRY_VOID(check_finite(matrix));
    return matrix;
}

Status write_vectors(const std::string& path, const Matrix& matrix) {
    const bool fits = ((ends_with(path, ".fbin") || ends_with(path, ".fvecs")) &&
                       matrix.element == Element::kF32) ||
                      ((ends_with(path, ".u8bin") || ends_with(path, ".bvecs")) &&
                       matrix.element == Element::kU8) ||
                      (ends_with(path, ".i8bin") && matrix.element == Element::kI8);
    if (ends_with(path, ".npy")) {
        const std::vector<std::byte> header = npy_header(matrix.element, matrix.rows, matrix.dim);
        return write_file(path, {header, matrix.bytes});
    }
    if (!fits)
        return fail(Code::kEINVAL,
                    "vectors: this element type is not written to a file of that name");
    if (!ends_with(path, "vecs")) {
        std::byte head[8];
        store_le<uint32_t>(head, static_cast<uint32_t>(matrix.rows));
        store_le<uint32_t>(head + 4, matrix.dim);
        return write_file(path, {head, matrix.bytes});
    }
    std::vector<std::byte> rows(matrix.rows * (matrix.row_bytes() + 4));
    for (size_t i = 0; i < matrix.rows; ++i) {
        std::byte* to = rows.data() + i * (matrix.row_bytes() + 4);
        store_le<uint32_t>(to, matrix.dim);
        std::memcpy(to + 4, matrix.row(i), matrix.row_bytes());
    }
    return write_file(path, {rows});
}

Result<Truth> read_truth(const std::string& path, size_t queries, size_t base_rows) {
    InputFile file = VEXFS_TRY(InputFile::open(path));
    std::byte head[8];
    VEXFS_TRY_VOID(file.read(0, head));
    const uint64_t rows = load_le<uint32_t>(head);
    Truth truth;
    truth.depth = load_le<uint32_t>(head + 4);
    if (truth.depth == 0 || truth.depth > index::kMaxDim)
        return fail(Code::kEBADMSG, "truth: depth is not in 1..65,535");
    const uint64_t body = file.size_bytes() - sizeof head;
    const uint64_t answers = rows * truth.depth;
    if (body != answers * 4 && body != answers * 8)
        return fail(Code::kEBADMSG, "truth: the file's size is not what its header states");
    if (rows < queries)
        return fail(Code::kEBADMSG, "truth: it has fewer rows than there are queries");
    std::vector<std::byte> raw(queries * truth.depth * 4);
    VEXFS_TRY_VOID(file.read(sizeof head, raw));
    truth.rows.resize(queries * truth.depth);
    for (size_t i = 0; i < truth.rows.size(); ++i) {
        truth.rows[i] = load_le<uint32_t>(raw.data() + 4 * i);
        if (truth.rows[i] >= base_rows)
            return fail(Code::kEBADMSG, "truth: it names a row that the base does not have");
    }
    return truth;
}

Status write_truth(const std::string& path, const Truth& truth) {
    std::vector<std::byte> raw(8 + truth.rows.size() * 4);
    store_le<uint32_t>(raw.data(), static_cast<uint32_t>(truth.queries()));
    store_le<uint32_t>(raw.data() + 4, truth.depth);
    for (size_t i = 0; i < truth.rows.size(); ++i)
        store_le<uint32_t>(raw.data() + 8 + 4 * i, truth.rows[i]);
    return write_file(path, {raw});
}

} // namespace vexfs
