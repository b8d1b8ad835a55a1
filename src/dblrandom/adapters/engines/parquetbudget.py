"""What reading a Parquet file would cost, told by its footer and its pages' headers before a page is decompressed.

A page of some bytes can expand to gigabytes: by its compression, by a long value that a dictionary holds once and a
million rows repeat, by values that each repeat the one before. The headers tell, and Arrow's reader believes them.
"""

from __future__ import annotations

import os
import struct
from typing import Any, BinaryIO

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

from dblrandom import limits
from dblrandom.adapters.engines._thrift import Malformed, Structures
from dblrandom.adapters.files import open_regular
from dblrandom.errors import RosterError
from dblrandom.kernel.rows import MAX_FIELD_BYTES

__all__ = ["Cost", "check_footer", "check_rows", "cost_of", "expanding"]

_MAGIC = b"PAR1"
_DATA, _DICTIONARY, _DATA_2 = 0, 2, 3  # kinds of pages
_PLAIN, _DELTA_LENGTHS, _DELTA_STRINGS = 0, 6, 7
_BY_DICTIONARY = (2, 8)
_LENGTH = struct.Struct("<I").unpack_from
_PEEK = 4096
_FIELD = f"a field has at most {MAX_FIELD_BYTES} bytes"


def expanding(stored: int) -> int:
    """How many bytes may come at one time out of so many that are stored."""
    return limits.TABLE_EXPANDED + limits.TABLE_RATIO * max(0, stored)


def check_rows(rows: int, size: int, where: str) -> None:
    """Refuse more rows than a file of that size may have.

    Raises:
        RosterError: naming the file.
    """
    if rows > limits.TABLE_ROWS + limits.TABLE_ROWS_PER_BYTE * size:
        raise RosterError(
            f"says that it has {rows} rows in {size} bytes; no roster's rows are so much alike", where=where
        )


def check_footer(path: str) -> None:
    """Refuse a footer of too many parts, too deep a schema, or more rows than its size allows.

    Raises:
        RosterError: naming the file.
        OSError: the system does not let it be read.
    """
    with open(open_regular(path), "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        tail = file.read(8)
        length = int.from_bytes(tail[:4], "little")
        if size < 12 or tail[4:] != _MAGIC or length > size - 12:
            raise RosterError("cannot be read: this is no Parquet file, or its end is missing", where=path)
        if length > limits.TABLE_FOOTER:
            raise RosterError(f"its footer has {length} bytes; at most {limits.TABLE_FOOTER} are read", where=path)
        file.seek(size - 8 - length)
        data = file.read(length)
    with _malformed(path):
        found, _ = Structures(limits.TABLE_PARTS).read(data, 0)
        _check_schema(found.get(2), path)
        rows = found.get(3)
        if type(rows) is not int or rows < 0:
            raise Malformed("its footer does not say how many rows it has")
        check_rows(rows, size, path)


def _check_schema(elements: Any, path: str) -> None:
    """Bound how many columns there are and how deep they lie: libraries recurse into them."""
    if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
        raise Malformed("its footer has no schema")
    if len(elements) > limits.TABLE_SCHEMA + 1:
        raise RosterError(
            f"has {len(elements) - 1} columns, with those inside others; at most {limits.TABLE_SCHEMA} are read",
            where=path,
        )
    open_groups: list[int] = []
    for element in elements:
        children = element.get(5, 0)
        if type(children) is not int or children < 0:
            raise Malformed("its schema is broken")
        while open_groups and not open_groups[-1]:
            open_groups.pop()
        if open_groups:
            open_groups[-1] -= 1
        if children:
            open_groups.append(children)
        if len(open_groups) > limits.TABLE_DEPTH:
            raise RosterError(f"its columns are nested deeper than {limits.TABLE_DEPTH} levels", where=path)


class _malformed:  # noqa: N801  # a context manager, as contextlib's own are called
    """Turn what the reader of structures raises into a RosterError."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IndexError):
            raise RosterError("cannot be read: the metadata of this Parquet file end early", where=self._path)
        if isinstance(error, Malformed):
            raise RosterError(f"cannot be read: {error}", where=self._path)


@attrs.frozen
class Cost:
    """What the chosen columns of a file take: a row as text, and all rows of a group of rows at once, in bytes."""

    row: int
    group: int


def cost_of(path: str, sources: tuple[str, ...]) -> Cost:
    """About what these columns take at most; :func:`check_footer` comes before.

    Raises:
        RosterError: what would come out of the file at one time is over its budget; a value is longer than any field;
            the pages hold other rows than the footer says.
        OSError: the system does not let it be read.
    """
    found = pq.read_metadata(path)
    places = [n for n in range(found.num_columns) if found.schema.column(n).path in sources]
    widest = largest = 0
    with open(open_regular(path), "rb", buffering=0) as file, _malformed(path):
        pages = _Pages(file=file, path=path, left=limits.PARQUET_PAGES + os.fstat(file.fileno()).st_size // 1024)
        for number in range(found.num_row_groups):
            group = found.row_group(number)
            chunks = [pages.chunk(group.column(place)) for place in places]
            held = sum(chunk.held for chunk in chunks)
            stored = sum(group.column(place).total_compressed_size for place in places)
            if held > expanding(stored):
                raise RosterError(
                    f"its row group {number + 1} holds pages of {held} bytes at a time in {stored} bytes; write it "
                    "with smaller pages",
                    where=path,
                )
            widest = max(widest, sum(chunk.widest for chunk in chunks))
            largest = max(largest, sum(chunk.decoded for chunk in chunks))
    return Cost(row=widest, group=largest)


@attrs.frozen
class _Chunk:
    """One column of a row group: what it holds while it is read, how long its values are, and all of them at once."""

    held: int
    widest: int
    decoded: int


@attrs.define(kw_only=True)
class _Pages:
    """Goes from header to header; what lies between them is not read, but for dictionaries."""

    file: BinaryIO
    path: str
    left: int
    column: str = ""

    def chunk(self, column: Any) -> _Chunk:
        """Look at all pages of a column of a row group."""
        self.column = str(column.path_in_schema)
        text, fixed = column.physical_type == "BYTE_ARRAY", column.physical_type == "FIXED_LEN_BYTE_ARRAY"
        place = column.data_page_offset
        if column.has_dictionary_page and 0 < (column.dictionary_page_offset or 0) < place:
            place = column.dictionary_page_offset
        values = dictionary = largest = widest = decoded = 0
        before: int | None = None
        while values < column.num_values:
            head, place, following = self._header(place)
            size, kind = head[2], head[1]
            if kind == _DICTIONARY:
                if before is not None or dictionary:
                    raise Malformed("a column has its dictionary in an odd place")
                dictionary = size
                if text:
                    widest = self._longest(head, place, column.compression)
            elif kind in (_DATA, _DATA_2):
                count, encoding = self._data(head, kind)
                if before is not None and encoding in _BY_DICTIONARY and before not in _BY_DICTIONARY:
                    raise Malformed("a column goes back to its dictionary")
                values, before = values + count, encoding
                largest = max(largest, size)
                if text:
                    widest = max(widest, self._width(encoding, size, count))
                decoded += size if encoding in (_PLAIN, _DELTA_LENGTHS) else count * max(widest, 16 if fixed else 8)
            place = following
        if values != column.num_values:
            raise self._refused(
                f"whose pages hold {values} values where its footer says {column.num_values}; write it anew"
            )
        return _Chunk(held=dictionary + largest, widest=widest if text else 36 if fixed else 20, decoded=decoded)

    def _header(self, place: int) -> tuple[dict[int, Any], int, int]:
        """The header at ``place``, where the page begins, and where the next header is."""
        self.left -= 1
        if self.left < 0:
            raise Malformed("it has too many pages for its size; write it with larger ones")
        for size in (_PEEK, limits.PARQUET_PAGE_HEADER):
            self.file.seek(place)
            data = self.file.read(size)
            try:
                head, length = Structures(16).read(data, 0)
            except IndexError:
                continue
            sizes = (head.get(2), head.get(3))
            if not all(type(each) is int and 0 <= each < 1 << 31 for each in (head.get(1), *sizes)):
                raise Malformed("a page's header has no size")
            return head, place + length, place + length + int(head[3])
        raise IndexError

    def _data(self, head: dict[int, Any], kind: int) -> tuple[int, int]:
        inner = head.get(5 if kind == _DATA else 8)
        count, encoding = (inner.get(1), inner.get(2 if kind == _DATA else 4)) if isinstance(inner, dict) else (0, 0)
        if type(count) is not int or type(encoding) is not int or not 0 <= count < 1 << 31:
            raise Malformed("a page's header does not say what it holds")
        return count, encoding

    def _width(self, encoding: int, size: int, count: int) -> int:
        """How many bytes a text of such a page has, at most or, where none can be very long, on average."""
        if encoding == _DELTA_STRINGS:
            if size > limits.PARQUET_PREFIXED:
                raise self._refused(
                    f"with a page of the encoding DELTA_BYTE_ARRAY that has {size} bytes; at most "
                    f"{limits.PARQUET_PREFIXED} are read; write it with smaller pages or as PLAIN"
                )
            return size
        if encoding in (_PLAIN, _DELTA_LENGTHS) and size > count * (MAX_FIELD_BYTES + 16) + _PEEK:
            raise self._refused(f"with {count} values in a page of {size} bytes; {_FIELD}")
        return 0 if encoding in _BY_DICTIONARY else min(MAX_FIELD_BYTES, size // max(1, count))

    def _longest(self, head: dict[int, Any], place: int, compression: str) -> int:
        """The longest text of a dictionary, of which any row may be a copy."""
        stored, size = head[3], head[2]
        if size > expanding(stored):
            raise self._refused(f"with a dictionary of {size} bytes in {stored} bytes; write it anew")
        self.file.seek(place)
        data = bytes(_decompressed(self.file.read(stored), size, compression))
        inner = head.get(7)
        count = inner.get(1, 0) if isinstance(inner, dict) else 0
        longest = _stride(data, count) or _longest(data)
        if longest > MAX_FIELD_BYTES:
            raise self._refused(f"with a value of {longest} bytes in a dictionary; {_FIELD}")
        return longest

    def _refused(self, problem: str) -> RosterError:
        return RosterError(f"has the column {self.column!r}, {problem}", where=self.path)


def _longest(data: bytes) -> int:
    """The longest of texts that stand one after another, each behind its length in four bytes."""
    at = longest = 0
    try:
        while at < len(data):
            length = _LENGTH(data, at)[0]
            if length > longest:
                longest = length
            at += length + 4
    except struct.error:
        raise IndexError from None
    return longest


def _stride(data: bytes, count: int) -> int:
    """The length of such texts if all have the same, as ids often do, which is told much faster; otherwise 0."""
    if type(count) is not int or count < 1 or len(data) % count or len(data) < 4 * count:
        return 0
    step = len(data) // count
    head = (step - 4).to_bytes(4, "little")
    return step - 4 if all(data[n::step] == head[n : n + 1] * count for n in range(4)) else 0


def _decompressed(data: bytes, size: int, compression: str) -> Any:
    if compression == "UNCOMPRESSED":
        return data
    if compression == "LZ4":  # an older form, in which the sizes stand before the block
        framed = data[:8] == size.to_bytes(4, "big") + (len(data) - 8).to_bytes(4, "big")
        compression, data = "LZ4_RAW", data[8:] if framed else data
    return pa.Codec(compression.lower()).decompress(data, size)
