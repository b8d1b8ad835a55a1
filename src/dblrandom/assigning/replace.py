"""Filling slots after a target or an inspector was replaced (docs/spec, section 6, "Substitution")."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from dblrandom.assigning.eligibility import Eligibility
from dblrandom.assigning.matching import Staffing, largest_team
from dblrandom.assigning.preferences import slot_order, ticket_order
from dblrandom.assigning.slots import Filled, Slot, id_bytes
from dblrandom.errors import PlanError
from dblrandom.kernel.suite import Suite

__all__ = ["Refill", "fill"]


def fill(
    suite: Suite,
    key: str,
    slots_to_fill: Sequence[Slot],
    *,
    team: Mapping[str, Collection[str]],
    eligibility: Eligibility,
    replaced: Collection[str],
    loads: Mapping[str, int],
    cap: int,
) -> list[Filled]:
    """Fill the slots that a substitution left empty, in slot order.

    Each slot takes, of the eligible inspectors who were not replaced, are not in the team and are below the cap, those
    with whom the greatest number of that team's slots that are still to be filled can be filled by different eligible
    persons, and of these the first in the slot's ticket order. The cap plays no part in that look-ahead. Where
    nobody is below the cap it is waived; where nobody is eligible at all the slot stays empty.

    Args:
        suite: the ceremony's hash suite.
        key: the task's draw key for the purpose ``inspectors``.
        slots_to_fill: the slots, in any order, each once.
        team: for each target, the inspectors who stay in its team; a target that is left out has none.
        eligibility: who may fill which slot.
        replaced: the inspectors replaced in this task so far, the one replaced now among them.
        loads: how many slots of this task each inspector has, without those of replaced inspectors and targets; an
            inspector who is left out has none. It is not changed.
        cap: the cap used in the draw.

    Raises:
        PlanError: a slot that is given twice, or whose role ``eligibility`` does not know.
    """
    return Refill(suite, key, eligibility, replaced=replaced, loads=loads, cap=cap).fill(slots_to_fill, team)


class Refill:
    """Who can still be sent in one task, kept from one substitution to the next; the arguments are :func:`fill`'s.

    Filling a slot costs a hash for each inspector who may take it, and nothing else that grows with the roster.
    """

    def __init__(
        self,
        suite: Suite,
        key: str,
        eligibility: Eligibility,
        *,
        replaced: Collection[str],
        loads: Mapping[str, int],
        cap: int,
    ) -> None:
        self._suite, self._key, self._eligibility, self._cap = suite, key, eligibility, cap
        self._people = [id_bytes(inspector, "inspectors") for inspector in eligibility.inspectors]
        self._place = {inspector: i for i, inspector in enumerate(eligibility.inspectors)}
        self._load = [loads.get(inspector, 0) for inspector in eligibility.inspectors]
        self._gone = _bits(replaced, self._place)
        self._full = _bits((one for one, i in self._place.items() if self._load[i] >= cap), self._place)

    def free(self, inspector: str) -> None:
        """One slot less for an inspector: its target was replaced, or he was."""
        self._add(self._place[inspector], -1)

    def replace(self, inspector: str) -> None:
        """An inspector who takes no slot from now on."""
        self._gone |= 1 << self._place[inspector]

    def fill(self, slots_to_fill: Sequence[Slot], team: Mapping[str, Collection[str]]) -> list[Filled]:
        """Fill these slots, as :func:`fill` says; the loads are counted on."""
        _check(slots_to_fill, self._eligibility)
        teams = {slot.target: _bits(team.get(slot.target, ()), self._place) for slot in slots_to_fill}
        waiting: dict[str, list[Slot]] = {}
        for slot in slots_to_fill:
            waiting.setdefault(slot.target, []).append(slot)
        filled = []
        for position in slot_order(self._suite, self._key, slots_to_fill):
            slot = slots_to_fill[position]
            waiting[slot.target].remove(slot)
            barred = self._gone | teams[slot.target]
            pool = self._eligibility.mask(slot.target, slot.role) & ~barred
            below = pool & ~self._full
            later = [self._eligibility.mask(other.target, other.role) & ~barred for other in waiting[slot.target]]
            best = _with_most_left(below or pool, later)
            chosen = next(ticket_order(self._suite, self._key, slot, self._people, best), None)
            if chosen is None:
                filled.append(Filled(slot, None, False))
                continue
            teams[slot.target] |= 1 << chosen
            self._add(chosen, 1)
            filled.append(Filled(slot, self._eligibility.inspectors[chosen], not below))
        return filled

    def _add(self, place: int, slots: int) -> None:
        self._load[place] += slots
        bit = 1 << place
        self._full = self._full | bit if self._load[place] >= self._cap else self._full & ~bit


def _check(slots: Sequence[Slot], eligibility: Eligibility) -> None:
    seen: set[Slot] = set()
    for slot in slots:
        if slot in seen:
            raise PlanError("this slot is to be filled twice; name it once", where=f"{slot.target}, role {slot.role}")
        if slot.role not in eligibility.roles:
            raise PlanError("the task has no such role; name one that it has", where=f"{slot.target}, role {slot.role}")
        seen.add(slot)


def _with_most_left(pool: int, later: Sequence[int]) -> int:
    """Those of the pool after whose choice the most of the later slots can be filled.

    Without anybody in particular as many can be filled as before, or one less; and only those whom one greatest team
    uses can make that difference.
    """
    if pool.bit_count() < 2 or all(mask.bit_count() > len(later) for mask in later):
        return pool  # Whoever is taken, each later slot still has as many persons as there are such slots.
    most = largest_team(later)
    costly = 0
    for holder in Staffing(later, [0] * len(later), cap=1).holders:
        if holder is not None and pool >> holder & 1:
            bit = 1 << holder
            if largest_team([mask & ~bit for mask in later]) < most:
                costly |= bit
    return pool & ~costly or pool


def _bits(people: Iterable[str], place: Mapping[str, int]) -> int:
    bits = bytearray(len(place) // 8 + 1)
    for inspector in people:
        if inspector in place:
            bits[place[inspector] // 8] |= 1 << place[inspector] % 8
    return int.from_bytes(bits, "little")
