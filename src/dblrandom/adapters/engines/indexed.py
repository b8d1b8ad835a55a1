"""Single questions to a roster of any size, answered from an index of its pages (docs/engines)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

import attrs

from dblrandom.adapters.engines.pageindex import Hint, PageIndex
from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.merkle import leaf_hash, root_from_path
from dblrandom.kernel.suite import Suite
from dblrandom.model.portable import Bound
from dblrandom.roster import Manifest, PagedRoster, Proof, ProofPage, line_in, verify_absence, verify_presence
from dblrandom.sampling import Frame

__all__ = ["IndexedRoster", "PageReader"]

PageReader = Callable[[bytes, bytes | None, Hint | None, int], bytes]
"""Reads a page: from its first id on, below the next page's, perhaps at a hint, so many rows. It is not believed."""


@attrs.frozen(eq=False)
class IndexedRoster(Bound, PagedRoster):
    """A committed roster that answers single questions in milliseconds, without having read its rows.

    Each page that it shows leads to the root of the index's manifest. Whoever asks has to see that this manifest is the
    one committed, as with any roster; :class:`~dblrandom.adapters.engines.lazy.LazyRoster` and ceremonies do.
    """

    _instead = "open it again in the other process"

    _index: PageIndex
    _read: PageReader = attrs.field(repr=False)
    _end: Callable[[], object] = attrs.field(repr=False)

    def close(self) -> None:
        """Let go of the index and of the rows, any number of times; the manifest stays."""
        self._index.close()
        self._end()

    @property
    def manifest(self) -> Manifest:
        """The manifest that the index is of."""
        return self._index.manifest

    @property
    def suite(self) -> Suite:
        """The suite of that manifest."""
        return self._index.suite

    def records(self) -> Iterator[dict[str, str]]:
        """Not answered: all rows are read from a roster that was opened without an index; a RosterError."""
        self._refuse()

    def frame(self, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Frame:
        """Not answered: a draw reads all rows, and is bound to them; a RosterError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        told = "is open by an index, for single questions; open it without one to read all rows or to draw"
        raise RosterError(told, where=f"roster {self.name}")

    def _first_id(self, index: int) -> bytes:
        return self._index[index]

    def _pages_for(self, sought: bytes) -> tuple[ProofPage, ...]:
        pages = super()._pages_for(sought)
        # First ids that are false would lead to another page, which then shows neither.
        verify = verify_absence if line_in(pages, sought) is None else verify_presence
        try:
            verify(self.suite, self.manifest, Proof(sought.decode("utf-8"), self.name, pages))
        except RosterError as error:
            raise RosterError("the index is damaged; make it again", where=f"roster {self.name}") from error
        return pages

    def _proof_page(self, index: int) -> ProofPage:
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
