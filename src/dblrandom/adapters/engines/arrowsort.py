"""Sorting rows that do not fit into memory: into ranges of ids by a sample, each range a file, then range by range."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from tempfile import TemporaryDirectory

import attrs
import pyarrow as pa
import pyarrow.compute as pc

from dblrandom.adapters.engines.arrowpages import THREADS, in_turn
from dblrandom.adapters.engines.arrowrules import text_column
from dblrandom.errors import RosterError
from dblrandom.model.json import show

__all__ = ["RANGE_BYTES", "in_order"]

RANGE_BYTES = 64 * 1024 * 1024
"""About how many bytes of text are sorted at a time; memory is a few times as much for each of two threads."""

_MOST_RANGES = 256  # of one division, so that few files are open; larger ranges are divided again
_SAMPLE = 64  # ids of the sample for each range
Rows = Callable[[], Iterator[pa.RecordBatch]]


def in_order(rows: Rows, names: Sequence[str], batch_rows: int, where: str) -> Iterator[pa.RecordBatch]:
    """All rows as text, ascending by the bytes of the first column.

    What does not fit into memory lies in one temporary folder, as large as the rows are as text, and goes with it.

    Args:
        rows: gives the rows each time that it is called: once for a sample of the ids, and once to be divided.
        names: the columns.
        batch_rows: how many rows to hand out at a time, at most.
        where: the roster, for messages.

    Raises:
        RosterError: a column that is not text, or one id so often that its rows cannot be divided.
    """
    schema = pa.schema([(name, pa.string()) for name in names])

    def texts() -> Iterator[pa.RecordBatch]:
        for batch in rows():
            columns = [text_column(batch.column(n), name, where) for n, name in enumerate(names)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    with TemporaryDirectory(prefix="dblrandom-") as folder:
        for table in _Sorter(folder=folder, schema=schema, where=where).tables(texts):
            yield from table.to_batches(max_chunksize=batch_rows)


@attrs.frozen
class _File:
    """The rows of a range, in a file."""

    path: str

    def __call__(self) -> Iterator[pa.RecordBatch]:
        with pa.OSFile(self.path, "rb") as file, pa.ipc.open_stream(file) as stream:
            yield from stream


@attrs.frozen(kw_only=True)
class _Sorter:
    folder: str
    schema: pa.Schema
    where: str
    _numbers: Iterator[int] = attrs.field(factory=count)

    def tables(self, rows: Rows) -> Iterator[pa.Table]:
        """The rows, range by range, each sorted; two ranges are worked on at a time."""
        yield from in_turn(self._sorted, self._ranges(rows), min(2, THREADS))

    def _ranges(self, rows: Rows) -> Iterator[Rows]:
        """The rows in ranges of ascending ids, none of them much larger than may be sorted at a time."""
        size, sample = _surveyed(rows)
        parts = min(-(-size // RANGE_BYTES), _MOST_RANGES)
        if parts <= 1:
            yield rows
            return
        limits = sorted({sample[len(sample) * n // parts] for n in range(1, parts)} - {sample[0]})
        if not limits:
            raise RosterError(f"the id {show(sample[0])} is there twice; ids are unique", where=self.where)
        for path, written in self._divided(rows, limits):
            if written > 2 * RANGE_BYTES:
                yield from self._ranges(_File(path))
            elif written:
                yield _File(path)

    def _divided(self, rows: Rows, limits: Sequence[str]) -> list[tuple[str, int]]:
        """Write the rows of each range to a file of its own, and tell how many bytes they have."""
        paths = [os.path.join(self.folder, f"{next(self._numbers):06d}") for _ in range(len(limits) + 1)]
        sizes = [0] * len(paths)
        with ExitStack() as opened:
            files = [opened.enter_context(pa.OSFile(path, "wb")) for path in paths]
            writers = [opened.enter_context(pa.ipc.new_stream(each, self.schema)) for each in files]
            for parts in in_turn(lambda batch: list(_parted(batch, limits)), rows()):
                for n, part in enumerate(parts):
                    if len(part):
                        sizes[n] += part.nbytes
                        writers[n].write_batch(part)
        if isinstance(rows, _File):
            os.unlink(rows.path)
        return list(zip(paths, sizes, strict=True))

    def _sorted(self, rows: Rows) -> pa.Table:
        table = pa.Table.from_batches(rows(), self.schema).combine_chunks()
        if isinstance(rows, _File):
            os.unlink(rows.path)
        return table.take(pc.sort_indices(table.column(0)))


def _surveyed(rows: Rows) -> tuple[int, list[str]]:
    """How many bytes the rows have, and a sorted sample of their ids, about evenly from everywhere."""
    size, step, sample = 0, 1, list[str]()
    for batch in rows():
        size += batch.nbytes
        sample += batch.column(0).take(pa.array(range(0, len(batch), step), pa.int64())).to_pylist()
        if len(sample) > 2 * _SAMPLE * _MOST_RANGES:
            sample, step = sample[::2], step * 2
    return size, sorted(sample)  # by code points, which is by the bytes of UTF-8


def _parted(batch: pa.RecordBatch, limits: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows below the first limit, from it on below the second, and so on; by halving, so few are compared."""
    if not limits or not len(batch):
        yield batch
        yield from (batch.slice(0, 0) for _ in limits)
        return
    middle = len(limits) // 2
    low = pc.less(batch.column(0), limits[middle])
    yield from _parted(batch.filter(low), limits[:middle])
    yield from _parted(batch.filter(pc.invert(low)), limits[middle + 1 :])
