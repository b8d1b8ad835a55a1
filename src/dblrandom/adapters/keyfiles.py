"""Key files: a private key for its holder alone, a public key for everyone."""

from __future__ import annotations

import os
import re

from dblrandom.adapters.files import read_bytes, write_atomic, write_new
from dblrandom.adapters.randomness import random_bytes
from dblrandom.adapters.sm2 import Sm2Signer
from dblrandom.errors import KeyFileError
from dblrandom.kernel.mldsa import MlDsa44Signer
from dblrandom.kernel.pem import MAX_PEM_BYTES, private_from_pem, private_to_pem, public_from_pem, public_to_pem
from dblrandom.kernel.schemes import KEY_SIZES, algorithm_of_key, check_key
from dblrandom.kernel.signing import Ed25519Signer, Signer

__all__ = ["make_key", "read_public_key", "read_signer", "write_private_key", "write_public_key"]

_HEX = re.compile(rb"((?:[0-9a-f]{2}){1,2048})\r?\n?")


def make_key(path: str | os.PathLike[str], algorithm: str = "ed25519") -> Signer:
    """Make a key, write it as :func:`write_private_key` does, and return what signs with it.

    Raises:
        KeyFileError: there is no such algorithm.
        FolderError: something is there already, or the place cannot be written.
        MissingExtra: this machine cannot make such keys; nothing is written then.
    """
    signer: Signer
    if algorithm == "sm2":
        signer = made = Sm2Signer.generate()
        write_new(path, made.to_pem(), 0o600)
        return signer
    if algorithm not in KEY_SIZES:
        raise KeyFileError(f"there is no algorithm {algorithm!r}; there are {', '.join(KEY_SIZES)}")
    seed = random_bytes(32)
    signer = _of_seed(algorithm, seed)
    write_new(path, private_to_pem(seed, algorithm), 0o600)
    return signer


def write_private_key(path: str | os.PathLike[str], seed: bytes, algorithm: str = "ed25519") -> None:
    """Write a private key of 32 bytes as PKCS#8 PEM, readable by its owner only; nothing is overwritten.

    Raises:
        KeyFileError: the key is not 32 bytes, or the algorithm has no such keys.
        FolderError: something is there already, or the place cannot be written.
    """
    write_new(path, private_to_pem(seed, algorithm), 0o600)


def read_signer(path: str | os.PathLike[str]) -> Signer:
    """Read a private key of any algorithm and return what signs with it.

    Raises:
        FolderError: where the file cannot be read, or others than its owner can read it (not on Windows).
        KeyFileError: where it holds no private key of an algorithm that receipts take.
        MissingExtra: where this machine cannot sign with such a key.
    """
    where = os.fspath(path)
    data = read_bytes(path, MAX_PEM_BYTES, private=True)
    algorithm, secret = private_from_pem(data, where)
    return Sm2Signer.from_pem(data, where) if algorithm == "sm2" else _of_seed(algorithm, secret)


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
