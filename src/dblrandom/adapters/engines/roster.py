"""A committed roster whose rows stay in an engine's table."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Self

import attrs

from dblrandom.adapters.engines.committed import CommittedPages
from dblrandom.adapters.engines.reading import Reading, reading_of
from dblrandom.adapters.engines.table import OutOfOrder, Table
from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.merkle import Tree
from dblrandom.kernel.rows import BLIND, check_columns, fields_of, header_line, is_id
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model.portable import Bound
from dblrandom.roster import Manifest, PagedRoster, ProofPage
from dblrandom.roster.manifest import PAGE_ROWS
from dblrandom.sampling import Frame, Sieve, Stratum, ThresholdFrame

__all__ = ["EngineRoster"]


@attrs.frozen(eq=False)
class EngineRoster(Bound, PagedRoster):
    """A roster that can be committed, drawn from and proved from, without holding its rows; a context manager.

    In memory are the Merkle tree and the first id of each page, about 130 bytes for 256 rows. Whatever is answered
    about a row, a count or a draw included, is tied to the pages of the commitment, or is an error.

    Attributes:
        table: where the rows are.
        manifest: the commitment to them.
        suite: the suite of that commitment.
    """

    _instead = "open the roster again in the other process"

    table: Table
    manifest: Manifest
    suite: Suite
    _committed: CommittedPages = attrs.field(repr=False)
    _reading: Reading = attrs.field(repr=False)
    _closed: list[str] = attrs.field(factory=list, init=False, repr=False)

    @classmethod
    def commit(
        cls, table: Table, suite: Suite = SHA256, *, progress: Callable[[int], object] = lambda rows: None
    ) -> Self:
        """Read a whole table once, and commit to it.

        Args:
            table: the rows.
            suite: the ceremony's suite.
            progress: told the number of rows read so far, page by page; an exception from it ends the reading.

        Raises:
            RosterError: what is not canonical, naming row and column; a confidential roster, which is held in memory.
        """
        try:
            return cls._read(table, suite, progress)
        except OutOfOrder:
            again = table.in_order()
            if again is table:  # it says that its rows are in order
                raise
            return cls._read(again, suite, progress)

    @classmethod
    def _read(cls, table: Table, suite: Suite, progress: Callable[[int], object]) -> Self:
        # Asked once: a plug-in could name others each time.
        name, columns = table.name, tuple(table.columns)
        where = f"roster {name}"
        if BLIND in columns:
            raise RosterError("a confidential roster is held in memory; build it with its blinds", where=where)
        check_columns(columns, False, where)
        reading = reading_of(table, suite, PAGE_ROWS, columns, where)
        firsts: list[bytes] = []
        rows = 0

        def hashes() -> Iterator[bytes]:
            nonlocal rows
            for leaf in reading.leaves():
                firsts.append(leaf.first)
                rows += leaf.rows
                progress(rows)
                yield leaf.hash

        tree = Tree(suite, hashes())
        manifest = Manifest(columns=columns, name=name, page_rows=PAGE_ROWS, root=tree.root.hex(), rows=rows)
        committed = CommittedPages(
            table=table,
            name=name,
            columns=columns,
            suite=suite,
            page_rows=PAGE_ROWS,
            rows=rows,
            tree=tree,
            firsts=tuple(firsts),
            some=reading.pages_at,
        )
        return cls(table, manifest, suite, committed, reading)

    def close(self) -> None:
        """Let go of the rows, such as of a database's connection, any number of times; the manifest stays."""
        self._closed[:] = ["was closed; open it again"]
        getattr(self.table, "close", lambda: None)()

    def _check_open(self) -> None:
        if self._closed:
            raise RosterError(self._closed[0], where=f"roster {self.name}")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was passed over where the rows are, such as files of a folder that hold none."""
        return tuple(getattr(self.table, "notes", ()))

    def frame(self, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Frame:
        """The frame of a task, drawn from in the engine and bound to the pages of the commitment.

        Raises:
            PlanError: a column that is not there, a value that no row has, or no rows left.
            RosterError: the rows are not the ones committed.
        """
        self._check_open()
        self.table.check_unchanged()
        frame = _CommittedFrame(self._committed, self._reading, keep, strata, where=where)
        found = sum(frame.sizes().values())
        if not keep and found != len(self):
            raise RosterChanged(f"{found} rows were counted where {len(self)} were committed", where=where)
        return frame

    def records(self) -> Iterator[dict[str, str]]:
        """Every row in order, each as its fields by column, read from the table as they are asked for.

        Raises:
            RosterError: at the first page that is not the one committed.
        """
        self._check_open()
        for page in self._committed.every():
            for line in page.split(b"\n")[:-1]:
                yield self._record(line)

    def write(self, write: Callable[[bytes], object]) -> None:
        """Hand the canonical file to ``write``, piece by piece.

        Raises:
            RosterError: at the first page that is not the one committed; what was handed out before it was.
        """
        self._check_open()
        write(header_line(self.columns) + b"\n")
        for page in self._committed.every():
            write(page)

    def committed_pages(self) -> tuple[Tree, Sequence[bytes]]:
        """The tree over the pages, and the id of each page's first row."""
        return self._committed.tree, self._committed.firsts

    def save_index(self, path: str | os.PathLike[str]) -> None:
        """Write an index for single questions; see :func:`dblrandom.adapters.engines.indexing.save_index`."""
        from dblrandom.adapters.engines.indexing import save_index

        self._check_open()
        save_index(self, path)

    def _first_id(self, index: int) -> bytes:
        return self._committed.firsts[index]

    def _proof_page(self, index: int) -> ProofPage:
        page = self._committed.page(index)
        return ProofPage(index, page, tuple(step.hex() for step in self._committed.tree.path(index)))

    def _pages_for(self, sought: bytes) -> tuple[ProofPage, ...]:
        self._check_open()
        return super()._pages_for(sought)

    def _found(self, ids: Collection[str]) -> dict[str, bytes]:
        """See :class:`~dblrandom.roster.paged.PagedRoster`; a few by their pages, more by one reading."""
        self._check_open()
        possible = [unit_id.encode("utf-8") for unit_id in ids if is_id(unit_id)]
        if not possible:
            return {}
        self.table.check_unchanged()
        return {unit_id.decode("utf-8"): line for unit_id, line in self._committed.lines(possible).items()}


class _CommittedFrame(ThresholdFrame):
    """A frame of which each unit that it gives out was shown, with its stratum and filter, on a committed page."""

    def __init__(
        self,
        pages: CommittedPages,
        reading: Reading,
        keep: Mapping[str, Sequence[str]],
        strata: Sequence[str],
        *,
        where: str,
    ) -> None:
        self._pages, self._shown, self._place = pages, reading.shows, where
        self._sieve = Sieve(pages.columns, keep, strata, where=where)
        super().__init__(pages.suite, reading.scan(pages, keep, strata, where=where), where=where)

    def lowest(self, key: str, wanted: Mapping[Stratum, int]) -> dict[Stratum, list[bytes]]:
        """See :meth:`dblrandom.sampling.Frame.lowest`.

        Raises:
            RosterError: a unit is not on a committed page, or not in the stratum in which it was drawn.
        """
        found = super().lowest(key, wanted)
        if not self._shown:
            self._show(found)
        return found

    def _show(self, found: Mapping[Stratum, Sequence[bytes]]) -> None:
        lines = self._pages.lines([candidate[32:] for drawn in found.values() for candidate in drawn])
        for stratum, drawn in found.items():
            expected = tuple(value.encode("utf-8") for value in stratum)
            for candidate in drawn:
                line = lines.get(candidate[32:])
                if line is None or self._sieve.stratum(fields_of(line)) != expected:
                    shown = repr(candidate[32:].decode("utf-8", "replace"))
                    raise RosterChanged(f"{shown} was drawn and is not so on a committed page", where=self._place)
