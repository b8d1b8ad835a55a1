"""``dblrandom log attach``: let a ceremony carry the proof that its commitment stands in the log."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.publiclog.files import read_text
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, folder_argument, key_option, signers, time_option
from dblrandom.cli.places import existing, receipt_at, step_answer, take_step
from dblrandom.cli.screen import note
from dblrandom.errors import InputError, StepError
from dblrandom.tlog import LogEntry, LogProof
from dblrandom.tlog.checkpoint import Checkpoint
from dblrandom.tlog.proof import stands_in

__all__ = ["attach"]


@command("attach")
@folder_argument
@click.option("--proof", metavar="FILE", type=FILE, required=True, help="From log prove.")
@click.option("--receipt", "number", metavar="N", type=int, help="Which receipt it is of; the last commitment's.")
@key_option
@time_option
def attach(folder: Path, proof: Path, number: int | None, keys: tuple[Path, ...], time: str) -> Answer:
    """Add a log's proof to a ceremony, as a witness receipt.

    Whoever has a part in the ceremony can sign it. That the entry stands under the checkpoint is checked here; whose
    log it is, and who cosigned it, is for verifiers to judge.
    """
    held = signers(keys)
    text = read_text(proof)
    sequence = receipt_at(existing(folder).load(), number).sequence

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> Checkpoint:
        entry = LogEntry.of_payload(receipt_at(ceremony, sequence).payload, ceremony.suite)
        parsed = LogProof.parse(text, str(proof))
        try:
            found = stands_in(parsed, entry.data)
        except InputError as error:
            raise StepError(
                f"{proof}: is no proof of receipt {sequence} ({error}); make it again: log prove"
            ) from error
        ceremony.witness(time=time, keys=held, logged=text, sequence=sequence)
        return found

    taken = take_step(folder, act)
    note("verifiers must trust the log and its witnesses: dblrandom trust edit --log VKEY --log-witness VKEY")
    return step_answer(
        folder,
        taken.receipt,
        taken.digest,
        show=lambda screen: screen.line(f"receipt {sequence} stands in {taken.value.origin}, of {taken.value.size}"),
        log={"origin": taken.value.origin, "size": taken.value.size, "receipt": sequence},
    )
