"""Attacks with time-locked secrets in whole ceremonies: locks that are withheld, misopen, or serve as a second chance.

The attacker is the holder of the secret, and in the worst case the holder and the organiser are one. He cannot always
be stopped; but then the report must say what he did, and whose fault it is.
"""

from __future__ import annotations

from typing import Any

import ceremonies as kit
import outside
import pytest
from forging import Forged, Link, apart, attacked, found, judge, refused, said, together
from outside import BEFORE, DAY, later

from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, EntropyError, StepError
from dblrandom.evidence import TrustedKey, TrustPolicy
from dblrandom.kernel.suite import SHA256

OPENS = outside.drand().source.not_before
ROUND, LOCK = outside.drand(number=BEFORE), outside.lock()
BAD = outside.lock(holds="notary")
DRAWN = outside.drawn(ROUND, LOCK)
WITHHELD = "no witness saw the secret 'discipline' disclosed"
RIGHT: Any = LOCK.value.evidence


def shown(evidence: Any) -> Forged:
    """The sound ceremony with other evidence for the lock, and a draw that follows from it."""

    def change(links: list[Link]) -> None:
        links[3].body["values"][1]["evidence"] = evidence

    return attacked(DRAWN, change)


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


def test_the_ceremony_is_sound() -> None:
    assert found(judge(shown(RIGHT))) == set()


# Evidence


WRONG: dict[str, Any] = {
    "list": [RIGHT],
    "empty object": {},
    "text": "quicknet",
    "number": 7,
    "true": True,
    "one member more": RIGHT | {"note": "x"},
    "one member less": {k: v for k, v in RIGHT.items() if k != "signature"},
    "round as text": RIGHT | {"round": str(outside.LAST)},
    "round as true": RIGHT | {"round": True},
    "signature of another round": RIGHT | {"signature": ROUND.value.evidence["signature"]},  # type: ignore[index,call-overload]
    "another round": RIGHT | {"round": BEFORE},
    "another network": outside.lock(100000, network="fastnet").value.evidence,
    "chain as a list": RIGHT | {"chain": [RIGHT["chain"]]},
    "null members": dict.fromkeys(RIGHT),
    "deep": nested(26),
    "deep inside": RIGHT | {"chain": nested(25)},
    "huge text": "x" * 1_000_000,
    "huge list": [0] * 100_000,
    "huge object": {f"m{n}": n for n in range(20_000)},
    "huge signature": RIGHT | {"signature": "a" * 1_000_000},
}


@pytest.mark.parametrize("name", WRONG)
def test_lock_opened_with_wrong_evidence(name: str) -> None:
    with pytest.raises(DblrandomError) as caught:
        judge(shown(WRONG[name]))
    assert str(caught.value).startswith("seed: receipt 4 (reveal): source 'discipline': evidence")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
    with pytest.raises(EntropyError, match="source 'discipline': evidence"):
        outside.finished(outside.committed(ROUND, LOCK), ROUND, LOCK.showing(WRONG[name]))


def test_round_and_lock_exchange_their_evidence() -> None:
    def change(links: list[Link]) -> None:
        one, other = links[3].body["values"]
        one["evidence"], other["evidence"] = other["evidence"], one["evidence"]

    refused(attacked(DRAWN, change), "seed", "source 'league': evidence")


# Withholding


def test_right_secret_whose_lock_nobody_opened() -> None:
    """The lock may be false, and the holder disclosed the secret because the round before it pleased him."""
    report = judge(outside.drawn(ROUND, LOCK.showing(None)))
    assert WITHHELD in said(report, "withholding possible")[0]


def test_right_secret_with_null_for_evidence() -> None:
    """A member that is there and says nothing is no opened lock."""
    report = judge(shown(None))
    assert WITHHELD in said(report, "withholding possible")[0]


def test_false_lock_whose_secret_is_disclosed_when_it_suits() -> None:
    report = judge(outside.drawn(ROUND, BAD.showing(None)))
    assert WITHHELD in said(report, "withholding possible")[0]
    with pytest.raises(EntropyError, match="the value is the committed one, but the time-lock opens to another secret"):
        outside.drawn(ROUND, BAD)


def test_locked_to_a_network_of_his_own() -> None:
    """He alone can sign the round that opens it, and does so only where he likes the other source's value."""
    own = outside.private_lock(at=OPENS)
    made = outside.drawn(ROUND, own)
    assert WITHHELD in said(judge(made), "withholding possible")[0]
    open_still = outside.committed(ROUND, own)
    assert WITHHELD in said(judge(open_still), "withholding possible")[0]
    assert found(judge(made, trust=kit.policy(networks=(str(own.source.terms["chain"]),)))) == set()


def test_lock_that_opens_before_the_commitment_is_safely_dated() -> None:
    """Its round comes three seconds before the other source's, so the margin is short by two."""
    given = [outside.drand(), outside.lock(BEFORE)]
    links = apart(outside.drawn(*given))
    for link, time in zip(links[:3], [later(OPENS, -DAY), *[later(OPENS, -61)] * 2], strict=True):
        link.time = time
        link.body.update({"time": time} if link.type == "witness" else {})
    refused(
        together(links), "entropy", "its time-lock opens at 2025-08-21T19:09:21Z, not 60 s after 2025-08-21T19:08:23Z"
    )
    for link in links[1:3]:
        link.time = link.body["time"] = later(OPENS, -63)
    assert found(judge(together(links))) == set()


def test_lock_that_opens_after_the_deadline_of_the_reveal() -> None:
    links = apart(DRAWN)
    links[0].body["deadlines"]["reveal"] = ROUND.source.not_before
    refused(together(links), "commitment", "the reveal is due by .*, before 'discipline' can be public")


def test_lock_with_a_not_before_of_its_own() -> None:
    """Later than its round: he who opens it with the public round knows it before everybody else."""
    links = apart(DRAWN)
    links[0].body["sources"][1]["not_before"] = later(OPENS, 3600)
    refused(together(links), "commitment", "round 21000000 is due at 2025-08-21T19:09:24Z")


# Voids with proof


def void(time: str = later(OPENS, 60), proof: Any = None) -> Link:
    body = {"reason": "synthetic"} | ({} if proof is None else {"proof": proof})
    return Link(type="void", time=time, body=body, keys=kit.keys("organiser"))


def voided(made: Ceremony, proof: Any, time: str = later(OPENS, 60), *, again: bool = True) -> Forged:
    """A void with this proof after the commitment and its dates, and a commitment on the notary's chain after it."""
    links = [*apart(made)[:3], void(time, proof)]
    return together([*links, *(_again(together(links), time) if again else [])])


def _again(begun: Forged, time: str) -> list[Link]:
    given = outside.chain(later(time, 2 * DAY))
    links = apart(outside.drawn(given, start=later(time, 60)))
    links[0].body["replaces"] = SHA256.hexhash(begun.payloads[0])
    for link in links[1:3]:
        link.body["sequence"] += len(begun.payloads)
    return links


HONEST, FALSE = outside.committed(ROUND, LOCK), outside.committed(ROUND, BAD)
PROOF = {"discipline": RIGHT}


def test_void_with_a_true_proof() -> None:
    assert found(judge(voided(FALSE, PROOF))) == {"time-lock misopened"}


@pytest.mark.parametrize(
    ("proof", "problem"),
    [
        ({}, "it is empty"),
        ({"league": RIGHT}, "no secret 'league' is committed that could lack a value"),
        ({"nobody": RIGHT}, "no secret 'nobody' is committed"),
        ({"discipline": RIGHT, "league": RIGHT}, "no secret 'league'"),
        ({"discipline": {}}, "evidence"),
        ({"discipline": None}, "evidence"),
        ({"discipline": [RIGHT]}, "evidence"),
        ({"discipline": nested(26)}, "evidence"),
        ({"discipline": RIGHT | {"round": BEFORE}}, "is of round 20999999"),
        ({"discipline": RIGHT | {"signature": "aa" * 48}}, "signature"),
    ],
)
def test_void_with_a_proof_that_proves_nothing(proof: Any, problem: str) -> None:
    refused(voided(FALSE, proof), "void", problem)
    with pytest.raises(EntropyError, match=problem):
        outside.committed(ROUND, BAD).void("synthetic", time=later(OPENS, 60), keys=kit.keys("organiser"), proof=proof)


def test_void_with_proof_for_a_lock_that_opens_well() -> None:
    refused(voided(HONEST, PROOF), "void", "its time-lock opens to the committed secret; nothing is wrong with it")


def test_void_with_proof_for_a_secret_without_a_lock() -> None:
    made = outside.committed(ROUND, outside.secret(OPENS))
    refused(voided(made, PROOF), "void", "source 'discipline': has no time-lock")


def test_void_with_proof_for_one_secret_of_an_earlier_commitment() -> None:
    """The lock that misopened was given up with its commitment; the one in force has none."""
    first = [*apart(FALSE), void(proof=PROOF)]
    again = _again(together(first), later(OPENS, 60))[:3]
    late = void(later(OPENS, 3 * DAY), PROOF)
    refused(together([*first, *again, late]), "void", "no secret 'discipline' is committed")


@pytest.mark.parametrize("place", [4, 5])
def test_void_with_proof_after_the_reveal(place: int) -> None:
    """The value was seen, and the draw with it."""
    links = apart(outside.drawn(ROUND, BAD.showing(None)))
    refused(together([*links[:place], void(links[-1].time, PROOF)]), "chain", "redraw after entropy")
    made = outside.drawn(ROUND, BAD.showing(None))
    with pytest.raises(StepError, match="redraw after entropy"):
        made.void("x", time=links[-1].time, keys=kit.keys("organiser"), proof=PROOF)


def test_void_without_proof_when_the_round_is_out() -> None:
    """That the lock misopens helps nobody who does not show it."""
    links = [*apart(FALSE), void()]
    refused(together([*links, *_again(together(links), later(OPENS, 60))]), "void", "redraw after entropy")


# Whose fault


def charged(made: Ceremony, proof: Any, trust: TrustPolicy | None = None) -> tuple[set[str], str]:
    report = judge(voided(made, proof), trust=trust)
    return found(report), said(report, "time-lock misopened")[0]


def test_organiser_makes_himself_a_free_redraw() -> None:
    """He holds the secret, locks another one, looks at the round, and voids with proof where it displeases him.

    Nothing can stop him who refuses to go on. The report says that his own lock misopened, and that he could do it.
    """
    own = outside.lock(by="organiser", holds="notary")
    names, charge = charged(outside.committed(ROUND, own), {"organiser": own.value.evidence})
    assert names == {"time-lock misopened", "withholding possible"}
    assert charge.startswith("receipt 1 (commitment): 'organiser', held by organiser: ")
    report = judge(voided(outside.committed(ROUND, own), {"organiser": own.value.evidence}))
    assert "could so give up a draw that he had seen" in said(report, "withholding possible")[0]


def test_organiser_tries_again_and_again() -> None:
    """Each redraw is on record."""
    first = [*apart(FALSE), void(later(OPENS, -3 * 3600), PROOF)]
    own = outside.lock(by="organiser", holds="trade")
    second = apart(outside.committed(ROUND, own, start=later(OPENS, -2 * 3600)))
    second[0].body["replaces"] = SHA256.hexhash(together(first).payloads[0])
    for link in second[1:]:
        link.body["sequence"] = len(first) + 1
    last = void(later(OPENS, 60), {"organiser": own.value.evidence})
    report = judge(together([*first, *second, last]))
    assert [detail.split(":")[1] for detail in said(report, "time-lock misopened")] == [
        " 'discipline', held by discipline",
        " 'organiser', held by organiser",
    ]


def test_lock_to_a_network_of_his_own_misopens_whenever_he_likes() -> None:
    """The proof is good long before its round, since he runs the network; the report says both."""
    own = outside.private_lock(at=OPENS, holds="notary")
    report = judge(voided(outside.committed(ROUND, own), {"discipline": own.value.evidence}, later(OPENS, -3600)))
    assert found(report) == {"time-lock misopened", "withholding possible"}


def test_nobody_is_charged_with_what_he_did_not_sign() -> None:
    """The organiser names the archive as the holder of a secret that it has never seen."""
    framed = outside.lock(by="archive", holds="notary")
    key = kit.key("archive")
    archive = TrustedKey(name="archive", public_key=key.public_key.hex(), roles=("party",))
    made = outside.committed(ROUND, framed)
    names, charge = charged(made, {"archive": framed.value.evidence}, kit.policy(also=(archive,)))
    assert names == {"time-lock misopened", "withholding possible"}
    assert f"held by the key {key.keyid}: " in charge
