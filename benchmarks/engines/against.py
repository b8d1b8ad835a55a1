"""Two versions of the library beside each other: `python benchmarks/engines/against.py SRC [--rows N] [--runs N]`.

``SRC`` is another version's ``src`` folder, as ``git worktree add ../other v0.1.0`` makes one. One and the other commit
to the same rows and draw from them in turn, each time in a process of its own, so that a busy machine is as busy for
both. What is compared is the median of CPU seconds. Written is ``against.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import rows

HERE = Path(__file__).resolve()
OURS = HERE.parents[2] / "src"
DRAWS = ("draw 1,000", "draw 1 %", "draw 20 of each stratum")


def steps(place: Path) -> None:
    """In a process of its own: commit, and draw in three ways."""
    import ours
    from measuring import measured, tell

    found: dict[str, list[float]] = {}
    with measured(found, "commit"):
        roster = ours._open(place, "datafusion")
    size = roster.manifest.rows
    for label, (count, strata) in zip(DRAWS, ((1000, ()), (size // 100, ()), (20, ("district",))), strict=True):
        with measured(found, label):
            ours._draw(roster, count, strata)
    tell(found)


def run(src: Path, place: Path) -> dict[str, float]:
    """CPU seconds of each step with the library of this folder."""
    command = [sys.executable, str(HERE), "--measure", str(place)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(src)}
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return {label: value if label == "peak_mb" else value[1] for label, value in told.items()}


def main(words: argparse.Namespace) -> None:
    times: dict[str, list[dict[str, float]]] = {"before": [], "after": []}
    with tempfile.TemporaryDirectory(prefix="dblrandom-", dir=words.data) as folder:
        place = Path(folder) / "parts"
        rows.write(place, words.rows, sorted_=not words.unsorted)
        for _ in range(words.runs):
            for which, src in (("before", words.src), ("after", OURS)):
                times[which].append(run(src, place))
                print(which, times[which][-1], flush=True)
    found = {w: {label: statistics.median(t[label] for t in some) for label in some[0]} for w, some in times.items()}
    ratios = {
        f"commit and {draw}": round(
            (found["after"]["commit"] + found["after"][draw]) / (found["before"]["commit"] + found["before"][draw]), 2
        )
        for draw in DRAWS
    }
    named = f"{words.rows}{', not sorted' if words.unsorted else ''}"
    into = HERE.parent / "against.json"
    every = json.loads(into.read_text()) if into.exists() else {}
    every[named] = {"runs": words.runs, "cpu_s": found, "ratio": ratios}
    into.write_text(json.dumps(every, indent=1) + "\n")
    print(ratios)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Two versions of the library beside each other.")
    parser.add_argument("src", type=Path, nargs="?")
    parser.add_argument("--rows", type=lambda text: int(float(text)), default=10**7)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--unsorted", action="store_true")
    parser.add_argument("--data", default=None, help="folder for the rows, of which 1e8 take 1 GB")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure is not None:
        steps(given.measure)
    else:
        main(given)
