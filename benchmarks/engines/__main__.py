"""What rosters in files cost, from 1,000 to 100,000,000 rows: `python benchmarks/engines.py [--largest N] [--out DIR]`.

Each measurement is a process of its own, so that its peak memory is its own; of several runs the median is told.
Seconds are of the wall clock, with CPU seconds beside them, since a busy machine stretches the first more than the
second. Other samplers are measured where they are installed, on the same ids; ``can_show`` says what each can show.

Written are ``engines.json`` and ``engines.svg``. With ``--instructions`` the kernel's loop over tickets is also counted
in instructions, by callgrind, which tells a slower loop from a slower machine.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import log10
from pathlib import Path
from typing import Any

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
STRATA = 500
PEERS = {
    "consistent_sampler": "repeatable by anyone from a public seed; no commitment to who was on the list",
    "cryptorandom": "repeatable from a public seed and the list in its order; no commitment, none by id",
    "numpy": "repeatable from a seed, a list in its order and one version of the library; not cryptographic",
    "pandas": "as numpy",
    "polars": "as numpy, without a promise between versions",
    "duckdb_sha256": "tickets as here, by SQL; no commitment, no strata with quotas, the whole table sorted by ticket",
    "dblrandom": "commitment before the seed exists, presence and absence of each id provable, draw repeatable by id",
}
LIMITS = {"consistent_sampler": 10**6, "cryptorandom": 10**6, "memory": 10**6, "datafusion": 10**8}
LABELS = ("commit", "draw 1,000", "draw 1 %", f"draw {STRATA} strata", "prove", "verify")


def write_rows(folder: Path, rows: int) -> None:
    """Synthetic firms in Parquet, sorted: an id of 18 characters and one of 500 districts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    districts = pa.array([f"D{n:03d}" for n in range(STRATA)])
    step = min(rows, 2_500_000)
    for number, start in enumerate(range(0, rows, step)):
        places = range(start, min(start + step, rows))
        ids = pa.array([10**17 + 97 * n for n in places]).cast(pa.string())
        district = pa.DictionaryArray.from_arrays(pa.array([n * 7919 % 1_000_003 % STRATA for n in places]), districts)
        table = pa.table({"id": ids, "district": district.cast(pa.string())})
        pq.write_table(table, folder / f"part-{number:04d}.parquet", row_group_size=262_144)


@contextmanager
def measured(found: dict[str, list[float]], label: str) -> Iterator[None]:
    start, cpu = time.perf_counter(), time.process_time()
    yield
    found[label] = [time.perf_counter() - start, time.process_time() - cpu]


def ours(place: Path, engine: str) -> dict[str, Any]:
    """Commit, draw in three ways, prove and verify."""
    from dblrandom.adapters.engines.opening import open_roster
    from dblrandom.kernel.suite import SHA256
    from dblrandom.roster import Roster, verify_presence
    from dblrandom.sampling import MemoryFrame

    importlib.import_module("dblrandom.adapters.engines.arrow")
    found: dict[str, Any] = {}
    with measured(found, LABELS[0]):
        roster = open_roster(place, name="targets", id="id", engine=engine)
    rows = roster.manifest.rows

    def frame(strata: tuple[str, ...]) -> Any:
        if isinstance(roster, Roster):
            return MemoryFrame(SHA256, roster.columns, roster.lines, {}, strata, where="benchmark")
        return roster.frame({}, strata, where="benchmark")

    for label, count, strata in zip(LABELS[1:4], (1000, rows // 100, 20), ((), (), ("district",)), strict=True):
        with measured(found, label):
            made = frame(strata)
            made.lowest(KEY, {s: min(count, size) for s, size in made.sizes().items()})
    unit = str(10**17 + 97 * (rows // 2))
    with measured(found, LABELS[4]):
        proof = roster.prove(unit)
    with measured(found, LABELS[5]):
        verify_presence(SHA256, roster.manifest, proof)
    return found


def peer(place: Path, library: str, count: int = 1000) -> dict[str, Any]:
    """Draw 1,000 ids with another library, from a list that it is given or from the files."""
    import pyarrow.dataset as ds

    found: dict[str, Any] = {}
    draw: Callable[[], Any]
    module = importlib.import_module(library.partition("_sha")[0])
    if library == "duckdb_sha256":
        base = module.connect()
        base.execute("set threads to 1")
        text = f"select id from '{place}/*.parquet' order by sha256('{KEY}:' || id) limit {count}"
        draw = base.sql(text).fetchall
    else:
        column = ds.dataset(place).to_table(columns=["id"]).column(0)
        if library == "polars":
            series = module.from_arrow(column)
            draw = lambda: series.sample(count, seed=1)  # noqa: E731
        elif library == "pandas":
            frame = module.Series(column.to_pylist())
            draw = lambda: frame.sample(count, random_state=1)  # noqa: E731
        elif library == "numpy":
            draw = lambda: module.random.default_rng(1).choice(len(column), count, replace=False)  # noqa: E731
        elif library == "consistent_sampler":
            ids = column.to_pylist()
            draw = lambda: list(module.sampler(ids, seed=KEY, take=count, output="id"))  # noqa: E731
        else:
            from cryptorandom import cryptorandom, sample

            ids = column.to_pylist()
            draw = lambda: sample.random_sample(ids, count, prng=cryptorandom.SHA256(KEY))  # noqa: E731
    with measured(found, LABELS[1]):
        draw()
    return found


def loop(tickets: int) -> None:
    """The kernel's hot path, for callgrind."""
    from dblrandom.kernel.suite import SHA256
    from dblrandom.kernel.tickets import lowest

    lowest(SHA256, KEY, [b"%018d" % n for n in range(tickets)], 10)


def instructions(tickets: int = 20_000) -> float | None:
    """Instructions for each ticket: those of twice as many tickets less those of as many."""
    if shutil.which("valgrind") is None:
        return None
    counts = []
    for many in (tickets, 2 * tickets):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, __file__]
        run = subprocess.run(
            [*command, "--loop", str(many)], capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"}
        )
        found = re.search(r"Collected : (\d+)", run.stderr)
        if found is None:
            return None
        counts.append(int(found[1]))
    return round((counts[1] - counts[0]) / tickets, 1)


def worker(what: str, place: Path) -> None:
    found = ours(place, what) if what in ("datafusion", "memory") else peer(place, what)
    print(json.dumps({**found, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


def run(what: str, place: Path, runs: int) -> dict[str, Any] | None:
    """The medians of several processes; ``None`` where a library is not installed."""
    told = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, __file__, "--measure", what, str(place)], capture_output=True, text=True)
        if done.returncode:
            print(f"  {what}: {(done.stderr.strip().splitlines() or ['failed'])[-1][:100]}")
            return None
        told.append(json.loads(done.stdout))
    medians: dict[str, Any] = {"peak_mb": max(each["peak_mb"] for each in told)}
    for label in (label for label in LABELS if label in told[0]):
        seconds, cpu = (statistics.median(each[label][at] for each in told) for at in (0, 1))
        medians[label] = {"s": round(seconds, 5), "cpu_s": round(cpu, 5)}
    return medians


def plot(series: dict[str, list[tuple[int, float]]]) -> str:
    """Seconds over rows, both logarithmic, as SVG."""
    colours = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
    points = [point for line in series.values() for point in line]
    low, high = (round(log10(bound(rows for rows, _ in points))) for bound in (min, max))
    least, most = -4, max(2, round(log10(max(s for _, s in points)) + 0.5))

    def at(rows: float, seconds: float) -> tuple[float, float]:
        across = 60 + 480 * (log10(rows) - low) / max(1, high - low)
        return round(across, 1), round(370 - 340 * (log10(max(seconds, 1e-4)) - least) / (most - least), 1)

    drawn = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 420" font-family="sans-serif" font-size="12">']
    drawn.append('<rect width="760" height="420" fill="white"/>')
    for power in range(low, high + 1):
        x, y = at(10**power, 1e-4)
        drawn.append(f'<text x="{x}" y="{y + 18}" text-anchor="middle">1e{power}</text>')
        drawn.append(f'<line x1="{x}" y1="30" x2="{x}" y2="{y}" stroke="#eee"/>')
    for power in range(least, most + 1):
        _, y = at(10**low, 10.0**power)
        drawn.append(f'<text x="52" y="{y + 4}" text-anchor="end">1e{power} s</text>')
        drawn.append(f'<line x1="60" y1="{y}" x2="540" y2="{y}" stroke="#eee"/>')
    for number, (name, line) in enumerate(series.items()):
        colour = colours[number % len(colours)]
        path = " ".join(f"{x},{y}" for x, y in (at(*point) for point in line))
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn.append(f'<text x="555" y="{40 + 20 * number}" fill="{colour}">{name}</text>')
    return "\n".join([*drawn, '<text x="300" y="410" text-anchor="middle">rows</text>', "</svg>", ""])


def main(words: argparse.Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {"cores": os.cpu_count(), "can_show": PEERS, "rows": {}}
    series: dict[str, list[tuple[int, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="dblrandom-", dir=words.data) as folder:
        for power in range(3, 9):
            rows = 10**power
            if rows > words.largest or rows < words.smallest:
                continue
            place = Path(folder) / str(rows)
            write_rows(place, rows)
            figures["rows"][rows] = {}
            for what in ("datafusion", "memory", *PEERS):
                if what == "dblrandom" or rows > LIMITS.get(what, 10**7):
                    continue
                found = run(what, place, words.runs)
                if found is None:
                    continue
                figures["rows"][rows][what] = found
                for label in LABELS[:2] if what == "datafusion" else LABELS[1:2]:
                    series.setdefault(f"{what}: {label}", []).append((rows, found[label]["s"]))
                told = ", ".join(f"{k} {v['s']:.3f} ({v['cpu_s']:.3f})" for k, v in found.items() if k != "peak_mb")
                print(f"{rows:>11,} {what:<20}{found['peak_mb']:>6} MB  {told}", flush=True)
            shutil.rmtree(place)
    if words.instructions:
        figures["instructions_per_ticket"] = instructions()
        print(f"instructions for each ticket: {figures['instructions_per_ticket']}")
    words.out.mkdir(parents=True, exist_ok=True)
    (words.out / "engines.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    (words.out / "engines.svg").write_text(plot(series))
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What rosters in files cost; seconds, and CPU seconds in brackets.")
    parser.add_argument("--smallest", type=lambda text: int(float(text)), default=10**3)
    parser.add_argument("--largest", type=lambda text: int(float(text)), default=10**7, help="1e8 takes minutes")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--data", default=None, help="folder for the rows, of which 1e8 take 1 GB")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--loop", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.loop is not None:
        loop(given.loop)
    elif given.measure is not None:
        worker(given.measure[0], Path(given.measure[1]))
    else:
        main(given)
