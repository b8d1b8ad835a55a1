from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import pytest

from dblrandom.assigning.certain import certain_slots
from dblrandom.assigning.matching import Staffing


def everything(masks: Sequence[int], targets: Sequence[int], cap: int) -> Iterator[tuple[int, ...]]:
    """Every complete assignment under the cap, by trying all."""

    def go(done: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        slot = len(done)
        if slot == len(masks):
            yield done
            return
        for who in range(masks[slot].bit_length()):
            twice = any(done[n] == who and targets[n] == targets[slot] for n in range(slot))
            if masks[slot] >> who & 1 and not twice and done.count(who) < cap:
                yield from go((*done, who))

    return go(())


@pytest.mark.parametrize("seed", range(150))
def test_they_are_those_whom_every_assignment_has(seed: int) -> None:
    chance = random.Random(seed)
    people, teams, width = chance.randint(2, 5), chance.randint(1, 3), chance.randint(1, 3)
    targets = [n // width for n in range(teams * width)]
    masks = [chance.randrange(1, 1 << people) | chance.randrange(1 << people) for _ in targets]
    cap = chance.randint(1, 3)
    staffing = Staffing(masks, targets, cap=cap)
    if None in staffing.holders:
        return
    holders = [int(who or 0) for who in staffing.holders]
    always = [set(range(people)) for _ in range(teams)]
    for one in everything(masks, targets, cap):
        for team in range(teams):
            always[team] &= {who for who, target in zip(one, targets, strict=True) if target == team}
    found, looked = certain_slots(masks, targets, holders, cap, budget=10_000)
    assert looked == len(masks)
    assert {(targets[slot], holders[slot]) for slot in found} == {(t, who) for t in range(teams) for who in always[t]}


def test_the_budget_is_kept() -> None:
    masks, targets, holders = [0b1111] * 4, [0, 0, 1, 1], [0, 1, 2, 3]
    assert certain_slots(masks, targets, holders, 1, budget=0) == ([], 0)
    found, looked = certain_slots(masks, targets, holders, 1, budget=1)
    assert looked < 4
    assert certain_slots(masks, targets, holders, 2, budget=100) == ([], 4)
    assert found == []
