"""Signatures and dates: who vouches for each receipt, and between which moments it was made (docs/spec, sections 6, 7).

A receipt's own ``time`` proves nothing. What dates it are witnesses: a receipt existed before the time of every
witness receipt that attests it or a later one, and was made after the time of every witness receipt that it comes
after, because its digest covers theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import attrs

from dblrandom.errors import KeyFileError, VerificationError
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.trust import TrustedKey, TrustPolicy
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.signing import keyid, verify_ed25519

__all__ = [
    "Attestation",
    "Dates",
    "check_declared_signers",
    "check_signatures",
    "organisers_own",
    "read_dates",
    "signed_by",
]


@attrs.frozen(kw_only=True)
class Attestation:
    """A trusted witness saw the receipt ``attested`` (a sequence number) at ``time``; it stands at ``sequence``."""

    witness: str
    attested: int
    sequence: int
    time: str


@attrs.frozen
class Dates:
    """What the trusted witnesses of one ceremony show."""

    attestations: tuple[Attestation, ...]
    audits: tuple[Attestation, ...] = ()
    """What trusted auditors attest: that they checked a sealed draw in full. It dates nothing."""

    def before(self, sequence: int, *, besides: str | None = None) -> str | None:
        """The earliest time at which the receipt is known to have existed, or ``None``.

        ``besides`` leaves out one witness: nobody dates a signature of his own.
        """
        times = [a.time for a in self.attestations if a.attested >= sequence and a.witness != besides]
        return min(times, default=None)

    def by(self, sequence: int, needed: int) -> str | None:
        """The time by which ``needed`` different witnesses (at least one) had seen the receipt, or ``None``."""
        first: dict[str, str] = {}
        for entry in self.attestations:
            if entry.attested >= sequence:
                first[entry.witness] = min(entry.time, first.get(entry.witness, entry.time))
        wanted = max(1, needed)
        return sorted(first.values())[wanted - 1] if len(first) >= wanted else None

    def after(self, sequence: int) -> str | None:
        """The latest time that the receipt is known to come after, or ``None``."""
        return max((a.time for a in self.attestations if a.sequence < sequence), default=None)

    def witnesses(self, sequence: int) -> set[str]:
        """The different witnesses that date the receipt."""
        return {a.witness for a in self.attestations if a.attested >= sequence}


def signed_by(receipt: Receipt, trust: TrustPolicy) -> tuple[tuple[TrustedKey, ...], tuple[str, ...]]:
    """The known keys whose signatures on a receipt are good, and the ids of the unknown ones.

    Raises:
        VerificationError: a known key's signature is bad, however many others are good.
    """
    known: list[TrustedKey] = []
    unknown: list[str] = []
    message = pae(PAYLOAD_TYPE, receipt.payload)
    for signature in receipt.signatures:
        key = trust.key(signature.keyid)
        if key is None:
            unknown.append(signature.keyid)
            continue
        try:
            verify_ed25519(bytes.fromhex(key.public_key), signature.value, message)
        except KeyFileError as error:
            raise VerificationError(
                "signature", f"the signature of {key.name!r} is bad: {error}", where=receipt.label
            ) from error
        known.append(key)
    return tuple(known), tuple(unknown)


def check_declared_signers(receipt: Receipt) -> tuple[str, ...]:
    """Check that everyone whom a commitment declares as organiser or party has signed it.

    Returns:
        The ids of the keys that a commitment declares, with a good signature each.

    Raises:
        VerificationError: a declared signature is missing or bad.
    """
    good = []
    message = pae(PAYLOAD_TYPE, receipt.payload)
    signatures = {s.keyid: s.value for s in receipt.signatures}
    for entry in cast("list[dict[str, str]]", receipt.body["signers"]):
        public = bytes.fromhex(entry["public_key"])
        name = keyid(public)
        if name not in signatures:
            if entry["role"] in ("organiser", "party"):
                raise VerificationError(
                    "signature", f"the {entry['role']} {name} did not sign the commitment", where=receipt.label
                )
            continue
        try:
            verify_ed25519(public, signatures[name], message)
        except KeyFileError as error:
            raise VerificationError(
                "signature", f"the signature of {name} is bad: {error}", where=receipt.label
            ) from error
        good.append(name)
    return tuple(good)


def read_dates(receipts: Sequence[Receipt], digests: Sequence[str], trust: TrustPolicy) -> Dates:
    """Check every witness receipt and gather what the trusted ones show.

    Raises:
        VerificationError: a witness receipt for a digest that is not in the chain before it, or with another time in
            its body than in its payload, or signed by no trusted witness or auditor, or by the organiser.
    """
    found: dict[str, list[Attestation]] = {"witness": [], "auditor": []}
    own = organisers_own(receipts)
    for receipt in receipts:
        if receipt.type != "witness":
            continue
        attested = cast(int, receipt.body["sequence"])
        if attested >= receipt.sequence or receipt.body["digest"] != digests[attested - 1]:
            raise VerificationError(
                "witness", f"it attests no receipt of this chain (sequence {attested})", where=receipt.label
            )
        if receipt.body["ceremony"] != receipt.ceremony or receipt.body["time"] != receipt.time:
            raise VerificationError(
                "witness", "its body names another ceremony or time than its payload", where=receipt.label
            )
        known, _ = signed_by(receipt, trust)
        if any(s.keyid in own for s in receipt.signatures):
            raise VerificationError("witness", "the organiser cannot witness his own ceremony", where=receipt.label)
        if not any(role in key.roles for key in known for role in found):
            raise VerificationError("witness", "no trusted witness or auditor signed it", where=receipt.label)
        for key in known:
            entry = Attestation(witness=key.name, attested=attested, sequence=receipt.sequence, time=receipt.time)
            for role in found.keys() & set(key.roles):
                found[role].append(entry)
    return Dates(tuple(found["witness"]), tuple(found["auditor"]))


def organisers_own(receipts: Sequence[Receipt]) -> set[str]:
    """The ids of every key that any commitment of the ceremony declares as the organiser's."""
    own = set()
    for receipt in receipts:
        if receipt.type == "commitment":
            for entry in cast("list[dict[str, str]]", receipt.body["signers"]):
                if entry["role"] == "organiser":
                    own.add(keyid(bytes.fromhex(entry["public_key"])))
    return own


def check_signatures(
    receipt: Receipt, trust: TrustPolicy, dates: Dates, organisers: Collection[str], as_of: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Check that enough different holders signed a receipt while their keys were good.

    Args:
        receipt: the receipt.
        trust: whose keys count, for what and until when.
        dates: what the witnesses show.
        organisers: the public keys that the commitment in force declares as the organiser's; no other organiser counts.
        as_of: the verifier's own time, which judges a key where nobody dates the receipt.

    Returns:
        The names of the holders that count, sorted, and the ids of the keys that nobody knows.

    Raises:
        VerificationError: too few for what the policy requires, or a key used outside its time.
    """
    known, unknown = signed_by(receipt, trust)
    for key in known:
        _check_key_time(key, receipt, dates, as_of)
    for need in trust.require.get(receipt.type, ()):
        counting = [k for k in known if need.role in k.roles]
        if need.role == "organiser":
            counting = [k for k in counting if k.public_key in organisers]
        holders = {key.name for key in counting}
        if len(holders) < need.threshold:
            raise VerificationError(
                "signature",
                f"{len(holders)} of {need.threshold} needed holders of the role {need.role} signed it",
                where=receipt.label,
            )
    return tuple(sorted({key.name for key in known})), unknown


def _check_key_time(key: TrustedKey, receipt: Receipt, dates: Dates, as_of: str | None) -> None:
    """A witness's own receipt carries its date; every other receipt has the date that others give it."""
    other = dates.before(receipt.sequence, besides=key.name)
    own = receipt.time if receipt.type == "witness" else None
    latest = own or other or as_of
    earliest = own or other or dates.after(receipt.sequence) or as_of
    if key.revoked is not None and (other is None or other >= key.revoked):
        problem = f"was revoked on {key.revoked}, and no other witness dates this before"
    elif key.valid_until is not None and (latest is None or latest > key.valid_until):
        problem = f"is valid until {key.valid_until}, and this is not shown to be of that time"
    elif key.valid_from is not None and (earliest is None or earliest < key.valid_from):
        problem = f"is valid from {key.valid_from}, and this is not shown to be of that time"
    else:
        return
    raise VerificationError("signature", f"the key of {key.name!r} {problem}", where=receipt.label)
