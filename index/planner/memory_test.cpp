// SPDX-License-Identifier: Apache-2.0
//
// Each allocation of the C++ library fails once: what was asked for is done, or is ENOMEM and can
// be asked for again. No exception comes out.
#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "index/graph/change_record.h"
#include "index/graph/consolidate.h"
#include "index/graph/graph_export.h"
#include "index/graph/graph_loader.h"
#include "index/planner/index.h"
#include "index/planner/test_rows.h"

namespace {

// Counted down by the allocations of the thread that set it; the one at 1 fails.
thread_local uint64_t until_failure = 0;

void* allocate(size_t size, size_t alignment) {
    const bool fails = until_failure > 0 && --until_failure == 0;
    void* memory =
        fails ? nullptr : std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

} // namespace

void* operator new(size_t size) {
    return allocate(size, alignof(std::max_align_t));
}
void* operator new(size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    std::free(memory);
}

using namespace vexfs;
using namespace vexfs::index;

namespace {

// Calls verb() with the n-th allocation failing, for each n, until none fails.
template <typename Verb>
uint64_t fail_each(Verb verb) {
    for (uint64_t n = 1;; ++n) {
        CAPTURE(n);
        until_failure = n;
        const auto result = verb();
        const bool struck = until_failure == 0;
        until_failure = 0;
        if (!struck) {
            REQUIRE(result.has_value());
            return n - 1;
        }
        if (!result)
            REQUIRE(result.error().code == Code::kENOMEM);
    }
}

} // namespace

TEST_CASE("memory: an index is made, filled and searched, or it is ENOMEM") {
    const TestRows rows(1500, 71);
    const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                               rows.data(),   kTestDim * 4, 300};
    std::unique_ptr<Index> index;
    const auto create = [&]() -> Status {
        index = VEXFS_TRY(Index::create(sample, {}));
        return ok();
    };
    CHECK(fail_each(create) > 20);
    SearchScratch scratch;
    for (uint32_t slot = 0; slot < rows.count(); ++slot) {
        fail_each([&]() -> Status {
            const Status put = index->put(slot, rows.row(slot), scratch);
            return put || put.error().code != Code::kEEXIST ? put : ok();
        });
    }
    CHECK(index->live_rows() == rows.count());
    for (const Plan plan : {Plan::kExact, Plan::kCodeScan, Plan::kWalk}) {
        SearchRequest request{rows.query(0)};
        request.exact = plan == Plan::kExact;
        if (!request.exact)
            request.forced = plan;
        CHECK(fail_each([&] {
                  SearchScratch fresh;
                  std::vector<Neighbor> found;
                  return index->search(request, fresh, found);
              }) > 0);
    }
}

TEST_CASE("memory: a round of consolidation goes on after any ENOMEM and loses no slot") {
    const TestRows rows(80, 72);
    SearchScratch scratch;
    const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                               rows.data(),   kTestDim * 4, rows.count()};
    for (uint64_t n = 1;; ++n) {
        CAPTURE(n);
        const auto index = Index::create(sample, {}).value();
        // Each row has a copy, which inherits its place.
        for (uint32_t slot = 0; slot < 2 * rows.count(); ++slot)
            REQUIRE(index->put(slot, rows.row(slot / 2), scratch));
        for (uint32_t slot = 0; slot < rows.count(); slot += 2)
            REQUIRE(index->remove(slot));
        GraphCore& core = const_cast<Graph&>(index->graph()).core();
        Consolidation consolidation(core);
        std::vector<uint32_t> released;
        until_failure = n;
        uint32_t failures = 0;
        for (auto progress = Consolidation::Progress::kWorking;
             progress != Consolidation::Progress::kIdle;) {
            const auto done = consolidation.step(20, scratch.walk, released);
            failures += !done;
            progress = done ? *done : Consolidation::Progress::kWorking;
        }
        const bool struck = until_failure == 0;
        until_failure = 0;
        REQUIRE(failures == (struck ? 1 : 0));
        REQUIRE(released.size() == rows.count() / 2);
        REQUIRE(index->live_rows() == 2 * rows.count() - rows.count() / 2);
        SearchRequest request{rows.row(0)};
        std::vector<Neighbor> found;
        request.k = index->live_rows();
        REQUIRE(index->search(request, scratch, found));
        REQUIRE(found.size() == index->live_rows());
        if (!struck)
            break;
    }
}

TEST_CASE("memory: a graph is loaded, or it is ENOMEM") {
    const TestRows rows(300, 73);
    SearchScratch scratch;
    const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                               rows.data(),   kTestDim * 4, rows.count()};
    const auto index = Index::create(sample, {}).value();
    for (uint32_t slot = 0; slot < 2 * rows.count(); ++slot)
        REQUIRE(index->put(slot, rows.row(slot / 2), scratch));
    ChangeWriter writer;
    std::vector<std::byte> records;
    const auto export_all = [&]() -> Status {
        export_graph(index->graph().core(), writer);
        records = VEXFS_TRY(writer.take());
        return ok();
    };
    CHECK(fail_each(export_all) > 5);
    const auto load = [&]() -> Status {
        const std::unique_ptr<Graph> graph = VEXFS_TRY(Graph::create(index->graph().config()));
        GraphLoader loader(*graph, index->graph().slot_end());
        for (uint32_t slot = 0; slot < 2 * rows.count(); ++slot)
            VEXFS_TRY_VOID(loader.add_code(slot, index->graph().code(slot)));
        VEXFS_TRY_VOID(loader.apply(records));
        const LoadReport report = VEXFS_TRY(loader.finish());
        return report.linked == 2 * rows.count() ? ok() : fail(Code::kEIO, "a row is not linked");
    };
    CHECK(fail_each(load) > 20);
}
