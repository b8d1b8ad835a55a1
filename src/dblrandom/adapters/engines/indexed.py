"""Single questions to a roster of any size, answered from an index of its pages (docs/engines)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import TracebackType
from typing import NoReturn, Self

import attrs

from dblrandom.adapters.engines.pageindex import Hint, PageIndex
from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.merkle import leaf_hash, root_from_path
from dblrandom.kernel.rows import check_id, id_of
from dblrandom.kernel.suite import Suite
from dblrandom.model.portable import Bound
from dblrandom.roster import Manifest, Proof, ProofPage, verify_absence, verify_presence
from dblrandom.sampling import Frame

__all__ = ["IndexedRoster", "PageReader"]

PageReader = Callable[[bytes, bytes | None, Hint | None, int], bytes]
"""Reads a page: from its first id on, below the next page's, perhaps at a hint, so many rows. It is not believed."""


@attrs.frozen(eq=False)
class IndexedRoster(Bound):
    """A committed roster that answers single questions in milliseconds, without having read its rows.

    Each page that it shows leads to the root of the index's manifest. Whoever asks has to see that this manifest is the
    one committed, as with any roster; :class:`~dblrandom.adapters.engines.lazy.LazyRoster` and ceremonies do.
    """

    _instead = "open it again in the other process"

    _index: PageIndex
    _read: PageReader = attrs.field(repr=False)
    _end: Callable[[], object] = attrs.field(repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index and of the rows, any number of times; the manifest stays."""
        self._index.close()
        self._end()

    def __eq__(self, other: object) -> bool:
        return self.manifest == getattr(other, "manifest", None)

    def __hash__(self) -> int:
        return hash(self.manifest)

    def __len__(self) -> int:
        return self.manifest.rows

    @property
    def manifest(self) -> Manifest:
        """The manifest that the index is of."""
        return self._index.manifest

    @property
    def suite(self) -> Suite:
        """The suite of that manifest."""
        return self._index.suite

    @property
    def name(self) -> str:
        """The roster's name."""
        return self.manifest.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, ``id`` first."""
        return self.manifest.columns

    def prove(self, unit_id: str) -> Proof:
        """The proof that an id is on the roster, or that it is not; it was verified.

        Raises:
            RosterError: no roster may have such an id, the rows are not those of the index, or the index is damaged.
        """
        return self._answer(unit_id)[0]

    def find(self, unit_id: bytes) -> bytes | None:
        """The line of an id, or ``None``, which is shown by a proof as well; errors as for :meth:`prove`."""
        return self._answer(unit_id.decode("utf-8"))[1]

    def known(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are on the roster, by one or two pages for each."""
        return {unit_id for unit_id in ids if _is_id(unit_id) and self._answer(unit_id)[1] is not None}

    def values(self, ids: Collection[str], column: str) -> dict[str, str]:
        """The field of a column for those of the ids that are on the roster, by one or two pages for each.

        Raises:
            RosterError: there is no such column; and as for :meth:`prove`.
        """
        if column not in self.columns:
            told = f"there is no column {column!r}; there are {', '.join(self.columns)}"
            raise RosterError(told, where=f"roster {self.name}")
        found = {unit_id: self.row(unit_id) for unit_id in ids if _is_id(unit_id)}
        return {unit_id: row[column] for unit_id, row in found.items() if row is not None}

    def row(self, unit_id: str) -> dict[str, str] | None:
        """The fields of an id by column, or ``None``; errors as for :meth:`prove`."""
        line = self._answer(unit_id)[1]
        return None if line is None else dict(zip(self.columns, line.decode("utf-8").split("\t"), strict=True))

    def records(self) -> Iterator[dict[str, str]]:
        """Not answered: all rows are read from a roster that was opened without an index; a RosterError."""
        self._refuse()

    def frame(self, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Frame:
        """Not answered: a draw reads all rows, and is bound to them; a RosterError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        told = "is open by an index, for single questions; open it without one to read all rows or to draw"
        raise RosterError(told, where=f"roster {self.name}")

    def _answer(self, unit_id: str) -> tuple[Proof, bytes | None]:
        sought = check_id(unit_id)
        pages: list[ProofPage] = []
        if len(self._index):
            index = max(bisect_right(self._index, sought) - 1, 0)
            pages.append(self._page(index))
            if _last(pages[0]) < sought and index + 1 < len(self._index):
                pages.append(self._page(index + 1))
        proof = Proof(unit_id, self.name, tuple(pages))
        line = next(
            (line for page in pages for line in page.lines.split(b"\n") if line and id_of(line) == sought), None
        )
        # First ids that are false would lead to another page, which then shows neither.
        try:
            if line is not None:
                verify_presence(self.suite, self.manifest, proof)
            else:
                verify_absence(self.suite, self.manifest, proof)
        except RosterError as error:
            raise RosterError("the index is damaged; make it again", where=f"roster {self.name}") from error
        return proof, line

    def _page(self, index: int) -> ProofPage:
        first, after = self._index[index], self._index[index + 1] if index + 1 < len(self._index) else None
        path, size = self._index.path(index), self.manifest.page_size(index)
        data = self._read(first, after, self._index.hint(index), size)
        root = root_from_path(self.suite, leaf_hash(self.suite, data), index, len(self._index), path)
        if root.hex() != self.manifest.root or data.count(b"\n") != size:
            raise RosterChanged(
                "its rows are not those of the index: the table was changed, or the index is of another one",
                where=f"roster {self.name}",
            )
        return ProofPage(index, data, tuple(step.hex() for step in path))


def _last(page: ProofPage) -> bytes:
    return id_of(page.lines.rstrip(b"\n").rpartition(b"\n")[2])


def _is_id(text: str) -> bool:
    try:
        check_id(text)
    except RosterError:
        return False
    return True
