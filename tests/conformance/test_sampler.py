"""The samplers that ship with the library, and two of a third party's kind, through the tests for plug-ins' authors."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import attrs
import ceremonies as kit
import pytest

from dblrandom.model import Quota, Rounding, Scope, Selection, StratumSelection, Task
from dblrandom.sampling import Allocation, Frame, Stratum, sampler_for, selection_of
from dblrandom.testing import SamplerConformance


def task(sampler: str, quota: Quota | None, *, strata: tuple[str, ...] = ("stratum",), reserves: int = 2) -> Task:
    return kit.task(sampler=sampler, quota=quota, strata=strata, reserves=reserves)


class TestFixedCount(SamplerConformance):
    task = task("fixed-count", Quota(count=7, scope=Scope.FRAME), strata=())
    sampler = sampler_for(task)


class TestMoreThanThereIs(SamplerConformance):
    task = task("fixed-count", Quota(count=70, scope=Scope.FRAME), strata=())
    sampler = sampler_for(task)


class TestPercentage(SamplerConformance):
    task = task("percentage", Quota(ratio=Fraction(3, 10), count=3, scope=Scope.FRAME), strata=())
    sampler = sampler_for(task)


class TestStratified(SamplerConformance):
    task = task("stratified", Quota(ratio=Fraction(1, 5), cap=6, scope=Scope.STRATUM))
    sampler = sampler_for(task)


class TestStratifiedTotal(SamplerConformance):
    task = task("stratified", Quota(count=9, scope=Scope.TOTAL))
    sampler = sampler_for(task)


class TestStratifiedWithNobody(SamplerConformance):
    task = task(
        "stratified",
        Quota(ratio=Fraction(1, 10), rounding=Rounding.FLOOR, scope=Scope.STRATUM, allow_zero="synthetic"),
    )
    sampler = sampler_for(task)


class Systematic:
    """A third party's sampler, as exact as it must be: of each stratum in ticket order, every k-th from the k-th on.

    The step is a parameter of the task. There are no reserves, since those would have lower tickets than the last.
    """

    name = "x-systematic"

    def allocate(self, task: Task, sizes: Mapping[Stratum, int]) -> dict[Stratum, Allocation]:
        step = int((task.parameters or {})["step"])
        return {s: Allocation(size // step, size // step, 0) for s, size in sizes.items()}

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        sizes = frame.sizes()
        everybody = {s: Allocation(n, n, 0) for s, n in sizes.items()}
        shares = self.allocate(task, sizes)
        full = selection_of(task, key, sizes, everybody, frame)
        step = int((task.parameters or {})["step"])
        return attrs.evolve(full, strata=tuple(self._thinned(s, shares[s.stratum].units, step) for s in full.strata))

    def _thinned(self, stratum: StratumSelection, units: int, step: int) -> StratumSelection:
        share = Fraction(units, stratum.size)
        chosen = tuple(
            attrs.evolve(unit, rank=rank, probability=share, weight=1 / share)
            for rank, unit in enumerate(stratum.selected[step - 1 :: step], 1)
        )
        return attrs.evolve(stratum, wanted=units, selected=chosen, reserves=(), probability=share)


class TestSystematic(SamplerConformance):
    task = attrs.evolve(task("x-systematic", None, reserves=0), parameters={"step": 3})
    sampler = Systematic()


class FromTheFirst(Systematic):
    """Wrong: it begins at a place that the key's first digit says, so how many it draws depends on the key."""

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        found = super().select(task, frame, key)
        cut = int(key[0], 16) % 2
        return attrs.evolve(found, strata=tuple(attrs.evolve(s, selected=s.selected[cut:]) for s in found.strata))


class Remembering(Systematic):
    """Wrong: every second call selects nobody."""

    calls = 0

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        self.calls += 1
        found = super().select(task, frame, key)
        return found if self.calls % 2 else attrs.evolve(found, strata=found.strata[:1])


class Alphabetic(Systematic):
    """Wrong: it takes the first by their ids."""

    def _thinned(self, stratum: StratumSelection, units: int, step: int) -> StratumSelection:
        return super()._thinned(
            attrs.evolve(stratum, selected=tuple(sorted(stratum.selected, key=lambda u: u.id))), units, step
        )


class Generous(Systematic):
    """Wrong: it allocates more than there are."""

    def allocate(self, task: Task, sizes: Mapping[Stratum, int]) -> dict[Stratum, Allocation]:
        return {s: Allocation(size + 1, size + 1, 0) for s, size in sizes.items()}


def outcome(case: SamplerConformance) -> set[str]:
    """The tests that fail."""
    failed = set()
    for name in dir(case):
        if name.startswith("test_"):
            try:
                getattr(case, name)()
            except Exception:
                failed.add(name)
    return failed


@pytest.mark.parametrize("wrong", [FromTheFirst, Remembering, Alphabetic, Generous])
def test_a_sampler_that_is_wrong_does_not_pass(wrong: type[Systematic]) -> None:
    case = TestSystematic()
    assert outcome(case) == set()
    case.sampler = wrong()
    assert outcome(case)


def test_a_third_partys_sampler_goes_through_a_whole_ceremony() -> None:
    systematic = attrs.evolve(kit.task(sampler="x-systematic", quota=None, reserves=0), parameters={"step": 5})
    made = kit.drawn(kit.plan(systematic), samplers=(Systematic(),))
    assert [len(s.selected) for s in made.drawn["1"].selection.strata] == [2, 2, 2]
    assert "quota" not in made.receipts[-1].body["tasks"][0]  # type: ignore[index,call-overload,operator]
    report = kit.report_on(made, samplers=(Systematic(),))
    assert report.stage == "drawn"
    assert kit.skipped(report) == {(n, "receipt 1 (commitment)") for n in ("hash chain", "previous ceremony")}
