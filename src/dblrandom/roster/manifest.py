"""A roster's manifest: what a commitment says of it (docs/spec, section 2)."""

from __future__ import annotations

from typing import Self

import attrs

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import BLIND, check_columns
from dblrandom.kernel.text import is_hex, is_task_id
from dblrandom.model.json import Json, Reader, listed, show, whole

__all__ = ["CONFIDENTIAL_PAGE_ROWS", "PAGE_ROWS", "Manifest"]

PAGE_ROWS = 256
"""Rows in a page of a roster that may be shown."""
CONFIDENTIAL_PAGE_ROWS = 1
"""Rows in a page of a confidential roster: a proof of one row shows no other."""


@attrs.frozen(kw_only=True)
class Manifest:
    """The commitment to one roster.

    Attributes:
        columns: its columns, ``id`` first.
        name: its name; results have ``A-Z`` in theirs where their task's id has.
        page_rows: 256, or 1 where the last column is ``blind``, and only then.
        root: the Merkle tree hash over its pages, 64 hex characters.
        rows: how many rows it has; the root does not bind this, only a full check shows it.

    Raises:
        RosterError: naming the member.
    """

    columns: tuple[str, ...]
    name: str
    page_rows: int
    root: str
    rows: int

    def __attrs_post_init__(self) -> None:
        if not is_task_id(self.name):
            raise RosterError(f"{show(self.name)} is not a roster's name", where="manifest.name")
        where = f"manifest of {self.name}"
        columns = listed(self.columns, f"{where}.columns", error=RosterError)
        object.__setattr__(self, "columns", columns)
        if type(self.page_rows) is not int or self.page_rows not in (PAGE_ROWS, CONFIDENTIAL_PAGE_ROWS):
            raise RosterError(
                f"{show(self.page_rows)} is neither {PAGE_ROWS} nor {CONFIDENTIAL_PAGE_ROWS}",
                where=f"{where}.page_rows",
            )
        check_columns(columns, self.confidential, f"{where}.columns")
        if not is_hex(self.root, 64):
            raise RosterError(f"{show(self.root)} is not 64 lower-case hex characters", where=f"{where}.root")
        whole(self.rows, f"{where}.rows", error=RosterError)

    @property
    def confidential(self) -> bool:
        """Whether the roster is confidential: each row is a page of its own and carries a blind."""
        return self.page_rows == CONFIDENTIAL_PAGE_ROWS

    @property
    def pages(self) -> int:
        """How many pages the roster has."""
        return -(-self.rows // self.page_rows)

    def page_size(self, index: int) -> int:
        """How many rows the page has that stands at ``index``, which is below :attr:`pages`."""
        return min(self.page_rows, self.rows - self.page_rows * index)

    def to_json(self) -> dict[str, Json]:
        """``{"columns", "name", "page_rows", "root", "rows"}``."""
        return {
            "columns": [*self.columns],
            "name": self.name,
            "page_rows": self.page_rows,
            "root": self.root,
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a manifest strictly.

        Raises:
            RosterError: naming the path.
        """
        reader = Reader(value, where, ("columns", "name", "page_rows", "root", "rows"), error=RosterError)
        columns, name, root = reader.texts("columns"), reader.text("name"), reader.text("root")
        page_rows, rows = reader.whole("page_rows"), reader.whole("rows")
        try:
            return cls(columns=columns, name=name, page_rows=page_rows, root=root, rows=rows)
        except RosterError as error:
            raise RosterError(str(error), where=where) from error


def page_rows_of(columns: tuple[str, ...]) -> int:
    """The rows of a page, which the columns decide."""
    return CONFIDENTIAL_PAGE_ROWS if columns and columns[-1] == BLIND else PAGE_ROWS
