// SPDX-License-Identifier: Apache-2.0
//
// What another program has put on a file or block device, as libblkid recognises it. mkfs and open
// use it to refuse what is not theirs, by name.
//
// Threads: functions.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace vexfs {

struct Signature {
    std::string type; // "ext4", "crypto_LUKS", "gpt partition table"
    std::string label;
    std::string uuid;
};

// "ext4 labelled 'data' (uuid 0123...)".
std::string describe(const Signature& signature);

// The signature on an open file or block device, or nothing if libblkid knows none; EIO if it
// cannot be read. A target with several signatures has the type "several signatures". VexFS is not
// one of those: its label is read by the store.
Result<std::optional<Signature>> probe_signature(int descriptor);

// EEXIST, with a sentence that names it, if the target carries a signature: whoever put it there
// has written over what was ours.
Status refuse_foreign(const std::string& path, int descriptor, std::string& explanation);

} // namespace vexfs
