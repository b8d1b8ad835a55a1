"""Who goes for certain: inspectors without whom no complete assignment within the bound exists (docs/spec, section 5).

From one complete assignment it takes one search for each slot to see whether somebody else could go in its holder's
place, as :mod:`~dblrandom.assigning.posts` looks for it: nobody else than those assigned can be certain.
"""

from __future__ import annotations

from collections.abc import Sequence

from dblrandom.assigning.posts import Posts

__all__ = ["certain_slots"]


def certain_slots(
    masks: Sequence[int], targets: Sequence[int], holders: Sequence[int], cap: int, *, budget: int
) -> tuple[list[int], int]:
    """The slots whose holders must go to their targets, in whatever complete assignment under the cap.

    Args:
        masks: for each slot its eligible inspectors, as a bit set.
        targets: for each slot its target.
        holders: for each slot who has it; the whole is a complete assignment under the cap.
        cap: the load that an inspector may have.
        budget: how many inspectors may be asked in all before no further slot is looked at.

    Returns:
        The slots, ascending, and how many were looked at: fewer than there are where the budget did not reach.
    """
    posts = Posts(masks, targets)
    for slot, holder in enumerate(holders):
        posts.take(slot, holder)
    posts.raise_cap(cap)
    found: list[int] = []
    for slot, holder in enumerate(holders):
        if budget <= 0:
            return found, slot
        line, asked = _in_place_of(posts, slot, holder)
        budget -= 1 + asked
        if not line:
            found.append(slot)
    return found, len(holders)


def _in_place_of(posts: Posts, slot: int, holder: int) -> tuple[bool, int]:
    """Whether the target's team can be made without the holder, and how many were asked; nothing is changed."""
    team = posts.team[posts.target[slot]]
    allowed = [posts.allowed[other] for other in team]
    posts.leave(slot)
    posts.bar(1 << holder, team)
    line, asked = posts.line(posts.newcomers(slot), 0)
    for other, mask in zip(team, allowed, strict=True):
        posts.allowed[other] = mask
    posts.take(slot, holder)
    return line is not None, asked.bit_count()
