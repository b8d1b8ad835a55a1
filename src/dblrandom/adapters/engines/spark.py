"""Rosters and draws on a Spark cluster (docs/engines/spark.md).

Pages are hashed and tickets are computed on the executors, by Spark's own expressions; page hashes and candidates
travel to the driver. Nothing depends on how the rows are partitioned: ids are sorted by their bytes, and what comes
back is checked, page by page, to be full, ascending and complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dblrandom.adapters.engines._sparkrules import (
    failing,
    faulty,
    functions,
    line,
    local,
    name_fault,
    name_twice,
    streamed,
    texts,
)
from dblrandom.adapters.engines._sparkscan import SparkReading
from dblrandom.adapters.engines.reading import ReadingTable
from dblrandom.adapters.engines.table import Page, check_asked
from dblrandom.errors import RosterError
from dblrandom.kernel.suite import Suite
from dblrandom.model.portable import Bound

__all__ = ["SparkTable"]

_PLACE_BITS = 33
"""Spark numbers rows by partition, in the upper bits, and by place in it, in the lower 33."""


class SparkTable(Bound, ReadingTable):
    """The rows of a Spark DataFrame, as they are each time that they are asked for; give it a snapshot.

    Args:
        dataframe: the rows, in any order and any partitions.
        name: the roster's name.
        id: the DataFrame's column that becomes ``id``.
        columns: the other columns to commit to, texts or whole numbers; by default all.
        rename: names of the DataFrame's columns, to the roster's.

    Raises:
        RosterError: a column that is not there, or twice, or is neither text nor a whole number; a stream.
        MissingExtra: PySpark is not installed.
    """

    _instead = "open the roster again in the other process"

    def __init__(
        self,
        dataframe: Any,
        *,
        name: str,
        id: str,  # noqa: A002  # as everywhere in the library
        columns: Sequence[str] | None = None,
        rename: Mapping[str, str] | None = None,
    ) -> None:
        self._where = f"roster {name}"
        check_asked(id, columns, rename, self._where)
        functions()
        if not hasattr(dataframe, "sortWithinPartitions"):
            raise RosterError(f"a {type(dataframe).__name__} is not a Spark DataFrame", where=self._where)
        new = dict(rename or {})
        with failing(self._where):
            if dataframe.isStreaming:
                raise RosterError("a stream has no end; commit to a table that was written from it", where=self._where)
            others = [c for c in (dataframe.columns if columns is None else columns) if c != id]
            self._rows = texts(dataframe, (id, *others), self._where)
            self._spark = dataframe.sparkSession
        self._name = name
        self._columns = ("id", *(new.get(column, column) for column in others))

    @property
    def name(self) -> str:
        """The roster's name."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's columns, ``id`` first."""
        return self._columns

    def in_order(self) -> SparkTable:
        """See :meth:`.Table.in_order`; the rows are sorted in any case."""
        return self

    def check_unchanged(self) -> None:
        """Nothing here: each scan compares all rows with those committed, in the same pass."""

    def pages(self, page_rows: int) -> Iterator[Page]:
        """See :meth:`.Table.pages`; the rows travel to the driver, sorted and joined to pages by the executors."""
        for page in self.cut(page_rows, functions().col("page").cast("binary")):
            yield Page(bytes(page["shown"]), bytes(page["first"]))

    def reading(self, suite: Suite, page_rows: int) -> SparkReading:
        """See :meth:`.ReadingTable.reading`."""
        return SparkReading(self, self._rows, self._spark, suite, page_rows, self._where)

    def cut(self, page_rows: int, shown: Any, sums: Sequence[Any] = ()) -> Iterator[Any]:
        """For each page in order a row with its ``first`` id, its number of ``rows``, and what is ``shown`` of it.

        Args:
            page_rows: the rows of a page.
            shown: an expression over the column ``page``, the page's text.
            sums: aggregates over the column ``line``, the rows' canonical lines.
        """
        with failing(self._where):
            ordered = self._sorted()
            try:
                found = streamed(self._cut(ordered, page_rows, shown, sums).orderBy("number"))
                yield from self._checked(found, page_rows)
            finally:
                ordered.unpersist()

    def some(self, page_rows: int, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """The pages of these numbers, ascending; they alone travel to the driver."""
        f = functions()
        with failing(self._where):
            ordered = self._sorted()
            try:
                numbers = f.broadcast(local(self._spark, "number: bigint", [{"number": each} for each in wanted]))
                pages = self._cut(ordered, page_rows, f.col("page").cast("binary"), ()).join(numbers, "number")
                for page in streamed(pages.orderBy("number")):
                    yield page["number"], bytes(page["shown"])
            finally:
                ordered.unpersist()

    def _sorted(self) -> Any:
        """Ids and lines in order, each with its partition and place; held, so that all that follows sees one order."""
        f = functions()
        count = len(self._columns)
        ordered = self._rows.repartitionByRange(f.col("c0")).sortWithinPartitions("c0")
        # Lines and checks come after the shuffle, for which Spark reads the rows twice, the first time for a sample.
        at = f.monotonically_increasing_id().alias("at")
        return ordered.select("c0", line(count).alias("line"), faulty(count).alias("bad"), at).persist()

    def _starts(self, ordered: Any) -> Any:
        """For each partition the number of rows in those before it."""
        f = functions()
        part = f.shiftright("at", _PLACE_BITS).alias("part")
        counted = ordered.groupBy(part).agg(f.count(f.lit(1)).alias("rows"), f.max("bad").alias("bad")).collect()
        if any(row["bad"] for row in counted):
            raise name_fault(self._rows, self._columns, self._where)
        starts, before = [], 0
        for row in sorted(counted, key=lambda row: int(row["part"])):
            starts.append({"part": row["part"], "start": before})
            before += row["rows"]
        return local(self._spark, "part: bigint, start: bigint", starts)

    def _cut(self, ordered: Any, page_rows: int, shown: Any, sums: Sequence[Any]) -> Any:
        """One row for each page: its number, rows, first and last id, whether it is out of order, what is shown."""
        f = functions()
        starts = self._starts(ordered)
        place = f.col("start") + f.col("at").bitwiseAND((1 << _PLACE_BITS) - 1)
        joined = ordered.withColumn("part", f.shiftright("at", _PLACE_BITS)).join(f.broadcast(starts), "part")
        placed = joined.select(place.alias("place"), "c0", "line")
        numbered = placed.withColumn("number", f.expr(f"place div {page_rows}")).repartitionByRange(f.col("number"))
        grouped = numbered.groupBy("number").agg(
            f.sort_array(f.collect_list(f.struct("place", "c0", "line"))).alias("held"),
            *(each.alias(f"sum{n}") for n, each in enumerate(sums)),
        )
        ids = f.col("held.c0")
        # The last comparison is with nothing, and is null; a page of which nothing else is said is in order.
        falls = f.zip_with(ids, f.slice(ids, 2, page_rows), lambda one, other: one >= other)
        return grouped.withColumn("page", f.array_join("held.line", "")).select(
            "number",
            f.size("held").alias("rows"),
            f.element_at(ids, 1).cast("binary").alias("first"),
            f.element_at(ids, -1).cast("binary").alias("last"),
            f.coalesce(f.array_contains(falls, True), f.lit(False)).alias("falls"),
            *(f"sum{n}" for n in range(len(sums))),
            shown.alias("shown"),
        )

    def _checked(self, found: Iterator[Any], page_rows: int) -> Iterator[Any]:
        """Only full and ascending pages, each beginning after the one before it, are believed."""
        before, number, held = b"", 0, page_rows
        for page in found:
            first, last = bytes(page["first"]), bytes(page["last"])
            # No id is empty, so the first page begins after the empty text.
            if page["number"] != number or held != page_rows or first <= before or page["falls"]:
                raise name_twice(self._rows, self._where)
            before, number, held = last, number + 1, page["rows"]
            yield page

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        """See :meth:`.Table.lines`; one filter over the rows."""
        f = functions()
        with failing(self._where):
            kept = self._rows.where(f.col("c0") >= f.lit(first.decode()))
            if after is not None:
                kept = kept.where(f.col("c0") < f.lit(after.decode()))
            return sorted(bytes(row[0])[:-1] for row in kept.select(line(len(self._columns)).cast("binary")).collect())
