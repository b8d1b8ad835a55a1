"""``dblrandom witness``: check everything, then attest the last receipt."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import click

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.secretfiles import read_secret
from dblrandom.adapters.witnessmemory import HeldMemory
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.checked import checked, policy_options
from dblrandom.cli.options import (
    FILE,
    PAIR,
    csv_encoding_option,
    folder_argument,
    key_option,
    lock_timeout,
    pairs,
    rosters_option,
    signers,
    time_option,
)
from dblrandom.cli.places import existing, step_answer, take_step
from dblrandom.cli.rosters import rosters_of
from dblrandom.cli.screen import Screen, note
from dblrandom.errors import InputError, StepError
from dblrandom.evidence import Report, WitnessMemory

__all__ = ["witness"]


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

    if memory is not None:
        _check_apart(memory, folder)

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> tuple[Report, Ceremony]:
        # Only now, for until here an interrupted step may have been waiting in the folder.
        place = existing(folder, rosters_of(folder, places, ids, encoding))
        # Late results are attested too; that they are late is for those who verify to say.
        report = checked(place, trust, vouched, as_of=None if ceremony.stage == "drawn" else time)
        if report.head != ceremony.head:
            raise StepError(f"{folder}: it was changed while it was checked; run the command again")
        plan = ceremony.commitment.plan
        note(f"attesting {ceremony.name}: {plan.authority}, period {plan.period}")
        known = None if mine is None else _known(mine, ceremony, first).check_and_remember(ceremony)
        ceremony.witness(time=time, keys=held, disclosed=disclosed or None)
        if mine is not None and known is not None:
            # Before the receipt goes out: to forget what was attested would be the way to attest two.
            mine.write(known)
        return report, ceremony

    # From before it is read until the receipt is in it: another run with the same memory would attest another history.
    with nullcontext() if memory is None else HeldMemory(memory, timeout=lock_timeout()) as mine:
        taken = take_step(folder, act)
        report, attested = taken.value
        if mine is not None:
            mine.write(mine.memory.check_and_remember(attested))
    if memory is None:
        note("without --memory this witness cannot notice a second history")
    elif first:
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


def _check_apart(memory: Path, folder: Path) -> None:
    """A memory inside a ceremony would be sent out with it, and one lock would have to be taken twice."""
    if Path(os.path.realpath(memory)).is_relative_to(os.path.realpath(folder)):
        raise InputError(
            f"is inside of the ceremony {folder}; keep it elsewhere, for all ceremonies", where=str(memory)
        )


def _known(held: HeldMemory, ceremony: Ceremony, first: bool) -> WitnessMemory:
    """What this witness remembers; a memory that is lost or misspelt must not pass for a new one.

    Raises:
        StepError: it knows nothing of this organiser and it is not ``first``, or something and it is.
    """
    known = held.memory
    if known.knows(ceremony) and first:
        raise StepError(f"{held.path} remembers this organiser or ceremony: it is not the first; leave out --first")
    if not known.knows(ceremony) and not first:
        there = "remembers nothing of" if held.exists else "is not there, so nothing is remembered of"
        raise StepError(
            f"{held.path} {there} this organiser: find the right file, or a second history could be attested; only if "
            "this witness has never attested anything of this organiser, say --first"
        )
    return known
