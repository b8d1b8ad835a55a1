"""``dblrandom void``: give up a commitment before any of its values can be known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.rosterplaces import forget_places
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, key_option, late_time_option, signers
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.values import Given, locks, network_options, standing

__all__ = ["void"]


@command("void")
@folder_argument
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is published.")
@click.option(
    "--misopened",
    metavar="NAME",
    multiple=True,
    help="A time-locked secret that does not open to what was committed; its round proves it, and its holder answers.",
)
@network_options
@key_option
@late_time_option
def void(
    folder: Path, reason: str, misopened: tuple[str, ...], keys: tuple[Path, ...], time: str, **given: Any
) -> Answer:
    """Give up a commitment in time.

    Refused once a value can be public; unless --misopened shows that a source has no value.
    """
    held = signers(keys)
    proof = locks(standing(folder), misopened, Given(**given)) if misopened else None
    moment = time or now()
    taken = take_step(folder, lambda _, ceremony, __: ceremony.void(reason, time=moment, keys=held, proof=proof))
    forget_places(folder)
    return step_answer(folder, taken.receipt, taken.digest, reason=reason)
