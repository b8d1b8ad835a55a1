from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import attrs
import pytest

from dblrandom.errors import EntropyError, PlanError, RosterError
from dblrandom.model import (
    Filter,
    Population,
    Quota,
    Rounding,
    Scope,
    Source,
    check_task_id,
    ratio_from_json,
    ratio_to_json,
)


def test_ratios_have_one_form() -> None:
    assert ratio_to_json(Fraction(30, 100)) == {"numerator": 3, "denominator": 10}
    assert ratio_from_json({"numerator": 0, "denominator": 1}, "r") == 0
    for bad in (
        {"numerator": 30, "denominator": 100},
        {"numerator": 0, "denominator": 2},
        {"numerator": 1, "denominator": 0},
        {"numerator": -1, "denominator": 2},
        {"numerator": 1},
        {"numerator": 1, "denominator": 2, "x": 1},
        {"numerator": 1.0, "denominator": 2},
        {"numerator": True, "denominator": 2},
        {"numerator": 1, "denominator": 2**53},
        "1/2",
        None,
    ):
        with pytest.raises(PlanError):
            ratio_from_json(bad, "r")


def test_a_quota_round_trips() -> None:
    quota = Quota(
        ratio=Fraction(3, 10),
        count=3,
        cap=9,
        rounding=Rounding.HALF_UP,
        scope=Scope.TOTAL,
        minimum=0,
        allow_zero="one of the strata is inspected in full by another office",
    )
    assert Quota.from_json(json.loads(json.dumps(quota.to_json())), "quota") == quota
    assert Quota(count=2, scope=Scope.FRAME).to_json() == {"count": 2, "rounding": "ceiling", "scope": "frame"}


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({}, "quota: state a ratio, a count, or both"),
        ({"ratio": Fraction(31, 10)}, "quota.ratio: 31/10 is over 1"),
        ({"ratio": Fraction(0)}, "quota.ratio: 0 is not above 0"),
        ({"ratio": Fraction(-1, 2)}, "quota.ratio: "),
        ({"ratio": 0.3}, "quota.ratio: a value of type float is not a ratio"),
        ({"ratio": Fraction(1, 2**53)}, "quota.ratio: "),
        ({"count": 0}, "quota.count: 0 is not a whole number of at least 1"),
        ({"count": True}, "quota.count: true is not"),
        ({"count": 1.0}, "quota.count: "),
        ({"count": 2**53}, "quota.count: "),
        ({"count": 3, "cap": 2}, "quota.cap: 2 is below the count of 3"),
        ({"ratio": Fraction(1, 2), "cap": 0}, "quota.cap: "),
        ({"count": 1, "minimum": 1}, "quota.minimum: a minimum needs the scope total"),
        ({"count": 1, "scope": Scope.TOTAL, "minimum": -1}, "quota.minimum: "),
        ({"count": 1, "allow_zero": ""}, "quota.allow_zero: is empty"),
        ({"count": 1, "scope": "all"}, "quota.scope: 'all' is not one of frame, stratum, total"),
        ({"count": 1, "rounding": "round"}, "quota.rounding: "),
    ],
)
def test_quotas_refused(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        Quota(**{"scope": Scope.FRAME, **terms})
    assert str(caught.value).startswith(message)


def test_a_quota_in_json_names_its_path() -> None:
    good = Quota(count=2, scope=Scope.FRAME).to_json()
    for change, message in (
        ({"count": 0}, "plan.tasks[2].quota.count: 0 is not a whole number of at least 1"),
        ({"ratio": {"numerator": 31, "denominator": 10}}, "plan.tasks[2].quota.ratio: 31/10 is over 1"),
        (
            {"ratio": {"numerator": 2, "denominator": 4}},
            "plan.tasks[2].quota.ratio: 2/4 is not in lowest terms; write 1/2",
        ),
        ({"cap": None}, "plan.tasks[2].quota.cap: null is not"),
        ({"extra": 1}, "plan.tasks[2].quota: unknown member 'extra'"),
    ):
        with pytest.raises(PlanError) as caught:
            Quota.from_json({**good, **change}, "plan.tasks[2].quota")
        assert str(caught.value).startswith(message)
    for name in ("rounding", "scope"):
        with pytest.raises(PlanError, match=f"quota.{name}: is missing"):
            Quota.from_json({k: v for k, v in good.items() if k != name}, "quota")


def test_a_source_is_flat_in_json() -> None:
    value = {"kind": "drand", "name": "d", "not_before": "2024-02-01T02:00:00Z", "chain": "ab", "round": 7}
    source = Source.from_json(value, "sources[0]")
    assert source.to_json() == value
    assert source.terms["round"] == 7
    terms = {"a": 1}
    held = Source(kind="x-dice", name="d", not_before="2024-02-01T02:00:00Z", terms=terms)
    terms["a"] = 2
    assert held.terms == {"a": 1}
    hash(held)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        held.name = "e"  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "coin"},
        {"kind": "x-"},
        {"kind": None},
        {"kind": ["drand"]},
        {"name": "D"},
        {"not_before": "2024-02-01"},
        {"round": 1.5},
        {"round": None},
        {"round": [1]},
        {"round": True},
        {"round": 2**53},
        {"chain": "a\nb"},
        {"chain": ""},
        {"Chain": "a"},
        {3: "a"},
    ],
)
def test_sources_refused(change: dict[Any, Any]) -> None:
    value = {"kind": "drand", "name": "d", "not_before": "2024-02-01T02:00:00Z", "chain": "ab", "round": 7, **change}
    with pytest.raises(EntropyError, match=r"^sources\[0\]"):
        Source.from_json(value, "sources[0]")


def test_a_source_must_say_everything() -> None:
    for missing in ("kind", "name", "not_before"):
        value = {"kind": "public", "name": "d", "not_before": "2024-02-01T02:00:00Z"}
        del value[missing]
        with pytest.raises(EntropyError, match="missing"):
            Source.from_json(value, "s")
    with pytest.raises(EntropyError):
        Source.from_json([], "s")


def test_a_population_keeps_its_own_rows() -> None:
    row, rows = ["1", "x"], []
    rows.append(row)
    population = Population.from_rows("targets", ["id", "name"], rows)
    row[1] = "y"
    rows.append(["2", "z"])
    assert population.rows == (("1", "x"),)
    assert len(population) == 1
    assert list(population.dicts()) == [{"id": "1", "name": "x"}]
    assert Population.from_json(json.loads(json.dumps(population.to_json())), "p") == population
    picked = Population.from_dicts("targets", ("id", "name"), [{"id": "1", "name": "x", "unused": "u"}])
    assert picked == population


def test_populations_refused_name_row_and_column() -> None:
    for columns, rows, message in (
        (("name", "id"), [], "first column must be id"),
        ((), [], "first column must be id"),
        (("id", "id"), [], "twice"),
        (("id", "Name"), [], "not a name"),
        (("id", "blind"), [], "blind is added"),
        (("id",), [("1",), ("2", "x")], "row 2: has 2 fields"),
        (("id", "a"), [("1", None)], "row 1, a: null is not text"),
        (("id",), ["1"], "row 1: '1' is not a list"),
        ("id", [], "not a list"),
        (("id",), 3, "not a list of rows"),
    ):
        with pytest.raises(RosterError, match=message):
            Population.from_rows("targets", columns, rows)  # type: ignore[arg-type]
    with pytest.raises(RosterError, match="row 2: the column 'a' is missing"):
        Population.from_dicts("targets", ("id", "a"), [{"id": "1", "a": ""}, {"id": "2"}])
    with pytest.raises(RosterError, match="not a roster's name"):
        Population("the targets", ("id",), ())


def test_the_longest_task_id_has_result_rosters() -> None:
    name = f"{check_task_id('A' * 55, 'id')}.selected"
    assert Population(name, ("id",), ()).name == name


def test_a_filter_is_sorted_by_bytes_and_keeps_nothing_of_the_callers() -> None:
    """U+10000 sorts before U+FFFF in UTF-16, but after it in UTF-8."""
    values = ["\U00010000", "", "\uffee", "a"]
    picked = Filter({"c": values})
    values.append("z")
    assert picked["c"] == ("", "a", "\uffee", "\U00010000")
    assert picked == Filter({"c": ("a", "", "\U00010000", "\uffee")})
    for bad in (
        {"c": []},
        {"c": ["a", "a"]},
        {"c": "a"},
        {"C": ["a"]},
        {"c": [1]},
        {"c": ["\t"]},
        {"c": ["x" * 1025]},
        3,
    ):
        with pytest.raises(PlanError):
            Filter(bad)  # type: ignore[arg-type]
