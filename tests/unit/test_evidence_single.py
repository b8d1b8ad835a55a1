from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom import evidence
from dblrandom.ceremony import Ceremony
from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence import payload_bytes, sign_payload, verify
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Selection, StratumSelection, Task
from dblrandom.roster import Roster
from dblrandom.sampling import Allocation, Frame

MADE = kit.drawn(kit.plan(kit.task(), kit.task("wuhua", filter={"district": ("Wuhua",)}, strata=("district",))))
check_target = partial(evidence.check_target, trust=kit.policy())
check_inspector = partial(evidence.check_inspector, trust=kit.policy())
TARGETS, PEOPLE = MADE.rosters["targets"], MADE.rosters["inspectors"]


def test_every_target_is_told_truly_whether_it_was_drawn() -> None:
    for number in ("1", "wuhua"):
        chosen = {u.id for u in MADE.drawn[number].selected}
        for unit, district in kit.targets().rows:
            case = check_target(MADE.envelopes, number, unit, TARGETS.prove(unit))
            assert case.on_roster
            assert case.row == {"id": unit, "district": district}
            if number == "wuhua" and district != "Wuhua":
                assert (case.in_frame, case.ticket, case.drawn) == (False, None, None)
                continue
            assert case.in_frame
            assert case.stratum == (district,)
            assert case.ticket == ticket(SHA256, MADE.drawn[number].selection.key, unit.encode()).hex()
            assert case.drawn == (unit in chosen)
            assert case.drawn == (case.ticket <= str(case.last_ticket))


def test_no_verdict_without_a_verification() -> None:
    proof = TARGETS.prove("F001")
    with pytest.raises(InputError, match="a verdict rests on verified receipts"):
        evidence.check_target(MADE.envelopes, "1", "F001", proof)
    with pytest.raises(InputError, match="a verdict rests on verified receipts"):
        evidence.check_inspector(MADE.envelopes, "inspectors", "I01", PEOPLE.prove("I01"))
    mute = copy.copy(MADE.envelopes[-1])
    unsigned = [*MADE.envelopes[:-1], mute.replace(mute[mute.index(b'"sig":"') :][7:40], b"A" * 33)]
    with pytest.raises(VerificationError, match="signature"):
        check_target(unsigned, "1", "F001", proof)
    report = verify(MADE.envelopes[:-1], trust=kit.policy())
    with pytest.raises(VerificationError, match="the report is on other receipts"):
        evidence.check_target(MADE.envelopes, "1", "F001", proof, report=report)


def test_a_report_says_whether_the_draw_was_recomputed() -> None:
    proof = TARGETS.prove("F001")
    for rosters, again in ((kit.all_rosters(MADE), True), ({}, False)):
        report = verify(MADE.envelopes, trust=kit.policy(), rosters=rosters)
        assert evidence.check_target(MADE, "1", "F001", proof, report=report).recomputed is again


def test_absence_is_shown_too() -> None:
    case = check_target(MADE.envelopes, "1", "F999", TARGETS.prove("F999"))
    assert (case.on_roster, case.row, case.in_frame, case.drawn) == (False, None, False, None)


def test_before_the_draw_there_is_a_place_but_no_answer() -> None:
    case = check_target(kit.committed().envelopes, "1", "F001", TARGETS.prove("F001"))
    assert case.in_frame
    assert (case.ticket, case.last_ticket, case.drawn) == (None, None, None)


def test_a_confidential_row_is_shown_without_its_neighbours() -> None:
    hidden = Roster.build(SHA256, kit.targets(confidential=True), [f"{n:064x}" for n in range(30)])
    made = kit.drawn(given=[hidden, *kit.rosters()[1:]])
    proof = hidden.prove("F004")
    assert b"F003" not in b"".join(p.lines for p in proof.pages)
    assert check_target(made.envelopes, "1", "F004", proof).drawn is not None


@pytest.mark.parametrize(
    ("proof", "problem"),
    [
        (TARGETS.prove("F002"), "it is about 'F002', not 'F001'"),
        (attrs.evolve(TARGETS.prove("F001"), pages=()), None),
        (attrs.evolve(PEOPLE.prove("I01"), id="F001"), None),
        (kit.opened(given=[kit.targets(29)]).rosters["targets"].prove("F001"), None),
    ],
)
def test_a_proof_of_something_else_is_refused(proof: Any, problem: str | None) -> None:
    if (
        problem is None
        and b"F001" in b"".join(p.lines for p in proof.pages)
        and proof.pages == TARGETS.prove("F001").pages
    ):
        pytest.skip("the page that shows the absence of one id shows the presence of another")
    with pytest.raises(VerificationError, match=problem or "proof"):
        check_target(MADE.envelopes, "1", "F001", proof)


def test_unknown_tasks_rosters_and_broken_chains_are_refused() -> None:
    with pytest.raises(VerificationError, match="no task '9'"):
        check_target(MADE.envelopes, "9", "F001", TARGETS.prove("F001"))
    with pytest.raises(VerificationError, match="no roster 'people'"):
        check_inspector(MADE.envelopes, "people", "I01", PEOPLE.prove("I01"))
    with pytest.raises(VerificationError):
        check_target(MADE.envelopes[1:], "1", "F001", TARGETS.prove("F001"))
    with pytest.raises(VerificationError):
        check_target((), "1", "F001", TARGETS.prove("F001"))


def test_an_inspector_learns_his_row_and_his_roles() -> None:
    case = check_inspector(MADE.envelopes, "inspectors", "I06", PEOPLE.prove("I06"))
    assert case.row == {"id": "I06", "post": "officer", "certificate": "valid"}
    assert case.roles == {
        ("1", "lead"): False,
        ("1", "member"): True,
        ("wuhua", "lead"): False,
        ("wuhua", "member"): True,
    }
    absent = check_inspector(MADE.envelopes, "inspectors", "I99", PEOPLE.prove("I99"))
    assert (absent.on_roster, absent.row, dict(absent.roles)) == (False, None, {})


# Forged receipts: there is no verdict on them.


def forged(kind: str, change: Callable[[Any], object]) -> list[bytes]:
    """The ceremony's receipts up to the first of ``kind``, whose body is changed and signed again."""
    at = next(i for i, r in enumerate(MADE.receipts) if r.type == kind)
    receipt = MADE.receipts[at]
    body = copy.deepcopy(dict(receipt.body))
    change(body)
    data = payload_bytes(
        kind, ceremony=kit.NAME, sequence=at + 1, previous=receipt.previous, time=receipt.time, body=body
    )
    return [*MADE.envelopes[:at], sign_payload(data, kit.keys("organiser"))]


def test_a_draw_without_the_targets_stratum_is_refused() -> None:
    receipts = forged("draw", lambda b: b["tasks"][0]["strata"].pop())
    with pytest.raises(VerificationError, match="draw"):
        check_target(receipts, "1", "F002", TARGETS.prove("F002"))


def test_a_draw_without_the_task_is_refused() -> None:
    receipts = forged("draw", lambda b: b["tasks"].pop(0))
    with pytest.raises(VerificationError):
        check_target(receipts, "1", "F002", TARGETS.prove("F002"))


@pytest.mark.parametrize("member", ["filter", "strata"])
def test_a_task_by_a_column_that_is_not_there_is_refused(member: str) -> None:
    wrong: Mapping[str, Any] = {"filter": {"county": ["x"]}, "strata": ["county"]}
    receipts = forged("commitment", lambda b: b["tasks"][0].update({member: wrong[member]}))
    with pytest.raises(VerificationError):
        check_target(receipts, "1", "F002", TARGETS.prove("F002"))


def test_a_role_by_a_column_that_is_not_there_is_refused() -> None:
    receipts = forged("commitment", lambda b: b["tasks"][0]["team"]["roles"][0].update({"filter": {"grade": ["x"]}}))
    with pytest.raises(VerificationError):
        check_inspector(receipts, "inspectors", "I01", PEOPLE.prove("I01"))


def test_an_id_that_no_roster_can_have_is_refused() -> None:
    proof = attrs.evolve(TARGETS.prove("F999"), id="\ud800")
    with pytest.raises(VerificationError):
        check_target(MADE.envelopes, "1", "\ud800", proof)


class EverySecond:
    """A third party's sampler: of each stratum in ticket order, every second one."""

    name = "x-every-second"

    def allocate(self, task: Task, sizes: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], Allocation]:
        return {s: Allocation(size // 2, size // 2, 0) for s, size in sizes.items()}

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        from dblrandom.sampling import selection_of

        sizes = frame.sizes()
        full = selection_of(task, key, sizes, {s: Allocation(n, n, 0) for s, n in sizes.items()}, frame)
        return attrs.evolve(full, strata=tuple(map(self._halved, full.strata)))

    def _halved(self, stratum: StratumSelection) -> StratumSelection:
        taken = [u for n, u in enumerate(stratum.selected) if n % 2]
        ranked = tuple(attrs.evolve(u, rank=n) for n, u in enumerate(taken, 1))
        half = stratum.size // 2
        return attrs.evolve(stratum, selected=ranked, wanted=half, probability=stratum.probability / 2)


def test_with_a_third_partys_sampler_a_low_ticket_proves_nothing() -> None:
    plan = kit.plan(kit.task(sampler="x-every-second", quota=None, reserves=0))
    made: Ceremony = kit.drawn(plan, samplers=(EverySecond(),))
    chosen = {u.id for u in made.drawn["1"].selected}
    cases = {i: check_target(made, "1", i, TARGETS.prove(i)) for i, _ in kit.targets().rows}
    assert all(case.drawn in (None, i in chosen) for i, case in cases.items())
