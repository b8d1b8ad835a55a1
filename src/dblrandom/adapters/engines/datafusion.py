"""Scans by DataFusion: tickets by its own SHA-256, on all cores (docs/engines/files)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext, col, lit
from datafusion import functions as f

from dblrandom.adapters.engines.arrowfiles import Files, failing
from dblrandom.adapters.engines.turns import OneProcess
from dblrandom.errors import MissingExtra, PlanError
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import Stratum

__all__ = ["MEMORY", "FusionScan", "Watch"]

MEMORY = 800_000_000
"""Bytes that the engine may hold for counting strata before it spills to disk."""

Watch = Callable[[], Callable[[int], object]]
"""What watches passes over the rows."""

_PART = 10_000_000
_RUNTIME = OneProcess("DataFusion")
_ABOVE_ALL = b"\xff" * 33
_SETTINGS = {
    # A file's own statistics are not believed: with false ones, rows would be skipped that the commitment has.
    "datafusion.execution.collect_statistics": "false",
    "datafusion.execution.parquet.bloom_filter_on_read": "false",
    "datafusion.execution.parquet.enable_page_index": "false",
    "datafusion.execution.parquet.pruning": "false",
}


@contextmanager
def _frame(files: Files) -> Iterator[Any]:
    """The files as a data frame, its columns ``c0``, ``c1`` and on, as text; a missing value is the empty text."""
    _RUNTIME.enter(f"{files.kind} files")
    with TemporaryDirectory(prefix="dblrandom-") as place:
        spill = os.path.join(place, "spilled")
        os.mkdir(spill)
        runtime = RuntimeEnvBuilder().with_disk_manager_specified(spill).with_fair_spill_pool(MEMORY)
        config = SessionConfig(_SETTINGS).with_information_schema(False)
        context = SessionContext(config, runtime)
        yield _parquet(context, files, place) if files.kind == "parquet" else _others(context, files)


def _parquet(context: SessionContext, files: Files, place: str) -> Any:
    # DataFusion reads one file or one folder, whose name it takes for a pattern. A folder of links has exactly the
    # wanted files in their order, and names without surprises; reading it as one table keeps few files open at a time.
    folder = os.path.join(place, "parts")
    os.mkdir(folder)
    for number, path in enumerate(files.paths):
        os.symlink(os.path.abspath(path), os.path.join(folder, f"{number:06d}.parquet"))
    schema = pa.schema([(source, pa.string_view()) for source in files.sources])
    frame = context.read_parquet(f"file://{quote(folder)}/", schema=schema)
    return frame.select(*(_text(n, _column(source)) for n, source in enumerate(files.sources)))


def _others(context: SessionContext, files: Files) -> Any:
    if int(pa.__version__.split(".")[0]) < 24 and any(map(pa.types.is_string_view, chain(*files.types))):
        raise MissingExtra("an Arrow file with string views needs pyarrow 24; older ones lose them in a scan")
    frame: Any = None
    for number in range(len(files.paths)):
        context.register_dataset(f"t{number}", files.dataset(number))
        part = context.table(f"t{number}").select(
            *(_text(n, _column(source).cast(pa.string())) for n, source in enumerate(files.sources))
        )
        frame = part if frame is None else frame.union(part)
    return frame


def _column(name: str) -> Any:
    """A column by its exact name; unquoted, its case would be folded and its dots would divide it."""
    escaped = name.replace('"', '""')
    return col(f'"{escaped}"')


def _text(number: int, column: Any) -> Any:
    return (f.coalesce(column, lit("")) if number else column).alias(f"c{number}")


class FusionScan:
    """The rows of one task; see :class:`~dblrandom.sampling.threshold.Scan`.

    Args:
        files: the files.
        suite: the ceremony's suite.
        keep: the task's filter.
        strata: its stratum columns.
        where: what to call the task in errors.
        watch: called as each pass over the rows begins; what it returns is told how many were passed so far, and may
            end the pass by an exception.

    Raises:
        PlanError: a column that is not there.
    """

    def __init__(
        self,
        files: Files,
        suite: Suite,
        keep: Mapping[str, Sequence[str]],
        strata: Sequence[str],
        *,
        where: str,
        watch: Watch = lambda: lambda rows: None,
    ) -> None:
        for name in (*keep, *strata):
            if name not in files.columns:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(files.columns)}", where=where)
        self._files, self._suite, self._where, self._watch = files, suite, where, watch
        self._keep = {f"c{files.columns.index(name)}": (name, values) for name, values in keep.items()}
        self._strata = [f"c{files.columns.index(name)}" for name in strata]

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`~dblrandom.sampling.threshold.Scan.sizes`."""
        sizes: Counter[Stratum] = Counter()
        if self._keep:
            with failing(self._where), _frame(self._files) as frame:
                self._check_values(frame)
        for part in self._parts():
            with failing(self._where), _frame(part) as frame:
                sizes.update(self._counted(self._kept(frame)))
        return dict(+sizes)

    def _counted(self, kept: Any) -> dict[Stratum, int]:
        if not self._strata:
            return {(): kept.count()}
        found: dict[Stratum, int] = {}
        for batch in kept.aggregate([col(s) for s in self._strata], [f.count(lit(1)).alias("rows")]).collect():
            *strata, rows = (column.to_pylist() for column in batch.columns)
            found.update(zip(zip(*strata, strict=True), rows, strict=True))
        return found

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """See :meth:`~dblrandom.sampling.threshold.Scan.below`; for SM3, ids are hashed here."""
        hashed = self._hashed_there if self._suite is SHA256 else self._hashed_here
        for part in self._parts():
            with failing(self._where), _frame(part) as frame:
                yield from hashed(self._kept(frame), key, bounds)

    def _parts(self) -> Iterator[Files]:
        """The files, some at a time, telling after each part how many rows were passed."""
        told, passed = self._watch(), 0
        for part, rows in self._files.parts(_PART):
            with failing(self._where):
                part.check_unchanged()
            yield part
            with failing(self._where):
                part.check_unchanged()
            passed += rows
            if rows:
                told(passed)  # what this raises is the caller's, and goes to him as it is

    def _hashed_there(
        self, rows: Any, key: str, bounds: Mapping[Stratum, bytes | None]
    ) -> Iterator[tuple[Stratum, bytes]]:
        ticket = f.sha256(f.concat(lit(f"{key}:"), col("c0")))
        rows = self._bounded(rows, ticket, bounds)
        for strata, batch in self._read(rows.select(*map(col, self._strata), col("c0"), ticket.alias("ticket"))):
            ids, tickets = (column.cast(pa.binary()) for column in batch.columns[-2:])
            yield from zip(strata, pc.binary_join_element_wise(tickets, ids, b"").to_pylist(), strict=True)

    def _hashed_here(
        self, rows: Any, key: str, bounds: Mapping[Stratum, bytes | None]
    ) -> Iterator[tuple[Stratum, bytes]]:
        for strata, batch in self._read(rows.select(*map(col, self._strata), col("c0"))):
            found = candidates(self._suite, key, batch.columns[-1].cast(pa.binary()).to_pylist())
            for stratum, candidate in zip(strata, found, strict=True):
                bound = bounds.get(stratum, b"")
                if bound is None or candidate[:32] < bound:
                    yield stratum, candidate

    def _read(self, rows: Any) -> Iterator[tuple[Sequence[Stratum], pa.RecordBatch]]:
        for each in rows.execute_stream():
            batch = each.to_pyarrow()
            values = [column.to_pylist() for column in batch.columns[: len(self._strata)]]
            yield list(zip(*values, strict=True)) if values else [()] * len(batch), batch

    def _kept(self, rows: Any) -> Any:
        for column, (_, values) in self._keep.items():
            rows = rows.filter(f.in_list(col(column), [lit(value) for value in values]))
        return rows

    def _bounded(self, rows: Any, ticket: Any, bounds: Mapping[Stratum, bytes | None]) -> Any:
        """The rows whose ticket is below their own stratum's bound."""
        if not bounds:
            return rows.limit(0)
        limits = {stratum: _ABOVE_ALL if bound is None else bound for stratum, bound in bounds.items()}
        highest = max(limits.values(), default=b"")
        if highest != _ABOVE_ALL:
            rows = rows.filter(ticket < lit(highest))  # few pass, so that joining costs nothing
        if not self._strata:
            return rows
        names = [f"s{n}" for n in range(len(self._strata))]
        table = pa.RecordBatch.from_arrays(
            [
                *(pa.array(values, pa.string_view()) for values in zip(*limits, strict=True)),
                pa.array(list(limits.values()), pa.binary()),
            ],
            [*names, "bound"],
        )
        context = SessionContext()
        joined = rows.join(context.create_dataframe([[table]]), left_on=self._strata, right_on=names, how="inner")
        return joined.filter(ticket < col("bound"))

    def _check_values(self, rows: Any) -> None:
        for column, (name, values) in self._keep.items():
            there = rows.filter(f.in_list(col(column), [lit(value) for value in values])).select(col(column)).distinct()
            seen = {value for batch in there.collect() for value in batch.column(0).to_pylist()}
            absent = [value for value in values if value not in seen]
            if absent:
                raise PlanError(
                    f"no row of the whole roster has {name} = {min(absent, key=str.encode)!r}; mend the filter or the "
                    "roster",
                    where=self._where,
                )
