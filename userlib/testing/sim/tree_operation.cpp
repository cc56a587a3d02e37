// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/tree_operation.h"

namespace vexfs {

namespace {

using Verb = TreeOperation::Verb;

struct PlaceName {
    const char* directory; // null: the root
    const char* name;
};
constexpr PlaceName kPlaces[] = {{"A", "foo"}, {"A", "bar"},   {"B", "foo"},
                                 {"B", "bar"}, {nullptr, "A"}, {nullptr, "B"}};
constexpr uint8_t kFilePlaces = 4;
constexpr uint8_t kPlacesCount = std::size(kPlaces);
constexpr uint8_t kPlaceOfA = 4;

struct Range {
    uint64_t offset;
    uint64_t length;
};
// In a record; over two ends of records; behind a hole, if the file is short.
constexpr Range kWrites[] = {
    {100, 300}, {kTreeRecordBytes - 50, kTreeRecordBytes + 100}, {6 * kTreeRecordBytes + 7, 200}};
constexpr uint64_t kAppends[] = {50, 9000};
// More than one transaction cuts off, if there are 12 records; and a file that grows.
constexpr uint64_t kSizes[] = {0, 100, uint64_t{20} * kTreeRecordBytes};
constexpr Range kPunches[] = {{kTreeRecordBytes - 10, 20}, {0, uint64_t{3} * kTreeRecordBytes}};
struct XattrChoice {
    const char* name;
    size_t bytes;
};
constexpr XattrChoice kXattrs[] = {{"user.short", 20}, {"user.long", 3000}};

// How many `more` there are.
uint8_t choices(Verb verb) {
    switch (verb) {
    case Verb::kLink:
        return kFilePlaces;
    case Verb::kRename:
    case Verb::kMove:
    case Verb::kExchange:
        return kPlacesCount;
    case Verb::kWrite:
        return std::size(kWrites);
    case Verb::kAppend:
        return std::size(kAppends);
    case Verb::kTruncate:
        return std::size(kSizes);
    case Verb::kPunch:
        return std::size(kPunches);
    case Verb::kSetXattr:
    case Verb::kRemoveXattr:
        return std::size(kXattrs);
    default:
        return 1;
    }
}

// How many places it is done at, of those in the order above.
uint8_t places(Verb verb) {
    switch (verb) {
    case Verb::kRmdir:
    case Verb::kRename:
    case Verb::kMove:
    case Verb::kExchange:
        return kPlacesCount;
    case Verb::kSetXattr:
    case Verb::kRemoveXattr:
        return kPlaceOfA + 1;
    default:
        return kFilePlaces;
    }
}

bool two_places(Verb verb) {
    return verb == Verb::kLink || verb == Verb::kRename || verb == Verb::kMove ||
           verb == Verb::kExchange;
}

// A place in a model: in which directory, and what is there.
struct Resolved {
    uint64_t directory = 0; // 0: there is none
    std::string name;
    uint64_t ino = 0; // 0: nothing

    [[nodiscard]] Place place() const { return {directory, name}; }
};

Resolved resolve(uint8_t number, const TreeModel& model) {
    const PlaceName& place = kPlaces[number];
    Resolved found;
    found.name = place.name;
    found.directory =
        place.directory == nullptr ? kRootIno : model.lookup(kRootIno, place.directory);
    if (found.directory == 0 || !model.at(found.directory).is_directory())
        return {};
    found.ino = model.lookup(found.directory, found.name);
    return found;
}

Make make_of(Verb verb) {
    if (verb == Verb::kMkdir)
        return {S_IFDIR | 0755};
    if (verb == Verb::kSymlink)
        return {S_IFLNK | 0777, 0, 0, 0, 0, "../B/bar"};
    return {S_IFREG | 0644};
}

RenameMode rename_mode(Verb verb) {
    return verb == Verb::kExchange
               ? RenameMode::kExchange
               : (verb == Verb::kMove ? RenameMode::kNoReplace : RenameMode::kReplace);
}

// The piece that is written.
Range written(const TreeOperation& operation, uint64_t size) {
    return operation.verb == Verb::kAppend ? Range{size, kAppends[operation.more]}
                                           : kWrites[operation.more];
}

bool of_data(Verb verb) {
    return verb == Verb::kWrite || verb == Verb::kAppend || verb == Verb::kTruncate ||
           verb == Verb::kPunch;
}

// What it does to the model; `made` is the number of a new inode.
Code imagine(const TreeOperation& operation, char letter, uint64_t made, TreeModel& model) {
    const Resolved at = resolve(operation.place, model);
    const Resolved other = two_places(operation.verb) ? resolve(operation.more, model) : at;
    if (at.directory == 0 || other.directory == 0)
        return Code::kENOENT;
    const bool makes = operation.verb == Verb::kCreate || operation.verb == Verb::kMkdir ||
                       operation.verb == Verb::kSymlink;
    if (makes)
        return model.make(at.directory, at.name, make_of(operation.verb), made);
    if (at.ino == 0)
        return Code::kENOENT;
    if (of_data(operation.verb) && !S_ISREG(model.at(at.ino).mode))
        return Code::kEINVAL;
    const uint64_t size = model.at(at.ino).data->size();
    switch (operation.verb) {
    case Verb::kUnlink:
    case Verb::kUnlinkHeld:
    case Verb::kRmdir:
        return model.remove(at.directory, at.name, operation.verb == Verb::kRmdir);
    case Verb::kLink:
        return model.link(at.ino, other.directory, other.name);
    case Verb::kRename:
    case Verb::kMove:
    case Verb::kExchange:
        return model.rename(at.place(), other.place(), rename_mode(operation.verb));
    case Verb::kWrite:
    case Verb::kAppend: {
        const Range range = written(operation, size);
        model.write(at.ino, range.offset, std::string(range.length, letter));
        return Code{};
    }
    case Verb::kTruncate:
        model.resize(at.ino, kSizes[operation.more]);
        return Code{};
    case Verb::kPunch: {
        const Range& range = kPunches[operation.more];
        model.zero(at.ino, range.offset, range.length, false);
        return Code{};
    }
    case Verb::kSetXattr: {
        const XattrChoice& choice = kXattrs[operation.more];
        model.set_xattr(at.ino, choice.name, std::string(choice.bytes, letter));
        return Code{};
    }
    default:
        return model.remove_xattr(at.ino, kXattrs[operation.more].name);
    }
}

Status change_data(const TreeOperation& operation, char letter, uint64_t ino, Names& names) {
    if (operation.verb == Verb::kTruncate) {
        Attributes attributes;
        attributes.size = kSizes[operation.more];
        VEXFS_TRY(names.set(ino, attributes, {}));
        return ok();
    }
    if (operation.verb == Verb::kPunch) {
        const Range& range = kPunches[operation.more];
        VEXFS_TRY(names.allocate(ino, range.offset, range.length, Allocate::kPunch, {}));
        return ok();
    }
    const Range range = written(operation, 0);
    const std::string text(range.length, letter);
    const WriteRequest request{range.offset, operation.verb == Verb::kAppend};
    const Written done = VEXFS_TRY(names.write(ino, request, std::as_bytes(std::span(text)), {}));
    return done.bytes == text.size() ? ok() : Status(fail(Code::kEIO, "tree: a short write"));
}

// What it does to the real tree. Returns the inode that it made.
Result<uint64_t> act(const TreeOperation& operation, char letter, const TreeModel& model,
                     Names& names) {
    const Resolved at = resolve(operation.place, model);
    switch (operation.verb) {
    case Verb::kCreate:
    case Verb::kMkdir:
    case Verb::kSymlink:
        return VEXFS_TRY(names.make(at.directory, at.name, make_of(operation.verb), {})).ino;
    case Verb::kUnlinkHeld:
        VEXFS_TRY_VOID(names.hold(at.ino));
        [[fallthrough]];
    case Verb::kUnlink:
        VEXFS_TRY_VOID(names.unlink(at.directory, at.name, {}));
        return uint64_t{0};
    case Verb::kRmdir:
        VEXFS_TRY_VOID(names.rmdir(at.directory, at.name, {}));
        return uint64_t{0};
    case Verb::kLink: {
        const Resolved other = resolve(operation.more, model);
        VEXFS_TRY(names.link(at.ino, other.directory, other.name, {}));
        return uint64_t{0};
    }
    case Verb::kRename:
    case Verb::kMove:
    case Verb::kExchange: {
        const Resolved other = resolve(operation.more, model);
        VEXFS_TRY_VOID(names.rename(at.place(), other.place(), rename_mode(operation.verb), {}));
        return uint64_t{0};
    }
    case Verb::kSetXattr: {
        const std::string value(kXattrs[operation.more].bytes, letter);
        VEXFS_TRY_VOID(names.set_xattr(at.ino, kXattrs[operation.more].name,
                                       std::as_bytes(std::span(value)), SetXattr::kAny, {}));
        return uint64_t{0};
    }
    case Verb::kRemoveXattr:
        VEXFS_TRY_VOID(names.remove_xattr(at.ino, kXattrs[operation.more].name, {}));
        return uint64_t{0};
    default:
        VEXFS_TRY_VOID(change_data(operation, letter, at.ino, names));
        return uint64_t{0};
    }
}

} // namespace

std::string TreeOperation::words() const {
    constexpr const char* kVerbs[] = {"create",      "mkdir",    "symlink",  "unlink",
                                      "unlink-open", "rmdir",    "link",     "rename",
                                      "move",        "exchange", "write",    "append",
                                      "truncate",    "punch",    "setxattr", "removexattr"};
    const auto path = [](uint8_t number) {
        const PlaceName& at = kPlaces[number];
        return (at.directory == nullptr ? "" : std::string(at.directory) + "/") + at.name;
    };
    std::string words = std::string(kVerbs[static_cast<size_t>(verb)]) + " " + path(place);
    if (two_places(verb))
        words += " " + path(more);
    else if (choices(verb) > 1)
        words += " " + std::to_string(more);
    return words;
}

std::vector<TreeOperation> tree_operations() {
    std::vector<TreeOperation> all;
    for (auto verb = Verb::kCreate; verb <= Verb::kRemoveXattr;
         verb = static_cast<Verb>(static_cast<uint8_t>(verb) + 1))
        for (uint8_t place = 0; place < places(verb); ++place)
            for (uint8_t more = 0; more < choices(verb); ++more)
                if (!two_places(verb) || place != more)
                    all.push_back({verb, place, more});
    return all;
}

Status make_first_tree(Names& names, TreeModel& model) {
    for (const char* name : {"A", "B"}) {
        const Make what{S_IFDIR | 0755};
        model.make(kRootIno, name, what, VEXFS_TRY(names.make(kRootIno, name, what, {})).ino);
    }
    VEXFS_TRY_VOID(perform({Verb::kCreate, 0, 0}, 'x', model, names));
    const uint64_t foo = resolve(0, model).ino;
    const std::string data(12 * kTreeRecordBytes - 1000, 'x');
    VEXFS_TRY(names.write(foo, {}, std::as_bytes(std::span(data)), {}));
    model.write(foo, 0, data);
    for (size_t i = 0; i < std::size(kXattrs); ++i) {
        const auto xattr = static_cast<uint8_t>(i);
        VEXFS_TRY_VOID(perform({Verb::kSetXattr, 0, xattr}, 'x', model, names));
    }
    return ok();
}

bool foresee(const TreeOperation& operation, char letter, TreeModel& model) {
    // Above all numbers that are there.
    return imagine(operation, letter, model.nodes().rbegin()->first + 1, model) == Code{};
}

Status perform(const TreeOperation& operation, char letter, TreeModel& model, Names& names) {
    const uint64_t made = VEXFS_TRY(act(operation, letter, model, names));
    if (imagine(operation, letter, made, model) != Code{})
        return fail(Code::kEUCLEAN, "tree: an operation worked that must not");
    return ok();
}

} // namespace vexfs
