#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: Apache-2.0
"""pgvector 0.5 or later in a PostgreSQL that VEXFS_BENCH_POSTGRES names, by psycopg 3: its HNSW.

The variable is a connection string, such as "dbname=test". A table vexfs_bench is made there and
dropped at the end.
"""
import os
import time

from adapter import Absent, Peer, serve

CLASSES = {"l2": ("vector_l2_ops", "<->"), "cosine": ("vector_cosine_ops", "<=>"),
           "dot": ("vector_ip_ops", "<#>")}
EFFORT_MAX = 1000


def text_of(row):
    return "[" + ",".join(map(repr, row)) + "]"


class Pgvector(Peer):
    name = "pgvector"

    def open(self):
        where = os.environ.get("VEXFS_BENCH_POSTGRES")
        if not where:
            raise Absent("VEXFS_BENCH_POSTGRES names no PostgreSQL")
        import psycopg
        try:
            self.server = psycopg.connect(where, autocommit=True)
            self.server.execute("create extension if not exists vector")
        except psycopg.Error as error:
            raise Absent(str(error).strip().replace("\n", "; ")) from error
        self.version = self.one("select extversion from pg_extension where extname = 'vector'")

    def one(self, question):
        return self.server.execute(question).fetchone()[0]

    def build(self, base, queries, wanted):
        kind, self.operator = CLASSES[wanted["metric"]]
        self.queries = [text_of(queries.row(i)) for i in range(queries.rows)]
        self.server.execute("drop table if exists vexfs_bench")
        self.server.execute(
            f"create unlogged table vexfs_bench (number int, vector vector({base.dim}))")
        start = time.perf_counter()
        with self.server.cursor() as cursor:
            with cursor.copy("copy vexfs_bench from stdin") as copy:
                for i in range(base.rows):
                    copy.write_row((i, text_of(base.row(i))))
        self.server.execute(f"set max_parallel_maintenance_workers = {wanted['threads'] - 1}")
        self.server.execute(f"create index on vexfs_bench using hnsw (vector {kind}) with "
                            f"(m = {wanted['links']}, ef_construction = {wanted['build_effort']})")
        seconds = time.perf_counter() - start
        self.server.execute("set enable_seqscan = off")
        self.question = (f"select number from vexfs_bench order by vector {self.operator} "
                         f"%s::vector limit %s")
        size = self.one("select pg_total_relation_size('vexfs_bench')")
        return {"description": "HNSW in PostgreSQL " + self.one("show server_version"),
                "bytes": size, "file_bytes": size, "seconds": seconds}

    def prepare(self, effort, k, processor):
        self.server.execute(f"set hnsw.ef_search = {min(effort, EFFORT_MAX)}")
        # The server's process, if it is one of this machine and of this user.
        try:
            os.sched_setaffinity(self.one("select pg_backend_pid()"), {processor})
        except OSError:
            pass

    def search(self, query, k):
        found = self.server.execute(self.question, (self.queries[query], k), prepare=True)
        return [row[0] for row in found]


peer = Pgvector()
serve(peer)
if hasattr(peer, "server"):
    peer.server.execute("drop table if exists vexfs_bench")
