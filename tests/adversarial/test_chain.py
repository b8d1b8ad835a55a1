"""Attacks on the order of things: forks, cuts, second draws, late voids, and receipts of somewhere else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from kit import (
    AS_OF,
    DATED,
    DISCLOSED,
    PUBLIC,
    VOIDED,
    Step,
    at,
    attacked,
    chain_source,
    forge,
    forge_twice,
    honest,
    judge,
    keyid,
    policy,
    public,
    refused,
    renewed_values,
    secret,
    secret_source,
    steps,
    take_apart,
    voiding,
    witness,
)

from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence import Finding, TrustedKey
from dblrandom.kernel.suite import SHA256, SM3


def test_a_void_in_time_and_a_second_commitment_are_lawful() -> None:
    """The control for the attacks below: they differ from this in one thing each."""
    report = judge(forge_twice(voiding()))
    assert report.stage == "drawn"
    assert any(c.name == "void" for c in report.passed)


# Forks, cuts and swaps


def test_two_commitments_for_one_sequence() -> None:
    other = attacked(lambda c: c[0].body["plan"].update(title="another plan"), recompute=True)
    receipts = honest().receipts
    refused([receipts[0], other.receipts[0], *receipts[1:]], check="chain", match="two receipts for one sequence")


def test_a_fork_in_mid_chain() -> None:
    other = attacked(lambda c: c[1].body.update(disclosed={"trade": secret("trade")}))
    for place in (2, 5, 9):
        mixed = (*honest().receipts[:place], *other.receipts[place:])
        refused(mixed, check="chain", match="previous digest", place=f"receipt {place + 1}")


@pytest.mark.parametrize("kind", ["witness", "reveal", "draw", "substitution", "result"])
def test_a_receipt_taken_out(kind: str) -> None:
    receipts = list(honest().receipts)
    del receipts[at(steps(), kind)]
    refused(receipts, check="chain", match="is missing or repeated|two receipts")


def test_a_receipt_taken_out_and_the_rest_linked_anew() -> None:
    """Linked anew, a chain without its reveal is perfect but for the grammar."""

    def change(chain: list[Step]) -> None:
        del chain[at(chain, "reveal")]

    refused(attacked(change), check="chain", match="draw cannot stand here", place="(draw)")


def test_the_first_receipt_taken_away() -> None:
    refused(honest().receipts[1:], check="chain", match="begins with a commitment")
    refused([], check="chain", match="no receipt")


@pytest.mark.parametrize(("left", "right"), [(0, 1), (1, 2), (4, 5), (5, 6), (7, 8), (11, 12)])
def test_two_receipts_reordered(left: int, right: int) -> None:
    receipts = list(honest().receipts)
    receipts[left], receipts[right] = receipts[right], receipts[left]
    refused(receipts, check="chain", match="is missing or repeated|begins with a commitment")


def test_a_receipt_repeated() -> None:
    receipts = honest().receipts
    refused((*receipts, receipts[-1]), check="chain", match="two receipts for one sequence")


def test_a_receipt_of_another_ceremony() -> None:
    other = forge(steps(), name="other-2024")
    for place in range(1, len(other.receipts)):
        mixed = (*honest().receipts[:place], other.receipts[place], *honest().receipts[place + 1 :])
        refused(mixed, check="chain", match="of the ceremony 'other-2024'", place=f"receipt {place + 1}")


def test_a_receipt_of_another_ceremony_under_this_ones_name() -> None:
    """The same draw under another commitment: everything but the digests fits."""
    other = attacked(lambda c: c[0].body["plan"].update(title="another plan"), recompute=True)
    refused((*honest().receipts[:4], *other.receipts[4:]), check="chain", match="previous digest")


def test_a_whole_ceremony_renamed() -> None:
    """The secrets' digests bind the ceremony's name, so a copy under another name has no secrets."""
    chain = steps()
    for step in chain:
        if step.type == "witness":
            step.body["ceremony"] = "other-2024"
    refused(forge(chain, name="other-2024"), check="witness", match="not the secret whose digest was committed")


def test_a_sequence_that_jumps() -> None:
    def change(chain: list[Step]) -> None:
        chain[-1].head["sequence"] = 99

    refused(attacked(change), check="chain", match="sequence 13 was expected")


def test_a_first_receipt_with_a_past() -> None:
    refused(attacked(lambda c: c[0].head.update(previous="0" * 64)), check="chain", match="previous digest is 0000")


def test_a_later_receipt_without_a_past() -> None:
    refused(attacked(lambda c: c[4].head.update(previous=None)), check="chain", match="previous digest is None")


def test_times_running_backwards() -> None:
    for place in range(1, 13):

        def change(chain: list[Step], place: int = place) -> None:
            chain[place].time = "2024-02-01T00:00:00Z"
            if chain[place].type == "witness":
                chain[place].body["time"] = chain[place].time

        refused(attacked(change), check="chain", match="is before", place=f"receipt {place + 1}")


def test_a_suite_changed_in_mid_chain() -> None:
    forged = forge_twice(voiding(suite="sm3"))
    refused(forged, check="chain", match="the suite changes from sha256 to sm3")


def test_the_receipts_of_one_suite_declared_as_the_other() -> None:
    def change(chain: list[Step]) -> None:
        chain[0].body["suite"] = "sm3"

    refused(forge(_changed(change), rosters=honest().rosters), check="witness", match="not the committed one|not the")


def _changed(change: Callable[[list[Step]], object], suite: Any = SHA256) -> list[Step]:
    chain = steps(suite)
    change(chain)
    return chain


def test_a_ceremony_of_sm3_judged_with_rosters_of_sha256() -> None:
    refused(honest(SM3).receipts, rosters=honest(SHA256).rosters, check="roster", match="not the ones committed")


# Second chances


@pytest.mark.parametrize("kind", ["reveal", "draw", "void", "commitment"])
def test_redraw_after_the_draw(kind: str) -> None:
    def change(chain: list[Step]) -> None:
        time = chain[6].time
        bodies = {"void": {"reason": "synthetic: we do not like it"}, "commitment": dict(chain[0].body)}
        body = bodies.get(kind) or dict(chain[at(chain, "draw" if kind == "draw" else "reveal")].body)
        chain.insert(7, Step(type=kind, time=time, body=body, keys=["organiser", "discipline", "trade", "operator"]))

    refused(attacked(change), check="chain", match="redraw after entropy", place="receipt 8")


@pytest.mark.parametrize("kind", ["reveal", "void", "commitment", "substitution", "result", "sealed"])
def test_something_between_reveal_and_draw(kind: str) -> None:
    bodies = {
        "void": {"reason": "synthetic: we do not like it"},
        "sealed": {"type": "draw", "digest": "0" * 64},
    }

    def change(chain: list[Step]) -> None:
        body = bodies.get(kind) or dict(chain[at(chain, kind)].body)
        chain.insert(5, Step(type=kind, time=chain[5].time, body=body, keys=["organiser"]))

    refused(attacked(change), check="chain", match="redraw after entropy", place="receipt 6")


def test_a_second_commitment_without_a_void() -> None:
    chain = voiding(dated=None)
    del chain[at(chain, "void")]
    for step in chain[5:7]:
        step.body["sequence"] = 5
    refused(forge_twice(chain), check="chain", match="redraw after entropy", place="(commitment)")


def test_a_draw_before_the_reveal() -> None:
    def change(chain: list[Step]) -> None:
        chain[4], chain[5] = chain[5], chain[4]
        chain[4].time = chain[5].time

    refused(attacked(change), check="chain", match="draw cannot stand here")


def test_a_void_of_nothing() -> None:
    chain = voiding()
    place = at(chain, "void")
    chain.insert(place, copy.deepcopy(chain[place]))
    refused(forge_twice(chain), check="chain", match="void is not lawful here")


def test_a_late_void() -> None:
    """Dated at the very second at which the value can be public: no second before."""
    chain = voiding(PUBLIC, dated=PUBLIC, not_before="2024-03-02T12:00:00Z")
    refused(forge_twice(chain), check="void", match="redraw after entropy", place="(void)")


def test_a_void_in_the_last_second() -> None:
    late = [s for s in voiding("2024-03-01T23:00:00Z", dated="2024-03-01T23:59:59Z") if s.type != "reveal"]
    chain = late[: at(late, "void") + 2]
    report = judge(forge(chain))
    assert report.stage == "voided"


def test_a_void_backdated_by_its_own_time_only() -> None:
    """Its payload says yesterday; the witness says that he saw it after the value was out."""
    forged = forge_twice(voiding(VOIDED, dated="2024-03-02T01:00:00Z", not_before="2024-03-02T12:00:00Z"))
    refused(forged, check="void", match="dated 2024-03-02T01:00:00Z, and not before", place="(void)")


def test_an_unproved_void_after_its_time() -> None:
    chain = voiding(VOIDED, dated=None)
    only = forge(chain[: at(chain, "void") + 1])
    refused(only, check="void", match="dated by no witness", place="(void)")
    report = judge(only, as_of="2024-03-01T20:00:00Z")
    assert any(c.name == "void" for c in report.not_checked), "there was still time to have it dated"
    report = judge(only, as_of=None)
    assert not any(c.name == "void" for c in report.passed), "without a time of judgement nothing is claimed"


def test_a_void_that_its_own_organiser_dated() -> None:
    chain = voiding()
    chain[at(chain, "void") + 1].keys = ["organiser"]
    refused(forge_twice(chain), check="witness", match="organiser cannot witness")


@pytest.mark.parametrize("replaces", [None, "0" * 64])
def test_a_second_commitment_that_replaces_something_else(replaces: str | None) -> None:
    refused(forge_twice(voiding(replaces=replaces)), check="commitment", match="it says that it replaces")


def test_a_first_commitment_that_replaces_something() -> None:
    forged = attacked(lambda c: c[0].body.update(replaces="0" * 64), recompute=True)
    refused(forged, check="commitment", match="it says that it replaces 0000", place="receipt 1")


def test_a_void_after_the_values_of_all_sources_were_disclosed() -> None:
    """With secrets only, the declared moment is a claim; the witness's record says when the values were out."""
    chain = voiding()
    for place in (0, at(chain, "commitment", 1)):
        chain[place].body["sources"] = [
            s | {"not_before": PUBLIC} for s in chain[place].body["sources"] if s["kind"] == "secret"
        ]
    chain[at(chain, "reveal")].body["values"] = renewed_values()
    refused(forge_twice(chain), check="void", match="redraw after entropy")


# Cuts at the end


def test_a_ceremony_cut_anywhere() -> None:
    """Cut before its end, a ceremony whose deadlines are over has something missing; but for the last witness."""
    receipts, rosters = honest().receipts, honest().rosters
    for length in range(1, len(receipts) - 1):
        with pytest.raises(VerificationError, match=r"^(deadlines|dates): "):
            judge(receipts[:length], rosters=rosters)
    assert judge(receipts[:-1], rosters=rosters).stage == "drawn"


def test_the_cut_after_the_reveal_shows_only_after_its_deadline() -> None:
    receipts, rosters = honest().receipts[:5], honest().rosters
    refused(receipts, rosters=rosters, check="deadlines", match="draw was due by", as_of="2024-03-04T00:00:01Z")
    assert judge(receipts, rosters=rosters, as_of="2024-03-04T00:00:00Z").stage == "revealed"


def test_results_of_one_target_left_out() -> None:
    def change(chain: list[Step]) -> None:
        chain[at(chain, "result")].body["outcomes"].pop()

    refused(attacked(change), check="deadlines", match="task A1: 1 of ")


def test_without_a_time_nothing_is_said_of_deadlines() -> None:
    report = judge(honest().receipts[:5], rosters=honest().rosters, as_of=None)
    assert any(c.name == "deadlines" for c in report.not_checked)
    assert not any(c.name == "deadlines" for c in report.passed)


@pytest.mark.parametrize("as_of", ["2025-01-02", "2025-02-30T00:00:00Z", "2025-01-02T00:00:60Z", ""])
def test_a_time_of_judgement_that_is_none(as_of: str) -> None:
    with pytest.raises(InputError, match="not a time"):
        judge(honest(), as_of=as_of)


def test_a_draw_made_late() -> None:
    def change(chain: list[Step]) -> None:
        """A witness saw the reveal after the draw's deadline, and the draw comes after that witness."""
        chain.insert(5, witness("2024-03-04T00:00:01Z", "notary", 5))
        for step in chain[6:]:
            step.time = max(step.time, "2024-03-04T00:00:02Z")
            if step.type == "witness":
                step.body["time"] = step.time
                step.body["sequence"] += 1

    report = judge(attacked(change))
    assert Finding.LATE in {finding for finding, _ in report.findings}


def test_a_draw_that_only_its_own_time_calls_punctual() -> None:
    """Nobody saw the draw before June; that it was made in March is the organiser's word alone."""

    def change(chain: list[Step]) -> None:
        place = at(chain, "draw") + 1
        chain[place].time = chain[place].body["time"] = "2024-06-01T00:00:00Z"
        for step in chain[place + 1 :]:
            step.time = max(step.time, "2024-06-01T00:00:00Z")
            if step.type == "witness":
                step.body["time"] = step.time

    report = judge(attacked(change))
    deadlines = [c for c in report.not_checked if c.name == "deadlines"]
    assert Finding.LATE in {finding for finding, _ in report.findings} or deadlines


# One plan, one organiser, one history


def test_a_ceremony_that_does_not_follow_the_last_one() -> None:
    refused(honest(), trust=policy(previous_ceremony="0" * 64), check="previous ceremony", match="does not follow 0000")


def test_a_second_commitment_that_forgets_the_ceremony_before() -> None:
    before = "a" * 64
    chain = voiding(previous_ceremony=None)
    chain[0].body["previous_ceremony"] = before
    refused(forge_twice(chain), trust=policy(previous_ceremony=before), check="previous ceremony", match="does not")


def test_the_chain_carried_on_by_another_organiser() -> None:
    """A verifier may know several authorities; one must not void or draw what another committed."""
    other = TrustedKey(name="another authority", public_key=public("elsewhere"), roles=("organiser",))

    def change(chain: list[Step]) -> None:
        for kind in ("reveal", "draw"):
            chain[at(chain, kind)].keys = ["elsewhere"]

    refused(attacked(change), trust=policy(also=[other]), check="signature", match="organiser")


def test_a_commitment_that_declares_no_organiser() -> None:
    """docs/spec, section 6: at least one signer is the organiser."""

    def change(chain: list[Step]) -> None:
        chain[0].body["signers"] = [s for s in chain[0].body["signers"] if s["role"] != "organiser"]

    refused(attacked(change, recompute=True), check="signature", match="0 of 1 needed holders of the role organiser")


def test_names_used_by_the_kit_are_those_of_the_ceremony() -> None:
    """Guards against an attack that passes because the kit drifted: times and names are the ceremony's."""
    chain = take_apart(honest().receipts)
    assert [chain[i].time for i in (1, 3)] == [DATED, DISCLOSED]
    assert chain[0].body["sources"][0] == chain_source().to_json()
    assert chain[0].body["sources"][1] == secret_source("discipline").to_json()
    assert chain[0].body["sources"][0]["operator"] == keyid("operator")
    assert chain[-1].time < AS_OF
