"""Keys as PEM text (RFC 7468): what ``openssl genpkey`` writes for Ed25519, ML-DSA-44 and SM2.

Each kind of key has one lawful DER form, which is compared as a whole and never parsed. A key with parameters of its
own, or of an algorithm that is not used here, therefore costs nothing to refuse. Sources: RFC 8410 (Ed25519), RFC 9881
with the seed alone (ML-DSA-44), RFC 5480 and RFC 5915 with the named curve 1.2.156.10197.1.301 (SM2).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from dblrandom import limits
from dblrandom.errors import KeyFileError
from dblrandom.kernel.keyencryption import decrypted, encrypted
from dblrandom.kernel.schemes import KEY_SIZES, algorithm_of_key, check_key

__all__ = [
    "MAX_PEM_BYTES",
    "Passphrase",
    "encrypted_pem",
    "private_from_pem",
    "private_to_pem",
    "public_from_pem",
    "public_to_pem",
]

Passphrase: TypeAlias = "str | bytes | Callable[[], str | bytes | None] | None"  # noqa: S105
"""A passphrase, or what asks for it when it is needed."""

MAX_PEM_BYTES = limits.KEY_BYTES
"""The longest text that is looked at; the longest key takes about 1,900 bytes."""

_BEGIN = b"-----BEGIN "
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----")

# SubjectPublicKeyInfo up to the raw key.
_PUBLIC: Mapping[str, bytes] = {
    "ed25519": bytes.fromhex("302a300506032b6570032100"),
    "ml-dsa-44": bytes.fromhex("30820532300b06096086480165030403110382052100"),
    "sm2": bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200"),
}
# PKCS#8 up to the private key, which is a seed of 32 bytes for the first two.
_SEED: Mapping[str, bytes] = {
    "ed25519": bytes.fromhex("302e020100300506032b657004220420"),
    "ml-dsa-44": bytes.fromhex("3034020100300b060960864801650304031104228020"),
}
_SM2 = re.compile(
    re.escape(bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"))
    + b".{32}"
    + re.escape(bytes.fromhex("a144034200"))
    + b".{65}",
    re.DOTALL,
)
_ALL = ", ".join(KEY_SIZES)


def private_to_pem(secret: bytes, algorithm: str = "ed25519") -> bytes:
    """The PKCS#8 PEM, not encrypted, of a private key as :func:`private_from_pem` gives it.

    Raises:
        KeyFileError: not such a key.
    """
    where = f"{algorithm} key"
    if algorithm == "sm2":
        if not _SM2.fullmatch(secret):
            raise KeyFileError("is not an SM2 key in PKCS#8 with its public key", where=where)
        return _pem(b"PRIVATE KEY", secret)
    if algorithm not in _SEED:
        raise KeyFileError(f"there is no such algorithm; there are {_ALL}", where=where)
    if len(secret) != 32:
        raise KeyFileError(f"a private key is 32 bytes, not {len(secret)}", where=where)
    return _pem(b"PRIVATE KEY", _SEED[algorithm] + secret)


def encrypted_pem(pem: bytes, passphrase: str | bytes, *, salt: bytes, iv: bytes) -> bytes:
    """The PKCS#8 PEM of a private key under a passphrase; ``salt`` and ``iv`` are 16 random bytes each.

    Raises:
        KeyFileError: not a private key as :func:`private_to_pem` writes it, or a passphrase that cannot be used.
    """
    private_from_pem(pem)
    der = _der(pem, b"PRIVATE KEY")
    return _pem(b"ENCRYPTED PRIVATE KEY", encrypted(der or b"", passphrase, salt=salt, iv=iv))


def private_from_pem(pem: bytes, where: str = "private key", passphrase: Passphrase = None) -> tuple[str, bytes]:
    """The algorithm and the private key in a PKCS#8 PEM.

    Args:
        pem: the text.
        where: what to call it in errors.
        passphrase: opens an encrypted key; a function is asked only where the key is encrypted. Not needed otherwise.

    Returns:
        For ``ed25519`` and ``ml-dsa-44`` the 32 bytes that the key is made from; for ``sm2`` the whole PKCS#8
        structure, 138 bytes, whose last 65 are the public key.

    Raises:
        KeyFileError: not one PEM, damaged, or a key of another algorithm or form; encrypted, and the passphrase is
            missing (``key.passphrase-needed``) or another one (``key.passphrase-wrong``).
    """
    _check_one(pem, where)
    hidden = _der(pem, b"ENCRYPTED PRIVATE KEY")
    if hidden is not None:
        given = passphrase() if callable(passphrase) else passphrase
        if given is None:
            raise KeyFileError("is encrypted and needs its passphrase", where=where, code="key.passphrase-needed")
        return _key_in(decrypted(hidden, given, where), where)
    if b"ENCRYPTED" in pem:
        raise KeyFileError(
            "is encrypted in an old way; write it anew with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW",
            where=where,
        )
    der = _der(pem, b"PRIVATE KEY")
    if der is None:
        raise KeyFileError("is not a private key in PEM (PKCS#8); make one with: dblrandom keygen", where=where)
    return _key_in(der, where)


def _key_in(der: bytes, where: str) -> tuple[str, bytes]:
    for algorithm, head in _SEED.items():
        if der.startswith(head) and len(der) == len(head) + 32:
            return algorithm, der[-32:]
    if _SM2.fullmatch(der):
        return "sm2", der
    raise KeyFileError(
        f"is not a private key of {_ALL} in its one form (ml-dsa-44: the seed alone; sm2: the named curve, with the "
        "public key); make one with: dblrandom keygen",
        where=where,
    )


def public_to_pem(public_key: bytes) -> bytes:
    """The SubjectPublicKeyInfo PEM of a raw public key; its size tells the algorithm.

    Raises:
        KeyFileError: not a key that signatures can be checked with.
    """
    algorithm = algorithm_of_key(public_key)
    check_key(algorithm, public_key)
    return _pem(b"PUBLIC KEY", _PUBLIC[algorithm] + public_key)


def public_from_pem(pem: bytes, where: str = "public key") -> bytes:
    """The raw public key in a SubjectPublicKeyInfo PEM; its size tells the algorithm.

    Raises:
        KeyFileError: not one PEM, damaged, a private key, a key of another algorithm or form, or one that no signature
            can be checked with.
    """
    _check_one(pem, where)
    der = _der(pem, b"PUBLIC KEY")
    if der is None:
        raise KeyFileError(
            "is not a public key in PEM; take one out of a private key with: openssl pkey -pubout", where=where
        )
    for algorithm, head in _PUBLIC.items():
        if der.startswith(head) and len(der) == len(head) + KEY_SIZES[algorithm]:
            raw = der[len(head) :]
            check_key(algorithm, raw, where)
            return raw
    raise KeyFileError(f"is not a public key of {_ALL} in its one form", where=where)


def _check_one(pem: bytes, where: str) -> None:
    """Refuse what holds several keys: which of them would be meant is a guess."""
    if len(pem) > MAX_PEM_BYTES:
        raise KeyFileError(f"has {len(pem)} bytes; a key has at most {MAX_PEM_BYTES}", where=where)
    if pem.count(_BEGIN) != 1:
        raise KeyFileError(f"holds {pem.count(_BEGIN)} PEM blocks; put exactly one key into a file", where=where)


def _der(pem: bytes, label: bytes) -> bytes | None:
    match = _BLOCK.search(pem)
    if match is None or match.group(1) != label:
        return None
    try:
        return base64.b64decode(b"".join(match.group(2).split()), validate=True)
    except binascii.Error:
        return None


def _pem(label: bytes, der: bytes) -> bytes:
    text = base64.b64encode(der)
    body = b"".join(text[i : i + 64] + b"\n" for i in range(0, len(text), 64))
    return b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label, body, label)
