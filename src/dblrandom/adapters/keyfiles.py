"""Key files: a private key for its holder alone, a public key for everyone."""

from __future__ import annotations

import os
import re

from dblrandom.adapters.files import read_bytes, write_atomic, write_new
from dblrandom.adapters.randomness import random_bytes
from dblrandom.adapters.sm2 import Sm2Signer
from dblrandom.errors import FolderError, KeyFileError
from dblrandom.kernel.mldsa import MlDsa44Signer
from dblrandom.kernel.pem import (
    MAX_PEM_BYTES,
    Passphrase,
    encrypted_pem,
    private_from_pem,
    private_to_pem,
    public_from_pem,
    public_to_pem,
)
from dblrandom.kernel.schemes import KEY_SIZES, algorithm_of_key, check_key
from dblrandom.kernel.signing import Ed25519Signer, Signer

__all__ = ["make_key", "read_public_key", "read_signer", "write_private_key", "write_public_key"]

_SECRET_KEY = b"PRIVATE KEY-----"
_PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----"
_HEX = re.compile(rb"((?:[0-9a-f]{2}){1,2048})\r?\n?")


def make_key(
    path: str | os.PathLike[str], algorithm: str = "ed25519", *, passphrase: str | bytes | None = None
) -> Signer:
    """Make a key, write it as :func:`write_private_key` does, and return what signs with it.

    Raises:
        KeyFileError: there is no such algorithm, or a passphrase that cannot be used.
        FolderError: something is there already, or the place cannot be written.
        MissingExtra: this machine cannot make such keys; nothing is written then.
    """
    signer: Signer
    if algorithm == "sm2":
        signer = made = Sm2Signer.generate()
        write_new(path, _under(made.to_pem(), passphrase), 0o600)
        return signer
    if algorithm not in KEY_SIZES:
        raise KeyFileError(f"there is no algorithm {algorithm!r}; there are {', '.join(KEY_SIZES)}")
    seed = random_bytes(32)
    signer = _of_seed(algorithm, seed)
    write_new(path, _under(private_to_pem(seed, algorithm), passphrase), 0o600)
    return signer


def write_private_key(
    path: str | os.PathLike[str],
    seed: bytes,
    algorithm: str = "ed25519",
    *,
    passphrase: str | bytes | None = None,
) -> None:
    """Write a private key of 32 bytes as PKCS#8 PEM, readable by its owner only; nothing is overwritten.

    Args:
        path: a new file.
        seed: the key.
        algorithm: ``ed25519`` or ``ml-dsa-44``.
        passphrase: encrypts the key (PBES2: PBKDF2 with HMAC-SHA-256 in 600,000 rounds, AES-256-CBC), as OpenSSL
            reads it too. Without one it is not encrypted.

    Raises:
        KeyFileError: the key is not 32 bytes, the algorithm has no such keys, or the passphrase cannot be used.
        FolderError: something is there already, or the place cannot be written.
    """
    write_new(path, _under(private_to_pem(seed, algorithm), passphrase), 0o600)


def _under(pem: bytes, passphrase: str | bytes | None) -> bytes:
    if passphrase is None:
        return pem
    return encrypted_pem(pem, passphrase, salt=random_bytes(16), iv=random_bytes(16))


def read_signer(path: str | os.PathLike[str], *, passphrase: Passphrase = None) -> Signer:
    """Read a private key of any algorithm and return what signs with it.

    Args:
        path: the file.
        passphrase: of an encrypted key; or a function that asks for it, called only where the key is encrypted.

    Raises:
        FolderError: where the file cannot be read, or others than its owner can read it (not on Windows).
        KeyFileError: where it holds no private key of an algorithm that receipts take; where it is encrypted, and the
            passphrase is missing (``key.passphrase-needed``) or not the right one (``key.passphrase-wrong``).
        MissingExtra: where this machine cannot sign with such a key.
    """
    where = os.fspath(path)
    try:
        data = read_bytes(path, MAX_PEM_BYTES, private=True)
    except FolderError as error:
        if error.code != "file.exposed" or _SECRET_KEY in (data := read_bytes(path, MAX_PEM_BYTES)):
            raise
        # Not a private key, so that there is no secret for others to read.
    if _is_public(data):
        raise KeyFileError(
            "is not a private key but a public one; give the private key that it belongs to", where=where
        )
    algorithm, secret = private_from_pem(data, where, passphrase)
    if algorithm == "sm2":
        return Sm2Signer.from_pem(private_to_pem(secret, "sm2"), where)
    return _of_seed(algorithm, secret)


def _is_public(data: bytes) -> bool:
    return _PUBLIC_KEY in data or _HEX.fullmatch(data) is not None


def _of_seed(algorithm: str, seed: bytes) -> Signer:
    if algorithm == "ml-dsa-44":
        return MlDsa44Signer.from_private_bytes(seed)
    return Ed25519Signer.from_private_bytes(seed)


def write_public_key(path: str | os.PathLike[str], public_key: bytes) -> None:
    """Write a raw public key, whose size tells the algorithm, as SubjectPublicKeyInfo PEM.

    Raises:
        KeyFileError: not a key that signatures can be checked with.
        FolderError: where the place cannot be written.
    """
    write_atomic(path, public_to_pem(public_key))


def read_public_key(path: str | os.PathLike[str]) -> bytes:
    """Read a raw public key from a SubjectPublicKeyInfo PEM, or from its bytes in lower-case hex.

    Its size tells the algorithm: :func:`~dblrandom.kernel.schemes.algorithm_of_key`.

    Raises:
        FolderError: where the file cannot be read.
        KeyFileError: where it holds no public key of an algorithm that receipts take.
    """
    where = os.fspath(path)
    data = read_bytes(path, MAX_PEM_BYTES)
    match = _HEX.fullmatch(data)
    if match is None:
        return public_from_pem(data, where)
    raw = bytes.fromhex(match.group(1).decode("ascii"))
    check_key(algorithm_of_key(raw, where), raw, where)
    return raw
