"""The values of an assignment: slots, why somebody may not fill one, and who fills which.

Everything here is plain data; the rules are in :mod:`~dblrandom.assigning.assign` and
:mod:`~dblrandom.assigning.replace` (docs/spec, sections 5 and 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import field, frozen

from dblrandom.errors import RosterError

__all__ = ["Assignment", "CountedSlot", "Filled", "Ineligible", "OpenSlot", "OpenTarget", "Slot", "id_bytes"]


def id_bytes(text: str, where: str) -> bytes:
    """The UTF-8 bytes of an id, by which ids are ordered and hashed.

    Raises:
        RosterError: where ``text`` holds half of a surrogate pair and so has no UTF-8 form.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise RosterError("an id with half of a surrogate pair; remove that character", where=where) from None


def _read_only(teams: Mapping[str, tuple[str | None, ...]]) -> Mapping[str, tuple[str | None, ...]]:
    return MappingProxyType(dict(teams))


@frozen
class Slot:
    """One place in the team of one drawn target (docs/spec, section 5)."""

    target: str
    role: str

    @property
    def text(self) -> str:
        """The text that is hashed and that orders equal tickets: target, TAB, role."""
        return f"{self.target}\t{self.role}"


@frozen(kw_only=True)
class CountedSlot:
    """What the draw records of a slot, so that a small or shrunken choice cannot hide.

    ``eligible`` counts the inspectors who could have been drawn for it, ``recused`` those who pass the role's filter
    and are kept out by a recusal.
    """

    target: str
    role: str
    eligible: int
    recused: int


@frozen
class Ineligible:
    """Why one inspector may not fill one slot.

    ``column`` is the first column, in byte order of the names, whose value the role's filter does not list. Where the
    filter is passed it is ``None``, and ``recusal`` is the id of the recusal (the lowest, where there are several).
    """

    inspector: str
    column: str | None
    recusal: str | None


@frozen
class OpenSlot:
    """A slot of an open target, with everyone who may not fill it, by the bytes of the inspectors' ids."""

    role: str
    candidates: tuple[Ineligible, ...]


@frozen
class OpenTarget:
    """A target whose team could not be made even if it were the only one; its slots are in the order of the roles."""

    target: str
    slots: tuple[OpenSlot, ...]


@frozen(kw_only=True)
class Assignment:
    """Who inspects what in one task (docs/spec, section 5).

    ``smallest_cap`` is the least uniform load at which every slot that takes part can be filled, and ``cap`` the load
    that was allowed; both are 0 where no slot takes part. ``teams`` has each target's inspectors in the order of the
    roles, ``None`` throughout for an open target, and is ordered by the bytes of the targets' ids. ``slots`` are all
    slots, those of open targets too, in ticket order. ``open`` is ordered by the bytes of the targets' ids.
    """

    smallest_cap: int
    cap: int
    teams: Mapping[str, tuple[str | None, ...]] = field(converter=_read_only)
    slots: tuple[CountedSlot, ...]
    open: tuple[OpenTarget, ...]


@frozen
class Filled:
    """A slot after a substitution; ``inspector`` is ``None`` where nobody at all can fill it.

    ``cap_waived`` tells that nobody under the cap could, so that somebody at or above it was taken.
    """

    slot: Slot
    inspector: str | None
    cap_waived: bool
