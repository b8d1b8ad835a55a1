from __future__ import annotations

import contextlib
import copy
import json
import pickle
from fractions import Fraction
from typing import Any

import pytest

from dblrandom.errors import PlanError
from dblrandom.model import (
    AdministrativeLevel,
    Filter,
    InspectionMethod,
    LegalBasis,
    Level,
    Plan,
    Quota,
    Role,
    Scope,
    Task,
    TeamRule,
    Track,
    Window,
)

COUNT = Quota(count=3, scope=Scope.FRAME)
TEAM = TeamRule(roster="inspectors", roles=(Role("leader", Filter({"post": ("leader",)})), Role("member")))


def task(**changes: Any) -> Task:
    given: dict[str, Any] = {
        "id": "3",
        "title": "工业大麻加工种植监督检查",
        "roster": "targets",
        "sampler": "fixed-count",
        "quota": COUNT,
        "team": TEAM,
    }
    return Task(**{**given, **changes})


def plan(**changes: Any) -> Plan:
    given: dict[str, Any] = {
        "name": "synthetic-2024",
        "title": "SYNTHETIC plan",
        "authority": "SYNTHETIC authority",
        "period": "2024",
        "tasks": (task(),),
    }
    return Plan(**{**given, **changes})


def full_task() -> Task:
    return task(
        title_en="Hemp",
        department="市公安局",
        items=["a", "b"],
        targets=("单位",),
        window=Window("2024-02-01", "2024-08-31", "2024年2月-8月"),
        methods=[InspectionMethod.ON_SITE, "document_review"],
        legal_bases=[LegalBasis("云南省工业大麻种植加工许可规定", citation="第4条")],
        level=Level(
            (Track(AdministrativeLevel.CITY, (AdministrativeLevel.CITY, AdministrativeLevel.COUNTY)),), "市抽市、县查"
        ),
        directed=True,
        filter={"category": ["hemp"]},
        strata=["district", "risk"],
        sampler="stratified",
        quota=Quota(ratio=Fraction(3, 10), count=3, scope=Scope.TOTAL, minimum=0, allow_zero="few"),
        reserves=2,
        team=TeamRule(roster="inspectors", roles=(Role("sole"),), cap=4, reason="SYNTHETIC reason"),
        note="a note",
    )


def test_a_plan_round_trips_through_its_header_and_tasks() -> None:
    foreign = task(id="x", sampler="x-lottery", quota=None, parameters={"a": [1, {"b": "c"}], "d": False})
    whole = plan(tasks=[task(), full_task_with_id("4"), foreign], grounds=["closed", "not-found"], recusals="recusals")
    header = json.loads(json.dumps(whole.header_json()))
    tasks = json.loads(json.dumps([t.to_json() for t in whole.tasks]))
    assert Plan.from_json(header, tasks, "plan") == whole
    assert "tasks" not in header
    assert whole.to_json() == {**header, "tasks": tasks}
    assert pickle.loads(pickle.dumps(whole)) == copy.deepcopy(whole) == whole
    hash(whole)


def full_task_with_id(name: str) -> Task:
    return Task.from_json({**full_task().to_json(), "id": name}, "t")


def test_optional_members_are_left_out_and_lists_are_always_there() -> None:
    assert task().to_json() == {
        "id": "3",
        "title": "工业大麻加工种植监督检查",
        "items": [],
        "items_en": [],
        "targets": [],
        "targets_en": [],
        "methods": [],
        "legal_bases": [],
        "directed": False,
        "roster": "targets",
        "filter": {},
        "strata": [],
        "sampler": "fixed-count",
        "quota": {"count": 3, "rounding": "ceiling", "scope": "frame"},
        "reserves": 0,
        "team": {
            "roster": "inspectors",
            "roles": [{"name": "leader", "filter": {"post": ["leader"]}}, {"name": "member", "filter": {}}],
            "slack": 1,
        },
    }


def test_frozen_values_keep_nothing_of_the_callers() -> None:
    parameters: dict[str, Any] = {"a": [1]}
    strata, filters = ["district"], {"c": ["a"]}
    held = task(sampler="x-own", parameters=parameters, strata=strata, filter=filters)
    before = json.dumps(held.to_json())
    parameters["a"].append(2)
    strata.append("risk")
    filters["c"].append("b")
    held.to_json()["strata"].append("x")  # type: ignore[union-attr]
    assert json.dumps(held.to_json()) == before


RATIO = Quota(ratio=Fraction(1, 10), scope=Scope.FRAME)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sampler": "random"}, "sampler: 'random' is not one of fixed-count, percentage, stratified, or x-..."),
        ({"sampler": None}, "sampler: null is not one of"),
        ({"sampler": "x-"}, "sampler: "),
        ({"quota": None}, "quota: is missing"),
        ({"quota": {"count": 3}}, "quota: a table is not a Quota"),
        ({"quota": RATIO}, "quota.ratio: fixed-count draws a count"),
        ({"sampler": "percentage"}, "quota.ratio: is missing"),
        ({"strata": ("a",)}, "strata: the sampler fixed-count has one stratum"),
        ({"quota": Quota(count=3, scope=Scope.STRATUM)}, "quota.scope: stratum does not suit"),
        ({"quota": Quota(count=3, scope=Scope.TOTAL)}, "quota.scope: total does not suit"),
        ({"sampler": "stratified"}, "strata: is empty"),
        ({"sampler": "stratified", "strata": ("a",)}, "quota.scope: frame does not suit stratified"),
        ({"parameters": {}}, "parameters: the sampler fixed-count has none"),
        ({"sampler": "x-a", "parameters": [1]}, "parameters: a list is not a table"),
        ({"sampler": "x-a", "parameters": {"a": None}}, "parameters.a: null is not allowed here"),
        ({"sampler": "x-a", "parameters": {"a": 0.5}}, "parameters.a: a value of type float"),
        ({"strata": ("id",)}, "strata: 'id' cannot divide a frame"),
        ({"strata": ("rank",)}, "strata: "),
        ({"strata": ("status",)}, "strata: "),
        ({"strata": ("blind",)}, "strata: "),
        ({"strata": ("a", "a")}, "strata: 'a' is there twice"),
        ({"strata": "ab"}, "strata: 'ab' is not a list"),
        ({"reserves": -1}, "reserves: -1 is not a whole number of at least 0"),
        ({"roster": "Targets"}, "roster: "),
        ({"title": "a\u202eb"}, "title: has the character U+202E"),
        ({"note": ""}, "note: is empty"),
        ({"items": ("a", "")}, "items[1]: is empty"),
        ({"methods": ("on-site",)}, "methods[0]: 'on-site' is not one of"),
        ({"methods": ("on_site", "on_site")}, "methods: "),
        ({"directed": 1}, "directed: 1 is not a bool"),
        ({"window": "2024"}, "window: "),
        ({"legal_bases": ("law",)}, "legal_bases[0]: "),
        ({"filter": {"a": []}}, "filter.a: lists no value"),
        ({"team": None}, "team: "),
    ],
)
def test_tasks_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        task(**changes)
    assert str(caught.value).startswith(f'task "3": {message}')


def test_percentage_may_have_a_count_as_its_least() -> None:
    task(sampler="percentage", quota=Quota(ratio=Fraction(3, 10), count=3, scope=Scope.FRAME))


@pytest.mark.parametrize("name", ["id", "rank", "status", "blind", "Leader", ""])
def test_role_names_refused(name: str) -> None:
    with pytest.raises(PlanError, match=r"^role\.name"):
        Role(name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"roles": (Role("a"),)}, "team.roles: 1 of at least 2"),
        ({"roles": ()}, "team.roles: 0 of at least 2"),
        ({"roles": (Role("a"), Role("a"))}, "team.roles: 'a' is there twice"),
        ({"roles": ("a", "b")}, "team.roles[0]: 'a' is not a role"),
        ({"reason": "why"}, "team.reason: a reason belongs"),
        ({"cap": 0}, "team.cap: "),
        ({"slack": -1}, "team.slack: "),
        ({"cap": 1, "slack": 1}, "team.slack: "),
        ({"roster": ""}, "team.roster: "),
    ],
)
def test_team_rules_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        TeamRule(**{"roster": "inspectors", "roles": (Role("a"), Role("b")), **changes})
    assert str(caught.value).startswith(message)


def test_teams_of_fewer_than_two_need_the_reason() -> None:
    for roles in ((), (Role("sole"),)):
        rule = TeamRule(roster="inspectors", roles=roles, reason="SYNTHETIC reason")
        assert TeamRule.from_json(rule.to_json(), "team") == rule
    assert TeamRule(roster="i", roles=(), reason="r").to_json() == {
        "roster": "i",
        "roles": [],
        "slack": 1,
        "reason": "r",
    }


def test_plans_refused() -> None:
    for changes, message in (
        ({"tasks": ()}, "plan.tasks: there is no task"),
        ({"tasks": (task(id="a"), task(id="A"))}, "plan.tasks: 'A' differs from 'a' only in case"),
        ({"tasks": ("a",)}, "plan.tasks[0]: 'a' is not a task"),
        ({"name": "A"}, "plan.name: "),
        ({"period": ""}, "plan.period: "),
        ({"grounds": ("closed", "closed")}, "plan.grounds: 'closed' is there twice"),
        ({"grounds": ("Closed",)}, "plan.grounds[0]: "),
        ({"recusals": "No"}, "plan.recusals: "),
        ({"title": None}, "plan.title: "),
    ):
        with pytest.raises(PlanError) as caught:
            plan(**changes)
        assert str(caught.value).startswith(message)
    with pytest.raises(PlanError, match="no task '9'; there are 3"):
        plan().task("9")
    assert plan().task("3") == task()


def test_errors_in_json_name_the_path_in_the_whole() -> None:
    header, good = plan().header_json(), task().to_json()
    for change, message in (
        ({"quota": {"count": 0, "scope": "frame", "rounding": "ceiling"}}, "commitment.tasks[1].quota.count: 0 is not"),
        ({"id": "a b"}, "commitment.tasks[1].id: "),
        ({"strata": ["x"]}, "commitment.tasks[1].strata: the sampler"),
        ({"filter": {"c": ["a", "a"]}}, "commitment.tasks[1].filter.c: lists a value twice"),
        ({"level": {"tracks": [{"draw": "city", "inspect": []}]}}, "commitment.tasks[1].level.tracks[0].inspect: name"),
        (
            {"window": {"start": "2024-02-02", "end": "2024-02-01"}},
            "commitment.tasks[1].window.end: 2024-02-01 is before",
        ),
        ({"team": {"roster": "i", "roles": []}}, "commitment.tasks[1].team.slack: is missing"),
        ({"reserve": 1}, "commitment.tasks[1]: unknown member 'reserve'; did you mean 'reserves'?"),
        ({"remarks": None}, "commitment.tasks[1].remarks: null is not text"),
    ):
        with pytest.raises(PlanError) as caught:
            Plan.from_json(header, [{**good, "id": "1"}, {**good, **change}], "commitment")
        assert str(caught.value).startswith(message)
    with pytest.raises(PlanError, match=r"^commitment\.tasks: "):
        Plan.from_json(header, {}, "commitment")
    with pytest.raises(PlanError, match=r"^commitment\.authority: is missing"):
        Plan.from_json({k: v for k, v in header.items() if k != "authority"}, [good], "commitment")


@pytest.mark.parametrize("value", [None, 1, 1.5, "x", [], {}, [[]], {"id": []}, {1: 2}, True, b"", object()])
def test_only_plan_errors_leave_whatever_the_value(value: object) -> None:
    good: dict[str, Any] = full_task().to_json()
    for member in good:
        with pytest.raises(PlanError):
            Task.from_json({**good, member: value, "unknown": 1}, "t")
        with contextlib.suppress(PlanError):
            Task.from_json({**good, member: value}, "t")


def test_a_level_says_whether_a_county_takes_part() -> None:
    assert full_task().level is not None
    assert full_task().level.involves(AdministrativeLevel.COUNTY)  # type: ignore[union-attr]
    assert not Level((Track(AdministrativeLevel.CITY, (AdministrativeLevel.CITY,)),)).involves(
        AdministrativeLevel.COUNTY
    )
    assert AdministrativeLevel.COUNTY.chinese == "县"
    assert InspectionMethod.ON_SITE.chinese == "现场检查"
    track = Track("city", ("city",))  # type: ignore[arg-type]
    for bad in ((), (track, track), ("x",)):
        with pytest.raises(PlanError):
            Level(bad)  # type: ignore[arg-type]
