"""``dblrandom result``: publish what inspections found."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click

from dblrandom.adapters.tables import ENCODINGS, read_csv
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, folder_argument, key_option, signers, time_option
from dblrandom.cli.places import step_answer, take_step
from dblrandom.errors import RosterError
from dblrandom.model import ResultCode

__all__ = ["outcomes_of", "result"]

# The enumeration comma divides nothing: it stands within the published words of one code.
_BETWEEN = re.compile(r"[;,；，\s]+")


def outcomes_of(given: Iterable[str], table: Path | None, encoding: str = "utf-8-sig") -> dict[str, list[str]]:
    """The outcomes of ``ID=CODE[,CODE]`` options and of a CSV file with the columns ``id`` and ``codes``.

    A code is given by its name or in the words in which it is published.
    """
    found: dict[str, list[str]] = {}
    for text in given:
        # An id may hold an equals sign and a code never does, so the last one is the one that is meant.
        target, separator, codes = text.rpartition("=")
        if not separator or not target:
            raise click.UsageError(f"--outcome {text!r} is not ID=CODE")
        _add(found, target, codes)
    if table is not None:
        for target, codes in read_csv(table, id="id", columns=["codes"], name="results", encoding=encoding).rows:
            _add(found, target, codes)
    if not found:
        raise click.UsageError("give the outcomes: --outcome ID=CODE, or --file CSV")
    return found


def _add(found: dict[str, list[str]], target: str, codes: str) -> None:
    where = f"outcome of {target!r}"
    read = [ResultCode.read(code, where, error=RosterError).value for code in _BETWEEN.split(codes) if code]
    if not read:
        raise RosterError("has no code", where=where)
    if target in found:
        raise RosterError("is given twice", where=where)
    found[target] = read


@command("result")
@folder_argument
@click.option("--task", metavar="T", required=True, help="The task.")
@click.option(
    "--outcome",
    metavar="ID=CODE[,CODE]",
    multiple=True,
    help="What was found at a target, in codes or in their published words: "
    f"{', '.join(f'{code.value} {code.chinese}' for code in ResultCode)}.",
)
@click.option("--file", "table", metavar="CSV", type=FILE, help="A table with the columns id and codes.")
@click.option("--encoding", metavar="NAME", type=click.Choice(ENCODINGS), default="utf-8-sig", help="Of the table.")
@key_option
@time_option
def result(
    folder: Path,
    task: str,
    outcome: tuple[str, ...],
    table: Path | None,
    encoding: str,
    keys: tuple[Path, ...],
    time: str,
) -> Answer:
    """Publish the outcomes of drawn targets."""
    outcomes = outcomes_of(outcome, table, encoding)
    held = signers(keys)
    taken = take_step(folder, lambda _, ceremony, __: ceremony.result(task, outcomes, time=time, keys=held))
    return step_answer(
        folder,
        taken.receipt,
        taken.digest,
        show=lambda screen: screen.line(f"task {task}: {len(outcomes)} outcomes"),
        outcomes=outcomes,
    )
