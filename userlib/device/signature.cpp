// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/signature.h"

#include <cerrno>
#include <memory>

#include <blkid.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "userlib/device/file_descriptor.h"

namespace vexfs {

namespace {

struct FreeProbe {
    void operator()(blkid_probe probe) const { ::blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<blkid_struct_probe, FreeProbe>;

constexpr int kFound = 0;
constexpr int kNothing = 1;
constexpr int kSeveral = -2;

std::string value_of(blkid_probe probe, const char* name) {
    const char* text = nullptr;
    if (::blkid_probe_lookup_value(probe, name, &text, nullptr) != 0 || text == nullptr)
        return {};
    return text;
}

} // namespace

std::string describe(const Signature& signature) {
    std::string text = signature.type;
    if (!signature.label.empty())
        text += " labelled '" + signature.label + "'";
    if (!signature.uuid.empty())
        text += " (uuid " + signature.uuid + ")";
    return text;
}

Result<std::optional<Signature>> probe_signature(int descriptor) {
    struct stat found {};
    if (::fstat(descriptor, &found) != 0)
        return fail(code_from_errno(errno), "signature: stat");
    if (S_ISREG(found.st_mode) && found.st_size == 0)
        return std::optional<Signature>();
    const Probe probe(::blkid_new_probe());
    if (!probe)
        return fail(Code::kENOMEM, "signature: probe");
    // libblkid reads at any offset, which direct I/O refuses: it gets a description of its own.
    const std::string itself = "/proc/self/fd/" + std::to_string(descriptor);
    const FileDescriptor file(::open(itself.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file.is_open())
        return fail(code_from_errno(errno), "signature: open");
    if (::blkid_probe_set_device(probe.get(), file.raw(), 0, 0) != 0)
        return fail(Code::kEIO, "signature: the target cannot be probed");
    ::blkid_probe_enable_superblocks(probe.get(), 1);
    ::blkid_probe_set_superblocks_flags(probe.get(),
                                        BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID);
    ::blkid_probe_enable_partitions(probe.get(), 1);

    switch (::blkid_do_safeprobe(probe.get())) {
    case kFound: {
        Signature signature{value_of(probe.get(), "TYPE"), value_of(probe.get(), "LABEL"),
                            value_of(probe.get(), "UUID")};
        if (signature.type.empty())
            signature.type = value_of(probe.get(), "PTTYPE") + " partition table";
        return std::optional(std::move(signature));
    }
    case kNothing:
        return std::optional<Signature>();
    case kSeveral:
        return std::optional(Signature{"several signatures", {}, {}});
    default:
        return fail(Code::kEIO, "signature: the target cannot be probed");
    }
}

Status refuse_foreign(const std::string& path, int descriptor, std::string& explanation) {
    const auto signature = VEXFS_TRY(probe_signature(descriptor));
    if (!signature)
        return ok();
    explanation = path + " holds " + describe(*signature) + ", not a VexFS volume";
    return fail(Code::kEEXIST, "signature: it is another program's");
}

} // namespace vexfs
