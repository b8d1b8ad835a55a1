"""Rows as a database hands them out, made into canonical lines (docs/spec, section 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import lt
from typing import Any

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import MAX_FIELD_BYTES, MAX_ID_BYTES, row_line
from dblrandom.model.names import UNSEEN_IN_ID

__all__ = ["Lines"]

_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_ODD_ID = re.compile(f"^ | $|^$|[{UNSEEN_IN_ID}]", re.MULTILINE)


class Lines:
    """Makes batches of rows that come in the order of their ids into canonical lines.

    A batch is checked as a whole, so that millions of rows take seconds. What does not pass is looked at row by row,
    by the kernel's own rules, which then say what is wrong and where.
    """

    def __init__(self, columns: Sequence[str], where: str) -> None:
        self._columns, self._where = tuple(columns), where
        self._last = b""
        self.count = 0
        """The rows so far."""

    def add(self, rows: Sequence[Sequence[Any]]) -> list[bytes]:
        """The lines of the next rows, without LF.

        Raises:
            RosterError: what is not canonical, naming row and column; ids out of order, or there twice.
        """
        found = self._all(rows)
        if found is None:
            found = [self._one(row, number) for number, row in enumerate(rows, self.count + 1)]
        elif rows:
            self._last = rows[-1][0].encode("utf-8")
        self.count += len(rows)
        return found

    def _all(self, rows: Sequence[Sequence[Any]]) -> list[bytes] | None:
        """The lines, or ``None`` where one of the rows may be wrong or NULL stands in one."""
        try:
            texts = [row[0] for row in rows]
            data = "\n".join(["\t".join(row) for row in rows]).encode("utf-8")
            ids = [self._last, *(text.encode("utf-8") for text in texts)]
        except (TypeError, AttributeError, UnicodeEncodeError):
            return None
        lines = data.split(b"\n")
        if len(lines) != len(rows) or data.count(b"\t") != len(rows) * (len(self._columns) - 1):
            return None
        if _CONTROL.search(data) or _ODD_ID.search("\n".join(texts)) or not all(map(lt, ids, ids[1:])):
            return None
        # A line that is no longer than a field may be has no field that is too long.
        if max(map(len, lines)) > MAX_FIELD_BYTES or max(map(len, ids)) > MAX_ID_BYTES:
            return None
        return lines

    def _one(self, row: Sequence[Any], number: int) -> bytes:
        where = f"{self._where}, row {number} (id {row[0]!r:.300})"
        for column, value in zip(self._columns, row, strict=True):
            if value is None and column == "id":
                raise RosterError("column 'id' is NULL; every row needs an id", where=where)
            if value is not None and not isinstance(value, str):
                kind = type(value).__name__
                raise RosterError(f"column {column!r} holds a {kind}; make it text in a view of the table", where=where)
        line = row_line(["" if value is None else value for value in row], self._columns, where)
        unit_id = line.partition(b"\t")[0]
        if unit_id == self._last and number > 1:
            raise RosterError("the id is there twice; ids are unique", where=where)
        if unit_id < self._last:
            raise RosterError("the database does not put ids in the order of their bytes", where=where)
        self._last = unit_id
        return line
