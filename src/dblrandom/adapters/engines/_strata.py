"""Strata of whole columns: counting them, and finding the bound of each row's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dblrandom.sampling import Stratum

__all__ = ["Counts", "StratumIndex"]

_MOST = 1_000_000
"""After so many rows of parts, counts of the same stratum are added up."""
_TAB = "\t"  # which no field has


class Counts:
    """The sizes of strata, added up from parts of the rows."""

    def __init__(self, width: int) -> None:
        self._names = [f"s{n}" for n in range(width)]
        self._parts: list[pa.Table] = []
        self._held = 0

    @staticmethod
    def of(columns: Sequence[pa.Array]) -> pa.Table:
        """The sizes of the strata of a part; its last column has no meaning but to be as long as the others."""
        *strata, rows = columns
        if not strata:
            return pa.table({"rows": pa.array([len(rows)] if len(rows) else [], pa.int64())})
        names = [f"s{n}" for n in range(len(strata))]
        grouped = pa.Table.from_arrays(strata, names).group_by(names, use_threads=False)
        return grouped.aggregate([([], "count_all")]).rename_columns({"count_all": "rows"})

    def add(self, part: pa.Table) -> None:
        """Add the sizes of a part."""
        self._parts.append(part)
        self._held += len(part)
        if self._held > _MOST:
            self._parts = [self._added()]
            self._held = -len(self._parts[0])  # so that very many strata are not added up for each part

    def sizes(self) -> dict[Stratum, int]:
        """The size of each stratum."""
        if not self._parts:
            return {}
        *strata, rows = (column.to_pylist() for column in self._added().select([*self._names, "rows"]).columns)
        return dict(zip(zip(*strata, strict=True) if strata else [()] * len(rows), rows, strict=True))

    def _added(self) -> pa.Table:
        every = pa.concat_tables(self._parts)
        if not self._names:
            total = pc.sum(every["rows"]).as_py()
            return pa.table({"rows": pa.array([total] if total else [], pa.int64())})
        added = every.group_by(self._names, use_threads=False).aggregate([("rows", "sum")])
        return added.rename_columns({"rows_sum": "rows"})


class StratumIndex:
    """Finds the stratum of each row among those that are asked for, and its bound."""

    def __init__(self, limits: Mapping[Stratum, bytes]) -> None:
        self._order = list(limits)
        self._keys = pa.array([_TAB.join(stratum) for stratum in self._order], pa.string())
        self._limits = pa.array(list(limits.values()), pa.binary())
        self._alike = len(set(limits.values())) == 1
        self._columns = [f"s{n}" for n in range(len(self._order[0]))]

    def numbered(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """The rows whose stratum is asked for, with its number in place of the columns ``s0``, ``s1`` and on."""
        strata = [rows[name] for name in self._columns]
        others = [name for name in rows.schema.names if name not in self._columns]
        if not strata:
            numbers = pa.repeat(pa.scalar(0, pa.int32()), len(rows))
        else:
            key = strata[0] if len(strata) == 1 else pc.binary_join_element_wise(*strata, _TAB)
            numbers = pc.index_in(key, value_set=self._keys)
        found = pa.RecordBatch.from_arrays([*(rows[name] for name in others), numbers], [*others, "stratum"])
        return found.filter(pc.is_valid(numbers)) if numbers.null_count else found

    def below(self, batches: Iterable[pa.RecordBatch]) -> list[pa.RecordBatch]:
        """The rows whose ticket is below the bound of their own stratum."""
        if self._alike:
            limit = self._limits[0]
            return [rows.filter(pc.less(rows["ticket"], limit)) for rows in batches]
        return [rows.filter(pc.less(rows["ticket"], self._limits.take(rows["stratum"]))) for rows in batches]

    def strata(self, numbers: pa.Array) -> Iterator[Stratum]:
        """The strata of these numbers."""
        return (self._order[number] for number in numbers.to_pylist())
