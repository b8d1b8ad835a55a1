"""A staffing of slots under a load cap that stays complete while slots are settled one by one.

A complete staffing fills every slot; :mod:`~dblrandom.assigning.posts` knows how one becomes another. Where no line of
inspectors leads to anybody below the cap, those who were asked are needed, to the last unit of load, for the slots of
which they could have been relieved, in every completion there is. Settling slots only takes completions away, so this
stays true, and they are struck from all other slots for good (:meth:`Staffing.settle`). No dead end is explored twice.

Slots, inspectors and targets are positions here; sets of inspectors are bit sets (docs/spec, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dblrandom.assigning.posts import NOBODY, Posts, bits

__all__ = ["Staffing", "largest_team"]


class Staffing:
    """Slots filled under a cap; ``masks`` has for each slot its eligible inspectors, ``targets`` its target.

    With ``cap`` the slots are filled as far as that cap allows. Without it the cap is the smallest at which all can
    be filled, which exists where every target's team can be made alone.
    """

    def __init__(self, masks: Sequence[int], targets: Sequence[int], *, cap: int | None = None) -> None:
        self._posts = Posts(masks, targets)
        everybody = self._posts.everybody
        self._unsettled = set(range(len(masks)))
        self._settled_load = [0] * everybody.bit_length()
        self._exhausted = 0
        self._posts.raise_cap(_least_conceivable(masks, everybody) if cap is None else cap)
        self._complete(grow=cap is None)

    @property
    def cap(self) -> int:
        """The load that an inspector may have."""
        return self._posts.cap

    @property
    def holders(self) -> tuple[int | None, ...]:
        """The inspector of each slot now, ``None`` where nobody could be found under the cap."""
        return tuple(None if holder == NOBODY else holder for holder in self._posts.holder)

    def allow(self, cap: int) -> None:
        """Raise the cap to ``cap``; it is never lowered."""
        self._posts.raise_cap(max(cap, self.cap))

    def candidates(self, slot: int) -> int:
        """A bit set with everyone with whom the slot could still be settled; some of them may turn out not to be."""
        return self._posts.allowed[slot] & ~self._exhausted

    def settle(self, slot: int, order: Iterable[int]) -> int:
        """Give the slot for good to the first of ``order`` with whom all other slots can still be filled.

        ``order`` must have everyone of :meth:`candidates`, in the order in which they are to be tried; it is read no
        further than needed. The staffing must be complete.
        """
        posts = self._posts
        posts.leave(slot)
        needed = 0
        moving: list[int] = []
        for inspector in order:
            mine = posts.of_team(slot, inspector)
            line: list[int] | None = []
            asked = needed
            if mine is not None:
                line, asked = posts.line(posts.newcomers(mine), needed)
            elif not posts.spare >> inspector & 1:
                line, asked = posts.line(posts.relievers(inspector), needed | 1 << inspector)
            if line is not None:
                self._strike(needed, moving)
                self._place(slot, inspector, mine, line)
                break
            needed = asked
            moving += [] if mine is None else [mine]
        self._fix(slot)
        return posts.holder[slot]

    def _place(self, slot: int, inspector: int, mine: int | None, line: Sequence[int]) -> None:
        """Give the empty slot to the inspector, after the line has relieved him of another, in the same team or not."""
        posts = self._posts
        if line:
            # All that will be given is decided first: the line may lead through the inspector himself, and once he has
            # left his slot, he would seem free to come into the very team that he is in.
            left = posts.given(inspector, line[0]) if mine is None else mine
            passed = posts.passed_on(line)
            posts.leave(left)
            # While this slot is empty, nobody in its team can be moved to it or from it.
            posts.relieve(left, line, passed)
        posts.take(slot, inspector)

    def _strike(self, needed: int, moving: Iterable[int]) -> None:
        """Strike from all other slots those who are needed for the slots of a closed set.

        In it are the slots of the ``needed`` inspectors, all of whose load it takes, those in ``moving``, and whatever
        could need somebody in their place; of the others who serve in it, it takes the one place that they have with
        that target.
        """
        posts = self._posts
        closed: set[int] = set()
        for slot in (*moving, *(slot for inspector in bits(needed) for slot in posts.held[inspector])):
            if slot not in closed:
                closed.update(posts.changes(slot))
        for slot in closed:
            posts.bar(1 << posts.holder[slot], (o for o in posts.team[posts.target[slot]] if o not in closed))
        if needed:
            posts.bar(needed, self._unsettled - closed)

    def _complete(self, *, grow: bool) -> None:
        """Fill every slot, or as many as the cap allows.

        A pass leaves a greatest staffing under the cap and, where slots are left, a closed set with ``left`` slots
        more than its inspectors can carry. No cap fills it that does not add that many units of load
        over these inspectors: the least such cap is tried next, so the first that succeeds is the smallest.
        """
        posts = self._posts
        waiting = self._spread()
        while waiting:
            reached = 0
            left: list[int] = []
            for slot in waiting:
                line, asked = posts.line(posts.newcomers(slot), reached)
                if line is None:
                    reached = asked
                    left.append(slot)
                else:
                    posts.relieve(slot, line, posts.passed_on(line))
            if not grow or not left:
                return
            posts.raise_cap(self.cap + -(-len(left) // reached.bit_count()))
            waiting = left

    def _spread(self) -> list[int]:
        """Fill what can be filled without moving anybody, evenly and the narrowest slots first; return the rest."""
        posts = self._posts
        rest = []
        level, below = 0, 0
        for slot in sorted(range(len(posts.allowed)), key=lambda slot: posts.allowed[slot].bit_count()):
            if not below and level < self.cap:
                level += 1
                below = posts.below(level)
            free = posts.allowed[slot] & posts.spare & ~posts.serving[posts.target[slot]]
            if not free:
                rest.append(slot)
                continue
            inspector = next(bits((free & below) or free))
            posts.take(slot, inspector)
            if posts.load[inspector] >= level:
                below &= ~(1 << inspector)
        return rest

    def _fix(self, slot: int) -> None:
        self._posts.settle(slot)
        self._unsettled.discard(slot)
        inspector = self._posts.holder[slot]
        self._settled_load[inspector] += 1
        if self._settled_load[inspector] >= self.cap:
            self._exhausted |= 1 << inspector


def largest_team(masks: Sequence[int]) -> int:
    """How many of these slots of one target can be filled by different inspectors, each from the slot's bit set."""
    sizes = sorted(mask.bit_count() for mask in masks)
    if all(size >= needed for needed, size in enumerate(sizes, 1)):
        return len(masks)
    return sum(holder is not None for holder in Staffing(masks, [0] * len(masks), cap=1).holders)


def _least_conceivable(masks: Sequence[int], everybody: int) -> int:
    """A cap below which the slots that share one set of inspectors, or all slots together, cannot be filled."""
    classes: dict[int, int] = {}
    for mask in masks:
        classes[mask] = classes.get(mask, 0) + 1
    bound = 0
    if masks:
        bound = -(-len(masks) // everybody.bit_count())
    return max([bound, *(-(-count // mask.bit_count()) for mask, count in classes.items())])
