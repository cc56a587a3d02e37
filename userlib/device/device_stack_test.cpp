// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/device_stack.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "userlib/device/aligned_buffer.h"
#include "userlib/device/scratch_file.h"

using namespace vexfs;

namespace {

DeviceSpec parsed(const std::string& json) {
    std::string explanation;
    auto spec = parse_device_spec(json, explanation);
    INFO(json);
    INFO(explanation);
    REQUIRE(spec.has_value());
    return std::move(spec).value();
}

std::string refusal(const std::string& json) {
    std::string explanation;
    const auto spec = parse_device_spec(json, explanation);
    INFO(json);
    REQUIRE(!spec.has_value());
    CHECK(spec.error().code == Code::kEINVAL);
    return explanation;
}

} // namespace

TEST_CASE("stack: what was parsed is dumped back byte for byte") {
    static constexpr std::array kDocuments{
        R"({"type":"file","path":"/dev/vdb"})",
        R"({"type":"file","path":"/srv/a \"b\".img","direct":false,"engine":"sync"})",
        R"({"type":"ram","size_bytes":1048576})",
        R"({"type":"part","offset_bytes":4096,"size_bytes":8192,"child":{"type":"record","child":)"
        R"({"type":"ram","size_bytes":65536}}})", // NOLINT(bugprone-suspicious-missing-comma)
        R"({"type":"fault","seed":7,"write_cache":true,"rules":[)"
        R"({"kind":"io_error","op":"read","at":3,"sticky":true},)"
        R"({"kind":"bit_rot","op":"read","first_block":2,"last_block":9,"probability":0.25},)"
        R"({"kind":"torn_write","every":5}],"child":{"type":"ram","size_bytes":65536}})",
    };
    for (const char* json : kDocuments)
        CHECK(to_json(parsed(json)) == json);
}

TEST_CASE("stack: a key with its default is understood and left out of the dump") {
    const DeviceSpec spec = parsed(R"({"engine":"auto","direct":true,"path":"a","type":"file"})");
    CHECK(to_json(spec) == R"({"type":"file","path":"a"})");
}

TEST_CASE("stack: every fault kind, op and engine has a name that leads back to it") {
    DeviceSpec spec = parsed(R"({"type":"fault","child":{"type":"ram","size_bytes":4096}})");
    for (size_t kind = 0; kind < kFaultKinds; ++kind)
        for (FaultOp op : {FaultOp::kRead, FaultOp::kWrite, FaultOp::kFlush}) {
            FaultRule rule;
            rule.kind = static_cast<FaultKind>(kind);
            rule.op = op;
            rule.at = kind + 1;
            spec.faults.rules.push_back(rule);
        }
    CHECK(parsed(to_json(spec)).faults == spec.faults);
    for (FileEngine engine : {FileEngine::kAuto, FileEngine::kIoUring, FileEngine::kSync}) {
        DeviceSpec file;
        file.path = "a";
        file.engine = engine;
        CHECK(parsed(to_json(file)).engine == engine);
    }
}

TEST_CASE("stack: a document that makes no sense is refused and the key named") {
    CHECK(refusal("") == "device: this is not JSON");
    CHECK(refusal("[1,") == "device: this is not JSON");
    CHECK(refusal("[]") == "device: it is not an object");
    CHECK(refusal("{}") == "device: \"type\" is missing");
    CHECK(refusal(R"({"type":"disk"})") == "device: \"type\" cannot be \"disk\"");
    CHECK(refusal(R"({"type":7})") == "device: \"type\" is not a string");
    CHECK(refusal(R"({"type":"file"})") == "device: \"path\" is missing");
    CHECK(refusal(R"({"type":"file","path":"a","pth":1})") == "device: \"pth\" is not known here");
    CHECK(refusal(R"({"type":"file","path":"a","engine":"aio"})") ==
          "device: \"engine\" cannot be \"aio\"");
    CHECK(refusal(R"({"type":"ram","size_bytes":-1})") ==
          "device: \"size_bytes\" is not a number of at least 0");
    CHECK(refusal(R"({"type":"ram","size_bytes":4096.5})") ==
          "device: \"size_bytes\" is not a number of at least 0");
    CHECK(refusal(R"({"type":"ram","size_bytes":1,"child":{}})") ==
          "device: \"child\" is not known here");
    CHECK(refusal(R"({"type":"record"})") == "device: \"child\" is missing");
    CHECK(refusal(R"({"type":"record","child":3})") == "device: it is not an object");
    CHECK(refusal(R"({"type":"fault","rules":{},"child":{}})") ==
          "device: \"rules\" is not an array");
    CHECK(refusal(R"({"type":"fault","rules":[{}],"child":{}})") ==
          "device.rule: \"kind\" is missing");
    CHECK(refusal(R"({"type":"fault","rules":[{"kind":"bit_rot","often":1}],"child":{}})") ==
          "device.rule: \"often\" is not known here");
}

TEST_CASE("stack: a document nested deeper than a stack may be is refused") {
    std::string deep;
    std::string end;
    for (int i = 0; i < 20000; ++i) {
        deep += R"({"type":"record","child":)";
        end += '}';
    }
    CHECK(refusal(deep + "{}" + end) == "device: more layers than a stack may have");
}

TEST_CASE("stack: the layers work together and each is counted") {
    ScratchFile file(64 * kBlockBytes);
    const DeviceSpec spec =
        parsed(R"({"type":"fault","write_cache":true,"child":{"type":"part","offset_bytes":8192,)"
               R"("size_bytes":16384,"child":{"type":"file","path":")" +
               file.path() + R"("}}})");
    std::string explanation;
    auto stack = DeviceStack::open(spec, false, explanation);
    INFO(explanation);
    REQUIRE(stack.has_value());
    Device& top = (*stack)->top();
    CHECK(top.geometry().size_blocks() == 4);
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
    memory.bytes()[0] = std::byte{0x77};
    REQUIRE(top.write_one(whole_extent(1, memory.bytes())));
    CHECK((*stack)->stats()[0].stats.write.ios == 0);
    REQUIRE(top.flush());
    unsigned char found = 0;
    REQUIRE(::pread(file.descriptor(), &found, 1, 3 * kBlockBytes) == 1);
    CHECK(found == 0x77);

    const auto stats = (*stack)->stats();
    REQUIRE(stats.size() == 3);
    CHECK(stats[0].identity == "file:" + file.path());
    CHECK(stats[1].identity == "part(file:" + file.path() + " at 8192)");
    CHECK(stats[2].identity == "fault(" + stats[1].identity + ")");
    for (const auto& layer : stats) {
        CHECK(layer.stats.write.ios == 1);
        CHECK(layer.stats.write.bytes == kBlockBytes);
        CHECK(layer.stats.flush.latency_ns.count() == 1);
    }
    (*stack)->reset_stats();
    CHECK((*stack)->stats()[0].stats.write.ios == 0);
    CHECK(to_json((*stack)->spec()) == to_json(spec));
}

TEST_CASE("stack: a device that cannot be made explains itself, and nothing stays locked") {
    ScratchFile file(64 * kBlockBytes);
    std::string explanation;
    const std::string child = R"({"type":"file","path":")" + file.path() + R"("})";
    const auto stack =
        DeviceStack::open(parsed(R"({"type":"part","size_bytes":4194304,"child":)" + child + "}"),
                          false, explanation);
    REQUIRE(!stack.has_value());
    CHECK(stack.error().code == Code::kEINVAL);
    CHECK(explanation == "part: the window is not inside the device");
    CHECK(DeviceStack::open(parsed(child), false, explanation));
    CHECK(
        !DeviceStack::open(parsed(R"({"type":"file","path":"/nonexistent"})"), false, explanation));
    CHECK(explanation == "/nonexistent: No such file or directory");
}
