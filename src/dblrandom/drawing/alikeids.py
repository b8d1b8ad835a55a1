"""Ids that readers take for the same: one person or firm that stands under several (docs/spec, characters).

An inspector under two ids could be paired with the same person and would escape a recusal, so no two ids of inspectors
may be alike. A firm under two ids has two tickets; of the targets, of which there can be very many, this is told.
"""

from __future__ import annotations

from collections.abc import Iterable

from dblrandom.errors import RosterError
from dblrandom.model.json import show
from dblrandom.model.likeness import likenesses
from dblrandom.roster import RosterLike
from dblrandom.roster.roster import Roster

__all__ = ["alike_targets", "check_inspector_ids"]


def check_inspector_ids(rosters: Iterable[RosterLike]) -> None:
    """Check that no two different ids of all these rosters are alike.

    A recusal names one id; whoever stood under another on the roster of a second task would not be held to it.

    Raises:
        RosterError: naming both ids.
    """
    found = _pair([row["id"] for roster in rosters for row in roster.records()])
    if found is not None:
        raise RosterError(
            f"the ids {show(found[0])} and {show(found[1])} look the same; write one person's id in one way, and give "
            "two people ids that differ in more",
            where="inspectors",
        )


def alike_targets(roster: RosterLike) -> tuple[str, str] | None:
    """Two different ids of a roster in memory that are alike; ``None`` also where its rows are elsewhere."""
    if not isinstance(roster, Roster):
        return None
    return _pair([unit.decode("utf-8") for unit in roster.ids()])


def _pair(ids: list[str]) -> tuple[str, str] | None:
    keys = likenesses(ids)
    if len(set(keys)) == len(set(ids)):
        return None
    known: dict[str, str] = {}
    for key, one in zip(keys, ids, strict=True):
        other = known.setdefault(key, one)
        if other != one:
            return other, one
    return None
