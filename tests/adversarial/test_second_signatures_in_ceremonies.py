"""Attacks with second signatures in whole ceremonies: one that stands alone, is another's, or was revoked.

Second signatures do not enter a receipt's digest, so an attacker may add to a finished ceremony what he likes.
"""

from __future__ import annotations

from typing import Any

import attrs
import ceremonies as kit
import outside
import pytest
from forging import Forged, apart, found, judge, refused, together
from outside import second_declared, second_key

from dblrandom.ceremony import Ceremony
from dblrandom.evidence import Requirement, TrustedKey, TrustPolicy, add_signatures, suggested_trust
from dblrandom.kernel.mldsa import MlDsa44Signer
from dblrandom.kernel.signing import Signer

FIRST = Requirement("organiser", 1)
BOTH = (FIRST, Requirement("organiser", 1, algorithm="ml-dsa-44"))
LONG_AGO, LONG_AFTER = "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"


def quantum(name: str) -> MlDsa44Signer:
    return MlDsa44Signer.from_private_bytes(kit.h32(f"ml-dsa key of {name}"))


OWN, NOTARYS = quantum("organiser"), quantum("notary")


def trusting(*also: TrustedKey, needs: tuple[Requirement, ...] = BOTH, kind: str = "draw", **more: Any) -> TrustPolicy:
    return kit.policy(also=also or (second_key(OWN, "organiser", "organiser"),), require={kind: needs}, **more)


TRUST = trusting()


def made(*seconds: Signer, declare: tuple[MlDsa44Signer, ...] = (OWN,)) -> Ceremony:
    """Committed with the organiser's second key declared; reveal and draw signed by these beside him."""
    declared = [second_declared(key, "organiser") for key in declare]
    begun = outside.committed(outside.drand(), also=declared, seconds=declare, trust=TRUST)
    return outside.finished(begun, outside.drand(), seconds=seconds)


SOUND = made(OWN)


def test_the_ceremony_is_sound() -> None:
    assert found(judge(SOUND, trust=TRUST)) == set()


def test_second_signature_is_missing() -> None:
    refused(made(), "signature", "0 of 1 needed holders of the role organiser signed it by ml-dsa-44", trust=TRUST)


def test_second_signature_without_the_first() -> None:
    """The notary's Ed25519 signature makes the envelope; the organiser signs with his second key alone."""
    links = apart(SOUND, OWN)
    links[-1].keys = [kit.key("notary"), OWN]
    alone = trusting(needs=(BOTH[1],))
    refused(together(links), "signature", "'organiser' by ml-dsa-44, without a first signature", trust=alone)
    refused(together(links), "signature", "0 of 1 needed holders of the role organiser signed it;", trust=TRUST)


def test_second_signature_beside_a_first_one_of_another_holder() -> None:
    """The notary's second key signs beside the organiser's first one."""
    both = trusting(second_key(NOTARYS, "notary", "witness"), needs=(FIRST, Requirement("witness", 1, (), "ml-dsa-44")))
    refused(made(NOTARYS), "signature", "'notary' by ml-dsa-44, without a first signature", trust=both)


def test_second_signature_beside_a_first_one_that_was_revoked() -> None:
    keys = [attrs.evolve(k, revoked=LONG_AGO) if k.name == "notary" else k for k in kit.policy().keys]
    needs = (FIRST, Requirement("witness", 1, algorithm="ml-dsa-44"))
    trust = TrustPolicy(keys=(*keys, second_key(NOTARYS, "notary", "witness")), require={"draw": needs})
    notary = kit.key("notary")
    refused(made(notary, NOTARYS), "signature", "'notary' by ml-dsa-44, without a first signature", trust=trust)
    fine = attrs.evolve(trust, keys=(*kit.policy().keys, second_key(NOTARYS, "notary", "witness")))
    assert found(judge(made(notary, NOTARYS), trust=fine)) == set()


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"revoked": LONG_AGO}, "was revoked on 2020-01-01"),
        ({"revoked": LONG_AFTER}, "was revoked on 2030-01-01T00:00:00Z, and no other witness dates this before"),
        ({"valid_until": LONG_AGO}, "is valid until 2020-01-01"),
        ({"valid_from": LONG_AFTER}, "is valid from 2030-01-01"),
    ],
)
def test_second_key_out_of_its_time(limits: dict[str, str], problem: str) -> None:
    trust = trusting(second_key(OWN, "organiser", "organiser", **limits))
    refused(
        SOUND,
        "signature",
        f"not counted: 'organiser', whose key {problem}",
        trust=trust,
        as_of=outside.later(SOUND.receipts[-1].time, 1),
    )


def test_second_key_revoked_after_a_witness_saw_the_receipt() -> None:
    dated = made(OWN)
    dated.witness(time=dated.receipts[-1].time, keys=kit.keys("notary"))
    trust = trusting(second_key(OWN, "organiser", "organiser", revoked=LONG_AFTER))
    assert found(judge(dated, trust=trust)) == set()


def test_second_key_that_the_commitment_does_not_declare() -> None:
    """An earlier office's key, or one that was made after the draw."""
    late = quantum("late")
    trust = trusting(second_key(late, "organiser", "organiser"))
    refused(made(late), "signature", "0 of 1 needed holders .* by ml-dsa-44", trust=trust)


def test_two_second_keys_of_one_holder_are_one() -> None:
    other = quantum("organiser, again")
    keys = tuple(second_key(key, "organiser", "organiser") for key in (OWN, other))
    trust = trusting(*keys, needs=(FIRST, Requirement("organiser", 2, algorithm="ml-dsa-44")))
    refused(made(OWN, other, declare=(OWN, other)), "signature", "1 of 2 needed holders", trust=trust)


def test_second_signature_over_another_receipt() -> None:
    """The one under the reveal, put under the draw."""
    links = apart(SOUND, OWN)
    draw = together([*links[:-1], attrs.evolve(links[-1], keys=links[-1].keys[:1])])
    reveal = next(s.value for s in SOUND.receipts[3].signatures if s.keyid == OWN.keyid)

    @attrs.frozen
    class Copier:
        algorithm: str = "ml-dsa-44"
        public_key: bytes = OWN.public_key
        keyid: str = OWN.keyid

        def sign(self, message: bytes) -> bytes:
            return reveal

    ed25519 = together([*links[:-1], attrs.evolve(links[-1], keys=kit.keys("organiser"))])
    forged = Forged(
        (*ed25519.receipts[:-1], add_signatures(ed25519.receipts[-1], [Copier()])), draw.payloads, draw.rosters
    )
    for trust in (TRUST, trusting(needs=(FIRST,))):
        refused(forged, "signature", "the signature of 'organiser' is bad", trust=trust)
    assert found(judge(forged)) == set(), "who does not know the key cannot tell, and does not count it"


def test_witness_with_a_second_key_alone() -> None:
    """A second signature carries no date, even beside a stranger's first one."""
    links = apart(SOUND, OWN)
    for link in links[1:3]:
        link.keys = [kit.key("stranger"), NOTARYS]
    refused(
        together(links),
        "witness",
        "no trusted witness or auditor signed it",
        trust=trusting(second_key(NOTARYS, "notary", "witness")),
    )


def test_secret_held_by_a_second_key_is_nobodys() -> None:
    """Independence rests on a first signature: the holder of a secret is a key of Ed25519."""
    held = outside.secret().declaring(keyid=NOTARYS.keyid)
    declared = [second_declared(NOTARYS, "notary", "party")]
    trust = kit.policy(also=(second_key(NOTARYS, "notary", "witness"),))
    begun = outside.committed(held, also=declared, seconds=[NOTARYS], trust=trust)
    report = judge(outside.finished(begun, held), trust=trust)
    assert found(report) == {"not verifiable against the organiser", "withholding possible"}


def test_second_witness_key_is_no_second_witness() -> None:
    links = apart(SOUND, OWN)
    del links[2]
    links[1].keys = [kit.key("notary"), NOTARYS]
    trust = kit.policy(also=(second_key(NOTARYS, "notary", "witness"),), witnesses=2)
    refused(together(links), "dates", "1 of 2 needed witnesses", trust=trust)


def test_suggested_policy_of_a_ceremony_with_second_keys() -> None:
    suggested = suggested_trust(SOUND.commitment)
    assert {key.algorithm for key in suggested.keys} == {"ed25519", "ml-dsa-44"}
    assert found(judge(SOUND, trust=suggested)) == set()
