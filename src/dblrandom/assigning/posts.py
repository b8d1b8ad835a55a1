"""Who holds which slot, and who could relieve whom.

The slots, the inspectors and the rule that nobody stands twice in one team form a flow network::

    source --cap--> inspector --1--> (inspector, target) --1--> slot --1--> sink

A slot that needs somebody can be filled by an eligible inspector from outside of its team, also after members of the
team have changed places, which changes nobody's load. If he is at the cap, somebody else has to relieve him of one
of his slots elsewhere that are not settled, and so on: a *line*, at whose end stands an inspector below the cap. A
shortest line never needs one slot twice, so that its steps can be taken one after another.

Who could relieve an inspector is a bit set, worked out anew only after his teams have changed. A line is therefore
looked for among the inspectors, of whom there are few, and not among the slots.

Slots, inspectors and targets are positions here; sets of inspectors are bit sets (docs/spec, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

__all__ = ["NOBODY", "Posts", "bits"]

NOBODY = -1
"""In place of an inspector."""


def bits(mask: int) -> Iterator[int]:
    """The positions of the bits that are set, ascending; fit for sets that are mostly empty."""
    while mask:
        bit = mask & -mask
        mask ^= bit
        yield bit.bit_length() - 1


class Posts:
    """The slots, ``masks`` having for each its eligible inspectors and ``targets`` its target; at first nobody's.

    ``cap`` is the load that an inspector may have, and ``spare`` the bit set of those below it. ``allowed`` has for
    each slot who may have it; it may be narrowed by :meth:`bar`.
    """

    def __init__(self, masks: Sequence[int], targets: Sequence[int]) -> None:
        everybody = 0
        for mask in masks:
            everybody |= mask
        people = everybody.bit_length()
        self.everybody = everybody
        self.allowed = list(masks)
        self.target = list(targets)
        self.team: dict[int, list[int]] = {}
        for slot, target in enumerate(targets):
            self.team.setdefault(target, []).append(slot)
        self.serving = dict.fromkeys(self.team, 0)
        self.holder = [NOBODY] * len(masks)
        self.load = [0] * people
        self.held: list[set[int]] = [set() for _ in range(people)]
        self.spare = 0
        self.cap = 0
        self._newcomers: list[int | None] = [None] * len(masks)
        self._relievers: list[int | None] = [None] * people

    def raise_cap(self, cap: int) -> None:
        """Set the cap."""
        self.cap = cap
        self.spare = self.below(cap)

    def below(self, level: int) -> int:
        """The inspectors whose load is below ``level``."""
        flags = "".join("1" if load < level else "0" for load in reversed(self.load))
        return int(flags or "0", 2) & self.everybody

    def take(self, slot: int, inspector: int) -> None:
        """Give an empty slot to an inspector who is not in its team."""
        target = self.target[slot]
        self.holder[slot] = inspector
        self.serving[target] |= 1 << inspector
        self.held[inspector].add(slot)
        self.load[inspector] += 1
        if self.load[inspector] >= self.cap:
            self.spare &= ~(1 << inspector)
        self._changed(target)

    def leave(self, slot: int) -> int:
        """Empty a slot; returns who had it."""
        target, inspector = self.target[slot], self.holder[slot]
        self._changed(target)
        self.holder[slot] = NOBODY
        self.serving[target] &= ~(1 << inspector)
        self.held[inspector].discard(slot)
        self.load[inspector] -= 1
        if self.load[inspector] < self.cap:
            self.spare |= 1 << inspector
        return inspector

    def settle(self, slot: int) -> None:
        """Let nobody be relieved of this slot any more, nor its holder change places in the team."""
        target, inspector = self.target[slot], self.holder[slot]
        self.held[inspector].discard(slot)
        self.bar(1 << inspector, (other for other in self.team[target] if other != slot))
        self._changed(target)

    def bar(self, inspectors: int, slots: Iterable[int]) -> None:
        """Keep these inspectors out of these slots for good; none of them may hold one."""
        for slot in slots:
            if self.allowed[slot] & inspectors:
                self.allowed[slot] &= ~inspectors
                self._changed(self.target[slot])

    def of_team(self, slot: int, inspector: int) -> int | None:
        """The slot that the inspector has in the team of this one, if any."""
        target = self.target[slot]
        if not self.serving[target] >> inspector & 1:
            return None
        return next(other for other in self.team[target] if self.holder[other] == inspector)

    def newcomers(self, slot: int) -> int:
        """Who from outside of the team could come in if this slot needed somebody."""
        found = self._newcomers[slot]
        if found is None:
            serving, holder = self.serving[self.target[slot]], self.holder[slot]
            found = self.allowed[slot]
            if found & serving & ~(0 if holder == NOBODY else 1 << holder):
                for other in self.changes(slot):
                    found |= self.allowed[other]
            found &= ~serving
            self._newcomers[slot] = found
        return found

    def relievers(self, inspector: int) -> int:
        """Who could relieve the inspector of a slot that is not settled."""
        found = self._relievers[inspector]
        if found is None:
            found = 0
            for slot in self.held[inspector]:
                found |= self.newcomers(slot)
            self._relievers[inspector] = found
        return found

    def changes(self, slot: int) -> dict[int, int]:
        """The slots of the team that could need somebody in place of this one, each with where its holder moves.

        The slot itself comes first.
        """
        moves = {slot: slot}
        queue = [slot]
        for here in queue:
            for other in self.team[self.target[slot]]:
                holder = self.holder[other]
                if other not in moves and holder != NOBODY and self.allowed[here] >> holder & 1:
                    moves[other] = here
                    queue.append(other)
        return moves

    def line(self, first: int, reached: int) -> tuple[list[int] | None, int]:
        """The shortest line from one of ``first`` to an inspector below the cap; each relieves the one before him.

        Nobody in ``reached`` is asked. Returns the line, if there is one, and ``reached`` with all at the cap who were
        asked.
        """
        before: dict[int, int] = {}
        queue: list[int] = []
        asked = NOBODY
        turn = 0
        fresh = first & ~reached
        while not fresh & self.spare:
            reached |= fresh
            for inspector in bits(fresh):
                before[inspector] = asked
                queue.append(inspector)
            if turn == len(queue):
                return None, reached
            asked = queue[turn]
            turn += 1
            fresh = self.relievers(asked) & ~reached
        found = [next(bits(fresh & self.spare))]
        while asked != NOBODY:
            found.append(asked)
            asked = before[asked]
        return found[::-1], reached

    def given(self, inspector: int, by: int) -> int:
        """A slot of which ``by``, one of his :meth:`relievers`, could relieve the inspector."""
        return next(slot for slot in self.held[inspector] if self.newcomers(slot) >> by & 1)

    def passed_on(self, line: Sequence[int]) -> list[int]:
        """The slots that a line passes on: for each of it but the last, one that the next takes."""
        return [self.given(one, by) for one, by in pairwise(line)]

    def relieve(self, slot: int, line: Sequence[int], passed: Sequence[int]) -> None:
        """Fill an empty slot by a line whose first can come in; each takes over what the one before passes on."""
        for inspector, mine in zip(line, passed, strict=False):
            self.leave(mine)
            self._come_in(slot, inspector)
            slot = mine
        self._come_in(slot, line[-1])

    def _come_in(self, slot: int, inspector: int) -> None:
        """Let members of the team change places as needed, and the inspector take the place that becomes free."""
        moves = self.changes(slot)
        place = next(other for other in moves if self.allowed[other] >> inspector & 1)
        while place != slot:
            to = moves[place]
            moved = self.leave(place)
            self.take(place, inspector)
            place, inspector = to, moved
        self.take(slot, inspector)

    def _changed(self, target: int) -> None:
        for slot in self.team[target]:
            self._newcomers[slot] = None
            if self.holder[slot] != NOBODY:
                self._relievers[self.holder[slot]] = None
