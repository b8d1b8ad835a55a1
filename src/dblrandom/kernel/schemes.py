"""Signature schemes: what keys and signatures of each algorithm look like, and who checks them (docs/spec, signatures).

Ed25519 carries every receipt. ML-DSA-44 (FIPS 204) and SM2 (GB/T 32918.2) may stand beside it as second signatures.
Keys of the three algorithms have different sizes, and so have their signatures, so that neither needs a label. The form
of an SM2 key or signature is decided here, with whole numbers; its equation is checked above the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from dblrandom.errors import KeyFileError
from dblrandom.kernel.mldsa import PUBLIC_KEY_SIZE, SIGNATURE_SIZE, MlDsa44
from dblrandom.kernel.signing import check_public_key, verify_ed25519

__all__ = [
    "KEY_SIZES",
    "SCHEMES",
    "SM2_ORDER",
    "Ed25519",
    "Scheme",
    "algorithm_of_key",
    "algorithm_of_signature",
    "check_key",
    "check_sm2_key",
    "sm2_integers",
]

KEY_SIZES: Mapping[str, int] = MappingProxyType({"ed25519": 32, "ml-dsa-44": PUBLIC_KEY_SIZE, "sm2": 65})
"""Every algorithm that a receipt can be signed with, and the bytes of its raw public key."""

_ED25519_SIGNATURE = 64

# The recommended curve of GB/T 32918.5, y^2 = x^3 - 3x + b over the integers modulo p, of prime order n (SM2_ORDER).
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""n, the number of points of the SM2 curve."""


@runtime_checkable
class Scheme(Protocol):
    """One signature algorithm, as far as a verifier needs it."""

    @property
    def algorithm(self) -> str:
        """Its name, one of :data:`KEY_SIZES`."""
        ...

    def check_public_key(self, public_key: bytes, where: str = "public key") -> None:
        """Raise :class:`~dblrandom.errors.KeyFileError` for a raw key that no signature can be checked with."""
        ...

    def verify(self, public_key: bytes, signature: bytes, message: bytes) -> None:
        """Return if the signature holds.

        Raises:
            KeyFileError: it does not hold, for whatever reason.
            MissingExtra: it cannot be checked on this machine, which says nothing about it.
        """
        ...


class Ed25519:
    """RFC 8032, with the strict rules of :mod:`dblrandom.kernel.signing`."""

    @property
    def algorithm(self) -> str:
        """``ed25519``."""
        return "ed25519"

    def check_public_key(self, public_key: bytes, where: str = "public key") -> None:
        """See :func:`dblrandom.kernel.signing.check_public_key`."""
        check_public_key(public_key, where)

    def verify(self, public_key: bytes, signature: bytes, message: bytes) -> None:
        """See :func:`dblrandom.kernel.signing.verify_ed25519`."""
        verify_ed25519(public_key, signature, message)


SCHEMES: Mapping[str, Scheme] = MappingProxyType({scheme.algorithm: scheme for scheme in (Ed25519(), MlDsa44())})
"""The schemes that need nothing but this library's own dependencies; SM2 comes from ``dblrandom.adapters.sm2``."""


def algorithm_of_key(public_key: bytes, where: str = "public key") -> str:
    """The algorithm of a raw public key, which its size tells; the key itself is not looked at.

    Raises:
        KeyFileError: no algorithm has keys of this size.
    """
    for algorithm, size in KEY_SIZES.items():
        if len(public_key) == size:
            return algorithm
    sizes = ", ".join(f"{size} ({algorithm})" for algorithm, size in KEY_SIZES.items())
    raise KeyFileError(f"has {len(public_key)} bytes; a raw public key has one of {sizes}", where=where)


def check_key(algorithm: str, public_key: bytes, where: str = "public key") -> None:
    """Refuse a raw public key that is not one of this algorithm.

    Raises:
        KeyFileError: no such algorithm, or a key of another size or form, or that no signature can be checked with.
    """
    if algorithm == "sm2":
        check_sm2_key(public_key, where)
    elif algorithm in SCHEMES:
        SCHEMES[algorithm].check_public_key(public_key, where)
    else:
        raise KeyFileError(f"{algorithm!r} is none of the algorithms {', '.join(KEY_SIZES)}", where=where)


def algorithm_of_signature(signature: bytes, where: str = "signature") -> str:
    """The only algorithm that a signature can be of, by its size and form.

    Raises:
        KeyFileError: it cannot be a signature of any.
    """
    if len(signature) == _ED25519_SIGNATURE:
        return "ed25519"
    if len(signature) == SIGNATURE_SIZE:
        return "ml-dsa-44"
    try:
        sm2_integers(signature, "")
    except KeyFileError as error:
        raise KeyFileError(
            f"has {len(signature)} bytes, not {_ED25519_SIGNATURE} (ed25519) or {SIGNATURE_SIZE} (ml-dsa-44), "
            f"and not of sm2: {error}",
            where=where,
        ) from error
    return "sm2"


def check_sm2_key(public_key: bytes, where: str = "public key") -> None:
    """Refuse what is not 04, X and Y of a point of the recommended curve; its order is prime, so that is all.

    Raises:
        KeyFileError: another size or form (the point at infinity has none), or a point that is not on the curve.
    """
    size = KEY_SIZES["sm2"]
    if len(public_key) != size:
        raise KeyFileError(f"an SM2 public key is {size} bytes, not {len(public_key)}", where=where)
    if public_key[0] != 4:
        raise KeyFileError("an SM2 public key is an uncompressed point, which begins with 04", where=where)
    x, y = int.from_bytes(public_key[1:33], "big"), int.from_bytes(public_key[33:], "big")
    if x >= _P or y >= _P or (y * y - (x * x * x - 3 * x + _B)) % _P:
        raise KeyFileError("is not a point of the SM2 curve", where=where)


def sm2_integers(signature: bytes, where: str = "SM2 signature") -> tuple[int, int]:
    """The integers r and s of an SM2 signature, from the one DER form that they have (X.690 sections 8.3 and 10.1).

    64 bytes are refused, so that size alone tells a signature from one of Ed25519; one honest signature in about
    2^47 is so short, and its signer signs again.

    Raises:
        KeyFileError: not a SEQUENCE of exactly two INTEGERs from 1 to n - 1, or not the shortest encoding.
    """
    size = len(signature)
    if not 8 <= size <= 72 or size == _ED25519_SIGNATURE:
        raise KeyFileError(f"an SM2 signature is 8 to 72 bytes and never 64, not {size}", where=where)
    if signature[0] != 0x30 or signature[1] != size - 2:
        raise KeyFileError("an SM2 signature is one DER SEQUENCE with nothing after it", where=where)
    r, rest = _integer(signature[2:], "r", where)
    s, rest = _integer(rest, "s", where)
    if rest:
        raise KeyFileError("trailing bytes after r and s", where=where)
    return r, s


def _integer(data: bytes, what: str, where: str) -> tuple[int, bytes]:
    """The DER INTEGER that ``data`` begins with, and what follows it."""
    size = data[1] if len(data) > 2 else 0
    if not 1 <= size <= 33 or data[0] != 0x02 or len(data) < 2 + size:
        raise KeyFileError(f"{what} is not a DER INTEGER of 1 to 33 bytes", where=where)
    content = data[2 : 2 + size]
    if content[0] & 0x80:
        raise KeyFileError(f"{what} is negative", where=where)
    if size > 1 and not content[0] and not content[1] & 0x80:
        raise KeyFileError(f"{what} is not in its shortest form", where=where)
    value = int.from_bytes(content, "big")
    if not 1 <= value < SM2_ORDER:
        raise KeyFileError(f"{what} is not from 1 to n - 1", where=where)
    return value, data[2 + size :]
