"""The committed pages of a roster: what an engine says again is believed only where it is what was committed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import attrs

from dblrandom.adapters.engines.table import OutOfOrder, Table
from dblrandom.errors import RosterChanged
from dblrandom.kernel.merkle import Tree, leaf_hash
from dblrandom.kernel.rows import id_of
from dblrandom.kernel.suite import Suite

__all__ = ["CommittedPages", "SomePages"]

SomePages = Callable[[Sequence[int]], Iterator[tuple[int, bytes]] | None]
"""Reads the pages of these numbers, ascending; ``None`` where that is no easier than to read all."""

_FEW = 16
"""So many pages are read one by one; more are picked out of one reading of the table."""


@attrs.frozen(eq=False, kw_only=True)
class CommittedPages:
    """Pages read again, each held against the tree of the commitment before anybody sees it.

    Attributes:
        table: where the rows are.
        name: the roster's name.
        columns: its columns, as they were when it was committed to.
        suite: the suite of the commitment.
        page_rows: the rows of a page.
        rows: the rows of all pages.
        tree: the commitment's tree.
        firsts: the id of each page's first row.
        some: how the table reads some of its pages.
    """

    table: Table
    name: str
    columns: Sequence[str]
    suite: Suite
    page_rows: int
    rows: int
    tree: Tree = attrs.field(repr=False)
    firsts: Sequence[bytes] = attrs.field(repr=False)
    some: SomePages = attrs.field(repr=False)

    def check(self, index: int, data: bytes) -> None:
        """Check that bytes are the committed page of this number.

        Raises:
            RosterChanged: they are not.
        """
        self.check_leaf(index, data)
        # An engine's own reading says how many rows a page has, and which id is its first.
        there = min(self.page_rows, self.rows - index * self.page_rows)
        if there < 1 or data.count(b"\n") != there or first_id(data) != self.firsts[index]:
            raise self.changed()

    def check_leaf(self, index: int, data: bytes) -> None:
        """Check by its hash alone that bytes are the committed page: enough where the reading cut the pages itself.

        Raises:
            RosterChanged: they are not.
        """
        if index >= len(self.firsts) or leaf_hash(self.suite, data) != self.tree.leaf(index):
            raise self.changed()

    def changed(self) -> RosterChanged:
        """The error of a table that says something else than was committed."""
        return RosterChanged(
            "its rows are not the ones committed: the table was changed, or tells others at each reading",
            where=f"roster {self.name}",
        )

    def every(self) -> Iterator[bytes]:
        """All pages in order.

        Raises:
            RosterChanged: at the first page that is not the one committed.
        """
        index = -1
        try:
            for index, page in enumerate(self.table.pages(self.page_rows)):
                data = bytes(page.data)
                self.check(index, data)
                yield data
        except OutOfOrder as error:
            raise self.changed() from error
        if index + 1 != len(self.firsts):
            raise self.changed()

    def page(self, index: int) -> bytes:
        """One page.

        Raises:
            RosterChanged: it is not the one committed.
        """
        after = self.firsts[index + 1] if index + 1 < len(self.firsts) else None
        page = b"".join([line + b"\n" for line in self.table.lines(self.firsts[index], after)])
        self.check(index, page)
        return page

    def place(self, unit_id: bytes) -> int:
        """The page on which an id is or would be, -1 before the first."""
        return bisect_right(self.firsts, unit_id) - 1

    def lines(self, ids: Collection[bytes]) -> dict[bytes, bytes]:
        """The lines of those of the ids that are on the roster; that the others are not is shown by pages as well.

        Raises:
            RosterChanged: a page is not the one committed.
        """
        if not self.firsts:
            return {}
        sought: dict[int, list[bytes]] = {}
        for unit_id in ids:
            sought.setdefault(max(self.place(unit_id), 0), []).append(unit_id)
        found: dict[bytes, bytes] = {}
        neighbours: set[int] = set()
        for index, page in self._pages(sorted(sought)):
            there = {id_of(line): line for line in page.split(b"\n")[:-1]}
            last = next(reversed(there))
            for unit_id in sought[index]:
                if unit_id in there:
                    found[unit_id] = there[unit_id]
                elif unit_id > last and index + 1 < len(self.firsts):
                    neighbours.add(index + 1)
        for _ in self._pages(sorted(neighbours - sought.keys())):
            pass  # that a page begins where it should is checked with it
        return found

    def _pages(self, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """The pages of these numbers, ascending."""
        if len(wanted) <= _FEW:
            yield from ((index, self.page(index)) for index in wanted)
            return
        some = self.some(wanted)
        if some is None:
            chosen = frozenset(wanted)
            yield from ((index, page) for index, page in enumerate(self.every()) if index in chosen)
            return
        yield from self._checked(wanted, some)

    def _checked(self, wanted: Iterable[int], given: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        for index in wanted:
            came, page = next(given, (-1, b""))
            if came != index:
                raise self.changed()
            self.check(index, page)
            yield index, page


def first_id(page: bytes | memoryview) -> bytes:
    """The id of the first row of a page."""
    line = bytes(page[:512]).partition(b"\n")[0]  # an id has at most 255 bytes
    return line.partition(b"\t")[0]
