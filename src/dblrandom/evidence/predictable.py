"""Assignments that could be foreseen (docs/spec, sections 5 and 7)."""

from __future__ import annotations

from dblrandom import limits
from dblrandom.assigning.certain import certain_slots
from dblrandom.drawing import TaskDraw
from dblrandom.evidence.report import Finding, Notes

__all__ = ["note_predictable"]


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
