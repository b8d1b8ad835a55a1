"""What a plan will draw from given rosters, before anything is committed, and what about it deserves a second look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import attrs

from dblrandom.drawing import Commitment
from dblrandom.drawing.alikeids import alike_targets
from dblrandom.drawing.chances import without_chance
from dblrandom.drawing.commitment import eligibility_for, frame_for
from dblrandom.kernel.quota import units_wanted
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json, Plan, Scope, Task, ratio_to_json
from dblrandom.model.json import show
from dblrandom.roster import RosterLike
from dblrandom.sampling import Allocation, Sampler, sampler_for

__all__ = ["SMALL_FRAME", "StratumPreview", "TaskPreview", "preview"]

SMALL_FRAME = 10
"""A frame of no more rows than this is so small that its draw is half known beforehand."""


@attrs.frozen
class StratumPreview:
    """What one stratum will give."""

    stratum: tuple[str, ...]
    size: int
    allocation: Allocation

    @property
    def probability(self) -> Fraction:
        """The inclusion probability of each row."""
        return Fraction(self.allocation.units, self.size)

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "stratum": list(self.stratum),
            "size": self.size,
            "wanted": self.allocation.wanted,
            "units": self.allocation.units,
            "shortfall": self.allocation.shortfall,
            "probability": ratio_to_json(self.probability),
        }


@attrs.frozen
class TaskPreview:
    """What one task will draw, how many pass the filter of each role, and what deserves a second look."""

    task: str
    strata: tuple[StratumPreview, ...]
    roles: Mapping[str, int]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """For programs."""
        return {
            "task": self.task,
            "strata": [stratum.to_json() for stratum in self.strata],
            "roles": [{"role": role, "eligible": count} for role, count in self.roles.items()],
            "warnings": list(self.warnings),
        }


def preview(
    suite: Suite, plan: Plan, rosters: Sequence[RosterLike], samplers: Sequence[Sampler] = ()
) -> tuple[TaskPreview, ...]:
    """What each task will draw; the same checks as committing makes.

    Raises:
        PlanError, RosterError: what committing would refuse.
    """
    by_name = {roster.name: roster for roster in rosters}
    commitment = Commitment(
        suite=suite,
        plan=plan,
        rosters={name: roster.manifest for name, roster in by_name.items()},
        sources=(),
        signers=(),
        deadlines={},
    )
    commitment.check_plan()
    commitment.check_rosters(by_name, samplers)
    return tuple(_task(commitment, task, by_name, samplers) for task in plan.tasks)


def _task(
    commitment: Commitment, task: Task, rosters: Mapping[str, RosterLike], samplers: Sequence[Sampler]
) -> TaskPreview:
    sizes = frame_for(commitment, task, rosters).sizes()
    counts = sampler_for(task, samplers).allocate(task, sizes)
    strata = tuple(StratumPreview(stratum, size, counts[stratum]) for stratum, size in sizes.items())
    eligibility = eligibility_for(commitment, task, rosters)
    roles = {role.name: len(eligibility.eligible("", role.name)) for role in task.team.roles}
    few = [f"the role {role!r} has only {count} eligible" for role, count in roles.items() if count < 2]
    for role, target, count in _narrowed(commitment, task, rosters):
        few.append(f"recusals leave {count} eligible for the role {role!r} with target {target!r}")
    pair = alike_targets(rosters[task.roster])
    if pair is not None:
        few.append(
            f"the ids {show(pair[0])} and {show(pair[1])} of {task.roster!r} look the same; is each its own target?"
        )
    without = without_chance(task, sizes, counts)
    few += [without] if without is not None else []
    return TaskPreview(task.id, strata, roles, (*_quota_warnings(task, strata), *_size_warnings(task, strata), *few))


def _name(stratum: tuple[str, ...]) -> str:
    return f"stratum {' / '.join(stratum)!r}" if stratum else "the frame"


def _quota_warnings(task: Task, strata: Sequence[StratumPreview]) -> Iterator[str]:
    """A published "30%/3 firms" is two statements; where they disagree, somebody should say which was meant."""
    quota = task.quota
    if quota is None or quota.ratio is None or quota.count is None:
        return
    alone = attrs.evolve(quota, count=None, cap=None)
    frames = [(s.stratum, s.size) for s in strata]
    if quota.scope is Scope.TOTAL:
        frames = [((), sum(s.size for s in strata))]
    for stratum, size in frames:
        found = units_wanted(alone, size)
        if found != quota.count:
            yield (
                f"{_name(stratum)}: {quota.ratio} of {size} rows is {found}, not the stated {quota.count}; "
                "the greater of the two is drawn"
            )


def _size_warnings(task: Task, strata: Sequence[StratumPreview]) -> Iterator[str]:
    total = sum(s.size for s in strata)
    if total <= SMALL_FRAME:
        yield f"the frame has only {total} rows: the draw is predictable"
    for stratum in strata:
        if stratum.allocation.units == stratum.size:
            yield f"{_name(stratum.stratum)}: all {stratum.size} rows are drawn, so nothing is left to chance"
        left = stratum.size - stratum.allocation.units
        if task.reserves > left:
            yield f"{_name(stratum.stratum)}: {task.reserves} reserves are wanted, and {left} rows are left for them"
        if stratum.allocation.shortfall:
            yield f"{_name(stratum.stratum)}: {stratum.allocation.shortfall} more are wanted than there are rows"


def _narrowed(commitment: Commitment, task: Task, rosters: Mapping[str, RosterLike]) -> Iterator[tuple[str, str, int]]:
    """The targets of the frame for whom recusals leave fewer than two inspectors in some role."""
    name = commitment.plan.recusals
    if name is None:
        return
    eligibility = eligibility_for(commitment, task, rosters)
    wide = [role.name for role in task.team.roles if len(eligibility.eligible("", role.name)) >= 2]
    narrow: dict[str, dict[str, int]] = {}
    for target in sorted({row["target"] for row in rosters[name].records()}):
        counts = {role: len(eligibility.eligible(target, role)) for role in wide}
        narrow[target] = {role: count for role, count in counts.items() if count < 2}
    for target in sorted(rosters[task.roster].known([target for target, counts in narrow.items() if counts])):
        row = rosters[task.roster].row(target) if task.filter else {}
        if row is not None and all(row[column] in values for column, values in task.filter.items()):
            for role, count in narrow[target].items():
                yield role, target, count
