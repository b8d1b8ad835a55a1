"""What no rule forbids and the report says: ids that look alike, and assignments that could be foreseen."""

from __future__ import annotations

from dblrandom import limits
from dblrandom.assigning.certain import certain_slots
from dblrandom.drawing import TaskDraw
from dblrandom.drawing.alikeids import alike_targets
from dblrandom.evidence.report import Finding, Notes
from dblrandom.model.json import show
from dblrandom.roster import Roster, RosterLike

__all__ = ["note_alike", "note_predictable"]


def note_alike(name: str, roster: RosterLike, notes: Notes) -> None:
    """Where one target may stand on the roster twice, under ids that readers take for the same, the report says so."""
    if not isinstance(roster, Roster):
        notes.skipped(Finding.ALIKE_IDS.value, name, "its rows are not in memory, so its ids were not compared")
        return
    found = alike_targets(roster)
    if found is not None:
        both = f"{show(found[0])} and {show(found[1])}"
        notes.found(Finding.ALIKE_IDS, f"roster {name}: {both}, for one; is each a target of its own?")


def note_predictable(drawn: TaskDraw, notes: Notes) -> None:
    """Where so few could be drawn that anybody knew beforehand who would go, the report says so."""
    roles = [role.name for role in drawn.task.team.roles]
    single = {slot.target for slot in drawn.assignment.slots if slot.eligible < 2}
    for team in drawn.teams:
        anybody = 0
        for role in roles:
            anybody |= drawn.eligibility.mask(team.target, role)
        if roles and (team.target in single or anybody.bit_count() <= len(roles)):
            recused = [drawn.eligibility.recused(team.target, role) for role in roles]
            counts = [drawn.eligibility.mask(team.target, role).bit_count() for role in roles]
            left = ", ".join(f"{r}: {c} left, {n} recused" for r, c, n in zip(roles, counts, recused, strict=True))
            notes.found(Finding.PREDICTABLE, f"task {drawn.task.id}, target {team.target!r}: {left}")
    _note_certain(drawn, notes)


def _note_certain(drawn: TaskDraw, notes: Notes) -> None:
    """Where nobody else could go in an inspector's place, whatever the tickets, the report names both."""
    people = {inspector: n for n, inspector in enumerate(drawn.eligibility.inspectors)}
    masks, targets, holders = [], [], []
    for number, team in enumerate(drawn.teams):
        for role, inspector in team.members:
            if inspector is not None:
                masks.append(drawn.eligibility.mask(team.target, role))
                targets.append(number)
                holders.append(people[inspector])
    cap = drawn.assignment.cap
    slots, looked = certain_slots(masks, targets, holders, cap, budget=limits.CERTAIN_ASKED)
    for slot in slots:
        inspector, target = drawn.eligibility.inspectors[holders[slot]], drawn.teams[targets[slot]].target
        why = f"nobody else could go in the place of {inspector!r}, with at most {cap} slots for each inspector"
        notes.found(Finding.PREDICTABLE, f"task {drawn.task.id}, target {target!r}: {why}")
    if looked < len(masks):
        detail = f"whether somebody else could go, of {len(masks) - looked} of {len(masks)} slots: over the budget"
        notes.skipped("predictable assignment", f"task {drawn.task.id}", detail)
