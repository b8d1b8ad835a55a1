"""``dblrandom plan``: look at a plan before committing to it."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.adapters.planfiles import load_plan
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, PAIR, csv_encoding_option, pairs, suite_option
from dblrandom.cli.places import samplers
from dblrandom.cli.rosters import named_rosters
from dblrandom.cli.screen import Screen, ratio, working
from dblrandom.drawing.preview import TaskPreview, preview
from dblrandom.kernel.suite import Suite

__all__ = ["plan"]


@click.group("plan", no_args_is_help=False)
def plan() -> None:
    """Check a plan before committing."""


@command("check")
@click.argument("file", metavar="PLAN.toml", type=FILE)
@click.option(
    "--roster",
    metavar="NAME=PLACE",
    type=PAIR,
    multiple=True,
    help="A roster: canonical, or a table with --id (.csv, Parquet, a folder, a database's URL#table).",
)
@click.option("--id", "ids", metavar="[NAME=]COLUMN", multiple=True, help="The id column of such a table.")
@csv_encoding_option
@suite_option
def check(file: Path, roster: tuple[tuple[str, str], ...], ids: tuple[str, ...], encoding: str, suite: Suite) -> Answer:
    """Check a plan, and with its rosters what each task will draw."""
    read = load_plan(file)
    previews: tuple[TaskPreview, ...] = ()
    if roster:
        with working("looking at the rosters"):
            rosters = named_rosters(suite, pairs(roster, "--roster"), ids, encoding)
            previews = preview(suite, read, rosters, samplers())
    warnings = [(found.task, text) for found in previews for text in found.warnings]
    data = {
        "plan": {"name": read.name, "title": read.title, "tasks": [task.id for task in read.tasks]},
        "tasks": [found.to_json() for found in previews],
        "warnings": [{"task": task, "warning": text} for task, text in warnings],
    }

    def show(screen: Screen) -> None:
        screen.line(f"{read.name}: {read.title}; {len(read.tasks)} tasks, lawful")
        if not previews:
            screen.line("next: give the rosters (--roster NAME=FILE) to see what would be drawn")
        screen.table(
            ("task", "stratum", "rows", "drawn", "probability"),
            [
                (found.task, " / ".join(s.stratum) or "-", s.size, s.allocation.units, ratio(s.probability))
                for found in previews
                for s in found.strata
            ],
        )
        screen.table(
            ("task", "role", "eligible"), [(found.task, r, n) for found in previews for r, n in found.roles.items()]
        )
        for task, text in warnings:
            screen.line(f"warning: task {task}: {text}")

    return Answer(data=data, show=show)


plan.add_command(check)
