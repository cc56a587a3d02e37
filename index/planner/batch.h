// SPDX-License-Identifier: Apache-2.0
//
// Several searches that differ in their query alone.
//
// Where the planner would scan codes, up to kBatchQueries queries share one scan: rows are read
// once and meet all queries in registers. A batch makes a scan so much cheaper that it is taken for
// more rows than one query alone would scan. Walks share nothing: they are done one after the
// other.
//
// Threads: as search().
#pragma once

#include <span>
#include <vector>

#include "index/flat/code_scan.h"
#include "index/planner/searcher.h"

namespace vexfs::index {

// The working memory of one thread's batches.
// Threads: one thread each.
struct BatchScratch {
    SearchScratch search;
    BatchScanScratch scan;
    std::vector<QueryCode> codes;
};

// For each query what search() with it in the place of request.query would find, into found[i] and
// reports[i]; a scan that was shared may have come in the place of a walk. Of a shared scan each
// report has its part of the bytes. The error of one query is that of all.
Status search_batch(const SearchTarget& target, const SearchRequest& request,
                    std::span<const VectorView> queries, BatchScratch& scratch,
                    std::span<std::vector<Neighbor>> found, std::span<SearchReport> reports);

} // namespace vexfs::index
