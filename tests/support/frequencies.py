"""How often units, pairs of units and inspectors are drawn over many seeds, and how often they may be.

The bound. Let an event have probability p for each of S independent seeds. By Chernoff's inequality its frequency f
satisfies P(S * KL(f, p) >= t) <= 2 exp(-t), where KL is the relative entropy of two coins, in nats. With M events and
t = ln(2 M / 1e-6), the chance that any of them is beyond the bound is at most 1e-6 (union bound, whatever the events
have to do with each other). The seeds are hashes of counters, so a run is the same every time: a right implementation
has passed once and for all, and the 1e-6 is the chance that it would not have.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from dblrandom.assigning import Eligibility, assign
from dblrandom.kernel.entropy import draw_key
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population, Quota, Role, Scope, Task, TeamRule
from dblrandom.roster import Roster
from dblrandom.sampling import BUILT_IN, MemoryFrame

ERROR = 1e-6
SIZES = {"A": (12, 3), "B": (5, 2), "C": (3, 1)}
"""Of each stratum: the units that it has, and those that a quarter of them, rounded up, makes."""

TASK = Task(
    id="1",
    title="synthetic",
    roster="targets",
    sampler="stratified",
    strata=("stratum",),
    quota=Quota(ratio=Fraction(1, 4), scope=Scope.STRATUM),
    team=TeamRule(roster="inspectors", roles=(Role("lead"), Role("member"))),
)
UNITS = {name: [f"{name}{n:02d}" for n in range(size)] for name, (size, _) in SIZES.items()}
Drawn = Mapping[str, Sequence[str]]
Draw = Callable[[str], Drawn]


def seeds(count: int) -> Iterator[str]:
    """So many seeds: hashes of counters."""
    return (hashlib.sha256(b"dblrandom frequencies %d" % n).hexdigest() for n in range(count))


def real_sampler() -> Draw:
    """The sampler that ships with the library, over one frame."""
    rows = tuple((unit, name) for name, units in UNITS.items() for unit in units)
    roster = Roster.build(SHA256, Population("targets", ("id", "stratum"), rows))
    frame = MemoryFrame(SHA256, roster.columns, roster.lines, {}, TASK.strata, where="frequencies")

    def draw(seed: str) -> Drawn:
        found = BUILT_IN[2].select(TASK, frame, draw_key(SHA256, seed, "1", "targets"))
        return {s.stratum[0]: [u.id for u in s.selected] for s in found.strata}

    return draw


def expected() -> dict[tuple[str, ...], float]:
    """The probability of every event: a unit drawn, drawn first, and two units drawn together."""
    found: dict[tuple[str, ...], float] = {}
    for name, (size, n) in SIZES.items():
        for unit in UNITS[name]:
            found[unit,] = n / size
            found["first", unit] = 1 / size
    place = {unit: name for name, units in UNITS.items() for unit in units}
    for one, other in combinations(place, 2):
        (size, n), (size2, n2) = SIZES[place[one]], SIZES[place[other]]
        together = n * (n - 1) / (size * (size - 1)) if place[one] == place[other] else n * n2 / (size * size2)
        found["pair", one, other] = together
    return found


def count(draw: Draw, runs: int) -> Counter[tuple[str, ...]]:
    """How often each event happened."""
    found: Counter[tuple[str, ...]] = Counter()
    for seed in seeds(runs):
        drawn = draw(seed)
        units = sorted(unit for chosen in drawn.values() for unit in chosen)
        found.update((unit,) for unit in units)
        found.update(("first", chosen[0]) for chosen in drawn.values())
        found.update(("pair", *pair) for pair in combinations(units, 2))
    return found


def distance(runs: int, seen: int, p: float) -> float:
    """S * KL(f, p): how far a frequency is from its probability."""
    f = seen / runs
    if p in (0.0, 1.0):
        return 0.0 if f == p else math.inf
    return runs * sum(a * math.log(a / b) for a, b in ((f, p), (1 - f, 1 - p)) if a)


def limit(events: int) -> float:
    """The distance that no event may reach."""
    return math.log(2 * events / ERROR)


def beyond(runs: int, seen: Mapping[tuple[str, ...], int], wanted: Mapping[tuple[str, ...], float]) -> list[str]:
    """The events beyond the bound, in words."""
    most = limit(len(wanted))
    return [
        f"{' '.join(event)}: {seen.get(event, 0)} of {runs}, expected {runs * p:.0f}"
        for event, p in wanted.items()
        if distance(runs, seen.get(event, 0), p) >= most
    ]


# Inspectors

PEOPLE = [f"I{n}" for n in range(6)]
FIRMS = ["F0", "F1", "F2"]
ROLES = (Role("lead"), Role("member"))
RECUSED = {"F0": ["I0"], "F1": ["I0", "I1"]}
GROUPS = (("I2", "I3", "I4", "I5"),)
"""Persons who may be renamed into each other without changing anybody's eligibility."""

Assign = Callable[[str], Mapping[str, Sequence[str | None]]]


def real_assignment(recused: Mapping[str, Sequence[str]]) -> Assign:
    """The assignment that ships with the library."""
    recusals = [(f"R{i}{f}", i, f) for f, people in recused.items() for i in people]
    eligible = Eligibility.build(("id",), [(i,) for i in PEOPLE], ROLES, recusals)
    return lambda seed: assign(SHA256, draw_key(SHA256, seed, "1", "inspectors"), FIRMS, ROLES, eligible).teams


def count_slots(make: Assign, runs: int) -> Counter[tuple[str, ...]]:
    """How often each inspector had each slot, and each two were on one team."""
    found: Counter[tuple[str, ...]] = Counter()
    for seed in seeds(runs):
        for firm, team in make(seed).items():
            found.update((firm, role.name, str(person)) for role, person in zip(ROLES, team, strict=True))
    return found


def unequal(seen: Mapping[tuple[str, ...], int], groups: Sequence[Sequence[str]]) -> list[str]:
    """Slots in which persons of one group were not equally frequent.

    Given that somebody of the group has the slot, each of them has it with the same probability, so the bound holds
    with the number of such seeds for S.
    """
    slots = [(firm, role.name) for firm in FIRMS for role in ROLES]
    most = limit(sum(len(group) for group in groups) * len(slots))
    found = []
    for slot in slots:
        for group in groups:
            runs = sum(seen.get((*slot, person), 0) for person in group)
            for person in group:
                had = seen.get((*slot, person), 0)
                if runs and distance(runs, had, 1 / len(group)) >= most:
                    found.append(f"{'/'.join(slot)}: {person} {had} of {runs}, expected {runs / len(group):.0f}")
    return found
