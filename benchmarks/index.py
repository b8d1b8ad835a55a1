"""What a firm's question costs: one proof with an index, and without one, where the roster is opened for it.

    python benchmarks/index.py [ROWS ...]

Synthetic rows, sorted by id. Each question is asked of a roster that is opened for it, as by a service or a command
that starts anew. Medians of several, in CPU seconds of all threads, which other work on the machine changes little.
"""

from __future__ import annotations

import gc
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dblrandom import open_indexed, open_roster

ASKED = 15


def write(count: int, folder: Path) -> dict[str, str | Path]:
    ids = [f"91530102MA{n:08d}" for n in range(count)]
    districts = [f"district-{n * 7919 % 500:03d}" for n in range(count)]
    pq.write_table(pa.table({"id": ids, "district": districts}), folder / "firms.parquet")
    with (folder / "firms.tsv").open("w", encoding="utf-8") as file:
        file.write("id\tdistrict\n")
        file.writelines(f"{a}\t{b}\n" for a, b in zip(ids, districts, strict=True))
    with sqlite3.connect(folder / "base.db") as base:
        base.execute("CREATE TABLE firms (id TEXT PRIMARY KEY, district TEXT)")
        base.executemany("INSERT INTO firms VALUES (?, ?)", zip(ids, districts, strict=True))
    base.close()
    return {
        "parquet": folder / "firms.parquet",
        "canonical file": folder / "firms.tsv",
        "sqlite": f"sqlite:///{folder / 'base.db'}#firms",
    }


def timed(act: Callable[[int], Any], times: int) -> float:
    found = []
    for number in range(times):
        gc.collect()
        start = time.process_time()
        act(number)
        found.append(time.process_time() - start)
    return median(found)


def measure(count: int) -> list[dict[str, Any]]:
    found = []
    with tempfile.TemporaryDirectory() as name:
        for kind, place in write(count, Path(name)).items():
            index = Path(name) / f"{kind}.index"
            with open_roster(
                place, name="targets", id="id", engine=None if kind == "sqlite" else "datafusion"
            ) as whole:
                made = timed(lambda _, whole=whole, index=index: whole.save_index(index), 1)

            def without(number: int, place: Any = place) -> None:
                with open_roster(place, name="targets", id="id") as roster:
                    roster.prove(f"91530102MA{number * 7919 % count:08d}")

            def with_index(number: int, place: Any = place, index: Path = index) -> None:
                with open_indexed(place, index) as roster:
                    roster.prove(f"91530102MA{number * 7919 % count:08d}")

            slow, fast = timed(without, 2), timed(with_index, ASKED)
            found.append(
                {
                    "rows": count,
                    "place": kind,
                    "without_cpu_s": round(slow, 4),
                    "with_cpu_s": round(fast, 5),
                    "ratio": round(slow / fast),
                    "index_bytes": index.stat().st_size,
                    "make_cpu_s": round(made, 3),
                }
            )
    return found


if __name__ == "__main__":
    for rows in map(int, sys.argv[1:] or ["200000", "1000000"]):
        for line in measure(rows):
            print(json.dumps(line))
