from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from dblrandom.errors import PlanError
from dblrandom.model import ResultCode, SelectedUnit, Selection, StratumSelection, Team


def unit(**changes: Any) -> SelectedUnit:
    given: dict[str, Any] = {
        "id": "a",
        "stratum": ("x",),
        "rank": 1,
        "ticket": "0" * 64,
        "probability": Fraction(1, 3),
        "weight": Fraction(3),
    }
    return SelectedUnit(**{**given, **changes})


def stratum(**changes: Any) -> StratumSelection:
    given: dict[str, Any] = {
        "stratum": ("x",),
        "size": 3,
        "wanted": 1,
        "selected": (unit(),),
        "reserves": (unit(id="b", rank=2),),
        "shortfall": 0,
        "probability": Fraction(1, 3),
    }
    return StratumSelection(**{**given, **changes})


def test_a_selection_round_trips_and_lists_its_units_in_order() -> None:
    selection = Selection("3", "f" * 32, (stratum(), stratum(stratum=("y",), selected=[unit(id="c")], reserves=())))
    assert [u.id for u in selection.selected] == ["a", "c"]
    assert [u.id for u in selection.reserves] == ["b"]
    assert Selection.from_json(json.loads(json.dumps(selection.to_json())), "s") == selection
    hash(selection)


def test_selections_refused() -> None:
    for change in ({"id": ""}, {"rank": 0}, {"ticket": "F" * 64}, {"probability": Fraction(4, 3)}, {"stratum": "x"}):
        with pytest.raises(PlanError, match=r"^unit\."):
            unit(**change)
    for change in ({"size": 1}, {"wanted": -1}, {"selected": ("a",)}, {"probability": 1}):
        with pytest.raises(PlanError, match=r"^stratum\."):
            stratum(**change)
    with pytest.raises(PlanError):
        Selection("3", "f" * 31, ())
    value: Any = Selection("3", "f" * 32, (stratum(),)).to_json()
    value["strata"][0]["reserves"][0]["rank"] = 0
    with pytest.raises(PlanError, match=r"^s\.strata\[0\]\.reserves\[0\]\.rank"):
        Selection.from_json(value, "s")


def test_a_team_has_different_persons() -> None:
    team = Team("a", (("leader", "KM-1"), ("member", None)))
    assert team.member("leader") == "KM-1"
    assert team.member("member") is None
    assert Team.from_json(json.loads(json.dumps(team.to_json())), "t") == team
    Team("a", (("leader", None), ("member", None)))
    with pytest.raises(PlanError, match="one person has two places"):
        Team("a", (("leader", "KM-1"), ("member", "KM-1")))
    with pytest.raises(PlanError, match="no role 'x'"):
        team.member("x")
    for bad in ((("leader",),), (("leader", ""),), (("Leader", "a"),), (("leader", "a"), ("leader", "b")), "ab", (1,)):
        with pytest.raises(PlanError):
            Team("a", bad)  # type: ignore[arg-type]


def test_the_ten_outcomes_have_their_published_words() -> None:
    assert len(ResultCode) == 10
    assert len({code.chinese for code in ResultCode}) == 10
    assert ResultCode.NO_PROBLEM.chinese == "未发现问题"
