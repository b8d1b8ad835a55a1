"""Voids with proof: a source that has no value, shown by anybody from a public round (docs/spec, sections 3 and 6).

A time-locked secret that does not open to the digest that its holder committed leaves a ceremony without a seed. The
round that opened it proves that, so such a void needs no date, and the fault is its holder's, on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dblrandom.beacons.timelock import check_misopened
from dblrandom.drawing.commitment import Commitment
from dblrandom.errors import EntropyError
from dblrandom.model import Json

__all__ = ["check_proof"]


def check_proof(commitment: Commitment, ceremony: str, body: Mapping[str, Json]) -> dict[str, str]:
    """Check the proof that a void carries.

    Returns:
        For each source that has no value, by name, why; empty where the void carries no proof.

    Raises:
        EntropyError: the proof is of a source that is none, that is not a locked secret, or that opens as it should.
    """
    proof = cast("Mapping[str, Json]", body.get("proof", {}))
    sources = {source.name: source for source in commitment.sources}
    found = {}
    for name, evidence in proof.items():
        if name not in sources or sources[name].kind != "secret":
            raise EntropyError(f"no secret {name!r} is committed that could lack a value", where="proof")
        found[name] = check_misopened(sources[name], evidence, suite=commitment.suite, ceremony=ceremony)
    if "proof" in body and not found:
        raise EntropyError("it is empty; name the source that has no value, or leave it out", where="proof")
    return found
