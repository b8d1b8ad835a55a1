from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.errors import ReceiptError
from dblrandom.evidence.comparing import check_stated_draw, difference
from dblrandom.evidence.report import Notes
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster

MADE = kit.drawn()
SEED = str(MADE.last("reveal").body["seed"])  # type: ignore[union-attr]
RESULTS = MADE.drawn.rosters


@pytest.mark.parametrize(
    ("stated", "found", "problem"),
    [
        ({"a": [1, "x", None]}, {"a": [1, "x", None]}, None),
        ({"a": 1}, {"a": 2}, "b.a: the receipt says 1, recomputed is 2"),
        ({"a": 1}, {"a": True}, "b.a: the receipt says 1, recomputed is True"),
        ({"a": 0}, {"a": False}, "b.a: the receipt says 0"),
        ({"a": 1}, {}, "b: the member 'a' is too much"),
        ({}, {"a": 1}, "b: the member 'a' is missing"),
        ({"a": [1]}, {"a": [1, 2]}, "b.a: the receipt has 1 entries, recomputed are 2"),
        ({"a": [1, 3]}, {"a": [1, 2]}, "b.a[1]: the receipt says 3"),
        ({"a": {}}, {"a": []}, "b.a: the receipt says {}"),
        ({"a": None}, {"a": ""}, "b.a: the receipt says None"),
    ],
)
def test_the_first_difference_is_named(stated: object, found: object, problem: str | None) -> None:
    got = difference(stated, found, "b")
    assert got is None if problem is None else got is not None and got.startswith(problem)


def check(body: Mapping[str, Any], given: Mapping[str, Roster] | None = None) -> Notes:
    notes = Notes()
    check_stated_draw(MADE.commitment, SEED, body, RESULTS if given is None else given, (), notes)
    return notes


def test_the_sound_draw_passes_without_any_committed_roster() -> None:
    notes = check(MADE.drawn.to_json())
    assert [(c.name, c.subject) for c in notes.checks] == [("result roster", n) for n in RESULTS]
    assert {c.status.value for c in notes.checks} == {"passed"}
    assert {c.status.value for c in check(MADE.drawn.to_json(), {}).checks} == {"not checked"}


def _set(*path: Any) -> Callable[[Any], None]:
    """A change that puts the last of ``path`` where the others lead, from the first task's entry."""

    def change(body: Any) -> None:
        place = body["tasks"][0]
        *steps, last, value = path
        for step in steps:
            place = place[step]
        place[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_set("task", "2"), "not those committed"),
        (lambda b: b["tasks"].append(b["tasks"][0]), "not those committed"),
        (_set("keys", "targets", "0" * 32), r"keys\.targets"),
        (_set("keys", "inspectors", "0" * 32), r"keys\.inspectors"),
        (lambda b: b["tasks"][0].pop("quota"), "quota"),
        (_set("quota", "count", 1), "quota"),
        (_set("size", 31), "size: the receipt says 31, recomputed is 30"),
        (lambda b: b["tasks"][0]["strata"].reverse(), "not distinct and in the order"),
        (lambda b: b["tasks"][0]["strata"].append(b["tasks"][0]["strata"][2]), "not distinct"),
        (_set("strata", 0, "stratum", ["Guandu", "x"]), "not distinct and in the order"),
        (_set("strata", 0, "stratum", []), "not distinct and in the order"),
        (_set("strata", 0, "size", 100), "size"),
        (_set("strata", 0, "wanted", 3), "stratum Guandu.wanted"),
        (_set("strata", 0, "selected", 3), "stratum Guandu.selected"),
        (_set("strata", 0, "reserves", 1), "stratum Guandu.reserves"),
        (_set("strata", 0, "shortfall", 1), "stratum Guandu.shortfall"),
        (_set("strata", 0, "probability", {"numerator": 2, "denominator": 10}), r"probability\.denominator"),
        (_set("strata", 0, "last_ticket", None), "the last selected ticket is"),
        (_set("strata", 0, "last_ticket", "f" * 64), "the last selected ticket is"),
        (lambda b: b["tasks"][0]["rosters"].reverse(), "result rosters should be"),
        (lambda b: b["tasks"][0]["rosters"].pop(), "result rosters should be"),
        (_set("rosters", 0, "rows", 11), "result rosters should be"),
        (_set("rosters", 0, "columns", ["id", "rank", "status"]), "result rosters should be"),
        (_set("rosters", 0, "root", "0" * 64), "not those of the draw receipt"),
        (_set("rosters", 1, "root", "0" * 64), "not those of the draw receipt"),
        (_set("assignment", "cap", 1), "its cap is 1"),
        (_set("assignment", "open", [{"target": "F999", "slots": []}]), None),
    ],
)
def test_a_draw_that_disagrees_with_itself_is_refused(change: Callable[[Any], object], problem: str | None) -> None:
    body = copy.deepcopy(MADE.drawn.to_json())
    change(body)
    if problem is None:
        # An open target that was not even drawn is only seen by recomputing.
        check(body)
        return
    with pytest.raises(ReceiptError, match=problem):
        check(body)


def exchanged(name: str, change: Callable[[list[list[str]]], object]) -> tuple[dict[str, Any], dict[str, Roster]]:
    """The draw with another result roster, to which the receipt has been fitted."""
    rows = [list(r.values()) for r in RESULTS[name].records()]
    change(rows)
    columns = RESULTS[name].columns
    made = Roster.build(SHA256, Population(name, columns, tuple(map(tuple, rows))))
    body: Any = copy.deepcopy(MADE.drawn.to_json())
    body["tasks"][0]["rosters"][list(RESULTS).index(name)] = made.manifest.to_json()
    return body, RESULTS | {name: made}


def _swap(rows: list[list[str]], left: str, right: str) -> None:
    """Give two ranks of the first district to each other."""
    chosen = {r[2]: r for r in rows if r[1] == "Guandu"}
    chosen[left][2], chosen[right][2] = right, left


def _status(rows: list[list[str]], rank: str, status: str) -> None:
    next(r for r in rows if r[1] == "Guandu" and r[2] == rank)[3] = status


def _rename(rows: list[list[str]]) -> None:
    next(r for r in rows if r[1] == "Guandu" and r[2] == "2")[0] = "F777"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda rows: _swap(rows, "1", "2"), "not in the order of the tickets"),
        (lambda rows: _status(rows, "1", "reserve"), "2 selected and then 2 reserves"),
        (lambda rows: _status(rows, "4", "selected"), "2 selected and then 2 reserves"),
        (lambda rows: rows[0].__setitem__(2, "01"), "the rank '01'"),
        (lambda rows: rows[0].__setitem__(2, "x"), "the rank 'x'"),
        (lambda rows: rows[0].__setitem__(2, ""), "the rank ''"),
        (lambda rows: rows[0].__setitem__(2, "²"), "the rank '²'"),
        (lambda rows: rows[0].__setitem__(2, "9" * 1000), "the rank '999"),
        (lambda rows: rows[0].__setitem__(2, "9"), "its ranks are not 1 to 4"),
        (lambda rows: rows[0].__setitem__(1, "Elsewhere"), "its ranks are not 1 to 4|rows of strata"),
        (_rename, "order of the tickets|last selected ticket"),
    ],
)
def test_a_result_roster_must_follow_from_its_key(change: Callable[[list[list[str]]], object], problem: str) -> None:
    body, given = exchanged("1.selected", change)
    with pytest.raises(ReceiptError, match=problem):
        check(body, given)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda rows: rows[0].__setitem__(2, rows[0][1]), "one person is on the team twice"),
        (lambda rows: rows[0].__setitem__(2, ""), "not complete, and it is not recorded as open"),
        (lambda rows: [r.__setitem__(1, "I00") for r in rows], "somebody has more than 3 targets|twice"),
    ],
)
def test_teams_must_be_whole_different_and_within_the_cap(
    change: Callable[[list[list[str]]], object], problem: str
) -> None:
    body, given = exchanged("1.teams", change)
    with pytest.raises(ReceiptError, match=problem):
        check(body, given)


def test_an_open_target_must_have_no_team() -> None:
    body: Any = copy.deepcopy(MADE.drawn.to_json())
    body["tasks"][0]["assignment"]["open"] = [{"target": MADE.drawn["1"].selected[0].id, "slots": []}]
    with pytest.raises(ReceiptError, match="not complete, and it is not recorded as open"):
        check(body)


def test_a_roster_of_another_suite_or_name_is_not_the_one() -> None:
    other = attrs.evolve(RESULTS["1.selected"].manifest, name="2.selected")
    body: Any = copy.deepcopy(MADE.drawn.to_json())
    body["tasks"][0]["rosters"][0] = other.to_json()
    with pytest.raises(ReceiptError, match="result rosters should be"):
        check(body)


def test_teams_must_be_those_of_the_selected_targets() -> None:
    """Where the targets' roster is confidential this is all that the public can check."""
    body, given = exchanged("1.teams", lambda rows: rows[0].__setitem__(0, "F777"))
    with pytest.raises(ReceiptError):
        check(body, given)
