"""A committed roster whose rows stay in an engine's table."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

import attrs

from dblrandom.adapters.engines.table import HashedTable, Leaf, OutOfOrder, Table
from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.merkle import Tree, leaf_hash, root_from_path
from dblrandom.kernel.rows import BLIND, check_columns, check_id, header_line, id_of
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model.portable import Bound
from dblrandom.roster import Manifest, Proof, ProofPage
from dblrandom.roster.manifest import PAGE_ROWS
from dblrandom.sampling import Frame, Scan, ThresholdFrame

__all__ = ["EngineRoster"]


@attrs.frozen(eq=False)
class EngineRoster(Bound):
    """A roster that can be committed, drawn from and proved from, without holding its rows; a context manager.

    In memory are the Merkle tree and the first id of each page, about 130 bytes for 256 rows.

    Attributes:
        table: where the rows are.
        manifest: the commitment to them.
        suite: the suite of that commitment.
    """

    _instead = "open the roster again in the other process"

    table: Table
    manifest: Manifest
    suite: Suite
    _tree: Tree = attrs.field(repr=False)
    _firsts: Sequence[bytes] = attrs.field(repr=False)
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
        rows = 0

        def hashes() -> Iterator[bytes]:
            nonlocal rows
            for leaf in _leaves(table, suite):
                firsts.append(leaf.first)
                rows += leaf.rows
                progress(rows)
                yield leaf.hash

        tree = Tree(suite, hashes())
        manifest = Manifest(
            columns=table.columns, name=table.name, page_rows=PAGE_ROWS, root=tree.root.hex(), rows=rows
        )
        return cls(table, manifest, suite, tree, tuple(firsts))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the rows, such as of a database's connection, any number of times; the manifest stays."""
        self._closed[:] = ["was closed; open it again"]
        getattr(self.table, "close", lambda: None)()

    def _check_open(self) -> None:
        if self._closed:
            raise RosterError(self._closed[0], where=f"roster {self.name}")

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
    def notes(self) -> tuple[str, ...]:
        """What was passed over where the rows are, such as files of a folder that hold none."""
        return tuple(getattr(self.table, "notes", ()))

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
        self._check_open()
        self.table.check_unchanged()
        frame = ThresholdFrame(self.suite, self.table.scan(self.suite, keep, strata, where=where), where=where)
        found = sum(frame.sizes().values())
        if not keep and found != len(self):
            raise RosterChanged(f"{found} rows were counted where {len(self)} were committed", where=where)
        return frame

    def find(self, unit_id: bytes) -> bytes | None:
        """The line of an id, or ``None``."""
        self._check_open()
        index = self._page_of(unit_id)
        if index < 0:
            return None
        return next((line for line in self._page(index).split(b"\n") if line and id_of(line) == unit_id), None)

    def known(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are on the roster, by one scan for all of them.

        Raises:
            RosterError: the table was changed since it was committed to; of one on Spark, only :meth:`frame` tells.
        """
        self._check_open()
        lawful = [unit_id for unit_id in ids if _is_id(unit_id)]
        if not lawful:
            return set()
        self.table.check_unchanged()
        # A draw from these rows alone, under any key and without a bound, names all of them.
        every = self._scan(lawful, ()).below("0" * 32, {(): None})
        return {candidate[32:].decode("utf-8") for _, candidate in every}

    def values(self, ids: Collection[str], column: str) -> dict[str, str]:
        """The field of a column for those of the ids that are on the roster, by a few scans for all of them.

        Raises:
            PlanError: there is no such column.
            RosterError: the table was changed since it was committed to.
        """
        self._check_open()
        known = sorted(self.known(ids))
        if not known:
            return {}
        scan = self._scan(known, (column,))
        found = scan.below("0" * 32, dict.fromkeys(scan.sizes()))
        return {candidate[32:].decode("utf-8"): field for (field,), candidate in found}

    def _scan(self, ids: Sequence[str], strata: Sequence[str]) -> Scan:
        return self.table.scan(self.suite, {"id": ids}, strata, where=f"roster {self.name}")

    def row(self, unit_id: str) -> dict[str, str] | None:
        """The fields of an id by column, or ``None``.

        Raises:
            RosterError: no roster may have such an id.
        """
        line = self.find(check_id(unit_id))
        return None if line is None else dict(zip(self.columns, line.decode("utf-8").split("\t"), strict=True))

    def records(self) -> Iterator[dict[str, str]]:
        """Every row in order, each as its fields by column, read from the table as they are asked for.

        Raises:
            RosterError: at the first page that is not the one committed.
        """
        for page in self._pages():
            for line in page.decode("utf-8").split("\n")[:-1]:
                yield dict(zip(self.columns, line.split("\t"), strict=True))

    def prove(self, unit_id: str) -> Proof:
        """The proof that an id is on the roster, or that it is not.

        Raises:
            RosterError: no roster may have such an id, or the table is not the one committed.
        """
        self._check_open()
        sought = check_id(unit_id)
        if not self._firsts:
            return Proof(unit_id, self.name, ())
        index = max(self._page_of(sought), 0)
        pages = [self._page(index)]
        last = pages[0].split(b"\n")[-2]
        if id_of(last) < sought and index + 1 < len(self._firsts):
            pages.append(self._page(index + 1))
        return Proof(unit_id, self.name, tuple(self._proof_page(index + n, page) for n, page in enumerate(pages)))

    def write(self, write: Callable[[bytes], object]) -> None:
        """Hand the canonical file to ``write``, piece by piece.

        Raises:
            RosterError: at the first page that is not the one committed; what was handed out before it was.
        """
        self._check_open()
        write(header_line(self.columns) + b"\n")
        for page in self._pages():
            write(page)

    def committed_pages(self) -> tuple[Tree, Sequence[bytes]]:
        """The tree over the pages, and the id of each page's first row."""
        return self._tree, self._firsts

    def save_index(self, path: str | os.PathLike[str]) -> None:
        """Write an index for single questions; see :func:`dblrandom.adapters.engines.indexing.save_index`."""
        from dblrandom.adapters.engines.indexing import save_index

        self._check_open()
        save_index(self, path)

    def _pages(self) -> Iterator[bytes]:
        self._check_open()
        index = -1
        try:
            for index, page in enumerate(self.table.pages(self.page_rows)):
                data = bytes(page.data)
                self._check_page(index, data)
                yield data
        except OutOfOrder as error:
            raise self._changed() from error
        if index + 1 != len(self._firsts):
            raise self._changed()

    def _page_of(self, unit_id: bytes) -> int:
        """The page on which an id is or would be, -1 before the first."""
        return bisect_right(self._firsts, unit_id) - 1

    def _page(self, index: int) -> bytes:
        after = self._firsts[index + 1] if index + 1 < len(self._firsts) else None
        page = b"".join([line + b"\n" for line in self.table.lines(self._firsts[index], after)])
        self._check_page(index, page)
        return page

    def _check_page(self, index: int, data: bytes) -> None:
        """What a table says again is believed only where it is what was committed."""
        if index >= len(self._firsts):
            raise self._changed()
        leaf, path = leaf_hash(self.suite, data), self._tree.path(index)
        if root_from_path(self.suite, leaf, index, len(self._firsts), path) != self._tree.root:
            raise self._changed()

    def _changed(self) -> RosterError:
        return RosterChanged("its rows are not the ones committed: the table was changed", where=f"roster {self.name}")

    def _proof_page(self, index: int, page: bytes) -> ProofPage:
        return ProofPage(index, page, tuple(step.hex() for step in self._tree.path(index)))


def _leaves(table: Table, suite: Suite) -> Iterator[Leaf]:
    found = table.leaves(suite, PAGE_ROWS) if isinstance(table, HashedTable) else None
    if found is not None:
        yield from found
        return
    for page in table.pages(PAGE_ROWS):
        # A joined copy is what both suites hash; a page has no more than a few hundred kilobytes.
        yield Leaf(suite.hash(b"".join((b"\x00", page.data))), page.first, _count(page.data))


def _is_id(text: str) -> bool:
    try:
        check_id(text)
    except RosterError:
        return False
    return True


def _count(data: bytes | memoryview) -> int:
    return bytes(data).count(b"\n")
