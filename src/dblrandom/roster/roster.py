"""Rosters held in memory, as canonical lines (docs/spec, section 2)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NoReturn, Self, cast

import attrs

from dblrandom.errors import RosterError
from dblrandom.kernel.merkle import Tree, leaf_hash
from dblrandom.kernel.rows import BLIND, check_columns, fields_of, header_line, id_of, line_fault, row_line
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex, is_task_id
from dblrandom.model import Population
from dblrandom.model.progress import tracked
from dblrandom.roster.manifest import Manifest, page_rows_of
from dblrandom.roster.paged import PagedRoster
from dblrandom.roster.proof import ProofPage

__all__ = ["Roster"]


@attrs.frozen(eq=False)
class Roster(PagedRoster):
    """A roster whose every line is canonical and in order; made by :meth:`build` or :meth:`from_file`.

    A context manager, so that every kind of roster is used alike; only a roster elsewhere has to be closed.

    Two are equal where their manifests are.

    Attributes:
        lines: the canonical row lines, without LF, ascending by the bytes of their ids.
        manifest: the commitment to them.
        suite: the suite that the commitment was made with.
    """

    lines: tuple[bytes, ...] = attrs.field(repr=False)
    manifest: Manifest
    suite: Suite
    _tree: Tree = attrs.field(repr=False)

    @classmethod
    def build(cls, suite: Suite, population: Population, blinds: Sequence[str] | None = None) -> Self:
        """Make the canonical roster of a population, sorting its rows by the UTF-8 bytes of their ids.

        Args:
            suite: the ceremony's suite.
            population: the rows, in any order; nothing in them is normalised.
            blinds: for a confidential population, and only then: 64 hex characters of its own for each row, in
                the order of the population's rows.

        Raises:
            RosterError: what is not canonical, with the number of the row in the population, and the column.
        """
        columns = population.columns
        if population.confidential:
            columns = (*columns, BLIND)
        check_columns(columns, population.confidential, f"roster {population.name}, columns")
        _check_blinds(population, blinds)
        found = []
        rows = tracked(_with_blinds(population.rows, blinds), "making the roster", len(population.rows))
        for number, fields in enumerate(rows, 1):
            try:
                found.append(row_line(fields, columns))
            except RosterError as error:
                message = str(error).removeprefix("row: ")
                raise RosterError(message, where=f"roster {population.name}, row {number} as given") from error
        found.sort()
        twice = next((b for a, b in pairwise(found) if id_of(a) == id_of(b)), None)
        if twice is not None:
            raise RosterError(_twice(population, id_of(twice)), where=f"roster {population.name}")
        return cls._of(suite, population.name, columns, tuple(found))

    @classmethod
    def from_file(cls, suite: Suite, name: str, data: bytes, columns: Sequence[str] | None = None) -> Self:
        """Read a canonical file strictly; ``to_file()`` gives back the same bytes.

        Args:
            suite: the ceremony's suite.
            name: the roster's name.
            data: the file's bytes.
            columns: the columns that its header must have, where they are known.

        Raises:
            RosterError: what is not canonical, with the number of the row after the header, its id and the column.
        """
        if not is_task_id(name):
            raise RosterError(f"{name!r} is not a roster's name", where="roster")
        where = f"roster {name}"
        lines = data.split(b"\n")
        if lines.pop() != b"" or not lines:
            raise RosterError("the last line is not ended by LF", where=where)
        header = _read_header(lines[0], columns, f"{where}, header")
        del lines[0]
        before = b""
        for number, line in enumerate(lines, 1):
            fault = line_fault(line, header)
            unit_id = id_of(line)
            if fault is None and unit_id <= before:
                fault = "the id is there twice" if unit_id == before else "not in the order of the ids' bytes; sort it"
            if fault is not None:
                shown = unit_id[:255].decode("utf-8", "replace")
                raise RosterError(fault, where=f"{where}, row {number} (id {shown!r})")
            before = unit_id
        return cls._of(suite, name, header, tuple(lines))

    @classmethod
    def _of(cls, suite: Suite, name: str, columns: tuple[str, ...], lines: tuple[bytes, ...]) -> Self:
        size = page_rows_of(columns)
        pages = (_page(lines, start, size) for start in range(0, len(lines), size))
        tree = Tree(suite, (leaf_hash(suite, page) for page in pages))
        manifest = Manifest(columns=columns, name=name, page_rows=size, root=tree.root.hex(), rows=len(lines))
        return cls(lines, manifest, suite, tree)

    def close(self) -> None:
        """Let go of the rows, any number of times; the manifest stays."""
        object.__setattr__(self, "lines", cast("tuple[bytes, ...]", _Closed(self.name)))

    def to_file(self) -> bytes:
        """The canonical file."""
        return b"".join([line + b"\n" for line in (header_line(self.columns), *self.lines)])

    def ids(self) -> Iterator[bytes]:
        """The bytes of the ids, ascending."""
        return map(id_of, self.lines)

    def find(self, unit_id: bytes) -> bytes | None:
        """The line of an id, or ``None``."""
        place = self._place(unit_id)
        return self.lines[place] if place < len(self.lines) and id_of(self.lines[place]) == unit_id else None

    def records(self) -> Iterator[dict[str, str]]:
        """Every row in order, each as its fields by column."""
        for line in self.lines:
            yield self._record(line)

    def column(self, name: str) -> Iterator[bytes]:
        """The fields of a column, in the order of the rows; errors as for ``column_index``."""
        index = self.column_index(name)
        return (fields_of(line)[index] for line in self.lines)

    def _first_id(self, index: int) -> bytes:
        return id_of(self.lines[index * self.page_rows])

    def _proof_page(self, index: int) -> ProofPage:
        path = tuple(step.hex() for step in self._tree.path(index))
        return ProofPage(index, _page(self.lines, index * self.page_rows, self.page_rows), path)

    def _place(self, unit_id: bytes) -> int:
        """Where the line of ``id`` is or would be; no line of another id stands between ``id`` and ``id`` TAB."""
        return bisect_left(self.lines, unit_id if len(self.columns) == 1 else unit_id + b"\t")


class _Closed(Sequence[Any]):
    """Stands in for the lines of a roster that was closed: whoever asks for one is told so."""

    def __init__(self, name: str) -> None:
        self._where = f"roster {name}"

    def __len__(self) -> int:
        return self._refuse()

    def __getitem__(self, place: object) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise RosterError("was closed; open it again", where=self._where)


def _page(lines: Sequence[bytes], start: int, size: int) -> bytes:
    return b"\n".join(lines[start : start + size]) + b"\n"


def _read_header(line: bytes, columns: Sequence[str] | None, where: str) -> tuple[str, ...]:
    try:
        header = tuple(line.decode("utf-8").split("\t"))
    except UnicodeDecodeError as error:
        raise RosterError("not UTF-8; save the file as UTF-8", where=where) from error
    if columns is not None and header != tuple(columns):
        raise RosterError(f"it is {header!r}, but the columns are {tuple(columns)!r}", where=where)
    check_columns(header, header[-1] == BLIND, where)
    return header


def _check_blinds(population: Population, blinds: Sequence[str] | None) -> None:
    where = f"roster {population.name}, blinds"
    if blinds is None:
        if population.confidential:
            raise RosterError("a confidential roster needs a blind of 32 random bytes for each row", where=where)
        return
    if not population.confidential:
        raise RosterError("the roster is not confidential, so it must not have blinds", where=where)
    if len(blinds) != len(population.rows):
        raise RosterError(f"{len(blinds)} blinds for {len(population.rows)} rows; give one for each", where=where)
    if not all(is_hex(blind, 64) for blind in blinds):
        raise RosterError("a blind is 32 bytes in 64 lower-case hex characters", where=where)
    if len(set(blinds)) != len(blinds):
        raise RosterError("two rows have the same blind; draw a fresh one for each row", where=where)


def _with_blinds(rows: Sequence[tuple[str, ...]], blinds: Sequence[str] | None) -> Iterable[tuple[str, ...]]:
    return rows if blinds is None else ((*row, blind) for row, blind in zip(rows, blinds, strict=True))


def _twice(population: Population, unit_id: bytes) -> str:
    text = unit_id.decode("utf-8")
    first, second = [number for number, row in enumerate(population.rows, 1) if row[0] == text][:2]
    return f"rows {first} and {second} as given have the same id {text!r}; ids are unique"
