// SPDX-License-Identifier: Apache-2.0
//
// Formats of lines: a record that cannot be read is bad by itself, and the next line is another.
#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "userlib/tools/vectors/source.h"

namespace vexfs {

namespace {

using Json = nlohmann::json;

void set_vector(const std::vector<double>& values, Record& record) {
    record.element = kElementF64;
    record.dim = static_cast<uint32_t>(values.size());
    record.vector.resize(vector_size(kElementF64, record.dim));
    for (uint32_t i = 0; i < record.dim; ++i)
        store_le<uint64_t>(record.vector.data() + size_t{8} * i,
                           std::bit_cast<uint64_t>(values[i]));
}

bool parse_tag(std::string_view text, uint64_t& tag) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), tag);
    return error == std::errc{} && stop == text.data() + text.size();
}

class TextSource : public VectorSource {
  public:
    Result<bool> next(Record& record, Fault& fault) override;

  protected:
    TextSource(Stream stream, Columns columns)
        : VectorSource(std::move(stream)), columns_(std::move(columns)) {}
    Result<bool> line(std::string_view& line, Fault& fault);
    // Fills the record; a sentence if it is none.
    virtual std::string parse(std::string_view line, Record& record) = 0;

    const Columns columns_;

  private:
    uint64_t number_ = 0;
};

Result<bool> TextSource::line(std::string_view& line, Fault& fault) {
    const uint64_t offset = stream_.offset();
    const Result<bool> found = stream_.line(line);
    if (!found)
        fault = {offset, found.error().code == Code::kEFBIG ? "a line is longer than 16 MiB"
                                                            : cause_of(found.error().code)};
    return found;
}

Result<bool> TextSource::next(Record& record, Fault& fault) {
    std::string_view text;
    do {
        record = Record{};
        record.offset = stream_.offset();
        if (!VEXFS_TRY(line(text, fault)))
            return false;
    } while (text.empty());
    record.number = number_++;
    record.bad = parse(text, record);
    return true;
}

class JsonSource final : public TextSource {
  public:
    JsonSource(Stream stream, const Columns& columns) : TextSource(std::move(stream), columns) {}

  private:
    std::string parse(std::string_view line, Record& record) override;
    std::string parse_members(const Json& json, Record& record) const;
};

// The elements of an array of numbers, or a sentence.
std::string numbers_of(const Json& array, const std::string& column, Record& record) {
    if (!array.is_array() || array.empty())
        return "'" + column + "' is no array of numbers";
    if (array.size() > VEXFS_MAX_DIM)
        return "'" + column + "' has more than 65,535 numbers";
    std::vector<double> values;
    for (const Json& each : array) {
        if (!each.is_number())
            return "'" + column + "' has no number in dimension " + std::to_string(values.size());
        values.push_back(each.get<double>());
    }
    set_vector(values, record);
    return "";
}

std::string JsonSource::parse_members(const Json& json, Record& record) const {
    if (!columns_.name.empty()) {
        const auto name = json.find(columns_.name);
        if (name == json.end() || !name->is_string())
            return "there is no text '" + columns_.name + "'";
        record.name = name->get<std::string>();
    }
    const auto tag = json.find(columns_.tag.empty() ? "tag" : columns_.tag);
    if (tag != json.end()) {
        if (!tag->is_number_unsigned())
            return "'" + tag.key() + "' is no whole number";
        record.tag = tag->get<uint64_t>();
    } else if (!columns_.tag.empty()) {
        return "there is no '" + columns_.tag + "'";
    }
    if (!columns_.text.empty()) {
        const auto text = json.find(columns_.text);
        if (text == json.end() || !text->is_string())
            return "there is no text '" + columns_.text + "'";
        record.text = text->get<std::string>();
    }
    return "";
}

std::string JsonSource::parse(std::string_view line, Record& record) {
    const Json json = Json::parse(line.begin(), line.end(), nullptr, false);
    if (!json.is_object())
        return "the line is no JSON object";
    const std::string column = columns_.vector.empty() ? "vector" : columns_.vector;
    const auto vector = json.find(column);
    if (vector == json.end())
        return "there is no '" + column + "'";
    std::string bad = numbers_of(*vector, column, record);
    return bad.empty() ? parse_members(json, record) : bad;
}

class CsvSource final : public TextSource {
  public:
    CsvSource(Stream stream, const Columns& columns) : TextSource(std::move(stream), columns) {}

    // Reads the names of the columns.
    Status read_head(Fault& fault);

  private:
    static constexpr size_t kAbsent = SIZE_MAX;
    std::string parse(std::string_view line, Record& record) override;
    std::string parse_fields(Record& record);
    Status place(const std::string& name, size_t& index, Fault& fault) const;
    static bool split(std::string_view line, std::vector<std::string>& fields);

    std::vector<std::string> fields_;
    std::vector<std::string> names_; // empty without a header
    size_t vector_ = kAbsent;        // absent: all others
    size_t name_ = kAbsent;
    size_t tag_ = kAbsent;
    size_t text_ = kAbsent;
};

// False: a quote is not closed.
bool CsvSource::split(std::string_view line, std::vector<std::string>& fields) {
    fields.assign(1, "");
    bool quoted = false;
    for (size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"')
            fields.back() += line[++i];
        else if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            fields.emplace_back();
        else
            fields.back() += c;
    }
    return !quoted;
}

// The column that is called so, or that has this number, from 1.
Status CsvSource::place(const std::string& name, size_t& index, Fault& fault) const {
    if (name.empty())
        return ok();
    const auto found = std::find(names_.begin(), names_.end(), name);
    uint64_t number = 0;
    if (found != names_.end())
        index = static_cast<size_t>(found - names_.begin());
    else if (names_.empty() && parse_tag(name, number) && number > 0)
        index = number - 1;
    else {
        fault = {0, "there is no column '" + name + "'"};
        return fail(Code::kEINVAL, "vectors: column");
    }
    return ok();
}

Status CsvSource::read_head(Fault& fault) {
    if (columns_.header) {
        std::string_view head;
        if (!VEXFS_TRY(line(head, fault)) || !split(head, names_)) {
            fault = {0, "the first line does not name the columns"};
            return fail(Code::kEBADMSG, "vectors: malformed");
        }
    }
    VEXFS_TRY_VOID(place(columns_.vector, vector_, fault));
    VEXFS_TRY_VOID(place(columns_.name, name_, fault));
    VEXFS_TRY_VOID(place(columns_.tag, tag_, fault));
    VEXFS_TRY_VOID(place(columns_.text, text_, fault));
    const auto named = [&](const char* name) {
        const auto found = std::find(names_.begin(), names_.end(), name);
        return found == names_.end() ? kAbsent : static_cast<size_t>(found - names_.begin());
    };
    if (columns_.vector.empty())
        vector_ = named("vector");
    if (columns_.tag.empty())
        tag_ = named("tag");
    return ok();
}

std::string CsvSource::parse_fields(Record& record) {
    std::vector<double> values;
    std::string sentence;
    std::string all;
    if (vector_ == kAbsent) {
        for (size_t i = 0; i < fields_.size(); ++i)
            if (i != name_ && i != tag_ && i != text_)
                all += (fields_[i].empty() ? "''" : fields_[i]) + ",";
    }
    if (!parse_vector(vector_ == kAbsent ? all : fields_[vector_], values, sentence))
        return sentence;
    set_vector(values, record);
    if (name_ != kAbsent)
        record.name = fields_[name_];
    if (text_ != kAbsent)
        record.text = fields_[text_];
    uint64_t tag = 0;
    if (tag_ != kAbsent && !parse_tag(fields_[tag_], tag))
        return "the tag '" + fields_[tag_] + "' is no whole number";
    if (tag_ != kAbsent)
        record.tag = tag;
    return "";
}

std::string CsvSource::parse(std::string_view line, Record& record) {
    if (!split(line, fields_))
        return "a quote is not closed";
    for (const size_t column : {vector_, name_, tag_, text_})
        if (column != kAbsent && column >= fields_.size())
            return "there are " + std::to_string(fields_.size()) + " columns only";
    return parse_fields(record);
}

} // namespace

Result<std::unique_ptr<VectorSource>> open_text(Stream stream, std::string_view format,
                                                const Columns& columns, Fault& fault) {
    if (format != "csv")
        return std::unique_ptr<VectorSource>(
            std::make_unique<JsonSource>(std::move(stream), columns));
    auto source = std::make_unique<CsvSource>(std::move(stream), columns);
    VEXFS_TRY_VOID(source->read_head(fault));
    return std::unique_ptr<VectorSource>(std::move(source));
}

} // namespace vexfs
