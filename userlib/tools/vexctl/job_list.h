// SPDX-License-Identifier: Apache-2.0
//
// The jobs of a collection or volume, and how they are said.
//
// Threads: one thread.
#pragma once

#include "userlib/tools/vexctl/node.h"

namespace vexfs {

Result<std::vector<vexfs_job>> list_jobs(const Node& node, Failure& failure);

const char* job_kind_name(uint32_t kind);
const char* job_state_name(uint32_t state);

Json job_json(const vexfs_job& job);
// "erase, running, 512 of 4,096 rows (12%)"
std::string job_text(const vexfs_job& job);

} // namespace vexfs
