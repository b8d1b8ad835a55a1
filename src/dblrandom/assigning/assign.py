"""The assignment: the lexicographically first feasible one (docs/spec, section 5).

Walk the slots in ticket order, give each the first of its eligible inspectors, in that slot's ticket order, with whom
all remaining slots can still be filled. The answer is defined by the tickets alone; the complete staffing that
:mod:`~dblrandom.assigning.matching` keeps in the background only tells what is still possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from attrs import frozen

from dblrandom.assigning.eligibility import Eligibility
from dblrandom.assigning.matching import Staffing, largest_team
from dblrandom.assigning.preferences import Preferences, slot_order
from dblrandom.assigning.slots import Assignment, CountedSlot, OpenSlot, OpenTarget, Slot, id_bytes
from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.suite import Suite
from dblrandom.model import Role

__all__ = ["Solution", "assign", "solve"]

_DEFAULT_SLACK = 1


@frozen(kw_only=True)
class Solution:
    """The bare answer, by position in the slots and people that were given.

    ``order`` is the ticket order of all slots, ``holders`` has the inspector of each slot (``None`` where its target is
    open) and ``open`` the open targets by the bytes of their ids.
    """

    smallest_cap: int
    cap: int
    order: tuple[int, ...]
    holders: tuple[int | None, ...]
    open: tuple[str, ...]


def assign(
    suite: Suite,
    key: str,
    targets: Sequence[str],
    roles: Sequence[Role],
    eligibility: Eligibility,
    *,
    cap: int | None = None,
    slack: int | None = None,
) -> Assignment:
    """Assign inspectors to every role of every drawn target.

    Args:
        suite: the ceremony's hash suite.
        key: the task's draw key for the purpose ``inspectors``, 32 hexadecimal characters.
        targets: the ids of the drawn targets, in any order.
        roles: the task's roles, in its order; ``eligibility`` was built with them.
        eligibility: who may fill which slot.
        cap: the load that the task allows; it takes the place of ``slack`` and gives way to the smallest feasible cap.
        slack: how much the load may exceed the smallest feasible cap; 1 where neither is given.

    Raises:
        PlanError: a cap below 1, a slack below 0, or a role that ``eligibility`` does not know.
        RosterError: a target that is named twice.
    """
    ordered = sorted(targets, key=lambda target: id_bytes(target, "drawn targets"))
    for one, next_one in pairwise(ordered):
        if one == next_one:
            raise RosterError("this target was drawn twice; give each once", where=f"target {one}")
    names = [role.name for role in roles]
    for name in names:
        if name not in eligibility.roles:
            raise PlanError(
                "who passes this role's filter was not worked out; build eligibility with it", where=f"role {name}"
            )
    if len(set(names)) < len(names):
        raise PlanError("two roles have one name; give each its own", where="roles")
    slots = [Slot(target, name) for target in ordered for name in names]
    masks = [eligibility.mask(slot.target, slot.role) for slot in slots]
    solution = solve(suite, key, eligibility.inspectors, slots, masks, cap=cap, slack=slack)
    people = [None if holder is None else eligibility.inspectors[holder] for holder in solution.holders]
    width = len(names)
    return Assignment(
        smallest_cap=solution.smallest_cap,
        cap=solution.cap,
        teams={target: tuple(people[i * width : (i + 1) * width]) for i, target in enumerate(ordered)},
        slots=tuple(
            CountedSlot(
                target=slots[i].target,
                role=slots[i].role,
                eligible=masks[i].bit_count(),
                recused=eligibility.recused(slots[i].target, slots[i].role),
            )
            for i in solution.order
        ),
        open=tuple(
            OpenTarget(target, tuple(OpenSlot(name, eligibility.reasons(target, name)) for name in names))
            for target in solution.open
        ),
    )


def solve(
    suite: Suite,
    key: str,
    people: Sequence[str],
    slots: Sequence[Slot],
    masks: Sequence[int],
    *,
    cap: int | None = None,
    slack: int | None = None,
) -> Solution:
    """Assign over any sets of eligible inspectors, one bit set for each slot.

    ``people`` are the inspectors' ids in byte order, bit *i* of a mask standing for ``people[i]``; the slots are
    distinct and may be in any order. The other arguments and the errors are those of :func:`assign`.
    """
    if cap is not None and cap < 1:
        raise PlanError(f"a cap of {cap}; it is at least 1", where="team.cap")
    if slack is not None and slack < 0:
        raise PlanError(f"a slack of {slack}; it is at least 0", where="team.slack")
    order = slot_order(suite, key, slots)
    unstaffed = _open_targets(slots, masks)
    part = [i for i in order if slots[i].target not in unstaffed]
    holders: list[int | None] = [None] * len(slots)
    smallest, used = 0, 0
    if part:
        numbers = {target: n for n, target in enumerate(dict.fromkeys(slots[i].target for i in part))}
        staffing = Staffing([masks[i] for i in part], [numbers[slots[i].target] for i in part])
        smallest = staffing.cap
        used = max(cap, smallest) if cap is not None else smallest + (_DEFAULT_SLACK if slack is None else slack)
        staffing.allow(used)
        preferences = Preferences(suite, key, [slots[i] for i in part], people, staffing.candidates)
        for number, i in enumerate(part):
            holders[i] = staffing.settle(number, preferences.of(number))
    return Solution(
        smallest_cap=smallest,
        cap=used,
        order=tuple(order),
        holders=tuple(holders),
        open=tuple(sorted(unstaffed, key=lambda target: id_bytes(target, "drawn targets"))),
    )


def _open_targets(slots: Sequence[Slot], masks: Sequence[int]) -> set[str]:
    """The targets whose team cannot be made of different inspectors even alone."""
    teams: dict[str, list[int]] = {}
    for slot, mask in zip(slots, masks, strict=True):
        teams.setdefault(slot.target, []).append(mask)
    return {target for target, team in teams.items() if largest_team(team) < len(team)}
