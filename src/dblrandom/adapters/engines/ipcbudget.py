"""What reading an Arrow file would cost, told by its footer and its messages before a buffer is decompressed.

A record batch is decompressed whole, so that some kilobytes can become gigabytes at once. How large each buffer will
be stands before it, and Arrow believes it.
"""

from __future__ import annotations

import os
import struct
from itertools import pairwise
from typing import BinaryIO

import attrs

from dblrandom import limits
from dblrandom.adapters.engines.parquetbudget import check_rows, expanding
from dblrandom.adapters.files import open_regular
from dblrandom.errors import RosterError

__all__ = ["check_messages"]

_MAGIC = b"ARROW1"
_BLOCK = struct.Struct("<qi4xq")
_BUFFER = struct.Struct("<qq")
_MARK = b"\xff\xff\xff\xff"
_DICTIONARY, _BATCH = 2, 3  # kinds of messages
_DEEPEST = 64


def check_messages(path: str) -> None:
    """Refuse an Arrow file whose batches or dictionaries would take too much memory, or that has too many rows.

    Raises:
        RosterError: naming the file.
        OSError: the system does not let it be read.
    """
    with open(open_regular(path), "rb", buffering=0) as file:
        try:
            _check(file, path)
        except (struct.error, OverflowError) as error:
            raise RosterError("cannot be read: the metadata of this Arrow file are broken", where=path) from error


def _check(file: BinaryIO, path: str) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 10))
    tail = file.read(10)
    length = int.from_bytes(tail[:4], "little", signed=True)
    if size < 20 or tail[4:] != _MAGIC or not 0 < length <= size - 18:
        raise RosterError("cannot be read: this is no Arrow file, or its end is missing", where=path)
    if length > limits.TABLE_FOOTER:
        raise RosterError(f"its footer has {length} bytes; at most {limits.TABLE_FOOTER} are read", where=path)
    file.seek(size - 10 - length)
    footer = _Table.root(file.read(length))
    _check_schema(footer.table(1), path)
    blocks = [(kind, block) for slot, kind in ((2, _DICTIONARY), (3, _BATCH)) for block in footer.blocks(slot)]
    if len(blocks) > limits.TABLE_PARTS:
        raise RosterError(f"has {len(blocks)} record batches; at most {limits.TABLE_PARTS} are read", where=path)
    places = sorted((place, place + metadata + body) for _, (place, metadata, body) in blocks)
    if any(end > start for (_, end), (start, _) in pairwise([*places, (size, size)])):
        raise RosterError("its record batches lie one upon another; write it anew", where=path)
    rows = dictionaries = stored = 0
    for kind, (place, metadata, body) in blocks:
        count, expanded = _expanded(file, place, metadata, kind, path)
        if kind == _DICTIONARY:
            dictionaries, stored = dictionaries + expanded, stored + body
        else:
            rows += count
            _check_expanded(expanded, body, "a record batch", path)
    _check_expanded(dictionaries, stored, "dictionaries", path)
    check_rows(rows, size, path)


def _check_expanded(expanded: int, stored: int, what: str, path: str) -> None:
    if expanded > expanding(stored):
        raise RosterError(
            f"has {what} of {expanded} bytes in {stored} bytes; write it with batches of fewer rows, or as Parquet",
            where=path,
        )


def _expanded(file: BinaryIO, place: int, metadata: int, kind: int, path: str) -> tuple[int, int]:
    """How many rows a message says it has, and how many bytes its buffers will have."""
    if not 8 <= metadata <= limits.TABLE_FOOTER or place < 0:
        raise struct.error
    file.seek(place)
    data = file.read(metadata)
    message = _Table.root(data[8:] if data[:4] == _MARK else data[4:])
    if message.number(1, "<B") != kind:
        raise struct.error
    batch = message.table(2).table(1) if kind == _DICTIONARY else message.table(2)
    buffers = batch.structs(2, _BUFFER)
    if not batch.has(3):
        return batch.number(0, "<q"), sum(size for _, size in buffers)
    total = 0
    for at, size in buffers:
        if at < 0 or size < 0:
            raise struct.error
        if size:
            file.seek(place + metadata + at)
            expanded = int.from_bytes(file.read(8), "little", signed=True)
            if expanded < -1:
                raise struct.error
            total += size if expanded == -1 else expanded
    return batch.number(0, "<q"), total


def _check_schema(schema: _Table, path: str) -> None:
    """Bound how many columns there are, those inside others counted too, and how deep they lie."""
    level, count, depth = schema.tables(1), 0, 0
    while level:
        depth += 1
        below: list[_Table] = []
        for field in level:
            below += field.tables(5)
            count += 1
            if count + len(below) > limits.TABLE_SCHEMA or depth > _DEEPEST:
                raise RosterError(
                    f"has more than {limits.TABLE_SCHEMA} columns, or columns inside others at more than {_DEEPEST} "
                    "levels",
                    where=path,
                )
        level = below


@attrs.frozen
class _Table:
    """A table of FlatBuffers: each of its fields is found by its number, through the table's own list of places."""

    data: bytes
    at: int

    @classmethod
    def root(cls, data: bytes) -> _Table:
        return cls(data, _read("<I", data, 0))

    def has(self, slot: int) -> bool:
        return self._place(slot) != 0

    def number(self, slot: int, form: str) -> int:
        place = self._place(slot)
        return _read(form, self.data, place) if place else 0

    def table(self, slot: int) -> _Table:
        place = self._place(slot)
        if not place:
            raise struct.error
        return _Table(self.data, place + _read("<I", self.data, place))

    def tables(self, slot: int) -> list[_Table]:
        start, count = self._vector(slot, 4)
        count = min(count, limits.TABLE_SCHEMA + 1)
        places = range(start, start + 4 * count, 4)
        return [_Table(self.data, place + _read("<I", self.data, place)) for place in places]

    def structs(self, slot: int, form: struct.Struct) -> list[tuple[int, ...]]:
        start, count = self._vector(slot, form.size)
        return [form.unpack_from(self.data, place) for place in range(start, start + form.size * count, form.size)]

    def blocks(self, slot: int) -> list[tuple[int, int, int]]:
        """Where messages lie: their places, and how long their metadata and bodies are."""
        found = [(block[0], block[1], block[2]) for block in self.structs(slot, _BLOCK)]
        if any(min(block) < 0 for block in found):
            raise struct.error
        return found

    def _vector(self, slot: int, size: int) -> tuple[int, int]:
        place = self._place(slot)
        if not place:
            return 0, 0
        start = place + _read("<I", self.data, place)
        count = _read("<I", self.data, start)
        if start + 4 + size * count > len(self.data):
            raise struct.error
        return start + 4, count

    def _place(self, slot: int) -> int:
        table = self.at - _read("<i", self.data, self.at)
        if table < 0 or 4 + 2 * slot >= _read("<H", self.data, table):
            return 0
        place = _read("<H", self.data, table + 4 + 2 * slot)
        return self.at + place if place else 0


def _read(form: str, data: bytes, place: int) -> int:
    if place < 0:
        raise struct.error
    return int(struct.unpack_from(form, data, place)[0])
