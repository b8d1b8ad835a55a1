"""``dblrandom unseal``: publish what was sealed."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, key_option, signers, time_option
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.screen import working
from dblrandom.cli.seal import read_sealed
from dblrandom.errors import StepError

__all__ = ["unseal"]


@command("unseal")
@folder_argument
@click.option("--sequence", metavar="N", type=int, help="The seal's number; the oldest that is closed by default.")
@key_option
@time_option
def unseal(folder: Path, sequence: int | None, keys: tuple[Path, ...], time: str) -> Answer:
    """Publish what was sealed.

    The oldest closed seal by default.
    """
    held = signers(keys)

    def act(place: CeremonyFolder, ceremony: Ceremony, _: dict[str, bytes]) -> tuple[int, str | None]:
        closed = [r for r in ceremony.closed_seals if sequence is None or r.sequence == sequence]
        if not closed:
            raise StepError("there is no closed seal" + (f" {sequence}" if sequence is not None else ""))
        opening = closed[0]
        with working("checking what was sealed"):
            ceremony.unseal(str(opening.body["type"]), read_sealed(place, opening), time=time, keys=held)
        rest = [str(seal.body["type"]) for seal in ceremony.closed_seals]
        return opening.sequence, rest[0] if rest else None

    taken = take_step(folder, act)
    opened, rest = taken.value
    return step_answer(
        folder,
        taken.receipt,
        taken.digest,
        late=taken.late,
        show=lambda screen: screen.line(f"opened the seal of receipt {opened}"),
        still_sealed=rest,
        opened=opened,
    )
