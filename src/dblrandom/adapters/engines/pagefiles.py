"""Single pages of rosters in files, read at a place that an index notes, without reading what comes before."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import attrs

from dblrandom.adapters.engines.pageindex import Hint
from dblrandom.adapters.files import open_regular, os_failure
from dblrandom.errors import DblrandomError, RosterChanged, RosterError
from dblrandom.kernel.rows import row_line
from dblrandom.roster.manifest import PAGE_ROWS

__all__ = ["TextPages", "text_hints"]

_PAGE_BYTES = 64 * 1024 * 1024
"""No page of a text file is longer: 256 rows of a few hundred columns."""
_HEADER_BYTES = 1024 * 1024


@attrs.frozen(kw_only=True)
class TextPages:
    """The pages of CSV and TSV files; see :data:`dblrandom.adapters.engines.indexed.PageReader`.

    Attributes:
        paths: the files, in their order.
        quoted: whether fields may be quoted, as in CSV.
        codec: how the text is encoded.
        columns: the roster's columns.
        sources: what each of them is called in the files.
    """

    paths: Sequence[str]
    quoted: bool
    codec: str
    columns: tuple[str, ...]
    sources: tuple[str, ...]

    def __call__(self, first: bytes, after: bytes | None, hint: Hint | None, rows: int) -> bytes:
        """The canonical lines of a page that may begin at a hint.

        Raises:
            RosterError: there is nothing like it.
        """
        if hint is None or hint.file >= len(self.paths):
            raise self._changed()
        found: list[bytes] = []
        for number in range(hint.file, len(self.paths)):
            found += self._lines(self.paths[number], hint.place if number == hint.file else None, rows - len(found))
            if len(found) == rows:
                break
        return b"".join(found)

    def _lines(self, path: str, place: int | None, rows: int) -> list[bytes]:
        with os_failure(path, "read it"), os.fdopen(open_regular(path), "rb") as file:
            head = next(_records(file, self.quoted, _HEADER_BYTES), (0, b""))[1]
            file.seek(len(head) if place is None else place)
            records = b"".join(
                data for (_, data), _ in zip(_records(file, self.quoted, _PAGE_BYTES), range(rows), strict=False)
            )
        try:
            names = next(iter(self._fields(head.decode(self.codec).removeprefix("\ufeff"))), [])
            at = [names.index(source) for source in self.sources]
            lines = []
            for fields in self._fields(records.decode(self.codec)):
                lines.append(row_line([fields[n] for n in at], self.columns) + b"\n")
        except (ValueError, IndexError, csv.Error, DblrandomError) as error:
            raise self._changed() from error
        return lines

    def _fields(self, text: str) -> Iterator[list[str]]:
        if self.quoted:
            yield from csv.reader(io.StringIO(text, newline=""), strict=True)
            return
        for line in text.removesuffix("\n").split("\n") if text else ():
            yield line.removesuffix("\r").split("\t")

    def _changed(self) -> RosterError:
        told = "has not the rows that the index was made of; make it again"
        return RosterChanged(told, where=str(Path(self.paths[0]).parent) if len(self.paths) > 1 else self.paths[0])


def text_hints(paths: Sequence[str], quoted: bool, rows: int, where: str) -> list[Hint]:
    """Where each page begins in CSV or TSV files whose rows are in order.

    Raises:
        RosterError: the lines are not as many as the rows.
    """
    found: list[Hint] = []
    count = 0
    for number, path in enumerate(paths):
        with os_failure(path, "read it"), os.fdopen(open_regular(path), "rb") as file:
            records = _records(file, quoted, None)
            next(records, None)
            for place, _ in records:
                if count % PAGE_ROWS == 0:
                    found.append(Hint(number, place))
                count += 1
    if count != rows:
        told = f"{count} records were found where {rows} rows were read; write the canonical file and index that"
        raise RosterError(told, where=where)
    return found


def _records(file: BinaryIO, quoted: bool, most: int | None) -> Iterator[tuple[int, bytes]]:
    """Each record with the byte at which it begins; after an odd number of quotes a line end is part of a field."""
    place = file.tell()
    read, held, open_quote = 0, b"", False
    while line := file.readline(-1 if most is None else most - read + 1):
        read += len(line)
        if most is not None and read > most:
            raise RosterChanged("has not the rows that the index was made of; make it again", where=str(file.name))
        held += line
        if quoted and line.count(b'"') % 2:
            open_quote = not open_quote
        if not open_quote:
            yield place, held
            place, held = place + len(held), b""
    if held:
        yield place, held


def sources_of(columns: Sequence[str], unit_id: str, rename: Mapping[str, str]) -> tuple[str, ...]:
    """What the roster's columns are called where they are, the id first."""
    old = {new: stored for stored, new in rename.items()}
    return (old.get(unit_id, unit_id), *(old.get(column, column) for column in columns[1:]))
