// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/isa.h"

#include <cstdlib>
#include <doctest/doctest.h>

using namespace vexfs;
using namespace vexfs::index;

TEST_CASE("isa: every instruction set is found by its name and no other name is") {
    for (Isa isa : kAllIsas) {
        Result<Isa> found = isa_named(name_of(isa));
        REQUIRE(found);
        CHECK(*found == isa);
    }
    for (const char* name : {"", "AVX2", "avx", "avx512 "}) {
        Result<Isa> found = isa_named(name);
        REQUIRE_FALSE(found);
        CHECK(found.error().code == Code::kEINVAL);
    }
}

TEST_CASE("isa: the best one is supported and supports what it contains") {
    CHECK(is_supported(Isa::kScalar));
    CHECK(is_supported(best_isa()));
    if (is_supported(Isa::kAvx512))
        CHECK(is_supported(Isa::kAvx2));
}

TEST_CASE("isa: VEXFS_ISA decides if it names a supported one") {
    const char* wanted = std::getenv("VEXFS_ISA"); // NOLINT(concurrency-mt-unsafe): one thread
    Isa expected = best_isa();
    if (wanted != nullptr) {
        Result<Isa> named = isa_named(wanted);
        if (named && is_supported(*named))
            expected = *named;
    }
    CHECK(chosen_isa() == expected);
}
