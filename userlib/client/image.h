// SPDX-License-Identifier: Apache-2.0
//
// The images that this process has open: each once, however many nodes and volumes use it.
//
// The engine of an image is in libvexfs-local.so, which is loaded when the first image is opened
// and stays. It must be of this release: the two are installed side by side.
//
// Threads: any; one lock guards the list.
#pragma once

#include "userlib/client/reason.h"
#include "userlib/frontend/local/vexfs_local.h"

struct image;

// Takes a target "IMAGE:/PATH" apart and makes one more use of the image, which is opened for
// reading only unless it is open already. `path` lies in the target. 0 with image NULL: it is a
// path of the system.
int image_of_target(const char* target, struct image** image, const char** path,
                    struct vexfs_reason* reason);
// One more use, one less; NULL is accepted.
void image_use(struct image* image);
void image_release(struct image* image);

const struct vexfs_local_calls* image_calls(const struct image* image);
struct vexfs_local* image_local(const struct image* image);
const char* image_path(const struct image* image); // as it was given
