"""Making the sources that a commitment declares: secrets, and the steps of hash chains (docs/spec, section 3)."""

from __future__ import annotations

import os

from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.randomness import random_bytes
from dblrandom.beacons.drandchain import ChainInfo
from dblrandom.beacons.timelock import locked_secret
from dblrandom.errors import EntropyError
from dblrandom.kernel.entropy import secret_digest
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.kernel.tlock import RANDOM_BYTES
from dblrandom.model import Source, time_seconds

__all__ = ["chain_source", "new_locked_secret", "new_secret", "secret_source"]


def secret_source(
    ceremony: str, name: str, secret: str, *, keyid: str, not_before: str, suite: Suite = SHA256
) -> Source:
    """The declaration of a secret that a party holds.

    Args:
        ceremony: the ceremony's name, which the digest binds.
        name: the source's name.
        secret: 64 hex characters, which the declaration does not show.
        keyid: the party's key, which must sign the commitment.
        not_before: when the secret may be revealed.
        suite: the ceremony's hash suite.
    """
    digest = secret_digest(suite, ceremony, name, secret)
    return Source(kind="secret", name=name, not_before=not_before, terms={"keyid": keyid, "digest": digest})


def new_secret(ceremony: str, name: str, *, keyid: str, not_before: str, suite: Suite = SHA256) -> tuple[Source, str]:
    """A new secret from the operating system's randomness: its declaration, and the 64 hex characters to keep."""
    secret = random_bytes(32).hex()
    return secret_source(ceremony, name, secret, keyid=keyid, not_before=not_before, suite=suite), secret


def new_locked_secret(
    ceremony: str, name: str, *, keyid: str, at: str, info: ChainInfo, suite: Suite = SHA256
) -> tuple[Source, str]:
    """A new secret, time-locked to the first round of a drand network that is due at ``at`` or later.

    Whoever holds it cannot withhold it: when the round is out, anybody opens the lock.

    Raises:
        EntropyError: the network is chained, or ``at`` is no time.
        MissingExtra: the library for the curve is not installed.
    """
    secret = random_bytes(32).hex()
    source = locked_secret(
        name,
        keyid=keyid,
        secret=secret,
        info=info,
        round=info.next_round(time_seconds(at)),
        random=random_bytes(RANDOM_BYTES),
        suite=suite,
        ceremony=ceremony,
    )
    return source, secret


def chain_source(folder: str | os.PathLike[str], name: str, *, at: str) -> Source:
    """The first step of an operator's hash chain that becomes public at ``at`` or later.

    Args:
        folder: the operator's folder, or a copy of its public files.
        name: the source's name.
        at: the earliest lawful moment.

    Raises:
        EntropyError: the chain has no step so late, or has revealed that step already.
    """
    info, revealed = chainstore.verify(folder)
    step = info.step_at(at, f"source {name!r}")
    if step <= revealed:
        raise EntropyError(f"step {step} of the chain is public already; choose a later time", where=f"source {name!r}")
    terms: dict[str, str | int] = {"tip": info.tip, "step": step, "operator": info.operator}
    return Source(kind="hashchain", name=name, not_before=info.schedule.time_of(step), terms=terms)
