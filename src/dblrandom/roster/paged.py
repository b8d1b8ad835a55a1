"""What every kind of roster answers alike, wherever its rows are (docs/spec, section 2)."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import check_id, fields_of, id_of, is_id
from dblrandom.model.closing import Closing
from dblrandom.roster.manifest import Manifest
from dblrandom.roster.proof import Proof, ProofPage

__all__ = ["CommittedRoster", "PagedRoster", "line_in"]


class CommittedRoster(Closing):
    """A roster with a manifest; two are equal where their manifests are, wherever their rows are."""

    __slots__ = ()

    @property
    @abstractmethod
    def manifest(self) -> Manifest:
        """The commitment to the rows."""

    def __eq__(self, other: object) -> bool:
        return self.manifest == other.manifest if isinstance(other, CommittedRoster) else NotImplemented

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
        """Its columns, ``id`` first; the last one is ``blind`` where it is confidential."""
        return self.manifest.columns

    @property
    def page_rows(self) -> int:
        """The rows of a page, 256 or 1."""
        return self.manifest.page_rows


class PagedRoster(CommittedRoster):
    """A roster of which any page can be shown by its number; so an id is looked up, and proved, by one or two pages."""

    __slots__ = ()

    @abstractmethod
    def _first_id(self, index: int) -> bytes:
        """The id of the first row of a page."""

    @abstractmethod
    def _proof_page(self, index: int) -> ProofPage:
        """A page with its audit path; where its rows are elsewhere, it was held against the commitment."""

    def _pages_for(self, sought: bytes) -> tuple[ProofPage, ...]:
        """The page on which an id is or would be, and the next one where the id would be between the two."""
        there = self.manifest.pages
        if not there:
            return ()
        index = max(bisect_right(range(there), sought, key=self._first_id) - 1, 0)
        page = self._proof_page(index)
        if index + 1 < there and _lines(page) and id_of(_lines(page)[-1]) < sought:
            return page, self._proof_page(index + 1)
        return (page,)

    def prove(self, unit_id: str) -> Proof:
        """The proof that an id is on the roster, or that it is not.

        Raises:
            RosterError: no roster may have such an id, or the rows are elsewhere and are not the ones committed.
        """
        return Proof(unit_id, self.name, self._pages_for(check_id(unit_id)))

    def find(self, unit_id: bytes) -> bytes | None:
        """The line of an id, or ``None``, also for bytes that are no id; errors of the rows as for :meth:`prove`."""
        return line_in(self._pages_for(unit_id), unit_id) if is_id(unit_id) else None

    def row(self, unit_id: str) -> dict[str, str] | None:
        """The fields of an id by column, or ``None``; errors as for :meth:`prove`."""
        line = self.find(check_id(unit_id))
        return None if line is None else self._record(line)

    def known(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are on the roster; texts that no id may be are not. Errors as for :meth:`find`."""
        return set(self._found(ids))

    def values(self, ids: Collection[str], column: str) -> dict[str, str]:
        """The field of a column for those of the ids that are on the roster; see :meth:`known`.

        Raises:
            RosterError: there is no such column; and as for :meth:`find`.
        """
        index = self.column_index(column)
        return {unit_id: fields_of(line)[index].decode("utf-8") for unit_id, line in self._found(ids).items()}

    def column_index(self, name: str) -> int:
        """The place of a column, from 0.

        Raises:
            RosterError: there is no such column.
        """
        if name not in self.columns:
            known = ", ".join(self.columns)
            raise RosterError(f"there is no column {name!r}; there are {known}", where=f"roster {self.name}")
        return self.columns.index(name)

    def _found(self, ids: Collection[str]) -> Mapping[str, bytes]:
        """The lines of those of the ids that are on the roster."""
        lines = {unit_id: self.find(unit_id.encode("utf-8", "surrogatepass")) for unit_id in ids}
        return {unit_id: line for unit_id, line in lines.items() if line is not None}

    def _record(self, line: bytes) -> dict[str, str]:
        return dict(zip(self.columns, line.decode("utf-8").split("\t"), strict=True))


def line_in(pages: Sequence[ProofPage], unit_id: bytes) -> bytes | None:
    """The line of an id on one of these pages, or ``None``."""
    return next((line for page in pages for line in _lines(page) if id_of(line) == unit_id), None)


def _lines(page: ProofPage) -> list[bytes]:
    return page.lines.split(b"\n")[:-1]
