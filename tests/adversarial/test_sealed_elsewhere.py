"""Attacks, or mishaps, where an office goes on with a ceremony whose sealed bodies lie in another office."""

from __future__ import annotations

from typing import Any

import ceremonies as office
import pytest

from dblrandom.ceremony import Ceremony
from dblrandom.errors import StepError, VerificationError
from dblrandom.evidence import TrustedKey, sign_payload
from dblrandom.evidence.receipt import payload_bytes

LATER: dict[str, Any] = {"time": office.AFTER, "keys": office.keys("organiser")}
BLINDS = ("b1" * 32, "c1" * 32)


def elsewhere(made: Ceremony) -> Ceremony:
    """The ceremony as an office reads it that has the receipts and no sealed bodies."""
    return Ceremony.read(made.envelopes, made.rosters.values())


def test_an_open_result_beside_a_seal_that_is_not_known() -> None:
    """It may be the second result of one target, after which the seal can never be opened."""
    made = office.drawn()
    first, *rest = (unit.id for unit in made.drawn["1"].selected)
    kept = made.seal("result", made.compute_result("1", {first: ["closed"]}), blind=BLINDS[0], **LATER)
    other = elsewhere(made)
    for target in (first, rest[0]):
        with pytest.raises(StepError, match=r"\(sealed\) seals a result that is not known here.*must unseal it first"):
            other.result("1", {target: ["closed"]}, **LATER)
    assert other.receipts == made.receipts
    made.result("1", {rest[0]: ["closed"]}, **LATER)
    other = elsewhere(made)
    other.unseal("result", kept, **LATER)
    other.result("1", {rest[1]: ["closed"]}, **LATER)
    assert office.report_on(other, as_of="2024-04-01T00:00:00Z").stage == "drawn"


def test_an_open_substitution_beside_a_sealed_result_that_is_not_known() -> None:
    """The target that it replaces may be the one of which the sealed result tells."""
    made = office.drawn()
    target = made.drawn["1"].selected[0].id
    made.seal("result", made.compute_result("1", {target: ["closed"]}), blind=BLINDS[0], **LATER)
    with pytest.raises(StepError, match="seals a result that is not known here"):
        elsewhere(made).substitute("1", "not-found", target=target, **LATER)


def test_an_open_result_beside_a_sealed_substitution_that_is_not_known() -> None:
    """Its target may be the one that is replaced."""
    made = office.drawn()
    target = made.drawn["1"].selected[0].id
    body = made.compute_substitution("1", "not-found", target=target)
    made.seal("substitution", body, blind=BLINDS[0], **LATER)
    with pytest.raises(StepError, match="seals a substitution that is not known here"):
        elsewhere(made).result("1", {target: ["closed"]}, **LATER)


def test_two_offices_open_what_was_sealed_side_by_side_in_the_order_of_the_seals() -> None:
    """The later seal was made by somebody who knows the earlier one; whoever does not know it cannot open before it."""
    made = office.drawn()
    targets = [unit.id for unit in made.drawn["1"].selected[:2]]
    kept = [
        made.seal("result", made.compute_result("1", {target: ["closed"]}), blind=blind, **LATER)
        for target, blind in zip(targets, BLINDS, strict=True)
    ]
    with pytest.raises(StepError, match="after the opening of a later result it might never be opened"):
        elsewhere(made).unseal("result", kept[1], **LATER)
    for body in kept:
        made = elsewhere(made)
        made.unseal("result", body, **LATER)
    assert office.report_on(made, as_of="2024-04-01T00:00:00Z").stage == "drawn"


SECOND: dict[str, Any] = {"time": office.AFTER, "keys": office.keys("second")}


def shared() -> Ceremony:
    """A draw of two organisers, each with a key of its own."""
    made = office.opened()
    office.commit(made, signers=office.declared(("organiser", "second")), keys=office.keys(*office.SIGNERS, "second"))
    made.witness(time=office.DATED, keys=office.keys("notary"))
    made.witness(time=office.DATED, keys=office.keys("discipline"))
    made.reveal(office.values(), time=office.PUBLIC, keys=office.keys("organiser"))
    made.draw(time=office.DRAWN, keys=office.keys("organiser"))
    return made


@pytest.mark.parametrize("same", [True, False])
def test_a_second_organiser_seals_a_result_beside_a_seal_that_he_does_not_know(same: bool) -> None:
    """Were it of one target, one of the two could never be opened; and a seal does not tell its target."""
    made = shared()
    first, other = (unit.id for unit in made.drawn["1"].selected[:2])
    body = made.seal("result", made.compute_result("1", {first: ["closed"]}), blind=BLINDS[0], **LATER)
    second = elsewhere(made)
    wanted = second.compute_result("1", {first if same else other: ["no-problem"]})
    with pytest.raises(StepError, match=r"\(sealed\) seals a result that is not known here.*after a sealed result"):
        second.seal("result", wanted, blind=BLINDS[1], **SECOND)
    assert second.receipts == made.receipts
    # With the body in hand it can be told whether the two fit each other.
    second.keep_sealed(body)
    if same:
        with pytest.raises(StepError, match="has a result already"):
            second.seal("result", wanted, blind=BLINDS[1], **SECOND)
        return
    kept = second.seal("result", wanted, blind=BLINDS[1], **SECOND)
    second.unseal("result", kept, **SECOND)
    second.unseal("result", body, **LATER)
    assert office.report_on(second, as_of="2024-04-01T00:00:00Z", trust=POLICY).stage == "drawn"


POLICY = office.policy(
    also=(TrustedKey(name="second", public_key=office.key("second").public_key.hex(), roles=("organiser",)),)
)


def sealed_falsely(made: Ceremony) -> Ceremony:
    """The second organiser's own tools seal what can never be opened: a second result of a target."""
    payload = payload_bytes(
        "sealed",
        ceremony=made.name,
        sequence=len(made.receipts) + 1,
        previous=made.head,
        time=office.AFTER,
        body={"type": "result", "digest": "0" * 64},
    )
    return Ceremony.read((*made.envelopes, sign_payload(payload, office.keys("second"))), made.rosters.values())


def test_a_seal_that_nobody_opens_blocks_until_the_deadline_and_the_verdict_names_who_sealed_it() -> None:
    blocked = sealed_falsely(shared())
    targets = {unit.id: ["closed"] for unit in blocked.drawn["1"].selected}
    with pytest.raises(StepError, match="seals a result that is not known here"):
        blocked.result("1", targets, **LATER)
    with pytest.raises(VerificationError, match=r"was never published, and 'second' sealed it$") as caught:
        office.report_on(blocked, as_of=office.AS_OF, trust=POLICY)
    assert caught.value.check == "deadlines"
    # Once the deadline is over nobody waits any longer: the results are published, and the verdict stays.
    blocked.result("1", targets, time="2024-12-31T00:00:01Z", keys=office.keys("organiser"))
    with pytest.raises(
        VerificationError, match=r"'second' sealed it; receipt \d+ \(result\), signed by 'organiser', was added"
    ):
        office.report_on(blocked, as_of=office.AS_OF, trust=POLICY)


def test_whoever_opened_in_time_is_not_the_one_named() -> None:
    """The first organiser seals and opens; the second has sealed the same target with tools of its own."""
    made = shared()
    target = made.drawn["1"].selected[0].id
    body = made.seal("result", made.compute_result("1", {target: ["closed"]}), blind=BLINDS[0], **LATER)
    blocked = sealed_falsely(made)
    blocked.unseal("result", body, **LATER)
    with pytest.raises(
        VerificationError, match=r"and 'second' sealed it; receipt \d+ \(result\), signed by 'organiser'"
    ):
        office.report_on(blocked, as_of=office.AS_OF, trust=POLICY)
