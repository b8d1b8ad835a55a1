"""How fair the draw is, over a million seeds (or as many as given): `python benchmarks/frequencies.py [seeds]`.

The same frame, measure and bound as tests/properties/test_frequencies.py; more seeds see finer faults.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import frequencies as freq


def main(runs: int) -> int:
    start = time.perf_counter()
    seen, wanted = freq.count(freq.real_sampler(), runs), freq.expected()
    worst = sorted(wanted, key=lambda event: -freq.distance(runs, seen.get(event, 0), wanted[event]))
    most = freq.limit(len(wanted))
    print(f"{runs} seeds, {len(wanted)} events, {time.perf_counter() - start:.1f} s; bound {most:.2f} nats")
    print(f"{'event':<18}{'seen':>10}{'expected':>12}{'off by':>9}{'distance':>10}")
    units = [event for event in wanted if len(event) == 1]
    for title, events in (("every unit", units), ("the ten farthest of all", worst[:10])):
        print(f"-- {title}")
        for event in events:
            had, due = seen.get(event, 0), runs * wanted[event]
            off = f"{100 * (had - due) / due:+.2f}%" if due else ""
            away = freq.distance(runs, had, wanted[event])
            print(f"{' '.join(event):<18}{had:>10}{due:>12.0f}{off:>9}{away:>10.2f}")
    failed = freq.beyond(runs, seen, wanted)
    people = max(1, runs // 10)
    slots = freq.count_slots(freq.real_assignment(freq.RECUSED), people)
    failed += freq.unequal(slots, freq.GROUPS)
    print(f"-- inspectors of equal eligibility, {people} seeds")
    for firm in freq.FIRMS:
        for role in freq.ROLES:
            line = "  ".join(f"{person} {slots.get((firm, role.name, person), 0)}" for person in freq.PEOPLE)
            print(f"{firm} {role.name:<8}{line}")
    print("\n".join(failed) or "nothing is beyond the bound")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
