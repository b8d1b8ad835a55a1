"""Draws on a Spark cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cluster
import pytest

from dblrandom.adapters.engines.spark import SparkTable
from dblrandom.adapters.engines.table import Leaf
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.testing import EngineConformance

pytest.importorskip("pyspark")
if cluster.java() is None:
    pytest.skip("Spark needs Java 17, which is not here", allow_module_level=True)


class ReadOnce(SparkTable):
    """Remembers its pages' hashes, so that the suite's many commitments to one table cost one reading."""

    def leaves(self, suite: Suite, page_rows: int) -> Iterator[Leaf] | None:
        if not hasattr(self, "read"):
            self.read = list(super().leaves(suite, page_rows) or ())
        return iter(self.read)


class TestSparkTable(EngineConformance):
    suites = (SHA256,)
    examples = 2
    page_counts = (1, 513)

    def make_table(self, rows: Sequence[tuple[str, ...]], columns: Sequence[str]) -> SparkTable:
        return ReadOnce(cluster.frame(cluster.shared(), rows, columns, 2), name="targets", id="id")
