"""The rules of the canonical file on whole columns at once (docs/spec, section 2).

Columns of millions of rows are checked without looking at a single row; only where something is wrong are the rows of
that batch gone through one by one, by the kernel, which says what and where.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import MAX_FIELD_BYTES, MAX_ID_BYTES, row_line

__all__ = ["check_batch", "render", "text_column"]

_CONTROLS = bytes((*range(32), 127))
_BEYOND_ASCII = re.compile("[\x80-\xa0\u200b-\u200f\u2028-\u202e\u2060\ufeff]")


def text_column(column: pa.Array, name: str, where: str) -> pa.Array:
    """A column as text: texts as they are, whole numbers in decimal, a missing value as the empty text.

    Raises:
        RosterError: a column of another type, or a row without an id.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.string())
    elif not pa.types.is_string(kind):
        raise RosterError(
            f"column {name!r} is of type {kind}; give it as text, so that its form is decided", where=where
        )
    if column.null_count:
        if name == "id":
            raise RosterError("column 'id' has a row without a value; every row needs an id", where=where)
        column = pc.fill_null(column, "")
    return column


def render(columns: Sequence[pa.Array]) -> pa.Array:
    """The canonical lines, each ended by LF."""
    line = columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, "\t")
    return pc.binary_join_element_wise(line, "", "\n")


def check_batch(columns: Sequence[pa.Array], names: Sequence[str], data: bytes, start: int, where: str) -> None:
    """Check every rule but order.

    Args:
        columns: the columns as text, ``id`` first.
        names: their names.
        data: the lines that they were rendered to.
        start: the number of the batch's first row, from 1, for messages.
        where: the roster, for messages.

    Raises:
        RosterError: naming row and column.
    """
    rows = len(columns[0])
    if (
        len(data) - len(data.translate(None, _CONTROLS)) != rows * len(columns)
        or _too_long(columns)
        or _bad_id(columns[0], data)
    ):
        _find(columns, names, start, where)
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            _find(columns, names, start, where)


def _too_long(columns: Sequence[pa.Array]) -> bool:
    limits = (MAX_ID_BYTES, *[MAX_FIELD_BYTES] * (len(columns) - 1))
    return any(pc.max(pc.binary_length(c)).as_py() > limit for c, limit in zip(columns, limits, strict=True))


def _bad_id(ids: pa.Array, data: bytes) -> bool:
    if pc.min(pc.binary_length(ids)).as_py() == 0:
        return True
    if b" " in data and (pc.any(pc.starts_with(ids, " ")).as_py() or pc.any(pc.ends_with(ids, " ")).as_py()):
        return True
    if data.isascii():
        return False
    try:
        return bool(_BEYOND_ASCII.search("\n".join(ids.to_pylist())))
    except UnicodeDecodeError:
        return True


def _find(columns: Sequence[pa.Array], names: Sequence[str], start: int, where: str) -> None:
    """Let the kernel say which row it is; nothing is returned where it finds none."""
    for number, fields in enumerate(
        zip(*(_texts(c, n, start, where) for c, n in zip(columns, names, strict=True)), strict=True)
    ):
        try:
            row_line(fields, names)
        except RosterError as error:
            raise RosterError(
                str(error).removeprefix("row: "), where=f"{where}, row {start + number} as read"
            ) from error


def _texts(column: pa.Array, name: str, start: int, where: str) -> list[Any]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError as error:
        raise RosterError(
            f"column {name!r} is not UTF-8 in one of the {len(column)} rows from row {start} on; save the file as UTF-8",
            where=where,
        ) from error
