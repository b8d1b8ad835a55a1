"""The figures as one SVG: time and memory over rows, drawn units, strata and slots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from ours import ENGINES, LABELS, THOUSAND

Figures = Mapping[str, Any]


def save(path: Path, figures: Figures) -> None:
    """Draw it; the same figures give the same file."""
    with mpl.rc_context({"svg.hashsalt": "dblrandom", "svg.fonttype": "none", "font.size": 8}):
        sheet = Figure(figsize=(11, 8), layout="constrained")
        panels = sheet.subplots(2, 3)
        _steps(panels[0, 0], figures["rows"])
        _beside(panels[0, 1], figures["rows"])
        _memory(panels[0, 2], figures["rows"])
        for panel, name, label in zip(
            panels[1], ("drawn", "strata", "slots"), ("units drawn", "strata", "slots"), strict=True
        ):
            _curve(panel, figures["curves"][name], label)
        sheet.savefig(path, metadata={"Date": None})


def _dress(panel: Axes, title: str, across: str, up: str) -> None:
    panel.set(title=title, xlabel=across, ylabel=up, xscale="log", yscale="log")
    panel.grid(alpha=0.3)
    panel.minorticks_off()
    if panel.get_legend_handles_labels()[0]:
        panel.legend(fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.17), frameon=False)


def _steps(panel: Axes, by_rows: Figures) -> None:
    for label in LABELS:
        points = [(int(rows), each["datafusion"][label]["s"]) for rows, each in by_rows.items()]
        panel.plot(*zip(*points, strict=True), marker=".", label=label)
    for rows, each in by_rows.items():
        if "datafusion, not sorted" in each:
            panel.plot([int(rows)], [each["datafusion, not sorted"][LABELS[0]]["s"]], "x", label="commit, not sorted")
    _dress(panel, "Rows in files, DataFusion", "rows", "seconds")


def _beside(panel: Axes, by_rows: Figures) -> None:
    names = dict.fromkeys(name for each in by_rows.values() for name in each if name != "datafusion, not sorted")
    for name in names:
        points = [(int(rows), each[name][THOUSAND]["s"]) for rows, each in by_rows.items() if name in each]
        ours = name in ENGINES
        panel.plot(*zip(*points, strict=True), marker=".", label=name, linestyle="-" if ours else "--")
    _dress(panel, "1,000 drawn, beside others", "rows", "seconds")


def _memory(panel: Axes, by_rows: Figures) -> None:
    for name in ("datafusion", "datafusion, not sorted", "memory"):
        points = [(int(rows), each[name]["peak_mb"]) for rows, each in by_rows.items() if name in each]
        if points:
            panel.plot(*zip(*points, strict=True), marker="x" if "not" in name else ".", label=name)
    _dress(panel, "Peak memory of all steps", "rows", "MB")
    panel.set_yscale("linear")
    panel.set_ylim(bottom=0)


def _curve(panel: Axes, curve: Figures, across: str) -> None:
    points = [
        (int(size), next(v["s"] for k, v in each.items() if k != "peak_mb"), each["peak_mb"])
        for size, each in curve.items()
    ]
    sizes, seconds, megabytes = zip(*points, strict=True)
    panel.plot(sizes, seconds, marker=".", label="seconds")
    panel.plot(sizes, [mb / 1000 for mb in megabytes], marker=".", label="peak memory, GB")
    _dress(panel, {"slots": "Assigning 1,000 inspectors"}.get(across, f"By {across}, of 1,000,000 rows"), across, "")
