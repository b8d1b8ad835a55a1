"""The file of a party's secret, kept from the commitment until the reveal (docs/spec, section 3)."""

from __future__ import annotations

import os
import re

from dblrandom.adapters.files import read_bytes, write_new
from dblrandom.errors import EntropyError

__all__ = ["read_secret", "secret_file", "write_secret"]

_SECRET = re.compile(rb"([0-9a-f]{64})\r?\n?")


def secret_file(secret: bytes) -> bytes:
    """The content of the file: the secret's 32 bytes in lower-case hex, and one line break.

    Raises:
        EntropyError: the secret is not 32 bytes.
    """
    if len(secret) != 32:
        raise EntropyError(f"a secret is 32 bytes, not {len(secret)}", where="secret")
    return secret.hex().encode("ascii") + b"\n"


def write_secret(path: str | os.PathLike[str], secret: bytes) -> None:
    """Write a secret of 32 bytes, readable by its owner only; nothing is overwritten.

    Raises:
        EntropyError: the secret is not 32 bytes.
        FolderError: something is there already, or the place cannot be written.
    """
    write_new(path, secret_file(secret), 0o600)


def read_secret(path: str | os.PathLike[str]) -> str:
    """Read a secret and return it in lower-case hex, 64 characters. The secret never enters a message.

    Raises:
        FolderError: where the file cannot be read, or others than its owner can read it (not on Windows).
        EntropyError: where it does not hold a secret.
    """
    match = _SECRET.fullmatch(read_bytes(path, 128, private=True))
    if match is None:
        raise EntropyError("does not hold a secret: 64 lower-case hex characters on one line", where=os.fspath(path))
    return match.group(1).decode("ascii")
