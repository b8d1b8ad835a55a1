"""Rosters and draws on a Spark cluster (docs/engines/spark.md).

Pages are hashed and tickets are computed on the executors, by Spark's own expressions; page hashes and candidates
travel to the driver. Nothing depends on how the rows are partitioned: ids are sorted by their bytes, and what comes
back is checked, page by page, to be full, ascending and complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_
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
from dblrandom.adapters.engines.table import Leaf, Page, check_asked
from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.kernel.tickets import candidates
from dblrandom.model.portable import Bound
from dblrandom.sampling import Scan, Stratum

__all__ = ["SparkTable"]

_PLACE_BITS = 33
"""Spark numbers rows by partition, in the upper bits, and by place in it, in the lower 33."""

_ABOVE_ALL = "g"
"""Above every ticket in hexadecimal."""


class _Seen:
    """How many rows a complete reading saw, and the exclusive or of their 64-bit hashes.

    It tells by accident another table from the one committed; against a forger there is the root.
    """

    def __init__(self) -> None:
        self._first: tuple[int, int] | None = None

    def check(self, rows: int, mixed: int, where: str, *, committing: bool = False) -> None:
        """Compare a reading with the first one, which is kept when it was for a commitment.

        Raises:
            RosterError: they differ.
        """
        if self._first not in (None, (rows, mixed)):
            raise RosterError(
                f"its rows changed since it was committed to (it has {rows} now); draw from a snapshot, such as one "
                "version of a table",
                where=where,
            )
        if committing:
            self._first = rows, mixed


class SparkTable(Bound):
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
        self._seen = _Seen()

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
        """Nothing here: the scan that counts the strata compares all rows with those committed, in the same pass."""

    def pages(self, page_rows: int) -> Iterator[Page]:
        """See :meth:`.Table.pages`; the rows travel to the driver, sorted and joined to pages by the executors."""
        text = functions().col("page").cast("binary")
        for first, _, data in self._paged(page_rows, text):
            yield Page(bytes(data), first)

    def leaves(self, suite: Suite, page_rows: int) -> Iterator[Leaf] | None:
        """See :meth:`.HashedTable.leaves`; SHA-256 is hashed on the executors, SM3 they do not have."""
        return self._leaves(page_rows) if suite == SHA256 else None

    def _leaves(self, page_rows: int) -> Iterator[Leaf]:
        f = functions()
        hashed = f.sha2(f.concat(f.unhex(f.lit("00")), f.col("page").cast("binary")), 256)
        for first, rows, leaf in self._paged(page_rows, hashed):
            yield Leaf(bytes.fromhex(leaf), first, rows)

    def _paged(self, page_rows: int, shown: Any) -> Iterator[tuple[bytes, int, Any]]:
        """For each page in order its first id, its number of rows, and what ``shown`` makes of its text."""
        with failing(self._where):
            ordered = self._sorted()
            try:
                found = streamed(self._cut(ordered, self._starts(ordered), page_rows, shown))
                yield from self._checked(found, page_rows)
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

    def _cut(self, ordered: Any, starts: Any, page_rows: int, shown: Any) -> Any:
        """One row for each page: its number, rows, first and last id, whether it is out of order, hash and text."""
        f = functions()
        place = f.col("start") + f.col("at").bitwiseAND((1 << _PLACE_BITS) - 1)
        joined = ordered.withColumn("part", f.shiftright("at", _PLACE_BITS)).join(f.broadcast(starts), "part")
        placed = joined.select(place.alias("place"), "c0", "line")
        numbered = placed.withColumn("number", f.expr(f"place div {page_rows}")).repartitionByRange(f.col("number"))
        grouped = numbered.groupBy("number").agg(
            f.sort_array(f.collect_list(f.struct("place", "c0", "line"))).alias("held"),
            f.bit_xor(f.xxhash64("line")).alias("mixed"),
        )
        ids = f.col("held.c0")
        # The last comparison is with nothing, and is null; a page of which nothing else is said is in order.
        falls = f.zip_with(ids, f.slice(ids, 2, page_rows), lambda one, other: one >= other)
        return (
            grouped.withColumn("page", f.array_join("held.line", ""))
            .select(
                "number",
                f.size("held").alias("rows"),
                f.element_at(ids, 1).cast("binary").alias("first"),
                f.element_at(ids, -1).cast("binary").alias("last"),
                f.coalesce(f.array_contains(falls, True), f.lit(False)).alias("falls"),
                "mixed",
                shown.alias("shown"),
            )
            .orderBy("number")
        )

    def _checked(self, found: Iterator[Any], page_rows: int) -> Iterator[tuple[bytes, int, Any]]:
        """Only full and ascending pages, each beginning after the one before it, are believed."""
        before, number, rows, mixed, held = b"", 0, 0, 0, page_rows
        for page in found:
            first, last = bytes(page["first"]), bytes(page["last"])
            # No id is empty, so the first page begins after the empty text.
            if page["number"] != number or held != page_rows or first <= before or page["falls"]:
                raise name_twice(self._rows, self._where)
            before, number, held = last, number + 1, page["rows"]
            rows, mixed = rows + held, mixed ^ page["mixed"]
            yield first, held, page["shown"]
        self._seen.check(rows, mixed, self._where, committing=True)

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        """See :meth:`.Table.lines`; one filter over the rows."""
        f = functions()
        with failing(self._where):
            kept = self._rows.where(f.col("c0") >= f.lit(first.decode()))
            if after is not None:
                kept = kept.where(f.col("c0") < f.lit(after.decode()))
            return sorted(bytes(row[0])[:-1] for row in kept.select(line(len(self._columns)).cast("binary")).collect())

    def scan(self, suite: Suite, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Scan:
        """See :meth:`.Table.scan`."""
        for name in (*keep, *strata):
            if name not in self._columns:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(self._columns)}", where=where)
        with failing(where):
            return _SparkScan(self, suite, keep, strata, where)


class _SparkScan:
    """The rows of one task; see :class:`~dblrandom.sampling.threshold.Scan`."""

    def __init__(
        self, table: SparkTable, suite: Suite, keep: Mapping[str, Sequence[str]], strata: Sequence[str], where: str
    ) -> None:
        f = functions()
        self._rows, self._spark, self._seen = table._rows, table._spark, table._seen
        self._width = len(table.columns)
        self._suite, self._keep, self._where = suite, keep, where
        cells = {name: f.col(f"c{n}") for n, name in enumerate(table.columns)}
        self._kept = {name: (cells[name], cells[name].isin(list(values))) for name, values in keep.items()}
        self._passes = reduce(and_, (test for _, test in self._kept.values()), f.lit(True))
        self._strata = [cells[name] for name in strata]

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`Scan.sizes`; one pass over all rows, which are compared with those committed.

        Raises:
            PlanError: a filter value that no row of the whole roster has.
            RosterError: the rows are not the ones committed.
        """
        f = functions()
        mixed = f.bit_xor(f.xxhash64(line(self._width)))
        # A value that the filter does not name is null here, so that there are no more groups than have to be told.
        values = [f.when(test, cell).cast("binary") for cell, test in self._kept.values()]
        strata = [f.when(self._passes, cell).cast("binary") for cell in self._strata]
        named = [column.alias(f"g{n}") for n, column in enumerate((self._passes, *values, *strata))]
        with failing(self._where):
            found = self._rows.groupBy(*named).agg(f.count(f.lit(1)), mixed).collect()
        total, mix = 0, 0
        sizes: dict[Stratum, int] = {}
        seen: list[set[str]] = [set() for _ in values]
        for passes, *group, rows, each in found:
            # What is not UTF-8 is of a row that the commitment would have refused: the rows changed, as is said below.
            read = [None if value is None else bytes(value).decode("utf-8", "replace") for value in group]
            for there, value in zip(seen, read, strict=False):
                there.update(() if value is None else (value,))
            if passes:
                stratum = tuple(value or "" for value in read[len(seen) :])
                sizes[stratum] = sizes.get(stratum, 0) + rows
            total, mix = total + rows, mix ^ each
        self._seen.check(total, mix, self._where)
        for (name, wanted), there in zip(self._keep.items(), seen, strict=True):
            if absent := set(wanted) - there:
                raise PlanError(
                    f"no row of the whole roster has {name} = {min(absent, key=str.encode)!r}; "
                    "mend the filter or the roster",
                    where=self._where,
                )
        return sizes

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """See :meth:`Scan.below`; only the candidates travel, or every id of these strata where the suite is SM3."""
        f = functions()
        order = list(bounds)
        limits = [_ABOVE_ALL if bound is None else bound.hex() for bound in bounds.values()]
        with failing(self._where):
            rows = self._in_strata(order, limits).where(self._passes)
            if self._suite == SHA256:
                ticket = f.sha2(f.concat(f.lit(f"{key}:"), f.col("c0")).cast("binary"), 256)
                rows = rows.withColumn("ticket", ticket).where("ticket < bound").select("place", "c0", "ticket")
                for place, unit_id, drawn in streamed(rows.withColumn("c0", f.col("c0").cast("binary"))):
                    yield order[place], bytes.fromhex(drawn) + bytes(unit_id)
                return
            for place, unit_id in streamed(rows.select("place", f.col("c0").cast("binary"))):
                (found,) = candidates(self._suite, key, [bytes(unit_id)])
                if found[:32].hex() < limits[place]:
                    yield order[place], found

    def _in_strata(self, order: Sequence[Stratum], limits: Sequence[str]) -> Any:
        """The rows of these strata, with the place of each row's stratum among them, and its bound."""
        f = functions()
        names = [f"s{n}" for n in range(len(self._strata))]
        wanted = [
            {**dict(zip(names, stratum, strict=True)), "place": place, "bound": bound}
            for place, (stratum, bound) in enumerate(zip(order, limits, strict=True))
        ]
        schema = ", ".join((*(f"{name}: string" for name in names), "place: int", "bound: string"))
        right = f.broadcast(local(self._spark, schema, wanted))
        equal = [cell == f.col(name) for cell, name in zip(self._strata, names, strict=True)]
        return self._rows.join(right, reduce(and_, equal)) if equal else self._rows.crossJoin(right)
