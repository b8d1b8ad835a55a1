"""A Spark application for tests: in one process, or on a cluster of its own on this machine."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from functools import cache
from typing import Any

SMALL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.default.parallelism": "2",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def java() -> str | None:
    """The Java that Spark will use, where there is one."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")


def application(master: str = "local[2]", **more: str) -> Any:
    """A Spark connection, the one there is if there is one."""
    from pyspark.sql import SparkSession  # an optional library

    made = SparkSession.builder.master(master).appName("dblrandom tests")
    for key, value in {**SMALL, **more}.items():
        made = made.config(key, value)
    found = made.getOrCreate()
    found.sparkContext.setLogLevel("OFF")
    return found


@cache
def shared() -> Any:
    """The connection that all tests of one process share."""
    return application()


def frame(spark: Any, rows: Sequence[tuple[str | None, ...]], columns: Sequence[str], parts: int = 1) -> Any:
    """Rows of text as a DataFrame, read by the JVM: this needs no Python on the executors."""
    from pyspark.sql import functions as f  # an optional library

    names = [f"t{n}" for n in range(len(columns))]
    text = json.dumps([dict(zip(names, row, strict=True)) for row in rows])
    schema = ", ".join(f"{name}: string" for name in names)
    made = spark.range(0, 1, 1, 1).select(f.inline(f.from_json(f.lit(text), f"array<struct<{schema}>>")))
    return (made if parts == 1 else made.repartition(parts)).toDF(*columns)
