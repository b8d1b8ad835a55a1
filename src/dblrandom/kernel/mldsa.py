"""ML-DSA-44 signatures (FIPS 204): for records that must stand when elliptic curves no longer do.

The pure variant over the message itself with an empty context string. It is there from cryptography 48 on where that is
built on OpenSSL 3.5 or later, as its wheels are; an installation without it can neither make nor check such signatures.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from dblrandom.errors import KeyFileError, MissingExtra
from dblrandom.kernel.signing import keyid
from dblrandom.model.portable import Bound

__all__ = ["PUBLIC_KEY_SIZE", "SIGNATURE_SIZE", "MlDsa44", "MlDsa44Signer"]

PUBLIC_KEY_SIZE = 1312
"""Bytes of a public key (FIPS 204, table 2)."""

SIGNATURE_SIZE = 2420
"""Bytes of a signature (FIPS 204, table 2)."""


def _missing() -> MissingExtra:
    return MissingExtra(
        "ML-DSA-44 is not offered by this installation of cryptography; it needs: pip install 'cryptography>=48'"
    )


def _library() -> ModuleType:
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError as error:
        raise _missing() from error
    return mldsa


class MlDsa44:
    """The scheme ``ml-dsa-44``."""

    @property
    def algorithm(self) -> str:
        """``ml-dsa-44``."""
        return "ml-dsa-44"

    def check_public_key(self, public_key: bytes, where: str = "public key") -> None:
        """Refuse another size; every text of this size is a key (FIPS 204, algorithm 23).

        Raises:
            KeyFileError: not 1,312 bytes.
        """
        if len(public_key) != PUBLIC_KEY_SIZE:
            raise KeyFileError(
                f"an ML-DSA-44 public key is {PUBLIC_KEY_SIZE} bytes, not {len(public_key)}", where=where
            )

    def verify(self, public_key: bytes, signature: bytes, message: bytes) -> None:
        """Check one signature of 2,420 bytes; returns nothing.

        Raises:
            KeyFileError: the signature does not hold, for whatever reason.
            MissingExtra: this installation has no ML-DSA-44.
        """
        where = "ML-DSA-44 signature"
        self.check_public_key(public_key, where)
        if len(signature) != SIGNATURE_SIZE:
            raise KeyFileError(f"a signature is {SIGNATURE_SIZE} bytes, not {len(signature)}", where=where)
        try:
            _library().MLDSA44PublicKey.from_public_bytes(public_key).verify(signature, message)
        except UnsupportedAlgorithm as error:
            raise _missing() from error
        except (InvalidSignature, ValueError) as error:
            raise KeyFileError("does not match the key and the message", where=where) from error


@attrs.frozen
class MlDsa44Signer(Bound):
    """An ML-DSA-44 key in memory; its representation shows the key id only."""

    _instead = "read the private key again in the other process"

    public_key: bytes = attrs.field(repr=False)
    keyid: str
    _private: Any = attrs.field(repr=False, eq=False)

    @classmethod
    def from_private_bytes(cls, seed: bytes) -> MlDsa44Signer:
        """The signer of a seed of 32 bytes, from which the whole key follows (FIPS 204, algorithm 6).

        Raises:
            KeyFileError: the seed is not 32 bytes.
            MissingExtra: this installation has no ML-DSA-44.
        """
        if len(seed) != 32:
            raise KeyFileError(f"a private key is a seed of 32 bytes, not {len(seed)}", where="ML-DSA-44 key")
        try:
            private = _library().MLDSA44PrivateKey.from_seed_bytes(seed)
        except UnsupportedAlgorithm as error:
            raise _missing() from error
        public = private.public_key().public_bytes_raw()
        return cls(public_key=public, keyid=keyid(public), private=private)

    @property
    def algorithm(self) -> str:
        """``ml-dsa-44``."""
        return "ml-dsa-44"

    def sign(self, message: bytes) -> bytes:
        """A signature of ``message``, 2,420 bytes and different each time."""
        return bytes(self._private.sign(message))
