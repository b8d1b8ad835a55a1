"""What people see: results on stdout as plain text and tables, remarks and progress on stderr.

Escape sequences are written to a terminal only, and never where ``NO_COLOR`` is set. Text from files is shown with
its unseen characters escaped, so that no roster can move the cursor or turn the direction of writing.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dblrandom.errors import FolderError

__all__ = ["Screen", "is_seen", "json_bytes", "note", "ratio", "safe", "telling", "told_once", "working"]

_WIDE = 10_000
# What str.isprintable() lets pass and nobody sees: joiners, fillers, variation selectors, tags (default-ignorable).
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")


def is_seen(character: str) -> bool:
    """Whether a character shows as itself and does nothing else: no control, no direction, no line, not invisible."""
    return character.isprintable() and _INVISIBLE.match(character) is None


def safe(text: object) -> str:
    """The text on one line, with what cannot be seen shown as escapes."""
    plain = str(text)
    if _all_seen(plain):
        return plain
    return "".join(c if is_seen(c) else c.encode("unicode_escape").decode("ascii") for c in plain)


def json_bytes(data: object) -> bytes:
    """A JSON document for a terminal, a pipe or a file: always UTF-8, with escapes for what is unseen."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, indent=2)
    lines = (line if _all_seen(line) else "".join(map(_in_json, line)) for line in text.split("\n"))
    return "\n".join(lines).encode("utf-8")


def _all_seen(text: str) -> bool:
    return text.isprintable() and _INVISIBLE.search(text) is None


def _in_json(character: str) -> str:
    if is_seen(character):
        return character
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[n]:02x}{data[n + 1]:02x}" for n in range(0, len(data), 2))


def ratio(value: Fraction) -> str:
    """A ratio as people write it: ``3/10``, or ``1`` for a whole."""
    return str(value)


def _console(stream: TextIO) -> Console:
    plain = not stream.isatty() or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return Console(
        file=stream,
        color_system=None if plain else "auto",
        force_terminal=not plain,
        # Elsewhere than on a terminal nothing may be folded: other programs read it line by line.
        width=None if stream.isatty() else _WIDE,
        markup=False,
        highlight=False,
        emoji=False,
    )


class Screen:
    """Where an answer is written for people."""

    def line(self, text: object = "") -> None:
        """One line of text."""
        click.echo(safe(text))

    def verbatim(self, text: str) -> None:
        """Lines that are meant to be pasted; what cannot be seen must have been written otherwise in them."""
        for line in text.split("\n"):
            click.echo(safe(line))

    def document(self, data: object) -> None:
        """A JSON document, the same bytes on every terminal and in every file."""
        click.echo(json_bytes(data))

    def exact(self, text: str) -> None:
        """A text that others check to the byte, as it is; only a terminal is shown escapes for what cannot be seen."""
        if sys.stdout.isatty():
            self.verbatim(text.removesuffix("\n"))
        else:
            click.echo(text.encode("utf-8"), nl=False)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table, indented; nothing where there are no rows."""
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
        for column in columns:
            table.add_column(Text(safe(column)), overflow="fold")
        for row in rows:
            table.add_row(*(Text(safe(cell)) for cell in row))
        if not table.row_count:
            return
        console = _console(sys.stdout)
        with console.capture() as captured:
            console.print(table, soft_wrap=False)
        for text in captured.get().splitlines():
            click.echo("  " + text.rstrip())


def note(text: object) -> None:
    """A remark on stderr, which no program reads as a result."""
    click.echo(safe(text), err=True)


def told_once(text: str) -> None:
    """A remark on stderr, once in a command however often the reason for it is met."""
    context = click.get_current_context(silent=True)
    told = set() if context is None else context.find_root().meta.setdefault(f"{__name__}.told", set())
    if text not in told:
        told.add(text)
        note(text)


@contextmanager
def telling(*, as_json: bool = False) -> Iterator[None]:
    """Say in one line that the answer cannot be written, such as on a full disk; a reader who left is no error here.

    With ``as_json`` the line goes to stderr as well, since the error's own JSON cannot be written either.

    Raises:
        FolderError: stdout cannot be written.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would fail once more, and louder, when the process ends.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        reason = error.strerror or type(error).__name__
        problem = FolderError(f"stdout: cannot write the answer: {reason}; the command itself was carried out")
        if as_json:
            note(f"error: {problem}")
        raise problem from error


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show on a terminal's stderr that something takes its time."""
    console = _console(sys.stderr)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(safe(text))):
        yield
