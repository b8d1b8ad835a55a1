"""Draws in SQLite, and what every kind of database has in common."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import databases
import pytest
import sqlalchemy as sa
import sqlcases
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.pool import NullPool

from dblrandom.adapters.engines import opening
from dblrandom.adapters.engines._sqlrows import Lines
from dblrandom.adapters.engines.reading import PageReading
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.sql import SqlTable, _paged
from dblrandom.adapters.engines.sqldialects import Sqlite, dialect_named
from dblrandom.adapters.engines.table import Page
from dblrandom.errors import MissingExtra, RosterError
from dblrandom.kernel.rows import row_line
from dblrandom.kernel.suite import SHA256
from dblrandom.model.progress import Progress, reporting
from dblrandom.testing.oddrows import FAULTY_FIELDS, rosters

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"sqlite:///{tmp_path / 'base.db'}", poolclass=NullPool)
    yield made
    made.dispose()


def script(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


class TestSqlite(sqlcases.DatabaseCases):
    random = "abs(random() % 1000) / 1000.0"

    @pytest.fixture(autouse=True)
    def _base(self, engine: sa.Engine) -> None:
        self.engine = engine
        script(engine, "PRAGMA journal_mode=WAL")

    @pytest.mark.parametrize(
        ("value", "told"),
        [("1.5", "row 1 .id 'a'.: column 'kind' holds a float"), ("x'00ff'", "column 'kind' holds a bytes")],
    )
    def test_values_of_other_types(self, value: str, told: str) -> None:
        self.run("CREATE TABLE loose (id, kind)", f"INSERT INTO loose VALUES ('a', {value})")
        with self.opened("loose") as table, pytest.raises(RosterError, match=told):
            EngineRoster.commit(table)

    def test_values_without_a_declared_type(self) -> None:
        self.run("CREATE TABLE loose (id, kind NUMERIC)", "INSERT INTO loose VALUES ('b', 7), (10, '007'), (9, 'x')")
        with self.opened("loose") as table:
            roster = EngineRoster.commit(table)
            plain = sqlcases.memory([("10", "7"), ("9", "x"), ("b", "7")])
            assert roster.manifest == plain.manifest
            frame, true = sqlcases.frames(roster, plain, {"kind": ["7"]}, ["kind"])
            assert frame.lowest(KEY, {("7",): 2}) == true.lowest(KEY, {("7",): 2})
            assert roster.find(b"10") == b"10\t7"

    def test_collations_of_columns(self) -> None:
        rows = [("b", "x"), ("B", "X"), ("a", "x "), ("\u00e4", "X ")]
        self.run("CREATE TABLE folded (id TEXT COLLATE NOCASE, kind TEXT COLLATE RTRIM)")
        with self.engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO folded VALUES (:a, :b)"), [{"a": a, "b": b} for a, b in rows])
        with self.opened("folded") as table:
            plain = sqlcases.memory(rows)
            for keep in ({}, {"kind": ["x", "X "]}):
                frame, true = sqlcases.frames(EngineRoster.commit(table), plain, keep, ["kind"])
                assert frame.lowest(KEY, frame.sizes()) == true.lowest(KEY, true.sizes())

    def test_bytes_that_are_not_text(self) -> None:
        self.run("CREATE TABLE t (id TEXT, kind TEXT)", "INSERT INTO t VALUES ('a', CAST(x'ff' AS TEXT))")
        with self.opened("t") as table, pytest.raises(RosterError, match="the database refuses"):
            EngineRoster.commit(table)

    def test_one_connection_does_several_things(self) -> None:
        rows = [(f"R{n:05d}", "x") for n in range(9000)]
        with self.make_table(rows, ("id", "kind")) as table:
            roster = EngineRoster.commit(table)
            for number, record in enumerate(roster.records()):
                if number % 1000 == 0:
                    assert roster.row(record["id"]) == record


def test_an_encoding_that_does_not_order_by_bytes(engine: sa.Engine) -> None:
    script(engine, "PRAGMA encoding = 'UTF-16le'", "CREATE TABLE t (id TEXT)")
    with pytest.raises(RosterError, match="the database's encoding is 'UTF-16le'; copy it to one in UTF-8"):
        SqlTable(engine, "t", name="targets", id="id")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    place = tmp_path / "base.db"
    place.write_bytes(b"not a database\n" * 99)
    with pytest.raises(RosterError, match="the database refuses: file is not a database; nothing was written"):
        SqlTable(f"sqlite:///{place}", "t", name="targets", id="id")


def test_a_url(engine: sa.Engine) -> None:
    """The engine that is made for a URL is closed with the table; one that is given is not."""
    name = databases.own_table(engine, ("id",), [("a",)])
    with SqlTable(str(engine.url), name, name="targets", id="id") as table:
        assert EngineRoster.commit(table).manifest == sqlcases.memory([("a",)], ["id"]).manifest


@pytest.mark.parametrize("url", ["", "x", "sqlite", "nosuch://u:geheim@host/base", 7])
def test_a_url_that_is_none(url: Any) -> None:
    with pytest.raises(RosterError, match="this is not the URL of a database") as caught:
        SqlTable(url, "t", name="targets", id="id")
    assert "geheim" not in str(caught.value)


def test_nobody_there() -> None:
    pytest.importorskip("pymysql")
    with pytest.raises(RosterError, match=r"^roster targets: the database refuses: .*; nothing was written$") as caught:
        SqlTable("mysql+pymysql://u:geheim@127.0.0.1:9/base", "t", name="targets", id="id")
    assert "geheim" not in str(caught.value)


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(MissingExtra, match="the URL asks for the driver pymysql, which is not installed"):
        SqlTable("mysql+pymysql://u@127.0.0.1:9/base", "t", name="targets", id="id")


def test_a_database_that_nobody_has_tried() -> None:
    with pytest.raises(RosterError, match=r"draws were not tried in 'oracle'; there are .*, or give a dialect"):
        dialect_named("oracle", "roster targets")


@pytest.mark.parametrize("name", ["", "Größe", "a b", 7])
def test_a_name_that_is_none(engine: sa.Engine, name: Any) -> None:
    with pytest.raises(RosterError, match="roster"):
        SqlTable(engine, "t", name=name, id="id")


def test_a_database_that_sorts_otherwise(engine: sa.Engine) -> None:
    """The order that a database gives is not believed."""

    class Folding(Sqlite):
        def exact(self, text: Any) -> Any:
            return sa.collate(text, "NOCASE")

    name = databases.own_table(engine, ("id",), [("a",), ("B",), ("c",)])
    with (
        SqlTable(engine, name, name="targets", id="id", dialect=Folding()) as table,
        pytest.raises(RosterError, match=r"row 2 .id 'B'.: the rows are not in the order of the ids' bytes"),
    ):
        EngineRoster.commit(table)


def test_rows_that_come_while_they_are_read(engine: sa.Engine) -> None:
    """Where a view is made of tables that keep no state apart, the number of rows gives it away."""
    name = databases.own_table(engine, ("id",), [("a",), ("b",)])
    with SqlTable(engine, name, name="targets", id="id") as table:

        def insert(rows: int) -> None:
            table._snapshot._connection.exec_driver_sql(f"INSERT INTO {name} VALUES ('c')")

        with pytest.raises(RosterError, match="2 of 3 rows were read: the rows changed meanwhile"):
            EngineRoster.commit(table, progress=insert)


@given(
    rosters(), st.lists(st.tuples(st.integers(0, 99), st.sampled_from(FAULTY_FIELDS)), max_size=1), st.integers(1, 9)
)
def test_batches_are_checked_as_rows_are(
    made: tuple[tuple[str, ...], Sequence[tuple[str, ...]]], faults: Sequence[tuple[int, str]], size: int
) -> None:
    """Whatever the batches, the lines or the refusal are those of the kernel."""
    columns, rows = made
    rows = sorted(rows, key=lambda row: row[0].encode())
    for at, text in faults:
        if rows:
            row = rows[at % len(rows)]
            rows[at % len(rows)] = (*row[:-1], text) if at % 2 else (text, *row[1:])
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    true: list[bytes] | None
    try:
        true = [row_line(row, columns) for row in rows]
    except RosterError:
        true = None
    table = Handed(columns, batches)
    made_lines = [line for page in table.pages(256) for line in page.data.split(b"\n")[:-1]] if true is not None else []
    reading = PageReading(table, SHA256, 256, columns, "x")
    if true is None:
        with pytest.raises(RosterError):
            list(reading.leaves())
    else:
        assert made_lines == true
        assert sum(leaf.rows for leaf in reading.leaves()) == len(true)


class Handed:
    """A table of batches of rows as a database hands them out."""

    name = "x"

    def __init__(self, columns: tuple[str, ...], batches: Sequence[Sequence[Sequence[Any]]]) -> None:
        self.columns, self._batches = columns, batches

    def pages(self, page_rows: int) -> Iterator[Page]:
        lines = Lines(self.columns, "x")
        made = [line for batch in self._batches for line in lines.add(batch)]
        yield from _paged(made, page_rows)

    def in_order(self) -> Any:
        raise NotImplementedError

    def lines(self, first: bytes, after: bytes | None) -> Any:
        raise NotImplementedError

    def check_unchanged(self) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    "rows",
    [
        [("a", "x\nb\ty")],
        [("a\tx\nb", "y")],
        [("a", "x\nb"), ("c\td", "y")],
        [("a", None), ("b", "x\nc\ty")],
        [("a", "x\n"), ("b", "y")],
        [("a\tb", "y")],
        [("a", "x\ty")],
        [("a", "\ud800")],
        [("a", "x"), (None, "y")],
        [("a", 7)],
        [("a", b"x")],
        [("a", "x"), ("a", "x")],
        [("b", "x"), ("a", "x")],
    ],
)
def test_no_value_makes_a_row_of_its_own(rows: Sequence[tuple[Any, ...]]) -> None:
    """What a value of a lying database holds is never taken for another field or another row."""
    reading = PageReading(Handed(("id", "kind"), [rows]), SHA256, 256, ("id", "kind"), "x")
    with pytest.raises(RosterError, match=r"^x, row \d"):
        list(reading.leaves())


def test_progress_has_a_total(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is told how many rows there are, by the function given or by the one that asked for all."""
    monkeypatch.setattr(opening, "_INTERVAL", -1.0)
    name = databases.own_table(engine, ("id",), [(f"R{n:05d}",) for n in range(9000)])
    told: list[Progress] = []
    with opening.open_roster(f"{engine.url}#{name}", name="targets", id="id", progress=told.append) as roster:
        assert len(roster) == 9000
    assert {each.total for each in told} == {9000}
    assert told[0].rows < told[-1].rows == 9000
    assert told[0].remaining is not None
    assert told[-1].remaining == 0
    more: list[Progress] = []
    with reporting(more.append), opening.open_roster(f"{engine.url}#{name}", name="targets", id="id"):
        pass
    assert [(each.rows, each.total) for each in more] == [(each.rows, each.total) for each in told]


@pytest.mark.parametrize("about", [None, 0, -1, 1, 10**9])
def test_an_estimate_decides_nothing(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, about: int | None) -> None:
    monkeypatch.setattr(opening, "_INTERVAL", -1.0)
    monkeypatch.setattr(Sqlite, "rows_about", lambda *given: sa.select(sa.literal(about, sa.Integer)))
    name = databases.own_table(engine, ("id",), [(f"R{n:05d}",) for n in range(600)])
    told: list[Progress] = []
    with opening.open_roster(f"{engine.url}#{name}", name="targets", id="id", progress=told.append) as roster:
        assert len(roster) == 600
    assert all(each.total is None or each.rows <= each.total for each in told)
    assert told[-1].total == (600 if about and about > 0 else None)
