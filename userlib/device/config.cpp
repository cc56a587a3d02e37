// SPDX-License-Identifier: Apache-2.0
//
// JSON to DeviceSpec and back. The only file of the devices that knows the JSON library.
//
// Threads: functions.
#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "userlib/device/device_spec.h"

namespace vexfs {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kTypes{"file", "ram", "part", "record", "fault"};
constexpr std::array kEngines{"auto", "io_uring", "sync"};
constexpr std::array kOps{"read", "write", "flush"};
constexpr std::array kKinds{"io_error",          "no_space",         "torn_write", "lost_write",
                            "misdirected_write", "misdirected_read", "bit_rot",    "lying_flush"};
static_assert(kKinds.size() == kFaultKinds);

template <typename Enum, size_t n>
const char* name_in(const std::array<const char*, n>& names, Enum value) {
    return names[static_cast<size_t>(value)];
}

// Takes the keys of one object, each with its type, and at the end finds those that nobody asked
// for. A key that is absent leaves the value as it is.
class Keys {
  public:
    Keys(const Json& object, std::string place, std::string& explanation)
        : object_(object), place_(std::move(place)), explanation_(explanation) {}

    Status text(const char* key, std::string& value) {
        return take(key, "a string", [&](const Json& found) {
            return found.is_string() && (value = found.get<std::string>(), true);
        });
    }
    Status number(const char* key, uint64_t& value) {
        return take(key, "a number of at least 0", [&](const Json& found) {
            return found.is_number_unsigned() && (value = found.get<uint64_t>(), true);
        });
    }
    Status fraction(const char* key, double& value) {
        return take(key, "a number", [&](const Json& found) {
            return found.is_number() && (value = found.get<double>(), true);
        });
    }
    Status truth(const char* key, bool& value) {
        return take(key, "true or false", [&](const Json& found) {
            return found.is_boolean() && (value = found.get<bool>(), true);
        });
    }
    template <typename Enum, size_t n>
    Status choice(const char* key, const std::array<const char*, n>& names, Enum& value) {
        std::string name = name_in(names, value);
        VEXFS_TRY_VOID(text(key, name));
        for (size_t i = 0; i < n; ++i)
            if (name == names[i]) {
                value = static_cast<Enum>(i);
                return ok();
            }
        return refuse(std::string("\"") + key + "\" cannot be \"" + name + "\"");
    }
    // The value of a key that has to be there, whatever it is.
    Result<const Json*> need(const char* key) {
        seen_.insert(key);
        const auto found = object_.find(key);
        if (found == object_.end())
            return refuse(std::string("\"") + key + "\" is missing").error();
        return &*found;
    }
    const Json* find(const char* key) {
        seen_.insert(key);
        const auto found = object_.find(key);
        return found == object_.end() ? nullptr : &*found;
    }
    Status finish() {
        for (const auto& [key, value] : object_.items())
            if (!seen_.contains(key))
                return refuse("\"" + key + "\" is not known here");
        return ok();
    }
    Status refuse(const std::string& sentence) {
        explanation_ = place_ + ": " + sentence;
        return fail(Code::kEINVAL, "device: JSON of a stack");
    }

  private:
    template <typename Setter>
    Status take(const char* key, const char* wanted, Setter set) {
        const Json* found = find(key);
        if (found != nullptr && !set(*found))
            return refuse(std::string("\"") + key + "\" is not " + wanted);
        return ok();
    }

    const Json& object_;
    const std::string place_;
    std::string& explanation_;
    std::set<std::string> seen_;
};

Result<FaultRule> parse_rule(const Json& json, std::string& explanation) {
    Keys keys(json, "device.rule", explanation);
    if (!json.is_object())
        return keys.refuse("it is not an object").error();
    FaultRule rule;
    VEXFS_TRY_VOID(keys.need("kind"));
    VEXFS_TRY_VOID(keys.choice("kind", kKinds, rule.kind));
    VEXFS_TRY_VOID(keys.choice("op", kOps, rule.op));
    VEXFS_TRY_VOID(keys.number("first_block", rule.first_block));
    VEXFS_TRY_VOID(keys.number("last_block", rule.last_block));
    VEXFS_TRY_VOID(keys.number("at", rule.at));
    VEXFS_TRY_VOID(keys.number("every", rule.every));
    VEXFS_TRY_VOID(keys.fraction("probability", rule.probability));
    VEXFS_TRY_VOID(keys.truth("sticky", rule.sticky));
    VEXFS_TRY_VOID(keys.finish());
    return rule;
}

Status parse_faults(Keys& keys, FaultPlan& plan, std::string& explanation) {
    VEXFS_TRY_VOID(keys.number("seed", plan.seed));
    VEXFS_TRY_VOID(keys.truth("write_cache", plan.write_cache));
    const Json* rules = keys.find("rules");
    if (rules == nullptr)
        return ok();
    if (!rules->is_array())
        return keys.refuse("\"rules\" is not an array");
    for (const Json& rule : *rules)
        plan.rules.push_back(VEXFS_TRY(parse_rule(rule, explanation)));
    return ok();
}

// `depth` bounds the recursion, which follows the document.
Result<DeviceSpec> parse_device(const Json& json, size_t depth, std::string& explanation) {
    Keys keys(json, "device", explanation);
    if (!json.is_object())
        return keys.refuse("it is not an object").error();
    if (depth == DeviceSpec::kDepthMax)
        return keys.refuse("more layers than a stack may have").error();
    DeviceSpec spec;
    using Type = DeviceSpec::Type;
    VEXFS_TRY_VOID(keys.need("type"));
    VEXFS_TRY_VOID(keys.choice("type", kTypes, spec.type));
    if (spec.type == Type::kFile) {
        VEXFS_TRY_VOID(keys.need("path"));
        VEXFS_TRY_VOID(keys.text("path", spec.path));
        VEXFS_TRY_VOID(keys.truth("direct", spec.direct));
        VEXFS_TRY_VOID(keys.choice("engine", kEngines, spec.engine));
    }
    if (spec.type == Type::kPart)
        VEXFS_TRY_VOID(keys.number("offset_bytes", spec.offset_bytes));
    if (spec.type == Type::kRam || spec.type == Type::kPart) {
        VEXFS_TRY_VOID(keys.need("size_bytes"));
        VEXFS_TRY_VOID(keys.number("size_bytes", spec.size_bytes));
    }
    if (spec.type == Type::kFault)
        VEXFS_TRY_VOID(parse_faults(keys, spec.faults, explanation));
    if (spec.type != Type::kFile && spec.type != Type::kRam) {
        const Json& child = *VEXFS_TRY(keys.need("child"));
        spec.children.push_back(VEXFS_TRY(parse_device(child, depth + 1, explanation)));
    }
    VEXFS_TRY_VOID(keys.finish());
    return spec;
}

template <typename T>
void put(Json& json, const char* key, const T& value, const T& usual) {
    if (value != usual)
        json[key] = value;
}

Json json_of(const FaultRule& rule) {
    const FaultRule usual;
    Json json{{"kind", name_in(kKinds, rule.kind)}};
    if (rule.op != usual.op)
        json["op"] = name_in(kOps, rule.op);
    put(json, "first_block", rule.first_block, usual.first_block);
    put(json, "last_block", rule.last_block, usual.last_block);
    put(json, "at", rule.at, usual.at);
    put(json, "every", rule.every, usual.every);
    put(json, "probability", rule.probability, usual.probability);
    put(json, "sticky", rule.sticky, usual.sticky);
    return json;
}

Json json_of(const DeviceSpec& spec) {
    const DeviceSpec usual;
    using Type = DeviceSpec::Type;
    Json json{{"type", name_in(kTypes, spec.type)}};
    if (spec.type == Type::kFile) {
        json["path"] = spec.path;
        put(json, "direct", spec.direct, usual.direct);
        if (spec.engine != usual.engine)
            json["engine"] = name_in(kEngines, spec.engine);
    }
    if (spec.type == Type::kPart)
        put(json, "offset_bytes", spec.offset_bytes, usual.offset_bytes);
    if (spec.type == Type::kRam || spec.type == Type::kPart)
        json["size_bytes"] = spec.size_bytes;
    if (spec.type == Type::kFault) {
        put(json, "seed", spec.faults.seed, usual.faults.seed);
        put(json, "write_cache", spec.faults.write_cache, usual.faults.write_cache);
        for (const FaultRule& rule : spec.faults.rules)
            json["rules"].push_back(json_of(rule));
    }
    if (!spec.children.empty())
        json["child"] = json_of(spec.children.front());
    return json;
}

} // namespace

Result<DeviceSpec> parse_device_spec(std::string_view json, std::string& explanation) {
    const Json document = Json::parse(json, nullptr, false);
    if (document.is_discarded()) {
        explanation = "device: this is not JSON";
        return fail(Code::kEINVAL, "device: JSON of a stack");
    }
    return parse_device(document, 0, explanation);
}

std::string to_json(const DeviceSpec& spec) {
    return json_of(spec).dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace vexfs
