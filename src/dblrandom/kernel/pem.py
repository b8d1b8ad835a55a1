"""Ed25519 keys as PEM text (RFC 8410, RFC 7468): what ``openssl genpkey -algorithm ed25519`` writes."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from dblrandom.errors import KeyFileError
from dblrandom.kernel.signing import check_public_key

__all__ = ["MAX_PEM_BYTES", "private_from_pem", "private_to_pem", "public_from_pem", "public_to_pem"]

MAX_PEM_BYTES = 16 * 1024
"""The longest text that is looked at; a key takes about 120 bytes."""

_BEGIN = b"-----BEGIN "


def private_to_pem(seed: bytes) -> bytes:
    """The PKCS#8 PEM, not encrypted, of a private key of 32 bytes.

    Raises:
        KeyFileError: the key is not 32 bytes.
    """
    if len(seed) != 32:
        raise KeyFileError(f"a private key is 32 bytes, not {len(seed)}", where="Ed25519 key")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def private_from_pem(pem: bytes, where: str = "private key") -> bytes:
    """The 32 bytes of the private key in a PKCS#8 PEM.

    Raises:
        KeyFileError: not one PEM, encrypted, damaged, or a key of another algorithm.
    """
    _check_one(pem, where)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise KeyFileError(
            "is protected by a password; decrypt it with: openssl pkey -in ... -out ...", where=where
        ) from (error)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            "is not a private key in PEM; make one with: openssl genpkey -algorithm ed25519", where=where
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError("is not an Ed25519 key; make one with: openssl genpkey -algorithm ed25519", where=where)
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def public_to_pem(public_key: bytes) -> bytes:
    """The SubjectPublicKeyInfo PEM of a raw public key of 32 bytes.

    Raises:
        KeyFileError: not a key that signatures can be checked with.
    """
    check_public_key(public_key)
    return Ed25519PublicKey.from_public_bytes(public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_from_pem(pem: bytes, where: str = "public key") -> bytes:
    """The 32 raw bytes of the public key in a SubjectPublicKeyInfo PEM.

    Raises:
        KeyFileError: not one PEM, damaged, a private key, a key of another algorithm, or one of small order.
    """
    _check_one(pem, where)
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            "is not a public key in PEM; take one out of a private key with: openssl pkey -pubout", where=where
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError("is not an Ed25519 key; this algorithm cannot be used here", where=where)
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    check_public_key(raw, where)
    return raw


def _check_one(pem: bytes, where: str) -> None:
    """Refuse what holds several keys: which of them would be meant is a guess."""
    if len(pem) > MAX_PEM_BYTES:
        raise KeyFileError(f"has {len(pem)} bytes; a key has at most {MAX_PEM_BYTES}", where=where)
    if pem.count(_BEGIN) != 1:
        raise KeyFileError(f"holds {pem.count(_BEGIN)} PEM blocks; put exactly one key into a file", where=where)
