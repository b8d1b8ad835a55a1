"""Ids of a roster that look like one that is not on it: a help for people, which no verdict and no proof knows of."""

from __future__ import annotations

from dblrandom.errors import DblrandomError
from dblrandom.kernel.rows import id_of
from dblrandom.model.lookalike import alike_among, spellings
from dblrandom.roster.like import RosterLike
from dblrandom.roster.proof import Proof
from dblrandom.roster.roster import Roster

__all__ = ["alike_in_proof", "alike_on"]

_MOST = 3


def alike_on(roster: RosterLike, unit_id: str) -> tuple[str, ...]:
    """At most three ids of a roster that look like another text.

    Of a roster in memory, all ids are gone through. Of any other, only some ways to write the id are asked for, in one
    scan; where that cannot be done, none is known.
    """
    if isinstance(roster, Roster):
        return alike_among(unit_id, (found.decode("utf-8") for found in roster.ids()), _MOST)
    try:
        return tuple(sorted(roster.known(spellings(unit_id)))[:_MOST])
    except DblrandomError:
        return ()


def alike_in_proof(proof: Proof) -> tuple[str, ...]:
    """At most three ids on the pages of a proof that look like its own; the rest of the roster is not here."""
    lines = (line for page in proof.pages for line in page.lines.split(b"\n") if line)
    return alike_among(proof.id, (id_of(line).decode("utf-8", "replace") for line in lines), _MOST)
