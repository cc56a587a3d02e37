// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/image_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>

#include <fcntl.h>

#include "userlib/device/device.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

Status create_image_file(const std::string& path, uint64_t size_bytes, std::string& explanation) {
    auto refuse = [&](const char* what) {
        const int error = errno;
        explanation = path + ": " + ::strerrordesc_np(error);
        return fail(code_from_errno(error), what);
    };
    if (size_bytes == 0 || size_bytes % kBlockBytes != 0 ||
        size_bytes > static_cast<uint64_t>(std::numeric_limits<off_t>::max())) {
        explanation = path + ": the size is not a positive multiple of 4 KiB";
        return fail(Code::kEINVAL, "image: size");
    }
    const FileDescriptor file(
        ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOCTTY, 0600));
    if (!file.is_open())
        return refuse("image: create");
    auto take_back = [&](const char* what) {
        const Error error = refuse(what);
        ::unlink(path.c_str());
        return error;
    };
    if (::ftruncate(file.raw(), static_cast<off_t>(size_bytes)) != 0 || ::fsync(file.raw()) != 0)
        return take_back("image: size");
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    const FileDescriptor folder(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open() || ::fsync(folder.raw()) != 0)
        return take_back("image: name");
    return ok();
}

} // namespace vexfs
