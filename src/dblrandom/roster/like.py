"""What a ceremony needs of a roster, wherever its rows are (docs/spec, section 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol, runtime_checkable

from dblrandom.kernel.suite import Suite
from dblrandom.roster.manifest import Manifest
from dblrandom.roster.proof import Proof

__all__ = ["RosterLike"]


@runtime_checkable
class RosterLike(Protocol):
    """A committed roster: :class:`~dblrandom.roster.roster.Roster` in memory, or one whose rows stay elsewhere.

    One that stays elsewhere also has ``frame(keep, strata, where=)``, which gives the frame of a task.
    """

    @property
    def manifest(self) -> Manifest:
        """The commitment to the rows."""
        ...

    @property
    def suite(self) -> Suite:
        """The suite of that commitment."""
        ...

    @property
    def name(self) -> str:
        """The roster's name."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns, ``id`` first."""
        ...

    def find(self, unit_id: bytes) -> bytes | None:
        """The canonical line of an id, without LF, or ``None``."""
        ...

    def known(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are on the roster; rows that are elsewhere are read once for all of them."""
        ...

    def values(self, ids: Collection[str], column: str) -> dict[str, str]:
        """The field of a column for those of the ids that are on the roster, read as :meth:`known` reads."""
        ...

    def row(self, unit_id: str) -> dict[str, str] | None:
        """The fields of an id by column, or ``None``."""
        ...

    def records(self) -> Iterator[dict[str, str]]:
        """Every row in order, each as its fields by column."""
        ...

    def prove(self, unit_id: str) -> Proof:
        """The proof that an id is on the roster, or that it is not."""
        ...
