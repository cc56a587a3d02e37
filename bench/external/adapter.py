# SPDX-License-Identifier: Apache-2.0
"""What adapters share: the lines of README.md, and files of vectors."""
import array
import json
import struct
import sys
import time


class Absent(Exception):
    """What the adapter stands for is not installed here, or not reachable."""


class Peer:
    """An index behind the lines. A subclass has open(), build(), prepare() and search()."""

    # Set by open().
    name = ""
    version = ""
    efforts = ()  # instead of the sweep's, if one number of that kind means nothing here

    def open(self):
        """Raises Absent if there is nothing to measure."""

    def build(self, base, queries, wanted):
        """Indexes base; returns description, bytes and file_bytes, whatever of it is known."""
        raise NotImplementedError

    def prepare(self, effort, k, processor):
        """Called before searches with these, outside of what is timed."""

    def search(self, query, k):
        """Row numbers nearest to the query of this number, nearest first."""
        raise NotImplementedError


class Vectors:
    """The rows of an fbin file: `values` has `rows` times `dim` floats."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.rows, self.dim = struct.unpack("<II", file.read(8))
            self.values = array.array("f")
            self.values.fromfile(file, self.rows * self.dim)
        if sys.byteorder != "little":
            self.values.byteswap()

    def row(self, number):
        return self.values[number * self.dim:(number + 1) * self.dim]


def build(peer, asked):
    base = Vectors(asked["base"])
    queries = Vectors(asked["query"])
    start = time.perf_counter()
    told = peer.build(base, queries, asked)
    return dict(told, seconds=told.get("seconds", time.perf_counter() - start))


def search(peer, asked):
    peer.prepare(asked["effort"], asked["k"], asked["processor"])
    slots, times = [], []
    for query in asked["queries"]:
        start = time.perf_counter_ns()
        found = peer.search(query, asked["k"])
        times.append(time.perf_counter_ns() - start)
        slots.append([int(row) for row in found])
    return {"slots": slots, "ns": times}


def answer(peer, asked):
    if asked["do"] == "hello":
        peer.open()
        return {"name": peer.name, "version": peer.version, "efforts": list(peer.efforts)}
    if asked["do"] == "build":
        return build(peer, asked)
    if asked["do"] == "search":
        return search(peer, asked)
    raise ValueError("nothing is called " + asked["do"])


def serve(peer):
    """Answers line after line until there are no more."""
    for line in sys.stdin:
        try:
            told = answer(peer, json.loads(line))
        except (Absent, ImportError) as missing:
            told = {"absent": str(missing)}
        except Exception as error:  # whatever a library raises is an answer, too
            told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), flush=True)
