"""``dblrandom substitute``: replace a target or an inspector by the rule, or staff an open target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, key_option, signers, time_option
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.screen import Screen
from dblrandom.errors import StepError
from dblrandom.model import Json

__all__ = ["replaced_of", "show_substitution", "substitute"]


def replaced_of(target: str | None, inspector: str | None, open_target: str | None) -> dict[str, str]:
    """Exactly one of the three things that a substitution can replace."""
    given = {"target": target, "inspector": inspector, "open": open_target}
    found = {what: name for what, name in given.items() if name is not None}
    if len(found) != 1:
        raise click.UsageError("give exactly one of --target, --inspector and --open")
    return found


def show_substitution(screen: Screen, body: Mapping[str, Json]) -> None:
    """What the rule gave."""
    ((what, name),) = cast("dict[str, str]", body["replaced"]).items()
    if what == "target":
        screen.line(f"target {name!r} is followed by {body['replacement'] or 'nobody: no reserve is left'}")
    else:
        screen.line(f"{'inspector' if what == 'inspector' else 'open target'} {name!r}, task {body['task']}:")
    screen.table(
        ("target", "role", "inspector", ""),
        [
            (s["target"], s["role"], s["inspector"] or "(nobody)", "over the cap" if s["cap_waived"] else "")
            for s in cast("list[dict[str, Any]]", body["slots"])
        ],
    )


def _check_staffed(body: Mapping[str, Json], target: str) -> None:
    """A receipt that fills no slot would put nothing on record that the draw does not say already, with the reasons."""
    if all(slot["inspector"] is None for slot in cast("list[dict[str, Any]]", body["slots"])):
        raise StepError(f"task {body['task']!r}: nobody is eligible for an empty slot of {target!r}: it stays open")


@command("substitute")
@folder_argument
@click.option("--task", metavar="T", required=True, help="The task.")
@click.option("--ground", metavar="G", required=True, help="A ground that the plan names.")
@click.option("--target", metavar="ID", help="Replace this drawn target by the next reserve of its stratum.")
@click.option("--inspector", metavar="ID", help="Replace this inspector in all his slots of the task.")
@click.option("--open", "open_target", metavar="ID", help="Staff this target, whose team was open.")
@key_option
@time_option
def substitute(
    folder: Path,
    task: str,
    ground: str,
    target: str | None,
    inspector: str | None,
    open_target: str | None,
    keys: tuple[Path, ...],
    time: str,
) -> Answer:
    """Replace a target or an inspector.

    Who follows is decided by the rule, not by anyone.
    """
    replaced = replaced_of(target, inspector, open_target)
    held = signers(keys)

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> dict[str, Json]:
        if open_target is not None:
            _check_staffed(ceremony.compute_substitution(task, ground, **replaced), open_target)
        return dict(ceremony.substitute(task, ground, time=time, keys=held, **replaced).body)

    taken = take_step(folder, act)
    return step_answer(
        folder,
        taken.receipt,
        taken.digest,
        show=lambda screen: show_substitution(screen, taken.value),
        substitution=taken.value,
    )
