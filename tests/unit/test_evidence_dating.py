from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence import Receipt, TrustedKey, TrustPolicy, add_signatures, payload_bytes, sign_payload
from dblrandom.evidence.dating import Attestation, Dates
from dblrandom.evidence.dating import read_dates as dates_of
from dblrandom.evidence.signatures import Counted, check_declared_signers, count_signatures, read_signatures
from dblrandom.evidence.trust import Requirement
from dblrandom.kernel.suite import SHA256

MADE = kit.disclosed()
DIGESTS = tuple(r.digest(MADE.suite) for r in MADE.receipts)
FIRST = MADE.receipts[0]


def seen(witness: str, attested: int, sequence: int, time: str) -> Attestation:
    return Attestation(witness=witness, attested=attested, sequence=sequence, time=time)


DATES = Dates(
    (
        seen("a", 1, 2, "2024-01-02T00:00:00Z"),
        seen("b", 1, 3, "2024-01-03T00:00:00Z"),
        seen("a", 4, 5, "2024-01-05T00:00:00Z"),
    )
)


def test_a_witness_dates_what_he_saw_and_all_before_it() -> None:
    assert DATES.before(1) == "2024-01-02T00:00:00Z"
    assert DATES.before(2) == DATES.before(4) == "2024-01-05T00:00:00Z"
    assert DATES.before(5) is None
    assert DATES.before(1, besides="a") == "2024-01-03T00:00:00Z"


def test_what_stands_after_a_witness_was_made_after_him() -> None:
    assert DATES.after(1) is DATES.after(2) is None
    assert DATES.after(3) == "2024-01-02T00:00:00Z"
    assert DATES.after(6) == "2024-01-05T00:00:00Z"


def test_witnesses_are_counted_once() -> None:
    assert DATES.witnesses(1) == {"a", "b"}
    assert DATES.witnesses(2) == {"a"}
    assert DATES.witnesses(5) == set()
    assert DATES.by(1, 0) == DATES.by(1, 1) == "2024-01-02T00:00:00Z"
    assert DATES.by(1, 2) == "2024-01-03T00:00:00Z", "the later of the two has to have seen it"
    assert DATES.by(1, 3) is DATES.by(2, 2) is DATES.by(5, 1) is None


def read_dates(receipts: Sequence[Receipt], digests: Sequence[str], trust: TrustPolicy) -> Dates:
    return dates_of(receipts, digests, {r.sequence: read_signatures(r, trust).keys for r in receipts}, SHA256, trust)


def test_the_receipts_of_trusted_witnesses_are_gathered() -> None:
    found = read_dates(MADE.receipts, DIGESTS, kit.policy())
    assert [(a.witness, a.attested, a.sequence, a.time) for a in found.attestations] == [
        ("notary", 1, 2, kit.DATED),
        ("discipline", 1, 3, kit.DATED),
        ("notary", 1, 4, "2024-03-01T12:00:00Z"),
    ]
    assert found.audits == ()


def witnessed(names: tuple[str, ...] = ("notary",), **changes: Any) -> list[Receipt]:
    """The commitment and one witness receipt, changed."""
    time = str(changes.pop("payload_time", kit.DATED))
    body: dict[str, Any] = {"digest": DIGESTS[0], "ceremony": kit.NAME, "sequence": 1, "time": kit.DATED}
    data = payload_bytes("witness", ceremony=kit.NAME, sequence=2, previous=DIGESTS[0], time=time, body=body | changes)
    return [FIRST, Receipt.parse(sign_payload(data, kit.keys(*names)))]


@pytest.mark.parametrize(
    ("receipts", "problem"),
    [
        (witnessed(digest="0" * 64), "attests no receipt of this chain"),
        (witnessed(sequence=2), "attests no receipt of this chain"),
        (witnessed(sequence=99), "attests no receipt of this chain"),
        (witnessed(ceremony="other"), "another ceremony or time"),
        (witnessed(time="2024-02-01T00:00:00Z"), "another ceremony or time"),
        (witnessed(("stranger",)), "no trusted witness"),
        (witnessed(("organiser",)), "the organiser cannot witness"),
        (witnessed(("organiser", "notary")), "the organiser cannot witness"),
    ],
)
def test_a_witness_receipt_that_cannot_be_one_is_refused(receipts: list[Receipt], problem: str) -> None:
    digests = [r.digest(MADE.suite) for r in receipts]
    with pytest.raises(VerificationError, match=rf"witness: receipt 2 \(witness\): .*{problem}"):
        read_dates(receipts, digests, kit.policy())


def test_an_auditors_receipt_dates_nothing() -> None:
    auditor = TrustedKey(name="auditor", public_key=kit.key("auditor").public_key.hex(), roles=("auditor",))
    receipts = witnessed(("auditor",))
    found = read_dates(receipts, [r.digest(MADE.suite) for r in receipts], kit.policy(also=(auditor,)))
    assert found.attestations == ()
    assert [a.witness for a in found.audits] == ["auditor"]


def test_known_signatures_are_checked_and_unknown_ones_listed() -> None:
    receipt = Receipt.parse(add_signatures(FIRST.envelope, kit.keys("stranger")))
    found = read_signatures(receipt, kit.policy())
    assert {k.name for k in found.keys} == {"organiser", "discipline", "notary"}
    assert found.unknown == (kit.key("stranger").keyid,)


def spoiled(receipt: Receipt, name: str) -> Receipt:
    """The receipt with one bit of one signature turned."""
    wrong = tuple(
        attrs.evolve(s, value=bytes([s.value[0] ^ 1]) + s.value[1:]) if s.keyid == kit.key(name).keyid else s
        for s in receipt.signatures
    )
    return attrs.evolve(receipt, signatures=wrong)


def test_a_bad_signature_of_a_known_key_is_an_error_whatever_the_others_are() -> None:
    with pytest.raises(VerificationError, match="the signature of 'notary' is bad"):
        read_signatures(spoiled(FIRST, "notary"), kit.policy())
    assert read_signatures(spoiled(FIRST, "notary"), TrustPolicy(keys=kit.policy().keys[:1])).unknown


def test_organiser_and_parties_must_sign_the_commitment() -> None:
    check_declared_signers(FIRST)
    for missing, role in (("organiser", "organiser"), ("discipline", "party")):
        others = [n for n in kit.SIGNERS if n != missing]
        receipt = Receipt.parse(sign_payload(FIRST.payload, kit.keys(*others)))
        with pytest.raises(VerificationError, match=f"the {role} {kit.key(missing).keyid} did not sign"):
            check_declared_signers(receipt)
    without_notary = Receipt.parse(sign_payload(FIRST.payload, kit.keys("organiser", "discipline")))
    check_declared_signers(without_notary)
    with pytest.raises(VerificationError, match="is bad"):
        check_declared_signers(spoiled(FIRST, "notary"))


# Thresholds

ORGANISERS = {kit.key(name).public_key.hex() for name in ("organiser", "second", "third", "second-b")}


def check_signatures(receipt: Receipt, trust: TrustPolicy, dates: Dates, as_of: str | None = None) -> Counted:
    return count_signatures(receipt, read_signatures(receipt, trust), trust, dates, ORGANISERS, as_of)


def shared(*roles: str) -> tuple[TrustedKey, ...]:
    return tuple(
        TrustedKey(name=n.partition("-")[0], public_key=kit.key(n).public_key.hex(), roles=roles)
        for n in ("second", "third", "second-b")
    )


def by(*names: str) -> Receipt:
    data = payload_bytes(
        "void", ceremony=kit.NAME, sequence=5, previous=DIGESTS[-1], time=kit.AFTER, body={"reason": "x"}
    )
    return Receipt.parse(sign_payload(data, kit.keys(*names)))


TWO = kit.policy(also=shared("organiser"), require={"void": (Requirement("organiser", 2),)})


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        (("organiser", "second"), True),
        (("second", "third"), True),
        (("second",), False),
        (("second", "second-b"), False),
        (("second", "notary"), False),
        (("second", "stranger"), False),
        (("organiser", "second", "third", "notary"), True),
    ],
)
def test_a_threshold_counts_holders_of_the_role_not_keys(names: tuple[str, ...], enough: bool) -> None:
    if enough:
        assert check_signatures(by(*names), TWO, Dates(())).names
    else:
        with pytest.raises(VerificationError, match="1 of 2 needed holders of the role organiser"):
            check_signatures(by(*names), TWO, Dates(()))


def test_an_organiser_whom_the_commitment_does_not_declare_does_not_count() -> None:
    trust = kit.policy(also=shared("organiser"))
    signed = read_signatures(by("second"), trust)
    others = ORGANISERS - {kit.key("second").public_key.hex()}
    with pytest.raises(VerificationError, match="0 of 1 needed holders"):
        count_signatures(by("second"), signed, trust, Dates(()), others, None)


def test_what_the_policy_does_not_require_needs_nobody_known() -> None:
    free = kit.policy(require={"void": ()})
    found = check_signatures(by("stranger"), free, Dates(()))
    assert (found.names, found.beside) == ((), (f"unknown key {kit.key('stranger').keyid}",))


# Validity

# Nobody dates the receipt: then the verifier's own time judges the key, and a revoked one counts no more.
BEFORE, NOON, LATER = "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"


def limited(**limits: str) -> TrustPolicy:
    others = [k for k in kit.policy().keys if k.name != "organiser"]
    own = TrustedKey(name="organiser", public_key=kit.key("organiser").public_key.hex(), roles=("organiser",), **limits)
    return TrustPolicy(keys=(own, *others))


@pytest.mark.parametrize(
    ("limits", "dated", "problem"),
    [
        ({"valid_until": NOON}, NOON, None),
        ({"valid_until": NOON}, LATER, "is valid until"),
        ({"valid_from": BEFORE, "valid_until": LATER}, NOON, None),
        ({"valid_from": NOON}, NOON, None),
        ({"valid_from": NOON}, BEFORE, "is valid from"),
        ({"revoked": NOON}, BEFORE, None),
        ({"revoked": NOON}, NOON, "was revoked"),
        ({"revoked": NOON}, LATER, "was revoked"),
        ({"revoked": NOON}, None, "was revoked"),
    ],
)
def test_a_key_counts_only_in_its_time(limits: dict[str, str], dated: str | None, problem: str | None) -> None:
    dates = Dates((seen("notary", 5, 6, dated),) if dated else ())
    if problem is None:
        assert check_signatures(by("organiser"), limited(**limits), dates).names == ("organiser",)
    else:
        with pytest.raises(VerificationError, match=f"'organiser', whose key {problem}"):
            check_signatures(by("organiser"), limited(**limits), dates)


@pytest.mark.parametrize("limits", [{"valid_until": NOON}, {"valid_from": NOON}])
def test_without_any_time_a_key_counts_and_that_is_said(limits: dict[str, str]) -> None:
    found = check_signatures(by("organiser"), limited(**limits), Dates(()))
    assert found.names == ("organiser",)
    assert "'organiser', whose key is valid" in found.undecided[0]


@pytest.mark.parametrize(("names", "enough"), [(("second", "third"), False), (("organiser", "third"), True)])
def test_a_requirement_may_name_whose_signatures_count(names: tuple[str, ...], enough: bool) -> None:
    needs = (Requirement("organiser", 2, ("organiser", "third")),)
    trust = kit.policy(also=shared("organiser"), require={"void": needs})
    assert TrustPolicy.from_bytes(trust.to_bytes()) == trust
    if enough:
        assert check_signatures(by(*names), trust, Dates(())).names == tuple(sorted(names))
    else:
        with pytest.raises(
            VerificationError, match="1 of 2 needed holders of the role organiser among organiser, third"
        ):
            check_signatures(by(*names), trust, Dates(()))


def test_a_requirement_of_a_holder_whom_nobody_knows() -> None:
    with pytest.raises(InputError, match="'nobody' is the holder of no key"):
        kit.policy(require={"void": (Requirement("organiser", 1, ("nobody",)),)})


@pytest.mark.parametrize(("limit", "own", "others"), [("valid_until", True, True), ("revoked", False, True)])
def test_a_witness_dates_his_own_receipt_unless_his_key_was_revoked(limit: str, own: bool, others: bool) -> None:
    """He who has stolen a revoked key could write any date; so only another witness's date helps then."""
    notary = attrs.evolve(next(k for k in kit.policy().keys if k.name == "notary"), **{limit: "2024-03-02T00:00:00Z"})
    policy = TrustPolicy(keys=(notary, *(k for k in kit.policy().keys if k.name != "notary")))
    receipt = MADE.receipts[1]
    for dates, fine in (
        (Dates((seen("notary", 2, 3, kit.DATED),)), own),
        (Dates((seen("discipline", 2, 3, kit.DATED),)), others),
    ):
        found = check_signatures(receipt, policy, dates)
        assert found.names == (("notary",) if fine else ())
        assert fine or "was revoked" in found.beside[0]


@pytest.mark.parametrize(
    ("limits", "as_of", "fine"),
    [
        ({"valid_until": NOON}, NOON, True),
        ({"valid_until": NOON}, LATER, False),
        ({"valid_from": NOON}, NOON, True),
        ({"valid_from": NOON}, BEFORE, False),
        ({"revoked": NOON}, BEFORE, False),
    ],
)
def test_where_nobody_dates_it_the_verifiers_time_judges_the_key(
    limits: dict[str, str], as_of: str, fine: bool
) -> None:
    if fine:
        assert check_signatures(by("organiser"), limited(**limits), Dates(()), as_of).names == ("organiser",)
    else:
        with pytest.raises(VerificationError, match="'organiser', whose key"):
            check_signatures(by("organiser"), limited(**limits), Dates(()), as_of)
