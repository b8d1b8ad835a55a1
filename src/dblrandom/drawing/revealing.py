"""The reveal: each source's value, checked, and the seed that they make (docs/spec, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import attrs

from dblrandom.beacons import BUILT_IN as BEACONS
from dblrandom.beacons import Beacon
from dblrandom.drawing.commitment import Commitment, beacon_for
from dblrandom.errors import EntropyError
from dblrandom.kernel.entropy import seed
from dblrandom.model import Json

__all__ = ["Value", "check_reveal", "make_reveal"]


@attrs.frozen
class Value:
    """A source's value as text, with the evidence that its kind asks for (``None`` where it asks for none)."""

    value: str
    evidence: Json = None


def make_reveal(
    commitment: Commitment,
    digest: str,
    ceremony: str,
    values: Mapping[str, Value],
    beacons: Mapping[str, Beacon] = BEACONS,
) -> dict[str, Json]:
    """The body of the reveal receipt.

    Args:
        commitment: what was committed.
        digest: its receipt's digest.
        ceremony: the ceremony's name.
        values: each source's value, by the source's name.
        beacons: the rules of the kinds.

    Raises:
        EntropyError: a value is missing, belongs to no source, or is not the declared one.
    """
    names = [source.name for source in commitment.sources]
    for name in values:
        if name not in names:
            raise EntropyError(f"no source {name!r} is committed; there are {', '.join(names)}", where="reveal")
    entries: list[Json] = []
    for source in commitment.sources:
        if source.name not in values:
            raise EntropyError("its value is missing, and no source is ever skipped", where=f"source {source.name!r}")
        given = values[source.name]
        entry: dict[str, Json] = {"kind": source.kind, "name": source.name, "value": given.value}
        if given.evidence is not None:
            entry["evidence"] = given.evidence
        entries.append(entry)
    body: dict[str, Json] = {"values": entries}
    return body | {"seed": _seed_of(commitment, digest, ceremony, body, beacons)}


def check_reveal(
    commitment: Commitment,
    digest: str,
    ceremony: str,
    body: Mapping[str, Json],
    beacons: Mapping[str, Beacon] = BEACONS,
) -> str:
    """Check every value of a reveal, and its seed.

    Returns:
        The seed, 64 hex.

    Raises:
        EntropyError: a value is missing, added, moved or not the declared one, or the seed is another.
    """
    found = _seed_of(commitment, digest, ceremony, body, beacons)
    if body["seed"] != found:
        raise EntropyError(f"the receipt says {body['seed']}, the values give {found}", where="seed")
    return found


def _seed_of(
    commitment: Commitment, digest: str, ceremony: str, body: Mapping[str, Json], beacons: Mapping[str, Beacon]
) -> str:
    entries = cast("list[dict[str, Json]]", body["values"])
    declared = [(source.kind, source.name) for source in commitment.sources]
    given = [(entry["kind"], entry["name"]) for entry in entries]
    if given != declared:
        raise EntropyError(
            f"the reveal must have exactly the sources {declared} in this order, and has {given}", where="reveal"
        )
    for source, entry in zip(commitment.sources, entries, strict=True):
        beacon_for(source, beacons).check_value(
            source, str(entry["value"]), entry.get("evidence"), suite=commitment.suite, ceremony=ceremony
        )
    lines = [(str(e["kind"]), str(e["name"]), str(e["value"])) for e in entries]
    return seed(commitment.suite, digest, lines)
