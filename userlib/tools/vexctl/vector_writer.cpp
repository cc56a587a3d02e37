// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/vector_writer.h"

#include <array>

#include <unistd.h>

#include "userlib/tools/vectors/elements.h"

namespace vexfs {

namespace {

constexpr size_t kNpyHeadBytes = 128; // whatever the number of rows is

std::string le32(uint64_t number) {
    std::string bytes(4, '\0');
    store_le<uint32_t>(reinterpret_cast<std::byte*>(bytes.data()), static_cast<uint32_t>(number));
    return bytes;
}

std::string npy_head(const vexfs_schema& schema, uint64_t rows) {
    const char* const descr = schema.element == VEXFS_ELEMENT_F32   ? "<f4"
                              : schema.element == VEXFS_ELEMENT_F16 ? "<f2"
                              : schema.element == VEXFS_ELEMENT_U8  ? "|u1"
                                                                    : "|i1";
    std::string text = std::string("{'descr': '") + descr +
                       "', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(schema.dim) + "), }";
    text.resize(kNpyHeadBytes - 11, ' ');
    std::string head = "\x93NUMPY";
    head += {'\x01', '\0', static_cast<char>(kNpyHeadBytes - 10), '\0'};
    return head + text + "\n";
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of("\",\r\n") == std::string_view::npos)
        return std::string(text);
    std::string quoted = "\"";
    for (const char each : text)
        quoted += each == '"' ? std::string("\"\"") : std::string(1, each);
    return quoted + "\"";
}

} // namespace

Error VectorWriter::refuse_written(Failure& failure) const {
    const Code code = code_from_errno(errno);
    return refuse(code, path_, "it cannot be written: " + std::string(cause_of(code)),
                  advice_of(code), failure);
}

Result<VectorWriter> VectorWriter::create(const std::string& path, const vexfs_schema& schema,
                                          Failure& failure) {
    struct Known {
        const char* ending;
        Format format;
        std::array<uint16_t, 4> elements; // 0: no further one
    };
    constexpr uint16_t kF32 = VEXFS_ELEMENT_F32;
    constexpr uint16_t kU8 = VEXFS_ELEMENT_U8;
    constexpr uint16_t kI8 = VEXFS_ELEMENT_I8;
    constexpr std::array<Known, 8> kKnown{
        {{".fbin", Format::kBin, {kF32}},
         {".u8bin", Format::kBin, {kU8}},
         {".i8bin", Format::kBin, {kI8}},
         {".fvecs", Format::kVecs, {kF32}},
         {".bvecs", Format::kVecs, {kU8}},
         {".npy", Format::kNpy, {kF32, VEXFS_ELEMENT_F16, kU8, kI8}},
         {".jsonl", Format::kJsonLines, {}},
         {".csv", Format::kCsv, {}}}};
    for (const Known& known : kKnown) {
        if (!path.ends_with(known.ending))
            continue;
        bool fits = known.elements[0] == 0;
        for (const uint16_t element : known.elements)
            fits |= element == schema.element;
        if (!fits)
            return refuse(Code::kEINVAL, path,
                          std::string(known.ending) + " holds no vectors of type " +
                              element_name(schema.element),
                          ".jsonl and .csv hold all of them", failure);
        VectorWriter writer(path, schema, known.format);
        writer.file_.reset(std::fopen(writer.partial_.c_str(), "wbe"));
        if (!writer.file_)
            return writer.refuse_written(failure);
        VEXFS_TRY_VOID(writer.write(writer.head(), failure));
        return writer;
    }
    return refuse(Code::kEINVAL, path, "the name ends like no format that is written",
                  ".fvecs .bvecs .fbin .u8bin .i8bin .npy .jsonl .csv", failure);
}

VectorWriter::~VectorWriter() {
    if (file_ && !partial_.empty())
        ::unlink(partial_.c_str());
}

// Of a file with the rows so far; its size does not depend on their number.
std::string VectorWriter::head() const {
    switch (format_) {
    case Format::kBin:
        return le32(rows_) + le32(schema_.dim);
    case Format::kNpy:
        return npy_head(schema_, rows_);
    case Format::kCsv:
        return "path,row,tag,offset,length,vector\n";
    case Format::kVecs:
    case Format::kJsonLines:
        break;
    }
    return "";
}

Status VectorWriter::write(const std::string& bytes, Failure& failure) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
        return refuse_written(failure);
    return ok();
}

Status VectorWriter::add(const std::string& path, uint32_t number, const vexfs_row& row,
                         const std::byte* vector, Failure& failure) {
    ++rows_;
    const std::string raw(reinterpret_cast<const char*>(vector),
                          vexfs_vector_bytes(schema_.element, schema_.dim));
    if (format_ == Format::kVecs)
        VEXFS_TRY_VOID(write(le32(schema_.dim), failure));
    if (format_ == Format::kBin || format_ == Format::kNpy || format_ == Format::kVecs)
        return write(raw, failure);
    const std::string elements = vector_text(schema_.element, vector, schema_.dim);
    const vexfs_row_meta& meta = row.meta;
    if (format_ == Format::kCsv)
        return write(csv_field(path) + "," + std::to_string(number) + "," +
                         std::to_string(meta.tag) + "," + std::to_string(meta.offset) + "," +
                         std::to_string(meta.length) + ",\"" + elements + "\"\n",
                     failure);
    Json json;
    add_bytes(json, "path", path);
    json.update(
        {{"row", number}, {"tag", meta.tag}, {"offset", meta.offset}, {"length", meta.length}});
    std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    line.pop_back(); // the brace, behind which the numbers go as they are
    return write(line + ",\"vector\":[" + elements + "]}\n", failure);
}

Status VectorWriter::finish(Failure& failure) {
    if (rows_ > UINT32_MAX && format_ == Format::kBin)
        return refuse(Code::kEFBIG, path_, "the format counts rows in 32 bits", "use .fvecs",
                      failure);
    if (format_ == Format::kBin || format_ == Format::kNpy) {
        if (std::fseek(file_.get(), 0, SEEK_SET) != 0)
            return refuse_written(failure);
        VEXFS_TRY_VOID(write(head(), failure));
    }
    if (std::fflush(file_.get()) != 0 || ::fsync(::fileno(file_.get())) != 0 ||
        std::rename(partial_.c_str(), path_.c_str()) != 0)
        return refuse_written(failure);
    partial_.clear();
    return ok();
}

} // namespace vexfs
