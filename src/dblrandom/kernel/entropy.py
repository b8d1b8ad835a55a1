"""From the world's values to a draw's keys: digests of short lines of text (docs/spec, section 3).

Each digest is one call of the suite's hash on lines that a person can write on a sheet of paper and put through
``sha256sum``; the functions named ``..._lines`` return those very lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import Suite, lines
from dblrandom.kernel.text import is_hex, is_name, is_task_id
from dblrandom.limits import CHAIN_STEPS

__all__ = [
    "MAX_CHAIN_STEPS",
    "PURPOSES",
    "chain_ahead",
    "chain_step",
    "draw_key",
    "key_lines",
    "secret_digest",
    "secret_lines",
    "seed",
    "seed_lines",
]

PURPOSES = ("targets", "inspectors")
"""What a task's keys are for: the draw of targets and the assignment of inspectors."""
MAX_CHAIN_STEPS = CHAIN_STEPS
"""The longest way along a hash chain."""

_PUBLIC = re.compile(r"[!-~]+(?: [!-~]+)*")
_CHAIN_PREFIX = b"dblrandom/v1/hashchain\n"


def secret_lines(ceremony: str, name: str, secret_hex: str) -> bytes:
    """The lines whose digest a party commits to: tag, ceremony, the source's name, the secret in hex.

    Raises:
        EntropyError: a name that is none, or a secret that is not 32 bytes in lower-case hex.
    """
    _check_name(ceremony, "ceremony")
    _check_name(name, "source")
    if not is_hex(secret_hex, 64):
        raise EntropyError("a secret is 32 bytes in 64 lower-case hex characters", where=f"source {name!r}")
    return lines("dblrandom/v1/secret", ceremony, name, secret_hex)


def secret_digest(suite: Suite, ceremony: str, name: str, secret_hex: str) -> str:
    """The digest of a secret, 64 hex characters, which is committed before the secret is disclosed."""
    return suite.hexhash(secret_lines(ceremony, name, secret_hex))


def seed_lines(commitment_digest: str, values: Iterable[tuple[str, str, str]]) -> bytes:
    """The lines whose digest is the seed: tag, commitment, and one line for each source in the declared order.

    Args:
        commitment_digest: the digest of the commitment's payload, 64 hex characters.
        values: (kind, name, value) of each source; the value in lower-case hex, but for the kind ``public``, whose
            value is 1 to 256 printable ASCII characters with single inner spaces.

    Raises:
        EntropyError: a part that has another form.
    """
    if not is_hex(commitment_digest, 64):
        raise EntropyError("the commitment's digest must be 64 lower-case hex characters", where="seed")
    texts = ["dblrandom/v1/seed", commitment_digest]
    for kind, name, value in values:
        _check_name(kind, "source kind")
        _check_name(name, "source")
        _check_value(kind, name, value)
        texts.append(f"{kind} {name} {value}")
    return lines(*texts)


def seed(suite: Suite, commitment_digest: str, values: Iterable[tuple[str, str, str]]) -> str:
    """The seed of a ceremony, 64 hex characters; arguments and errors as for :func:`seed_lines`."""
    return suite.hexhash(seed_lines(commitment_digest, values))


def key_lines(seed_hex: str, task_id: str, purpose: str) -> bytes:
    """The lines whose digest begins with a task's key: tag, seed, task id, purpose.

    Raises:
        EntropyError: a seed, task id or purpose that is none.
    """
    if not is_hex(seed_hex, 64):
        raise EntropyError("a seed is 64 lower-case hex characters", where="draw key")
    if not is_task_id(task_id):
        raise EntropyError(f"{task_id!r} is not a task id", where="draw key")
    if purpose not in PURPOSES:
        raise EntropyError(f"{purpose!r} is not a purpose; they are {' and '.join(PURPOSES)}", where="draw key")
    return lines("dblrandom/v1/key", seed_hex, task_id, purpose)


def draw_key(suite: Suite, seed_hex: str, task_id: str, purpose: str) -> str:
    """A task's key for ``targets`` or ``inspectors``, 32 hex characters; errors as for :func:`key_lines`."""
    return suite.hexhash(key_lines(seed_hex, task_id, purpose))[:32]


def chain_step(suite: Suite, x: bytes) -> bytes:
    """F(x): one step of a hash chain, from 32 bytes towards the tip.

    Raises:
        EntropyError: ``x`` is not 32 bytes.
    """
    return chain_ahead(suite, x, 1)


def chain_ahead(suite: Suite, x: bytes, steps: int) -> bytes:
    """F applied ``steps`` times to ``x``; takes about a second for the longest chain.

    Raises:
        EntropyError: ``x`` is not 32 bytes, or the steps are not 0 to 10^6.
    """
    if len(x) != 32:
        raise EntropyError(f"a chain value is 32 bytes, not {len(x)}", where="hash chain")
    if not 0 <= steps <= MAX_CHAIN_STEPS:
        raise EntropyError(f"{steps} steps; 0 to {MAX_CHAIN_STEPS} are allowed", where="hash chain")
    digest = suite.hash
    for _ in range(steps):
        x = digest(_CHAIN_PREFIX + x.hex().encode("ascii") + b"\n")
    return x


def _check_name(text: object, what: str) -> None:
    if not is_name(text):
        raise EntropyError(f"{text!r} is not a name; 1 to 64 of a-z 0-9 . _ - are", where=what)


def _check_value(kind: str, name: str, value: object) -> None:
    where = f"source {name!r}"
    if kind != "public":
        if not is_hex(value):
            raise EntropyError(f"a value of kind {kind} is lower-case hex of whole bytes", where=where)
    elif not isinstance(value, str) or len(value) > 256 or _PUBLIC.fullmatch(value) is None:
        raise EntropyError(
            "a public value is 1 to 256 printable ASCII characters, with single spaces and none at the ends",
            where=where,
        )
