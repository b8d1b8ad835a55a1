"""Characters that nobody sees, and values that only look the same, used to be counted as something else than is read.

One lottery counted three times, one witness let five commitments of one period stand open, a firm stood alone in a
stratum that looked like its neighbours', and a filter passed over a firm whose field looked like the others'.
"""

from __future__ import annotations

from typing import Any

import ceremonies as office
import pytest
from kit import Step, attacked, committed_rosters, forge, judge, plan, policy, populations, public, refused, steps

from dblrandom.beacons.public import PublicBeacon
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared
from dblrandom.errors import EntropyError, InputError, PlanError, RosterError, StepError
from dblrandom.evidence import Finding, TrustedKey, WitnessMemory
from dblrandom.evidence.witnessing import Seen
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Filter, Plan, Population, Quota, Scope, Source, Task
from dblrandom.roster import Roster

UNSEEN = (
    "\u00ad",
    "\u200b",
    "\u200e",
    "\u2060",
    "\ufe0f",
    "\u3164",
    "\u115f",
    "\u034f",
    "\u2800",
    "\u061c",
    "\U000e0041",
)


@pytest.mark.parametrize("hidden", UNSEEN)
@pytest.mark.parametrize("member", ["title", "authority", "period", "source", "notice", "authority_en"])
def test_no_text_of_a_plan_holds_what_nobody_sees(member: str, hidden: str) -> None:
    with pytest.raises(PlanError, match=rf"plan\.{member}.*U\+{ord(hidden):04X}.*remove what cannot be seen"):
        office.plan(**{member: f"2024{hidden}"})


@pytest.mark.parametrize("hidden", UNSEEN)
def test_a_commitment_with_an_unseen_character_does_not_verify(hidden: str) -> None:
    def change(chain: list[Step]) -> None:
        chain[0].body["plan"]["period"] = f"2024{hidden}"

    refused(attacked(change), check="commitment", match="remove what cannot be seen")


def test_a_period_in_digits_of_a_later_unicode_is_refused() -> None:
    with pytest.raises(PlanError, match=r"plan\.period: .*U\+1CCF2, which Unicode 14\.0 does not assign"):
        office.plan(period="\U0001ccf2\U0001ccf0\U0001ccf2\U0001ccf4")


@pytest.mark.parametrize("period", ["２０２４", "2024 ", "2\u200a024", "𝟐𝟎𝟐𝟒"])
def test_a_witness_attests_one_open_commitment_for_periods_that_look_the_same(period: str) -> None:
    first = office.opened(office.plan(), name="first")
    office.commit(first)
    memory = WitnessMemory().check_and_remember(first)
    second = office.opened(office.plan(period=period), name="second")
    office.commit(second, previous_ceremony=first.head)
    with pytest.raises(StepError, match="is still open"):
        memory.check_and_remember(second)


def test_an_authority_in_another_width_is_the_same_authority() -> None:
    first = office.opened(office.plan(authority="Synthetic Bureau"), name="first")
    office.commit(first)
    memory = WitnessMemory().check_and_remember(first)
    second = office.opened(office.plan(authority="ＳＹＮＴＨＥＴＩＣ　ＢＵＲＥＡＵ"), name="second")
    office.commit(second, previous_ceremony=first.head)
    with pytest.raises(StepError, match="is still open"):
        memory.check_and_remember(second)


def test_a_memory_that_was_misled_before_can_be_read_and_protects_from_now_on() -> None:
    first = office.opened(office.plan(), name="first")
    office.commit(first)
    entry = Seen(
        ceremony="misled",
        sequence=1,
        digest="ab" * 32,
        authority=first.commitment.plan.authority,
        plan="tested",
        period="2024\u200b",
        open=True,
    )
    data = encode({"specification": "dblrandom/v1", "organisers": {"cd" * 32: [entry.to_json()]}})
    with pytest.raises(StepError, match=r"'misled'.*is still open"):
        WitnessMemory.from_bytes(data).check_and_remember(first)


def lookalike(value: str, target: str = "F003") -> dict[str, Roster]:
    """The committed rosters, with another district for one firm."""
    targets, *others = populations()
    rows = [(row[0], value if row[0] == target else row[1], *row[2:]) for row in targets.rows]
    changed = Population(targets.name, targets.columns, tuple(rows))
    return {p.name: Roster.build(SHA256, p) for p in (changed, *others)}


@pytest.mark.parametrize("value", ["Guandu\ufe0f", "Guandu\u200b", "Ｇuandu", "guandu", "Guandu ", "Gua\u2060ndu"])
def test_a_firm_alone_in_a_lookalike_stratum_is_refused_by_committing_and_by_verifying(value: str) -> None:
    rosters = lookalike(value)
    made = Ceremony.open("lookalike", plan(), rosters.values())
    with pytest.raises(PlanError, match=r"look the same|cannot be seen"):
        office.commit(made)
    chain = steps()
    chain[0].body["rosters"] = [roster.manifest.to_json() for roster in rosters.values()]
    forged = forge(chain[:3], rosters=rosters)
    refused(forged, check="commitment", match="look the same|cannot be seen", as_of="2024-03-01T12:00:00Z")


def test_lookalike_strata_in_a_draw_are_refused_without_any_roster() -> None:
    def change(chain: list[Step]) -> None:
        drawn = next(step for step in chain if step.type == "draw")
        first = drawn.body["tasks"][0]["strata"]
        first[1]["stratum"] = [first[0]["stratum"][0] + " "]

    refused(attacked(change), check="draw", match="look the same", rosters={})


def test_a_firm_cannot_be_hidden_from_a_filter_by_a_lookalike_value() -> None:
    targets, *others = populations()
    rows = [(i, d, "ｈｉｇｈ" if i == "F013" else risk) for i, d, risk in targets.rows]
    rosters = [Roster.build(SHA256, p) for p in (Population(targets.name, targets.columns, tuple(rows)), *others)]
    with pytest.raises(PlanError, match="'high', which passes, and 'ｈｉｇｈ', which does not, look the same"):
        office.commit(Ceremony.open("hidden", plan(), rosters))


def test_an_inspector_cannot_be_kept_out_by_a_lookalike_value() -> None:
    targets, inspectors, recusals = populations()
    rows = [(i, "leader\u00a0" if i == "I03" else post, c) for i, post, c in inspectors.rows]
    changed = Population(inspectors.name, inspectors.columns, tuple(rows))
    rosters = [Roster.build(SHA256, p) for p in (targets, changed, recusals)]
    with pytest.raises(PlanError, match=r"role 'lead', column 'post'.*look the same"):
        office.commit(Ceremony.open("hidden", plan(), rosters))


def test_nobody_approves_a_recusal_under_a_name_that_looks_like_the_own() -> None:
    targets, inspectors, recusals = populations()
    rows = [(r, i, t, g, "ｉ01" if i == "I01" else a) for r, i, t, g, a in recusals.rows]
    rosters = [
        Roster.build(SHA256, p) for p in (targets, inspectors, Population("recusals", recusals.columns, tuple(rows)))
    ]
    with pytest.raises(RosterError, match="approved by somebody other"):
        office.commit(Ceremony.open("approved", plan(), rosters))


@pytest.mark.parametrize("column", ["id", "inspector"])
def test_ids_hold_nothing_unseen(column: str) -> None:
    place = ("id", "inspector").index(column)
    row = ["F1", "I1"]
    row[place] += "\u3164"
    if column == "id":
        with pytest.raises(RosterError, match=r"U\+3164"):
            Roster.build(SHA256, Population("targets", ("id",), ((row[0],),)))
    else:
        with pytest.raises(PlanError, match=r"U\+3164"):
            office.plan(office.task(filter=Filter({"district": (row[1],)})))


def event(name: str, written: str, **changes: Any) -> Source:
    terms = {"event": written, "form": "digits 18", "outcomes": 2**40, "cancelled": "next"} | changes
    return Source(kind="public", name=name, not_before="2024-03-02T00:00:00Z", terms=terms)


def test_one_lottery_in_three_writings_is_one_lottery() -> None:
    writings = ("Lottery 2024061", "ＬＯＴＴＥＲＹ 2024061", "Lottery  2024061 ")
    chain = steps()[:3]
    chain[0].body["sources"] = [event(f"e{n}", w).to_json() for n, w in enumerate(writings)]
    report = judge(forge(chain), as_of="2024-03-01T12:00:00Z", rosters=committed_rosters())
    assert [f for f, _ in report.findings if f is Finding.GRINDABLE] == [Finding.GRINDABLE]


def test_an_event_with_an_unseen_character_is_refused() -> None:
    with pytest.raises(EntropyError, match=r"U\+200B"):
        event("e", "Lottery 2024061\u200b")


def test_the_declared_event_in_another_writing_is_not_the_next_one() -> None:
    declared = event("e", "Lottery 2024061")
    evidence = {"report": "synthetic gazette", "event": "LOTTERY 2024061"}
    with pytest.raises(EntropyError, match="is the declared event"):
        PublicBeacon().check_value(declared, "0" * 18, evidence, suite=SHA256, ceremony="x")


def test_two_signers_whose_names_look_the_same_are_refused() -> None:
    made = office.opened()
    signers = [
        *office.declared(),
        Declared(role="witness", public_key=public("archive"), name="Notary "),
    ]
    with pytest.raises(PlanError, match="look the same"):
        office.commit(made, signers=signers)


def test_a_policy_does_not_hold_two_holders_who_look_the_same() -> None:
    with pytest.raises(InputError, match="'notary' and 'ｎotary' look the same"):
        policy(also=(TrustedKey(name="ｎotary", public_key=public("somebody"), roles=("witness",)),))


def test_parameters_of_a_foreign_sampler_hold_nothing_unseen() -> None:
    with pytest.raises(PlanError, match=r"U\+00AD"):
        Task(
            id="1",
            title="synthetic",
            roster="targets",
            sampler="x-mine",
            parameters={"district": ["nor\u00adth"]},
            team=office.NOBODY,
        )


def test_ordinary_text_goes_on() -> None:
    text = "2024年度“双随机、一公开”抽查（Ａ类） — 第①批 😀 café"
    found = Plan(
        name="p", title=text, authority="昆明市市场监督管理局（示例）", period="２０２４年度", tasks=(office.task(),)
    )
    assert found.title == text
    assert Quota(count=1, scope=Scope.FRAME, allow_zero=text).allow_zero == text
