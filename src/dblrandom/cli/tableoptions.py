"""Options and output of commands that read tables: what was noticed, and the report that goes back to their keepers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from dblrandom.adapters.files import write_new
from dblrandom.adapters.tablekinds import KINDS
from dblrandom.adapters.tablereport import TableReport
from dblrandom.adapters.tables import ENCODINGS
from dblrandom.cli.answer import Answer, document
from dblrandom.cli.exits import ERROR
from dblrandom.cli.options import FILE, PAIR
from dblrandom.cli.screen import Screen, note, safe

__all__ = ["accept_option", "encoding_option", "refused", "rename_option", "report_file", "report_option", "tell_notes"]

F = TypeVar("F", bound=Callable[..., Any])

_REPORTS: dict[str, Callable[[TableReport], bytes]] = {
    ".txt": lambda report: report.to_text().encode("utf-8", "backslashreplace"),
    ".json": lambda report: (document(report.to_json()) + "\n").encode("utf-8", "backslashreplace"),
    ".csv": TableReport.to_csv,
}


def accept_option(function: F) -> F:
    """The kinds of defects that are as they should be."""
    return click.option(
        "--accept",
        metavar="KIND",
        multiple=True,
        type=click.Choice([kind.name for kind in KINDS.values() if kind.accepted is not None]),
        help="Take a kind of defect for right, and note each; the kinds are in the documentation, on tables.",
    )(function)


def encoding_option(function: F) -> F:
    """How the table's text is encoded."""
    return click.option(
        "--encoding",
        metavar="NAME",
        type=click.Choice(ENCODINGS),
        default="utf-8-sig",
        help=f"Of the table: one of {', '.join(ENCODINGS)}.",
    )(function)


def rename_option(function: F) -> F:
    """New names for headings."""
    return click.option("--rename", metavar="OLD=NEW", type=PAIR, multiple=True, help="Rename a column.")(function)


def report_option(function: F) -> F:
    """Where the report goes."""
    return click.option(
        "--report",
        metavar="FILE.{txt,json,csv}",
        type=FILE,
        callback=_known_ending,
        help="Write all that was noticed in the table to a file, whether it is refused or not; never replaced.",
    )(function)


def _known_ending(_: click.Context, __: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in _REPORTS:
        raise click.BadParameter(f"{value.name!r} does not end in {', '.join(_REPORTS)}")
    return value


def report_file(report: TableReport, path: Path | None) -> list[str]:
    """Write the report in the form that the file's ending asks for; what was written."""
    if path is None:
        return []
    write_new(path, _REPORTS[path.suffix.lower()](report), 0o644)
    return [str(path)]


def tell_notes(report: TableReport) -> None:
    """Say on stderr what was noticed or changed, each kind and column once."""
    for text in report.lines(defects=False):
        note(f"{report.file}: note: {text}")


def refused(report: TableReport, wrote: Iterable[str]) -> Answer:
    """The answer where a table is refused: all its defects, and exit code 2."""
    error = report.told()
    paths = list(wrote)

    def show(screen: Screen) -> None:
        for text in report.lines(defects=True):
            screen.line(text)
        tell_notes(report)
        for path in paths:
            note(f"wrote {path}")
        note(f"error: {error}; no roster was made")

    data = {
        "error": {
            "type": type(error).__name__,
            "message": safe(error),
            "code": error.code,
            "branch": error.branch.value,
        },
        "report": report.to_json(),
        "wrote": paths,
    }
    return Answer(data=data, show=show, exit=ERROR)
