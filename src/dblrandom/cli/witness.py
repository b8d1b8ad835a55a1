"""``dblrandom witness``: check everything, then attest the last receipt."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dblrandom import limits
from dblrandom.adapters.files import read_bytes, write_atomic
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.secretfiles import read_secret
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.checked import checked, policy_options
from dblrandom.cli.options import (
    FILE,
    PAIR,
    csv_encoding_option,
    folder_argument,
    key_option,
    pairs,
    rosters_option,
    signers,
    time_option,
)
from dblrandom.cli.places import existing, step_answer, take_step
from dblrandom.cli.rosters import rosters_of
from dblrandom.cli.screen import Screen, note
from dblrandom.errors import StepError
from dblrandom.evidence import Report, WitnessMemory

__all__ = ["witness"]

_LONGEST_MEMORY = limits.MEMORY_BYTES


@command("witness")
@folder_argument
@key_option
@click.option("--memory", metavar="FILE", type=FILE, help="What this witness attested before.")
@click.option("--first", is_flag=True, help="This witness has attested nothing of this organiser before.")
@click.option(
    "--disclose", metavar="NAME=FILE", type=PAIR, multiple=True, help="Record a secret that has been made public."
)
@rosters_option
@csv_encoding_option
@policy_options
@time_option
def witness(
    folder: Path,
    keys: tuple[Path, ...],
    memory: Path | None,
    first: bool,
    disclose: tuple[tuple[str, str], ...],
    roster: tuple[tuple[str, str], ...],
    ids: tuple[str, ...],
    encoding: str,
    trust: Path | None,
    vouched: bool,
    time: str,
) -> Answer:
    """Check the ceremony and attest it.

    Refuses where anything does not hold, and where the memory knows nothing of the organiser, unless you say --first.
    """
    if first and memory is None:
        raise click.UsageError("--first goes with --memory, which it begins")
    held = signers(keys)
    disclosed = {name: read_secret(path) for name, path in pairs(disclose, "--disclose").items()}
    places = pairs(roster, "--roster")

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> tuple[Report, Ceremony]:
        # Only now, for until here an interrupted step may have been waiting in the folder.
        place = existing(folder, rosters_of(folder, places, ids, encoding))
        # Late results are attested too; that they are late is for those who verify to say.
        report = checked(place, trust, vouched, as_of=None if ceremony.stage == "drawn" else time)
        if report.head != ceremony.head:
            raise StepError(f"{folder}: it was changed while it was checked; run the command again")
        plan = ceremony.commitment.plan
        note(f"attesting {ceremony.name}: {plan.authority}, period {plan.period}")
        known = None if memory is None else _known(memory, ceremony, first).check_and_remember(ceremony)
        ceremony.witness(time=time, keys=held, disclosed=disclosed or None)
        if memory is not None and known is not None:
            # Before the receipt goes out: to forget what was attested would be the way to attest two.
            write_atomic(memory, known.to_bytes(), 0o600)
        return report, ceremony

    taken = take_step(folder, act)
    report, attested = taken.value
    if memory is None:
        note("without --memory this witness cannot notice a second history")
    else:
        write_atomic(memory, _read(memory).check_and_remember(attested).to_bytes(), 0o600)
        if first:
            note(f"this is the first receipt attested of this organiser: it was compared with nothing; keep {memory}")

    def show(screen: Screen) -> None:
        screen.line(f"checked {len(report.passed)} things, all hold; not checked: {len(report.not_checked)}")
        for check in report.not_checked:
            screen.line(f"not checked: {check.name}: {check.subject}: {check.detail}")
        for finding, detail in report.findings:
            screen.line(f"finding: {finding.value}: {detail}")
        screen.line(f"attested receipt {taken.receipt.body['sequence']}, {taken.receipt.body['digest']}")

    wrote = [] if memory is None else [str(memory)]
    return step_answer(folder, taken.receipt, taken.digest, show=show, wrote=wrote, report=report.to_json())


def _read(path: Path) -> WitnessMemory:
    """What this witness remembers; nothing where there is no file."""
    if not os.path.lexists(path):
        return WitnessMemory()
    return WitnessMemory.from_bytes(read_bytes(path, _LONGEST_MEMORY), str(path))


def _known(path: Path, ceremony: Ceremony, first: bool) -> WitnessMemory:
    """What this witness remembers; a memory that is lost or misspelt must not pass for a new one.

    Raises:
        StepError: it knows nothing of this organiser and it is not ``first``, or something and it is.
    """
    known = _read(path)
    if known.knows(ceremony) and first:
        raise StepError(f"{path} remembers this organiser or ceremony: it is not the first; leave out --first")
    if not known.knows(ceremony) and not first:
        there = "remembers nothing of" if os.path.lexists(path) else "is not there, so nothing is remembered of"
        raise StepError(
            f"{path} {there} this organiser: find the right file, or a second history could be attested; only if this "
            "witness has never attested anything of this organiser, say --first"
        )
    return known
