"""A population: rows of text over named columns, before a roster is made of it (docs/spec, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import attrs

from dblrandom.errors import RosterError
from dblrandom.model.json import Json, Reader, listed, show
from dblrandom.model.names import BLIND, check_name, check_names_distinct, check_roster_name

__all__ = ["Population"]


def _rows(rows: Iterable[Sequence[str]], columns: tuple[str, ...], name: str) -> tuple[tuple[str, ...], ...]:
    width, found, plain = len(columns), [], {str}
    for number, given in enumerate(rows, 1):
        if type(given) is tuple and len(given) == width and {*map(type, given)} == plain:
            found.append(given)
            continue
        where = f"roster {name}, row {number}"
        if not isinstance(given, tuple | list):
            raise RosterError(f"{show(given)} is not a list of fields", where=where)
        row = tuple(given)
        if len(row) != width:
            raise RosterError(f"has {len(row)} fields; the columns are {width}: {', '.join(columns)}", where=where)
        for column, field in zip(columns, row, strict=True):
            if not isinstance(field, str):
                raise RosterError(
                    f"{show(field)} is not text; a missing value is the empty text", where=f"{where}, {column}"
                )
        found.append(row)
    return tuple(found)


@attrs.frozen
class Population:
    """Units that can be drawn, or inspectors, or recusals: what a roster is built from.

    It holds plain text in the order given. What is canonical (order, unique ids, permitted characters) is the roster's
    to decide; here only the shape is checked.

    Attributes:
        name: the roster's name; ``A-Z`` are for result rosters, whose names begin with a task's id.
        columns: distinct names, the first of which is ``id``; ``blind`` is not among them.
        rows: one tuple of text for each unit, in the order of the columns; a missing value is the empty text.
        confidential: whether the roster must not disclose rows, and so gets a ``blind`` for each.

    Raises:
        RosterError: naming row and column.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = attrs.field(repr=False)
    confidential: bool = False

    def __attrs_post_init__(self) -> None:
        check_roster_name(self.name, "roster", error=RosterError)
        where = f"roster {self.name}, columns"
        columns = listed(self.columns, where, error=RosterError)
        for column in columns:
            check_name(column, where, error=RosterError)
        check_names_distinct(columns, where, error=RosterError)
        if not columns or columns[0] != "id":
            raise RosterError("the first column must be id", where=where)
        if BLIND in columns:
            raise RosterError("blind is added when a confidential roster is built; leave it out", where=where)
        if not isinstance(self.confidential, bool):
            raise RosterError(
                f"{show(self.confidential)} is not true or false", where=f"roster {self.name}, confidential"
            )
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "rows", _rows(self.rows, columns, self.name))

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def from_rows(
        cls, name: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, confidential: bool = False
    ) -> Self:
        """Build from sequences of fields in the order of ``columns``."""
        if not isinstance(rows, Iterable):
            raise RosterError(f"{show(rows)} is not a list of rows", where="rows")
        return cls(name, tuple(listed(columns, "columns", error=RosterError)), tuple(rows), confidential)  # type: ignore[arg-type]

    @classmethod
    def from_dicts(
        cls, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, confidential: bool = False
    ) -> Self:
        """Build from mappings; only ``columns`` are taken, and each row must have every one of them.

        Raises:
            RosterError: naming the row and the missing column.
        """
        picked = tuple(listed(columns, "columns", error=RosterError))
        found = []
        for number, row in enumerate(rows, 1):
            where = f"roster {name}, row {number}"
            if not isinstance(row, Mapping):
                raise RosterError(f"{show(row)} is not a table of columns", where=where)
            for column in picked:
                if column not in row:
                    raise RosterError(
                        f"the column {show(column)} is missing; give the empty text for no value", where=where
                    )
            found.append(tuple(row[column] for column in picked))
        return cls(name, picked, tuple(found), confidential)

    def dicts(self) -> Iterable[dict[str, str]]:
        """The rows as mappings from column to field, one by one."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def to_json(self) -> dict[str, Json]:
        """``{"name", "columns", "rows", "confidential"}``."""
        return {
            "name": self.name,
            "columns": [*self.columns],
            "rows": [[*row] for row in self.rows],
            "confidential": self.confidential,
        }

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a population strictly.

        Raises:
            RosterError: naming the path, or the row and column.
        """
        reader = Reader(value, where, ("name", "columns", "rows", "confidential"), error=RosterError)
        rows = listed(reader.value("rows"), reader.at("rows"), error=RosterError)
        return cls(reader.text("name"), reader.texts("columns"), rows, reader.flag("confidential"))
