"""What a table must be able to do (docs/engines)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from attrs import frozen

from dblrandom.errors import RosterError

__all__ = ["Leaf", "OutOfOrder", "Page", "Table", "check_asked"]


class OutOfOrder(RosterError):
    """The rows come in another order than that of the ids' bytes, so that they have to be sorted first."""


@frozen
class Page:
    """One page of the canonical file: its bytes, every line ended by LF, and the id of its first row."""

    data: bytes | memoryview
    first: bytes


class Leaf(NamedTuple):
    """What a commitment keeps of one page: its leaf hash, the id of its first row, and how many rows it has."""

    hash: bytes
    first: bytes
    rows: int


@runtime_checkable
class Table(Protocol):
    """Rows of text over named columns, ``id`` first, which may be far too many for memory.

    A table gives pages and lines and is believed in nothing: each page is checked by every rule and hashed before it is
    committed to, each that is read again is held against the commitment, and who is drawn is worked out from such pages
    alone.
    """

    @property
    def name(self) -> str:
        """The roster's name."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's columns, ``id`` first."""
        ...

    def pages(self, page_rows: int) -> Iterator[Page]:
        """The canonical pages in order, each of ``page_rows`` rows but for the last; every rule of section 2 checked.

        Raises:
            RosterError: what is not canonical, an id that is there twice, a column that is missing in one part.
            OutOfOrder: the rows are not sorted, and were expected to be; ask :meth:`in_order` for a table that sorts.
        """
        ...

    def in_order(self) -> Table:
        """The same rows, in the order of the ids' bytes whatever their order where they are; itself where they are."""
        ...

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        """The canonical lines, without LF and ascending, of the ids from ``first`` on and below ``after``."""
        ...

    def check_unchanged(self) -> None:
        """Refuse a table that is not the one that was read for the commitment.

        Raises:
            RosterError: it was changed since.
        """
        ...


def check_asked(unit_id: object, columns: object, rename: object, where: str) -> None:
    """Check that an id is one column, and that columns and their new names are given as such.

    Raises:
        RosterError: an id of several columns, or something else than names.
    """
    if not isinstance(unit_id, str):
        if isinstance(unit_id, Sequence) and len(unit_id) > 1:
            told = "an id is one column; join several in a view or in the file, with a sign that none of them has"
        else:
            told = f"the id is named by the text of one column, and this is a {type(unit_id).__name__}"
        raise RosterError(told, where=f"{where}, id")
    listed = () if columns is None else columns
    if isinstance(listed, str) or not isinstance(listed, Iterable) or not all(isinstance(c, str) for c in listed):
        raise RosterError("columns are given as a list of names", where=f"{where}, columns")
    renamed = {} if rename is None else rename
    if not isinstance(renamed, Mapping) or not all(isinstance(n, str) for pair in renamed.items() for n in pair):
        raise RosterError("new names are given by the names as they are called there", where=f"{where}, rename")
