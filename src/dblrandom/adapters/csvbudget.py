"""What a CSV file may cost: how long its lines are and how many columns it has, told before they are kept."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from dblrandom import limits
from dblrandom.errors import RosterError

__all__ = ["check_width", "counted_lines"]


def counted_lines(text: io.TextIOBase, where: str) -> Iterator[str]:
    """The lines of a text, of which none is kept that is longer than a roster's row can be.

    Raises:
        RosterError: naming the line.
    """
    number, longest = 0, limits.CSV_LINE
    while line := text.readline(longest + 1):
        number += 1
        if len(line) > longest:
            raise RosterError(f"has a line of over {longest} characters; is it CSV?", where=f"{where}: line {number}")
        yield line


def check_width(record: Sequence[str], where: str) -> None:
    """Refuse a record of more fields than a file may have columns.

    Raises:
        RosterError: saying how many there are.
    """
    if len(record) > limits.TABLE_SCHEMA:
        raise RosterError(f"has {len(record)} columns; at most {limits.TABLE_SCHEMA} are read", where=where)
