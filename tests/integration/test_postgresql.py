"""Draws in a real PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import byhand
import databases
import pytest
import sqlalchemy as sa
import sqlcases

from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.sql import SqlTable
from dblrandom.errors import RosterError
from dblrandom.examples.demo import kunming_demo


@pytest.fixture(scope="module")
def server() -> Iterator[sa.Engine]:
    with databases.postgresql() as engine:
        yield engine


@pytest.mark.filterwarnings("ignore:.*ServerCursor.* was deleted while still open:ResourceWarning")
class TestPostgresql(sqlcases.ServerCases):
    unstorable = "\x00"
    number, end = "pg_backend_pid()", "SELECT pg_terminate_backend({}, 5000)"

    @pytest.fixture(autouse=True)
    def _base(self, server: sa.Engine) -> None:
        self.engine = server

    def test_collations_of_columns(self) -> None:
        """Neither the order nor the equality of a collation counts, not even that of one that knows no case."""
        self.run(
            "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level1', deterministic = false)",
            'CREATE TABLE folded (id text COLLATE folding, kind varchar COLLATE folding, note text COLLATE "en-x-icu")',
        )
        rows = [("b", "x", "B"), ("B", "X", "a"), ("a", "x ", "b"), ("\u00e4", "X ", "A"), ("A", "\u1e8b", "")]
        self.fill("folded", rows)
        with self.opened("folded") as table:
            self.same(table, rows, ("id", "kind", "note"))

    def test_columns_of_other_types_of_text(self) -> None:
        """The padding of ``char(n)`` is no part of the text; a type of its own is text."""
        self.run(
            "CREATE EXTENSION citext",
            "CREATE TYPE grade AS ENUM ('B', 'A')",
            "CREATE TABLE typed (id char(8), kind char(3), grade grade, folded citext)",
        )
        rows = [("ab", "x", "A", "Z"), ("a", "", "B", "z"), ("b\u516c", "x", "A", "Z")]
        self.fill("typed", rows)
        with self.opened("typed") as table:
            self.same(table, rows, ("id", "kind", "grade", "folded"))

    @pytest.mark.parametrize("kind", ["date", "numeric(9)", "boolean", "bytea", "text[]", "double precision"])
    def test_types_without_one_text(self, kind: str) -> None:
        self.run("DROP TABLE IF EXISTS other", f"CREATE TABLE other (id text, kind {kind})")
        with pytest.raises(
            RosterError, match=r"the column 'kind' is neither text nor whole numbers, but .*make it text"
        ):
            self.opened("other")
        with self.opened("other", columns=[]) as table:
            assert len(EngineRoster.commit(table)) == 0

    def test_nothing_is_ever_written(self) -> None:
        self.run("CREATE SEQUENCE counted", "CREATE VIEW counting AS SELECT nextval('counted')::text AS id")
        with (
            self.opened("counting") as table,
            pytest.raises(RosterError, match=r"nextval.* in a read-only transaction"),
        ):
            EngineRoster.commit(table)

    def test_another_schema(self) -> None:
        self.run('CREATE SCHEMA "A.b"', 'CREATE TABLE "A.b"."C" (id text)', """INSERT INTO "A.b"."C" VALUES ('x')""")
        with self.opened("C", schema="A.b") as table:
            assert EngineRoster.commit(table).find(b"x") == b"x"

    def test_another_encoding_of_the_database(self) -> None:
        place = self.engine.url.set(database="old")
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("CREATE DATABASE old ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        with pytest.raises(RosterError, match="the database's encoding is 'LATIN1'; copy the table to one in UTF8"):
            SqlTable(place, "pg_class", name="targets", id="relname")

    def test_another_encoding_of_the_connection(self) -> None:
        """What the driver cannot take is refused and not replaced."""
        rows = [("a", "\u00e4"), ("b", "x")]
        name = databases.own_table(self.engine, ("id", "kind"), rows)
        place = self.engine.url.update_query_dict({"client_encoding": "latin1"})
        with SqlTable(place, name, name="targets", id="id") as table:
            self.same(table, rows, ("id", "kind"))
        self.run(f"INSERT INTO {name} VALUES ('c', '\u516c')")
        with SqlTable(place, name, name="targets", id="id") as table, pytest.raises(RosterError, match="LATIN1"):
            EngineRoster.commit(table)

    def test_an_engine_that_commits_by_itself(self) -> None:
        """Whatever the engine does elsewhere, here it is one transaction."""
        engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        name = databases.own_table(self.engine, ("id",), [("a",)])
        with SqlTable(engine, name, name="targets", id="id") as table:
            roster = EngineRoster.commit(table)
            self.run(f"INSERT INTO {name} VALUES ('b')")
            assert roster.frame({}, (), where="task '1'").sizes() == {(): 1}

    def fill(self, name: str, rows: Sequence[tuple[str, ...]]) -> None:
        columns = [column["name"] for column in sa.inspect(self.engine).get_columns(name)]
        casts = ", ".join(f"CAST(:{c} AS {t})" for c, t in zip(columns, self.types(name), strict=True))
        with self.engine.begin() as connection:
            sent = [dict(zip(columns, row, strict=True)) for row in rows]
            connection.execute(sa.text(f"INSERT INTO {name} VALUES ({casts})"), sent)

    def types(self, name: str) -> list[str]:
        asked = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = CAST(:t AS regclass)"
        with self.engine.connect() as connection:
            found = connection.execute(sa.text(f"{asked} AND attnum > 0 ORDER BY attnum"), {"t": name})
            return [kind for (kind,) in found]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the page is for a POSIX shell")
def test_the_sql_of_the_quick_start(server: sa.Engine, tmp_path: Path) -> None:
    """The page's own text, in the database that it is written for."""
    folder = tmp_path / "kunming"
    kunming_demo(folder)
    statement = byhand.statement(byhand.key(folder))
    with server.begin() as connection:
        for table, columns, rows in byhand.tables(folder):
            texts = ", ".join(f"{column} text" for column in columns)
            connection.execute(sa.text(f"create temporary table {table} ({texts})"))
            places = ", ".join(f":{column}" for column in columns)
            connection.execute(
                sa.text(f"insert into {table} values ({places})"),
                [dict(zip(columns, row, strict=True)) for row in rows],
            )
        found = connection.exec_driver_sql(statement).fetchall()
    assert {tuple(row) for row in found} == byhand.drawn(folder)
