"""``dblrandom void``: give up a commitment before any of its values can be known."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, key_option, signers, time_option
from dblrandom.cli.places import step_answer, take_step

__all__ = ["void"]


@command("void")
@folder_argument
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is published.")
@key_option
@time_option
def void(folder: Path, reason: str, keys: tuple[Path, ...], time: str) -> Answer:
    """Give up a commitment in time.

    Refused once a value can be public.
    """
    held = signers(keys)
    taken = take_step(folder, lambda _, ceremony, __: ceremony.void(reason, time=time, keys=held))
    return step_answer(folder, taken.receipt, taken.digest, reason=reason)
