"""The tests for engines' authors, run on a table in a list, and on tables with the faults that real engines have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from dblrandom.adapters.engines.table import Page
from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.rows import id_of, row_line
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import Scan, Stratum
from dblrandom.testing import EngineConformance

Fields = tuple[str, ...]


class ListScan:
    """Rows in a list, of which those pass that ``keep`` lets."""

    def __init__(
        self, table: ListTable, suite: Suite, keep: Mapping[str, Sequence[str]], strata: Sequence[str]
    ) -> None:
        self.table, self.suite = table, suite
        self.tests = {table.columns.index(name): frozenset(values) for name, values in keep.items()}
        self.places = [table.columns.index(name) for name in strata]

    def stratum(self, row: Fields) -> Stratum:
        return tuple(row[place] for place in self.places)

    def passing(self) -> list[Fields]:
        return [row for row in self.table.rows if all(row[at] in values for at, values in self.tests.items())]

    def sizes(self) -> Mapping[Stratum, int]:
        for at, values in self.tests.items():
            unseen = sorted(values - {row[at] for row in self.table.rows}, key=str.encode)
            if unseen:
                told = f"no row of the whole roster has {self.table.columns[at]} = {unseen[0]!r}"
                raise PlanError(f"{told}; mend the filter or the roster", where=self.table.where)
        return Counter(map(self.stratum, self.passing()))

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        for row in self.passing():
            stratum = self.stratum(row)
            (found,) = candidates(self.suite, key, [row[0].encode()])
            if stratum in bounds and ((bound := bounds[stratum]) is None or found[:32] < bound):
                yield stratum, found


class ListTable:
    """The simplest table that passes."""

    where = "conformance"
    scans: Callable[..., Scan] = ListScan

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

    def scan(self, suite: Suite, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Scan:
        for name in (*keep, *strata):
            if name not in self.columns:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(self.columns)}", where=where)
        return self.scans(self, suite, keep, strata)

    def check_unchanged(self) -> None:
        return


class TestListTable(EngineConformance):
    def make_table(self, rows: Sequence[Fields], columns: Sequence[str]) -> ListTable:
        return ListTable(rows, columns)


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


class IgnoresCase(ListScan):
    """Strata that differ in case only are one."""

    def stratum(self, row: Fields) -> Stratum:
        return tuple(value.lower() for value in super().stratum(row))


class SkipsEmpty(ListScan):
    """Rows with an empty stratum are lost, as with NULL in a join."""

    def passing(self) -> list[Fields]:
        return [row for row in super().passing() if all(self.stratum(row))]


class KnowsNoValues(ListScan):
    """Takes a filter value that no row has."""

    def sizes(self) -> Mapping[Stratum, int]:
        return Counter(map(self.stratum, self.passing()))


class Halves(ListScan):
    """Loses candidates near the bound."""

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        return super().below(key, {s: b and bytes([b[0] // 2]) + b[1:] for s, b in bounds.items()})


class Repeats(ListScan):
    """Hands out a row twice."""

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        for found in super().below(key, bounds):
            yield from (found, found)


def suite_of(table: Callable[..., ListTable], scan: Callable[..., Scan] = ListScan) -> EngineConformance:
    class Suited(EngineConformance):
        examples = 5

        def make_table(self, rows: Sequence[Fields], columns: Sequence[str]) -> ListTable:
            made = table(rows, columns)
            made.scans = scan
            return made

    return Suited()


@pytest.mark.parametrize(
    ("test", "table", "scan"),
    [
        ("test_odd_rows", LikeALibrary, ListScan),
        ("test_odd_rows", LikeADictionary, ListScan),
        ("test_odd_rows", Trims, ListScan),
        ("test_faulty_rows", TakesAnything, ListScan),
        ("test_one_id_twice", TakesTwice, ListScan),
        ("test_pages", IncludesTheEnd, ListScan),
        ("test_pages", Paged, ListScan),
        ("test_odd_rows", ListTable, IgnoresCase),
        ("test_odd_rows", ListTable, SkipsEmpty),
        ("test_unknown_columns_and_values", ListTable, KnowsNoValues),
        ("test_thresholds", ListTable, Halves),
        ("test_thresholds", ListTable, Repeats),
    ],
)
def test_faults_of_engines_are_found(test: str, table: Any, scan: Any) -> None:
    with pytest.raises((AssertionError, RosterError)):
        getattr(suite_of(table, scan), test)()
