"""Filling slots after a substitution, case by case (docs/spec, section 6)."""

from __future__ import annotations

from typing import Any

import pytest

from dblrandom.assigning import Eligibility, Filled, Slot, fill
from dblrandom.errors import PlanError
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Filter, Role

KEY = "5362c7fca6803936b52b592331835bc7"
LEAD, MEMBER = Role("lead", Filter({"grade": ("senior",)})), Role("member", Filter())
ROWS = [("i1", "senior"), ("i2", "junior"), ("i3", "junior"), ("i4", "junior")]
ELIGIBILITY = Eligibility.build(("id", "grade"), ROWS, [LEAD, MEMBER], [("r1", "i4", "t2")])
A_LEAD, A_MEMBER = Slot("t1", "lead"), Slot("t1", "member")


def refill(*slots: Slot, **terms: Any) -> list[Filled]:
    given: dict[str, Any] = {"team": {}, "replaced": set(), "loads": {}, "cap": 2} | terms
    return fill(SHA256, KEY, slots, eligibility=ELIGIBILITY, **given)


def in_ticket_order(slot: Slot, people: list[str]) -> list[str]:
    return sorted(people, key=lambda one: ticket(SHA256, KEY, f"{slot.text}\t{one}".encode()))


def test_the_first_in_ticket_order_who_is_free() -> None:
    order = in_ticket_order(A_MEMBER, ["i1", "i2", "i3", "i4"])
    assert refill(A_MEMBER) == [Filled(A_MEMBER, order[0], False)]
    assert refill(A_MEMBER, replaced={order[0]}) == [Filled(A_MEMBER, order[1], False)]
    assert refill(A_MEMBER, team={"t1": (order[0],)}) == [Filled(A_MEMBER, order[1], False)]
    assert refill(A_MEMBER, loads={order[0]: 2}) == [Filled(A_MEMBER, order[1], False)]
    assert refill(A_MEMBER, team={"t2": (order[0],)}) == [Filled(A_MEMBER, order[0], False)]


def test_recused_inspectors_are_left_out() -> None:
    (filled,) = refill(Slot("t2", "member"), replaced={"i1", "i2"}, loads={"i3": 9})
    assert filled == Filled(Slot("t2", "member"), "i3", True)


def test_the_only_leader_is_kept_for_the_leaders_slot() -> None:
    """Whatever the tickets say: i1 as a member would leave the team without a leader."""
    for target in (f"t{n}" for n in range(3, 40)):
        filled = {one.slot.role: one.inspector for one in refill(Slot(target, "lead"), Slot(target, "member"))}
        assert filled["lead"] == "i1"
        assert filled["member"] not in (None, "i1")


def test_the_look_ahead_goes_past_the_cap_but_not_over_the_choice_below_it() -> None:
    """Only i1 is below the cap: the member's slot takes him, though it costs the leader's slot its only candidate."""
    loads = {"i2": 2, "i3": 2, "i4": 2}
    slots = next(
        (lead, member)
        for lead, member in ((Slot(f"t{n}", "lead"), Slot(f"t{n}", "member")) for n in range(3, 40))
        if ticket(SHA256, KEY, member.text.encode()) < ticket(SHA256, KEY, lead.text.encode())
    )
    assert refill(*slots, loads=loads) == [Filled(slots[1], "i1", False), Filled(slots[0], None, False)]
    # With i1 at the cap as well everybody counts, and the member's slot leaves him to the leader's.
    member, lead = refill(*slots, loads=loads | {"i1": 2})
    assert member.inspector in {"i2", "i3", "i4"}
    assert member.cap_waived
    assert lead == Filled(slots[0], "i1", True)


def test_the_cap_is_waived_on_record_and_nobody_at_all_leaves_the_slot_empty() -> None:
    assert refill(A_LEAD, loads={"i1": 2}) == [Filled(A_LEAD, "i1", True)]
    assert refill(A_LEAD, cap=0) == [Filled(A_LEAD, "i1", True)]
    assert refill(A_LEAD, loads={"i1": 2}, replaced={"i1"}) == [Filled(A_LEAD, None, False)]


def test_loads_grow_while_slots_are_filled_and_the_callers_are_not_touched() -> None:
    slots = [Slot(f"t{n}", "member") for n in range(3, 11)]
    loads: dict[str, int] = {}
    filled = refill(*slots, loads=loads)
    taken = [one.inspector for one in filled]
    assert {one: taken.count(one) for one in set(taken)} == {"i1": 2, "i2": 2, "i3": 2, "i4": 2}
    assert loads == {}


def test_slots_that_are_refused() -> None:
    with pytest.raises(PlanError, match="t1, role lead: this slot is to be filled twice"):
        refill(A_LEAD, A_LEAD)
    with pytest.raises(PlanError, match="t1, role expert: the task has no such role"):
        refill(Slot("t1", "expert"))
