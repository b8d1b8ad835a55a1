"""Keyed fingerprints of columns, by which a later reading of files is tied to the one that made the pages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dblrandom.adapters.engines.arrowrules import text_column
from dblrandom.kernel.fingerprint import FINGERPRINT_BYTES, Fingerprints

__all__ = ["Seals", "in_groups"]


class Seals:
    """What one reading saw: of each group of rows a fingerprint of each column, in the order of reading.

    What is fingerprinted is the number of rows, the length of each field and the fields, under a key that is drawn for
    this reading. Nobody who made the files knew it, so that two columns have one fingerprint by chance alone, which is
    below 2^-75 for a group. Since the order of rows is part of it, the fields of one row stay together although each
    column has its own.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._fingerprints = Fingerprints(os.urandom(32))
        self._tags = {name: bytearray() for name in columns}
        self._groups: list[int] = []

    @property
    def rows(self) -> int:
        """The rows of all groups."""
        return sum(self._groups)

    @property
    def groups(self) -> int:
        """The number of groups."""
        return len(self._groups)

    def keep(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Hand batches on, each a group, and keep the fingerprints of their columns, which are all."""
        for batch in batches:
            for tags, column in zip(self._tags.values(), batch.columns, strict=True):
                tags += self._fingerprints.of(_parts(column))
            self._groups.append(len(batch))
            yield batch

    def same(self, group: int, batch: pa.RecordBatch) -> bool:
        """Whether a group that was read again has, in the columns that it has here, what it had."""
        if group >= len(self._groups) or len(batch) != self._groups[group]:
            return False
        at = slice(group * FINGERPRINT_BYTES, (group + 1) * FINGERPRINT_BYTES)
        return all(
            self._tags[name][at] == self._fingerprints.of(_parts(column))
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        )


def _parts(column: pa.Array) -> Iterator[bytes | memoryview]:
    """The number of rows, then their lengths, then their bytes, which no other column has."""
    yield len(column).to_bytes(8, "little")
    _, offsets, data = column.buffers()
    if len(column):
        yield memoryview(pc.binary_length(column).buffers()[1]).cast("B")[: 4 * len(column)]
    if len(column) and data is not None:
        ends = memoryview(offsets).cast("i")
        yield memoryview(data).cast("B")[ends[column.offset] : ends[column.offset + len(column)]]


def in_groups(
    batches: Iterable[pa.RecordBatch], names: Sequence[str], rows: int, where: str
) -> Iterator[pa.RecordBatch]:
    """The rows as text, in batches of exactly so many rows but for the last, however they come.

    Raises:
        RosterError: as :func:`~dblrandom.adapters.engines.arrowrules.text_column`.
    """
    schema = pa.schema([(name, pa.string()) for name in names])
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        columns = [text_column(batch.column(n), name, where) for n, name in enumerate(names)]
        text = pa.RecordBatch.from_arrays(columns, schema=schema)
        while len(text):
            part = text.slice(0, rows - count)
            text = text.slice(len(part))
            held.append(part)
            count += len(part)
            if count == rows:
                yield _joined(held)
                held, count = [], 0
    if held:
        yield _joined(held)


def _joined(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    (joined,) = pa.Table.from_batches(parts).combine_chunks().to_batches()
    return joined
