"""Canonical row lines: the bytes of one row, without its line break (docs/spec, section 2).

Everything is decided on bytes, and nothing is normalised. A line that passes has exactly one reading, and sorting
valid lines with distinct ids is sorting by id: no id holds a byte as low as the TAB that ends it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dblrandom.errors import RosterError
from dblrandom.kernel.text import is_hex, is_name
from dblrandom.model.names import BLIND, MAX_FIELD_BYTES, MAX_ID_BYTES, UNSEEN_IN_ID

__all__ = [
    "BLIND",
    "MAX_FIELD_BYTES",
    "MAX_ID_BYTES",
    "check_columns",
    "check_id",
    "check_line",
    "fields_of",
    "header_line",
    "id_of",
    "is_id",
    "line_fault",
    "row_line",
]

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_IN_ID = re.compile(f"[{UNSEEN_IN_ID}]")


def check_columns(columns: Sequence[str], confidential: bool, where: str = "columns") -> None:
    """Check a roster's column names: valid, distinct, ``id`` first, ``blind`` last where confidential and only there.

    Raises:
        RosterError: naming the column.
    """
    if not columns or columns[0] != "id":
        raise RosterError("the first column must be id", where=where)
    for at, name in enumerate(columns, 1):
        if not is_name(name):
            raise RosterError(f"column {at} is {name!r}, not a name of 1 to 64 of a-z 0-9 . _ -", where=where)
        if name in columns[: at - 1]:
            raise RosterError(f"the column {name!r} is there twice", where=where)
    if confidential and columns[-1] != BLIND:
        raise RosterError("the last column of a confidential roster must be blind", where=where)
    if BLIND in (columns[:-1] if confidential else columns):
        raise RosterError("blind may only be the last column of a confidential roster", where=where)


def header_line(columns: Sequence[str]) -> bytes:
    """The first line of a canonical file, without its line break; the columns are presumed checked."""
    return "\t".join(columns).encode("ascii")


def row_line(fields: Sequence[str], columns: Sequence[str], where: str = "row") -> bytes:
    """The canonical line of one row, without its line break.

    Args:
        fields: the row's text, in the order of the columns; a missing value is the empty text.
        columns: the roster's columns, presumed checked.
        where: what to call the row in errors.

    Raises:
        RosterError: what is not canonical, naming the column.
    """
    if len(fields) != len(columns):
        raise RosterError(f"{len(fields)} fields; the roster has {len(columns)} columns", where=where)
    try:
        line = "\t".join(fields).encode("utf-8")
    except UnicodeEncodeError as error:
        at = next(i for i, field in enumerate(fields) if re.search("[\ud800-\udfff]", field))
        raise RosterError(f"{_named(columns, at)} has a lone surrogate; it is not text", where=where) from error
    if line.count(b"\t") != len(fields) - 1:
        at = next(i for i, field in enumerate(fields) if "\t" in field)
        raise RosterError(f"{_named(columns, at)} has a TAB, which ends a field; remove it", where=where)
    check_line(line, columns, where)
    return line


def check_line(line: bytes, columns: Sequence[str], where: str = "row") -> None:
    """Check that ``line`` is the canonical line of a row, by every rule of the canonical file but order.

    Raises:
        RosterError: what is not canonical, naming the column.
    """
    fault = line_fault(line, columns)
    if fault is not None:
        raise RosterError(fault, where=where)


def line_fault(line: bytes, columns: Sequence[str]) -> str | None:
    """What is not canonical about ``line``, in words, or ``None``; for loops over millions of lines."""
    fields = line.split(b"\t")
    if len(fields) != len(columns):
        return f"{len(fields)} fields, separated by TAB; the roster has {len(columns)} columns"
    if _CONTROL.search(line):
        return _control_fault(fields, columns)
    if len(line) > MAX_FIELD_BYTES:
        for at, field in enumerate(fields):
            if len(field) > MAX_FIELD_BYTES:
                return f"{_named(columns, at)} has {len(field)} bytes; at most {MAX_FIELD_BYTES} are allowed"
    if not line.isascii():
        for at, field in enumerate(fields):
            try:
                field.decode("utf-8")
            except UnicodeDecodeError as error:
                return f"{_named(columns, at)} is not UTF-8 at byte {error.start}; save the file as UTF-8"
    if columns[-1] == BLIND and not is_hex(fields[-1].decode("utf-8"), 64):
        return f"{_named(columns, len(columns) - 1)} is not 32 bytes in 64 lower-case hex characters"
    return _id_fault(fields[0])


def check_id(unit_id: str, where: str = "id") -> bytes:
    """The UTF-8 bytes of an id that a roster may have.

    Raises:
        RosterError: no roster may have it.
    """
    return row_line((unit_id,), ("id",), where)


def is_id(unit_id: str | bytes) -> bool:
    """Whether a roster may have this id, given as text or as bytes."""
    try:
        check_id(unit_id.decode("utf-8") if isinstance(unit_id, bytes) else unit_id)
    except (RosterError, UnicodeDecodeError):
        return False
    return True


def id_of(line: bytes) -> bytes:
    """The id of a canonical line."""
    return line.split(b"\t", 1)[0]


def fields_of(line: bytes) -> list[bytes]:
    """The fields of a canonical line, the id first."""
    return line.split(b"\t")


def _named(columns: Sequence[str], at: int) -> str:
    return f"column {columns[at]!r}" if at < len(columns) else f"field {at + 1}"


def _control_fault(fields: Sequence[bytes], columns: Sequence[str]) -> str:
    for at, field in enumerate(fields):
        found = _CONTROL.search(field)
        if found:
            code = found.group()[0]
            advice = "end lines with LF alone" if code == 0x0D else "remove it"
            return f"{_named(columns, at)} has the control character U+{code:04X}; {advice}"
    return "a control character; remove it"


def _id_fault(unit_id: bytes) -> str | None:
    if not unit_id:
        return "column 'id' is empty; every row needs an id"
    if len(unit_id) > MAX_ID_BYTES:
        return f"column 'id' has {len(unit_id)} bytes; at most {MAX_ID_BYTES} are allowed"
    if unit_id[0] == 0x20 or unit_id[-1] == 0x20:
        return "column 'id' has a space at an end; remove it"
    if not unit_id.isascii():
        found = _NOT_IN_ID.search(unit_id.decode("utf-8"))
        if found:
            return f"column 'id' has the invisible character U+{ord(found.group()):04X}; remove it"
    return None
