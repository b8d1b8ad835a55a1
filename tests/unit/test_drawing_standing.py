"""Substitutions: who follows whom is decided by rule, and nothing makes the denominator smaller."""

from __future__ import annotations

from typing import Any

import ceremonies as kit
import pytest

from dblrandom.drawing.draw import Draw, make_draw
from dblrandom.drawing.standing import Standing, apply_result, apply_substitution, standing_at_first
from dblrandom.errors import StepError
from dblrandom.evidence.bodies import check_body
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Plan, Population, Quota, Scope, Task, TeamRule

GROUND = "not-found"


def draw_of(*tasks: Task, given: tuple[Population, ...] = ()) -> tuple[Plan, Draw]:
    plan = kit.plan(*tasks)
    base = {p.name: p for p in (kit.targets(), kit.inspectors(), kit.recusals(), *given)}
    made = kit.opened(plan, base.values())
    kit.commit(made)
    return plan, make_draw(made.commitment, "5e" * 32, made.rosters)


def standing(*tasks: Task, given: tuple[Population, ...] = ()) -> tuple[Standing, Draw]:
    plan, draw = draw_of(*tasks, given=given)
    return Standing(SHA256, draw["1"], plan.grounds), draw


def sound(body: dict[str, Any]) -> dict[str, Any]:
    check_body("substitution", body, "s")
    return body


def teams_are_sound(state: Standing) -> None:
    for team in state.teams.values():
        present = [m for m in team if m is not None]
        assert len(present) == len(set(present))
        assert not set(present) & state.replaced_inspectors


def test_at_first_it_stands_as_it_was_drawn() -> None:
    state, draw = standing()
    assert state.due == [u.id for u in draw["1"].selected]
    assert state.teams == {t.target: [m for _, m in t.members] for t in draw["1"].teams}


def test_a_target_is_followed_by_the_next_reserve_of_its_own_stratum() -> None:
    state, draw = standing()
    stratum = draw["1"].selection.strata[1]
    lost = stratum.selected[0].id
    body = sound(state.replace_target(lost, GROUND))
    follower = stratum.reserves[0].id
    assert body["replacement"] == follower
    assert body["replaced"] == {"target": lost}
    assert {s["role"] for s in body["slots"]} == {"lead", "member"}
    assert all(s["target"] == follower and s["inspector"] for s in body["slots"])
    assert lost not in state.teams
    assert state.due[-1] == follower
    assert lost in state.due
    teams_are_sound(state)


def test_reserves_run_out_and_then_nobody_follows() -> None:
    state, draw = standing()
    stratum = draw["1"].selection.strata[0]
    reserves = [u.id for u in stratum.reserves]
    found = [sound(state.replace_target(lost, GROUND))["replacement"] for lost in (stratum.selected[0].id, *reserves)]
    assert found == [*reserves, None]
    last = sound(state.replace_target(stratum.selected[1].id, GROUND))
    assert (last["replacement"], last["slots"]) == (None, [])
    assert len(state.due) == 8, "the denominator keeps everybody who was ever drawn or called"
    assert not any(u.id in state.teams for u in (*stratum.selected, *stratum.reserves))
    with pytest.raises(StepError, match="not a target that stands drawn"):
        state.replace_target(stratum.selected[1].id, GROUND)


@pytest.mark.parametrize("who", ["a reserve", "a stranger", "one who is out"])
def test_only_who_stands_drawn_is_replaced(who: str) -> None:
    state, draw = standing()
    out = draw["1"].selected[0].id
    state.replace_target(out, GROUND)
    unit = {"a reserve": draw["1"].reserves[-1].id, "a stranger": "F999", "one who is out": out}[who]
    with pytest.raises(StepError, match="not a target that stands drawn"):
        state.replace_target(unit, GROUND)


def test_an_inspector_leaves_all_his_slots_and_does_not_come_back() -> None:
    state, _ = standing()
    person = next(m for team in state.teams.values() for m in team if m)
    his = {(t, n) for t, team in state.teams.items() for n, m in enumerate(team) if m == person}
    body = sound(state.replace_inspector(person, GROUND))
    assert {(s["target"], ["lead", "member"].index(s["role"])) for s in body["slots"]} == his
    assert person not in {m for team in state.teams.values() for m in team}
    teams_are_sound(state)
    with pytest.raises(StepError, match="serves in none of its slots"):
        state.replace_inspector(person, GROUND)
    state.replace_target(next(iter(state.teams)), GROUND)
    assert person not in {m for team in state.teams.values() for m in team}


def test_slots_are_filled_in_slot_order() -> None:
    state, draw = standing()
    key = draw["1"].inspectors_key
    person = max(
        (m for team in state.teams.values() for m in team if m),
        key=lambda p: sum(p in team for team in state.teams.values()),
    )
    body = state.replace_inspector(person, GROUND)
    slots: Any = body["slots"]
    order = [ticket(SHA256, key, f"{s['target']}\t{s['role']}".encode()) for s in slots]
    assert len(order) > 1
    assert order == sorted(order)


def test_when_everybody_is_at_the_cap_it_is_waived_on_record() -> None:
    """Two leaders for six targets: when one goes the other must take all, far above the cap of four."""
    state, draw = standing(given=(kit.inspectors(8, leaders=2),))
    assert draw["1"].assignment.cap == 4
    goes, stays = "I00", "I01"
    slots: Any = sound(state.replace_inspector(goes, GROUND))["slots"]
    leads = [s for s in slots if s["role"] == "lead"]
    assert {s["inspector"] for s in leads} <= {stays, None}
    loads = sum(stays in team for team in state.teams.values())
    assert loads > 4
    assert any(s["cap_waived"] for s in slots)
    assert not slots[0]["cap_waived"], "below the cap nothing is waived"


def test_a_slot_that_nobody_can_fill_stays_empty_on_record_and_can_be_staffed_no_better() -> None:
    state, _ = standing(given=(kit.inspectors(8, leaders=1),))
    slots: Any = sound(state.replace_inspector("I00", GROUND))["slots"]
    leads = [s for s in slots if s["role"] == "lead"]
    assert len(leads) == 6
    assert all((s["inspector"], s["cap_waived"]) == (None, False) for s in leads)
    again: Any = sound(state.staff(leads[0]["target"], GROUND))
    assert again["replaced"] == {"open": leads[0]["target"]}
    assert [s["inspector"] for s in again["slots"]] == [None]


def test_an_open_target_is_staffed_as_far_as_anyone_can() -> None:
    barred = [(f"I{i:02d}", f"F{n:03d}") for i in range(4) for n in range(0, 30, 3)]
    state, draw = standing(given=(kit.recusals(*barred),))
    (target, *_) = [o.target for o in draw["1"].assignment.open]
    assert state.teams[target] == [None, None]
    body: Any = sound(state.staff(target, "unstaffed"))
    found = {s["role"]: s["inspector"] for s in body["slots"]}
    assert found["lead"] is None
    assert found["member"] is not None
    assert (body["replacement"], body["ground"]) == (None, "unstaffed")
    assert [s["role"] for s in state.staff(target, "unstaffed")["slots"]] == ["lead"]  # type: ignore[union-attr,index,call-overload]


def test_a_target_without_an_empty_slot_is_not_staffed() -> None:
    state, draw = standing()
    for target in (draw["1"].selected[0].id, draw["1"].reserves[0].id, "F999"):
        with pytest.raises(StepError, match="not a drawn target with an empty slot"):
            state.staff(target, GROUND)


def test_without_roles_only_targets_are_replaced() -> None:
    state, draw = standing(kit.task(team=kit.NOBODY))
    target = draw["1"].selected[0].id
    with pytest.raises(StepError, match="empty slot"):
        state.staff(target, GROUND)
    with pytest.raises(StepError, match="serves in none"):
        state.replace_inspector("I00", GROUND)
    body = sound(state.replace_target(target, GROUND))
    assert body["slots"] == []
    assert body["replacement"] == draw["1"].reserves[0].id


def test_grounds_are_those_committed() -> None:
    state, draw = standing()
    for act, what in (
        (state.replace_target, draw["1"].selected[0].id),
        (state.replace_inspector, "I00"),
        (state.staff, "F000"),
    ):
        with pytest.raises(StepError, match="'mood' is not in the committed list: not-found, illness, unstaffed"):
            act(what, "mood")
    plan, made = draw_of()
    bare = Standing(SHA256, made["1"], ())
    with pytest.raises(StepError, match="committed list: none"):
        bare.replace_inspector("I00", GROUND)
    assert plan.grounds


def test_a_refused_request_changes_nothing() -> None:
    state, draw = standing()
    before = {t: list(m) for t, m in state.teams.items()}, list(state.due)
    for act, what in ((state.replace_target, "F999"), (state.replace_inspector, "I99"), (state.staff, "F999")):
        with pytest.raises(StepError):
            act(what, GROUND)
    with pytest.raises(StepError):
        state.replace_target(draw["1"].selected[0].id, "mood")
    assert ({t: list(m) for t, m in state.teams.items()}, state.due) == before


# Requests as bodies


def test_the_request_of_a_body_gives_the_body_again() -> None:
    plan, draw = draw_of(kit.task(), kit.task("2"))
    first = standing_at_first(SHA256, plan, draw)
    person = next(m for team in first["2"].teams.values() for m in team if m)
    bodies = [
        apply_substitution(first, {"task": "1", "ground": GROUND, "replaced": {"target": first["1"].due[0]}}),
        apply_substitution(first, {"task": "2", "ground": "illness", "replaced": {"inspector": person}}),
    ]
    again = standing_at_first(SHA256, plan, draw)
    assert [apply_substitution(again, body) for body in bodies] == bodies
    assert {t: s.teams for t, s in again.items()} == {t: s.teams for t, s in first.items()}
    assert first["1"].replaced_inspectors == set(), "loads and replacements are counted within one task"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"task": "9", "replaced": {"target": "F000"}}, "no task '9' in the draw"),
        ({"task": "1", "replaced": {}}, "replaces one target"),
        ({"task": "1", "replaced": {"target": "a", "open": "b"}}, "replaces one target"),
        ({"task": "1", "replaced": "F000"}, "replaces one target"),
        ({"task": "1", "replaced": {"firm": "a"}}, "cannot replace a 'firm'"),
    ],
)
def test_a_request_must_make_sense(body: dict[str, Any], problem: str) -> None:
    plan, draw = draw_of()
    with pytest.raises(StepError, match=problem):
        apply_substitution(standing_at_first(SHA256, plan, draw), {"ground": GROUND} | body)


def test_the_cap_of_the_task_holds_in_substitutions_too() -> None:
    team = TeamRule(roster="inspectors", roles=(kit.LEAD, kit.MEMBER), cap=2)
    state, draw = standing(kit.task(team=team, quota=Quota(count=1, scope=Scope.STRATUM)))
    assert draw["1"].assignment.cap == 2
    while any(state._reserves.values()):
        state.replace_target(next(t for t in state.teams if state._reserves[state._stratum[t]]), GROUND)
        loads = [m for found in state.teams.values() for m in found]
        assert max(loads.count(m) for m in loads) <= 2


# Results


def test_results_are_told_once_unless_the_first_was_pending() -> None:
    state, draw = standing()
    one, other = (u.id for u in draw["1"].selected[:2])
    state.tell({one: ["pending"], other: ["closed"]})
    state.tell({one: ["correction-ordered", "not-published"]})
    assert state.told == {one: ("correction-ordered", "not-published"), other: ("closed",)}
    for again in (one, other):
        with pytest.raises(StepError, match="has a result already, and it was not pending"):
            state.tell({again: ["no-problem"]})


@pytest.mark.parametrize(
    ("outcomes", "problem"),
    [({"F999": ["closed"]}, "'F999' was never drawn"), ({None: ["closed", "closed"]}, "has a code twice")],
)
def test_a_result_that_is_refused_tells_nothing(outcomes: dict[Any, list[str]], problem: str) -> None:
    state, draw = standing()
    one, other = (u.id for u in draw["1"].selected[:2])
    given = {other: ["closed"]} | {target or one: codes for target, codes in outcomes.items()}
    with pytest.raises(StepError, match=problem):
        state.tell(given)
    assert state.told == {}


def test_a_result_of_a_replaced_target_and_of_its_follower_are_both_due() -> None:
    state, draw = standing()
    lost = draw["1"].selected[0].id
    follower = str(state.replace_target(lost, GROUND)["replacement"])
    state.tell({lost: ["not-reachable"], follower: ["no-problem"]})
    assert set(state.told) == {lost, follower}


def test_a_results_body_names_a_task_and_each_target_once() -> None:
    plan, draw = draw_of()
    state = standing_at_first(SHA256, plan, draw)
    target = draw["1"].selected[0].id
    entry = {"id": target, "codes": ["closed"]}
    with pytest.raises(StepError, match="no task '9' in the draw"):
        apply_result(state, {"task": "9", "outcomes": [entry]})
    with pytest.raises(StepError, match="a target is named twice"):
        apply_result(state, {"task": "1", "outcomes": [entry, entry]})
    apply_result(state, {"task": "1", "outcomes": [entry]})
    assert state["1"].told == {target: ("closed",)}
