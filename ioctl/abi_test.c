// SPDX-License-Identifier: Apache-2.0
//
// Both headers as C11: their layout is asserted while this compiles.
#include "ioctl/abi_asserts.h"
