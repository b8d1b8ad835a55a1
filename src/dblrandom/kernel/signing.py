"""Ed25519 signatures and key ids (docs/spec, section 6; RFC 8032 section 5.1).

A signature is taken only where every strict implementation takes it: S below the group order, A and R canonical
and not of small order, the equation without the cofactor. Without these, two honest verifiers may disagree about
one receipt, and a key of small order signs for every message.
"""

from __future__ import annotations

import hashlib
from typing import Protocol, runtime_checkable

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dblrandom.errors import KeyFileError
from dblrandom.model.portable import Bound

__all__ = ["Ed25519Signer", "Signer", "check_public_key", "keyid", "verify_ed25519"]

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_SIGN = 1 << 255
# The y coordinates of the eight points whose order divides 8 (x and -x share one); for the last two 2 * P has y = 0.
_SMALL_ORDER_Y = frozenset(
    (
        0,
        1,
        _P - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    )
)


@runtime_checkable
class Signer(Protocol):
    """Something that signs: a key in memory here, a hardware module or another office's service elsewhere."""

    @property
    def algorithm(self) -> str:
        """The name of its algorithm, such as ``ed25519``."""
        ...

    @property
    def public_key(self) -> bytes:
        """The raw public key."""
        ...

    @property
    def keyid(self) -> str:
        """SHA-256 of the raw public key, in hex."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``."""
        ...


def keyid(public_key: bytes) -> str:
    """The id of a key: SHA-256 of its raw bytes in hex, in every suite."""
    return hashlib.sha256(public_key).hexdigest()


@attrs.frozen
class Ed25519Signer(Bound):
    """An Ed25519 key in memory; its representation shows the key id only."""

    _instead = "read the private key again in the other process"

    public_key: bytes = attrs.field(repr=False)
    keyid: str
    _private: Ed25519PrivateKey = attrs.field(repr=False, eq=False)

    @classmethod
    def from_private_bytes(cls, seed: bytes) -> Ed25519Signer:
        """The signer of a private key of 32 bytes (RFC 8032 section 5.1.5).

        Raises:
            KeyFileError: the key is not 32 bytes.
        """
        if len(seed) != 32:
            raise KeyFileError(f"a private key is 32 bytes, not {len(seed)}", where="Ed25519 key")
        private = Ed25519PrivateKey.from_private_bytes(seed)
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(public_key=public, keyid=keyid(public), private=private)

    @property
    def algorithm(self) -> str:
        """``ed25519``."""
        return "ed25519"

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, 64 bytes."""
        return self._private.sign(message)


def check_public_key(public_key: bytes, where: str = "public key") -> None:
    """Refuse a key that :func:`verify_ed25519` would never accept a signature by.

    Raises:
        KeyFileError: not 32 bytes, not canonical, or of small order.
    """
    if len(public_key) != 32:
        raise KeyFileError(f"an Ed25519 public key is 32 bytes, not {len(public_key)}", where=where)
    _check_point(public_key, "the key", where)


def verify_ed25519(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check one signature, strictly; returns nothing.

    Args:
        public_key: the raw key A, 32 bytes.
        signature: R and S, 64 bytes.
        message: what was signed.

    Raises:
        KeyFileError: the signature does not hold, for whatever reason.
    """
    where = "Ed25519 signature"
    check_public_key(public_key, where)
    if len(signature) != 64:
        raise KeyFileError(f"a signature is 64 bytes, not {len(signature)}", where=where)
    _check_point(signature[:32], "R", where)
    if int.from_bytes(signature[32:], "little") >= _L:
        raise KeyFileError("S is not below the group order", where=where)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError("does not match the key and the message", where=where) from error


def _check_point(data: bytes, what: str, where: str) -> None:
    """Refuse an encoding whose y is not below p, and the points that vanish when multiplied by 8.

    The two encodings of x = 0 with the sign bit set, not canonical either, have the y of a point of small order.
    """
    y = int.from_bytes(data, "little") & (_SIGN - 1)
    if y >= _P:
        raise KeyFileError(f"{what} is not a canonical point", where=where)
    if y in _SMALL_ORDER_Y:
        raise KeyFileError(f"{what} is a point of small order", where=where)
