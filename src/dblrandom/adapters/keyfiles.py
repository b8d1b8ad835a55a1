"""Key files: a private key for its holder alone, a public key for everyone."""

from __future__ import annotations

import os
import re

from dblrandom.adapters.files import read_bytes, write_atomic, write_new
from dblrandom.kernel.pem import MAX_PEM_BYTES, private_from_pem, private_to_pem, public_from_pem, public_to_pem
from dblrandom.kernel.signing import Ed25519Signer, check_public_key

__all__ = ["read_public_key", "read_signer", "write_private_key", "write_public_key"]

_HEX = re.compile(rb"([0-9a-f]{64})\r?\n?")


def write_private_key(path: str | os.PathLike[str], seed: bytes) -> None:
    """Write a private key of 32 bytes as PKCS#8 PEM, readable by its owner only; nothing is overwritten.

    Raises:
        KeyFileError: the key is not 32 bytes.
        FolderError: something is there already, or the place cannot be written.
    """
    write_new(path, private_to_pem(seed), 0o600)


def read_signer(path: str | os.PathLike[str]) -> Ed25519Signer:
    """Read a private key and return what signs with it.

    Raises:
        FolderError: where the file cannot be read, or others than its owner can read it (not on Windows).
        KeyFileError: where it holds no Ed25519 private key.
    """
    data = read_bytes(path, MAX_PEM_BYTES, private=True)
    return Ed25519Signer.from_private_bytes(private_from_pem(data, os.fspath(path)))


def write_public_key(path: str | os.PathLike[str], public_key: bytes) -> None:
    """Write a raw public key of 32 bytes as SubjectPublicKeyInfo PEM.

    Raises:
        KeyFileError: not a key that signatures can be checked with.
        FolderError: where the place cannot be written.
    """
    write_atomic(path, public_to_pem(public_key))


def read_public_key(path: str | os.PathLike[str]) -> bytes:
    """Read a raw public key of 32 bytes from a SubjectPublicKeyInfo PEM, or from 64 lower-case hex characters.

    Raises:
        FolderError: where the file cannot be read.
        KeyFileError: where it holds no Ed25519 public key.
    """
    data = read_bytes(path, MAX_PEM_BYTES)
    match = _HEX.fullmatch(data)
    if match is None:
        return public_from_pem(data, os.fspath(path))
    raw = bytes.fromhex(match.group(1).decode("ascii"))
    check_public_key(raw, os.fspath(path))
    return raw
