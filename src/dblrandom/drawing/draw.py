"""The draw: from a commitment, a seed and the rosters to what a draw receipt says (docs/spec, sections 4 to 6).

Making a draw and checking one are the same computation, so there is one piece of code for it: the ceremony signs what
it returns, and ``verify`` compares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

import attrs

from dblrandom.assigning import Assignment, Eligibility, assign
from dblrandom.drawing.commitment import Commitment, Frames
from dblrandom.errors import PlanError
from dblrandom.kernel.entropy import draw_key
from dblrandom.kernel.suite import Suite
from dblrandom.model import (
    Json,
    Population,
    SelectedUnit,
    Selection,
    StratumSelection,
    Task,
    Team,
    ratio_to_json,
)
from dblrandom.model.progress import report
from dblrandom.roster import Roster, RosterLike
from dblrandom.sampling import Allocation, Sampler, sampler_for, task_shortfall

__all__ = ["Draw", "TaskDraw", "draw_with_keys", "make_draw"]


@attrs.frozen(kw_only=True)
class TaskDraw:
    """What was drawn for one task: the targets, and who inspects each of them."""

    task: Task
    selection: Selection
    inspectors_key: str
    assignment: Assignment
    eligibility: Eligibility
    rosters: tuple[Roster, Roster]

    @property
    def selected(self) -> tuple[SelectedUnit, ...]:
        """The units drawn, stratum by stratum, in the order of their tickets."""
        return self.selection.selected

    @property
    def reserves(self) -> tuple[SelectedUnit, ...]:
        """The reserves, stratum by stratum, in the order in which they would be called."""
        return self.selection.reserves

    @property
    def teams(self) -> tuple[Team, ...]:
        """The team of each drawn target, in the order of ``selected``; an open target's members are ``None``."""
        roles = [role.name for role in self.task.team.roles]
        return tuple(
            Team(target=unit.id, members=tuple(zip(roles, self.assignment.teams[unit.id], strict=True)))
            for unit in self.selected
        )

    @property
    def shortfall(self) -> int:
        """How many wanted units the frame could not give."""
        strata = self.selection.strata
        counts = {s.stratum: Allocation(s.wanted, len(s.selected), s.shortfall) for s in strata}
        return task_shortfall(self.task, {s.stratum: s.size for s in strata}, counts)

    def to_json(self) -> dict[str, Json]:
        """The task's entry in the body of the draw receipt."""
        found: dict[str, Json] = {
            "task": self.task.id,
            "keys": {"targets": self.selection.key, "inspectors": self.inspectors_key},
            "size": sum(s.size for s in self.selection.strata),
            "shortfall": self.shortfall,
            "strata": [_stratum_json(s) for s in self.selection.strata],
            "assignment": _assignment_json(self.assignment),
            "rosters": [roster.manifest.to_json() for roster in self.rosters],
        }
        if self.task.quota is not None:
            found["quota"] = self.task.quota.to_json()
        return found


def _read_only(by_task: Mapping[str, TaskDraw]) -> Mapping[str, TaskDraw]:
    return MappingProxyType(dict(by_task))


@attrs.frozen(eq=False)
class Draw(Mapping[str, TaskDraw]):
    """A whole draw, by task id, in the plan's order."""

    by_task: Mapping[str, TaskDraw] = attrs.field(converter=_read_only)

    def __getitem__(self, task_id: str) -> TaskDraw:
        if task_id not in self.by_task:
            raise PlanError(f"there is no task {task_id!r}; there are {', '.join(self.by_task)}")
        return self.by_task[task_id]

    def __contains__(self, task_id: object) -> bool:
        return task_id in self.by_task

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_task)

    def __len__(self) -> int:
        return len(self.by_task)

    def to_json(self) -> dict[str, Json]:
        """The body of the draw receipt (without ``blind``, which only a sealed draw has)."""
        return {"tasks": [drawn.to_json() for drawn in self.by_task.values()]}

    @property
    def rosters(self) -> dict[str, Roster]:
        """The result rosters of all tasks, by name."""
        return {roster.name: roster for drawn in self.by_task.values() for roster in drawn.rosters}


def make_draw(
    commitment: Commitment,
    seed: str,
    rosters: Mapping[str, RosterLike] | Frames,
    samplers: Sequence[Sampler] = (),
    *,
    skip: Collection[str] = (),
) -> Draw:
    """Draw every task of a commitment, other than those in ``skip``.

    Args:
        commitment: what was committed.
        seed: the seed of docs/spec section 3, 64 hex.
        rosters: the committed rosters, whole, by name; or the frames that checking them gave.
        samplers: third parties' samplers that tasks may name.
        skip: ids of tasks that are left out.

    Raises:
        PlanError, RosterError: what committing would have refused too.
    """
    suite = commitment.suite
    keys = {
        task.id: (draw_key(suite, seed, task.id, "targets"), draw_key(suite, seed, task.id, "inspectors"))
        for task in commitment.plan.tasks
    }
    return draw_with_keys(commitment, keys, rosters, samplers, skip=skip)


def draw_with_keys(
    commitment: Commitment,
    keys: Mapping[str, tuple[str, str]],
    rosters: Mapping[str, RosterLike] | Frames,
    samplers: Sequence[Sampler] = (),
    *,
    skip: Collection[str] = (),
) -> Draw:
    """Draw with the keys for targets and inspectors of each task, where the seed itself is not known.

    The other arguments and the errors are those of :func:`make_draw`.
    """

    def frames() -> Frames:
        # Unless they are there already, one task's frame is let go before the next is made.
        return rosters if isinstance(rosters, Frames) else Frames(commitment, rosters)

    tasks = [task for task in commitment.plan.tasks if task.id not in skip]
    suite = commitment.suite
    drawn = {}
    for number, task in enumerate(tasks):
        report("drawing", number, len(tasks))
        drawn[task.id] = _draw_task(suite, task, keys[task.id], frames(), samplers)
    return Draw(drawn)


def _draw_task(
    suite: Suite, task: Task, keys: tuple[str, str], frames: Frames, samplers: Sequence[Sampler]
) -> TaskDraw:
    selection = sampler_for(task, samplers).select(task, frames.frame(task), keys[0])
    key = keys[1]
    eligibility = frames.eligibility(task)
    targets = [unit.id for unit in selection.selected]
    assignment = assign(suite, key, targets, task.team.roles, eligibility, cap=task.team.cap, slack=task.team.slack)
    return TaskDraw(
        task=task,
        selection=selection,
        inspectors_key=key,
        assignment=assignment,
        eligibility=eligibility,
        rosters=(_selected_roster(suite, task, selection), _teams_roster(suite, task, targets, assignment)),
    )


def _selected_roster(suite: Suite, task: Task, selection: Selection) -> Roster:
    rows = [
        (unit.id, *stratum.stratum, str(unit.rank), status)
        for stratum in selection.strata
        for status, units_ in (("selected", stratum.selected), ("reserve", stratum.reserves))
        for unit in units_
    ]
    columns = ("id", *task.strata, "rank", "status")
    return Roster.build(suite, Population(name=f"{task.id}.selected", columns=columns, rows=tuple(rows)))


def _teams_roster(suite: Suite, task: Task, targets: Sequence[str], assignment: Assignment) -> Roster:
    roles = tuple(role.name for role in task.team.roles)
    rows = [(target, *(person or "" for person in assignment.teams[target])) for target in targets]
    return Roster.build(suite, Population(name=f"{task.id}.teams", columns=("id", *roles), rows=tuple(rows)))


def _stratum_json(stratum: StratumSelection) -> Json:
    return {
        "stratum": list(stratum.stratum),
        "size": stratum.size,
        "wanted": stratum.wanted,
        "selected": len(stratum.selected),
        "reserves": len(stratum.reserves),
        "shortfall": stratum.shortfall,
        "probability": ratio_to_json(stratum.probability),
        "last_ticket": stratum.selected[-1].ticket if stratum.selected else None,
    }


def _assignment_json(assignment: Assignment) -> Json:
    return {
        "smallest_cap": assignment.smallest_cap,
        "cap": assignment.cap,
        "slots": [
            {"target": s.target, "role": s.role, "eligible": s.eligible, "recused": s.recused} for s in assignment.slots
        ],
        "open": [
            {
                "target": entry.target,
                "slots": [
                    {
                        "role": slot.role,
                        "candidates": [
                            {"inspector": r.inspector, "column": r.column}
                            if r.column is not None
                            else {"inspector": r.inspector, "recusal": r.recusal}
                            for r in slot.candidates
                        ],
                    }
                    for slot in entry.slots
                ],
            }
            for entry in assignment.open
        ],
    }
