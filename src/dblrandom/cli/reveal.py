"""``dblrandom reveal``: publish every source's value, and so the seed."""

from __future__ import annotations

from pathlib import Path

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, key_option, signers, time_option
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.values import gathered, value_options

__all__ = ["reveal"]

_Pairs = tuple[tuple[str, str], ...]


@command("reveal")
@folder_argument
@value_options
@key_option
@time_option
def reveal(
    folder: Path, secret: _Pairs, chain: _Pairs, value: _Pairs, evidence: _Pairs, keys: tuple[Path, ...], time: str
) -> Answer:
    """Publish all values, and so the seed.

    Exit code 3 where a value is not public yet. Secrets that a witness recorded as disclosed need not be given.
    """
    held = signers(keys)

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> str:
        values = gathered(ceremony, secret=secret, chain=chain, value=value, evidence=evidence)
        return str(ceremony.reveal(values, time=time, keys=held).body["seed"])

    taken = take_step(folder, act)
    return step_answer(
        folder, taken.receipt, taken.digest, show=lambda screen: screen.line(f"seed {taken.value}"), seed=taken.value
    )
