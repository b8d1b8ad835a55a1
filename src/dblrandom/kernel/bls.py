"""BLS signatures of drand rounds on the curve BLS12-381 (docs/spec/drand; draft-irtf-cfrg-bls-signature, RFC 9380).

A point is taken only in its one encoding: compressed, of the exact length, not the identity, on the curve, in the
subgroup of prime order. The library underneath takes several encodings of the identity, and with the identity as the
key the identity signs every message; hence the checks here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

import attrs

from dblrandom.errors import KeyFileError
from dblrandom.kernel import extras

__all__ = ["SCHEMES", "Group", "Scheme", "curve", "point", "round_message", "verify_bls"]

Group = Literal["G1", "G2"]
"""The two groups: points of G1 take 48 bytes, points of G2 take 96."""

_SIZES: Mapping[str, int] = MappingProxyType({"G1": 48, "G2": 96})
_DST_G1 = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_DST_G2 = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"


@attrs.frozen(kw_only=True)
class Scheme:
    """What a drand network signs, and in which groups.

    Attributes:
        name: drand's own id of the scheme.
        chained: whether a round's message has the signature of the round before in it.
        signatures: the group of signatures; keys are in the other one.
        dst: the domain separation tag of hashing to the curve (RFC 9380 section 3.1).
    """

    name: str
    chained: bool
    signatures: Group
    dst: bytes

    @property
    def keys(self) -> Group:
        """The group of public keys."""
        return "G2" if self.signatures == "G1" else "G1"

    @property
    def signature_size(self) -> int:
        """Bytes of a signature."""
        return _SIZES[self.signatures]

    @property
    def key_size(self) -> int:
        """Bytes of a public key."""
        return _SIZES[self.keys]


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            Scheme(name="pedersen-bls-chained", chained=True, signatures="G2", dst=_DST_G2),
            Scheme(name="pedersen-bls-unchained", chained=False, signatures="G2", dst=_DST_G2),
            # The tag of the other group is a mistake of the network that was first to use this scheme. Its rounds
            # are signed so, and stay so.
            Scheme(name="bls-unchained-on-g1", chained=False, signatures="G1", dst=_DST_G2),
            Scheme(name="bls-unchained-g1-rfc9380", chained=False, signatures="G1", dst=_DST_G1),
        )
    }
)
"""The schemes of drand on this curve, by drand's own ids."""


def curve() -> Any:
    """The library for the curve.

    Raises:
        MissingExtra: it is not installed.
    """
    return extras.load("py_arkworks_bls12381", "drand", "a drand round")


def point(group: Group, data: bytes, what: str, *, where: str = "BLS signature") -> Any:
    """The point of ``group`` that these bytes encode; ``what`` and ``where`` name it in messages.

    Raises:
        KeyFileError: another length, not on the curve or not in the subgroup, the identity, or a second encoding.
        MissingExtra: the library for the curve is not installed.
    """
    if len(data) != _SIZES[group]:
        raise KeyFileError(f"{what} is {_SIZES[group]} bytes, a point of {group}, not {len(data)}", where=where)
    kind = getattr(curve(), f"{group}Point")
    try:
        found = kind.from_compressed_bytes(data)
    except ValueError as error:
        raise KeyFileError(f"{what} is not a point of the group {group}", where=where) from error
    if bytes(found.to_compressed_bytes()) != data:
        raise KeyFileError(f"{what} is not in the one encoding that a point may have", where=where)
    if found == kind.identity():
        raise KeyFileError(f"{what} is the identity, under which anything can be signed", where=where)
    return found


def round_message(number: int, previous_signature: bytes = b"") -> bytes:
    """What a network signs for a round: SHA-256 of the signature before it, where there is one, and of its number.

    Raises:
        KeyFileError: the number is not a whole number of 64 bits.
    """
    if type(number) is not int or not 0 <= number < 2**64:
        raise KeyFileError("a round's number is a whole number from 0 to 2^64 - 1", where="BLS signature")
    return hashlib.sha256(previous_signature + number.to_bytes(8, "big")).digest()


def verify_bls(scheme: Scheme, public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check one signature; returns nothing.

    Args:
        scheme: one of ``SCHEMES``.
        public_key: the network's key, 48 or 96 bytes as the scheme has it.
        signature: 96 or 48 bytes.
        message: what was signed, see :func:`round_message`.

    Raises:
        KeyFileError: the signature does not hold, for whatever reason.
        MissingExtra: the library for the curve is not installed.
    """
    key = point(scheme.keys, public_key, "the public key")
    sign = point(scheme.signatures, signature, "the signature")
    library = curve()
    g1, g2 = library.G1Point, library.G2Point
    # The signature holds where e(G1, signature) = e(key, H(message)), or with the groups exchanged.
    if scheme.signatures == "G2":
        sides = [g1(), -key], [sign, g2.hash_to_curve(message, scheme.dst)]
    else:
        sides = [sign, -g1.hash_to_curve(message, scheme.dst)], [g2(), key]
    if not library.GT.pairing_check(*sides):
        raise KeyFileError("does not match the key and the message", where="BLS signature")
