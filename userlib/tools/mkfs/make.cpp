// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/mkfs/make.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "userlib/device/aligned_buffer.h"
#include "userlib/device/file_device.h"
#include "userlib/device/image_file.h"
#include "userlib/device/signature.h"
#include "userlib/names/names.h"

namespace vexfs {

namespace {

constexpr uint64_t kLookedAtBlocks = 16;
constexpr uint32_t kRootMode = 0755;
// With less for nodes and data, what is kept free leaves no room for files.
constexpr uint64_t kCapacityBytesMin = uint64_t{1} << 20;

Error refuse(Code code, const char* what, std::string sentence, std::string& explanation) {
    explanation = std::move(sentence);
    return fail(code, what);
}

Result<bool> begins_with_zeros(Device& device) {
    const uint64_t blocks = std::min(kLookedAtBlocks, device.geometry().size_blocks());
    AlignedBuffer head = VEXFS_TRY(AlignedBuffer::create(blocks * kBlockBytes));
    VEXFS_TRY_VOID(device.read_one(whole_extent(0, head.bytes())));
    return std::all_of(head.bytes().begin(), head.bytes().end(),
                       [](std::byte byte) { return byte == std::byte{0}; });
}

// What the target holds, or nothing.
Result<std::string> contents_of(FileDevice& device) {
    if (const auto signature = VEXFS_TRY(probe_signature(device.descriptor())))
        return describe(*signature);
    if (const auto header = Label::read_header(device)) {
        VolumeId id{};
        std::copy(header->volume_id.begin(), header->volume_id.end(), id.begin());
        const std::string label(header->label.data(),
                                ::strnlen(header->label.data(), header->label.size()));
        return "a VexFS volume" + (label.empty() ? "" : " labelled '" + label + "'") + " (uuid " +
               volume_id_text(id) + ")";
    }
    const bool empty = VEXFS_TRY(begins_with_zeros(device));
    return std::string(empty ? "" : "data of an unknown kind");
}

void print_json(const Layout& layout, const MkfsOptions& options, const VolumeId& id) {
    const Header& header = layout.header();
    const nlohmann::ordered_json json{{"schema", "mkfs.vexfs/1"},
                                      {"target", options.target},
                                      {"dry_run", options.dry_run},
                                      {"label", options.label},
                                      {"uuid", volume_id_text(id)},
                                      {"size_bytes", header.device_blocks * kBlockBytes},
                                      {"capacity_bytes", layout.capacity_blocks() * kBlockBytes},
                                      {"log_bytes", header.log_blocks * kBlockBytes},
                                      {"regions", layout.regions()},
                                      {"region_bytes", header.region_blocks * kBlockBytes},
                                      {"node_bytes", header.node_bytes},
                                      {"record_bytes", header.record_bytes},
                                      {"inline_bytes", header.inline_bytes},
                                      {"format_version", header.version}};
    std::printf("%s\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void print_text(const Layout& layout, const MkfsOptions& options, const VolumeId& id) {
    const Header& header = layout.header();
    std::printf("%s: %s VexFS volume%s%s%s, uuid %s\n", options.target.c_str(),
                size_text(header.device_blocks * kBlockBytes).c_str(),
                options.label.empty() ? "" : " '", options.label.c_str(),
                options.label.empty() ? "" : "'", volume_id_text(id).c_str());
    std::printf("%s for nodes and data, %s intent log\n",
                size_text(layout.capacity_blocks() * kBlockBytes).c_str(),
                size_text(header.log_blocks * kBlockBytes).c_str());
    if (options.verbose)
        std::printf("format version %u\nregions %llu of %s\nnodes of %s\nrecords of %s\n"
                    "inline up to %s\nuberblock slots %u\n",
                    header.version, static_cast<unsigned long long>(layout.regions()),
                    size_text(header.region_blocks * kBlockBytes).c_str(),
                    size_text(header.node_bytes).c_str(), size_text(header.record_bytes).c_str(),
                    size_text(header.inline_bytes).c_str(), header.uberblock_slots);
    if (options.dry_run)
        std::printf("nothing was written (-n)\n");
    else
        std::printf("check it with: fsck.vexfs %s\n", options.target.c_str());
}

Status tell(const Layout& layout, const MkfsOptions& options, const VolumeId& id) {
    if (options.json)
        print_json(layout, options, id);
    else if (!options.quiet)
        print_text(layout, options, id);
    return ok();
}

Result<Layout> plan(uint64_t size_bytes, const MkfsOptions& options, const FormatOptions& format,
                    std::string& explanation) {
    auto layout = plan_store(size_bytes / kBlockBytes, format);
    if (!layout)
        return refuse(Code::kEINVAL, "mkfs: plan",
                      options.target + ": no volume fits into " + size_text(size_bytes) + " (" +
                          layout.error().what + ")",
                      explanation);
    if (layout->capacity_blocks() * kBlockBytes < kCapacityBytesMin)
        return refuse(Code::kEINVAL, "mkfs: plan",
                      options.target + ": no volume fits into " + size_text(size_bytes) +
                          " (less than " + size_text(kCapacityBytesMin) +
                          " would be left for nodes and data)",
                      explanation);
    return layout;
}

Status refuse_contents(FileDevice& device, const MkfsOptions& options, std::string& explanation) {
    const auto contents = contents_of(device);
    if (!contents)
        return refuse(contents.error().code, contents.error().what,
                      options.target + ": " + contents.error().what, explanation);
    if (contents->empty() || options.force)
        return ok();
    return refuse(Code::kEEXIST, "mkfs: the target holds data",
                  options.target + " holds " + *contents + "; use -f to overwrite it", explanation);
}

Status refuse_existing(const std::string& path, std::string& explanation) {
    if (::access(path.c_str(), F_OK) != 0)
        return ok();
    return refuse(Code::kEEXIST, "mkfs: create", path + ": File exists", explanation);
}

// The first block belongs to nobody in a volume; an older superblock may stand there.
Status wipe_boot_block(Device& device) {
    AlignedBuffer zeros = VEXFS_TRY(AlignedBuffer::create(kBlockBytes));
    return device.write_one(whole_extent(0, zeros.bytes()));
}

// Whoever makes a volume owns its root directory.
Status make_root(Device& device) {
    struct timespec time {};
    ::clock_gettime(CLOCK_REALTIME, &time);
    const Timestamp now{time.tv_sec, static_cast<uint32_t>(time.tv_nsec)};
    const Make root{S_IFDIR | kRootMode, ::getuid(), ::getgid()};
    const std::unique_ptr<Store> store = VEXFS_TRY(Store::open(device, {}));
    VEXFS_TRY_VOID(Names::create(*store, root, now));
    return store->close();
}

Status write_volume(FileDevice& device, const MkfsOptions& options, const FormatOptions& format,
                    std::string& explanation) {
    Status status = wipe_boot_block(device);
    if (status)
        status = format_store(device, format);
    if (status)
        status = make_root(device);
    if (!status)
        return refuse(status.error().code, status.error().what,
                      options.target + ": " + status.error().what + " (" +
                          cause_of(status.error().code) + ")",
                      explanation);
    const auto left = VEXFS_TRY(probe_signature(device.descriptor()));
    if (left)
        return refuse(Code::kEIO, "mkfs: signature",
                      options.target + " still looks like " + describe(*left) +
                          " to other programs: run wipefs on it and start again",
                      explanation);
    return ok();
}

Status make_in(const MkfsOptions& options, const FormatOptions& format, const VolumeId& id,
               std::string& explanation) {
    // A plan takes the same locks: it says what could be made.
    const auto device = VEXFS_TRY(FileDevice::open(options.target, {}, explanation));
    VEXFS_TRY_VOID(refuse_contents(*device, options, explanation));
    const Layout layout =
        VEXFS_TRY(plan(device->geometry().size_bytes, options, format, explanation));
    if (!options.dry_run)
        VEXFS_TRY_VOID(write_volume(*device, options, format, explanation));
    return tell(layout, options, id);
}

} // namespace

Status make_volume(const MkfsOptions& options, std::string& explanation) {
    FormatOptions format;
    const VolumeId id = options.volume_id ? *options.volume_id : VEXFS_TRY(random_volume_id());
    std::copy(id.begin(), id.end(), format.volume_id.begin());
    format.label = options.label;

    if (!options.size_bytes)
        return make_in(options, format, id, explanation);
    const uint64_t size = *options.size_bytes / kBlockBytes * kBlockBytes;
    const Layout layout = VEXFS_TRY(plan(size, options, format, explanation));
    if (options.dry_run) {
        VEXFS_TRY_VOID(refuse_existing(options.target, explanation));
        return tell(layout, options, id);
    }
    VEXFS_TRY_VOID(create_image_file(options.target, size, explanation));
    const Status made = make_in(options, format, id, explanation);
    if (!made)
        ::unlink(options.target.c_str());
    return made;
}

} // namespace vexfs
