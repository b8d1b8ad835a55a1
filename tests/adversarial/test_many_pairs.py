"""Small folders whose slots and inspectors, each with each, would hold whoever verifies them for hours."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import ceremonies as office
import pytest

from dblrandom.assigning import Refill, fill
from dblrandom.assigning.slots import Slot
from dblrandom.drawing import pairbudget, standing
from dblrandom.drawing.pairbudget import check_pairs
from dblrandom.drawing.standing import Standing
from dblrandom.errors import PlanError, StepError, VerificationError
from dblrandom.kernel.suite import SHA256

GROUND = "not-found"


def people(*choices: int) -> Any:
    """Inspectors of whom so many pass the filter of each role."""
    return SimpleNamespace(roles=tuple(range(len(choices))), passing=lambda role: choices[role])


def test_what_a_small_folder_can_ask_is_bounded_and_what_a_province_needs_is_not() -> None:
    check_pairs([(30_000, people(1_000, 1_000))])
    check_pairs([(10_000, people(13_000, 13_000))])
    for hostile in ([(50_000, people(400_000, 400_000))], [(1_000, people(60_000, 60_000))] * 3):
        with pytest.raises(PlanError, match="268435456 are the most"):
            check_pairs(hostile)


def never(*args: object, **options: object) -> Any:
    raise AssertionError("the assignment was begun")


def test_too_many_pairs_are_refused_before_anybody_assigns(monkeypatch: pytest.MonkeyPatch) -> None:
    made = office.drawn()
    assigned = made.commitment.check_rosters(made.rosters)
    eligible = assigned.eligibility(made.commitment.plan.tasks[0])
    pairs = len(made.drawn["1"].selected) * sum(map(eligible.passing, eligible.roles))
    monkeypatch.setattr(pairbudget, "ASSIGNED_PAIRS", pairs)
    assert office.report_on(made).stage == "drawn"
    monkeypatch.setattr(pairbudget, "ASSIGNED_PAIRS", pairs - 1)
    rosters = office.all_rosters(made)
    monkeypatch.setattr("dblrandom.drawing.draw.assign", never)
    with pytest.raises(VerificationError, match="to choose from") as caught:
        office.report_on(made, rosters=rosters)
    assert caught.value.check == "commitment"
    with pytest.raises(PlanError, match="to choose from"):
        office.committed()


def test_whoever_commits_asks_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []
    monkeypatch.setattr("dblrandom.drawing.largest.check_pairs", lambda tasks: found.extend(n for n, _ in tasks))
    office.committed()
    assert set(found) == {6}


def replaced_once() -> Any:
    made = office.drawn()
    made.substitute(
        "1", target=made.drawn["1"].selected[0].id, ground=GROUND, time=office.AFTER, keys=office.keys("organiser")
    )
    return made


def test_substitutions_have_a_budget_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = replaced_once()
    eligible = made.commitment.check_rosters(made.rosters).eligibility(made.commitment.plan.tasks[0])
    once = sum(map(eligible.passing, eligible.roles))
    monkeypatch.setattr(pairbudget, "REFILLED_PAIRS", once)
    assert office.report_on(made).stage == "drawn"
    before = len(made.receipts)
    with pytest.raises(StepError, match="to choose from"):
        made.substitute(
            "1", target=made.drawn["1"].selected[1].id, ground=GROUND, time=office.AFTER, keys=office.keys("organiser")
        )
    assert len(made.receipts) == before
    monkeypatch.setattr(pairbudget, "REFILLED_PAIRS", once - 1)
    monkeypatch.setattr(Refill, "fill", never)
    with pytest.raises(VerificationError, match="to choose from") as caught:
        office.report_on(made)
    assert caught.value.check == "substitution"


def test_the_budget_is_one_for_all_tasks_of_a_ceremony(monkeypatch: pytest.MonkeyPatch) -> None:
    made = office.drawn(office.plan(office.task("1"), office.task("2")))
    eligible = made.drawn["1"].eligibility
    monkeypatch.setattr(pairbudget, "REFILLED_PAIRS", sum(map(eligible.passing, eligible.roles)))
    states = standing.standing_at_first(SHA256, made.commitment.plan, made.drawn)
    states["1"].replace_target(states["1"].due[0], GROUND)
    with pytest.raises(StepError, match="to choose from"):
        states["2"].replace_target(states["2"].due[0], GROUND)


def test_a_substitution_goes_through_the_roster_once_in_all_and_not_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = office.drawn(given=[office.targets(), office.inspectors(200, 100), office.recusals()])
    state = Standing(SHA256, made.drawn["1"], (GROUND,))
    begun = []
    plain = Refill.__init__
    monkeypatch.setattr(Refill, "__init__", lambda self, *a, **k: (begun.append(1), plain(self, *a, **k))[1])
    for target in list(state.teams):
        state.replace_target(target, GROUND)
    assert begun == [1]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_kept_from_one_substitution_to_the_next_gives_what_counting_anew_gives(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    made = office.drawn(given=[office.targets(60), office.inspectors(7, 4), office.recusals()])
    drawn = made.drawn["1"]
    state = Standing(SHA256, drawn, (GROUND,))
    kept = Refill.fill

    def both(self: Refill, slots: list[Slot], team: Any) -> Any:
        loads: dict[str, int] = {}
        for members in state.teams.values():
            for member in members:
                if member is not None:
                    loads[member] = loads.get(member, 0) + 1
        anew = fill(
            SHA256,
            drawn.inspectors_key,
            slots,
            team=team,
            eligibility=drawn.eligibility,
            replaced=state.replaced_inspectors,
            loads=loads,
            cap=drawn.assignment.cap,
        )
        found = kept(self, slots, team)
        assert found == anew
        return found

    monkeypatch.setattr(Refill, "fill", both_or_plain(state, both, kept))
    for _ in range(12):
        act = chance.choice(["target", "inspector", "open"])
        serving = sorted({m for team in state.teams.values() for m in team if m is not None})
        gaps = [t for t, team in state.teams.items() if None in team]
        if act == "target" and state.teams:
            state.replace_target(chance.choice(list(state.teams)), GROUND)
        elif act == "inspector" and serving:
            state.replace_inspector(chance.choice(serving), GROUND)
        elif gaps:
            state.staff(chance.choice(gaps), GROUND)


def both_or_plain(state: Standing, both: Any, kept: Any) -> Any:
    """Compare for what the task keeps, and only work out for what is made anew beside it."""
    return lambda self, slots, team: both(self, slots, team) if self is state._refill else kept(self, slots, team)
