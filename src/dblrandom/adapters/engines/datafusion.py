"""Draws from files: rows come from the reader that made the pages, tickets from DataFusion's SHA-256, on all cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from datafusion import SessionContext, col, lit
from datafusion import functions as f

from dblrandom.adapters.engines._strata import Counts, StratumIndex
from dblrandom.adapters.engines.arrowfiles import failing
from dblrandom.adapters.engines.arrowpages import in_turn
from dblrandom.adapters.engines.arrowreading import ArrowReading, Group, some_pages
from dblrandom.adapters.engines.committed import CommittedPages
from dblrandom.adapters.engines.turns import OneProcess
from dblrandom.errors import PlanError
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import Stratum, check_occur

__all__ = ["FusionScan"]

_GROUPS = 8
"""The groups of rows that are hashed at once."""
_RUNTIME = OneProcess("DataFusion")
_ABOVE_ALL = b"\xff" * 33
_PART = 10_000_000
"""After about so many rows, whoever watches is told."""


class FusionScan:
    """The rows of one task; see :class:`~dblrandom.sampling.threshold.Scan`.

    Nothing is read here. Each group of rows was held against the reading of the pages before it comes; and where rows
    are in the order of their ids, the page of each candidate is made of the same batch and held against the commitment.

    Args:
        reading: the rows.
        pages: the committed pages.
        keep: the task's filter.
        strata: its stratum columns.
        where: what to call the task in errors.

    Raises:
        PlanError: a column that is not there.
    """

    def __init__(
        self,
        reading: ArrowReading,
        pages: CommittedPages,
        keep: Mapping[str, Sequence[str]],
        strata: Sequence[str],
        *,
        where: str,
    ) -> None:
        for name in (*keep, *strata):
            if name not in pages.columns:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(pages.columns)}", where=where)
        self._reading, self._pages, self._where = reading, pages, where
        self._keep = {name: pa.array(list(dict.fromkeys(values)), pa.string()) for name, values in keep.items()}
        self._strata = strata
        self._counted_sizes: dict[Stratum, int] = {}
        one = pa.repeat(pa.scalar(1, pa.int64()), reading.group_rows)
        self._counting = pc.cumulative_sum(one, start=-1)

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`~dblrandom.sampling.threshold.Scan.sizes`; one pass over filter and strata."""
        if not self._keep and not self._strata:
            rows = self._reading.rows
            return {(): rows} if rows else {}
        counts = Counts(len(self._strata))
        seen: dict[str, set[str]] = {name: set() for name in self._keep}
        for found, counted in in_turn(self._counted, self._groups((*self._keep, *self._strata))):
            for name, values in found.items():
                seen[name].update(values)
            counts.add(counted)
        for name, values in self._keep.items():
            check_occur(name, set(values.to_pylist()) - seen[name], where=self._where)
        self._counted_sizes = counts.sizes()
        return dict(self._counted_sizes)

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """See :meth:`~dblrandom.sampling.threshold.Scan.below`; for SM3, ids are hashed one by one."""
        if not bounds:
            return
        limits = {stratum: _ABOVE_ALL if bound is None else bound for stratum, bound in bounds.items()}
        index = StratumIndex(limits)
        highest = max(limits.values())
        _RUNTIME.enter(f"{self._reading.files.kind} files")
        tickets = self._hashed_there if self._pages.suite == SHA256 else self._hashed_here
        all_hashed = self._mostly(bounds)

        def act(groups: Sequence[Group]) -> list[tuple[Stratum, bytes]]:
            with failing(self._where):
                kept = [self._kept(start, batch) for start, batch in groups]
                if not all_hashed:
                    kept = [index.numbered(rows) for rows in kept]
                hashed = tickets(key, [rows for rows in kept if len(rows)], highest)
                found = index.below([index.numbered(rows) for rows in hashed] if all_hashed else hashed)
                if self._reading.shows:
                    self._show(groups, found)
                return list(_candidates(index, found))

        columns = self._pages.columns if self._reading.shows else ("id", *self._keep, *self._strata)
        for found in in_turn(act, _by(_GROUPS, self._groups(columns)), 1):
            yield from found

    def _groups(self, columns: Iterable[str]) -> Iterator[Group]:
        """The rows, telling whoever watches how many were passed."""
        told, next_time = self._reading.watch(), _PART
        for start, batch in self._reading.groups(tuple(dict.fromkeys(columns))):
            yield start, batch
            if start + len(batch) >= min(next_time, self._reading.rows):
                told(start + len(batch))  # what this raises is the caller's, and goes there as it is
                next_time += _PART

    def _counted(self, group: Group) -> tuple[dict[str, list[str]], pa.Table]:
        """The values of the filter that occur, and the strata of the rows that pass it with their sizes."""
        rows = group[1]
        with failing(self._where):
            seen = {
                name: pc.unique(rows[name].filter(pc.is_in(rows[name], value_set=values))).to_pylist()
                for name, values in self._keep.items()
            }
            return seen, Counts.of(self._passed(rows, [rows[s] for s in self._strata]).columns)

    def _passed(self, rows: pa.RecordBatch, columns: Sequence[pa.Array]) -> pa.RecordBatch:
        """Of some columns those rows that pass the filter."""
        made = pa.RecordBatch.from_arrays(
            [*columns, pa.nulls(len(rows))], [*(f"s{n}" for n in range(len(columns))), "row"]
        )
        for name, values in self._keep.items():
            mask = pc.is_in(rows[name], value_set=values)
            rows, made = rows.filter(mask), made.filter(mask)
        return made

    def _mostly(self, bounds: Mapping[Stratum, object]) -> bool:
        """Whether most rows of the frame are in strata asked for; to look up the few below the bounds is cheaper then.

        Where few are, looking up all rows spares the hashes of the others.
        """
        asked = sum(self._counted_sizes.get(stratum, 0) for stratum in bounds)
        return 2 * asked > sum(self._counted_sizes.values())

    def _kept(self, start: int, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Place, id and strata of the rows of a group that pass the filter."""
        places = pc.add(self._counting.slice(0, len(batch)), start)
        found = self._passed(batch, [places, batch["id"], *(batch[name] for name in self._strata)])
        names = ["place", "id", *(f"s{n}" for n in range(len(self._strata)))]
        return pa.RecordBatch.from_arrays(found.columns[:-1], names)

    def _hashed_there(self, key: str, rows: Sequence[pa.RecordBatch], highest: bytes) -> list[pa.RecordBatch]:
        """The rows with a ticket below the highest bound, by DataFusion."""
        if not rows:
            return []
        context = SessionContext()  # a new one each time, since it would keep the rows
        ticket = f.sha256(f.concat(lit(f"{key}:"), col("id")))
        hashed: Any = context.create_dataframe([[each] for each in rows])
        hashed = hashed.select(*map(col, rows[0].schema.names), ticket.alias("ticket"))
        return list((hashed if highest == _ABOVE_ALL else hashed.filter(col("ticket") < lit(highest))).collect())

    def _hashed_here(self, key: str, rows: Sequence[pa.RecordBatch], highest: bytes) -> list[pa.RecordBatch]:
        """The rows with their tickets, by the kernel."""
        found = []
        for each in rows:
            ids = each["id"].cast(pa.binary()).to_pylist()
            tickets = [candidate[:32] for candidate in candidates(self._pages.suite, key, ids)]
            arrays = [*each.columns, pa.array(tickets, pa.binary())]
            found.append(pa.RecordBatch.from_arrays(arrays, [*each.schema.names, "ticket"]))
        return found

    def _show(self, groups: Sequence[Group], found: Sequence[pa.RecordBatch]) -> None:
        """Make the pages of all candidates, of the batches that the candidates are from, and hold them up."""
        size = self._pages.page_rows
        wanted = sorted({place // size for rows in found for place in rows["place"].to_pylist()}, reverse=True)
        for start, batch in groups:
            here = []
            while wanted and wanted[-1] * size < start + len(batch):
                here.append(wanted.pop())
            for index, page in some_pages((start, batch), here, size):
                self._pages.check_leaf(index, page)


def _candidates(index: StratumIndex, found: Sequence[pa.RecordBatch]) -> Iterator[tuple[Stratum, bytes]]:
    for rows in found:
        ids, tickets = (rows[name].cast(pa.binary()) for name in ("id", "ticket"))
        drawn = pc.binary_join_element_wise(tickets, ids, b"").to_pylist()
        yield from zip(index.strata(rows["stratum"]), drawn, strict=True)


def _by(count: int, groups: Iterator[Group]) -> Iterator[list[Group]]:
    while some := list(islice(groups, count)):
        yield some
