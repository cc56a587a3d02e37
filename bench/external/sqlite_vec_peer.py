#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""sqlite-vec 0.1, from PyPI: a virtual table that compares every row."""
import os
import sqlite3
import tempfile

from adapter import Absent, Peer, serve

METRICS = {"l2": "L2", "cosine": "cosine"}


class SqliteVec(Peer):
    name = "sqlite-vec"
    efforts = (1,)

    def open(self):
        import sqlite_vec
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "rows.db")
        self.base = sqlite3.connect(self.path, isolation_level=None)
        if not hasattr(self.base, "enable_load_extension"):
            raise Absent("this Python's sqlite3 loads no extensions")
        self.base.enable_load_extension(True)
        sqlite_vec.load(self.base)
        self.version = self.base.execute("select vec_version()").fetchone()[0]

    def build(self, base, queries, wanted):
        metric = METRICS.get(wanted["metric"])
        if metric is None:
            raise ValueError("sqlite-vec has no metric " + wanted["metric"])
        self.queries = [queries.row(i).tobytes() for i in range(queries.rows)]
        self.base.execute(f"create virtual table rows using vec0("
                          f"vector float[{base.dim}] distance_metric={metric})")
        self.base.execute("begin")
        self.base.executemany("insert into rows(rowid, vector) values (?, ?)",
                              ((i, base.row(i).tobytes()) for i in range(base.rows)))
        self.base.execute("commit")
        size = os.path.getsize(self.path)
        return {"description": "a scan of all rows in a vec0 table", "bytes": size,
                "file_bytes": size}

    def search(self, query, k):
        found = self.base.execute(
            "select rowid from rows where vector match ? and k = ? order by distance",
            (self.queries[query], k))
        return [row[0] for row in found]


serve(SqliteVec())
