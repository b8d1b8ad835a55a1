"""A staffing of slots under a load cap that stays complete while slots are settled one by one.

The slots, the inspectors and the rule that nobody stands twice in one team form a flow network::

    source --cap--> inspector --1--> (inspector, target) --1--> slot --1--> sink

A complete staffing is a flow that fills every slot. The whole work is one search, backwards from a slot that needs
somebody: an eligible inspector below the cap ends it; one who serves another slot *of the same target* can move over,
so that his old slot becomes the needy one without a change of his load; and one at the cap can be relieved of any slot
elsewhere that is not yet settled.

Where a search fails, everything that it reached is a closed set: the inspectors in it are needed, to the last unit of
load, for the slots in it, in every completion there is. Settling slots only takes completions away, so this stays
true, and these inspectors are struck from all other slots for good (:meth:`Staffing.settle`). No dead end
is explored twice.

Slots, inspectors and targets are positions here; sets of inspectors are bit sets (docs/spec, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Staffing", "largest_team"]

_NOBODY = -1
_END = -1


class Staffing:
    """Slots filled under a cap; ``masks`` has for each slot its eligible inspectors, ``targets`` its target.

    With ``cap`` the slots are filled as far as that cap allows. Without it the cap is the smallest at which all can
    be filled, which exists where every target's team can be made alone.
    """

    def __init__(self, masks: Sequence[int], targets: Sequence[int], *, cap: int | None = None) -> None:
        everybody = 0
        for mask in masks:
            everybody |= mask
        people = everybody.bit_length()
        self._everybody = everybody
        self._allowed = list(masks)
        self._target = list(targets)
        self._team: dict[int, list[int]] = {}
        for slot, target in enumerate(targets):
            self._team.setdefault(target, []).append(slot)
        self._serving = dict.fromkeys(self._team, 0)
        self._holder = [_NOBODY] * len(masks)
        self._load = [0] * people
        self._held: list[set[int]] = [set() for _ in range(people)]
        self._settled_load = [0] * people
        self._unsettled = set(range(len(masks)))
        self._exhausted = 0
        self._spare = 0
        self.cap = 0
        self._raise_cap(_least_conceivable(masks, everybody) if cap is None else cap)
        self._complete(grow=cap is None)

    @property
    def holders(self) -> tuple[int | None, ...]:
        """The inspector of each slot now, ``None`` where nobody could be found under the cap."""
        return tuple(None if holder == _NOBODY else holder for holder in self._holder)

    def allow(self, cap: int) -> None:
        """Raise the cap to ``cap``; it is never lowered."""
        self._raise_cap(max(cap, self.cap))

    def candidates(self, slot: int) -> int:
        """A bit set with everyone with whom the slot could still be settled; some of them may turn out not to be."""
        return self._allowed[slot] & ~self._exhausted

    def settle(self, slot: int, order: Iterable[int]) -> int:
        """Give the slot for good to the first of ``order`` with whom all other slots can still be filled.

        ``order`` must have everyone of :meth:`candidates`, in the order in which they are to be tried; it is read no
        further than needed. The staffing must be complete.
        """
        present = self._holder[slot]
        self._leave(slot, present)
        moves = {slot: _END}
        needed, closed = 0, 1
        for inspector in order:
            if inspector == present or self._may_join(slot, inspector):
                self._take(slot, inspector)
                break
            starts, reached = self._relief(slot, inspector, moves, needed)
            end, reached = self._search(starts, moves, reached)
            if end is not None:
                self._shift(end, moves)
                break
            needed, closed = reached, len(moves)
        if closed > 1:
            self._strike(set(list(moves)[1:closed]), needed)
        self._fix(slot)
        return self._holder[slot]

    def _may_join(self, slot: int, inspector: int) -> bool:
        """Whether the inspector can take one slot more without giving another back."""
        bit = 1 << inspector
        return bool(self._spare & bit) and not self._serving[self._target[slot]] & bit

    def _relief(self, slot: int, inspector: int, moves: dict[int, int], reached: int) -> tuple[list[int], int]:
        """The slots of which one must be taken from the inspector so that he can have this one."""
        if self._serving[self._target[slot]] >> inspector & 1:
            held: Iterable[int] = [
                other for other in self._team[self._target[slot]] if self._holder[other] == inspector
            ]
        else:
            held = () if reached >> inspector & 1 else self._held[inspector]
            reached |= 1 << inspector
        starts = [other for other in held if other not in moves]
        moves.update(dict.fromkeys(starts, slot))
        return starts, reached

    def _strike(self, closed: set[int], needed: int) -> None:
        """Strike from all other slots those who are needed for the slots of a closed set.

        ``needed`` are the inspectors all of whose load the set takes; of the others who serve in it, the set takes
        the one place that they have with that target.
        """
        for slot in closed:
            bit = 1 << self._holder[slot]
            for other in self._team[self._target[slot]]:
                if other not in closed:
                    self._allowed[other] &= ~bit
        if needed:
            for other in self._unsettled - closed:
                self._allowed[other] &= ~needed

    def _complete(self, *, grow: bool) -> None:
        """Fill every slot, or as many as the cap allows.

        A pass leaves a greatest staffing under the cap and, where slots are left, a closed set with ``left`` slots
        more than its inspectors can carry. No cap fills it that does not add that many units of load
        over these inspectors: the least such cap is tried next, so the first that succeeds is the smallest.
        """
        waiting = self._spread()
        while waiting:
            moves: dict[int, int] = {}
            reached = 0
            left: list[int] = []
            for slot in waiting:
                moves[slot] = _END
                queue = [slot]
                end, everyone = self._search(queue, moves, reached)
                if end is None:
                    reached = everyone
                    left.append(slot)
                    continue
                self._shift(end, moves)
                for passed in queue:
                    del moves[passed]
            if not grow or not left:
                return
            self._raise_cap(self.cap + -(-len(left) // reached.bit_count()))
            waiting = left

    def _spread(self) -> list[int]:
        """Fill what can be filled without moving anybody, evenly and the narrowest slots first; return the rest."""
        rest = []
        level, below = 0, 0
        for slot in sorted(range(len(self._allowed)), key=lambda slot: self._allowed[slot].bit_count()):
            if not below and level < self.cap:
                level += 1
                below = self._below(level)
            free = self._allowed[slot] & self._spare & ~self._serving[self._target[slot]]
            if not free:
                rest.append(slot)
                continue
            bit = (free & below) or free
            bit &= -bit
            inspector = bit.bit_length() - 1
            self._take(slot, inspector)
            if self._load[inspector] >= level:
                below &= ~bit
        return rest

    def _search(self, queue: list[int], moves: dict[int, int], reached: int) -> tuple[tuple[int, int] | None, int]:
        """Look backwards from the needy slots in ``queue`` for an inspector below the cap.

        ``moves`` tells for each slot that was reached the one that its inspector would move to, and ``reached`` the
        inspectors at the cap who would be relieved of a slot; what is in them is not entered again. ``queue`` and
        ``moves`` are extended. Returns the last slot and the inspector found for it, if any, and ``reached``.
        """
        end = self._free(queue)
        for slot in queue:
            if end is not None:
                break
            for bit, group in self._movable(slot, reached):
                reached |= bit
                fresh = [other for other in group if other not in moves]
                moves.update(dict.fromkeys(fresh, slot))
                queue += fresh
                # Asked at once and not when their turn comes: there may be thousands in the queue before them.
                end = self._free(fresh)
                if end is not None:
                    break
        return end, reached

    def _free(self, slots: Iterable[int]) -> tuple[int, int] | None:
        """The first of the slots that an inspector below the cap may fill, and that inspector."""
        allowed, target, serving, spare = self._allowed, self._target, self._serving, self._spare
        for slot in slots:
            free = allowed[slot] & spare & ~serving[target[slot]]
            if free:
                return slot, (free & -free).bit_length() - 1
        return None

    def _movable(self, slot: int, reached: int) -> Iterator[tuple[int, Iterable[int]]]:
        """The slots whose inspector may move to this one: those of its own team, then those of each inspector.

        With the slots of an inspector, who would be relieved of one, comes his bit.
        """
        target = self._target[slot]
        serving = self._serving[target]
        eligible = self._allowed[slot]
        if eligible & serving:
            yield 0, [other for other in self._team[target] if self._may_move(other, eligible)]
        fresh = eligible & ~serving & ~reached
        while fresh:
            bit = fresh & -fresh
            fresh ^= bit
            yield bit, self._held[bit.bit_length() - 1]

    def _may_move(self, slot: int, eligible: int) -> bool:
        holder = self._holder[slot]
        return holder != _NOBODY and bool(eligible >> holder & 1)

    def _shift(self, end: tuple[int, int], moves: dict[int, int]) -> None:
        """Let everybody on the way that was found move on by one slot."""
        slot, inspector = end
        while slot != _END:
            former = self._holder[slot]
            if former != _NOBODY:
                self._leave(slot, former)
            self._take(slot, inspector)
            slot, inspector = moves[slot], former

    def _fix(self, slot: int) -> None:
        inspector = self._holder[slot]
        bit = 1 << inspector
        self._unsettled.discard(slot)
        self._held[inspector].discard(slot)
        self._settled_load[inspector] += 1
        if self._settled_load[inspector] >= self.cap:
            self._exhausted |= bit
        for other in self._team[self._target[slot]]:
            if other != slot:
                self._allowed[other] &= ~bit

    def _take(self, slot: int, inspector: int) -> None:
        self._holder[slot] = inspector
        self._serving[self._target[slot]] |= 1 << inspector
        self._held[inspector].add(slot)
        self._load[inspector] += 1
        if self._load[inspector] >= self.cap:
            self._spare &= ~(1 << inspector)

    def _leave(self, slot: int, inspector: int) -> None:
        self._holder[slot] = _NOBODY
        self._serving[self._target[slot]] &= ~(1 << inspector)
        self._held[inspector].discard(slot)
        self._load[inspector] -= 1
        if self._load[inspector] < self.cap:
            self._spare |= 1 << inspector

    def _raise_cap(self, cap: int) -> None:
        self.cap = cap
        self._spare = self._below(cap)

    def _below(self, level: int) -> int:
        """The inspectors whose load is below ``level``."""
        bits = "".join("1" if load < level else "0" for load in reversed(self._load))
        return int(bits or "0", 2) & self._everybody


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
