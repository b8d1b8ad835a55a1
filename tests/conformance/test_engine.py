"""The tests for engines' authors, run on a table in a list, and on tables with the faults that real engines have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.table import Page
from dblrandom.errors import RosterError
from dblrandom.kernel.rows import id_of, row_line
from dblrandom.testing import EngineConformance

Fields = tuple[str, ...]


class ListTable:
    """The simplest table that passes."""

    def __init__(self, rows: Sequence[Fields], columns: Sequence[str]) -> None:
        self.rows, self.columns, self.name = rows, tuple(columns), "targets"

    def canonical(self) -> list[bytes]:
        found = [row_line(row, self.columns, f"row {row[0]!r}") for row in self.in_their_order()]
        for before, after in pairwise(found):
            if id_of(before) == id_of(after):
                raise RosterError(f"the id {id_of(after).decode()!r} is there twice", where="roster targets")
        return found

    def in_their_order(self) -> list[Fields]:
        return sorted(self.rows, key=lambda row: row[0].encode())

    def pages(self, page_rows: int) -> Iterator[Page]:
        lines = self.canonical()
        for at in range(0, len(lines), page_rows):
            page = lines[at : at + page_rows]
            yield Page(b"".join(line + b"\n" for line in page), id_of(page[0]))

    def in_order(self) -> ListTable:
        return self

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        return [line for line in self.canonical() if first <= id_of(line) and (after is None or id_of(line) < after)]

    def check_unchanged(self) -> None:
        return


class TestListTable(EngineConformance):
    def make_table(self, rows: Sequence[Fields], columns: Sequence[str]) -> ListTable:
        return ListTable(rows, columns)

    def change_rows(self, table: Any, rows: Sequence[Fields], columns: Sequence[str]) -> bool:
        table.rows = rows
        return True


class LikeALibrary(ListTable):
    """In the order of UTF-16, as some languages compare texts."""

    def in_their_order(self) -> list[Fields]:
        return sorted(self.rows, key=lambda row: row[0].encode("utf-16-be"))


class LikeADictionary(ListTable):
    """In the order of a collation that has no regard for case."""

    def in_their_order(self) -> list[Fields]:
        return sorted(self.rows, key=lambda row: (row[0].casefold(), row[0]))


class Trims(ListTable):
    """Drops blanks at the end of a field, as columns of fixed length do."""

    def canonical(self) -> list[bytes]:
        return [line.rstrip(b" ") for line in super().canonical()]


class TakesAnything(ListTable):
    """Checks no row."""

    def canonical(self) -> list[bytes]:
        return ["\t".join(row).encode() for row in self.in_their_order()]


class TakesTwice(ListTable):
    """Does not see that an id is there twice."""

    def canonical(self) -> list[bytes]:
        return [row_line(row, self.columns, f"row {row[0]!r}") for row in self.in_their_order()]


class IncludesTheEnd(ListTable):
    """Reads one line too many."""

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        return [line for line in self.canonical() if first <= id_of(line) and (after is None or id_of(line) <= after)]


class Paged(ListTable):
    """Has pages of its own size."""

    def pages(self, page_rows: int) -> Iterator[Page]:
        return super().pages(page_rows + 1)


class LeavesOut(ListTable):
    """Loses a row whenever it is asked again."""

    def canonical(self) -> list[bytes]:
        found = super().canonical()
        self.rows = self.rows[:-1]
        return found


def suite_of(table: Callable[..., ListTable]) -> EngineConformance:
    class Suited(EngineConformance):
        examples = 5

        def make_table(self, rows: Sequence[Fields], columns: Sequence[str]) -> ListTable:
            return table(rows, columns)

    return Suited()


def test_a_table_that_takes_an_id_twice_is_refused_by_the_library() -> None:
    """Whether or not the engine refuses it by itself."""
    table: Any = TakesTwice([("a", "x"), ("a", "y")], ("id", "kind"))
    with pytest.raises(RosterError, match="there twice"):
        EngineRoster.commit(table)


@pytest.mark.parametrize(
    ("test", "table"),
    [
        ("test_odd_rows", LikeALibrary),
        ("test_odd_rows", LikeADictionary),
        ("test_odd_rows", Trims),
        ("test_faulty_rows", TakesAnything),
        ("test_pages", IncludesTheEnd),
        ("test_pages", Paged),
        ("test_thresholds", LeavesOut),
    ],
)
def test_faults_of_engines_are_found(test: str, table: Any) -> None:
    with pytest.raises((AssertionError, RosterError)):
        getattr(suite_of(table), test)()
