"""Batches in slices that stay small when their texts are written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import MAX_FIELD_BYTES

__all__ = ["in_slices"]

_WRITTEN_BYTES = 64 * 1024 * 1024


def in_slices(batch: pa.RecordBatch, where: str) -> Iterator[pa.RecordBatch]:
    """The batch in one slice or several: a long text that is held once may stand in every row.

    Raises:
        RosterError: a text that is longer than any field.
    """
    longest = [_longest(column) for column in batch.columns]
    for name, length in zip(batch.schema.names, longest, strict=True):
        if length > MAX_FIELD_BYTES:
            raise RosterError(
                f"column {name!r} has a value of {length} bytes; a field has at most {MAX_FIELD_BYTES} bytes",
                where=where,
            )
    rows = max(64, _WRITTEN_BYTES // max(1, sum(longest)))
    if len(batch) <= rows:
        yield batch
        return
    for start in range(0, len(batch), rows):
        yield batch.slice(start, rows)


def _longest(column: Any) -> int:
    """How long the longest text is that rows of a column share; 0 where each row has its own."""
    if pa.types.is_dictionary(column.type):
        if not pa.types.is_string(column.type.value_type) and not pa.types.is_large_string(column.type.value_type):
            return 0
        return int(pc.max(pc.binary_length(column.dictionary)).as_py() or 0)
    if not pa.types.is_string_view(column.type) or not len(column):
        return 0
    present = column.drop_null() if column.null_count else column
    # A view is its length, and twelve bytes of text or of where the text is.
    lengths = memoryview(present.buffers()[1]).cast("B").cast("i")[4 * present.offset :: 4]
    return max(lengths[: len(present)], default=0)
