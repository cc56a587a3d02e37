#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""usearch 2, from PyPI, with NumPy: its HNSW over floats."""
import os
import tempfile

from adapter import Peer, serve

METRICS = {"l2": "l2sq", "cosine": "cos", "dot": "ip"}


class Usearch(Peer):
    name = "usearch"

    def open(self):
        import numpy
        import usearch
        from usearch.index import Index
        self.numpy, self.make, self.version = numpy, Index, usearch.__version__

    def matrix(self, vectors):
        values = self.numpy.frombuffer(vectors.values, dtype=self.numpy.float32)
        return values.reshape(vectors.rows, vectors.dim)

    def build(self, base, queries, wanted):
        self.index = self.make(ndim=base.dim, metric=METRICS[wanted["metric"]], dtype="f32",
                               connectivity=wanted["links"],
                               expansion_add=wanted["build_effort"])
        self.queries = self.matrix(queries)
        self.index.add(self.numpy.arange(base.rows), self.matrix(base), threads=wanted["threads"])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "index")
            self.index.save(path)
            file_bytes = os.path.getsize(path)
        return {"description": "HNSW over f32", "bytes": self.index.memory_usage,
                "file_bytes": file_bytes}

    def prepare(self, effort, k, processor):
        self.index.expansion_search = effort

    def search(self, query, k):
        return self.index.search(self.queries[query], k, threads=1).keys


serve(Usearch())
