"""One person, or one firm, on a roster under several ids that readers take for the same."""

from __future__ import annotations

import kit
import pytest

from dblrandom.ceremony import Ceremony
from dblrandom.drawing.alikeids import alike_targets, check_inspector_ids
from dblrandom.drawing.preview import preview
from dblrandom.errors import DblrandomError, RosterError, VerificationError
from dblrandom.evidence import Report, verify
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Plan, Population, Quota, Role, Scope, Task, TeamRule
from dblrandom.roster import Roster

ALIKE = ("\uff2907", "i07", "I\uff107", "I-07")
ROLES = (Role("lead"), Role("member"))


def roster(name: str, ids: tuple[str, ...]) -> Roster:
    return Roster.build(SHA256, Population(name, ("id",), tuple((one,) for one in ids)))


def task(number: str, people: str = "inspectors") -> Task:
    return Task(
        id=number,
        title="x",
        roster="targets",
        sampler="fixed-count",
        quota=Quota(count=3, scope=Scope.FRAME),
        team=TeamRule(roster=people, roles=ROLES),
    )


def committed(plan: Plan, rosters: list[Roster]) -> Ceremony:
    made = Ceremony.open(kit.NAME, plan, rosters)
    made.commit(
        entropy=[kit.chain_source()],
        signers=[one for one in kit.declared() if one.role != "party"],
        deadlines=kit.DEADLINES,
        time=kit.COMMITTED,
        keys=[kit.signer("organiser"), kit.signer("operator")],
    )
    return made


def planned(*tasks: Task) -> Plan:
    return Plan(name="p", title="t", authority="a", period="2024", grounds=("ill",), tasks=tasks)


def report(made: Ceremony) -> Report:
    return verify(made.envelopes, trust=kit.policy(), rosters=made.rosters, as_of=kit.COMMITTED, vouched=True)


FIRMS = tuple(f"F{n:02d}" for n in range(9))
OTHERS = ("A1", "A2", "A3")


@pytest.mark.parametrize("other", ALIKE[:3])
def test_an_inspector_under_two_ids_is_refused_by_writer_and_reader(
    other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rosters = [roster("targets", FIRMS), roster("inspectors", ("I07", other, *OTHERS))]
    with pytest.raises(DblrandomError, match="look the same"):
        committed(planned(task("A")), rosters)
    with pytest.raises(DblrandomError, match="look the same"):
        preview(SHA256, planned(task("A")), rosters)
    with monkeypatch.context() as without:
        without.setattr("dblrandom.drawing.commitment.check_inspector_ids", lambda _: None)
        made = committed(planned(task("A")), rosters)
    with pytest.raises(VerificationError, match="look the same"):
        report(made)


def test_a_second_id_on_the_roster_of_another_task() -> None:
    rosters = [roster("targets", FIRMS), roster("one", ("I07", *OTHERS)), roster("two", ("i07", *OTHERS))]
    with pytest.raises(DblrandomError, match="look the same"):
        committed(planned(task("A", "one"), task("B", "two")), rosters)


def test_the_same_id_on_two_rosters_and_ids_that_differ_pass() -> None:
    check_inspector_ids([roster("one", ("I07", *OTHERS)), roster("two", ("I07", "I-07", *OTHERS))])
    with pytest.raises(RosterError, match="look the same"):
        check_inspector_ids([roster("one", ("I-07", "I\u201207"))])


@pytest.mark.parametrize("other", ["f03", "\uff2603", "F\uff103"])
def test_a_firm_under_two_ids_is_told(other: str) -> None:
    rosters = [roster("targets", (*FIRMS, other)), roster("inspectors", OTHERS)]
    assert set(alike_targets(rosters[0]) or ()) == {"F03", other}
    told = preview(SHA256, planned(task("A")), rosters)[0].warnings
    assert any("look the same" in one for one in told)
    found = [
        detail
        for finding, detail in report(committed(planned(task("A")), rosters)).findings
        if finding.value == "ids that look alike"
    ]
    assert len(found) == 1
    assert "'F03'" in found[0]


def test_firms_whose_ids_differ_are_not_told() -> None:
    rosters = [roster("targets", FIRMS), roster("inspectors", OTHERS)]
    assert alike_targets(rosters[0]) is None
    assert "ids that look alike" not in {f.value for f, _ in report(committed(planned(task("A")), rosters)).findings}
