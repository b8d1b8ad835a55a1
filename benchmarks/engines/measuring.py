"""Seconds, CPU seconds and peak memory of what runs in a process of its own."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Times = dict[str, list[float]]


@contextmanager
def measured(found: Times, label: str) -> Iterator[None]:
    """Note how long the block took, by the wall clock and in CPU seconds of this process."""
    start, cpu = time.perf_counter(), time.process_time()
    yield
    found[label] = [time.perf_counter() - start, time.process_time() - cpu]


def tell(found: Times) -> None:
    """What a measuring process ends with."""
    print(json.dumps({**found, "peak_mb": _peak() // 1024}))


def _peak() -> int:
    """The most memory that this process held, in kB; the system's own figure includes what its parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(text.split()[1]) for text in status.read_text().splitlines() if text.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def medians(words: Sequence[str], runs: int) -> dict[str, Any] | None:
    """The medians of several processes that measure the same; ``None`` where a library is not installed."""
    told = []
    for _ in range(runs):
        command = [sys.executable, str(Path(__file__).parent), "--measure", *words]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"  {words[0]}: {(done.stderr.strip().splitlines() or ['failed'])[-1][:100]}", flush=True)
            return None
        told.append(json.loads(done.stdout.splitlines()[-1]))
    found: dict[str, Any] = {"peak_mb": max(each.pop("peak_mb") for each in told)}
    for label in told[0]:
        seconds, cpu = (statistics.median(each[label][at] for each in told) for at in (0, 1))
        found[label] = {"s": round(seconds, 5), "cpu_s": round(cpu, 5)}
    return found


def line(found: dict[str, Any]) -> str:
    """One line for people, CPU seconds in brackets."""
    steps = ", ".join(f"{k} {v['s']:.3f} ({v['cpu_s']:.3f})" for k, v in found.items() if k != "peak_mb")
    return f"{found['peak_mb']:>6} MB  {steps}"
