"""The rules of the canonical file on whole columns at once (docs/spec, section 2).

Columns of millions of rows are checked without looking at a single row; only where something is wrong are the rows of
that batch gone through one by one, by the kernel, which says what and where.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from unicodedata import is_normalized

import pyarrow as pa
import pyarrow.compute as pc

from dblrandom.adapters.engines.arrowsuspects import check_fields, check_ids
from dblrandom.adapters.engines.arrowuuid import is_uuid, uuid_text
from dblrandom.adapters.engines.table import OutOfOrder
from dblrandom.errors import RosterError
from dblrandom.kernel.rows import MAX_FIELD_BYTES, MAX_ID_BYTES, row_line
from dblrandom.model.json import show
from dblrandom.model.lookalike import INVISIBLE
from dblrandom.model.names import UNSEEN_IN_ID

__all__ = ["check_batch", "check_follows", "check_order", "line_bytes", "text_column"]

_BETWEEN = pa.array(["\t", "\n"], pa.string())
_CONTROL = r"[\x00-\x1f\x7f]"
_NOT_IN_ID = f"[{UNSEEN_IN_ID}]"
_UNSEEN = re.compile("[\x80-\x9f\u2028\u2029]")
_FULL_WIDTH = r"[\x{ff01}-\x{ff5e}\x{3000}]"
_BLANK = r"[ \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"


def text_column(column: pa.Array, name: str, where: str) -> pa.Array:
    """A column as text: texts as they are, whole numbers in decimal, UUIDs by their digits; a missing value is empty.

    Bytes come here only where the file calls them UUIDs (:func:`dblrandom.adapters.engines._arrowcolumns.types`).

    Raises:
        RosterError: a column of another type, or a row without an id.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.string())
    elif is_uuid(kind) or kind == pa.binary(16):
        column = uuid_text(column)
    elif not pa.types.is_string(kind):
        raise RosterError(
            f"column {name!r} is of type {kind}; give it as text, so that its form is decided", where=where
        )
    if column.null_count:
        if name == "id":
            raise RosterError("column 'id' has a row without a value; every row needs an id", where=where)
        column = pc.fill_null(column, "")
    return column


def line_bytes(columns: Sequence[pa.Array]) -> tuple[memoryview, memoryview]:
    """The canonical lines, each ended by LF, and where each begins, with the end.

    The fields and the two characters between them are put into one array, and taken out of it in the order of the
    lines: half the time of Arrow's own joining.
    """
    order = _order_of_lines(len(columns[0]), len(columns))
    lines = pc.take(pa.concat_arrays([_BETWEEN, *columns]), order, boundscheck=False)
    _, offsets, data = lines.buffers()
    ends = memoryview(offsets).cast("B").cast("i")[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data if data is not None else b""), ends[:: 2 * len(columns)]


@lru_cache(maxsize=32)
def _order_of_lines(rows: int, columns: int) -> pa.Array:
    """The places of each line's fields, each with what comes after it, where the columns stand behind ``_BETWEEN``.

    Batches mostly have the same number of rows, so that this is made once; for the largest it takes 2 MB.
    """
    order = bytearray(8 * rows * columns)
    places = memoryview(order).cast("i")
    for column in range(columns):
        start = len(_BETWEEN) + column * rows
        places[2 * column :: 2 * columns] = array("i", range(start, start + rows))
        after = 1 if column == columns - 1 else 0
        places[2 * column + 1 :: 2 * columns] = array("i", [after]) * rows
    return pa.Array.from_buffers(pa.int32(), 2 * rows * columns, [None, pa.py_buffer(order)])


def check_batch(
    columns: Sequence[pa.Array], names: Sequence[str], start: int, where: str, *, imported: bool = False
) -> None:
    """Check every rule but order.

    Args:
        columns: the columns as text, ``id`` first; not empty.
        names: their names.
        start: the number of the batch's first row, from 1, for messages.
        where: the roster, for messages.
        imported: whether to refuse also what an importer would have tidied, see :mod:`dblrandom.adapters.tables`.

    Raises:
        RosterError: naming row and column.
    """
    for place, column in enumerate(columns):
        if _faulty(column, is_id=place == 0):
            _find(columns, names, start, where)
        if imported and _untidy(column, is_id=place == 0):
            raise RosterError(
                f"column {names[place]!r} has, in one of the {len(column)} rows from row {start} on, blanks at an end, "
                "characters that nobody sees, full-width letters in an id or text that is not in Unicode's NFC; tidy "
                "it, or read it in memory",
                where=where,
            )
    if imported:
        check_ids(columns[0], start, where)
        for column, name in zip(columns[1:], names[1:], strict=True):
            check_fields(column, name, start, where)


def check_order(ids: pa.Array, where: str) -> None:
    """Check that ids ascend strictly by their bytes.

    Raises:
        RosterError: one that is there twice.
        OutOfOrder: they do not.
    """
    low, high = ids.slice(0, len(ids) - 1), ids.slice(1)
    if pc.all(pc.less(low, high), min_count=0).as_py():
        return
    twice = low.filter(pc.equal(low, high))
    if len(twice):
        raise _twice(twice[0].as_py(), where)
    raise _out_of_order(where)


def check_follows(before: bytes | None, first: bytes, where: str) -> None:
    """Check that a batch's first id comes after the last of the batch before; errors as :func:`check_order`."""
    if before is None or before < first:
        return
    raise _twice(first.decode(), where) if before == first else _out_of_order(where)


def _twice(unit_id: str, where: str) -> RosterError:
    return RosterError(f"the id {show(unit_id)} is there twice; ids are unique", where=where)


def _out_of_order(where: str) -> OutOfOrder:
    return OutOfOrder("its rows are not in the order of the ids' bytes; sort them", where=where)


def _faulty(column: pa.Array, *, is_id: bool) -> bool:
    lengths = pc.min_max(pc.binary_length(column)).as_py()
    if lengths["max"] > (MAX_ID_BYTES if is_id else MAX_FIELD_BYTES) or (is_id and lengths["min"] == 0):
        return True
    if is_id and (_any(pc.starts_with(column, " ")) or _any(pc.ends_with(column, " "))):
        return True
    if _plain(column):
        return False
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return True
    return _any(pc.match_substring_regex(column, _CONTROL)) or (
        is_id and _any(pc.match_substring_regex(column, _NOT_IN_ID))
    )


def _untidy(column: pa.Array, *, is_id: bool) -> bool:
    if _any(pc.starts_with(column, " ")) or _any(pc.ends_with(column, " ")):
        return True
    if _plain(column):
        return False
    if _any(pc.match_substring_regex(column, f"^{_BLANK}|{_BLANK}$")):
        return True
    # Python's normal form, which is the importer's; Arrow's own was wrong for years.
    text = "\n".join(column.to_pylist())
    if not is_normalized("NFC", text) or _UNSEEN.search(text):
        return True
    return bool(INVISIBLE.search(text)) or (is_id and _any(pc.match_substring_regex(column, _FULL_WIDTH)))


def _plain(column: pa.Array) -> bool:
    """Whether all is ASCII that can be printed, which is what most columns are, and what is told fastest."""
    return bool(pc.all(pc.ascii_is_printable(column)).as_py())


def _any(found: pa.Array) -> bool:
    return bool(pc.any(found).as_py())


def _find(columns: Sequence[pa.Array], names: Sequence[str], start: int, where: str) -> None:
    """Let the kernel say which row it is, and what is wrong with it."""
    fields: tuple[Any, ...]
    for number, fields in enumerate(zip(*(c.cast(pa.binary()).to_pylist() for c in columns), strict=True), start):
        place = f"{where}, row {number} as read (id {show(fields[0][:255].decode('utf-8', 'replace'))})"
        for name, field in zip(names, fields, strict=True):
            try:
                field.decode("utf-8")
            except UnicodeDecodeError as error:
                raise RosterError(
                    f"column {name!r} is not UTF-8 at byte {error.start}; save the file as UTF-8", where=place
                ) from error
        row_line([field.decode("utf-8") for field in fields], names, place)
    # Only where the kernel and the rules here disagree, which the conformance suite would have shown.
    raise RosterError(f"has a row between {start} and {start + len(columns[0]) - 1} that is not canonical", where=where)
