"""One reading of a whole table for a commitment, and what is bound to it (docs/engines)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from dblrandom.adapters.engines.committed import CommittedPages
from dblrandom.adapters.engines.pagescan import PageScan
from dblrandom.adapters.engines.table import Leaf, OutOfOrder, Table
from dblrandom.errors import RosterError
from dblrandom.kernel.merkle import leaf_hash
from dblrandom.kernel.rows import id_of, line_fault
from dblrandom.kernel.suite import Suite
from dblrandom.sampling import Scan

__all__ = ["PageReading", "Reading", "ReadingTable", "reading_of"]


class Reading(ABC):
    """How the rows of one commitment are read, and read again.

    What is made for the library's own engines counts and hashes without the pages. Each of its answers comes from rows
    that it has tied to those of :meth:`leaves`, and is an error otherwise. No plug-in may vouch for itself in this way:
    of any other table there is a :class:`PageReading`.
    """

    shows = True
    """Whether the candidates of a scan come off pages that were held against the commitment."""

    @abstractmethod
    def leaves(self) -> Iterator[Leaf]:
        """The leaves of all pages in order; read once, to its end, before anything else is asked.

        Raises:
            RosterError, OutOfOrder: as :meth:`~dblrandom.adapters.engines.table.Table.pages`.
        """

    @abstractmethod
    def scan(
        self, pages: CommittedPages, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str
    ) -> Scan:
        """The rows of one task, bound to the pages.

        Raises:
            PlanError: a column that is not there.
        """

    def pages_at(self, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]] | None:
        """The pages of these numbers, ascending, unchecked; ``None`` where that is no easier than to read all."""
        return None


class ReadingTable(ABC):
    """A table of one of the library's own engines, which has a reading of its own."""

    @abstractmethod
    def reading(self, suite: Suite, page_rows: int) -> Reading:
        """A new reading; nothing is read yet."""


class PageReading(Reading):
    """A reading of any table: its pages are checked by every rule, and draws are made from those that were committed.

    Args:
        table: where the rows are.
        suite: the suite of the commitment.
        page_rows: the rows of a page.
        columns: the roster's columns, checked already.
        where: what to call the roster in errors.
    """

    def __init__(self, table: Table, suite: Suite, page_rows: int, columns: Sequence[str], where: str) -> None:
        self._table, self._suite, self._page_rows = table, suite, page_rows
        self._columns, self._where = columns, where

    def leaves(self) -> Iterator[Leaf]:
        """See :meth:`Reading.leaves`."""
        last, before = b"", 0
        for index, page in enumerate(self._table.pages(self._page_rows)):
            data = bytes(page.data)
            lines = data.split(b"\n")
            if lines.pop():
                raise RosterError("the last row of a page does not end with LF", where=f"{self._where}, page {index}")
            if before != index * self._page_rows or not 0 < len(lines) <= self._page_rows:
                told = f"every page has {self._page_rows} rows, the last one at least one and no more"
                raise RosterError(f"{told}; the table gives others", where=f"{self._where}, page {index}")
            last = self._last_of(lines, last, before)
            before += len(lines)
            yield Leaf(leaf_hash(self._suite, data), id_of(lines[0]), len(lines))

    def _last_of(self, lines: Sequence[bytes], last: bytes, before: int) -> bytes:
        """The last id of lines that are canonical, and ascend from the one before them."""
        for number, line in enumerate(lines, before + 1):
            fault = line_fault(line, self._columns)
            unit_id = id_of(line)
            if fault is None and unit_id > last:
                last = unit_id
                continue
            where = f"{self._where}, row {number} (id {unit_id[:300].decode('utf-8', 'replace')!r})"
            if fault is not None:
                raise RosterError(fault, where=where)
            if unit_id == last:
                raise RosterError("the id is there twice; ids are unique", where=where)
            raise OutOfOrder("the rows are not in the order of the ids' bytes", where=where)
        return last

    def scan(
        self, pages: CommittedPages, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str
    ) -> Scan:
        """See :meth:`Reading.scan`."""
        return PageScan(pages, keep, strata, where=where)


def reading_of(table: Table, suite: Suite, page_rows: int, columns: Sequence[str], where: str) -> Reading:
    """The reading of a table: its own where it is of one of the library's engines."""
    if isinstance(table, ReadingTable):
        return table.reading(suite, page_rows)
    return PageReading(table, suite, page_rows, columns, where)
