// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/vector_input.h"

namespace vexfs {

std::string append_converted(const Record& record, const vexfs_schema& schema,
                             std::vector<std::byte>& vectors) {
    std::vector<std::byte> converted;
    std::string sentence;
    // Bits travel packed, eight to a byte, in files that know no bits.
    const bool packed = schema.element == VEXFS_ELEMENT_BIT && record.element == VEXFS_ELEMENT_U8 &&
                        record.dim == vexfs_vector_bytes(schema.element, schema.dim);
    if (packed) {
        vectors.insert(vectors.end(), record.vector.begin(), record.vector.end());
        return "";
    }
    if (record.dim != schema.dim)
        return "it has " + std::to_string(record.dim) + " elements, the collection's have " +
               std::to_string(schema.dim);
    if (!convert_vector(record.element, record.vector, record.dim, schema.element, converted,
                        sentence))
        return sentence;
    vectors.insert(vectors.end(), converted.begin(), converted.end());
    return "";
}

Result<VectorInput> VectorInput::open(const Invocation& invocation, const vexfs_schema& schema,
                                      Failure& failure) {
    size_t given = 0;
    for (const char* const name : {"vector", "vector-file", "stdin"})
        given += invocation.has(name) ? 1 : 0;
    if (given == 0)
        return refuse_usage(invocation, "no vector is given", failure);
    if (given > 1)
        return refuse_usage(invocation, "vectors come from one place, two are given", failure);
    VectorInput input("standard input", schema);
    Fault fault;
    if (invocation.has("vector")) {
        input.name_ = "--vector";
        input.text_ = invocation.value("vector");
    } else if (invocation.has("vector-file")) {
        input.name_ = invocation.value("vector-file");
        auto source = VectorSource::open(input.name_, {}, fault);
        if (!source)
            return refuse(source.error().code, input.name_,
                          "byte " + std::to_string(fault.offset) + ": " + fault.sentence, "",
                          failure);
        input.source_ = std::move(*source);
    } else {
        auto stream = Stream::open("-");
        if (!stream)
            return refuse(stream.error().code, input.name_, cause_of(stream.error().code), "",
                          failure);
        input.lines_.emplace(std::move(*stream));
    }
    return input;
}

Result<bool> VectorInput::next_record(Record& record, Failure& failure) {
    Fault fault;
    const Result<bool> more = source_->next(record, fault);
    if (!more)
        return refuse(more.error().code, name_,
                      "byte " + std::to_string(fault.offset) + ": " + fault.sentence, "", failure);
    return *more;
}

Result<bool> VectorInput::next_line(Record& record, Failure& failure) {
    std::string_view line = text_;
    bool more = number_ == 0;
    while (lines_) {
        const auto found = lines_->line(line);
        if (!found)
            return refuse(found.error().code, name_, cause_of(found.error().code), "", failure);
        more = *found;
        if (!more || line.find_first_not_of(" \t") != std::string_view::npos)
            break;
        ++number_;
    }
    if (!more)
        return false;
    record = Record{};
    record.number = number_++;
    std::vector<double> values;
    if (!parse_vector(line, values, record.bad))
        return true;
    record.element = kElementF64;
    record.dim = static_cast<uint32_t>(values.size());
    const Bytes bytes = std::as_bytes(std::span(values));
    record.vector.assign(bytes.begin(), bytes.end());
    return true;
}

Result<bool> VectorInput::next(std::vector<std::byte>& vectors, Failure& failure) {
    Record record;
    if (!VEXFS_TRY(source_ ? next_record(record, failure) : next_line(record, failure)))
        return false;
    const std::string bad =
        !record.bad.empty() ? record.bad : append_converted(record, schema_, vectors);
    if (bad.empty())
        return true;
    const std::string place = source_ ? "row " + std::to_string(record.number) + ", byte " +
                                            std::to_string(record.offset) + ": "
                              : lines_ ? "line " + std::to_string(record.number + 1) + ": "
                                       : "";
    return refuse(Code::kEINVAL, name_, place + bad,
                  "vexctl show says what vectors the collection takes", failure);
}

} // namespace vexfs
