// SPDX-License-Identifier: Apache-2.0
//
// Formats of fixed records: a head, then rows of one size, perhaps each with its dimension before
// it.
#include <array>
#include <charconv>

#include "userlib/tools/vectors/source.h"

namespace vexfs {

namespace {

constexpr size_t kNpyTextBytesMax = 64 << 10;

Error refuse(uint64_t offset, std::string sentence, Fault& fault) {
    fault = {offset, std::move(sentence)};
    return fail(Code::kEBADMSG, "vectors: malformed");
}

class BinarySource final : public VectorSource {
  public:
    explicit BinarySource(Stream stream) : VectorSource(std::move(stream)) {}

    Status read_head(std::string_view format, Fault& fault);
    Result<bool> next(Record& record, Fault& fault) override;

  private:
    Result<Bytes> take(size_t bytes, Fault& fault);
    Status read_bin_head(uint16_t element, Fault& fault);
    Status read_vecs_head(uint16_t element);
    Status read_npy_head(Fault& fault);
    Status parse_npy_text(std::string_view text, Fault& fault);
    Status check_size(Fault& fault);

    bool prefixed_ = false; // each row begins with its dimension
    bool counted_ = false;  // the head says how many rows there are
    uint64_t number_ = 0;
};

// Just as many bytes; EBADMSG if the file ends before.
Result<Bytes> BinarySource::take(size_t bytes, Fault& fault) {
    const uint64_t offset = stream_.offset();
    const Result<Bytes> piece = stream_.take(bytes);
    if (!piece) {
        fault = {offset, cause_of(piece.error().code)};
        return piece.error();
    }
    if (piece->size() < bytes)
        return refuse(offset + piece->size(),
                      "the file ends in the middle: " + std::to_string(bytes - piece->size()) +
                          " bytes are missing",
                      fault);
    return *piece;
}

Status BinarySource::read_bin_head(uint16_t element, Fault& fault) {
    const Bytes head = VEXFS_TRY(take(8, fault));
    rows_ = load_le<uint32_t>(head.data());
    dim_ = load_le<uint32_t>(head.data() + 4);
    element_ = element;
    counted_ = true;
    if (dim_ == 0 || dim_ > VEXFS_MAX_DIM)
        return refuse(4, "a dimension of " + std::to_string(dim_) + " is not in 1 to 65,535",
                      fault);
    return ok();
}

Status BinarySource::read_vecs_head(uint16_t element) {
    element_ = element;
    prefixed_ = true;
    return ok();
}

// The value of a key in the dictionary of an .npy, up to the next comma outside of parentheses.
std::string_view npy_value(std::string_view text, std::string_view key) {
    const size_t at = text.find(key);
    if (at == std::string_view::npos)
        return "";
    text.remove_prefix(at + key.size());
    text.remove_prefix(std::min(text.find_first_not_of(" :"), text.size()));
    const size_t stop = text.starts_with('(') ? text.find(')') : text.find_first_of(",}");
    return text.substr(0, stop);
}

uint16_t npy_element(std::string_view descr) {
    constexpr std::array<std::pair<std::string_view, uint16_t>, 6> kTypes{{
        {"'<f4'", VEXFS_ELEMENT_F32},
        {"'<f2'", VEXFS_ELEMENT_F16},
        {"'<f8'", kElementF64},
        {"'|u1'", VEXFS_ELEMENT_U8},
        {"'|i1'", VEXFS_ELEMENT_I8},
        {"'<i4'", kElementI32},
    }};
    for (const auto& [name, element] : kTypes)
        if (descr == name)
            return element;
    return 0;
}

// "(1797, 64" or "(64,": the number of axes, or 0.
size_t npy_axes(std::string_view shape, std::array<uint64_t, 2>& sizes) {
    size_t axes = 0;
    shape.remove_prefix(shape.starts_with('(') ? 1 : shape.size());
    while (!shape.empty()) {
        shape.remove_prefix(std::min(shape.find_first_not_of(" ,"), shape.size()));
        if (shape.empty())
            break;
        if (axes == sizes.size())
            return 0;
        const auto [stop, error] =
            std::from_chars(shape.data(), shape.data() + shape.size(), sizes[axes]);
        if (error != std::errc{})
            return 0;
        shape.remove_prefix(static_cast<size_t>(stop - shape.data()));
        ++axes;
    }
    return axes;
}

Status BinarySource::parse_npy_text(std::string_view text, Fault& fault) {
    constexpr uint64_t kTextAt = 10;
    element_ = npy_element(npy_value(text, "'descr'"));
    if (element_ == 0)
        return refuse(kTextAt, "descr is none of '<f2', '<f4', '<f8', '|i1', '|u1', '<i4'", fault);
    if (npy_value(text, "'fortran_order'") != "False")
        return refuse(kTextAt, "the array is not in C order", fault);
    std::array<uint64_t, 2> sizes{};
    const size_t axes = npy_axes(npy_value(text, "'shape'"), sizes);
    if (axes == 0)
        return refuse(kTextAt, "shape is not one or two whole numbers", fault);
    rows_ = axes == 1 ? 1 : sizes[0];
    const uint64_t dim = sizes[axes - 1];
    if (dim == 0 || dim > VEXFS_MAX_DIM)
        return refuse(kTextAt, "a dimension of " + std::to_string(dim) + " is not in 1 to 65,535",
                      fault);
    dim_ = static_cast<uint32_t>(dim);
    return ok();
}

Status BinarySource::read_npy_head(Fault& fault) {
    constexpr std::string_view kMagic = "\x93NUMPY";
    const Bytes head = VEXFS_TRY(take(8, fault));
    if (std::memcmp(head.data(), kMagic.data(), kMagic.size()) != 0)
        return refuse(0, "it does not begin as an .npy does", fault);
    const auto major = static_cast<uint8_t>(head[6]);
    if (major < 1 || major > 3)
        return refuse(6, "version " + std::to_string(major) + " of .npy is not known", fault);
    const Bytes size = VEXFS_TRY(take(major == 1 ? 2 : 4, fault));
    const uint32_t bytes =
        major == 1 ? load_le<uint16_t>(size.data()) : load_le<uint32_t>(size.data());
    if (bytes > kNpyTextBytesMax)
        return refuse(8, "a header of " + std::to_string(bytes) + " bytes is too long", fault);
    const Bytes text = VEXFS_TRY(take(bytes, fault));
    counted_ = true;
    return parse_npy_text({reinterpret_cast<const char*>(text.data()), text.size()}, fault);
}

// What the head states is what the file has, byte by byte; a pipe shows it at its end.
Status BinarySource::check_size(Fault& fault) {
    if (!counted_ || stream_.size_bytes() == 0)
        return ok();
    const uint64_t body = stream_.size_bytes() - stream_.offset();
    const uint64_t row_bytes = vector_size(element_, dim_);
    if (body / row_bytes == rows_ && body % row_bytes == 0)
        return ok();
    return refuse(stream_.offset(),
                  "the header states " + std::to_string(rows_) + " rows of " +
                      std::to_string(row_bytes) + " bytes, but " + std::to_string(body) +
                      " bytes follow",
                  fault);
}

Status BinarySource::read_head(std::string_view format, Fault& fault) {
    if (format == "fbin")
        VEXFS_TRY_VOID(read_bin_head(VEXFS_ELEMENT_F32, fault));
    else if (format == "u8bin")
        VEXFS_TRY_VOID(read_bin_head(VEXFS_ELEMENT_U8, fault));
    else if (format == "i8bin")
        VEXFS_TRY_VOID(read_bin_head(VEXFS_ELEMENT_I8, fault));
    else if (format == "npy")
        VEXFS_TRY_VOID(read_npy_head(fault));
    else if (format == "fvecs")
        VEXFS_TRY_VOID(read_vecs_head(VEXFS_ELEMENT_F32));
    else if (format == "bvecs")
        VEXFS_TRY_VOID(read_vecs_head(VEXFS_ELEMENT_U8));
    else
        VEXFS_TRY_VOID(read_vecs_head(kElementI32));
    return check_size(fault);
}

Result<bool> BinarySource::next(Record& record, Fault& fault) {
    record.offset = stream_.offset();
    if (counted_ && number_ == rows_)
        return false;
    if (prefixed_) {
        const Result<Bytes> prefix = stream_.take(4);
        if (!prefix || (!prefix->empty() && prefix->size() < 4))
            return refuse(record.offset, "the file ends in the dimension of a row", fault);
        if (prefix->empty())
            return false;
        const uint32_t dim = load_le<uint32_t>(prefix->data());
        if (dim == 0 || dim > VEXFS_MAX_DIM || (dim_ != 0 && dim != dim_))
            return refuse(record.offset,
                          "row " + std::to_string(number_) + " states a dimension of " +
                              std::to_string(dim) +
                              (dim_ == 0 ? std::string(", which is not in 1 to 65,535")
                                         : ", the rows before it " + std::to_string(dim_)),
                          fault);
        dim_ = dim;
    }
    const Bytes vector = VEXFS_TRY(take(vector_size(element_, dim_), fault));
    record.number = number_++;
    record.element = element_;
    record.dim = dim_;
    record.vector.assign(vector.begin(), vector.end());
    return true;
}

} // namespace

Result<std::unique_ptr<VectorSource>> open_binary(Stream stream, std::string_view format,
                                                  Fault& fault) {
    auto source = std::make_unique<BinarySource>(std::move(stream));
    VEXFS_TRY_VOID(source->read_head(format, fault));
    return std::unique_ptr<VectorSource>(std::move(source));
}

} // namespace vexfs
