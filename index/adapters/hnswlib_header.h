// SPDX-License-Identifier: Apache-2.0
//
// What hnswlib includes, included before it.
//
// hnswlib defines functions that are neither inline nor static, and templates whose code depends on
// the compiler's flags. Each file here that needs it includes this header and then
// <hnswlib/hnswlib.h> inside an unnamed namespace, so that no two files share a symbol of it.
// Everything the library includes itself must stand here, outside.
//
// Threads: nothing here has state.
#pragma once

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <x86intrin.h>
#endif
