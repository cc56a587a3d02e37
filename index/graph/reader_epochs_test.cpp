// SPDX-License-Identifier: Apache-2.0
#include "index/graph/reader_epochs.h"

#include <memory>
#include <vector>

#include <doctest/doctest.h>

using namespace vexfs::index;

TEST_CASE("epochs: a thousand guards are held at once, and each of them holds its epoch up") {
    ReaderEpochs epochs;
    uint32_t hint = 0;
    std::vector<std::unique_ptr<ReaderEpochs::Guard>> guards;
    for (int i = 0; i < 1000; ++i)
        guards.push_back(std::make_unique<ReaderEpochs::Guard>(epochs, hint));
    const uint64_t epoch = epochs.advance();
    for (; !guards.empty(); guards.pop_back())
        CHECK(!epochs.all_past(epoch));
    CHECK(epochs.all_past(epoch));
}

TEST_CASE("epochs: guards that came later do not hold an epoch up, though cells are shared") {
    ReaderEpochs epochs;
    uint32_t hint = 0;
    auto early = std::make_unique<ReaderEpochs::Guard>(epochs, hint);
    const uint64_t epoch = epochs.advance();
    std::vector<std::unique_ptr<ReaderEpochs::Guard>> late;
    for (int i = 0; i < 200; ++i)
        late.push_back(std::make_unique<ReaderEpochs::Guard>(epochs, hint));
    CHECK(!epochs.all_past(epoch));
    early.reset();
    CHECK(epochs.all_past(epoch));
    CHECK(!epochs.all_past(epochs.advance()));
    late.clear();
    CHECK(epochs.all_past(epochs.advance()));
}
