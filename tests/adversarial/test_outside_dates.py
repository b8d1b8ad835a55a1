"""Attacks with time stamps and log proofs in whole ceremonies: dates that are another's, too late, or nobody's.

Whoever signs the receipt that carries such a date vouches for nothing. So an attacker may put in what he likes, and
must gain nothing by it.
"""

from __future__ import annotations

from typing import Any

import attrs
import authority
import ceremonies as kit
import outside
import pytest
from authority import DAY, SIGNED
from forging import Forged, Link, apart, found, idle, judge, refused, said, together, witness
from outside import at

from dblrandom.drawing import Declared
from dblrandom.errors import InputError, StepError
from dblrandom.evidence import Authority, TrustedLog, TrustPolicy
from dblrandom.kernel._der import SEQUENCE, encode
from dblrandom.kernel.dsse import b64encode
from dblrandom.tlog import WITNESS_KEY, VerifierKey

GOOD = authority.chain("dates good", end=SIGNED + 1000 * DAY)
BRIEF = authority.chain("dates brief", end=SIGNED + 10 * DAY)
STRANGE = authority.chain("dates strange", end=SIGNED + 1000 * DAY)
STAMPED = "2024-03-01T12:00:00Z"
RENEWED = "2024-03-05T00:00:00Z"
YEARS_LATER = "2026-01-01T00:00:00Z"
TRUST = kit.policy(authorities=(outside.trusted(GOOD, "good"), outside.trusted(BRIEF, "brief")))
LOG = kit.policy(logs=(outside.trusted_log("w1", "w2", threshold=2),))
SEEN = {"w1": "2024-03-01T02:00:00Z", "w2": "2024-03-01T03:00:00Z"}
UNDATED = outside.drawn(outside.chain(), by=(), trust=kit.policy(witnesses=0), start=kit.COMMITTED)
COMMITMENT = UNDATED.receipts[0].payload
REVEAL = UNDATED.receipts[1].payload


def dating(*carriers: Link, place: int = 1) -> Forged:
    """The undated ceremony with these receipts after the commitment, or further on."""
    links = apart(UNDATED)
    links[place:place] = carriers
    return together(links)


def stamped(payload: bytes = COMMITMENT, links: authority.Chain = GOOD, *signers: str, **more: Any) -> Link:
    """The organiser's own receipt with a token."""
    token = outside.stamp(payload, links, **more)
    return witness(STAMPED, 1, *(signers or ("organiser",)), tokens=[token])


def logged(text: str) -> Link:
    return witness(STAMPED, 1, "organiser", logged=text)


def renewal(links: authority.Chain, when: str, *, of: int = 2) -> Forged:
    """A token that has expired, and another one over the receipt ``of``, made at ``when``."""
    carrier, chain = stamped(links=BRIEF), apart(UNDATED)
    chain.insert(1, carrier)
    again = outside.stamp(together(chain).payloads[of - 1], links, when=at(when))
    return together([*chain, witness(max(when, RENEWED), of, "organiser", tokens=[again])])


def test_the_ceremony_is_sound_with_an_honest_date() -> None:
    """What follows is refused for the attack's sake."""
    for forged, trust in ((dating(stamped()), TRUST), (dating(logged(outside.proof(COMMITMENT, **SEEN))), LOG)):
        assert found(judge(forged, trust=trust)) == {"uniqueness not shown"}


# Time stamps


def test_token_over_another_receipt() -> None:
    refused(dating(stamped(REVEAL)), "time stamp", "token 1: dates other bytes", trust=TRUST)


def test_token_over_another_receipt_is_not_admitted() -> None:
    made = outside.committed(outside.chain(), by=(), start=kit.COMMITTED, trust=TRUST)
    with pytest.raises(StepError, match="carries a date that does not hold: token 1: dates other bytes"):
        made.witness(time=STAMPED, keys=kit.keys("organiser"), tokens=[outside.stamp(REVEAL, GOOD)])


def test_token_of_an_untrusted_authority() -> None:
    forged = dating(stamped(links=STRANGE))
    refused(forged, "dates", "0 of 1 needed witnesses", trust=TRUST)
    report = judge(forged, trust=attrs.evolve(TRUST, witnesses=0))
    assert found(report) == {"commitment not dated", "uniqueness not shown"}
    assert idle(report) == [
        "does not count: token 1 is of 'CN=synthetic dates strange root', an authority that the policy does not name"
    ]


def test_token_of_an_authority_with_a_trusted_name() -> None:
    """A root that calls itself as the trusted one does, with another key."""
    root = authority.certified("dates good root", key_name="impostor", usage="issue")
    middle = authority.certified("dates good intermediate", root, key_name="impostor middle", usage="issue")
    impostor = authority.Chain(root, middle, authority.stamping("dates good signer", middle, key_name="impostor leaf"))
    assert impostor.root.certificate.subject == GOOD.root.certificate.subject
    refused(dating(stamped(links=impostor)), "dates", "0 of 1 needed witnesses", trust=TRUST)


def test_trusted_root_under_a_strange_signer() -> None:
    mixed = authority.Chain(GOOD.root, STRANGE.middle, STRANGE.leaf)
    refused(dating(stamped(links=mixed)), "time stamp", "certificate", trust=TRUST)


def test_organiser_counted_as_a_witness_for_carrying_a_token() -> None:
    trust = attrs.evolve(TRUST, witnesses=2)
    refused(dating(stamped()), "dates", "1 of 2 needed witnesses", trust=trust)


def test_organiser_carries_a_worthless_token_to_be_a_witness() -> None:
    refused(dating(stamped(links=STRANGE)), "dates", "0 of 1 needed", trust=TRUST)


def test_two_tokens_of_one_authority_are_one() -> None:
    tokens = [outside.stamp(COMMITMENT, GOOD, serial=n) for n in (7, 8)]
    twice = dating(witness(STAMPED, 1, "organiser", tokens=tokens))
    refused(twice, "dates", "1 of 2 needed", trust=attrs.evolve(TRUST, witnesses=2))


def test_token_beside_a_witness_does_not_make_the_organiser_one() -> None:
    """Signed by both, the receipt counts for the notary and for the authority."""
    forged = dating(stamped(COMMITMENT, GOOD, "notary", "organiser"))
    assert found(judge(forged, trust=attrs.evolve(TRUST, witnesses=2))) == set()
    refused(forged, "dates", "2 of 3 needed", trust=attrs.evolve(TRUST, witnesses=3))


def test_token_that_comes_too_late() -> None:
    """A second after what the margin allows; the payload's own time is of the day before."""
    late = "2024-03-01T23:59:01Z"
    refused(dating(stamped(when=at(late))), "dates", "is not 60 s after 2024-03-01T23:59:01Z", trust=TRUST)
    assert found(judge(dating(stamped(when=at("2024-03-01T23:59:00Z"))), trust=TRUST)) == {"uniqueness not shown"}


def test_certificates_that_are_none() -> None:
    for wrong in (b"x" * 9, b"\x30\x80" * 40):
        link = stamped()
        link.body["tokens"][0]["certificates"][-1] = b64encode(wrong)
        refused(dating(link), "time stamp", "certificate", trust=TRUST)


def test_disclosed_by_the_organiser_beside_a_token() -> None:
    """He writes down the secret as public in time, in a receipt that an authority's token makes readable."""
    given = [outside.chain(), outside.secret()]
    links = apart(outside.drawn(*given, start=kit.COMMITTED))
    secret = {"discipline": kit.secret("discipline")}
    payload = together(links[:1]).payloads[0]
    token = outside.stamp(payload, GOOD)
    for tokens in ([token], [outside.stamp(payload, STRANGE)]):
        forged = together([*links[:3], witness(STAMPED, 1, "organiser", disclosed=secret, tokens=tokens), *links[3:]])
        assert found(judge(forged, trust=TRUST)) == {"withholding possible"}
    honest = together([*links[:3], witness(STAMPED, 1, "notary", disclosed=secret, tokens=[token]), *links[3:]])
    assert found(judge(honest, trust=TRUST)) == set()


def test_disclosed_by_the_organiser_beside_a_token_is_not_admitted() -> None:
    made = outside.committed(outside.chain(), outside.secret(), start=kit.COMMITTED)
    token, secret = outside.stamp(made.receipts[0].payload, GOOD), {"discipline": kit.secret("discipline")}
    for signers in (("organiser",), ("organiser", "notary")):
        with pytest.raises(StepError, match="the organiser cannot witness his own ceremony"):
            made.witness(time=STAMPED, keys=kit.keys(*signers), disclosed=secret, tokens=[token])


# Renewal


def test_expired_token_without_renewal() -> None:
    refused(dating(stamped(links=BRIEF)), "dates", "0 of 1 needed witnesses", trust=TRUST, as_of=YEARS_LATER)


@pytest.mark.parametrize("when", [RENEWED, "2024-03-11T12:00:00Z"])
def test_renewal_in_time(when: str) -> None:
    """In its last second a certificate is still good (RFC 5280 section 4.1.2.5)."""
    report = judge(renewal(GOOD, when), trust=TRUST, as_of="2024-12-01T00:00:00Z")
    assert "dated 2024-03-01T12:00:00Z by brief, good" in [c.detail for c in report.passed]


@pytest.mark.parametrize("when", ["2024-03-11T12:00:01Z", "2024-04-01T00:00:00Z"])
def test_renewal_made_after_the_expiry(when: str) -> None:
    """An expired key may be anybody's by now."""
    refused(renewal(GOOD, when), "dates", "is not 60 s after", trust=TRUST, as_of="2024-12-01T00:00:00Z")


def test_renewal_of_the_commitment_and_not_of_the_token() -> None:
    """It says nothing about the older token, which could have been made the day before yesterday."""
    refused(
        renewal(GOOD, RENEWED, of=1), "dates", "is not 60 s after 2024-03-05", trust=TRUST, as_of="2024-12-01T00:00:00Z"
    )


def test_renewal_by_an_untrusted_authority() -> None:
    refused(renewal(STRANGE, RENEWED), "dates", "0 of 1 needed", trust=TRUST, as_of="2024-12-01T00:00:00Z")


def test_renewal_by_a_token_that_has_expired_too() -> None:
    refused(renewal(BRIEF, RENEWED), "dates", "0 of 1 needed", trust=TRUST, as_of="2024-12-01T00:00:00Z")


# Logs


def test_log_proof_of_another_receipt() -> None:
    refused(dating(logged(outside.proof(REVEAL, **SEEN))), "log", "entry 1 of 3 is another one", trust=LOG)


def test_log_proof_of_another_log() -> None:
    forged = dating(logged(outside.proof(COMMITMENT, "other.example/log", **SEEN)))
    refused(forged, "dates", "0 of 1 needed", trust=LOG)
    report = judge(forged, trust=attrs.evolve(LOG, witnesses=0))
    assert idle(report) == [
        "does not count: the proof is of the log 'other.example/log', which the policy does not name"
    ]


def test_log_proof_of_a_log_that_took_the_name() -> None:
    """The same origin under another key."""
    key = VerifierKey.of(outside.ORIGIN, 1, kit.key("impostor")).text
    trust = kit.policy(logs=(TrustedLog(key=key, witnesses=LOG.logs[0].witnesses),))
    refused(dating(logged(outside.proof(COMMITMENT, **SEEN))), "log", "signature", trust=trust)


def test_log_proof_below_the_threshold() -> None:
    few = outside.proof(COMMITMENT, w1=SEEN["w1"], stranger=SEEN["w2"])
    refused(dating(logged(few)), "log", "1 known witnesses cosigned, and 2 are asked for", trust=LOG)


def test_log_proof_cosigned_later_than_as_of() -> None:
    forged = dating(logged(outside.proof(COMMITMENT, **SEEN)))
    refused(forged, "log", "2024-03-01T03:00:00Z", trust=LOG, as_of="2024-03-01T02:59:59Z")
    assert judge(forged, trust=LOG, as_of="2024-03-01T03:00:00Z").stage == "drawn"


def test_log_proof_cosigned_when_the_value_was_public() -> None:
    late = outside.proof(COMMITMENT, w1=SEEN["w1"], w2="2024-03-02T00:00:00Z")
    refused(dating(logged(late)), "dates", "is not 60 s after 2024-03-02T00:00:00Z", trust=LOG)


def test_log_witnessed_by_the_organiser_himself() -> None:
    """The verifier trusts a log's witness and does not know that it is the organiser."""
    own = kit.key("log witness w1").public_key.hex()
    other = Declared(role="organiser", public_key=own, name="second organiser")
    made = outside.committed(
        outside.chain(), by=(), also=[other], seconds=[kit.key("log witness w1")], start=kit.COMMITTED
    )
    text = outside.proof(made.receipts[0].payload, **SEEN)
    made.witness(time=STAMPED, keys=kit.keys("organiser"), logged=text)
    undated = attrs.evolve(LOG, witnesses=0)
    assert idle(judge(made, trust=undated)) == [
        "does not count: the log 'log.example/receipts' has only 1 witnesses whose key is not the organiser's"
    ]
    assert found(judge(made, trust=undated)) == {"commitment not dated", "uniqueness not shown"}


@pytest.mark.parametrize("name", ["notary", "organiser"])
def test_log_witnessed_by_somebody_who_would_count_twice(name: str) -> None:
    key = VerifierKey.of("w.example", WITNESS_KEY, kit.key(name)).text
    with pytest.raises(InputError, match=f"'w.example' has the key of '{name}', who would count twice"):
        kit.policy(logs=(TrustedLog(key=outside.log_key().text, witnesses=(key,)),))


def test_authority_named_as_a_witness() -> None:
    """Under a holder's name it would count with him as one, and date what he must not date himself."""
    certificate = b64encode(GOOD.root.der)
    with pytest.raises(InputError, match="'notary' is a key's holder too"):
        kit.policy(authorities=(Authority(name="notary", certificate=certificate),))


# What a date does not show


def test_a_witness_who_comes_after_the_draw_shows_no_uniqueness() -> None:
    """Ten commitments with tokens, of which the notary is shown the one whose draw pleases."""
    links = apart(UNDATED)
    forged = together([links[0], stamped(), *links[1:], witness(kit.DRAWN, 4, "notary")])
    report = judge(forged, trust=TRUST)
    assert found(report) == {"uniqueness not shown"}
    assert "only time stamps and logs date it in time" in said(report, "uniqueness not shown")[0]


def test_an_inaccurate_token_makes_nothing_late() -> None:
    """Good to twenty hours: what comes after it was made after its earliest moment, not after its latest."""
    accuracy = encode(SEQUENCE, authority.number(20 * 3600))
    rough = stamped(when=at("2024-03-02T10:00:00Z"), tail=accuracy)
    links = apart(UNDATED)
    early = witness(kit.DATED, 1, "notary")
    seen = witness("2024-03-02T12:00:00Z", 5, "notary")
    forged = together([links[0], early, rough, *links[1:], seen])
    assert found(judge(forged, trust=TRUST, as_of="2024-04-01T00:00:00Z")) == set()


def test_dates_of_every_kind_survive_the_policy_file() -> None:
    trust = attrs.evolve(TRUST, logs=LOG.logs, networks=("ab" * 32, "cd" * 64))
    assert TrustPolicy.from_bytes(trust.to_bytes()) == trust
