from __future__ import annotations

import json
from typing import Any

import pytest

from dblrandom.errors import PlanError
from dblrandom.model import (
    AdministrativeLevel,
    Inspector,
    Recusal,
    RecusalGround,
    RecusalOrigin,
    inspector_population,
    recusal_population,
)


def inspector(**changes: Any) -> Inspector:
    """A synthetic inspector."""
    given: dict[str, Any] = {
        "id": "KM-0001",
        "unit": "SYNTHETIC unit",
        "level": AdministrativeLevel.CITY,
        "post": "leader",
        "certificate": "C-1",
        "certificate_until": "2024-06-30",
        "extra": {"district": "五华区"},
    }
    return Inspector(**{**given, **changes})


def recusal(**changes: Any) -> Recusal:
    """A synthetic recusal."""
    given: dict[str, Any] = {
        "id": "R1",
        "inspector": "KM-0001",
        "target": "T1",
        "ground": RecusalGround.NEAR_RELATIVE,
        "origin": RecusalOrigin.DECLARED,
        "approver": "KM-CHIEF",
    }
    return Recusal(**{**given, **changes})


def test_the_certificate_stands_up_to_and_including_its_last_day() -> None:
    person = inspector()
    assert person.row("2024-06-30")["certificate"] == "valid"
    assert person.row("2024-07-01")["certificate"] == "expired"
    assert inspector(certificate_until=None).row("2999-01-01")["certificate"] == "valid"
    assert inspector(certificate=None, certificate_until=None).row("2024-01-01")["certificate"] == "none"


def test_the_row_never_shows_the_certificates_number() -> None:
    row = inspector().row("2024-01-01")
    assert tuple(row) == ("id", "unit", "level", "post", "certificate", "district")
    assert "C-1" not in row.values()


def test_people_round_trip() -> None:
    for value in (inspector(), inspector(certificate=None, certificate_until=None, extra={})):
        assert Inspector.from_json(json.loads(json.dumps(value.to_json())), "i") == value
    assert Recusal.from_json(json.loads(json.dumps(recusal().to_json())), "r") == recusal()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": " a"},
        {"level": "town"},
        {"certificate_until": "soon"},
        {"certificate": None},
        {"extra": {"id": "x"}},
        {"extra": {"blind": "x"}},
        {"extra": {"A": "x"}},
        {"extra": {"a": "\t"}},
        {"extra": {"a": 1}},
        {"extra": 3},
        {"unit": None},
    ],
)
def test_inspectors_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match=r"^inspector\."):
        inspector(**changes)


def test_nobody_approves_his_own_recusal() -> None:
    with pytest.raises(PlanError, match=r"recusal\.approver: 'KM-0001' is the inspector"):
        recusal(approver="KM-0001")
    with pytest.raises(PlanError, match=r"^recusals\[3\]\.approver"):
        Recusal.from_json({**recusal().to_json(), "approver": "KM-0001"}, "recusals[3]")
    for change in ({"ground": "friend"}, {"origin": "felt"}, {"target": ""}):
        with pytest.raises(PlanError):
            recusal(**change)


def test_populations_of_people() -> None:
    people = inspector_population([inspector(), inspector(id="KM-0002")], "2024-07-01")
    assert people.columns == ("id", "unit", "level", "post", "certificate", "district")
    assert people.rows[1] == ("KM-0002", "SYNTHETIC unit", "city", "leader", "expired", "五华区")
    with pytest.raises(PlanError, match='inspector "KM-0002": has other extra columns'):
        inspector_population([inspector(), inspector(id="KM-0002", extra={})], "2024-07-01")
    assert inspector_population([], "2024-07-01").rows == ()
    pairs = recusal_population([recusal()])
    assert pairs.name == "recusals"
    assert pairs.columns == ("id", "inspector", "target", "ground", "approver")
    assert pairs.rows == (("R1", "KM-0001", "T1", "near-relative:declared", "KM-CHIEF"),)
