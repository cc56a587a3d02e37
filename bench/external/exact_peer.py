#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Compares every row with the query, in Python alone: the slowest peer, and always there."""
import heapq
import math
import platform
from operator import mul, sub

from adapter import Peer, serve


class Exact(Peer):
    name = "exact-python"
    version = platform.python_version()
    efforts = (1,)

    def build(self, base, queries, wanted):
        self.metric = wanted["metric"]
        self.rows = [base.row(i) for i in range(base.rows)]
        self.queries = [queries.row(i) for i in range(queries.rows)]
        if self.metric == "cosine":
            self.rows = [unit(row) for row in self.rows]
        return {"description": "a scan of all rows", "bytes": 4 * len(base.values),
                "file_bytes": 4 * len(base.values)}

    def search(self, query, k):
        wanted = self.queries[query]
        distance = squared if self.metric == "l2" else negated_dot
        nearest = heapq.nsmallest(
            k, ((distance(row, wanted), number) for number, row in enumerate(self.rows)))
        return [number for _, number in nearest]


def unit(row):
    length = math.sqrt(sum(map(mul, row, row)))
    return [value / length for value in row] if length > 0 else row


def squared(one, other):
    apart = list(map(sub, one, other))
    return sum(map(mul, apart, apart))


def negated_dot(one, other):
    return -sum(map(mul, one, other))


serve(Exact())
