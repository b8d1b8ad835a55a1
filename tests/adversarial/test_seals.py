"""Seals: what was fixed in secret must be what comes to light, and all of it must come to light.

The sound ceremony here seals its reveal and its draw, inspects, and publishes at the end; one substitution and one
result are sealed as well. The secrets are not disclosed, since otherwise there would be nothing to seal.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from kit import (
    Forged,
    Step,
    at,
    committed_rosters,
    findings,
    forge,
    honest,
    judge,
    policy,
    public,
    refused,
    steps,
    witness,
)

from dblrandom.errors import VerificationError
from dblrandom.evidence import Finding, TrustedKey
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.suite import SHA256

BLIND = "5a" * 32
EARLY = "2024-03-01T18:00:00Z"
"""Before the hash chain's value can be known."""
SEALED = "2024-03-02T00:00:05Z"


def seal(kind: str, body: dict[str, Any], time: str = SEALED) -> Step:
    return Step(
        type="sealed", time=time, body={"type": kind, "digest": SHA256.hexhash(encode(body))}, keys=["organiser"]
    )


def sealed_steps() -> list[Step]:
    """commitment, 2 witnesses, sealed reveal, sealed draw, witness, reveal, draw, then sealed and opened aftermath."""
    sound = steps()
    by = {
        kind: [copy.deepcopy(s) for s in sound if s.type == kind]
        for kind in ("reveal", "draw", "substitution", "result")
    }
    late = [*by["reveal"], *by["draw"], *by["substitution"], *by["result"]]
    for step in (*by["reveal"], *by["draw"], by["substitution"][0], by["result"][0]):
        step.body["blind"] = BLIND
    for step, time in zip(late, ("02T01", "02T02", "10T01", "11T01", "12T01", "20T00", "20T00"), strict=True):
        step.time = f"2024-03-{time}:00:00Z"
    reveal, draw = by["reveal"][0], by["draw"][0]
    first, second, third = by["substitution"]
    one, other = by["result"]
    return [
        *sound[:3],
        seal("reveal", reveal.body),
        seal("draw", draw.body),
        witness("2024-03-02T00:30:00Z", "notary", 5),
        reveal,
        draw,
        seal("substitution", first.body, "2024-03-05T00:00:00Z"),
        first,
        second,
        third,
        seal("result", one.body, "2024-03-15T00:00:00Z"),
        one,
        other,
        witness("2024-05-02T00:00:00Z", "archive", 15),
    ]


def forged(change: Callable[[list[Step]], object] = lambda _: None, **options: Any) -> Forged:
    chain = sealed_steps()
    change(chain)
    for place, step in enumerate(chain, 1):
        # An inserted or removed step moves what a witness attests: the receipt before his own is always sound.
        if step.type == "witness" and place > 3:
            step.body["sequence"] = place - 1
    return forge(chain, **options)


def test_the_sound_sealed_ceremony_is_accepted() -> None:
    report = judge(forged())
    assert report.stage == "drawn"
    assert len([c for c in report.passed if c.name == "seal"]) == 4
    assert Finding.WITHHOLDING in findings(report)


# Opened by something else


def _blind(kind: str, nth: int = 0) -> Callable[[list[Step]], object]:
    return lambda chain: chain[at(chain, kind, nth)].body.update(blind="a5" * 32)


def _no_blind(kind: str, nth: int = 0) -> Callable[[list[Step]], object]:
    return lambda chain: chain[at(chain, kind, nth)].body.pop("blind")


@pytest.mark.parametrize("kind", ["reveal", "draw"])
@pytest.mark.parametrize("change", [_blind, _no_blind], ids=["another-blind", "no-blind"])
def test_a_reveal_or_draw_that_is_not_the_sealed_one(kind: str, change: Any) -> None:
    """The same content under another blind is another body: nobody could tell what else had been sealed."""
    refused(forged(change(kind)), check="seal", match=f"the {kind} published is not the one sealed here")


@pytest.mark.parametrize("kind", ["substitution", "result"])
def test_a_substitution_or_result_under_another_blind(kind: str) -> None:
    """A blind is for what was sealed; one that fits no seal shows that something else had been."""
    refused(forged(_blind(kind)), check="seal", match="opens no seal", place=f"({kind})")


@pytest.mark.parametrize("kind", ["substitution", "result"])
def test_a_substitution_or_result_that_is_not_the_sealed_one(kind: str) -> None:
    """The seal stays closed: that is said while there is time, and refused afterwards."""
    attack = forged(_no_blind(kind))
    refused(attack, check="deadlines", match="was never published")
    report = judge(attack, as_of="2024-12-01T00:00:00Z")
    assert any(c.name == "seal" and "not been published" in c.detail for c in report.not_checked)


def test_a_seal_of_a_false_draw_and_then_the_true_draw() -> None:
    def change(chain: list[Step]) -> None:
        false = copy.deepcopy(chain[at(chain, "draw")].body)
        false["tasks"][0]["strata"][0]["last_ticket"] = "ff" * 32
        chain[4] = seal("draw", false)

    refused(forged(change), check="seal", match="the draw published is not the one sealed here", place="receipt 5")


def test_a_seal_of_a_false_draw_and_then_that_draw() -> None:
    def change(chain: list[Step]) -> None:
        chain[at(chain, "draw")].body["tasks"][0]["strata"][0]["last_ticket"] = "ff" * 32
        chain[4] = seal("draw", chain[at(chain, "draw")].body)

    refused(forged(change), check="draw", match="last selected ticket")


def test_a_seal_of_another_reveal() -> None:
    def change(chain: list[Step]) -> None:
        false = copy.deepcopy(chain[at(chain, "reveal")].body)
        false["seed"] = "ab" * 32
        chain[3] = seal("reveal", false)

    refused(forged(change), check="seal", match="the reveal published is not the one sealed here")


@pytest.mark.parametrize("kind", ["reveal", "draw"])
def test_a_sealed_body_without_a_blind(kind: str) -> None:
    """Without a blind whoever can list the possible bodies can open the seal by trying."""

    def change(chain: list[Step]) -> None:
        body = chain[at(chain, kind)].body
        del body["blind"]
        chain[{"reveal": 3, "draw": 4}[kind]] = seal(kind, body)

    refused(forged(change), check="seal", match="is not the one sealed here")


def test_a_sealed_substitution_without_a_blind() -> None:
    def change(chain: list[Step]) -> None:
        place = at(chain, "substitution")
        del chain[place].body["blind"]
        chain[place - 1].body["digest"] = SHA256.hexhash(encode(chain[place].body))

    refused(forged(change), check="deadlines", match="was never published")


def test_a_seal_that_names_another_type() -> None:
    def change(chain: list[Step]) -> None:
        chain[4].body["type"] = "result"

    refused(forged(change), check="chain", match="no draw is public or sealed yet")


@pytest.mark.parametrize("kind", ["commitment", "void", "witness", "sealed", "Draw", ""])
def test_a_seal_of_what_cannot_be_sealed(kind: str) -> None:
    refused(forged(lambda chain: chain[4].body.update(type=kind)), check="receipt", match="one of")


@pytest.mark.parametrize("digest", ["AB" * 32, "ab" * 31, "", None, 7])
def test_a_seal_of_no_digest(digest: Any) -> None:
    refused(forged(lambda chain: chain[4].body.update(digest=digest)), check="receipt", match="digest")


@pytest.mark.parametrize("blind", ["AB" * 32, "ab" * 31, "", None, 7])
def test_a_blind_that_is_none(blind: Any) -> None:
    refused(forged(lambda c: c[at(c, "draw")].body.update(blind=blind)), check="receipt", match="blind")


# Never opened, opened twice, too many seals


def test_a_sealed_draw_that_is_never_opened() -> None:
    def change(chain: list[Step]) -> None:
        del chain[6:]

    attack = forged(change)
    refused(attack, check="deadlines", match="the reveal was due by")
    report = judge(attack, as_of="2024-03-02T12:00:00Z")
    assert report.stage == "sealing"
    assert not {c.name for c in report.passed} & {"draw", "seal", "seed"}
    assert {"draw", "seal", "seed"} <= {c.name for c in report.not_checked}


@pytest.mark.parametrize("kind", ["substitution", "result"])
def test_a_sealed_substitution_or_result_that_is_never_opened(kind: str) -> None:
    """What was sealed and is kept back is a second list in a drawer."""

    def change(chain: list[Step]) -> None:
        hidden = copy.deepcopy(chain[at(chain, kind)].body) | {"blind": "77" * 32}
        chain.insert(-1, seal(kind, hidden, "2024-03-21T00:00:00Z"))

    refused(forged(change), check="deadlines", match="was never published")


def test_two_seals_of_one_draw() -> None:
    """One of two drawers is opened, whichever is liked better."""

    def change(chain: list[Step]) -> None:
        false = copy.deepcopy(chain[at(chain, "draw")].body) | {"blind": "77" * 32}
        chain.insert(5, seal("draw", false))

    refused(forged(change), check="seal", match="was sealed already")


def test_one_seal_twice() -> None:
    refused(forged(lambda c: c.insert(5, copy.deepcopy(c[4]))), check="seal", match="was sealed already")


@pytest.mark.parametrize("kind", ["reveal", "draw"])
def test_two_seals_of_one_draw_before_it_is_opened(kind: str) -> None:
    """There is one draw: a second seal of one cannot become lawful any more, and an audit could be of either."""

    def change(chain: list[Step]) -> None:
        del chain[5:]
        second = copy.deepcopy(chain[{"reveal": 3, "draw": 4}[kind]])
        second.body["digest"] = "77" * 32
        chain.append(second)

    refused(forged(change), check="seal", match="two|twice|already", as_of="2024-03-02T12:00:00Z")


def test_a_seal_made_after_its_opening() -> None:
    """A seal fixes beforehand; one that is made of what is public already fixes nothing."""
    for kind in ("draw", "reveal"):

        def change(chain: list[Step], kind: str = kind) -> None:
            chain.insert(-1, seal(kind, chain[at(chain, kind)].body, "2024-03-21T00:00:00Z"))

        refused(forged(change), check="seal", match="not the one sealed here|sealed already|opens no seal")

    def late(chain: list[Step]) -> None:
        chain.insert(-1, seal("result", chain[at(chain, "result")].body, "2024-03-21T00:00:00Z"))

    refused(forged(late), check="deadlines", match="was never published")


def test_two_sealed_results_of_which_one_is_opened() -> None:
    def change(chain: list[Step]) -> None:
        place = at(chain, "result")
        worse = copy.deepcopy(chain[place].body)
        worse["outcomes"][0]["codes"] = ["refused"]
        chain.insert(place - 1, seal("result", worse, "2024-03-14T00:00:00Z"))

    refused(forged(change), check="deadlines", match="was never published")


def test_a_sealed_result_of_a_firm_that_was_not_drawn() -> None:
    def change(chain: list[Step]) -> None:
        place = at(chain, "result")
        chain[place].body["outcomes"].append({"id": "F000", "codes": ["no-problem"]})
        chain[place - 1].body["digest"] = SHA256.hexhash(encode(chain[place].body))

    refused(forged(change), check="result", match="'F000' was never drawn")


def test_a_sealed_substitution_of_somebody_chosen() -> None:
    def change(chain: list[Step]) -> None:
        place = at(chain, "substitution")
        chain[place].body["replacement"] = "F000"
        chain[place - 1].body["digest"] = SHA256.hexhash(encode(chain[place].body))

    refused(forged(change), check="substitution", match="replacement")


@pytest.mark.parametrize("kind", ["void", "commitment"])
def test_no_second_chance_once_something_is_sealed(kind: str) -> None:
    """Whoever has sealed a draw may know it; giving the commitment up now would be a second try."""

    def change(chain: list[Step]) -> None:
        body = {"reason": "we would rather not"} if kind == "void" else chain[0].body
        chain[5:] = [Step(type=kind, time=SEALED, body=body, keys=["organiser"])]

    refused(forged(change), check="chain", match="redraw after entropy", as_of="2024-03-02T12:00:00Z")


@pytest.mark.parametrize("kind", ["reveal", "draw", "substitution", "result"])
def test_a_blind_without_a_seal(kind: str) -> None:
    """The specification has ``blind`` only where the body was sealed: 32 free bytes have no place elsewhere."""
    chain = steps()
    chain[at(chain, kind)].body["blind"] = BLIND
    with pytest.raises(VerificationError, match="blind"):
        judge(forge(chain))


# Known too early


@pytest.mark.parametrize("kind", ["reveal", "draw"])
def test_a_draw_that_was_sealed_before_its_value_could_be_known(kind: str) -> None:
    """Who seals the draw in the evening has the number that he says nobody has before midnight; a witness dates it."""

    def change(chain: list[Step]) -> None:
        place = {"reveal": 3, "draw": 4}[kind]
        early = chain.pop(place)
        early.time = EARLY
        chain.insert(3, early)
        chain.insert(4, witness("2024-03-01T18:05:00Z", "notary", 4))

    with pytest.raises(VerificationError, match=r"unknown until|not_before|before") as caught:
        judge(forged(change))
    assert caught.value.check in ("entropy", "seal")


def test_a_result_that_names_the_drawn_before_the_value_could_be_known() -> None:
    """All targets are inspected the day before the draw, by somebody who knows it; the draw then comes out just so."""

    def change(chain: list[Step]) -> None:
        place = at(chain, "result", 1)
        early = chain.pop(place)
        early.time = EARLY
        chain.insert(3, early)
        chain.insert(4, witness("2024-03-01T18:05:00Z", "notary", 4))

    refused(forged(change), check="chain", match="no draw is public or sealed yet")


# Attested by an auditor

AUDITOR = TrustedKey(name="auditor", public_key=public("auditor"), roles=("auditor",))


def audit(time: str, attests: int, by: str = "auditor") -> Step:
    return witness(time, by, attests)


def attested(*audits: Step, seals: tuple[int, ...] = (3, 4), **options: Any) -> Any:
    """A ceremony that stays sealed to the public: its seals, and audits after them."""
    chain = sealed_steps()
    chain = [*chain[:3], *(chain[i] for i in seals), *audits]
    return judge(forge(chain), **{"trust": policy(also=(AUDITOR,))} | options)


def test_a_sealed_draw_that_an_auditor_attests() -> None:
    report = attested(audit("2024-03-02T00:30:00Z", 5))
    assert Finding.ATTESTED in findings(report)
    assert not {c.name for c in report.passed} & {"draw", "seal", "seed", "deadlines"}


def test_an_attested_draw_is_not_overdue_between_the_opening_of_its_reveal_and_its_own() -> None:
    chain = sealed_steps()
    reveal = next(step for step in chain if step.type == "reveal")
    begun = [*chain[:5], audit("2024-03-02T00:30:00Z", 5), reveal]
    report = judge(forge(begun), trust=policy(also=(AUDITOR,)))
    assert report.stage == "revealed"
    assert Finding.ATTESTED in findings(report)
    refused(forge([*begun[:5], reveal]), check="deadlines", match="the draw was due")


@pytest.mark.parametrize(
    ("case", "audits", "options"),
    [
        ("nobody", (), {}),
        ("a witness who is no auditor", (audit("2024-03-02T00:30:00Z", 5, "notary"),), {}),
        ("an audit of the first seal only", (audit("2024-03-02T00:30:00Z", 4),), {}),
        ("an audit of the commitment", (audit("2024-03-02T00:30:00Z", 1),), {}),
        ("only the draw is sealed", (audit("2024-03-02T00:30:00Z", 4),), {"seals": (4,)}),
        ("only the reveal is sealed", (audit("2024-03-02T00:30:00Z", 4),), {"seals": (3,)}),
        (
            "a second draw sealed after the audit",
            (audit("2024-03-02T00:30:00Z", 5), seal("draw", {"x": 1}, "2024-03-03T00:00:00Z")),
            {},
        ),
    ],
)
def test_an_attestation_that_is_none(case: str, audits: tuple[Step, ...], options: Any) -> None:
    """The deadlines hold for whatever no auditor attests in full."""
    with pytest.raises(VerificationError) as caught:
        attested(*copy.deepcopy(audits), **options)
    assert caught.value.check in ("deadlines", "seal"), case


def test_an_unknown_auditor_and_the_organiser_as_auditor() -> None:
    for by in ("stranger", "organiser"):
        with pytest.raises(VerificationError) as caught:
            attested(audit("2024-03-02T00:30:00Z", 5, by))
        assert caught.value.check == "witness"


def test_an_audit_does_not_date() -> None:
    """An auditor vouches for content; only a witness may date, so two audits do not make up for two witnesses."""
    chain = sealed_steps()
    chain[1:3] = [audit("2024-03-01T00:05:00Z", 1), audit("2024-03-01T00:10:00Z", 1)]
    attack = forge([*chain[:5], audit("2024-03-02T00:30:00Z", 5)])
    refused(attack, check="dates", match="0 of 1 needed witnesses", trust=policy(also=(AUDITOR,)))


def test_results_alone_show_nothing_while_the_draw_is_sealed() -> None:
    """With all rosters at hand a sealed draw is still not a draw that was checked."""
    chain = sealed_steps()
    result = chain[at(chain, "result", 1)]
    attack = forge([*chain[:5], result])
    report = judge(attack, as_of="2024-03-02T12:00:00Z", rosters=honest().rosters)
    assert not {c.name for c in report.passed} & {"draw", "seal", "seed", "result", "result roster"}
    assert set(committed_rosters()) <= {c.subject for c in report.passed if c.name == "roster"}
