"""What rosters cost as they grow: `python benchmarks/engines [--largest N] [--out DIR]`.

Each measurement is a process of its own, so that its peak memory is its own; of several runs the median is told.
Seconds are of the wall clock, with CPU seconds beside them, since a busy machine stretches the first more than the
second. Other samplers are measured where they are installed, on the same ids; ``can_show`` says what each can show.

Written are ``engines.json`` and ``engines.svg``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import counting
import ours
import peers
import picture
import rows
from measuring import line, medians, tell

UNSORTED = "datafusion, not sorted"
LARGEST = {"memory": 10**6, "datafusion, one core": 10**7, "datafusion": 10**9, **peers.LARGEST}
CURVE_ROWS = 10**6


def measure(what: str, place: str) -> None:
    """In a process of its own."""
    kind, _, size = what.partition(":")
    if kind == "drawn":
        found = ours.of_drawn(Path(place), int(size))
    elif kind == "strata":
        found = ours.of_strata(Path(place))
    elif kind == "slots":
        found = ours.of_slots(int(size))
    elif what in ours.ENGINES:
        found = ours.steps(Path(place), what)
    else:
        found = peers.draw(Path(place), what)
    tell(found)


@contextmanager
def written(base: Path, count: int, **options: Any) -> Iterator[Path]:
    """Rows on disk for as long as they are needed."""
    place = Path(tempfile.mkdtemp(prefix=f"rows-{count}-", dir=base)) / "parts"
    try:
        rows.write(place, count, **options)
        yield place
    finally:
        shutil.rmtree(place.parent)


def noted(into: dict[Any, Any], key: Any, words: list[str], runs: int) -> None:
    """Measure, keep and print."""
    found = medians(words, runs)
    if found is not None:
        into[key] = found
        print(f"  {key!s:<24}{line(found)}", flush=True)


def by_rows(base: Path, smallest: int, largest: int, runs: int, *, unsorted: bool) -> dict[int, dict[str, Any]]:
    """The steps over ten times as many rows each time, and the other samplers; the most rows also in no order."""
    found: dict[int, dict[str, Any]] = {}
    count = smallest
    while count <= largest:
        print(f"{count:,} rows", flush=True)
        found[count] = {}
        with written(base, count) as place:
            for what in (*ours.ENGINES, *peers.LIBRARIES):
                if count <= LARGEST.get(what, 10**7):
                    noted(found[count], what, [what, str(place)], runs)
        count *= 10
    if unsorted:
        with written(base, largest, sorted_=False) as place:
            noted(found[largest], UNSORTED, ["datafusion", str(place)], 1)
    return found


def curves(base: Path, runs: int) -> dict[str, dict[int, Any]]:
    """How a draw grows with what is drawn and with strata, and an assignment with slots."""
    found: dict[str, dict[int, Any]] = {"drawn": {}, "strata": {}, "slots": {}}
    sizes = [10**power for power in range(1, 7)]
    with written(base, CURVE_ROWS) as place:
        print(f"units drawn, of {CURVE_ROWS:,} rows", flush=True)
        for size in sizes:
            noted(found["drawn"], size, [f"drawn:{size}", str(place)], runs)
    print(f"strata, of {CURVE_ROWS:,} rows", flush=True)
    for size in (1, *sizes[:5]):
        with written(base, CURVE_ROWS, districts=size) as place:
            noted(found["strata"], size, ["strata", str(place)], runs)
    print("slots, for 1,000 inspectors", flush=True)
    for size in (20, 200, 2_000, 20_000, 60_000):
        noted(found["slots"], size, [f"slots:{size}", ""], runs)
    return found


def main(words: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="dblrandom-", dir=words.data) as folder:
        figures = {
            "machine": {"cores": os.cpu_count(), "processor": processor(), "python": platform.python_version()},
            "can_show": peers.CAN_SHOW,
            "rows": by_rows(Path(folder), words.smallest, words.largest, words.runs, unsorted=not words.sorted),
            "curves": curves(Path(folder), words.runs),
        }
    figures["instructions_per_ticket"] = counting.instructions()
    print(f"instructions for each ticket in the kernel: {figures['instructions_per_ticket'] or 'needs valgrind'}")
    words.out.mkdir(parents=True, exist_ok=True)
    (words.out / "engines.json").write_text(json.dumps(figures, indent=1) + "\n")
    picture.save(words.out / "engines.svg", json.loads(json.dumps(figures)))


def processor() -> str:
    """The processor's name, where the system tells it."""
    for text in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if text.startswith("model name"):
            return text.partition(":")[2].strip()
    return platform.processor()


def count_of(text: str) -> int:
    """A number of rows, also as 1e8."""
    return int(float(text))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What rosters cost as they grow; seconds, CPU seconds in brackets.")
    parser.add_argument("--smallest", type=lambda text: int(float(text)), default=10**3)
    parser.add_argument(
        "--largest", type=lambda text: int(float(text)), default=10**7, help="1e8 takes a quarter of an hour"
    )
    parser.add_argument("--sorted", action="store_true", help="leave out the rows in no order")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--data", default=None, help="folder for the rows, of which 1e8 take 1 GB")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure is not None:
        measure(*given.measure)
    else:
        main(given)
