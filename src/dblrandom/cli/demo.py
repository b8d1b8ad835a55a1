"""``dblrandom demo``: a whole ceremony to look at."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path

import click

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.rosterplaces import note_places
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.drawn import show_task, task_json
from dblrandom.cli.options import FILE, suite_option
from dblrandom.cli.screen import Screen, working
from dblrandom.cli.shell import program
from dblrandom.cli.verify import show_report
from dblrandom.errors import FolderError
from dblrandom.examples.demo import AS_OF, kunming_demo
from dblrandom.kernel.suite import Suite

__all__ = ["demo"]

_SYNTHETIC = "Everything but the plan's text is synthetic: no firm, no inspector and no party here exists."
_FILES = (
    ("plan.toml", "the plan"),
    ("rosters/", "the lists that were committed and drawn from"),
    ("receipts/", "the signed chain, from the commitment to the last result"),
    ("results/", "for each task who was drawn, and the teams"),
    ("trust.json", "whose keys the checks above trusted"),
    ("secrets/", "what each party would keep to itself; only in a demo is it all in one place"),
)


@click.group("demo", no_args_is_help=False)
def demo() -> None:
    """Play a worked example."""


@command("kunming")
@click.option("--out", metavar="DIR", type=FILE, required=True, help="A new folder for the ceremony.")
@click.option("--rehearsal", is_flag=True, help="Public keys and secrets: the same bytes everywhere, for no real use.")
@suite_option
def kunming(out: Path, rehearsal: bool, suite: Suite) -> Answer:
    """Draw a published plan from synthetic rosters.

    The plan is that of the Kunming Public Security Bureau for 2024, with twelve tasks; the ceremony is verified too.
    """
    with working("playing the ceremony"):
        outcome = kunming_demo(out, rehearsal=rehearsal, suite=suite)
        ceremony = CeremonyFolder(out).load()
    # Whoever plays the demonstration has committed here, as with the command commit.
    with suppress(FolderError):
        note_places(out, ceremony.commitment_digest, {})
    shown = outcome.draw[next(iter(outcome.draw))]
    place, unit = shlex.quote(str(out)), shlex.quote(shown.selected[0].id)
    following = [
        f"{program()} verify {place} --as-of {AS_OF}",
        f"{program()} explain {place} --task {shown.task.id} --id {unit}",
        f"(cd {place} && sha256sum -c SHA256SUMS)",
    ]

    def show(screen: Screen) -> None:
        screen.line(f"{ceremony.commitment.plan.title}: {len(outcome.draw)} tasks")
        screen.line(_SYNTHETIC)
        for task in outcome.draw.values():
            show_task(screen, task, ceremony.rosters[task.task.roster])
        screen.line()
        show_report(screen, outcome.report)
        screen.line()
        screen.line(f"In {out}:")
        screen.table(("file", "what it is"), _FILES)
        screen.line("Next, to be pasted into a shell:")
        for line in following:
            screen.verbatim(f"  {line}")

    data = {
        "synthetic": True,
        "rehearsal": rehearsal,
        "folder": str(out),
        "tasks": [task_json(task) for task in outcome.draw.values()],
        "report": outcome.report.to_json(),
        "next": following,
    }
    return Answer(data=data, show=show)


demo.add_command(kunming)
