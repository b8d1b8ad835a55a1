"""Attacks with the values of beacons and public events in whole ceremonies.

The attacker is the organiser. He declares networks, events and moments that are not what they seem, states values that
are not the declared ones, and hopes for a report that says nothing of it.
"""

from __future__ import annotations

import sys
from typing import Any

import attrs
import ceremonies as kit
import nistkit
import outside
import pytest
from forging import Forged, Link, apart, attacked, found, judge, refused, said, together
from outside import BEFORE, DAY, Known, later
from timelocks import plain

from dblrandom.drawing.revealing import Value
from dblrandom.errors import DblrandomError, EntropyError, MissingExtra, VerificationError
from dblrandom.evidence import TrustedEvent
from dblrandom.kernel.suite import SHA256

ROUND = outside.drand()
OPENS = ROUND.source.not_before
FOREIGN = outside.drand("testnet-unchained-3s", 1000000)
FOREIGN_HASH = str(FOREIGN.source.terms["chain"])
TRUSTING = kit.policy(networks=(FOREIGN_HASH,))


def declared(known: Known, **changes: Any) -> Forged:
    """A ceremony on one source whose declaration is changed when all have signed."""

    def change(links: list[Link]) -> None:
        links[0].body["sources"][0].update(changes)

    return attacked(outside.drawn(known), change)


def stated(known: Known, value: str | None = None, *evidence: Any) -> Forged:
    """A ceremony on one source with another value, or other evidence, in its reveal."""

    def change(links: list[Link]) -> None:
        entry = links[3].body["values"][0]
        entry["value"] = entry["value"] if value is None else value
        if evidence:
            entry["evidence"] = evidence[0]

    return attacked(outside.drawn(known), change)


# Declarations


@pytest.mark.parametrize("seconds", [-3, -1, 1, 3, 86400])
def test_round_with_another_not_before(seconds: int) -> None:
    """A moment that is too late hides that the value was known when the commitment was made."""
    moment = later(OPENS, seconds)
    refused(declared(ROUND, not_before=moment), "commitment", f"round 21000000 is due at {OPENS}, not at {moment}")
    with pytest.raises(EntropyError, match="round 21000000 is due at"):
        outside.committed(ROUND.declaring(moment))


def test_pulse_with_another_not_before() -> None:
    moment = later(outside.nist().source.not_before, 60)
    refused(declared(outside.nist(), not_before=moment), "commitment", "the pulse's time")


def test_round_of_a_foreign_network_with_another_not_before() -> None:
    """Who does not know the network sees it with the evidence."""
    late = FOREIGN.declaring(later(FOREIGN.source.not_before, DAY))
    links = apart(outside.drawn(FOREIGN))
    links[0].body["sources"][0]["not_before"] = late.source.not_before
    for link in links[3:]:
        link.time = later(late.source.not_before, 60)
    refused(together(links), "seed", "round 1000000 is due at 2022-06-08T08:31:36Z", trust=TRUSTING)


def voided_after(known: Known) -> Forged:
    """A commitment that is voided an hour before its source's declared moment, and a second one that is drawn."""
    first = apart(outside.committed(known))
    time = later(known.source.not_before, -3600)
    first.append(Link(type="void", time=time, body={"reason": "synthetic"}, keys=kit.keys("organiser")))
    seen = {"sequence": len(first), "time": time}
    first.append(Link(type="witness", time=time, body=seen, keys=kit.keys("notary")))
    again = apart(outside.drawn(outside.chain(later(time, 3 * DAY)), start=later(time, 60)))
    again[0].body["replaces"] = SHA256.hexhash(together(first).payloads[0])
    for link in again[1:3]:
        link.body["sequence"] += len(first)
    return together([*first, *again])


@pytest.mark.parametrize(
    ("known", "trust"),
    [(FOREIGN.declaring(later(FOREIGN.source.not_before, DAY)), TRUSTING), (outside.public(), kit.policy())],
    ids=["foreign network", "public event"],
)
def test_void_when_the_value_is_known_and_declared_for_later(known: Known, trust: Any) -> None:
    """He commits, sees the value, which he declared for the next day, dislikes it, and voids in time by his own word.

    Nothing in the receipts shows when such a value came, and no evidence follows. The report has to say that.
    """
    report = judge(voided_after(known), trust=trust)
    told = [c.detail for c in report.not_checked if (c.name, c.subject) == ("schedule", "receipt 1 (commitment)")]
    name = known.source.name
    assert told == [f"{name}: nothing here shows that its value was not public before {known.source.not_before}"]
    detail = said(report, "redraw possible")
    assert len(detail) == 1
    assert "receipt 1 (commitment)" in detail[0]
    assert "receipt 4 (void)" in detail[0] or "(void)" in detail[0]
    assert f"{name} ({known.source.kind})" in detail[0]


def test_void_of_a_known_schedule_leaves_nothing_to_say() -> None:
    report = judge(voided_after(ROUND))
    assert said(report, "redraw possible") == []
    assert "schedule" not in {check.name for check in report.not_checked}


# Networks


def test_unknown_network_is_nobodys_proof() -> None:
    """Rounds that hold, of a network that one person runs."""
    own = outside.private_round()
    assert found(judge(outside.drawn(own))) == {"not verifiable against the organiser", "withholding possible"}
    assert found(judge(outside.drawn(own), trust=TRUSTING)) >= {"not verifiable against the organiser"}


def test_unknown_network_claimed_as_quicknet() -> None:
    """Its true round and chain information, revealed for a round of quicknet."""
    evidence = plain(outside.private_round().value.evidence)
    refused(stated(ROUND, None, evidence), "seed", "not of the declared one")
    evidence["chain"]["beacon_id"] = "quicknet"
    with pytest.raises(VerificationError, match="seed"):
        judge(stated(ROUND, None, evidence))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("period", 30),
        ("genesis_time", 0),
        ("beacon_id", "default"),
        ("genesis_seed", "00" * 32),
        ("scheme", "bls-unchained-on-g1"),
        ("scheme", "pedersen-bls-chained"),
        ("public_key", "11" * 96),
        ("chain_hash", "00" * 32),
        ("chain_hash", None),
        ("note", "x"),
    ],
)
def test_forged_chain_information(member: str, value: Any) -> None:
    for known in (ROUND, FOREIGN):
        evidence = plain(known.value.evidence)
        if (evidence["chain"].get(member), known) == (value, FOREIGN):
            continue
        evidence["chain"][member] = value
        with pytest.raises(
            VerificationError, match=r"^seed: receipt 4 \(reveal\): source 'league': evidence"
        ) as caught:
            judge(stated(known, None, evidence), trust=TRUSTING)
        assert len(str(caught.value)) < 600


def test_key_of_another_network_under_the_declared_hash() -> None:
    """Chain information that states quicknet's hash over the attacker's key."""
    evidence = plain(outside.private_round().value.evidence)
    evidence["chain"]["chain_hash"] = ROUND.source.terms["chain"]
    refused(stated(ROUND, None, evidence), "seed", "evidence.chain")


def test_round_before_or_after_the_declared_one() -> None:
    other = outside.drand(number=BEFORE).value
    refused(stated(ROUND, other.value, other.evidence), "seed", "is not the signature of round 21000000")


def test_pulse_of_an_operator_of_his_own() -> None:
    """A certificate that he made, named in the declaration: not independent unless the policy names it."""
    source, value, evidence = nistkit.forged_case()
    own = Known(source, Value(value, evidence))
    made = outside.drawn(own)
    assert found(judge(made)) == {"not verifiable against the organiser", "withholding possible"}
    named = kit.policy(networks=(str(source.terms["certificate"]),))
    assert found(judge(made, trust=named)) == set()


def test_pulse_of_an_operator_of_his_own_passed_off_as_nists() -> None:
    """At a time at which NIST's own certificates are valid, without a word of another one."""
    pem = nistkit.certificate_of(start="2018-01-01T00:00:00+00:00", end="2019-01-01T00:00:00+00:00")
    true = outside.nist()
    _, value, evidence = nistkit.forged_case(
        pem, chainIndex=1, pulseIndex=54610, timeStamp=f"{true.source.not_before[:19]}.000Z"
    )
    refused(stated(true, value, evidence), "seed", "which is not a pinned certificate of NIST")


# Values and evidence


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"x": value}
    return value


SHAPES: dict[str, Any] = {
    "null": None,
    "list": [],
    "empty": {},
    "text": "evidence",
    "number": 0,
    "true": True,
    "deep": nested(26),
    "huge text": "x" * 1_000_000,
    "huge list": [[]] * 20_000,
    "huge object": {f"m{n}": None for n in range(20_000)},
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(
    "known", [ROUND, outside.drand("default", 3311596), outside.nist(), outside.public()], ids=lambda k: k.source.kind
)
def test_evidence_of_the_wrong_shape(known: Known, name: str) -> None:
    with pytest.raises(VerificationError, match=r"^seed: receipt 4 \(reveal\): source ") as caught:
        judge(stated(known, None, SHAPES[name]))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("name", [n for n in SHAPES if n != "null"])
def test_evidence_where_there_is_none(name: str) -> None:
    for known in (outside.chain(), outside.secret()):
        refused(stated(known, None, SHAPES[name]), "seed", "evidence")


@pytest.mark.parametrize("name", ["deep", "huge text", "huge list"])
def test_evidence_with_one_member_of_the_wrong_shape(name: str) -> None:
    for known in (ROUND, outside.nist(), outside.public()):
        for member in plain(known.value.evidence):
            evidence = plain(known.value.evidence) | {member: SHAPES[name]["x"] if name == "deep" else SHAPES[name]}
            with pytest.raises(VerificationError, match=r"^seed: ") as caught:
                judge(stated(known, None, evidence))
            assert len(str(caught.value)) < 600


@pytest.mark.parametrize("value", ["4711", "004711", "0 4711", "+4711", "04,711", "04711.", "0471l", "0x1267", "４"])
def test_public_value_not_in_its_canonical_form(value: str) -> None:
    """Two spellings of one outcome are two draws."""
    with pytest.raises(DblrandomError):
        judge(stated(outside.public(), value))


def test_public_numbers_in_another_order() -> None:
    known = outside.public("3 9 17 / 7", form="numbers 3 of 1-33, 1 of 1-16", outcomes=5000)
    assert found(judge(outside.drawn(known))) == {"grindable"}
    for value in ("9 3 17 / 7", "3 9 17 7", "3  9 17 / 7", "03 9 17 / 7", "3 9 17 / 07"):
        with pytest.raises(DblrandomError):
            judge(stated(known, value))


def test_values_of_two_sources_exchanged() -> None:
    given = [outside.drand(number=BEFORE), ROUND.named("second")]

    def change(links: list[Link]) -> None:
        one, other = links[3].body["values"]
        for member in ("value", "evidence"):
            one[member], other[member] = other[member], one[member]

    refused(attacked(outside.drawn(*given), change), "seed", "source 'league'")


# One value under two names


def test_one_lottery_under_four_names() -> None:
    """Four times 100,000 outcomes are not 10^20, however the event is declared."""
    names = [("a", "void", 100000), ("b", "next", 100000), ("c", "void", 99999), ("d", "next", 99999)]
    given = [outside.public(name=n, cancelled=c, outcomes=o) for n, c, o in names]
    event = str(given[0].source.terms["event"])
    looked_up = attrs.evolve(kit.policy(), events=[TrustedEvent(event=event, outcomes=100_000)])
    detail = said(judge(outside.drawn(*given), trust=looked_up), "grindable")
    assert len(detail) == 1
    assert detail[0].startswith("receipt 1 (commitment): the independent sources have only 100000 outcomes")


def test_two_lotteries_are_two() -> None:
    given = [outside.public(name=n, event=f"synthetic lottery {n}") for n in ("a", "b")]
    events = [TrustedEvent(event=str(known.source.terms["event"]), outcomes=100_000) for known in given]
    looked_up = attrs.evolve(kit.policy(), events=events)
    assert "only 10000000000 outcomes" in said(judge(outside.drawn(*given), trust=looked_up), "grindable")[0]


def test_one_round_under_two_names() -> None:
    """It changes nothing: the round is still one, and known to nobody."""
    report = judge(outside.drawn(ROUND, ROUND.named("again")))
    assert found(report) == set()
    own = outside.private_round()
    twice = judge(outside.drawn(own, own.named("again")))
    assert found(twice) == {"not verifiable against the organiser", "withholding possible"}


# What the report has to say


def test_report_names_a_public_event_for_people_to_compare() -> None:
    report = judge(outside.drawn(outside.public()))
    told = [c.detail for c in report.not_checked if c.name == "public event"]
    assert outside.EVENT in told[0]


def test_report_names_the_event_that_took_the_place_of_the_declared_one() -> None:
    """He says that the lottery was cancelled, and takes the next one, whose outcome he likes better."""
    moved = {"report": "synthetic gazette 32", "event": "synthetic lottery, draw 32 of 2024"}
    report = judge(outside.drawn(outside.public(cancelled="next").showing(moved)))
    told = next(c.detail for c in report.not_checked if c.name == "public event")
    assert all(text in told for text in (outside.EVENT, *moved.values()))


@pytest.mark.parametrize("vouched", [False, True])
def test_event_that_took_the_place_of_the_declared_one_is_a_finding(vouched: bool) -> None:
    """Which event was next is known after the outcomes, to whoever chooses one."""
    moved = {"report": "synthetic gazette 32", "event": "synthetic lottery, draw 32 of 2024"}
    events = [TrustedEvent(event=moved["event"], outcomes=100_000)] if vouched else []
    given = outside.public(cancelled="next").showing(moved)
    report = judge(outside.drawn(given), trust=attrs.evolve(kit.policy(), events=events))
    detail = said(report, "event replaced")
    assert len(detail) == 1
    assert moved["event"] in detail[0]
    assert outside.EVENT in detail[0]
    assert said(judge(outside.drawn(outside.public(cancelled="next"))), "event replaced") == []


def test_outcome_that_a_form_cannot_write_is_told_of_as_a_veto() -> None:
    """The sum of two dice as one digit: from ten on, nobody can reveal."""
    told = [c.detail for c in judge(outside.drawn(outside.public())).not_checked if c.name == "outcomes"]
    assert "an outcome that the form cannot write gives up the draw" in told[0]


def test_missing_library_is_no_failed_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever verifies without the extra must learn that, and not that the draw is false."""
    made = outside.drawn(ROUND)
    rosters = kit.all_rosters(made)
    monkeypatch.setitem(sys.modules, "py_arkworks_bls12381", None)
    with pytest.raises(MissingExtra):
        judge(Forged(made.envelopes, (), rosters))
