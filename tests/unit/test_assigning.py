"""Inspector assignment: known answers, single rules, and what is refused (docs/spec, section 5)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import dblrandom.assigning as assigning
from dblrandom.assigning import Eligibility, Ineligible, Slot, assign, solve
from dblrandom.assigning.matching import Staffing, largest_team
from dblrandom.assigning.preferences import slot_order, ticket_order
from dblrandom.errors import InputError, PlanError, RosterError
from dblrandom.kernel.suite import SHA256, Suite, suite_named
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Filter, Role

VECTORS = Path(__file__).parents[1] / "vectors"
KEY = "5362c7fca6803936b52b592331835bc7"
COLUMNS = ("id", "grade")
ROWS = [("i1", "senior"), ("i2", "senior"), ("i3", "junior"), ("i4", "junior")]
LEAD, MEMBER = Role("lead", Filter({"grade": ("senior",)})), Role("member", Filter())


def known_answers() -> list[Any]:
    files = [json.loads((VECTORS / name).read_text("utf-8")) for name in ("protocol_v1.json", "protocol_v1_sm3.json")]
    return [
        pytest.param(suite_named(data["suite"]), case, id=f"{data['suite']}-{number}")
        for data in files
        for number, case in enumerate(data["assignments"])
    ]


@pytest.mark.parametrize(("suite", "case"), known_answers())
def test_known_answers_of_a_second_implementation(suite: Suite, case: dict[str, Any]) -> None:
    people = sorted({inspector for slot in case["slots"] for inspector in slot["eligible"]})
    slots = [Slot(slot["target"], slot["role"]) for slot in case["slots"]]
    masks = [sum(1 << people.index(inspector) for inspector in slot["eligible"]) for slot in case["slots"]]
    answer = solve(suite, case["key"], people, slots, masks, cap=case["cap"], slack=case["slack"])
    teams = [
        {"target": slots[i].target, "role": slots[i].role, "inspector": people[holder]}
        for i in answer.order
        if (holder := answer.holders[i]) is not None
    ]
    assert {"cap": answer.cap, "open": list(answer.open), "teams": teams} == case["answer"]


def test_what_is_exported_is_sorted_and_there() -> None:
    assert list(assigning.__all__) == sorted(assigning.__all__)
    assert all(hasattr(assigning, name) for name in assigning.__all__)


def test_an_assignment_states_caps_slots_and_teams() -> None:
    recusals = [("r1", "i3", "t1"), ("r2", "i1", "t2")]
    eligibility = Eligibility.build(COLUMNS, ROWS, [LEAD, MEMBER], recusals)
    answer = assign(SHA256, KEY, ["t2", "t1"], [LEAD, MEMBER], eligibility)
    assert (answer.smallest_cap, answer.cap, answer.open) == (1, 2, ())
    assert list(answer.teams) == ["t1", "t2"]
    assert answer.teams["t2"][0] == "i2"
    assert all(len(set(team)) == 2 for team in answer.teams.values())
    counts = {(slot.target, slot.role): (slot.eligible, slot.recused) for slot in answer.slots}
    assert counts == {
        ("t1", "lead"): (2, 0),
        ("t1", "member"): (3, 1),
        ("t2", "lead"): (1, 1),
        ("t2", "member"): (3, 1),
    }
    order = sorted(answer.slots, key=lambda slot: ticket(SHA256, KEY, f"{slot.target}\t{slot.role}".encode()))
    assert list(answer.slots) == order


def test_an_open_target_gives_each_reason_and_takes_no_part() -> None:
    recusals = [("r9", "i1", "t1"), ("r10", "i1", "t1"), ("r2", "i2", "t1"), ("r3", "i3", "t1")]
    eligibility = Eligibility.build(COLUMNS, ROWS, [LEAD, MEMBER], recusals)
    answer = assign(SHA256, KEY, ["t1", "t2"], [LEAD, MEMBER], eligibility, slack=0)
    assert answer.teams["t1"] == (None, None)
    assert None not in answer.teams["t2"]
    assert (answer.smallest_cap, answer.cap) == (1, 1)
    (found,) = answer.open
    assert found.target == "t1"
    assert [slot.role for slot in found.slots] == ["lead", "member"]
    # r10 before r9: ids are ordered by their bytes, not as numbers.
    assert found.slots[0].candidates == (
        Ineligible("i1", None, "r10"),
        Ineligible("i2", None, "r2"),
        Ineligible("i3", "grade", None),
        Ineligible("i4", "grade", None),
    )
    assert [reason.recusal for reason in found.slots[1].candidates] == ["r10", "r2", "r3"]
    assert len(answer.slots) == 4


def test_the_first_failing_column_is_the_first_by_name() -> None:
    role = Role("lead", Filter({"z": ("1",), "a": ("1",)}))
    rows = [("i1", "1", "1"), ("i2", "0", "0"), ("i3", "0", "1")]
    eligibility = Eligibility.build(("id", "z", "a"), rows, [role])
    assert eligibility.reasons("t", "lead") == (Ineligible("i2", "a", None), Ineligible("i3", "z", None))
    assert eligibility.eligible("t", "lead") == ("i1",)


def test_nothing_left_to_staff_has_caps_of_zero() -> None:
    eligibility = Eligibility.build(COLUMNS, ROWS, [LEAD, MEMBER], [(f"r{n}", f"i{n}", "t") for n in range(1, 5)])
    answer = assign(SHA256, KEY, ["t"], [LEAD, MEMBER], eligibility, cap=3)
    assert (answer.smallest_cap, answer.cap) == (0, 0)
    empty = assign(SHA256, KEY, [], [LEAD, MEMBER], eligibility)
    assert (empty.smallest_cap, empty.cap, empty.slots, dict(empty.teams)) == (0, 0, (), {})
    without_roles = assign(SHA256, KEY, ["t"], [], eligibility)
    assert (without_roles.cap, dict(without_roles.teams), without_roles.open) == (0, {"t": ()}, ())


@pytest.mark.parametrize(
    ("terms", "used"),
    [({}, 3), ({"slack": 0}, 2), ({"slack": 3}, 5), ({"cap": 1}, 2), ({"cap": 4}, 4), ({"cap": 2, "slack": 5}, 2)],
)
def test_the_cap_that_is_used(terms: dict[str, int], used: int) -> None:
    eligibility = Eligibility.build(COLUMNS, ROWS[:3], [LEAD, MEMBER])
    answer = assign(SHA256, KEY, ["t1", "t2", "t3"], [LEAD, MEMBER], eligibility, **terms)
    assert (answer.smallest_cap, answer.cap) == (2, used)


def test_ids_are_ordered_by_bytes_not_by_utf16() -> None:
    """U+FF21 sorts after U+10400 in UTF-16 and before it in UTF-8; targets, people and open targets all go by UTF-8."""
    low, high = "\uff21", "\U00010400"
    eligibility = Eligibility.build(("id",), [(high,), (low,)], [MEMBER, Role("other", Filter())], [("r", low, high)])
    assert eligibility.inspectors == (low, high)
    answer = assign(SHA256, KEY, [high, low], [MEMBER, Role("other", Filter())], eligibility)
    assert list(answer.teams) == [low, high]
    assert [found.target for found in answer.open] == [high]


def test_teams_cannot_be_changed_afterwards() -> None:
    eligibility = Eligibility.build(COLUMNS, ROWS, [LEAD, MEMBER])
    answer = assign(SHA256, KEY, ["t1"], [LEAD, MEMBER], eligibility)
    with pytest.raises(TypeError):
        answer.teams["t1"] = ("i1", "i1")  # type: ignore[index]


def test_the_ticket_order_is_that_of_the_tickets() -> None:
    people = [f"i{n:03}".encode() for n in range(50)]
    slot = Slot("t1", "lead")
    mask = random.Random(1).getrandbits(50)
    expected = sorted(
        (n for n in range(50) if mask >> n & 1),
        key=lambda n: ticket(SHA256, KEY, slot.text.encode() + b"\t" + people[n]),
    )
    assert list(ticket_order(SHA256, KEY, slot, people, mask)) == expected
    assert list(ticket_order(SHA256, KEY, slot, people, 0)) == []


def test_equal_tickets_fall_to_the_lower_id() -> None:
    """No hash is known to collide; a constant one shows that the order is by (ticket, id) all the same."""
    constant = Suite("constant", lambda data: bytes(32))
    assert list(ticket_order(constant, KEY, Slot("t", "r"), [b"a", b"b", b"c"], 0b111)) == [0, 1, 2]
    assert slot_order(constant, KEY, [Slot("t", "z"), Slot("t", "a"), Slot("s", "z")]) == [2, 1, 0]


def test_one_person_who_is_eligible_everywhere_cannot_fill_a_team_alone() -> None:
    assert largest_team([0b1, 0b1]) == 1
    assert largest_team([0b11, 0b1, 0b10]) == 2
    assert largest_team([0b111, 0b1, 0b10]) == 3
    assert largest_team([0, 0]) == 0
    assert largest_team([]) == 0


def test_the_smallest_cap_is_found_where_the_easy_bound_is_far_too_low() -> None:
    """Three inspectors share 90 slots in pairs, 100 others have 100: slots that are alike only show a cap of 15."""
    pairs = [0b011, 0b101, 0b110] * 30
    staffing = Staffing([1 << 3 + n for n in range(100)] + pairs, list(range(190)))
    assert staffing.cap == 30
    assert None not in staffing.holders


@pytest.mark.parametrize(
    ("columns", "rows", "roles", "recusals", "error", "message"),
    [
        (COLUMNS, [*ROWS, ("i1", "junior")], [MEMBER], [], RosterError, "inspector i1: this id stands in two rows"),
        (COLUMNS, [("i1",)], [MEMBER], [], RosterError, "inspector i1: a row of 1 fields under 2 columns"),
        (COLUMNS, [()], [MEMBER], [], RosterError, "a row of 0 fields"),
        ((), [], [MEMBER], [], RosterError, "without columns"),
        (COLUMNS, [("\ud800", "senior")], [MEMBER], [], RosterError, "half of a surrogate pair"),
        (COLUMNS, ROWS, [MEMBER, MEMBER], [], PlanError, "role member: two roles have this name"),
        (COLUMNS, ROWS, [Role("lead", Filter({"rank": ("1",)}))], [], PlanError, "role lead, column rank: .*no such"),
        (
            COLUMNS,
            ROWS,
            [Role("lead", Filter({"grade": ("", "senior")}))],
            [],
            PlanError,
            "no inspector has the value ''",
        ),
        (COLUMNS, [], [MEMBER], [], PlanError, "role member: no inspector on the roster passes"),
        (COLUMNS, ROWS, [MEMBER], [("r1", "i7", "t1")], RosterError, "recusal r1: no inspector has the id 'i7'"),
        (COLUMNS, ROWS, [MEMBER], [("\ud800", "i1", "t"), ("r", "i1", "t")], RosterError, "half of a surrogate pair"),
    ],
)
def test_rosters_roles_and_recusals_that_are_refused(
    columns: Any, rows: Any, roles: Any, recusals: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Eligibility.build(columns, rows, roles, recusals)


@pytest.mark.parametrize(
    ("key", "targets", "roles", "terms", "error", "message"),
    [
        (KEY, ["t", "t"], [LEAD], {}, RosterError, "target t: this target was drawn twice"),
        (KEY, ["\udfff"], [LEAD], {}, RosterError, "half of a surrogate pair"),
        (KEY, ["t"], [Role("expert", Filter())], {}, PlanError, "role expert: who passes"),
        (KEY, ["t"], [LEAD, LEAD], {}, PlanError, "two roles have one name"),
        (KEY, ["t"], [LEAD], {"cap": 0}, PlanError, "team.cap: a cap of 0"),
        (KEY, ["t"], [LEAD], {"slack": -1}, PlanError, "team.slack: a slack of -1"),
        (KEY.upper(), ["t"], [LEAD], {}, InputError, "32 lower-case hex"),
    ],
)
def test_assignments_that_are_refused(
    key: str, targets: Any, roles: Any, terms: dict[str, int], error: type[Exception], message: str
) -> None:
    eligibility = Eligibility.build(COLUMNS, ROWS, [LEAD, MEMBER])
    with pytest.raises(error, match=message):
        assign(SHA256, key, targets, roles, eligibility, **terms)
