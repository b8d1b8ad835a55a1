"""Fuzzes every reader for some minutes each: python fuzz/run.py --minutes 10.

Needs the extra ``fuzz``. An input is at most 64 KiB; one that takes over 10 seconds, makes the process larger than
2 GiB, or lets out an error that is not the library's own is a finding, and is written to ``fuzz/found``. New inputs are
kept in ``fuzz/work``; ``--keep`` puts the few of them that reach further into ``fuzz/corpus``, which the tests replay.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import targets

HERE = Path(__file__).parent
LARGEST = 65_536
KEPT_BYTES = 32_768  # of one input, so that the corpus stays small
SECONDS = 10
MEGABYTES = 2_048


def fuzz(name: str, minutes: float) -> int:
    """Fuzz one reader; 0 where nothing was found."""
    work, found = HERE / "work" / name, HERE / "found"
    work.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    seeds = HERE / "corpus" / name
    done = subprocess.run(
        [
            *(sys.executable, str(HERE / "one.py"), name),
            *(f"-max_total_time={int(minutes * 60)}", f"-max_len={LARGEST}", f"-timeout={SECONDS}"),
            *(f"-rss_limit_mb={MEGABYTES}", f"-malloc_limit_mb={MEGABYTES}", f"-artifact_prefix={found}/{name}-"),
            *("-print_final_stats=1", str(work), *([str(seeds)] if seeds.is_dir() else [])),
        ],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    told = done.stderr.splitlines()
    units = next((line.split()[-1] for line in told if "number_of_executed_units" in line), "?")
    sys.stdout.write(f"{name}: {units} inputs in {minutes:g} min, {'FOUND SOMETHING' if done.returncode else 'fine'}\n")
    if done.returncode:
        start = next((n for n, line in enumerate(told) if "===" in line or "ERROR" in line), max(0, len(told) - 30))
        sys.stdout.write("\n".join(told[start : start + 30]) + "\n")
    sys.stdout.flush()
    return done.returncode


def keep(name: str) -> None:
    """Merge the work into the corpus: libFuzzer takes only what reaches something new, the shortest first."""
    work, kept, merged = HERE / "work" / name, HERE / "corpus" / name, HERE / "work" / f".{name}"
    if not work.is_dir():
        return
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir()
    given = [str(place) for place in (kept, work) if place.is_dir()]
    command = [sys.executable, str(HERE / "one.py"), name, "-merge=1", f"-max_len={KEPT_BYTES}", str(merged), *given]
    subprocess.run(command, check=False, capture_output=True)
    kept.mkdir(parents=True, exist_ok=True)
    for place in sorted(merged.iterdir(), key=lambda p: p.stat().st_size)[:40]:
        if sum(p.stat().st_size for p in kept.iterdir()) + place.stat().st_size < 64 * 1024:
            shutil.copy(place, kept / place.name[:16])
    shutil.rmtree(merged)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="for each reader")
    parser.add_argument("--keep", action="store_true", help="put what reaches further into the corpus")
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"of {', '.join(targets.READERS)}; all if none")
    given = parser.parse_args()
    began, worst = time.monotonic(), 0
    for name in given.readers or targets.READERS:
        worst = max(worst, fuzz(name, given.minutes))
        if given.keep:
            keep(name)
    sys.stdout.write(f"{time.monotonic() - began:.0f} s; findings are in {HERE / 'found'}\n")
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
