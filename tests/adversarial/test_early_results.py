"""What used to be verified too early or too easily: results before any draw, undated voids, plans in two writings."""

from __future__ import annotations

from typing import Any

import ceremonies as office
import pytest
from kit import (
    COMMITTED,
    DATED,
    DEADLINES,
    NAME,
    STEP,
    Step,
    at,
    attacked,
    chain_source,
    chain_value,
    declared,
    findings,
    forge,
    honest,
    judge,
    refused,
    steps,
    take_apart,
)
from kit import committed_rosters as rosters_of
from kit import plan as sound_plan
from kit import signer as signer_of
from test_seals import seal, sealed_steps

from dblrandom.ceremony import Ceremony
from dblrandom.cli.verify import _waits_for
from dblrandom.drawing import Commitment
from dblrandom.errors import PlanError, StepError
from dblrandom.evidence import Receipt
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Filter, Plan, Task, TeamRule, check_time
from dblrandom.roster import Roster
from dblrandom.sampling import QuotaSampler

EARLY = "2024-03-02T00:00:05Z"


def result(target: str, *codes: str, time: str = EARLY, task: str = "A1") -> Step:
    outcomes = [{"id": target, "codes": list(codes)}]
    return Step(type="result", time=time, body={"task": task, "outcomes": outcomes}, keys=["organiser"])


def selected() -> str:
    roster = honest().rosters["A1.selected"]
    return next(row["id"] for row in roster.records() if row["status"] == "selected")


@pytest.mark.parametrize("with_reveal_seal", [True, False])
def test_a_result_before_any_draw_or_its_seal_is_refused(with_reveal_seal: bool) -> None:
    chain = steps()[: at(steps(), "reveal")]
    if with_reveal_seal:
        chain.append(Step(type="sealed", time=EARLY, body={"type": "reveal", "digest": "ab" * 32}, keys=["organiser"]))
    chain.append(result(selected(), "no-problem"))
    refused(forge(chain), check="chain", match="no draw is public or sealed yet", as_of=EARLY, rosters={})


@pytest.mark.parametrize("kind", ["result", "substitution"])
def test_the_seal_of_what_rests_on_a_draw_waits_for_it(kind: str) -> None:
    chain = steps()[: at(steps(), "reveal")]
    chain.append(Step(type="sealed", time=EARLY, body={"type": kind, "digest": "ab" * 32}, keys=["organiser"]))
    refused(forge(chain), check="chain", match="no draw is public or sealed yet", as_of=EARLY, rosters={})
    made = office.committed()
    with pytest.raises(StepError):
        made.result("1", {"F000": ["closed"]}, time=office.PUBLIC, keys=office.keys("organiser"))


def test_two_final_results_are_refused_while_the_draw_is_sealed() -> None:
    chain = sealed_steps()[:6]
    later = "2024-03-02T01:00:00Z"
    chain += [result(selected(), "no-problem", time=later), result(selected(), "closed", time=later)]
    refused(forge(chain), check="result", match="has a result already", rosters={}, as_of=later)
    chain[-2] = result(selected(), "pending", time=later)
    assert judge(forge(chain), rosters={}, as_of=later).stage == "sealing"


def test_a_void_that_nobody_has_dated_yet_leaves_the_ceremony_undecided() -> None:
    chain = [*steps()[:3], Step(type="void", time="2024-03-01T01:00:00Z", body={"reason": "x"}, keys=["organiser"])]
    report = judge(forge(chain), as_of="2024-03-01T02:00:00Z", rosters={})
    assert [check.name for check in report.undecided] == ["void"]
    assert "no witness has dated it yet" in str(_waits_for(report, Ceremony.read(forge(chain).receipts)))


def test_a_dated_void_is_decided() -> None:
    chain = [*steps()[:3], Step(type="void", time="2024-03-01T01:00:00Z", body={"reason": "x"}, keys=["organiser"])]
    body = {"sequence": 4, "time": "2024-03-01T01:05:00Z"}
    chain.append(Step(type="witness", time="2024-03-01T01:05:00Z", body=body, keys=["notary"]))
    report = judge(forge(chain), as_of="2024-03-01T02:00:00Z", rosters={})
    assert not report.undecided
    assert _waits_for(report, Ceremony.read(forge(chain).receipts)) is None


def two_values() -> list[Step]:
    chain = steps()[:3]
    chain[0].body["tasks"][1]["filter"] = {"risk": ["normal", "high"]}
    return chain


def test_filter_values_in_another_order_are_not_a_second_commitment_of_one_plan() -> None:
    chain = two_values()
    refused(forge(chain), check="commitment", match="in the order of their bytes", as_of=DATED, rosters={})
    chain[0].body["tasks"][1]["filter"] = {"risk": ["high", "normal"]}
    assert judge(forge(chain), as_of=DATED, rosters={}).stage == "committed"


def test_the_writer_puts_filter_values_in_order() -> None:
    assert Filter({"risk": ("normal", "high", "é", "z")}).to_json() == {"risk": ["high", "normal", "z", "é"]}


def test_an_unordered_filter_is_not_read_by_the_organiser_either() -> None:
    receipt = Receipt.parse(forge(two_values()[:1]).receipts[0])
    with pytest.raises(PlanError, match="not in the one form"):
        Commitment.from_json(receipt.body)


class Mine(QuotaSampler):
    """A third party's sampler that draws as the specification's do."""


def foreign() -> tuple[Ceremony, dict[str, Roster]]:
    """A ceremony of two tasks, one of which names a sampler of a third party."""
    tasks = sound_plan().tasks
    basic: dict[str, Any] = {"quota": tasks[0].quota, "strata": tasks[0].strata, "reserves": 1}
    team = TeamRule(roster="inspectors", roles=tasks[0].team.roles)
    other = Task(id="A1", title="synthetic", roster="targets", sampler="x-mine", team=team, **basic)
    plan = Plan(
        name="p",
        title="t",
        authority="synthetic authority",
        period="2024",
        recusals="recusals",
        grounds=("illness",),
        tasks=(other, tasks[1]),
    )
    made = Ceremony.open(NAME, plan, rosters_of().values(), samplers=[Mine("x-mine")])
    signers = [d for d in declared() if d.role != "party"]
    made.commit(
        entropy=[chain_source()],
        signers=signers,
        deadlines=DEADLINES,
        time=COMMITTED,
        keys=[signer_of("organiser"), signer_of("operator")],
    )
    made.witness(time=DATED, keys=[signer_of("notary")])
    made.witness(time=DATED, keys=[signer_of("archive")])
    made.reveal({"chain": chain_value(STEP)}, time="2024-03-02T00:00:10Z", keys=[signer_of("organiser")])
    drawn = made.draw(time="2024-03-02T00:01:00Z", keys=[signer_of("organiser")])
    return made, {**made.rosters, **drawn.rosters}


def test_a_sampler_that_is_not_installed_leaves_the_ceremony_undecided_and_the_other_task_checked() -> None:
    made, rosters = foreign()
    known = judge(made.envelopes, rosters=rosters, as_of=DATED, samplers=[Mine("x-mine")])
    assert not known.undecided
    report = judge(made.envelopes, rosters=rosters, as_of=DATED)
    assert [(c.name, c.subject) for c in report.undecided] == [("sampler", "task A1")]
    assert "task B2" in [c.subject for c in report.passed if c.name == "draw"]
    assert "task A1" not in [c.subject for c in report.passed if c.name == "draw"]
    assert findings(report) <= findings(known)


def test_a_wrong_draw_of_the_other_task_is_still_refused() -> None:
    made, rosters = foreign()
    chain = [Receipt.parse(envelope) for envelope in made.envelopes]
    apart = take_apart(made.envelopes)
    apart[-1].body["tasks"][1]["assignment"]["smallest_cap"] += 1
    apart[-1].body["tasks"][1]["assignment"]["cap"] += 1
    assert chain[-1].type == "draw"
    refused(forge(apart, rosters=rosters), check="draw", match="smallest_cap|cap", as_of=DATED, rosters=rosters)


def test_there_is_no_year_0000() -> None:
    with pytest.raises(PlanError, match="is not a time"):
        check_time("0000-01-01T00:00:00Z", "time")

    def change(chain: list[Step]) -> None:
        chain[0].body["deadlines"]["reveal"] = "0000-01-01T00:00:00Z"

    refused(attacked(change), check="receipt", match="is not a time")


def test_the_sealed_ceremony_of_these_tests_is_sound() -> None:
    assert judge(forge(sealed_steps())).stage == "drawn"
    assert seal("draw", {"a": 1}).body["digest"] == SHA256.hexhash(b'{"a":1}')
