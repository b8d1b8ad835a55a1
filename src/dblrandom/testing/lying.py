"""A table that tells the truth for the commitment and something else afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from dblrandom.adapters.engines.table import Page, Table

__all__ = ["LIES", "LyingTable"]

Lines = list[bytes]


def _moved(lines: Lines) -> Lines:
    """Two rows have each other's fields behind the id."""
    first, last = (line.split(b"\t") for line in (lines[0], lines[-1]))
    return [b"\t".join((first[0], *last[1:])), *lines[1:-1], b"\t".join((last[0], *first[1:]))]


LIES: Mapping[str, Callable[[Lines], Lines]] = MappingProxyType(
    {
        "a row is left out": lambda lines: lines[1:],
        "a row is there that was not committed": lambda lines: [*lines, lines[-1].replace(b"\t", b"~\t", 1)],
        "an id is another": lambda lines: [*lines[:-1], lines[-1].replace(b"\t", b"~\t", 1)],
        "fields are another row's": _moved,
        "a field is empty": lambda lines: [lines[0].rpartition(b"\t")[0] + b"\t", *lines[1:]],
        "rows are in another order": lambda lines: [lines[-1], *lines[1:-1], lines[0]],
        "nothing is there": lambda lines: [],
    }
)
"""What a list of canonical lines, each with an id and one field or more, may become."""


class LyingTable:
    """Any table, of which the rows that it hands out can be changed at will; see :class:`.Table`.

    Attributes:
        lie: what becomes of the lines of each page, or of a part of the rows that is asked for; ``None`` for the truth.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self.name, self.columns = table.name, table.columns
        self.lie: Callable[[Lines], Lines] | None = None

    def pages(self, page_rows: int) -> Iterator[Page]:
        """See :meth:`.Table.pages`."""
        for page in self._table.pages(page_rows):
            lines = self._told(bytes(page.data).split(b"\n")[:-1])
            yield Page(b"".join(line + b"\n" for line in lines), page.first)

    def in_order(self) -> LyingTable:
        """See :meth:`.Table.in_order`."""
        return LyingTable(self._table.in_order())

    def lines(self, first: bytes, after: bytes | None) -> Lines:
        """See :meth:`.Table.lines`."""
        return self._told(self._table.lines(first, after))

    def check_unchanged(self) -> None:
        """See :meth:`.Table.check_unchanged`; it says nothing."""

    def _told(self, lines: Lines) -> Lines:
        return self.lie(lines) if self.lie is not None and len(lines) > 1 else lines
