"""Attacks on who vouches: signatures that do not count, witnesses that are none, keys out of their time."""

from __future__ import annotations

import base64
from typing import Any

import attrs
import pytest
from kit import (
    DATED,
    PUBLIC,
    Forged,
    Step,
    at,
    attacked,
    closed,
    findings,
    forge_twice,
    honest,
    judge,
    keyid,
    opened,
    payload_of,
    policy,
    public,
    refused,
    signed_raw,
    steps,
    voiding,
    witness,
)

from dblrandom.drawing import Declared
from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence import Finding, Report, Requirement, TrustedKey, TrustPolicy
from dblrandom.kernel.signing import keyid as keyid_of

L = 2**252 + 27742317777372353535851937790883648493
ORGANISER = (Requirement("organiser", 1),)
SMALL_ORDER = ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "00" * 31 + "80", "01" + "00" * 30 + "80"]
"""Points of order 4, 1, 2, 4 and 1 (not canonical), any of which "signs" every message or one in few."""
NOT_CANONICAL = ["ed" + "ff" * 30 + "7f", "ff" * 32, "f0" + "ff" * 30 + "7f"]


def resigned(place: int, signatures: list[dict[str, str]]) -> Forged:
    """The sound ceremony with other signatures on one receipt; no digest depends on signatures."""
    sound = honest()
    receipts = list(sound.receipts)
    receipts[place] = closed(opened(receipts[place]) | {"signatures": sorted(signatures, key=lambda s: s["keyid"])})
    return Forged(tuple(receipts), sound.rosters)


def signatures(place: int) -> list[dict[str, str]]:
    return list(opened(honest().receipts[place])["signatures"])


def made_by(place: int, *names: str) -> list[dict[str, str]]:
    return list(opened(signed_raw(payload_of(honest().receipts[place]), names))["signatures"])


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def key(of: str, role: str = "witness", **changes: Any) -> TrustedKey:
    return TrustedKey(**{"name": of, "public_key": public(of), "roles": (role,)} | changes)


EVERY = range(13)


# Signatures


@pytest.mark.parametrize("place", EVERY)
def test_unknown_keys_alone(place: int) -> None:
    """Nobody whom the verifier knows signed it; on the commitment, the declared signers are missing as well."""
    forged = resigned(place, made_by(place, "stranger", "another stranger"))
    refused(forged, check="witness" if steps()[place].type == "witness" else "signature", match="no trusted|0 of 1")


@pytest.mark.parametrize("place", EVERY)
def test_a_known_keys_bad_signature_beside_good_ones(place: int) -> None:
    """The party never signs a draw; a bad signature under its key is a forgery, however many others are good."""
    bad = {"keyid": keyid("trade"), "sig": made_by((place + 1) % 13, "trade")[0]["sig"]}
    rest = [s for s in signatures(place) if s["keyid"] != keyid("trade")]
    error = refused(resigned(place, [*rest, bad]), check="signature", match="signature of 'trade' is bad")
    assert f"receipt {place + 1} " in str(error)


def test_an_unknown_keys_signature_is_listed_and_not_counted() -> None:
    report = judge(resigned(5, [*signatures(5), *made_by(5, "stranger")]))
    (check,) = [c for c in report.passed if c.name == "signature" and "(draw)" in c.subject]
    assert f"not counted: unknown key {keyid('stranger')}" in check.detail
    assert check.detail.startswith("signed by organiser;")


def test_an_unknown_keys_bad_signature_changes_nothing() -> None:
    """Nobody can check it, so it cannot count; it must not pass for good either."""
    bad = {"keyid": keyid("stranger"), "sig": b64(bytes(64))}
    report = judge(resigned(5, [*signatures(5), bad]))
    assert any("not counted" in c.detail for c in report.passed if c.name == "signature")


@pytest.mark.parametrize("place", EVERY)
def test_a_signature_of_another_receipt(place: int) -> None:
    other = (place + 5) % 13
    names = ["organiser", "notary", "archive", "operator", "discipline", "trade"]
    own = [name for name in names for s in signatures(place) if s["keyid"] == keyid(name)]
    refused(resigned(place, made_by(other, *own)), check="signature", match="is bad")


def test_signatures_swapped_between_two_keys() -> None:
    entries = signatures(0)
    entries[0]["sig"], entries[1]["sig"] = entries[1]["sig"], entries[0]["sig"]
    refused(resigned(0, entries), check="signature", match="is bad", place="receipt 1")


@pytest.mark.parametrize("bit", [0, 7, 255, 256, 300, 504, 511])
def test_one_bit_of_a_signature(bit: int) -> None:
    (entry,) = signatures(5)
    raw = bytearray(base64.b64decode(entry["sig"]))
    raw[bit // 8] ^= 1 << bit % 8
    refused(resigned(5, [entry | {"sig": b64(bytes(raw))}]), check="signature", match="'organiser' is bad")


def test_a_signature_with_the_group_order_added() -> None:
    """S + L satisfies the equation too; taking it would give one receipt two valid envelopes."""
    (entry,) = signatures(5)
    raw = base64.b64decode(entry["sig"])
    more = (int.from_bytes(raw[32:], "little") + L).to_bytes(32, "little")
    refused(resigned(5, [entry | {"sig": b64(raw[:32] + more)}]), check="signature", match="S is not below")


@pytest.mark.parametrize("point", [*SMALL_ORDER, *NOT_CANONICAL])
def test_a_key_that_signs_everything(point: str) -> None:
    """With A of small order and S = 0 the equation holds for R = A's multiples: no secret is needed."""
    with pytest.raises(InputError, match=r"'careless': the key is (a point of small order|not a canonical)"):
        TrustedKey(name="careless", public_key=point, roles=("organiser",))


@pytest.mark.parametrize("point", [*SMALL_ORDER, *NOT_CANONICAL])
def test_a_point_of_small_order_in_a_signature(point: str) -> None:
    (entry,) = signatures(5)
    raw = bytes.fromhex(point) + base64.b64decode(entry["sig"])[32:]
    refused(resigned(5, [entry | {"sig": b64(raw)}]), check="signature", match="is bad.*(small order|not a canonical)")


@pytest.mark.parametrize("point", [SMALL_ORDER[0], NOT_CANONICAL[0], "02" * 32])
def test_a_declared_party_with_a_key_that_is_none(point: str) -> None:
    def change(chain: list[Step]) -> None:
        chain[0].body["signers"].append({"role": "party", "algorithm": "ed25519", "public_key": point})

    forged = attacked(change, recompute=True)
    refused(forged, check="signature", match="did not sign the commitment")
    entry = {"keyid": keyid_of(bytes.fromhex(point)), "sig": b64(bytes.fromhex(point) + bytes(32))}
    members = opened(forged.receipts[0])
    members["signatures"] = sorted([*members["signatures"], entry], key=lambda s: str(s["keyid"]))
    refused([closed(members), *forged.receipts[1:]], check="signature", match="is bad", place="receipt 1")


# Thresholds


def test_one_key_signing_twice_meets_no_threshold_of_two() -> None:
    (entry,) = signatures(5)
    refused(resigned(5, [entry, entry]), check="receipt", match="one key signed twice")


def test_two_keys_of_one_holder_meet_no_threshold_of_two() -> None:
    second = key("second", "organiser", name="organiser")
    trust = policy(also=[second], require=dict.fromkeys(REQUIRED, ORGANISER) | {"draw": (Requirement("organiser", 2),)})
    forged = resigned(5, made_by(5, "organiser", "second"))
    refused(forged, trust=trust, check="signature", match="1 of 2 needed holders of the role organiser", place="(draw)")


REQUIRED = ("commitment", "draw", "result", "reveal", "sealed", "substitution", "void")


def test_two_keys_of_one_holder_are_one_witness() -> None:
    trust = policy(also=[key("second", name="notary")], witnesses=3)

    def change(chain: list[Step]) -> None:
        chain.insert(3, witness("2024-03-01T00:20:00Z", "second", 1))
        for step in chain[4:]:
            if step.type == "witness" and step.body["sequence"] >= 4:
                step.body["sequence"] += 1

    refused(attacked(change), trust=trust, check="dates", match="2 of 3 needed witnesses", place="receipt 1")


def test_a_role_that_others_cannot_fill() -> None:
    """Six signatures of everybody else are no auditor's."""
    require = dict.fromkeys(REQUIRED, ORGANISER) | {"draw": (*ORGANISER, Requirement("auditor", 1))}
    forged = resigned(5, made_by(5, "organiser", "notary", "archive", "operator", "discipline", "trade"))
    refused(forged, trust=policy(require=require), check="signature", match="0 of 1 .*auditor", place="(draw)")


def test_a_policy_that_asks_more_of_the_draw_asks_no_less_of_the_rest() -> None:
    """Naming one type must not drop the organiser's signature everywhere else."""
    trust = policy(also=[key("auditor", "auditor")], require={"draw": (*ORGANISER, Requirement("auditor", 1))})
    sound = resigned(5, made_by(5, "organiser", "auditor"))
    receipts = list(sound.receipts)
    place = at(steps(), "result")
    receipts[place] = resigned(place, made_by(place, "stranger")).receipts[place]
    refused(Forged(tuple(receipts), sound.rosters), trust=trust, check="signature", match="organiser")


# The organiser as his own witness


def test_a_policy_in_which_the_organiser_is_a_witness() -> None:
    with pytest.raises(InputError, match="organiser's key cannot have another role"):
        key("organiser", "organiser", roles=("organiser", "witness"))


@pytest.mark.parametrize("role", ["witness", "party", "operator", "auditor"])
def test_a_policy_in_which_the_organisers_second_key_has_another_role(role: str) -> None:
    with pytest.raises(InputError, match="is the organiser and holds another key"):
        policy(also=[key("second", role, name="organiser")])


def test_a_policy_with_one_key_under_two_names() -> None:
    with pytest.raises(InputError, match="have the same key"):
        policy(also=[key("organiser", "witness", name="a friend")])


def test_the_organiser_as_witness() -> None:
    def change(chain: list[Step]) -> None:
        chain[1].keys = ["organiser"]

    refused(attacked(change), check="witness", match="organiser cannot witness his own", place="receipt 2")


def test_the_organiser_signing_beside_a_witness() -> None:
    def change(chain: list[Step]) -> None:
        chain[1].keys = ["notary", "organiser"]

    refused(attacked(change), check="witness", match="organiser cannot witness his own", place="receipt 2")


def test_a_second_key_that_the_commitment_declares_as_the_organisers() -> None:
    """The policy takes the notary for a witness; the organiser himself declares that key as his."""

    def change(chain: list[Step]) -> None:
        chain[0].body["signers"].append(Declared(role="organiser", public_key=public("notary")).to_json())
        chain[0].keys.append("notary")

    refused(attacked(change, recompute=True), check="witness", match="organiser cannot witness his own")


def test_a_witness_whom_only_the_commitment_declares() -> None:
    """Nothing in a ceremony widens the verifier's trust."""

    def change(chain: list[Step]) -> None:
        chain[0].body["signers"].append(Declared(role="witness", public_key=public("friend")).to_json())
        chain[1].keys = ["friend"]

    refused(attacked(change, recompute=True), check="witness", match="no trusted witness", place="receipt 2")


@pytest.mark.parametrize("who", ["operator", "discipline", "stranger"])
def test_a_witness_receipt_of_somebody_who_is_no_witness(who: str) -> None:
    def change(chain: list[Step]) -> None:
        chain[1].keys = [who]

    refused(attacked(change), check="witness", match="no trusted witness", place="receipt 2")


# What a witness says


def test_a_witness_of_another_digest() -> None:
    def change(chain: list[Step]) -> None:
        chain[1].repair = False
        chain[1].body["digest"] = "0" * 64

    refused(attacked(change), check="witness", match="attests no receipt of this chain", place="receipt 2")


@pytest.mark.parametrize("sequence", [2, 3, 13, 14, 2**53 - 1])
def test_a_witness_of_something_later(sequence: int) -> None:
    def change(chain: list[Step]) -> None:
        chain[1].body["sequence"] = sequence

    refused(attacked(change), check="witness", match="attests no receipt of this chain", place="receipt 2")


def test_a_witness_of_another_place() -> None:
    """The digest is the commitment's, the sequence another receipt's."""

    def change(chain: list[Step]) -> None:
        chain[6].repair = False
        chain[6].body["sequence"] = 5

    refused(attacked(change), check="witness", match="attests no receipt of this chain", place="receipt 7")


@pytest.mark.parametrize(("member", "value"), [("time", "2024-02-29T00:00:00Z"), ("ceremony", "other-2024")])
def test_a_witness_of_two_minds(member: str, value: str) -> None:
    """Body and payload must say the same time and ceremony: neither may be chosen by the reader."""

    def change(chain: list[Step]) -> None:
        chain[1].body[member] = value

    refused(attacked(change), check="witness", match="another ceremony or time", place="receipt 2")


def test_a_witness_who_backdates_by_standing_later() -> None:
    """A receipt of yesterday cannot stand after one of today."""

    def change(chain: list[Step]) -> None:
        chain.insert(6, witness(DATED, "notary", 6))

    refused(attacked(change), check="chain", match="is before", place="receipt 7")


def test_without_any_witness() -> None:
    def change(chain: list[Step]) -> None:
        chain[:] = [step for step in chain if step.type != "witness"]

    forged = attacked(change)
    refused(forged, check="dates", match="0 of 1 needed witnesses")
    report = judge(forged, trust=policy(witnesses=0))
    assert {Finding.UNDATED, Finding.UNIQUENESS, Finding.WITHHOLDING} <= findings(report)


def test_the_witness_taken_away_while_there_is_time() -> None:
    """Not yet an error, but said to be unchecked; a minute before the value comes it is one."""
    receipts = honest().receipts[:1]
    report = judge(receipts, as_of="2024-03-01T23:59:00Z")
    assert any(c.name == "dates" for c in report.not_checked)
    refused(receipts, as_of="2024-03-01T23:59:01Z", check="dates", match="0 of 1 needed witnesses")


def test_enough_witnesses_but_too_late() -> None:
    """Two are needed; the second saw the commitment only after the draw."""

    def change(chain: list[Step]) -> None:
        del chain[2]
        for step in chain:
            if step.type == "witness" and step.body["sequence"] > 2:
                step.body["sequence"] -= 1

    forged = attacked(change)
    assert judge(forged).stage == "drawn"
    refused(forged, trust=policy(witnesses=2), check="dates", match=f"public from {PUBLIC}, .* not 60 s after 2024-05")


def test_a_void_dated_by_one_witness_where_two_are_needed() -> None:
    """A verifier who wants two witnesses does not believe one; and one is enough to backdate a second chance."""
    chain = voiding(dated="2024-03-01T13:05:00Z", not_before="2024-03-03T00:00:00Z")
    place = at(chain, "commitment", 1)
    for step in chain[place:]:
        step.time = max(step.time, "2024-03-02T01:00:00Z")
        if step.type == "witness":
            step.body["time"] = step.time
    forged = forge_twice(chain)
    refused(forged, trust=policy(witnesses=2), check="void", match="redraw after entropy", place="(void)")


# Keys out of their time

AFTER = "2024-03-01T00:02:00Z"
"""After the commitment's own time and before the first witness's."""


@pytest.mark.parametrize("revoked", ["2024-02-01T00:00:00Z", AFTER, DATED])
def test_the_organisers_key_revoked_before_the_first_date(revoked: str) -> None:
    """That the commitment's own time lies before the revocation proves nothing."""
    trust = policy(keys={"organiser": {"revoked": revoked}})
    refused(honest(), trust=trust, check="signature", match="'organiser', whose key was revoked on", place="receipt 1")


def test_the_organisers_key_revoked_after_everything_was_dated() -> None:
    trust = policy(keys={"organiser": {"revoked": "2024-05-02T00:00:01Z"}})
    assert judge(honest(), trust=trust).stage == "drawn"
    refused(
        honest().receipts[:-1],
        rosters=honest().rosters,
        trust=trust,
        check="signature",
        match="no other witness dates this before",
    )


def test_the_organisers_key_revoked_between() -> None:
    trust = policy(keys={"organiser": {"revoked": "2024-04-01T00:00:00Z"}})
    refused(honest(), trust=trust, check="signature", match="was revoked on 2024-04-01", place="receipt 8")


def test_a_revoked_witness_whom_another_dates_before() -> None:
    """The archive saw the notary's first receipt before the revocation, so that one stays good."""
    trust = policy(keys={"notary": {"revoked": "2024-03-01T00:10:01Z"}})

    def change(chain: list[Step]) -> None:
        chain[2].body["sequence"] = 2
        for place in (3, 6):
            chain[place].keys = ["archive"]

    assert judge(attacked(change), trust=trust).stage == "drawn"


def idle(report: Report) -> set[str]:
    """The witness receipts in which some signature does not count."""
    return {check.subject for check in report.not_checked if check.name == "witness"}


def test_a_revoked_witness_backdating_himself() -> None:
    """His stolen key writes two receipts of last year, each vouching for the other: neither counts."""
    trust = policy(keys={"archive": {"revoked": "2024-06-01T00:00:00Z"}})
    forged = attacked(lambda c: c.append(witness("2024-05-03T00:00:00Z", "archive", 13)))
    assert idle(judge(forged, trust=trust)) == {"receipt 13 (witness)", "receipt 14 (witness)"}


def test_two_revoked_witnesses_dating_each_other() -> None:
    """Whoever has both keys can go on as long as he likes: what both say rests on nothing."""
    trust = policy(keys={n: {"revoked": "2024-06-01T00:00:00Z"} for n in ("notary", "archive")})

    def change(chain: list[Step]) -> None:
        for sequence in range(13, 17):
            chain.append(witness("2024-05-03T00:00:00Z", ("notary", "archive")[sequence % 2], sequence))

    refused(attacked(change), trust=trust, check="dates", match="0 of 1 needed witnesses", place="receipt 1")


def test_two_revoked_witnesses_in_one_receipt() -> None:
    trust = policy(keys={n: {"revoked": "2024-06-01T00:00:00Z"} for n in ("notary", "archive")})

    def change(chain: list[Step]) -> None:
        chain[-1].keys = ["notary", "archive"]

    refused(attacked(change), trust=trust, check="dates", match="0 of 1 needed witnesses", place="receipt 1")


def test_a_revoked_witness_does_not_make_up_for_himself() -> None:
    """Revoked before it all: his receipts date nothing even though another witness saw them."""
    trust = policy(keys={"archive": {"revoked": "2024-02-01T00:00:00Z"}})
    assert "receipt 3 (witness)" in idle(judge(honest(), trust=trust))
    refused(
        honest(),
        trust=attrs.evolve(trust, witnesses=2),
        check="dates",
        match="1 of 2 needed witnesses",
        place="receipt 1",
    )


def test_a_revoked_witness_whose_receipt_a_sound_one_dates_dates_others() -> None:
    """Built up from what is sound: the archive dates the notary's receipt in time, and so the notary counts."""
    trust = policy(keys={"notary": {"revoked": "2024-03-01T00:10:01Z"}}, witnesses=2)

    def change(chain: list[Step]) -> None:
        chain[2].body["sequence"] = 2
        for place in (3, 6):
            chain[place].keys = ["archive"]

    assert judge(attacked(change), trust=trust).stage == "drawn"


OUT_OF_TIME = pytest.mark.parametrize(
    ("limits", "match"),
    [
        ({"valid_until": "2024-02-29T23:59:59Z"}, "valid until 2024-02-29"),
        ({"valid_from": "2024-03-01T00:05:01Z"}, "valid from 2024-03-01"),
    ],
)


@OUT_OF_TIME
def test_an_organisers_key_outside_its_validity(limits: dict[str, str], match: str) -> None:
    trust = policy(keys={"organiser": limits})
    refused(honest(), trust=trust, check="signature", match=f"'organiser', whose key is {match}")


@OUT_OF_TIME
def test_a_partys_key_outside_its_validity(limits: dict[str, str], match: str) -> None:
    """His signature does not count, so his secret is not independent; the commitment stands without it."""
    report = judge(honest(), trust=policy(keys={"discipline": limits}))
    assert any(f"'discipline', whose key is {match}" in check.detail for check in report.passed)
    (entropy,) = [check.detail for check in report.passed if check.name == "entropy"]
    assert "operator" in entropy or "chain" in entropy
    assert "discipline" not in entropy


def test_a_witness_after_the_end_of_his_key() -> None:
    trust = policy(keys={n: {"valid_until": "2024-02-29T23:59:59Z"} for n in ("notary", "archive")})
    refused(honest(), trust=trust, check="dates", match="0 of 1 needed witnesses", place="receipt 1")


def test_a_witness_before_the_beginning_of_his_key() -> None:
    """A key made in April dates a commitment to March; that the archive saw the receipt in May excuses nothing."""
    trust = policy(keys={"notary": {"valid_from": "2024-04-01T00:00:00Z"}}, witnesses=2)
    alone = honest().receipts[:-1]
    refused(alone, rosters=honest().rosters, trust=trust, check="dates", match="1 of 2 needed witnesses")
    refused(honest(), trust=trust, check="dates", match="1 of 2 needed witnesses")


@pytest.mark.parametrize("who", ["organiser", "discipline", "operator"])
def test_a_key_valid_to_the_second(who: str) -> None:
    """Dated at the first and last second of its validity: both belong to it."""
    last = "2024-05-02T00:00:00Z" if who == "organiser" else DATED
    trust = policy(keys={who: {"valid_from": DATED, "valid_until": last}})
    assert judge(honest(), trust=trust).stage == "drawn"


def test_a_witness_whose_key_expired_before_another_witness_came() -> None:
    """The archive's later receipt proves no less than nothing: it cannot make the notary's own date worse."""
    trust = policy(keys={"notary": {"valid_until": "2024-03-31T00:00:00Z"}})
    alone = honest().receipts[:-1]
    assert judge(alone, rosters=honest().rosters, trust=trust).stage == "drawn"
    assert judge(honest(), trust=trust).stage == "drawn"


def test_a_key_that_is_still_valid_needs_no_witness_for_that() -> None:
    """Judged while the key is valid, the newest receipts cannot be from after its end."""
    trust = policy(keys={"organiser": {"valid_until": "2030-01-01T00:00:00Z"}})
    assert judge(honest().receipts[:-1], rosters=honest().rosters, trust=trust).stage == "drawn"


# The policy file


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m.update(extra=1),
        lambda m: m.pop("keys"),
        lambda m: m.update(keys=[]),
        lambda m: m["keys"][0].update(public_key="00"),
        lambda m: m["keys"][0].update(roles=["god"]),
        lambda m: m["keys"][0].update(roles=[]),
        lambda m: m["keys"][0].update(algorithm="rsa"),
        lambda m: m["keys"][0].update(revoked="yesterday"),
        lambda m: m["keys"].append(m["keys"][0]),
        lambda m: m["require"].update(nothing=[]),
        lambda m: m["require"].update(draw=[{"role": "organiser", "threshold": 0}]),
        lambda m: m.update(margin=-1),
        lambda m: m.update(witnesses=True),
        lambda m: m.update(chains=[{"tip": "0" * 64}]),
        lambda m: m.update(specification="dblrandom/v2"),
        lambda m: m["keys"][1].update(name="organiser"),
        lambda m: m["keys"][1]["roles"].append("organiser"),
    ],
)
def test_a_policy_file_that_is_none(spoil: Any) -> None:
    members = opened(policy().to_bytes())
    spoil(members)
    with pytest.raises(InputError) as caught:
        TrustPolicy.from_bytes(closed(members))
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("data", [b"", b"\n", b"{}", b"[]", b"null", b"\xff", b"{", policy().to_bytes() + b"\n\n"])
def test_bytes_that_are_no_policy(data: bytes) -> None:
    with pytest.raises(InputError):
        TrustPolicy.from_bytes(data)


def test_a_report_of_trust_in_nobody_is_no_report() -> None:
    nobody = TrustPolicy(keys=(key("elsewhere", "organiser"),))
    with pytest.raises(VerificationError, match="no trusted witness"):
        judge(honest(), trust=nobody)
