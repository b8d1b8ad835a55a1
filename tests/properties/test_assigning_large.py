"""Assignment in cases too large for trying everything, against a plain flow network (docs/spec, section 5).

The judge keeps nothing between two questions: whether the slots that are left can be filled, it works out anew for
each inspector that it tries, by augmenting paths over a network of plain dictionaries.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from dblrandom.assigning import Slot, solve
from dblrandom.assigning.matching import Staffing
from dblrandom.kernel.suite import SHA256

KEY = "0123456789abcdef0123456789abcdef"
Network = dict[object, dict[object, int]]


def fillable(slots: list[Slot], eligible: dict[Slot, list[str]], held: dict[Slot, str], cap: int) -> bool:
    """Whether all slots can be filled with these already held, nobody above the cap or twice with one target."""
    room: Network = {"source": {}, "sink": {}}

    def pipe(start: object, end: object, size: int) -> None:
        room.setdefault(start, {})[end] = size
        room.setdefault(end, {}).setdefault(start, 0)

    for slot in slots:
        pipe("source", slot, 1)
        for one in [held[slot]] if slot in held else eligible[slot]:
            pipe(slot, (one, slot.target), 1)
            pipe((one, slot.target), one, 1)
            pipe(one, "sink", cap)
    return all(augmented(room) for _ in slots)


def augmented(room: Network) -> bool:
    before: dict[object, object] = {"source": "source"}
    queue: deque[object] = deque(["source"])
    while queue and "sink" not in before:
        here = queue.popleft()
        for there, size in room[here].items():
            if size and there not in before:
                before[there] = here
                queue.append(there)
    if "sink" not in before:
        return False
    end: object = "sink"
    while end != "source":
        start = before[end]
        room[start][end] -= 1
        room[end][start] += 1
        end = start
    return True


def by_flow(slots: list[Slot], eligible: dict[Slot, list[str]], slack: int) -> tuple[int, dict[Slot, str]]:
    """The smallest cap, and who fills what: each slot in turn takes the first with whom the rest can be filled."""

    def ticket(text: str) -> bytes:
        return hashlib.sha256(f"{KEY}:{text}".encode()).digest()

    smallest = next(cap for cap in range(1, len(slots) + 1) if fillable(slots, eligible, {}, cap))
    held: dict[Slot, str] = {}
    for slot in sorted(slots, key=lambda slot: (ticket(slot.text), slot.text)):
        order = sorted(eligible[slot], key=lambda one: ticket(f"{slot.text}\t{one}"))
        held[slot] = next(one for one in order if fillable(slots, eligible, {**held, slot: one}, smallest + slack))
    return smallest, held


def case(rng: random.Random) -> tuple[list[str], list[Slot], list[int]]:
    """Teams of up to four of up to nine inspectors, of whom each slot bars about a quarter or three quarters."""
    people = [f"p{n}" for n in range(rng.randint(4, 9))]
    slots = [Slot(f"t{n}", f"r{m}") for n in range(rng.randint(2, 6)) for m in range(rng.randint(1, 4))]
    some = [rng.getrandbits(len(people)) for _ in slots]
    wide = rng.random() < 0.7
    return people, slots, [mask | rng.getrandbits(len(people)) if wide else mask for mask in some]


def full(rng: random.Random) -> tuple[list[str], list[Slot], list[int]]:
    """Teams that were made of inspectors who all end with the same load; others may fill some of their slots too."""
    people = [f"p{n}" for n in range(rng.randint(2, 7))]
    left = dict.fromkeys(range(len(people)), rng.randint(1, 4))
    size = rng.randint(1, min(6, len(people)))
    chance = rng.choice([0, 0.1, 0.2, 0.4, 0.7])
    slots: list[Slot] = []
    masks: list[int] = []
    while any(left.values()):
        free = [one for one, load in left.items() if load]
        team = sorted(rng.sample(free, min(size, len(free))), key=lambda one: -left[one])
        for place, one in enumerate(team):
            left[one] -= 1
            slots.append(Slot(f"t{len(slots) - place}", f"r{place}"))
            also = [other for other in range(len(people)) if rng.random() < chance]
            masks.append(sum(1 << other for other in {one, *also, *(team if rng.random() < 0.4 else ())}))
    return people, slots, masks


@pytest.mark.parametrize("make", [case, full])
@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_first_assignment_that_a_flow_network_allows(seed: int, make: Callable[..., Any]) -> None:
    rng = random.Random(seed)
    for _ in range(12):
        people, slots, masks = make(rng)
        slack = rng.choice([0, 0, 1])
        answer = solve(SHA256, KEY, people, slots, masks, slack=slack)
        part = [slot for slot in slots if slot.target not in answer.open]
        if not part:
            continue
        eligible = {
            slot: [one for n, one in enumerate(people) if mask >> n & 1]
            for slot, mask in zip(slots, masks, strict=True)
            if slot in part
        }
        given = {slot: people[holder] for slot, holder in zip(slots, answer.holders, strict=True) if holder is not None}
        assert (answer.smallest_cap, given) == by_flow(part, eligible, slack)


def test_whoever_is_placed_is_not_moved_on_by_the_same_line() -> None:
    """The line that relieves p0 elsewhere ends in the very team that he joins, and could move him from his new slot."""
    people = [f"p{n}" for n in range(5)]
    slots = [Slot(f"t{n}", f"r{m}") for n in range(5) for m in range(3)]
    masks = [27, 15, 27, 18, 31, 31, 29, 23, 15, 27, 29, 31, 30, 30, 29]
    answer = solve(SHA256, KEY, people, slots, masks, slack=0)
    eligible = {
        slot: [one for n, one in enumerate(people) if mask >> n & 1] for slot, mask in zip(slots, masks, strict=True)
    }
    assert (3, dict(zip(slots, (people[h] for h in answer.holders if h is not None), strict=True))) == by_flow(
        slots, eligible, 0
    )


def test_whoever_is_placed_does_not_come_into_his_own_team_a_second_time() -> None:
    """The line that fills p0's old slot leads through p0, who by then has left the team and seems free to join it."""
    target = [1, 3, 1, 2, 4, 1, 0, 2, 2, 3, 1, 0, 0, 2, 0, 3, 3]
    orders = [[3], [2], [0], [1], [2], [4], [5], [5, 3], [4], [0, 3], [1, 0, 5], [4], [1, 0], [0, 3], [3, 5], [5, 0]]
    orders.append([1, 0])
    staffing = Staffing([sum(1 << one for one in order) for order in orders], target)
    for slot, order in enumerate(orders):
        staffing.settle(slot, [one for one in order if staffing.candidates(slot) >> one & 1])
        held = [(where, one) for where, one in zip(target, staffing.holders, strict=True)]
        assert len(set(held)) == len(held)
    assert staffing.holders == (3, 2, 0, 1, 2, 4, 5, 5, 4, 0, 1, 4, 0, 3, 3, 5, 1)
