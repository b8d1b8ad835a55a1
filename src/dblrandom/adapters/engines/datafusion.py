"""Scans by DataFusion: tickets by its own SHA-256, over all cores, spilling to disk where it has to (docs/engines.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import datafusion
import pyarrow as pa
from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext, col, lit
from datafusion import functions as f

from dblrandom.errors import DblrandomError, PlanError, RosterError
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import Stratum

__all__ = ["MEMORY", "FusionScan", "failing", "session", "view"]

MEMORY = 1_200_000_000
"""Bytes that the engine may hold for sorting before it spills to disk."""


def session() -> SessionContext:
    """A fresh session: all cores, bounded memory, spilling into the system's temporary folder."""
    runtime = RuntimeEnvBuilder().with_disk_manager_os().with_fair_spill_pool(MEMORY)
    return SessionContext(SessionConfig().with_information_schema(False), runtime)


@contextmanager
def failing(where: str) -> Iterator[None]:
    """Turn what Arrow or DataFusion raises into one line of the library's own."""
    try:
        yield
    except DblrandomError:
        raise
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        datafusion.DataFusionError if hasattr(datafusion, "DataFusionError") else OSError,
    ) as error:
        raise RosterError(f"it cannot be read: {_first_line(error)}", where=where) from error
    except Exception as error:
        # The engine's binding raises plain Exception for whatever happened in it.
        if type(error) is not Exception:
            raise
        raise RosterError(f"the engine failed: {_first_line(error)}", where=where) from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]


def view(context: SessionContext, dataset: Any, kind: str, files: Sequence[str], named: Mapping[str, str]) -> Any:
    """The files as a data frame with the roster's columns, as text; a missing value is the empty text."""
    if kind == "parquet" and len({str(file).rpartition("/")[0] for file in files}) == 1 and len(files) > 1:
        frame = context.read_parquet(files[0].rpartition("/")[0])
    elif kind == "parquet" and len(files) == 1:
        frame = context.read_parquet(files[0])
    else:
        context.register_dataset("rows", dataset)
        frame = context.table("rows")
    text = pa.string()
    return frame.select(
        *(f.coalesce(col(f'"{source}"').cast(text), lit("")).alias(name) for name, source in named.items())
    )


class FusionScan:
    """The rows of one task; see :class:`~dblrandom.sampling.threshold.Scan`."""

    def __init__(
        self,
        dataset: Any,
        kind: str,
        files: Sequence[str],
        named: Mapping[str, str],
        suite: Suite,
        keep: Mapping[str, Sequence[str]],
        strata: tuple[str, ...],
        where: str,
    ) -> None:
        for name in (*keep, *strata):
            if name not in named:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(named)}", where=where)
        self._suite, self._keep, self._strata, self._where = suite, keep, strata, where
        self._context = session()
        with failing(where):
            self._rows = view(self._context, dataset, kind, files, named)
            kept = self._rows
            for name, values in keep.items():
                kept = kept.filter(f.in_list(col(f'"{name}"'), [lit(value) for value in values]))
        self._kept = kept

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`Scan.sizes`."""
        with failing(self._where):
            self._check_values()
            if not self._strata:
                rows = self._kept.count()
                return {(): rows} if rows else {}
            grouped = self._kept.aggregate([col(f'"{s}"') for s in self._strata], [f.count(lit(1)).alias("_rows")])
            found = pa.Table.from_batches(grouped.collect(), schema=grouped.schema())
        columns = [found.column(n).to_pylist() for n in range(len(self._strata))]
        return dict(zip(zip(*columns, strict=True), found.column(len(self._strata)).to_pylist(), strict=True))

    def _check_values(self) -> None:
        for name, values in self._keep.items():
            wanted = [lit(value) for value in values]
            there = self._rows.filter(f.in_list(col(f'"{name}"'), wanted)).select(col(f'"{name}"')).distinct().collect()
            seen = {value for batch in there for value in batch.column(0).to_pylist()}
            absent = [value for value in values if value not in seen]
            if absent:
                raise PlanError(
                    f"no row of the whole roster has {name} = {min(absent, key=str.encode)!r}; mend the filter or the roster",
                    where=self._where,
                )

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """See :meth:`Scan.below`."""
        if self._suite is not SHA256:
            yield from self._hashed_here(key, bounds)
            return
        ticket = f.sha256(f.concat(lit(f"{key}:"), col("id")))
        every = [stratum for stratum, bound in bounds.items() if bound is None]
        limited = {stratum: bound for stratum, bound in bounds.items() if bound is not None}
        rows = self._kept
        if limited and len(set(limited.values())) == 1 and not every and len(limited) == 1:
            rows = rows.filter(ticket < lit(next(iter(limited.values()))))
        elif limited or every:
            rows = self._joined(rows, {**limited, **dict.fromkeys(every, b"\xff" * 33)}, ticket)
        yield from self._read(
            rows.select(*(col(f'"{s}"') for s in self._strata), col("id").alias("_id"), ticket.alias("_t"))
        )

    def _joined(self, rows: Any, bounds: Mapping[Stratum, bytes], ticket: Any) -> Any:
        """The rows of these strata whose ticket is below their own stratum's bound."""
        if not self._strata:
            return rows.filter(ticket < lit(next(iter(bounds.values()))))
        arrays = [pa.array([stratum[n] for stratum in bounds], pa.string()) for n in range(len(self._strata))]
        names = [f"_s{n}" for n in range(len(self._strata))]
        table = pa.RecordBatch.from_arrays([*arrays, pa.array(list(bounds.values()), pa.binary())], [*names, "_bound"])
        right = self._context.create_dataframe([[table]])
        joined = rows.join(right, left_on=[f'"{s}"' if False else s for s in self._strata], right_on=names, how="inner")
        return joined.filter(ticket < col("_bound"))

    def _read(self, rows: Any) -> Iterator[tuple[Stratum, bytes]]:
        with failing(self._where):
            for batch in rows.execute_stream():
                found = batch.to_pyarrow()
                count = len(self._strata)
                strata = (
                    zip(*(found.column(n).to_pylist() for n in range(count)), strict=True)
                    if count
                    else [()] * len(found)
                )
                ids, tickets = found.column(count).to_pylist(), found.column(count + 1).to_pylist()
                for stratum, row_id, ticket in zip(strata, ids, tickets, strict=True):
                    yield stratum, ticket + row_id.encode()

    def _hashed_here(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """Where the engine has not the suite's hash, its rows are hashed by the kernel."""
        rows = self._kept.select(*(col(f'"{s}"') for s in self._strata), col("id").alias("_id"))
        with failing(self._where):
            for batch in rows.execute_stream():
                found = batch.to_pyarrow()
                count = len(self._strata)
                strata = (
                    zip(*(found.column(n).to_pylist() for n in range(count)), strict=True)
                    if count
                    else [()] * len(found)
                )
                ids = [row_id.encode() for row_id in found.column(count).to_pylist()]
                for stratum, candidate in zip(strata, candidates(self._suite, key, ids), strict=True):
                    bound = bounds.get(stratum, b"")
                    if bound is None or candidate[:32] < bound:
                        yield stratum, candidate
