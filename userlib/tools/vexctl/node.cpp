// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/node.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace vexfs {

namespace {

std::string base64(std::string_view bytes) {
    constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = 0;
        for (size_t j = 0; j < 3; ++j)
            group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0);
        for (size_t j = 0; j < 4; ++j)
            text += i + j > bytes.size() ? '=' : kLetters[group >> (18 - 6 * j) & 63];
    }
    return text;
}

} // namespace

Error explain(int result, const std::string& subject, const vexfs_reason& reason,
              Failure& failure) {
    const Code code = code_from_errno(-result);
    failure = {code, subject, reason.text, advice_of(code)};
    if (code == Code::kENOTTY)
        failure.hint = "findmnt -t fuse.vexfs lists the volumes that are mounted";
    if (code == Code::kENODATA)
        failure.hint = "vexctl create DIR --dim N makes a directory a collection";
    return fail(code, "vexctl: message");
}

Error refuse(Code code, std::string subject, std::string sentence, std::string hint,
             Failure& failure) {
    failure = {code, std::move(subject), std::move(sentence), std::move(hint)};
    return fail(code, "vexctl: refused");
}

Error refuse_usage(const Invocation& invocation, std::string sentence, Failure& failure) {
    failure = {Code::kEINVAL, "", std::move(sentence), "usage: " + usage_line(*invocation.command),
               true};
    return fail(Code::kEINVAL, "vexctl: command line");
}

int end_of(const Result<int>& done, const Invocation& invocation, const Failure& failure) {
    if (done)
        return *done;
    return print_failure(failure, invocation.command->name, invocation.json(),
                         failure.usage ? kWrongUsage : exit_status_of(failure.code));
}

Result<uint64_t> number_option(const Invocation& invocation, const char* name, uint64_t least,
                               uint64_t most, uint64_t otherwise, Failure& failure) {
    if (!invocation.has(name))
        return otherwise;
    const std::string text = invocation.value(name);
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || number < least || number > most)
        return refuse_usage(invocation,
                            std::string("--") + name + " '" + text + "' is no whole number in " +
                                std::to_string(least) + " to " + std::to_string(most),
                            failure);
    return number;
}

void print_json(const Json& json) {
    std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

std::string printable(std::string_view name) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const char each : name) {
        const auto byte = static_cast<uint8_t>(each);
        if (byte >= 32 && byte != 127)
            text += each;
        else
            text += std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15];
    }
    return text;
}

void add_bytes(Json& json, const char* name, std::string_view bytes) {
    const std::string text(bytes);
    json[name] = text;
    const std::string shown = json[name].dump(-1, ' ', false, Json::error_handler_t::replace);
    if (shown != json[name].dump(-1, ' ', false, Json::error_handler_t::ignore))
        json[std::string(name) + "_base64"] = base64(bytes);
}

std::string grouped(uint64_t number) {
    std::string text = std::to_string(number);
    for (size_t at = text.size(); at > 3;)
        text.insert(at -= 3, 1, ',');
    return text;
}

Result<Node> Node::open(const std::string& path, Failure& failure) {
    vexfs_node* node = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_node_open(path.c_str(), &node, &reason);
    if (result != 0)
        return explain(result, path, reason, failure);
    return Node(path, Handle(node));
}

Result<vexfs_schema_reply> Node::schema(Failure& failure) const {
    vexfs_schema_reply reply{};
    vexfs_reason reason{};
    const int result = vexfs_schema_get(raw(), &reply, &reason);
    if (result != 0)
        return explain(result, path_, reason, failure);
    return reply;
}

Result<vexfs_stat_reply> Node::stat(const char* name, uint32_t flags, Failure& failure) const {
    vexfs_stat_reply reply{};
    vexfs_reason reason{};
    const vexfs_which which{name, 0};
    const int result =
        vexfs_rows_stat(raw(), name == nullptr ? nullptr : &which, flags, &reply, &reason);
    if (result != 0)
        return explain(result, name == nullptr ? path_ : path_ + "/" + name, reason, failure);
    return reply;
}

Status Node::rows(const char* name, const vexfs_schema& schema, uint32_t first, uint64_t count,
                  const Visit& visit, Failure& failure) const {
    const vexfs_which which{name, 0};
    const uint32_t vector_bytes = vexfs_vector_bytes(schema.element, schema.dim);
    // As many as one ioctl brings, but at least one.
    const uint32_t slice = std::max<uint32_t>(
        1, (VEXFS_MAX_IOCTL - 256) / (vector_bytes + static_cast<uint32_t>(sizeof(vexfs_row))));
    while (count > 0) {
        vexfs_row_set* raw_set = nullptr;
        vexfs_reason reason{};
        const auto wanted = static_cast<uint32_t>(std::min<uint64_t>(count, slice));
        const int result = vexfs_rows_get(raw(), name == nullptr ? nullptr : &which, first, wanted,
                                          VEXFS_GET_ROWS | VEXFS_GET_VECTORS, &raw_set, &reason);
        if (result != 0)
            return explain(result, name == nullptr ? path_ : path_ + "/" + name, reason, failure);
        const std::unique_ptr<vexfs_row_set, Free> set(raw_set);
        if (set->head->dim != schema.dim || set->head->element != schema.element)
            return refuse(Code::kESTALE, path_, "the schema changed in between", "call again",
                          failure);
        const auto* const vectors = static_cast<const std::byte*>(set->vectors);
        for (uint32_t i = 0; i < set->head->rows; ++i)
            VEXFS_TRY_VOID(visit(first + i, set->rows[i], vectors + size_t{i} * vector_bytes));
        if (set->head->rows < wanted)
            return ok();
        first += wanted;
        count -= wanted;
    }
    return ok();
}

Status Node::sync(uint32_t flags, Failure& failure) const {
    vexfs_reason reason{};
    const int result = vexfs_rows_sync(raw(), flags, &reason);
    if (result != 0)
        return explain(result, path_, reason, failure);
    return ok();
}

} // namespace vexfs
