"""One reading of a DataFrame for a commitment, and draws on the cluster that are tied to it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from dblrandom.adapters.engines._sparkrules import failing, functions, line, local, once, streamed
from dblrandom.adapters.engines.committed import CommittedPages
from dblrandom.adapters.engines.reading import Reading
from dblrandom.adapters.engines.table import Leaf
from dblrandom.errors import PlanError, RosterChanged
from dblrandom.kernel.merkle import leaf_hash
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import Scan, Stratum, check_occur

if TYPE_CHECKING:
    from dblrandom.adapters.engines.spark import SparkTable

__all__ = ["SparkReading"]

_ABOVE_ALL = "g"
"""Above every ticket in hexadecimal."""
_DIGITS = 15  # of hexadecimal, so that a part is below 2^60 and the sum of 2^60 of them has less than 38 decimal places
_PARTS = 2


class SparkReading(Reading):
    """Rows stay on the cluster; a fingerprint of all of them is made in each job that decides anything.

    A row's number is SHA-256 of a key and its canonical line; the fingerprint is how many rows there are, and the exact
    sums of two 60-bit parts of their numbers. The key is drawn for this reading, so whoever made the source could not
    look for other rows with the same sums; by chance they have them once in 2^120. The executors are told the key: they
    are trusted, and what they read is not.
    """

    shows = False

    def __init__(self, table: SparkTable, rows: Any, spark: Any, suite: Suite, page_rows: int, where: str) -> None:
        self._table, self._suite, self._page_rows, self._where = table, suite, page_rows, where
        self.spark, self.width = spark, len(table.columns)
        self.rows = once(rows, self.width)
        """The rows, each evaluated once in a job, however often its columns are used."""
        self._key = os.urandom(32).hex()
        self._read: tuple[int, ...] | None = None

    def leaves(self) -> Iterator[Leaf]:
        """See :meth:`.Reading.leaves`; SHA-256 is hashed on the executors, SM3 they do not have."""
        f = functions()
        page = f.col("page").cast("binary")
        hashed = f.unhex(f.sha2(f.concat(f.unhex(f.lit("00")), page), 256)) if self._suite == SHA256 else page
        found = [0] * (1 + _PARTS)
        for cut in self._table.cut(self._page_rows, hashed, self.sums(f.col("line"))):
            for place, added in enumerate((cut["rows"], *(cut[f"sum{n}"] for n in range(_PARTS)))):
                found[place] += int(added)
            shown = bytes(cut["shown"])
            leaf = shown if self._suite == SHA256 else leaf_hash(self._suite, shown)
            yield Leaf(leaf, bytes(cut["first"]), cut["rows"])
        self._read = tuple(found)

    def scan(
        self, pages: CommittedPages, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str
    ) -> Scan:
        """See :meth:`.Reading.scan`."""
        for name in (*keep, *strata):
            if name not in pages.columns:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(pages.columns)}", where=where)
        with failing(where):
            return _SparkScan(self, pages, keep, strata, where)

    def pages_at(self, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """See :meth:`.Reading.pages_at`; all rows are sorted again, but only these pages travel."""
        return self._table.some(self._page_rows, wanted)

    def sums(self, text: Any) -> list[Any]:
        """The aggregates of the fingerprint, but for the number of rows."""
        f = functions()
        number = f.sha2(f.concat(f.lit(self._key), text).cast("binary"), 256)
        parts = (f.substring(number, 1 + _DIGITS * n, _DIGITS) for n in range(_PARTS))
        return [f.sum(f.conv(part, 16, 10).cast("decimal(20,0)")) for part in parts]

    def check(self, seen: Sequence[int], where: str) -> None:
        """Compare the fingerprint of a job with that of the reading for the commitment.

        Raises:
            RosterChanged: they differ.
        """
        if tuple(seen) != self._read:
            raise RosterChanged(
                f"its rows changed since it was committed to (it has {seen[0]} now); draw from a snapshot, such as one "
                "version of a table",
                where=where,
            )


class _SparkScan:
    """The rows of one task; see :class:`~dblrandom.sampling.threshold.Scan`."""

    def __init__(
        self,
        reading: SparkReading,
        pages: CommittedPages,
        keep: Mapping[str, Sequence[str]],
        strata: Sequence[str],
        where: str,
    ) -> None:
        f = functions()
        self._reading, self._suite, self._keep, self._where = reading, pages.suite, keep, where
        cells = {name: f.col(f"c{n}") for n, name in enumerate(pages.columns)}
        self._kept = {name: (cells[name], cells[name].isin(list(values))) for name, values in keep.items()}
        self._passes = reduce(and_, (test for _, test in self._kept.values()), f.lit(True))
        self._strata = [cells[name] for name in strata]
        # In one aggregate with everything else, so that there is one reading of the rows and not a second beside it.
        self._seals = [
            each.alias(f"sum{n}") for n, each in enumerate((f.count(f.lit(1)), *reading.sums(line(reading.width))))
        ]

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`Scan.sizes`; one pass over all rows, which are compared with those committed.

        Raises:
            PlanError: a filter value that no row of the whole roster has.
            RosterChanged: the rows are not the ones committed.
        """
        f = functions()
        # A value that the filter does not name is null here, so that there are no more groups than have to be told.
        values = [f.when(test, cell).cast("binary") for cell, test in self._kept.values()]
        strata = [f.when(self._passes, cell).cast("binary") for cell in self._strata]
        named = [column.alias(f"g{n}") for n, column in enumerate((self._passes, *values, *strata))]
        with failing(self._where):
            found = self._reading.rows.groupBy(*named).agg(*self._seals).collect()
        seals = [0] * len(self._seals)
        sizes: dict[Stratum, int] = {}
        seen: list[set[str]] = [set() for _ in values]
        for passes, *row in found:
            group, added = row[: -len(seals)], row[-len(seals) :]
            # What is not UTF-8 is of a row that the commitment would have refused: the rows changed, as is said below.
            read = [None if value is None else bytes(value).decode("utf-8", "replace") for value in group]
            for there, value in zip(seen, read, strict=False):
                there.update(() if value is None else (value,))
            if passes:
                stratum = tuple(value or "" for value in read[len(seen) :])
                sizes[stratum] = sizes.get(stratum, 0) + added[0]
            seals = [mine + int(each) for mine, each in zip(seals, added, strict=True)]
        self._reading.check(seals, self._where)
        for (name, wanted), there in zip(self._keep.items(), seen, strict=True):
            check_occur(name, set(wanted) - there, where=self._where)
        return sizes

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """See :meth:`Scan.below`; only the candidates travel, or every id of these strata where the suite is SM3.

        Raises:
            RosterChanged: the rows are not the ones committed, which is known after the last of them.
        """
        f = functions()
        order = list(bounds)
        limits = [_ABOVE_ALL if bound is None else bound.hex() for bound in bounds.values()]
        hashes = self._suite == SHA256
        ticket = f.sha2(f.concat(f.lit(f"{key}:"), f.col("c0")).cast("binary"), 256) if hashes else f.lit("")
        asked = self._passes & f.col("place").isNotNull() & (ticket < f.col("bound"))
        drawn = f.when(asked, f.struct("place", f.col("c0").cast("binary").alias("unit"), ticket.alias("ticket")))
        seals = [0] * len(self._seals)
        with failing(self._where):
            # One group for each partition, so that candidates are gathered where they are.
            parts = self._in_strata(order, limits).groupBy(f.spark_partition_id().alias("part"))
            for _, *added, found in streamed(parts.agg(*self._seals, f.collect_list(drawn).alias("drawn"))):
                seals = [mine + int(each) for mine, each in zip(seals, added, strict=True)]
                for place, unit, hashed in found:
                    if hashes:
                        yield order[place], bytes.fromhex(hashed) + bytes(unit)
                        continue
                    (candidate,) = candidates(self._suite, key, [bytes(unit)])
                    if candidate[:32].hex() < limits[place]:
                        yield order[place], candidate
        self._reading.check(seals, self._where)

    def _in_strata(self, order: Sequence[Stratum], limits: Sequence[str]) -> Any:
        """All rows, with the place of each row's stratum among these, and its bound; null where it is none of them."""
        f = functions()
        rows = self._reading.rows
        if not self._strata:
            return rows.withColumns({"place": f.lit(0), "bound": f.lit(limits[0])})
        names = [f"s{n}" for n in range(len(self._strata))]
        wanted = [
            {**dict(zip(names, stratum, strict=True)), "place": place, "bound": bound}
            for place, (stratum, bound) in enumerate(zip(order, limits, strict=True))
        ]
        schema = ", ".join((*(f"{name}: string" for name in names), "place: int", "bound: string"))
        right = f.broadcast(local(self._reading.spark, schema, wanted))
        equal = [cell == f.col(name) for cell, name in zip(self._strata, names, strict=True)]
        return rows.join(right, reduce(and_, equal), "left")
