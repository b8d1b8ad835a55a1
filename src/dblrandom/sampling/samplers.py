"""Samplers: from a frame and its tickets to a selection (docs/spec, section 4).

The three samplers that ship with the library differ in the quota parts that their names say (checked by the model);
how they count and draw is one piece of code, :class:`QuotaSampler`. A third party's sampler satisfies
:class:`Sampler` and is named ``x-...``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Protocol, runtime_checkable

import attrs

from dblrandom.errors import PlanError
from dblrandom.kernel.quota import apportion, units, units_wanted
from dblrandom.model import Quota, Scope, SelectedUnit, Selection, StratumSelection, Task
from dblrandom.sampling.frame import Frame, Stratum

__all__ = [
    "BUILT_IN",
    "Allocation",
    "QuotaSampler",
    "Sampler",
    "has_sampler",
    "sampler_for",
    "selection_of",
    "task_shortfall",
]


@attrs.frozen
class Allocation:
    """What one stratum gives: ``units`` are selected of ``wanted``; ``shortfall`` could not be had."""

    wanted: int
    units: int
    shortfall: int


@runtime_checkable
class Sampler(Protocol):
    """A way to select units; it must be exact, and depend on nothing but its arguments."""

    @property
    def name(self) -> str:
        """The name that a task and the commitment give it; a third party's begins with ``x-``."""
        ...

    def allocate(self, task: Task, sizes: Mapping[Stratum, int]) -> Mapping[Stratum, Allocation]:
        """How many units each stratum will give. Known when committing: it may not depend on any key.

        Raises:
            PlanError: where the task cannot be served, or would put a stratum beyond the draw by accident.
        """
        ...

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        """Select each stratum's units and reserves, in order, with the key for the purpose ``targets``."""
        ...


@attrs.frozen
class QuotaSampler:
    """The draw of section 4: in each stratum the rows with the lowest tickets, as many as the quota says."""

    name: str

    def allocate(self, task: Task, sizes: Mapping[Stratum, int]) -> dict[Stratum, Allocation]:
        """See :meth:`Sampler.allocate`."""
        quota = task.quota
        if quota is None:
            raise PlanError(f"the sampler {self.name} needs a quota", where=f"task {task.id!r}")
        try:
            found = _shares(quota, sizes) if quota.scope is Scope.TOTAL else _each(quota, sizes)
        except PlanError as error:
            raise PlanError(str(error), where=f"task {task.id!r}") from error
        if quota.allow_zero is None:
            _refuse_zero(task.id, found)
        return found

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        """See :meth:`Sampler.select`."""
        sizes = frame.sizes()
        return selection_of(task, key, sizes, self.allocate(task, sizes), frame)


def _each(quota: Quota, sizes: Mapping[Stratum, int]) -> dict[Stratum, Allocation]:
    found = {}
    for stratum, size in sizes.items():
        count, shortfall = units(quota, size)
        found[stratum] = Allocation(units_wanted(quota, size), count, shortfall)
    return found


def _shares(quota: Quota, sizes: Mapping[Stratum, int]) -> dict[Stratum, Allocation]:
    """One total over the frame, shared in proportion to size; what is missing is missing from the frame."""
    total, _ = units(quota, sum(sizes.values()))
    minimum = 1 if quota.minimum is None else quota.minimum
    shares = apportion(total, list(sizes.values()), minimum)
    return {stratum: Allocation(share, share, 0) for stratum, share in zip(sizes, shares, strict=True)}


def _refuse_zero(task_id: str, found: Mapping[Stratum, Allocation]) -> None:
    for stratum, allocation in found.items():
        if allocation.units == 0:
            name = "the frame" if stratum == () else f"stratum {' / '.join(map(repr, stratum))}"
            raise PlanError(
                f"{name} would give no unit, so nobody in it could be drawn; raise the quota, or give allow_zero",
                where=f"task {task_id!r}",
            )


def selection_of(
    task: Task, key: str, sizes: Mapping[Stratum, int], counts: Mapping[Stratum, Allocation], frame: Frame
) -> Selection:
    """Take each stratum's lowest tickets: the allocated units, then at most ``task.reserves`` more."""
    wanted = {s: counts[s].units + min(task.reserves, sizes[s] - counts[s].units) for s in sizes}
    candidates = frame.lowest(key, wanted)
    strata = tuple(_stratum(s, sizes[s], counts[s], candidates[s]) for s in sizes)
    return Selection(task=task.id, key=key, strata=strata)


def _stratum(stratum: Stratum, size: int, count: Allocation, candidates: Sequence[bytes]) -> StratumSelection:
    probability = Fraction(count.units, size)
    weight = 1 / probability if probability else Fraction(0)
    ranked = tuple(
        SelectedUnit(
            id=candidate[32:].decode(),
            stratum=stratum,
            rank=rank,
            ticket=candidate[:32].hex(),
            probability=probability,
            weight=weight,
        )
        for rank, candidate in enumerate(candidates, 1)
    )
    return StratumSelection(
        stratum=stratum,
        size=size,
        wanted=count.wanted,
        selected=ranked[: count.units],
        reserves=ranked[count.units :],
        shortfall=count.shortfall,
        probability=probability,
    )


def task_shortfall(task: Task, sizes: Mapping[Stratum, int], counts: Mapping[Stratum, Allocation]) -> int:
    """How many wanted units a frame cannot give: a shared total is missed by the frame, every other quota by strata."""
    if task.quota is not None and task.quota.scope is Scope.TOTAL:
        return units(task.quota, sum(sizes.values()))[1]
    return sum(count.shortfall for count in counts.values())


BUILT_IN: tuple[QuotaSampler, ...] = (
    QuotaSampler("fixed-count"),
    QuotaSampler("percentage"),
    QuotaSampler("stratified"),
)
"""The samplers that ship with the library."""


def has_sampler(task: Task, extra: Sequence[Sampler] = ()) -> bool:
    """Whether the sampler that a task names is there; one of the specification always is."""
    return not task.sampler.startswith("x-") or any(sampler.name == task.sampler for sampler in extra)


def sampler_for(task: Task, extra: Sequence[Sampler] = ()) -> Sampler:
    """The sampler that a task names, among the built-in ones and ``extra``.

    Raises:
        PlanError: where there is none of that name.
    """
    known: dict[str, Sampler] = {sampler.name: sampler for sampler in (*extra, *BUILT_IN)}
    if task.sampler not in known:
        raise PlanError(
            f"there is no sampler {task.sampler!r}; known are {', '.join(sorted(known))}", where=f"task {task.id!r}"
        )
    return known[task.sampler]
