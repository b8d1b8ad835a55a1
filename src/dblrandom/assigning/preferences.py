"""In which order the slots would have the inspectors (docs/spec, section 5).

A slot nearly always takes one of the first inspectors in its ticket order, but which they are, nobody knows before
everybody's ticket is hashed. That is nearly all the work of an assignment, so it is done for many slots ahead, in bulk,
where the kernel can.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence

from dblrandom.assigning.eligibility import members
from dblrandom.assigning.slots import Slot, id_bytes
from dblrandom.kernel.manytickets import ManyTickets, in_bulk
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import ticket

__all__ = ["BULK", "Preferences", "slot_order", "ticket_order"]

BULK = 1_000_000
"""From so many tickets on, hashing in bulk pays for the loading of the engine."""

_AHEAD = 200_000
_FIRST = 8


def slot_order(suite: Suite, key: str, slots: Sequence[Slot]) -> list[int]:
    """The positions of the slots by (ticket, text) (docs/spec, section 5)."""
    texts = [id_bytes(slot.text, "drawn targets") for slot in slots]
    tickets = [ticket(suite, key, text) for text in texts]
    return sorted(range(len(slots)), key=lambda i: (tickets[i], texts[i]))


def ticket_order(suite: Suite, key: str, slot: Slot, people: Sequence[bytes], mask: int) -> Iterator[int]:
    """The inspectors of a bit set in the slot's ticket order, by (ticket, id).

    Mostly the first one is taken, so that only the lowest ticket is looked for until a second is asked for. ``people``
    is in byte order, therefore equal tickets fall to the lower position.
    """
    places = list(members(mask))
    if len(places) < 2:
        yield from places
        return
    start = id_bytes(_beginning(key, slot), "drawn targets")
    tickets = [suite.hash(start + people[i]) for i in places]
    lowest = min(tickets)
    first = tickets.index(lowest)
    yield places[first]
    rest = sorted(zip(tickets, places, strict=True))
    yield from (place for _, place in rest[1:])


def _beginning(key: str, slot: Slot) -> str:
    return f"{key}:{slot.text}\t"


class Preferences:
    """The ticket order of each slot, asked for slot by slot.

    Args:
        suite: the ceremony's hash suite.
        key: the task's draw key for the purpose ``inspectors``.
        slots: the slots, in the order in which they will be asked for.
        people: the inspectors' ids in byte order.
        candidates: the bit set of the inspectors who come into question for a slot now; it only ever shrinks.
        bulk: whether to hash in bulk; by default where the kernel can and it pays.
    """

    def __init__(
        self,
        suite: Suite,
        key: str,
        slots: Sequence[Slot],
        people: Sequence[str],
        candidates: Callable[[int], int],
        *,
        bulk: bool | None = None,
    ) -> None:
        self._suite, self._key, self._slots, self._candidates = suite, key, slots, candidates
        self._ids = [id_bytes(person, "inspectors") for person in people]
        if bulk is None:
            hashes = sum(candidates(number).bit_count() for number in range(len(slots)))
            bulk = hashes >= BULK and in_bulk(suite)
        self._people, self._bulk = people, bulk
        self._many: ManyTickets | None = None
        self._low: dict[int, list[int]] = {}
        self._seen = 0

    def of(self, number: int) -> Iterator[int]:
        """The candidates for the slot of this number, in its ticket order."""
        if self._bulk and number >= self._seen:
            try:
                self._low, self._seen = self._look_ahead(number)
            except Exception:  # whatever is wrong with an engine, no draw may fail for it
                self._low, self._bulk = {}, False
        rest = self._candidates(number)
        for place in self._low.get(number, ()):
            if rest >> place & 1:
                rest ^= 1 << place
                yield place
        yield from ticket_order(self._suite, self._key, self._slots[number], self._ids, rest)

    def _look_ahead(self, start: int) -> tuple[dict[int, list[int]], int]:
        """The first few of all who come into question now, for slots from ``start`` on, and where that ends."""
        asked: list[int] = []
        bounds: list[bytes] = []
        wanted: list[array[int]] = []
        places: dict[int, array[int]] = {}
        number, hashes = start, 0
        while number < len(self._slots) and hashes < _AHEAD:
            mask = self._candidates(number)
            count = mask.bit_count()
            if count > _FIRST:
                if mask not in places:
                    places[mask] = array("i", members(mask))
                asked.append(number)
                bounds.append(((_FIRST << 256) // count).to_bytes(32, "big"))
                wanted.append(places[mask])
                hashes += count
            number += 1
        self._many = self._many or ManyTickets(self._people)
        found = self._many.below([_beginning(self._key, self._slots[each]) for each in asked], bounds, wanted)
        return {each: [place for _, place in low] for each, low in zip(asked, found, strict=True)}, number
