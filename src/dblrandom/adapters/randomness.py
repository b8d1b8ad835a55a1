"""The operating system's randomness: for keys, secrets and blinds, and never for deciding a draw."""

from __future__ import annotations

import secrets

from dblrandom.errors import InputError

__all__ = ["random_bytes"]


def random_bytes(n: int) -> bytes:
    """Return ``n`` unpredictable bytes.

    Raises:
        InputError: where ``n`` is not at least 1.
    """
    if n < 1:
        raise InputError(f"{n} random bytes were asked for; ask for at least 1")
    return secrets.token_bytes(n)
