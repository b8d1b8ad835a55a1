"""Strata in which nothing is left to chance: nobody can be drawn, or everybody is (docs/spec, section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dblrandom.model import Scope, Task
from dblrandom.sampling import Allocation, Stratum

__all__ = ["without_chance"]

_SHOWN = 3


def without_chance(task: Task, sizes: Mapping[Stratum, int], counts: Mapping[Stratum, Allocation]) -> str | None:
    """One line on the rows of a task whose chance is 0, or 1 though a share was asked for; ``None`` without such."""
    quota = task.quota
    share = quota is not None and quota.ratio is not None and quota.ratio < 1
    never = [s for s in sizes if counts[s].units == 0]
    certain = [s for s in sizes if share and counts[s].units == sizes[s]]
    said = [
        f"chance {chance}: {sum(sizes[s] for s in strata)} rows in {_named(strata, sizes)}"
        for chance, strata in (("0", never), ("1", certain))
        if strata
    ]
    return f"task {task.id}: {'; '.join(said)}; by {_rule(task)}" if said else None


def _named(strata: Sequence[Stratum], sizes: Mapping[Stratum, int]) -> str:
    if strata[0] == ():
        return "the frame"
    shown = ", ".join(f"{' / '.join(map(repr, s))} ({sizes[s]})" for s in strata[:_SHOWN])
    more = f" and {len(strata) - _SHOWN} more" if len(strata) > _SHOWN else ""
    return f"{len(strata)} strata: {shown}{more}"


def _rule(task: Task) -> str:
    """What decides how many are drawn, in the words of the plan."""
    quota = task.quota
    if quota is None:
        return f"the sampler {task.sampler}"
    parts = [f"ratio {quota.ratio} rounded by {quota.rounding}"] if quota.ratio is not None else []
    parts += [f"count {quota.count}"] if quota.count is not None else []
    parts += [f"cap {quota.cap}"] if quota.cap is not None else []
    if quota.scope is Scope.TOTAL:
        minimum = 1 if quota.minimum is None else quota.minimum
        parts.append(f"one total shared by size, at least {minimum} for each stratum")
    return ", ".join(parts)
