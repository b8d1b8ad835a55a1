"""One reading of a whole table for a commitment, and what is bound to it (docs/engines)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dblrandom.adapters.engines.committed import CommittedPages, first_id
from dblrandom.adapters.engines.pagescan import PageScan
from dblrandom.adapters.engines.table import HashedTable, Leaf, Table
from dblrandom.kernel.merkle import leaf_hash
from dblrandom.kernel.suite import Suite
from dblrandom.sampling import Scan

__all__ = ["PageReading", "Reading", "ReadingTable", "reading_of"]


class Reading(ABC):
    """How the rows of one commitment are read, and read again.

    What is made for the library's own engines counts and hashes without the pages. Each of its answers comes from rows
    that it has tied to those of :meth:`leaves`, and is an error otherwise. No plug-in may vouch for itself in this way:
    of any other table there is a :class:`PageReading`.
    """

    counted = True
    """Whether the leaves' first ids and numbers of rows are the library's own."""
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
    """A reading of any table: draws are made from its pages, each held against the commitment."""

    def __init__(self, table: Table, suite: Suite, page_rows: int) -> None:
        self._table, self._suite, self._page_rows = table, suite, page_rows

    def leaves(self) -> Iterator[Leaf]:
        """See :meth:`Reading.leaves`."""
        table: Any = self._table
        hashed = table.leaves(self._suite, self._page_rows) if isinstance(table, HashedTable) else None
        if hashed is not None:
            self.counted = False
            yield from hashed
            return
        for page in self._table.pages(self._page_rows):
            data = bytes(page.data)
            yield Leaf(leaf_hash(self._suite, data), first_id(data), data.count(b"\n"))

    def scan(
        self, pages: CommittedPages, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str
    ) -> Scan:
        """See :meth:`Reading.scan`."""
        return PageScan(pages, keep, strata, where=where)


def reading_of(table: Table, suite: Suite, page_rows: int) -> Reading:
    """The reading of a table: its own where it is of one of the library's engines."""
    if isinstance(table, ReadingTable):
        return table.reading(suite, page_rows)
    return PageReading(table, suite, page_rows)
