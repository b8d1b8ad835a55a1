"""Rosters outside of a ceremony's folder that are opened when something asks for their rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import attrs

from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.suite import Suite
from dblrandom.model.portable import Bound
from dblrandom.roster import CommittedRoster, Manifest, Proof, Roster, RosterLike
from dblrandom.sampling import Frame, MemoryFrame

__all__ = ["LazyRoster"]


@attrs.define(eq=False)
class LazyRoster(Bound, CommittedRoster):
    """A committed roster whose table is read, and held against its commitment, at the first question about a row.

    Most steps of a ceremony ask none; a draw asks, and so finds out whether the table is still the one committed.

    Attributes:
        manifest: the commitment.
        suite: the suite of that commitment.
    """

    _instead = "open the roster again in the other process"

    manifest: Manifest
    suite: Suite
    _open: Callable[[], RosterLike]
    _opened: RosterLike | None = None

    def close(self) -> None:
        """Let go of the rows, if they were read, any number of times; the manifest stays."""
        opened, self._opened = self._opened, None
        self._open = self._refuse
        getattr(opened, "close", lambda: None)()

    def _refuse(self) -> RosterLike:
        raise RosterError("was closed; open it again", where=f"roster {self.name!r}")

    def frame(self, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Frame:
        """The frame of a task.

        Raises:
            RosterError: the table is not the one committed, or has no frame of its own.
        """
        opened = self._rows()
        if isinstance(opened, Roster):  # a small file is read into memory, wherever it was when it was committed
            return MemoryFrame(self.suite, opened.columns, opened.lines, keep, strata, where=where)
        if not hasattr(opened, "frame"):
            raise RosterError("is held by no engine that draws; open it with one", where=f"roster {self.name!r}")
        found: Frame = opened.frame(keep, strata, where=where)
        return found

    def find(self, unit_id: bytes) -> bytes | None:
        """The canonical line of an id, without LF, or ``None``."""
        return self._rows().find(unit_id)

    def known(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are on the roster."""
        return self._rows().known(ids) if ids else set()

    def values(self, ids: Collection[str], column: str) -> dict[str, str]:
        """The field of a column for those of the ids that are on the roster."""
        return self._rows().values(ids, column) if ids else {}

    def row(self, unit_id: str) -> dict[str, str] | None:
        """The fields of an id by column, or ``None``."""
        return self._rows().row(unit_id)

    def records(self) -> Iterator[dict[str, str]]:
        """Every row in order, each as its fields by column."""
        return self._rows().records()

    def prove(self, unit_id: str) -> Proof:
        """The proof that an id is on the roster, or that it is not."""
        return self._rows().prove(unit_id)

    def _rows(self) -> RosterLike:
        if self._opened is None:
            opened = self._open()
            if opened.manifest != self.manifest:
                raise RosterChanged(
                    "its rows are not the ones committed: the table was changed since", where=f"roster {self.name!r}"
                )
            self._opened = opened
        return self._opened
