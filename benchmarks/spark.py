"""Synthetic targets on Spark, committed and drawn from: `python benchmarks/spark.py [rows] [master] [shared folder]`.

Without a master everything runs in this process on two threads. Prints one JSON object; `first_commit_s` holds the
compilation of Spark's own code, which a cluster pays once.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.spark import SparkTable

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
DISTRICTS = 500


def targets(spark: Any, rows: int) -> Any:
    """Firms in no order: an id of 18 characters, one of 500 districts, one of four risk classes."""
    number = f.expr(f"(id * 7919 + 13) % {rows}")
    return spark.range(rows).select(
        f.format_string("91530102HC%08d", number).alias("id"),
        f.concat(f.lit("district-"), f.lpad((f.col("id") % DISTRICTS).cast("string"), 3, "0")).alias("district"),
        f.substring(f.lit("ABCD"), (f.col("id") % 4).cast("int") + 1, 1).alias("risk"),
    )


def main(rows: int, master: str, place: str) -> dict[str, Any]:
    made = SparkSession.builder.master(master).appName("dblrandom benchmark").config("spark.ui.enabled", "false")
    made = made.config("spark.ui.showConsoleProgress", "false").config("spark.driver.memory", "2g")
    spark = made.config("spark.sql.shuffle.partitions", "16").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    figures: dict[str, Any] = {"rows": rows, "spark": spark.version, "master": master}

    def timed(name: str, act: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = act()
        figures[f"{name}_s"] = round(time.perf_counter() - start, 2)
        return found

    timed("write", lambda: targets(spark, rows).write.parquet(f"{place}/targets"))
    table = spark.read.parquet(f"{place}/targets")
    timed("first_commit", lambda: EngineRoster.commit(SparkTable(table.limit(10_000), name="targets", id="id")))
    roster = timed("commit", lambda: EngineRoster.commit(SparkTable(table, name="targets", id="id")))
    whole = timed("frame", lambda: roster.frame({}, (), where="benchmark"))
    timed("draw_1000", lambda: whole.lowest(KEY, {(): 1000}))
    timed("draw_1_percent", lambda: whole.lowest(KEY, {(): rows // 100}))
    parts = timed("frame_strata", lambda: roster.frame({}, ("district",), where="benchmark"))
    timed("draw_strata", lambda: parts.lowest(KEY, {s: size // 1000 + 1 for s, size in parts.sizes().items()}))
    (first,) = whole.lowest(KEY, {(): 1})[()]
    timed("prove", lambda: roster.prove(first[32:].decode()))
    figures["root"] = roster.manifest.root
    return figures


if __name__ == "__main__":
    words = sys.argv[1:]
    # On a cluster the folder has to be one that all its nodes see.
    with tempfile.TemporaryDirectory(dir=words[2] if words[2:] else None) as folder:
        told = main(int(float(words[0])) if words else 1_000_000, words[1] if words[1:] else "local[2]", folder)
    print(json.dumps(told))
