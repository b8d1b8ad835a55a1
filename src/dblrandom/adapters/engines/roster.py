"""A committed roster whose rows stay in an engine's table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

import attrs

from dblrandom.adapters.engines.table import OutOfOrder, Table
from dblrandom.errors import RosterError
from dblrandom.kernel.merkle import Tree
from dblrandom.kernel.rows import BLIND, check_columns, check_id, id_of
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.roster import Manifest, Proof, ProofPage
from dblrandom.roster.manifest import PAGE_ROWS
from dblrandom.sampling import Frame, ThresholdFrame

__all__ = ["EngineRoster"]


@attrs.frozen(eq=False)
class EngineRoster:
    """A roster that can be committed, drawn from and proved from, without holding its rows.

    In memory are the Merkle tree and the first id of each page, about 100 bytes for 256 rows.

    Attributes:
        table: where the rows are.
        manifest: the commitment to them.
        suite: the suite of that commitment.
    """

    table: Table
    manifest: Manifest
    suite: Suite
    _tree: Tree = attrs.field(repr=False)
    _firsts: Sequence[bytes] = attrs.field(repr=False)

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
        where = f"roster {table.name}"
        if BLIND in table.columns:
            raise RosterError("a confidential roster is held in memory; build it with its blinds", where=where)
        check_columns(table.columns, False, where)
        try:
            return cls._read(table, suite, progress)
        except OutOfOrder:
            return cls._read(table.in_order(), suite, progress)

    @classmethod
    def _read(cls, table: Table, suite: Suite, progress: Callable[[int], object]) -> Self:
        firsts: list[bytes] = []
        last: bytes | memoryview = b""

        def leaves() -> Iterator[bytes]:
            nonlocal last
            for page in table.pages(PAGE_ROWS):
                firsts.append(page.first)
                progress(PAGE_ROWS * len(firsts))
                yield suite.hash(b"".join((b"\x00", page.data)))
                last = page.data

        tree = Tree(suite, leaves())
        rows = PAGE_ROWS * max(len(firsts) - 1, 0) + bytes(last).count(b"\n")
        manifest = Manifest(
            columns=table.columns, name=table.name, page_rows=PAGE_ROWS, root=tree.root.hex(), rows=rows
        )
        return cls(table, manifest, suite, tree, tuple(firsts))

    def __eq__(self, other: object) -> bool:
        return self.manifest == getattr(other, "manifest", None)

    def __hash__(self) -> int:
        return hash(self.manifest)

    def __len__(self) -> int:
        return self.manifest.rows

    @property
    def name(self) -> str:
        """The roster's name."""
        return self.manifest.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, ``id`` first."""
        return self.manifest.columns

    @property
    def page_rows(self) -> int:
        """The rows of a page."""
        return self.manifest.page_rows

    def frame(self, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Frame:
        """The frame of a task, drawn from in the engine.

        Raises:
            PlanError: a column that is not there, a value that no row has, or no rows left.
            RosterError: the table was changed since it was committed to.
        """
        self.table.check_unchanged()
        return ThresholdFrame(self.suite, self.table.scan(self.suite, keep, strata, where=where), where=where)

    def find(self, unit_id: bytes) -> bytes | None:
        """The line of an id, or ``None``."""
        index = self._page_of(unit_id)
        if index < 0:
            return None
        return next((line for line in self._lines(index) if id_of(line) == unit_id), None)

    def row(self, unit_id: str) -> dict[str, str] | None:
        """The fields of an id by column, or ``None``.

        Raises:
            RosterError: no roster may have such an id.
        """
        line = self.find(check_id(unit_id))
        return None if line is None else dict(zip(self.columns, line.decode("utf-8").split("\t"), strict=True))

    def records(self) -> Iterator[dict[str, str]]:
        """Every row in order, each as its fields by column, read from the table as they are asked for."""
        for page in self.table.pages(self.page_rows):
            for line in bytes(page.data).decode("utf-8").split("\n")[:-1]:
                yield dict(zip(self.columns, line.split("\t"), strict=True))

    def prove(self, unit_id: str) -> Proof:
        """The proof that an id is on the roster, or that it is not.

        Raises:
            RosterError: no roster may have such an id, or the table is not the one committed.
        """
        sought = check_id(unit_id)
        if not self._firsts:
            return Proof(unit_id, self.name, ())
        index = max(self._page_of(sought), 0)
        lines = self._lines(index)
        beyond = id_of(lines[-1]) < sought and index + 1 < len(self._firsts)
        pages = (index, index + 1) if beyond else (index,)
        return Proof(unit_id, self.name, tuple(self._proof_page(each) for each in pages))

    def write(self, write: Callable[[bytes], object]) -> None:
        """Hand the canonical file to ``write``, piece by piece."""
        write("\t".join(self.columns).encode() + b"\n")
        for page in self.table.pages(self.page_rows):
            write(bytes(page.data))

    def _page_of(self, unit_id: bytes) -> int:
        """The page on which an id is or would be, -1 before the first."""
        return bisect_right(self._firsts, unit_id) - 1

    def _lines(self, index: int) -> list[bytes]:
        after = self._firsts[index + 1] if index + 1 < len(self._firsts) else None
        lines = self.table.lines(self._firsts[index], after)
        if len(lines) != self.manifest.page_size(index):
            raise RosterError("its rows are not the ones committed: the table was changed", where=f"roster {self.name}")
        return lines

    def _proof_page(self, index: int) -> ProofPage:
        data = b"".join(line + b"\n" for line in self._lines(index))
        return ProofPage(index, data, tuple(step.hex() for step in self._tree.path(index)))
