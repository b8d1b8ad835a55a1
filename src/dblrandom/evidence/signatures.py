"""Signatures: who vouches for each receipt, and whose signature counts (docs/spec, sections 6 and 7).

A signature is no part of a receipt's digest, so anybody who holds a copy can add one. What such a signature may do is
therefore little: a known key's bad one is an error, and any other that should not count is told and not counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import cast

import attrs

from dblrandom.errors import KeyFileError, MissingExtra, VerificationError
from dblrandom.evidence.dating import Dates
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.trust import Requirement, TrustedKey, TrustPolicy
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.schemes import SCHEMES, Scheme
from dblrandom.kernel.signing import keyid

__all__ = ["Counted", "Signed", "check_declared_signers", "count_signatures", "read_signatures"]


@attrs.frozen
class Signed:
    """The good signatures of one receipt: the policy's keys, and the ids of keys that it does not know.

    ``unchecked`` says of which keys a signature could not be checked here, because its algorithm is not at hand.
    """

    keys: tuple[TrustedKey, ...]
    unknown: tuple[str, ...]
    unchecked: tuple[str, ...] = ()


@attrs.frozen
class Counted:
    """Whose signatures on one receipt count.

    Attributes:
        keys: the keys that count.
        beside: why each of the others does not, in words.
        undecided: keys that count for now, whose validity cannot be judged without a time, in words.
    """

    keys: tuple[TrustedKey, ...]
    beside: tuple[str, ...]
    undecided: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the holders, sorted."""
        return tuple(sorted({key.name for key in self.keys}))


def read_signatures(receipt: Receipt, trust: TrustPolicy, schemes: Mapping[str, Scheme] = SCHEMES) -> Signed:
    """Check every signature of a receipt by a key that the policy knows.

    Raises:
        VerificationError: a known key's signature is bad, however many others are good.
    """
    known: list[TrustedKey] = []
    unknown: list[str] = []
    unchecked: list[str] = []
    message = pae(PAYLOAD_TYPE, receipt.payload)
    for signature in receipt.signatures:
        key = trust.key(signature.keyid)
        if key is None:
            unknown.append(signature.keyid)
            continue
        try:
            _verify(schemes, key.algorithm, key.public_key, signature.value, message)
        except MissingExtra as error:
            unchecked.append(f"the {key.algorithm} signature of {key.name!r}: {error}")
            continue
        except KeyFileError as error:
            raise VerificationError(
                "signature", f"the signature of {key.name!r} is bad: {error}", where=receipt.label
            ) from error
        known.append(key)
    return Signed(tuple(known), tuple(unknown), tuple(unchecked))


def _verify(schemes: Mapping[str, Scheme], algorithm: str, public_key: str, signature: bytes, message: bytes) -> None:
    if algorithm not in schemes:
        raise MissingExtra(f"signatures of {algorithm} cannot be checked here")
    schemes[algorithm].verify(bytes.fromhex(public_key), signature, message)


def check_declared_signers(receipt: Receipt, schemes: Mapping[str, Scheme] = SCHEMES) -> None:
    """Check that everyone whom a commitment declares as organiser or party has signed it, and nobody falsely.

    A second signature that cannot be checked here is passed over: whether it is needed is for the policy to say.

    Raises:
        VerificationError: a declared signature is missing or bad.
    """
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
            with suppress(MissingExtra):
                _verify(schemes, entry["algorithm"], entry["public_key"], signatures[name], message)
        except KeyFileError as error:
            raise VerificationError(
                "signature", f"the signature of {name} is bad: {error}", where=receipt.label
            ) from error


def count_signatures(
    receipt: Receipt, signed: Signed, trust: TrustPolicy, dates: Dates, organisers: Collection[str], as_of: str | None
) -> Counted:
    """Check that enough different holders signed a receipt while their keys were good.

    Args:
        receipt: the receipt.
        signed: its good signatures.
        trust: whose keys count, for what and until when.
        dates: what the witnesses show.
        organisers: the public keys that the commitment in force declares as the organiser's; no other organiser counts.
        as_of: the verifier's own time, which judges a key where nobody dates the receipt.

    Raises:
        VerificationError: too few for what the policy requires.
    """
    counting: list[TrustedKey] = []
    beside = [f"unknown key {unknown}" for unknown in signed.unknown]
    undecided: list[str] = []
    for key in signed.keys:
        problem, decided = _out_of_time(key, receipt, dates, as_of)
        if problem is None or not decided:
            counting.append(key)
        if problem is not None:
            (beside if decided else undecided).append(f"{key.name!r}, whose key {problem}")
    counting, alone = _with_first(counting)
    beside += [f"{key.name!r} by {key.algorithm}, without a first signature" for key in alone]
    beside += signed.unchecked
    for need in trust.require.get(receipt.type, ()):
        _check_need(need, counting, beside, organisers, receipt)
    return Counted(tuple(counting), tuple(beside), tuple(undecided))


def _with_first(keys: Sequence[TrustedKey]) -> tuple[list[TrustedKey], list[TrustedKey]]:
    """The keys whose signatures can count, and second ones that lack the same holder's first, which none replaces."""
    first = {key.name for key in keys if key.algorithm == "ed25519"}
    return [key for key in keys if key.name in first], [key for key in keys if key.name not in first]


def _check_need(
    need: Requirement,
    counting: Collection[TrustedKey],
    beside: Collection[str],
    organisers: Collection[str],
    receipt: Receipt,
) -> None:
    keys = [key for key in counting if need.role in key.roles and key.algorithm == need.algorithm]
    keys = [key for key in keys if not need.of or key.name in need.among]
    if need.role == "organiser":
        keys = [key for key in keys if key.public_key in organisers]
    holders = {key.name for key in keys}
    if len(holders) < need.threshold:
        among = f" among {', '.join(need.of)}" if need.of else ""
        how = "" if need.algorithm == "ed25519" else f" by {need.algorithm}"
        lost = f"; not counted: {', '.join(beside)}" if beside else ""
        raise VerificationError(
            "signature",
            f"{len(holders)} of {need.threshold} needed holders of the role {need.role}{among} signed it{how}{lost}",
            where=receipt.label,
        )


def _out_of_time(key: TrustedKey, receipt: Receipt, dates: Dates, as_of: str | None) -> tuple[str | None, bool]:
    """Why a key's signature is outside its time, and whether that can be decided without a time of the verifier's.

    A witness's own receipt carries its date; every other receipt has the date that others give it.
    """
    other = dates.before(receipt.sequence, besides=key.name)
    own = receipt.time if receipt.type == "witness" else None
    latest = own or other or as_of
    earliest = own or other or dates.after(receipt.sequence) or as_of
    if key.revoked is not None and (other is None or other >= key.revoked):
        return f"was revoked on {key.revoked}, and no other witness dates this before", True
    if key.valid_until is not None and (latest is None or latest > key.valid_until):
        return f"is valid until {key.valid_until}, and this is not shown to be of that time", latest is not None
    if key.valid_from is not None and (earliest is None or earliest < key.valid_from):
        return f"is valid from {key.valid_from}, and this is not shown to be of that time", earliest is not None
    return None, True
