"""``dblrandom reveal``: publish every source's value, and so the seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dblrandom.adapters.clock import now
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, key_option, late_time_option, signers
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.values import Given, gathered, standing, value_options
from dblrandom.evidence.admission import check_lawful

__all__ = ["reveal"]


@command("reveal")
@folder_argument
@value_options
@key_option
@late_time_option
def reveal(folder: Path, keys: tuple[Path, ...], time: str, **given: Any) -> Answer:
    """Publish all values, and so the seed.

    Rounds and pulses are asked of the network, secrets that a witness recorded as disclosed are taken from his receipt,
    and time-locks are opened with their round. Exit code 3 where a value is not public yet.
    """
    held = signers(keys)
    ceremony = standing(folder)
    check_lawful(ceremony, "reveal")
    values = gathered(ceremony, Given(**given))
    moment = time or now()

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> str:
        return str(ceremony.reveal(values, time=moment, keys=held).body["seed"])

    taken = take_step(folder, act)
    return step_answer(
        folder,
        taken.receipt,
        taken.digest,
        show=lambda screen: screen.line(f"seed {taken.value}"),
        seed=taken.value,
        late=taken.late,
    )
