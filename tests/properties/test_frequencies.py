"""Whether the draw is fair, measured; and whether the measure would notice if it were not.

The bound, and why a right implementation is beyond it with a chance of at most 1e-6, is derived in
``tests/support/frequencies.py``. What it can see with 20,000 seeds: a unit of probability 1/4 that has 0.228 or 0.272
instead. A finer look (and a finer bias, such as that of one byte modulo 12) takes ``benchmarks/frequencies.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import frequencies as freq
import pytest

from dblrandom.kernel.entropy import draw_key
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import ticket

SEEDS = 20_000
FAULTY_SEEDS = 5_000
ASSIGNED = 4_000


def test_units_and_pairs_are_as_frequent_as_they_must_be() -> None:
    seen = freq.count(freq.real_sampler(), SEEDS)
    assert freq.beyond(SEEDS, seen, freq.expected()) == []
    assert sum(seen[unit,] for units in freq.UNITS.values() for unit in units) == 6 * SEEDS


def _by_ticket(seed: str, units: Sequence[str]) -> list[str]:
    key = draw_key(SHA256, seed, "1", "targets")
    return sorted(units, key=lambda unit: ticket(SHA256, key, unit.encode()))


def modulo(seed: str, units: Sequence[str], n: int) -> list[str]:
    """Half a byte modulo the number of units, the usual mistake: 16 values do not divide evenly among 12."""
    left, found = list(units), []
    for half in hashlib.sha256(f"{seed}{units[0]}".encode()).hexdigest():
        if len(found) < n:
            found.append(left.pop(int(half, 16) % len(left)))
    return found


def without_the_first(seed: str, units: Sequence[str], n: int) -> list[str]:
    """An index that begins at 1: the first row of each stratum is never drawn."""
    return _by_ticket(seed, units[1:])[:n]


def neighbours(seed: str, units: Sequence[str], n: int) -> list[str]:
    """A random start and then those who follow it: every unit is as frequent as it must be, pairs are not."""
    start = units.index(_by_ticket(seed, units)[0])
    return [units[(start + step) % len(units)] for step in range(n)]


def one_order_for_all(seed: str, units: Sequence[str], n: int) -> list[str]:
    """The same places in each stratum, as from a generator that is seeded anew for each: only cross pairs tell."""
    digest = hashlib.sha256(seed.encode()).digest()
    order = sorted(range(len(units)), key=lambda place: hashlib.sha256(digest + bytes([place])).digest())
    return [units[place] for place in order[:n]]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(modulo, "first"), (without_the_first, ""), (neighbours, "pair"), (one_order_for_all, "pair")],
)
def test_the_measure_rejects_a_sampler_that_is_wrong(fault, kind: str) -> None:  # type: ignore[no-untyped-def]
    def draw(seed: str) -> freq.Drawn:
        return {name: fault(seed, units, freq.SIZES[name][1]) for name, units in freq.UNITS.items()}

    found = freq.beyond(FAULTY_SEEDS, freq.count(draw, FAULTY_SEEDS), freq.expected())
    assert any(line.startswith(kind) for line in found)
    if fault is neighbours:
        assert all(line.startswith("pair") for line in found), "units alone would not have told"


@pytest.mark.parametrize(("recused", "groups"), [({}, (freq.PEOPLE,)), (freq.RECUSED, freq.GROUPS)])
def test_inspectors_of_equal_eligibility_are_equally_frequent(recused, groups) -> None:  # type: ignore[no-untyped-def]
    seen = freq.count_slots(freq.real_assignment(recused), ASSIGNED)
    assert sum(seen.values()) == 6 * ASSIGNED
    assert freq.unequal(seen, groups) == []
    for firm, people in recused.items():
        assert not any(seen[firm, role.name, person] for person in people for role in freq.ROLES)


def test_the_measure_rejects_an_assignment_by_the_order_of_the_list() -> None:
    def by_list(seed: str) -> dict[str, list[str]]:
        first = int(seed[:2], 16) % 5
        return {firm: [freq.PEOPLE[first], freq.PEOPLE[first + 1]] for firm in freq.FIRMS}

    assert freq.unequal(freq.count_slots(by_list, 2_000), (freq.PEOPLE,))


def test_the_bound_is_what_is_claimed() -> None:
    """In numbers: with 230 events and 20,000 seeds a unit of probability 1/4 may be off by nine per cent."""
    events = len(freq.expected())
    assert events == 20 + 20 + 190
    p = 0.25
    inside = [k for k in range(SEEDS) if freq.distance(SEEDS, k, p) < freq.limit(events)]
    assert 0.22 < inside[0] / SEEDS < 0.235
    assert 0.265 < inside[-1] / SEEDS < 0.28
