"""``dblrandom result``: publish what inspections found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from dblrandom.adapters.tables import import_csv
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, folder_argument, key_option, pairs, signers, time_option
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.tableoptions import accept_option, encoding_option, rename_option, tell_notes
from dblrandom.errors import RosterError
from dblrandom.model import ResultCode

__all__ = ["outcomes_of", "result", "table_options"]

F = TypeVar("F", bound=Callable[..., Any])

# The enumeration comma divides nothing: it stands within the published words of one code.
_BETWEEN = re.compile(r"[;,；，\s]+")


def table_options(function: F) -> F:
    """A table of outcomes, and how it is to be read."""
    for option in (
        accept_option,
        encoding_option,
        rename_option,
        click.option(
            "--id", "column", metavar="COLUMN", default="id", help="The table's column of targets; id by default."
        ),
        click.option(
            "--file", "table", metavar="CSV", type=FILE, help="Of a result: a table with the columns id and codes."
        ),
    ):
        function = option(function)
    return function


def outcomes_of(
    given: Iterable[str],
    table: Path | None,
    encoding: str = "utf-8-sig",
    *,
    column: str = "id",
    rename: Iterable[tuple[str, str]] = (),
    accept: Sequence[str] = (),
) -> dict[str, list[str]]:
    """The outcomes of ``ID=CODE[,CODE]`` options and of a CSV file with a column of targets and one of codes.

    A code is given by its name or in the words in which it is published.

    Args:
        given: the options.
        table: the file.
        encoding: of the file.
        column: the heading of the targets' ids.
        rename: other names for headings; one of them, in the file or after renaming, is ``codes``.
        accept: kinds of defects that are right, see :func:`~dblrandom.adapters.tables.import_csv`.
    """
    found: dict[str, list[str]] = {}
    for text in given:
        # An id may hold an equals sign and a code never does, so the last one is the one that is meant.
        target, separator, codes = text.rpartition("=")
        if not separator or not target:
            raise click.UsageError(f"--outcome {text!r} is not ID=CODE")
        _add(found, target, codes)
    if table is not None:
        read = import_csv(
            table,
            id=column,
            name="results",
            columns=["codes"],
            rename=pairs(rename, "--rename"),
            encoding=encoding,
            accept=accept,
        )
        for target, codes in read.taken().rows:
            _add(found, target, codes)
        tell_notes(read.report)
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
@table_options
@key_option
@time_option
def result(
    folder: Path,
    task: str,
    outcome: tuple[str, ...],
    keys: tuple[Path, ...],
    time: str,
    **given: Any,
) -> Answer:
    """Publish the outcomes of drawn targets."""
    outcomes = outcomes_of(outcome, **given)
    held = signers(keys)
    taken = take_step(folder, lambda _, ceremony, __: ceremony.result(task, outcomes, time=time, keys=held))
    return step_answer(
        folder,
        taken.receipt,
        taken.digest,
        late=taken.late,
        show=lambda screen: screen.line(f"task {task}: {len(outcomes)} outcomes"),
        outcomes=outcomes,
    )
