// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/mounted.h"

#include <cstdlib>

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;

Error explain(int result, const std::string& path, const vexfs_reason& reason, Failure& failure) {
    const Code code = code_from_errno(-result);
    failure = {code, path, reason.text, advice_of(code)};
    if (code == Code::kENOTTY)
        failure.hint = "findmnt -t fuse.vexfs lists the volumes that are mounted";
    return fail(code, "vexctl: volume");
}

} // namespace

template <typename Fits>
const Json* Report::find(const std::string& place, Fits fits) const {
    const Json::json_pointer pointer(place);
    if (json_.contains(pointer) && fits(json_.at(pointer)))
        return &json_.at(pointer);
    if (lacks_.empty())
        lacks_ = place;
    return nullptr;
}

uint64_t Report::number(const std::string& place) const {
    const Json* const found = find(place, [](const Json& json) { return json.is_number(); });
    return found == nullptr ? 0 : found->get<uint64_t>();
}

std::string Report::text(const std::string& place) const {
    const Json* const found = find(place, [](const Json& json) { return json.is_string(); });
    return found == nullptr ? "" : found->get<std::string>();
}

bool Report::flag(const std::string& place) const {
    const Json* const found = find(place, [](const Json& json) { return json.is_boolean(); });
    return found != nullptr && found->get<bool>();
}

Json Report::part(const std::string& place) const {
    const Json* const found = find(place, [](const Json&) { return true; });
    return found == nullptr ? Json() : *found;
}

Result<Mounted> Mounted::open(const std::string& path, Failure& failure) {
    vexfs_volume* volume = nullptr;
    vexfs_reason reason{};
    const int result = vexfs_open(path.c_str(), &volume, &reason);
    if (result != 0)
        return explain(result, path, reason, failure);
    return Mounted(path, Handle(volume));
}

Result<vexfs_hello_reply> Mounted::hello(Failure& failure) const {
    vexfs_hello_reply reply{};
    vexfs_reason reason{};
    const int result = vexfs_hello(volume_.get(), &reply, &reason);
    if (result != 0)
        return explain(result, path_, reason, failure);
    return reply;
}

Result<Report> Mounted::report(const char* name, Failure& failure) const {
    char* raw = nullptr;
    size_t bytes = 0;
    vexfs_reason reason{};
    const int result = vexfs_report(volume_.get(), name, &raw, &bytes, &reason);
    if (result != 0)
        return explain(result, path_, reason, failure);
    const std::unique_ptr<char, decltype(&std::free)> text(raw, &std::free);
    Json json = Json::parse(raw, raw + bytes, nullptr, false);
    if (!json.is_object()) {
        failure = {Code::kEPROTO, path_, std::string(name) + " of the engine is no JSON object",
                   advice_of(Code::kEPROTO)};
        return fail(Code::kEPROTO, "vexctl: report");
    }
    return Report(std::move(json));
}

Result<std::optional<Report>> Mounted::report_of_root(const char* name, Failure& failure) const {
    Result<Report> found = report(name, failure);
    if (found)
        return std::optional<Report>(std::move(*found));
    if (found.error().code == Code::kEACCES)
        return std::optional<Report>();
    return found.error();
}

Status Mounted::check(const Report& report, const char* name, Failure& failure) const {
    if (report.lacks().empty())
        return ok();
    failure = {Code::kEPROTO, path_, std::string(name) + " of the engine lacks " + report.lacks(),
               advice_of(Code::kEPROTO)};
    return fail(Code::kEPROTO, "vexctl: report");
}

} // namespace vexfs
