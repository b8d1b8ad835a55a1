"""How long an assignment takes: ordinary, tight and hostile tasks. All data are synthetic.

Run ``python benchmarks/assigning.py [scale]``; at scale 1.0 (the default) the tasks have 10,000 targets and 1,000
inspectors. A line gives the slots, the sum of the eligible inspectors over the slots (each needs a hash), the smallest
cap and the cap used, and the seconds without and with the making of the sets.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterable

from dblrandom.assigning import Eligibility, assign
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Filter, Role

KEY = "0123456789abcdef0123456789abcdef"
Task = tuple[list[str], list[tuple[str, ...]], list[Role], list[tuple[str, str, str]], list[str], dict[str, int]]


def role(name: str, **filters: tuple[str, ...]) -> Role:
    return Role(name, Filter(filters))


def firms(count: int) -> list[str]:
    return [f"91530100SYN{n:07d}" for n in range(count)]


def badges(count: int) -> list[str]:
    return [f"KM{n:05d}" for n in range(count)]


def recuse(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(f"r{n}", inspector, target) for n, (inspector, target) in enumerate(pairs)]


def ordinary(scale: float, rng: random.Random, **rule: int) -> Task:
    """Two roles whose filters overlap, and some thousand recusals."""
    targets, people = firms(int(10_000 * scale)), badges(int(1_000 * scale))
    rows: list[tuple[str, ...]] = [
        (one, rng.choice(("leader", "senior", "officer")), rng.choice("NESW")) for one in people
    ]
    roles = [role("lead", grade=("leader", "senior")), role("member", grade=("officer", "senior"))]
    recusals = recuse((rng.choice(people), rng.choice(targets)) for _ in range(int(4_000 * scale)))
    return ["id", "grade", "side"], rows, roles, recusals, targets, rule


def everyone(scale: float, rng: random.Random, **rule: int) -> Task:
    """Two roles that everybody may take: the most hashes."""
    targets, people = firms(int(10_000 * scale)), badges(int(1_000 * scale))
    return ["id"], [(one,) for one in people], [role("lead"), role("member")], [], targets, rule


def few_experts(scale: float, rng: random.Random, **rule: int) -> Task:
    """One role that six persons may take, who are wanted for the other two as well."""
    targets, people = firms(int(6_000 * scale)), badges(int(1_000 * scale))
    rows: list[tuple[str, ...]] = [(one, "yes" if n < 6 else "no") for n, one in enumerate(people)]
    roles = [role("expert", expert=("yes",)), role("lead"), role("member")]
    recusals = recuse((rng.choice(people[:6]), rng.choice(targets)) for _ in range(int(2_000 * scale)))
    return ["id", "expert"], rows, roles, recusals, targets, rule


def many_recusals(scale: float, rng: random.Random, **rule: int) -> Task:
    """All but four inspectors are recused from each target, so that hardly any slot is like another."""
    targets, people = firms(int(10_000 * scale)), badges(int(1_000 * scale))
    kept = {target: set(rng.sample(people, 4)) for target in targets}
    recusals = recuse((one, target) for target in targets for one in people if one not in kept[target])
    return ["id"], [(one,) for one in people], [role("lead"), role("member")], recusals, targets, rule


def chain(scale: float, rng: random.Random, **rule: int) -> Task:
    """Each target can only be served by three neighbours in one long row of inspectors: relief has to travel far."""
    targets, people = firms(int(10_000 * scale)), badges(int(1_000 * scale))
    kept = {}
    for n, target in enumerate(targets):
        first = n * (len(people) - 2) // len(targets)
        kept[target] = set(people[first : first + 3])
    recusals = recuse((one, target) for target in targets for one in people if one not in kept[target])
    return ["id"], [(one,) for one in people], [role("lead"), role("member")], recusals, targets, rule


def lopsided(scale: float, rng: random.Random, **rule: int) -> Task:
    """Half the targets can be served by a tenth of the inspectors only, everybody else would rather serve there too."""
    targets, people = firms(int(10_000 * scale)), badges(int(1_000 * scale))
    few = set(people[: len(people) // 10])
    recusals = recuse((one, target) for target in targets[::2] for one in people if one not in few)
    return ["id"], [(one,) for one in people], [role("lead"), role("member")], recusals, targets, rule


def ladder(scale: float, rng: random.Random, **rule: int) -> Task:
    """Each target is barred to all inspectors below some height: closed sets inside closed sets."""
    targets, people = firms(int(10_000 * scale)), badges(int(1_000 * scale))
    height = {target: n * (len(people) - 2) // len(targets) for n, target in enumerate(targets)}
    recusals = recuse((one, target) for target in targets for one in people[: height[target]])
    return ["id"], [(one,) for one in people], [role("lead"), role("member")], recusals, targets, rule


CASES: dict[str, tuple[Callable[..., Task], dict[str, int]]] = {
    "ordinary": (ordinary, {}),
    "ordinary, no slack": (ordinary, {"slack": 0}),
    "everyone eligible": (everyone, {}),
    "everyone eligible, no slack": (everyone, {"slack": 0}),
    "few experts": (few_experts, {}),
    "few experts, no slack": (few_experts, {"slack": 0}),
    "many recusals": (many_recusals, {}),
    "many recusals, no slack": (many_recusals, {"slack": 0}),
    "chain": (chain, {}),
    "chain, no slack": (chain, {"slack": 0}),
    "lopsided, no slack": (lopsided, {"slack": 0}),
    "ladder": (ladder, {}),
    "ladder, no slack": (ladder, {"slack": 0}),
}


def main(scale: float, wanted: list[str]) -> None:
    for name, (make, rule) in CASES.items():
        if wanted and not any(name.startswith(text) for text in wanted):
            continue
        columns, rows, roles, recusals, targets, terms = make(scale, random.Random(name), **rule)
        start = time.perf_counter()
        eligibility = Eligibility.build(columns, rows, roles, recusals)
        built = time.perf_counter()
        answer = assign(SHA256, KEY, targets, roles, eligibility, **terms)
        end = time.perf_counter()
        print(
            f"{name:28} {len(answer.slots):6} slots {sum(slot.eligible for slot in answer.slots):9} eligible "
            f"cap {answer.smallest_cap:4} -> {answer.cap:4}   {end - built:7.2f} s, with sets {end - start:7.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0, sys.argv[2:])
