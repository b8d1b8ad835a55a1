"""Secrets that a witness records as made public before the draw (docs/spec, sections 3 and 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import attrs

from dblrandom.beacons import Beacon
from dblrandom.drawing.commitment import Commitment, beacon_for
from dblrandom.errors import EntropyError
from dblrandom.evidence.receipt import Receipt
from dblrandom.kernel.entropy import secret_digest

__all__ = ["Disclosure", "check_disclosed", "check_never_disclosed", "disclosed_in"]


def check_disclosed(
    commitment: Commitment, ceremony: str, disclosed: Mapping[str, str], beacons: Mapping[str, Beacon]
) -> None:
    """Check that disclosed secrets (64 hex, by the source's name) are those committed.

    Raises:
        EntropyError: there is no such secret, or it is another.
    """
    secrets = {source.name: source for source in commitment.sources if source.kind == "secret"}
    for name, value in disclosed.items():
        if name not in secrets:
            raise EntropyError(f"no secret {name!r} is committed; there are {', '.join(secrets) or 'none'}")
        beacon_for(secrets[name], beacons).check_value(
            secrets[name], value, None, suite=commitment.suite, ceremony=ceremony
        )


def check_never_disclosed(commitment: Commitment, ceremony: str, before: Sequence[Receipt]) -> None:
    """Check that no committed secret is one that a witness wrote down before, under whatever name it comes back.

    Raises:
        EntropyError: naming the secret.
    """
    known: set[str] = set()
    for earlier in before:
        if earlier.type == "witness":
            known |= set(cast("dict[str, str]", earlier.body.get("disclosed", {})).values())
    for source in commitment.sources:
        if source.kind == "secret":
            digests = {secret_digest(commitment.suite, ceremony, source.name, value) for value in known}
            if str(source.terms["digest"]) in digests:
                raise EntropyError(f"the value of {source.name!r} was known before: make a new secret")


@attrs.frozen
class Disclosure:
    """A secret, 64 hex, that a witness recorded as public at ``time``."""

    value: str
    time: str


def disclosed_in(receipts: Sequence[Receipt]) -> dict[str, Disclosure]:
    """The secrets that witness receipts record as disclosed, by source, each as the first of them does."""
    found: dict[str, Disclosure] = {}
    for receipt in receipts:
        if receipt.type == "witness":
            for name, value in cast("dict[str, str]", receipt.body.get("disclosed", {})).items():
                found.setdefault(name, Disclosure(value, receipt.time))
    return found
