"""Draws in a real MariaDB server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import databases
import pytest
import sqlalchemy as sa
import sqlcases

from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.sql import SqlTable
from dblrandom.errors import RosterError


@pytest.fixture(scope="module")
def server() -> Iterator[sa.Engine]:
    with databases.mariadb() as engine:
        yield engine


# PyMySQL stumbles when it cleans up after a connection that was lost while rows came.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <function (MySQLResult|SSCursor)")
class TestMariadb(sqlcases.ServerCases):
    random = "rand()"
    number, end = "connection_id()", "KILL {}"

    @pytest.fixture(autouse=True)
    def _base(self, server: sa.Engine) -> None:
        self.engine = server

    @pytest.mark.parametrize(
        "charset", ["utf8mb4 COLLATE utf8mb4_general_ci", "utf8mb3", "gbk", "utf8mb4 COLLATE utf8mb4_bin"]
    )
    def test_collations_and_character_sets_of_columns(self, charset: str) -> None:
        """Neither case nor accents nor blanks at the end are the same, and the bytes are those of UTF-8."""
        kind = f"VARCHAR(20) CHARACTER SET {charset}"
        self.run("DROP TABLE IF EXISTS folded", f"CREATE TABLE folded (id {kind}, kind {kind})")
        rows = [("b", "x"), ("B", "X"), ("a", "x "), ("A", "X "), ("\u516c\u53f8", "\u516c"), ("a b", ""), ("a-", "x")]
        self.fill("folded", rows)
        with self.opened("folded") as table:
            self.same(table, rows)

    def test_a_column_in_latin1(self) -> None:
        self.run("CREATE TABLE latin (id VARCHAR(9) CHARACTER SET latin1, kind CHAR(9) CHARACTER SET latin1)")
        rows = [("\u00e4", "\u00df"), ("z", "ss"), ("a", "\u20ac"), ("\u00c4", "")]
        self.fill("latin", rows)
        with self.opened("latin") as table:
            self.same(table, rows)

    def test_an_index_can_give_the_order(self) -> None:
        """Where the id's collation is by bytes, the database need not sort; the order is the same."""
        kinds = "id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, kind TEXT"
        self.run(f"CREATE TABLE ordered ({kinds})")
        rows = [("a", ""), ("a b", ""), ("a-", ""), ("\uff5e", ""), ("\U0001f600", ""), ("\ue000", ""), ("\u00e4", "")]
        self.fill("ordered", rows)
        with self.opened("ordered") as table:
            self.same(table, rows)
            asked = str(table._order.compile(self.engine))
            assert "CAST" not in asked

    @pytest.mark.parametrize(
        "mode", ["", "PAD_CHAR_TO_FULL_LENGTH", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT"]
    )
    def test_modes_of_the_server(self, mode: str) -> None:
        self.run("DROP TABLE IF EXISTS padded", "CREATE TABLE padded (id CHAR(9), kind CHAR(9))")
        rows = [("a", "x"), ("b", "\\'"), ("c", '"'), ("d", "")]
        self.fill("padded", rows)
        set_mode = {"connect_args": {"init_command": f"SET sql_mode = '{mode}'"}}
        engine = sa.create_engine(self.engine.url, **set_mode)
        try:
            with self.opened("padded", engine=engine) as table:
                self.same(table, rows)
        finally:
            engine.dispose()

    def test_whole_numbers_with_zeros_in_front(self) -> None:
        self.run(
            "CREATE TABLE filled (id INT(8) ZEROFILL, kind TINYINT)", "INSERT INTO filled VALUES (7, 1), (10, NULL)"
        )
        with self.opened("filled") as table:
            self.same(table, [("10", ""), ("7", "1")])

    @pytest.mark.parametrize(
        "kind", ["DATE", "DECIMAL(9)", "DOUBLE", "VARBINARY(9)", "BLOB", "YEAR", "BIT(3)", "DATETIME"]
    )
    def test_types_without_one_text(self, kind: str) -> None:
        self.run("DROP TABLE IF EXISTS other", f"CREATE TABLE other (id TEXT, kind {kind})")
        with pytest.raises(
            RosterError, match=r"the column 'kind' is neither text nor whole numbers, but .*make it text"
        ):
            self.opened("other")

    def test_a_table_without_transactions(self) -> None:
        self.run("CREATE TABLE loose (id TEXT) ENGINE=MyISAM")
        with pytest.raises(RosterError, match=r"the table's storage engine MyISAM has no transactions, .* use InnoDB"):
            self.opened("loose")

    def test_a_connection_that_loses_characters(self) -> None:
        name = databases.own_table(self.engine, ("id",), [("a",)])
        place = self.engine.url.update_query_dict({"charset": "latin1"})
        with pytest.raises(RosterError, match=r"character sets are latin1, .* add charset=utf8mb4 to the URL"):
            SqlTable(place, name, name="targets", id="id")

    def test_another_schema(self) -> None:
        self.run("CREATE DATABASE `A.b`", "CREATE TABLE `A.b`.C (id TEXT)", "INSERT INTO `A.b`.C VALUES ('x')")
        with self.opened("C", schema="A.b") as table:
            assert EngineRoster.commit(table).find(b"x") == b"x"

    def test_one_thing_at_a_time(self) -> None:
        """The driver would end the first answer without a word."""
        rows = [(f"R{n:05d}", "x") for n in range(9000)]
        with self.make_table(rows, ("id", "kind")) as table:
            roster = EngineRoster.commit(table)
            records = roster.records()
            next(records)
            with pytest.raises(
                RosterError, match="its rows are being read, and this connection does one thing at a time"
            ):
                roster.find(b"R00000")
            assert sum(1 for _ in records) == len(rows) - 1
            assert roster.find(b"R00000") == b"R00000\tx"

    def test_nothing_is_ever_written(self) -> None:
        self.run("CREATE SEQUENCE counted", "CREATE VIEW counting AS SELECT CAST(NEXTVAL(counted) AS CHAR(9)) AS id")
        with pytest.raises(RosterError, match="READ ONLY transaction"):
            self.opened("counting")

    def fill(self, name: str, rows: Sequence[tuple[str, ...]]) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(f"INSERT INTO {name} VALUES (:a, :b)"), [{"a": a, "b": b} for a, b in rows])
