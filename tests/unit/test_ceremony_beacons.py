"""Whole ceremonies with every source, date and signature: each verifies, and its report says what it lacks."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import authority
import ceremonies as kit
import outside
import pytest
from forging import idle, judge, refused, said
from outside import BEFORE, Known, at, committed, drawn, finished, judged, later

from dblrandom.adapters.sm2 import Sm2, Sm2Signer
from dblrandom.ceremony import Ceremony
from dblrandom.errors import NotYetPublic
from dblrandom.evidence import Requirement, TrustedKey, TrustPolicy
from dblrandom.kernel.mldsa import MlDsa44Signer
from dblrandom.kernel.timestamps import make_request, read_token
from dblrandom.model.names import time_seconds

OPENS = outside.drand().source.not_before
"""When the last recorded round of quicknet came."""
TESTNETS = [("fastnet", 100000), ("testnet-default", 3361396), ("testnet-unchained-3s", 1000000)]
NO_PIN = ("hash chain", "receipt 1 (commitment)")
NO_PREVIOUS = ("previous ceremony", "receipt 1 (commitment)")
FORM_ONLY = {
    ("public event", "receipt 4 (reveal)"),
    ("schedule", "receipt 1 (commitment)"),
    ("outcomes", "receipt 1 (commitment)"),
}


def dice(name: str, event: str, last: int = 6) -> Known:
    """Twenty dice before a notary."""
    return outside.public("1 " * 19 + str(last), name=name, event=event, form="dice 20", outcomes=6**20)


# One kind of source at a time


@pytest.mark.parametrize(
    ("given", "lacking", "unchecked"),
    [
        ([outside.drand()], set(), set()),
        ([outside.drand("quicknet", 1000)], set(), set()),
        ([outside.drand("default", 3311596)], set(), set()),
        ([outside.nist()], set(), set()),
        ([outside.public()], {"grindable"}, FORM_ONLY),
        ([dice("a", "synthetic dice A")], {"grindable"}, FORM_ONLY),
        ([dice("a", "synthetic dice A"), dice("b", "synthetic dice B", 5)], {"grindable"}, FORM_ONLY),
        ([outside.chain()], set(), {NO_PIN}),
        ([outside.secret()], {"withholding possible"}, set()),
        ([outside.drand(number=BEFORE), outside.secret(OPENS)], {"withholding possible"}, set()),
        ([outside.lock()], set(), set()),
        ([outside.drand(number=BEFORE), outside.lock()], set(), set()),
        ([outside.drand(), outside.lock(BEFORE)], set(), set()),
        ([outside.drand(number=BEFORE), outside.lock().showing(None)], {"withholding possible"}, set()),
        *(
            ([outside.drand(c, n)], {"not verifiable against the organiser", "withholding possible"}, set())
            for c, n in TESTNETS
        ),
    ],
    ids=lambda value: "+".join(k.source.kind for k in value) if isinstance(value, list) else "",
)
def test_each_source_by_itself(given: list[Known], lacking: set[str], unchecked: set[tuple[str, str]]) -> None:
    report = judged(drawn(*given))
    assert report.stage == "drawn"
    assert kit.findings(report) == lacking
    assert kit.skipped(report) == unchecked | {NO_PREVIOUS}


@pytest.mark.parametrize(("network", "number"), TESTNETS)
def test_another_network_counts_where_the_policy_names_it(network: str, number: int) -> None:
    made = drawn(outside.drand(network, number))
    trust = kit.policy(networks=(outside.chain_info(network).hash,))
    assert kit.findings(judged(made, trust=trust)) == set()
    assert TrustPolicy.from_bytes(trust.to_bytes()) == trust


def test_a_round_is_not_revealed_before_its_time() -> None:
    made = committed(outside.drand())
    with pytest.raises(NotYetPublic, match="'league' is not public before 2025-08-21T19:09:24Z"):
        made.reveal({"league": outside.drand().value}, time=later(OPENS, -1), keys=kit.keys("organiser"))


def test_an_unfinished_ceremony_is_told_apart_from_a_drawn_one() -> None:
    made = committed(outside.drand(number=BEFORE), outside.lock(), outside.public(at=OPENS))
    report = judged(made)
    assert (report.stage, kit.findings(report)) == ("committed", set())
    assert {("seed", "reveal"), ("draw", "draw"), ("schedule", "receipt 1 (commitment)")} < kit.skipped(report)


# Several sources


def by_hand(made: Ceremony, *given: Known) -> str:
    """The seed as somebody with a sheet of paper and sha256sum finds it."""
    lines = ["dblrandom/v1/seed", made.commitment_digest]
    lines += [f"{k.source.kind} {k.source.name} {k.value.value}" for k in given]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_chain_round_and_secret_combined_in_the_declared_order() -> None:
    given = [outside.chain(OPENS), outside.drand(), outside.secret(OPENS)]
    found = set()
    for order in (given, given[::-1]):
        made = committed(*order)
        moment = later(OPENS, -3600)
        made.witness(time=moment, keys=kit.keys("notary"), disclosed={"discipline": kit.secret("discipline")})
        report = judged(finished(made, *given))
        assert kit.findings(report) == set()
        assert next(c.detail for c in report.passed if c.name == "seed") == by_hand(made, *order)
        names = ", ".join(f"{k.source.name} ({k.source.kind})" for k in order)
        entropy = next(c.detail for c in report.passed if c.name == "entropy")
        assert entropy.startswith(f"independent sources: {names}; dated")
        found.add(by_hand(made, *order))
    assert len(found) == 2


def test_a_lottery_beside_a_round_is_not_grindable() -> None:
    report = judged(drawn(outside.public(at=OPENS), outside.drand()))
    assert kit.findings(report) == set()


# Time-locks


def misopened(by: str = "discipline") -> tuple[Ceremony, list[Known]]:
    """A round and a secret, whose lock turns out to hold another one; the ceremony is begun again."""
    first = [outside.drand(number=BEFORE), outside.lock(holds="notary")]
    made = committed(*first)
    made.void(
        "synthetic: the lock misopened",
        time=later(OPENS, 60),
        keys=kit.keys("organiser"),
        proof={"discipline": first[1].value.evidence},
    )
    again = [outside.chain(later(OPENS, 3 * outside.DAY))]
    return committed(*again, made=made, start=later(OPENS, 3600)), again


def test_a_secret_that_misopens_is_charged_to_its_holder() -> None:
    made, again = misopened()
    report = judged(finished(made, *again))
    assert kit.findings(report) == {"time-lock misopened"}
    why = "the time-lock opens to another secret than the one whose digest was committed"
    assert said(report, "time-lock misopened") == [f"receipt 1 (commitment): 'discipline', held by discipline: {why}"]
    void = next(c for c in report.passed if c.name == "void")
    assert (void.subject, void.detail) == ("receipt 4 (void)", "proved: discipline has no value")


# Dates

OLD = authority.chain("unit old", end=authority.SIGNED + 10 * authority.DAY)
NEW = authority.chain("unit new", end=authority.SIGNED + 1000 * authority.DAY)
STAMPED = "2024-03-01T12:00:00Z"
STAMPS = {"authorities": (outside.trusted(OLD, "old"), outside.trusted(NEW, "new"))}
LOGS = {"logs": (outside.trusted_log("w1", "w2", threshold=2),)}


def dated(trust: TrustPolicy, **carried: Any) -> Ceremony:
    """Committed on the notary's chain and dated by what the organiser's own receipt carries."""
    made = committed(outside.chain(), by=(), trust=trust, start=kit.COMMITTED)
    payload = made.receipts[0].payload
    if "links" in carried:
        made.witness(time=STAMPED, keys=kit.keys("organiser"), tokens=[outside.stamp(payload, carried["links"])])
    if "cosigned" in carried:
        text = outside.proof(payload, **carried["cosigned"])
        made.witness(time=STAMPED, keys=kit.keys("organiser"), logged=text)
    return made


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no OpenSSL here")
def test_a_ceremony_dated_by_a_real_authority_alone(tmp_path: Path) -> None:
    now = authority.now()
    links = authority.chain("unit real", span=(now - authority.DAY, now + 400 * authority.DAY))
    real = authority.Authority(tmp_path / "authority", links)
    moment = authority.text(now + authority.DAY)
    trust = kit.policy(authorities=(outside.trusted(links),))
    made = committed(outside.chain(moment), by=(), trust=trust, start=authority.text(now - timedelta(seconds=5)))
    answer = real.reply(make_request(hashlib.sha256(made.receipts[0].payload).digest(), 7))
    token = outside.carried(read_token(answer).der, links)
    made.witness(time=authority.text(now), keys=kit.keys("organiser"), tokens=[token])
    report = judged(finished(made, outside.chain(moment)))
    assert kit.findings(report) == {"uniqueness not shown"}
    assert idle(report) == []
    detail = next(c.detail for c in report.passed if c.name == "dates")
    assert detail.endswith(" by authority")
    shown = time_seconds(detail.split()[1]) - time_seconds(authority.text(now))
    assert 1 <= shown <= 30, "genTime and its accuracy of 1.5 s, rounded up"


def test_a_ceremony_dated_by_a_log_alone() -> None:
    cosigned = {"w1": "2024-03-01T03:00:00Z", "w2": "2024-03-01T02:00:00Z"}
    made = finished(dated(kit.policy(**LOGS), cosigned=cosigned), outside.chain())
    report = judged(made)
    assert kit.findings(report) == {"uniqueness not shown"}
    assert "audit the log" in said(report, "uniqueness not shown")[0]
    assert next(c.detail for c in report.passed if c.name == "dates").startswith("dated 2024-03-01T03:00:00Z by log.")


def test_a_token_and_a_witness_are_two_who_date() -> None:
    trust = kit.policy(**STAMPS, witnesses=2)
    made = dated(trust, links=NEW)
    made.witness(time="2024-03-01T13:00:00Z", keys=kit.keys("notary"))
    report = judged(finished(made, outside.chain()))
    assert kit.findings(report) == set()
    assert ("dates", "dated 2024-03-01T13:00:00Z by new, notary") in {(c.name, c.detail) for c in report.passed}


def test_a_token_is_renewed_before_its_chain_expires() -> None:
    trust = kit.policy(**STAMPS)
    made = dated(trust, links=OLD)
    again = outside.stamp(made.receipts[1].payload, NEW, when=at("2024-03-05T00:00:00Z"))
    finished(made, outside.chain())
    made.witness(time="2024-03-05T00:00:00Z", keys=kit.keys("organiser"), tokens=[again], sequence=2)
    later_on = "2024-12-01T00:00:00Z"
    report = judged(made, as_of=later_on)
    assert kit.findings(report) == {"late", "uniqueness not shown"}, "nobody dated reveal and draw"
    assert idle(report) == []
    assert next(c.detail for c in report.passed if c.name == "dates") == f"dated {STAMPED} by new, old"


def test_a_date_of_any_later_receipt_renews_a_token() -> None:
    """The draw's digest covers the receipt that carries the token."""
    made = finished(dated(kit.policy(**STAMPS), links=OLD), outside.chain())
    fresh = outside.stamp(made.receipts[-1].payload, NEW, when=at("2024-03-02T12:00:00Z"))
    made.witness(time="2024-03-02T12:00:00Z", keys=kit.keys("organiser"), tokens=[fresh])
    assert kit.findings(judged(made, as_of="2024-12-01T00:00:00Z")) == {"uniqueness not shown"}


def test_an_expired_token_counts_until_it_expires_only() -> None:
    made = finished(dated(kit.policy(**STAMPS), links=OLD), outside.chain())
    assert kit.findings(judged(made, as_of="2024-03-11T11:59:59Z")) >= {"uniqueness not shown"}
    refused(made, "dates", "0 of 1 needed witnesses", trust=made.trust, as_of="2024-12-01T00:00:00Z")


def test_an_expired_token_beside_a_witness_is_told_and_not_counted() -> None:
    made = dated(kit.policy(**STAMPS), links=OLD)
    made.witness(time="2024-03-01T13:00:00Z", keys=kit.keys("notary"))
    report = judged(finished(made, outside.chain()), as_of="2024-03-20T00:00:00Z")
    assert idle(report) == [
        "does not count: the time stamp of 'old' expired on 2024-03-11T12:00:00Z, and none dates it before"
    ]


# Second signatures

QUANTUM = MlDsa44Signer.from_private_bytes(kit.h32("second key of organiser"))


def _has_sm2() -> bool:
    if shutil.which("openssl") is None:
        return False
    return subprocess.run(["openssl", "genpkey", "-algorithm", "SM2"], capture_output=True).returncode == 0


needs_sm2 = pytest.mark.skipif(not _has_sm2(), reason="there is no OpenSSL with SM2 here")


def requiring(signer: Any, *, kinds: tuple[str, ...] = ("commitment", "reveal", "draw"), **more: Any) -> TrustPolicy:
    """The organiser must sign with both of his keys."""
    needs = (Requirement("organiser", 1), Requirement("organiser", 1, algorithm=signer.algorithm))
    also = (outside.second_key(signer, "organiser", "organiser"), *more.pop("also", ()))
    return kit.policy(also=also, require=dict.fromkeys(kinds, needs) | more)


def signed_twice(signer: Any, trust: TrustPolicy) -> Ceremony:
    declared = [outside.second_declared(signer, "organiser")]
    made = committed(outside.drand(), trust=trust, also=declared, seconds=[signer])
    return finished(made, outside.drand(), seconds=[signer])


@pytest.mark.parametrize("algorithm", ["ml-dsa-44", pytest.param("sm2", marks=needs_sm2)])
def test_a_policy_may_ask_for_second_signatures(algorithm: str) -> None:
    signer: Any = QUANTUM if algorithm == "ml-dsa-44" else Sm2Signer.generate()
    made = signed_twice(signer, requiring(signer))
    report = judged(made, schemes={"sm2": Sm2()})
    assert kit.findings(report) == set()
    assert made.trust is not None
    assert TrustPolicy.from_bytes(made.trust.to_bytes()) == made.trust
    only_once = drawn(outside.drand())
    short = f"0 of 1 needed holders of the role organiser signed it by {algorithm}"
    refused(only_once, "signature", short, trust=made.trust)


@needs_sm2
def test_without_sm2_a_required_signature_is_neither_good_nor_bad() -> None:
    signer: Any = Sm2Signer.generate()
    made = signed_twice(signer, requiring(signer))
    refused(
        made, "signature", "not counted: the sm2 signature of 'organiser': signatures of sm2 cannot", trust=made.trust
    )
    lenient = kit.policy(also=(outside.second_key(signer, "organiser", "organiser"),))
    details = [c.detail for c in judge(made, trust=lenient).passed if c.name == "signature"]
    assert details[0].endswith(
        "not counted: the sm2 signature of 'organiser': signatures of sm2 cannot be checked here"
    )


ARCHIVE = TrustedKey(name="archive", public_key=kit.key("archive").public_key.hex(), roles=("witness",))
THREE = ("archive", "discipline", "notary")


@pytest.mark.parametrize(("signers", "enough"), [(("discipline", "notary"), True), (("archive", "notary"), False)])
def test_two_of_three_named_holders(signers: tuple[str, ...], enough: bool) -> None:
    """The discipline inspection must sign as a party anyway; what decides is who of the three signs the draw."""
    needs = (Requirement("organiser", 1), Requirement("witness", 2, of=("discipline", "notary")))
    trust = kit.policy(also=(ARCHIVE,), require={"draw": needs})
    made = committed(outside.drand())
    finished(made, outside.drand(), seconds=kit.keys(*signers))
    if enough:
        assert kit.findings(judged(made, trust=trust)) == set()
    else:
        refused(made, "signature", "1 of 2 needed .* among discipline, notary", trust=trust)


@pytest.mark.parametrize("signers", [("archive", "notary"), ("discipline", "notary"), THREE])
def test_any_two_of_three(signers: tuple[str, ...]) -> None:
    needs = (Requirement("organiser", 1), Requirement("witness", 2, of=THREE))
    trust = kit.policy(also=(ARCHIVE,), require={"draw": needs})
    made = committed(outside.drand())
    finished(made, outside.drand(), seconds=kit.keys(*signers))
    assert kit.findings(judged(made, trust=trust)) == set()
