"""Rows as a database hands them out, made into lines; whether these are canonical is checked page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import row_line

__all__ = ["Lines"]


class Lines:
    """Makes batches of rows into lines, of which each is one row.

    Only what a line cannot show is looked at here: values that are no text, line breaks and TABs inside of them. The
    rules of section 2 are for whoever commits to the pages (:class:`~dblrandom.adapters.engines.reading.PageReading`),
    or holds them against the commitment.
    """

    def __init__(self, columns: Sequence[str], where: str) -> None:
        self._columns, self._where = tuple(columns), where
        self.count = 0
        """The rows so far."""

    def add(self, rows: Sequence[Sequence[Any]]) -> list[bytes]:
        """The lines of the next rows, without LF.

        Raises:
            RosterError: a value that is neither text nor NULL, an id that is NULL, a line break or TAB in a value.
        """
        try:
            found = ["\t".join(row) for row in rows]
        except TypeError:
            found = ["\t".join(self._texts(row, number)) for number, row in enumerate(rows, self.count + 1)]
        try:
            data = "\n".join(found).encode("utf-8")
        except UnicodeEncodeError:
            data = b""
        lines = data.split(b"\n") if rows else []
        if len(lines) != len(rows) or data.count(b"\t") != len(rows) * (len(self._columns) - 1):
            for number, row in enumerate(rows, self.count + 1):
                row_line(self._texts(row, number), self._columns, self._place(row, number))
        self.count += len(rows)
        return lines

    def _texts(self, row: Sequence[Any], number: int) -> list[str]:
        for column, value in zip(self._columns, row, strict=True):
            if value is None and column == "id":
                raise RosterError("column 'id' is NULL; every row needs an id", where=self._place(row, number))
            if value is not None and not isinstance(value, str):
                told = f"column {column!r} holds a {type(value).__name__}; make it text in a view of the table"
                raise RosterError(told, where=self._place(row, number))
        return ["" if value is None else value for value in row]

    def _place(self, row: Sequence[Any], number: int) -> str:
        return f"{self._where}, row {number} (id {row[0]!r:.300})"
