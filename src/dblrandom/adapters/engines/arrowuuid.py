"""UUIDs in Arrow's columns: which columns hold them, and their one text (docs/engines/files)."""

from __future__ import annotations

from array import array
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["is_uuid", "uuid_text", "with_uuids"]

_BYTES, _LETTERS = 16, 36
_HYPHENS = (8, 13, 18, 23)


def is_uuid(kind: pa.DataType) -> bool:
    """Whether a type is that of UUIDs; 16 bytes that nobody calls a UUID may be a hash or an address."""
    return bool(kind == pa.uuid())


def with_uuids(schema: pa.Schema, path: str) -> pa.Schema:
    """The schema of a Parquet file, with the type of UUIDs for each column that the file calls so.

    PyArrow reads these as 16 bytes, or as its own type, by its version and by what wrote the file.
    """
    leaves = pq.read_metadata(path).schema
    found = [leaves.column(n) for n in range(len(leaves))]
    paths = Counter(leaf.path for leaf in found)
    called = {leaf.path for leaf in found if leaf.logical_type.type == "UUID" and paths[leaf.path] == 1}
    for place, field in enumerate(schema):
        if field.type == pa.binary(_BYTES) and field.name in called:
            schema = schema.set(place, field.with_type(pa.uuid()))
    return schema


def uuid_text(column: pa.Array) -> pa.Array:
    """UUIDs as text: 8-4-4-4-12 hexadecimal digits in lower case; missing values stay missing."""
    stored = column.storage if isinstance(column, pa.ExtensionArray) else column
    count, present = len(stored), stored.is_valid() if stored.null_count else None
    if present is not None:
        stored = pc.fill_null(stored, bytes(_BYTES))
    begin = stored.offset * _BYTES
    digits = memoryview(stored.buffers()[1])[begin : begin + count * _BYTES].hex().encode() if count else b""
    text = bytearray(b"-" * (_LETTERS * count))
    places = [place for place in range(_LETTERS) if place not in _HYPHENS]
    for digit, place in enumerate(places):  # column by column: rows are far more
        text[place::_LETTERS] = digits[digit :: len(places)]
    ends = array("i", range(0, _LETTERS * count + 1, _LETTERS))
    made = pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(bytes(text)))
    return made if present is None else pc.if_else(present, made, pa.scalar(None, pa.string()))
