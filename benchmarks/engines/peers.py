"""Other samplers, drawing 1,000 ids from the same rows, and what each can show of its draw afterwards."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
from measuring import Times, measured
from ours import KEY, THOUSAND

COUNT = 1000
CAN_SHOW = {
    "dblrandom": "the list was committed to before the seed existed; each id is on it or not; the draw, from ids alone",
    "duckdb, sha256": "the draw, from ids alone",
    "consistent_sampler": "the draw, from ids alone",
    "cryptorandom": "the draw, given the list in its order",
    "numpy": "the draw, given the list in its order and the version of the library; not cryptographic",
    "pandas": "as numpy",
    "polars": "as numpy",
    "spark": "as numpy, given the partitions too; draws about as many as asked for",
}
LARGEST = {"consistent_sampler": 10**6, "cryptorandom": 10**6}
"""Beyond so many rows they take minutes; the others are measured up to ten million."""


def draw(place: Path, library: str) -> Times:
    """Draw with one of them: from a list in memory, or, for those that read files, from the files."""
    found: Times = {}
    act = _SAMPLERS[library](importlib.import_module(_MODULES.get(library, library)), place)
    with measured(found, THOUSAND):
        act()
    return found


def _ids(place: Path) -> Any:
    return ds.dataset(place).to_table(columns=["id"]).column(0)


def _duckdb(module: Any, place: Path) -> Callable[[], Any]:
    base = module.connect()
    base.execute("set threads to 1")
    text = f"select id from '{place}/*.parquet' order by sha256('{KEY}:' || id) limit {COUNT}"
    return lambda: base.sql(text).fetchall()


def _consistent_sampler(module: Any, place: Path) -> Callable[[], Any]:
    ids = _ids(place).to_pylist()
    return lambda: list(module.sampler(ids, seed=KEY, take=COUNT, output="id"))


def _cryptorandom(module: Any, place: Path) -> Callable[[], Any]:
    ids = _ids(place).to_pylist()
    sample = importlib.import_module("cryptorandom.sample")
    return lambda: sample.random_sample(ids, COUNT, prng=module.SHA256(KEY))


def _numpy(module: Any, place: Path) -> Callable[[], Any]:
    count = len(_ids(place))
    return lambda: module.random.default_rng(1).choice(count, COUNT, replace=False)


def _pandas(module: Any, place: Path) -> Callable[[], Any]:
    ids = module.Series(_ids(place).to_pylist())
    return lambda: ids.sample(COUNT, random_state=1)


def _polars(module: Any, place: Path) -> Callable[[], Any]:
    ids = module.from_arrow(_ids(place))
    return lambda: ids.sample(COUNT, seed=1)


def _spark(module: Any, place: Path) -> Callable[[], Any]:
    made = module.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    running = made.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    ids = running.read.parquet(str(place)).select("id")
    rows = ids.count()  # starts what a cluster has running
    return lambda: ids.sample(COUNT / rows, seed=1).collect()


_MODULES = {"duckdb, sha256": "duckdb", "spark": "pyspark.sql", "cryptorandom": "cryptorandom.cryptorandom"}
_SAMPLERS: dict[str, Callable[[Any, Path], Callable[[], Any]]] = {
    "duckdb, sha256": _duckdb,
    "consistent_sampler": _consistent_sampler,
    "cryptorandom": _cryptorandom,
    "numpy": _numpy,
    "pandas": _pandas,
    "polars": _polars,
    "spark": _spark,
}
LIBRARIES = tuple(_SAMPLERS)
