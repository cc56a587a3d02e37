// SPDX-License-Identifier: Apache-2.0
//
// Random filters, printed as text and compiled, against the same filters worked out directly.
#include <algorithm>
#include <functional>

#include <doctest/doctest.h>
#include <fnmatch.h>

#include "base/random.h"
#include "userlib/engine/filter/test_file.h"

using namespace vexfs;

namespace {

constexpr Timestamp kNow{1'000, 0};

// A filter: its text, and whether a file passes it when every comparison that is untyped says
// `untyped_says`.
struct Model {
    std::string text;
    std::function<bool(const TestFile&, bool untyped_says)> passes;
    bool joined = false; // needs parentheses within another
};

constexpr std::array<const char*, 6> kSigns{"=", "!=", "<", "<=", ">", ">="};

template <typename T>
bool compares(size_t sign, const T& left, const T& right) {
    const std::array<bool, 6> all{left == right,   !(left == right), left < right,
                                  !(right < left), right < left,     !(left < right)};
    return all[sign];
}

class Maker {
  public:
    explicit Maker(uint64_t seed) : random_(seed) {}

    TestFile file() {
        TestFile file;
        file.row_number = static_cast<uint32_t>(random_.below(3));
        file.tag_number = random_.below(4);
        file.is_stale = random_.chance(1, 2);
        file.node.mode = (random_.chance(1, 2) ? S_IFREG : S_IFDIR) | 0644;
        file.node.uid = static_cast<uint32_t>(random_.below(3));
        file.node.gid = static_cast<uint32_t>(random_.below(3));
        file.node.size = random_.below(4) * 1024;
        file.node.mtime = {static_cast<int64_t>(random_.below(5) * 60 + 700), 0};
        for (size_t i = random_.below(3); i > 0; --i) {
            file.known_names.emplace_back(pick(kNames));
            file.known_paths.push_back(std::string(pick(kDirectories)) + file.known_names.back());
        }
        for (const char* name : kAttributes)
            if (random_.chance(2, 3))
                file.attributes[name] = pick(kValues);
        return file;
    }

    Model filter(size_t depth) {
        const uint64_t choice = depth == 0 ? 9 : random_.below(10);
        if (choice < 2)
            return negated(depth);
        return choice < 7 ? joined(depth, choice < 5) : test();
    }

  private:
    static constexpr std::array<const char*, 4> kNames{"a", "b.txt", "and", "x y"};
    static constexpr std::array<const char*, 3> kDirectories{"", "a/", "b/a/"};
    static constexpr std::array<const char*, 7> kGlobs{"*",   "a", "*.txt", "[ab]*",
                                                       "a/*", "?", "* *"};
    static constexpr std::array<const char*, 3> kAttributes{"user.a", "user.b", "user.size"};
    static constexpr std::array<const char*, 5> kValues{"1", "2.5", "-3", "en", ""};
    static constexpr std::array<const char*, 4> kNumbers{"1", "2.5", "-3e0", "+.25e1"};

    template <size_t N>
    const char* pick(const std::array<const char*, N>& from) {
        return from[random_.below(N)];
    }
    std::string space() { return std::array<const char*, 3>{" ", "\n", " \t "}[random_.below(3)]; }
    std::string perhaps_space() { return random_.chance(1, 2) ? space() : ""; }
    size_t sign() { return random_.below(kSigns.size()); }
    std::string quoted(std::string_view text) {
        std::string out = "\"";
        for (const char byte : text) {
            if (random_.chance(1, 8)) {
                char hex[5];
                std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned char>(byte));
                out += hex;
            } else {
                out += byte;
            }
        }
        return out + '"';
    }
    std::string within(const Model& part) {
        if (!part.joined && random_.chance(7, 8))
            return part.text;
        return "(" + perhaps_space() + part.text + perhaps_space() + ")";
    }

    Model negated(size_t depth) {
        Model part = filter(depth - 1);
        return {"not " + within(part), [part](const TestFile& file, bool says) {
                    return !part.passes(file, says);
                }};
    }
    Model joined(size_t depth, bool all) {
        std::vector<Model> parts;
        std::string text;
        for (size_t i = random_.between(2, 4); i > 0; --i) {
            parts.push_back(filter(depth - 1));
            if (!text.empty())
                text += all ? (random_.chance(1, 2) ? " and " : space()) : " or ";
            text += within(parts.back());
        }
        return {text,
                [parts, all](const TestFile& file, bool says) {
                    const auto one = [&](const Model& part) {
                        return part.passes(file, says);
                    };
                    return all ? std::ranges::all_of(parts, one) : std::ranges::any_of(parts, one);
                },
                true};
    }
    Model test() {
        switch (random_.below(5)) {
        case 0:
            return number_test();
        case 1:
            return row_test();
        case 2:
            return glob_test();
        case 3:
            return attribute_number_test();
        default:
            return attribute_text_test();
        }
    }
    std::string compare(const char* keyword, size_t sign, const std::string& value) {
        return std::string(keyword) + perhaps_space() + kSigns[sign] + perhaps_space() + value;
    }
    Model number_test() {
        const size_t how = sign();
        const uint64_t value = random_.below(4);
        switch (random_.below(4)) {
        case 0:
            return {compare("size", how, std::to_string(value) + "K"),
                    [=](const TestFile& f, bool) {
                        return compares(how, f.node.size, value * 1024);
                    }};
        case 1:
            return {compare("uid", how, std::to_string(value)), [=](const TestFile& f, bool) {
                        return compares<uint64_t>(how, f.node.uid, value);
                    }};
        case 2:
            return {compare("mtime", how, std::to_string(value * 60 + 700)),
                    [=](const TestFile& f, bool) {
                        return compares(how, f.node.mtime.sec,
                                        static_cast<int64_t>(value * 60 + 700));
                    }};
        default:
            return {compare("age", how, std::to_string(value) + "m"), [=](const TestFile& f, bool) {
                        return compares(how, kNow.sec - f.node.mtime.sec,
                                        static_cast<int64_t>(value) * 60);
                    }};
        }
    }
    Model row_test() {
        const size_t how = sign();
        const uint64_t value = random_.below(4);
        const uint64_t last = random_.below(4);
        switch (random_.below(5)) {
        case 0:
            return {compare("row", how, std::to_string(value)), [=](const TestFile& f, bool) {
                        return compares<uint64_t>(how, f.row_number, value);
                    }};
        case 1:
            return {compare("tag", how, std::to_string(value)), [=](const TestFile& f, bool) {
                        return compares(how, f.tag_number, value);
                    }};
        case 2:
            return {"tag " + std::to_string(value) + perhaps_space() + ".." + perhaps_space() +
                        std::to_string(last),
                    [=](const TestFile& f, bool) {
                        return f.tag_number >= value && f.tag_number <= last;
                    }};
        case 3:
            return {"type f", [](const TestFile& f, bool) {
                        return f.node.is_regular();
                    }};
        default:
            return {"stale", [](const TestFile& f, bool) {
                        return f.is_stale;
                    }};
        }
    }
    Model glob_test() {
        const std::string glob = pick(kGlobs);
        const bool path = random_.chance(1, 2);
        return {std::string(path ? "path " : "name ") + quoted(glob), [=](const TestFile& f, bool) {
                    return std::ranges::any_of(
                        path ? f.known_paths : f.known_names, [&](const std::string& name) {
                            return fnmatch(glob.c_str(), name.c_str(), 0) == 0;
                        });
                }};
    }
    Model attribute_number_test() {
        const std::string name = pick(kAttributes);
        const std::string number = pick(kNumbers);
        const size_t how = sign();
        return {compare(("xattr " + name).c_str(), how, number), [=](const TestFile& f, bool says) {
                    const auto found = f.attributes.find(name);
                    if (found == f.attributes.end())
                        return false;
                    char* end = nullptr;
                    const double value = std::strtod(found->second.c_str(), &end);
                    if (end == found->second.c_str() || *end != '\0')
                        return says;
                    return compares(how, value, std::strtod(number.c_str(), nullptr));
                }};
    }
    Model attribute_text_test() {
        const std::string name = pick(kAttributes);
        if (random_.chance(1, 2)) {
            const bool wanted = random_.chance(1, 2);
            return {(wanted ? "has " : "missing ") + (random_.chance(1, 2) ? name : quoted(name)),
                    [=](const TestFile& f, bool) {
                        return f.attributes.contains(name) == wanted;
                    }};
        }
        const std::string text = pick(kValues);
        const size_t how = sign();
        return {compare(("xattr " + name).c_str(), how, quoted(text)),
                [=](const TestFile& f, bool) {
                    const auto found = f.attributes.find(name);
                    return found != f.attributes.end() && compares(how, found->second, text);
                }};
    }

    Random random_;
};

} // namespace

TEST_CASE("filter: random filters say what they say when worked out directly") {
    constexpr uint64_t kSeeds = 4000;
    size_t passed_count = 0;
    size_t untyped_count = 0;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        Maker maker(seed);
        const Model model = maker.filter(4);
        INFO("seed " << seed << ": " << model.text);
        FilterFault fault;
        const Result<Filter> filter = Filter::compile(model.text, kNow, fault);
        INFO(fault.sentence);
        if (model.text.size() > 4096) {
            CHECK_FALSE(filter.has_value());
            continue;
        }
        REQUIRE(filter.has_value());
        for (size_t i = 0; i < 20; ++i) {
            TestFile file = maker.file();
            uint64_t untyped = 0;
            const Result<bool> passed = filter->passes(file, untyped);
            REQUIRE(passed.has_value());
            REQUIRE(*passed == model.passes(file, false));
            // A row that is not counted did not depend on what an untyped comparison says.
            REQUIRE(untyped <= 1);
            if (untyped == 0)
                REQUIRE(*passed == model.passes(file, true));
            passed_count += *passed ? 1 : 0;
            untyped_count += untyped;
        }
    }
    // Neither answer, and neither kind of row, is rare.
    CHECK(passed_count > kSeeds * 20 / 5);
    CHECK(passed_count < kSeeds * 20 * 4 / 5);
    CHECK(untyped_count > kSeeds * 20 / 50);
}
