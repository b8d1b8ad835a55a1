"""An organiser who decides who goes where without touching a ticket: by the bound on loads, or by shared roles."""

from __future__ import annotations

from typing import Any

import kit
import pytest

from dblrandom.ceremony import Ceremony
from dblrandom.evidence import Report, verify
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Filter, Plan, Population, Quota, Role, Scope, Task, TeamRule
from dblrandom.roster import Roster

PEOPLE = ("I0", "I1", "I2", "I3", "I4", "I5", "P", "Q")
FIRMS = tuple(f"F{n:02d}" for n in range(7))


def report(
    roles: tuple[Role, ...], recusals: tuple[tuple[str, ...], ...] = (), count: int = len(FIRMS), **bound: int
) -> Report:
    """A ceremony that holds, with these roles, recusals and bound; all that its verifier is told."""
    rows = tuple((one, "chief" if one in "PQ" else "staff") for one in PEOPLE)
    tables = [
        Population("targets", ("id",), tuple((f,) for f in FIRMS)),
        Population("inspectors", ("id", "post"), rows),
    ]
    given: dict[str, Any] = {}
    if recusals:
        tables.append(Population("recusals", ("id", "inspector", "target", "ground", "approver"), recusals))
        given["recusals"] = "recusals"
    task = Task(
        id="A",
        title="x",
        roster="targets",
        sampler="fixed-count",
        quota=Quota(count=count, scope=Scope.FRAME),
        team=TeamRule(roster="inspectors", roles=roles, **bound),
    )
    plan = Plan(name="p", title="t", authority="a", period="2024", grounds=("ill",), tasks=(task,), **given)
    made = Ceremony.open(kit.NAME, plan, [Roster.build(SHA256, table) for table in tables])
    signers = [one for one in kit.declared() if one.role != "party"]
    organiser = kit.signer("organiser")
    made.commit(
        entropy=[kit.chain_source()],
        signers=signers,
        deadlines=kit.DEADLINES,
        time=kit.COMMITTED,
        keys=[organiser, kit.signer("operator")],
    )
    made.witness(time=kit.DATED, keys=[kit.signer("notary")])
    made.witness(time="2024-03-01T00:10:00Z", keys=[kit.signer("archive")])
    made.reveal({"chain": kit.chain_value(kit.STEP)}, time="2024-03-02T00:00:10Z", keys=[organiser])
    drawn = made.draw(time="2024-03-02T00:01:00Z", keys=[organiser])
    made.witness(time="2024-03-02T00:05:00Z", keys=[kit.signer("notary")])
    rosters = {**made.rosters, **drawn.rosters}
    return verify(made.envelopes, trust=kit.policy(), rosters=rosters, as_of="2024-03-02T12:00:00Z", vouched=True)


def told(found: Report) -> list[str]:
    return [detail for finding, detail in found.findings if finding.value == "predictable assignment"]


TWO = (Role("lead"), Role("member"))
BUT_ONE = tuple(
    (f"R{n:03d}", who, firm, "own-interest:x", "boss")
    for n, (who, firm) in enumerate((who, firm) for who in "PQ" for firm in FIRMS if firm != "F06")
)


@pytest.mark.parametrize("bound", [{"slack": 0}, {"cap": 1}, {"cap": 2}], ids=str)
def test_recused_from_all_firms_but_one_and_the_others_have_no_room(bound: dict[str, int]) -> None:
    """Six others fill the twelve slots of six firms, so that P and Q must go to the seventh."""
    found = told(report(TWO, BUT_ONE, **bound))
    assert {one for one in found if "'F06'" in one and ("'P'" in one or "'Q'" in one)} == set(found)
    assert len(found) == 2
    assert "nobody else could go in the place of 'P'" in found[0] + found[1]


def test_with_room_for_others_nobody_is_certain() -> None:
    assert told(report(TWO, BUT_ONE, slack=1)) == []


def test_two_roles_of_three_for_the_same_two_people() -> None:
    chief = Filter({"post": ("chief",)})
    found = told(report((Role("lead", chief), Role("accountant", chief), Role("member")), count=3))
    assert len(found) == 6
    assert all("'P'" in one or "'Q'" in one for one in found)


def test_what_was_not_looked_at_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dblrandom.limits.CERTAIN_ASKED", 3)
    found = report(TWO, BUT_ONE, slack=0)
    assert [c.detail for c in found.not_checked if c.name == "predictable assignment"]
