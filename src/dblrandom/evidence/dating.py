"""Dates: between which moments each receipt was made (docs/spec, sections 6 and 7).

A receipt's own ``time`` proves nothing. What dates it are witness receipts: a receipt existed before the time of every
one that attests it or a later one, and was made after the time of every one that it comes after, because its digest
covers theirs. The time is that of a trusted witness who signed it, of a trusted authority whose token it carries, or of
the witnesses of a trusted log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import attrs

from dblrandom.errors import VerificationError
from dblrandom.evidence.dateindex import DateIndex, Earliest
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.stamping import OutsideDate, carries_date, outside_dates
from dblrandom.evidence.trust import TrustedKey, TrustPolicy
from dblrandom.kernel.signing import keyid
from dblrandom.kernel.suite import Suite

__all__ = ["Attestation", "Dates", "organisers_own", "read_dates"]


@attrs.frozen(kw_only=True)
class Attestation:
    """Somebody trusted saw the receipt ``attested`` (a sequence number) at ``time``; it stands at ``sequence``.

    ``kind`` says who: a ``witness`` of the ceremony, an authority by a ``token``, or the witnesses of a ``log``. Where
    the moment is known with some accuracy only, ``earliest`` is its other bound.
    """

    witness: str
    attested: int
    sequence: int
    time: str
    kind: str = "witness"
    earliest: str | None = None


@attrs.frozen
class Dates:
    """What the trusted witnesses of one ceremony show."""

    attestations: tuple[Attestation, ...]
    audits: tuple[Attestation, ...] = ()
    """What trusted auditors attest: that they checked a sealed draw in full. It dates nothing."""
    idle: tuple[tuple[str, str], ...] = ()
    """The witness receipts in which a trusted signature does not count, each with the reason."""

    _index: DateIndex = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(lambda self: DateIndex(self.attestations), takes_self=True),
    )

    def before(self, sequence: int, *, besides: str | None = None) -> str | None:
        """The earliest time at which the receipt is known to have existed, or ``None``.

        ``besides`` leaves out one witness: nobody dates a signature of his own.
        """
        return self._index.before(sequence, besides)

    def by(self, sequence: int, needed: int) -> str | None:
        """The time by which ``needed`` different witnesses (at least one) had seen the receipt, or ``None``."""
        return self._index.by(sequence, max(1, needed))

    def after(self, sequence: int) -> str | None:
        """The latest time that the receipt is known to come after, or ``None``."""
        return self._index.after(sequence)

    def witnesses(self, sequence: int) -> set[str]:
        """The different witnesses that date the receipt."""
        return self._index.witnesses(sequence)

    def at(self, sequence: int) -> frozenset[str]:
        """The witnesses of the ceremony who signed the witness receipt of this sequence."""
        return self._index.at(sequence)

    def kinds(self, sequence: int, *, until: str | None = None) -> set[str]:
        """The kinds of those who date the receipt, where ``until`` is given before that time."""
        return self._index.kinds(sequence, until)


@attrs.frozen
class _Claim:
    """An attestation that counts only where another, by somebody else, shows it to be older than ``limit``."""

    entry: Attestation
    role: str
    limit: str | None


def read_dates(
    receipts: Sequence[Receipt],
    digests: Sequence[str],
    signed: Mapping[int, Iterable[TrustedKey]],
    suite: Suite,
    trust: TrustPolicy,
    as_of: str | None = None,
) -> Dates:
    """Check every witness receipt and gather what the trusted ones show.

    Args:
        receipts: the chain.
        digests: the digest of each receipt.
        signed: the trusted keys with a good signature, by the sequence of each witness receipt.
        suite: the ceremony's.
        trust: which authorities and logs count.
        as_of: the verifier's own time, until which a token must have stayed good.

    Raises:
        VerificationError: a witness receipt for a digest that is not in the chain before it, or with another time in
            its body than in its payload, or signed by no trusted witness or auditor, or by the organiser; a token or a
            log's proof that does not hold.
    """
    claims: list[_Claim] = []
    idle: list[tuple[str, str]] = []
    own = organisers_own(receipts)
    for receipt in receipts:
        if receipt.type != "witness":
            continue
        _check_attests(receipt, digests)
        outside, reasons = outside_dates(receipt, receipts[_attested(receipt) - 1], suite, trust, as_of, own)
        claims += [_outside_claim(receipt, date, as_of) for date in outside]
        idle += [(receipt.label, reason) for reason in reasons]
        if not carries_date(receipt) and any(s.keyid in own for s in receipt.signatures):
            raise VerificationError("witness", "the organiser cannot witness his own ceremony", where=receipt.label)
        keys = [key for key in signed[receipt.sequence] if key.keyid not in own and key.algorithm == "ed25519"]
        found, reasons = _claims(receipt, keys)
        if not found and not reasons and not carries_date(receipt):
            raise VerificationError("witness", "no trusted witness or auditor signed it", where=receipt.label)
        claims += found
        idle += [(receipt.label, reason) for reason in reasons]
    accepted, late = _parted(claims)
    idle += [(f"receipt {c.entry.sequence} (witness)", _lost(c)) for c in late]
    return Dates(
        tuple(c.entry for c in accepted if c.role == "witness"),
        tuple(c.entry for c in accepted if c.role == "auditor"),
        tuple(idle),
    )


def _attested(receipt: Receipt) -> int:
    return cast(int, receipt.body["sequence"])


def _outside_claim(receipt: Receipt, date: OutsideDate, as_of: str | None) -> _Claim:
    entry = Attestation(
        witness=date.name,
        attested=_attested(receipt),
        sequence=receipt.sequence,
        time=date.time,
        kind=date.kind,
        earliest=date.earliest,
    )
    expired = date.expires is not None and as_of is not None and as_of > date.expires
    return _Claim(entry, "witness", date.expires if expired else None)


def _check_attests(receipt: Receipt, digests: Sequence[str]) -> None:
    attested = _attested(receipt)
    if attested >= receipt.sequence or receipt.body["digest"] != digests[attested - 1]:
        raise VerificationError(
            "witness", f"it attests no receipt of this chain (sequence {attested})", where=receipt.label
        )
    if receipt.body["ceremony"] != receipt.ceremony or receipt.body["time"] != receipt.time:
        raise VerificationError(
            "witness", "its body names another ceremony or time than its payload", where=receipt.label
        )


def _claims(receipt: Receipt, keys: Iterable[TrustedKey]) -> tuple[list[_Claim], list[str]]:
    """What each key claims by one witness receipt, and why a key that is out of its time does not."""
    found, reasons = [], []
    for key in keys:
        entry = Attestation(
            witness=key.name,
            attested=_attested(receipt),
            sequence=receipt.sequence,
            time=receipt.time,
        )
        roles = {"witness", "auditor"} & set(key.roles)
        if not roles:
            continue
        if not (key.valid_from or receipt.time) <= receipt.time <= (key.valid_until or receipt.time):
            reasons.append(f"the key of {key.name!r} is not valid at {receipt.time}")
            continue
        found += [_Claim(entry, role, key.revoked) for role in sorted(roles)]
    return found, reasons


def _parted(claims: Sequence[_Claim]) -> tuple[list[_Claim], list[_Claim]]:
    """The claims that stand, and those that do not: none without a limit, and of the others those not shown in time.

    What stands for a claim comes after it in the chain, since it attests the claim's receipt or a later one. So they
    are judged from the end of the chain on, each once, and no two revoked keys can vouch for each other.
    """
    stands: list[bool] = [False] * len(claims)
    waiting: dict[int, list[_Claim]] = {}
    earliest, shown = Earliest(), len(claims) and max(claim.entry.sequence for claim in claims)
    for number in sorted(range(len(claims)), key=lambda n: -claims[n].entry.sequence):
        claim = claims[number]
        while shown >= claim.entry.sequence:
            for other in waiting.pop(shown, ()):
                earliest.add(other.entry.time, other.entry.witness)
            shown -= 1
        stands[number] = _stands(claim, earliest)
        if stands[number] and claim.role == "witness":
            waiting.setdefault(claim.entry.attested, []).append(claim)
    parted: tuple[list[_Claim], list[_Claim]] = ([], [])
    for claim, good in zip(claims, stands, strict=True):
        parted[0 if good else 1].append(claim)
    return parted


def _stands(claim: _Claim, earliest: Earliest) -> bool:
    """Whether a claim counts, given what others show of its own receipt."""
    if claim.limit is None:
        return True
    # An authority may renew its own token: it is the certificate that has ended, not its word.
    token = claim.entry.kind == "token"
    other = earliest.besides(None if token else claim.entry.witness)
    # A key is revoked from that moment on; a certificate is still good in its last second.
    return other is not None and (other < claim.limit or (token and other == claim.limit))


def _lost(claim: _Claim) -> str:
    if claim.entry.kind == "token":
        return f"the time stamp of {claim.entry.witness!r} expired on {claim.limit}, and none dates it before"
    return f"the key of {claim.entry.witness!r} was revoked on {claim.limit}, and no other witness dates this before"


def organisers_own(receipts: Sequence[Receipt]) -> set[str]:
    """The ids of every key that any commitment of the ceremony declares as the organiser's."""
    own = set()
    for receipt in receipts:
        if receipt.type == "commitment":
            for entry in cast("list[dict[str, str]]", receipt.body["signers"]):
                if entry["role"] == "organiser":
                    own.add(keyid(bytes.fromhex(entry["public_key"])))
    return own
