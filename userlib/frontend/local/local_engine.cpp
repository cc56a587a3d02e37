// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/local/local_engine.h"

namespace vexfs {

Result<std::shared_ptr<LocalEngine>> LocalEngine::open(const std::string& image,
                                                       const VolumeOptions& options,
                                                       std::string& explanation) {
    DeviceSpec spec;
    spec.path = image;
    auto volume = VEXFS_TRY(Volume::open(spec, options, explanation));
    volume->set_front_end(R"({"kind": "local"})");
    auto engine = std::make_shared<LocalEngine>(std::move(volume));
    const Caller nobody_in_particular{0, 0, {}, true};
    LocalRequest mount(*engine, nobody_in_particular, VEXFS_REQ_MOUNT, 0);
    engine->root_ = VEXFS_TRY(mount.fetch<vexfs_rep_mount>(vexfs_req_mount{}, {})).root.ino;
    return engine;
}

} // namespace vexfs
