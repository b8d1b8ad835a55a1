"""What a draw in any kind of database has to withstand, as tests to inherit besides those of the engine suite."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ceremonies as kit
import databases
import pytest
import sqlalchemy as sa

from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.sql import SqlTable
from dblrandom.errors import RosterError
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Population
from dblrandom.roster import Roster
from dblrandom.sampling import Frame, MemoryFrame
from dblrandom.testing import EngineConformance

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
HOSTILE = (
    'x"; DROP TABLE t1; --',
    "y`; DROP TABLE t1; --",
    "z' OR '1'='1",
    "%s %(a)s :b ? $1 {}",
    "select",
    "a.b",
    "公司",
)


def memory(rows: Sequence[tuple[str, ...]], columns: Sequence[str] = ("id", "kind"), suite: Suite = SHA256) -> Roster:
    """The same rows without a database."""
    return Roster.build(suite, Population("targets", tuple(columns), tuple(rows)))


def frames(
    roster: EngineRoster, plain: Roster, keep: Mapping[str, Sequence[str]], strata: Sequence[str]
) -> tuple[Frame, Frame]:
    """The frame from the database, and the one from memory."""
    true = MemoryFrame(plain.suite, plain.columns, plain.lines, keep, strata, where="task '1'")
    return roster.frame(keep, strata, where="task '1'"), true


class DatabaseCases(EngineConformance):
    """Subclass this, and set ``engine`` before each test."""

    engine: sa.Engine

    def make_table(self, rows: Sequence[tuple[str, ...]], columns: Sequence[str]) -> SqlTable:
        name = databases.own_table(self.engine, columns, rows)
        made = self.opened(name)
        self.names = {**getattr(self, "names", {}), id(made): name}
        return made

    def change_rows(self, table: Any, rows: Sequence[tuple[str, ...]], columns: Sequence[str]) -> bool:
        name = self.names[id(table)]
        there = sa.table(name, *(sa.column(column) for column in columns))
        with self.engine.begin() as connection:
            connection.execute(sa.delete(there))
            connection.execute(sa.insert(there), [dict(zip(columns, row, strict=True)) for row in rows])
        return True

    def opened(self, table: str, **options: Any) -> SqlTable:
        return SqlTable(options.pop("engine", self.engine), table, **{"name": "targets", "id": "id"} | options)

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def same(self, table: SqlTable, rows: Sequence[tuple[str, ...]], columns: Sequence[str] = ("id", "kind")) -> None:
        """Commitment and draws are those from memory, with each column as stratum and as filter."""
        roster, plain = EngineRoster.commit(table), memory(rows, columns)
        assert roster.manifest == plain.manifest
        for place, column in enumerate(columns):
            for keep in ({}, {column: [rows[0][place]]}):
                frame, true = frames(roster, plain, keep, [column])
                assert list(frame.sizes().items()) == list(true.sizes().items())
                assert frame.lowest(KEY, true.sizes()) == true.lowest(KEY, true.sizes())
        for row in rows:
            assert roster.find(row[0].encode()) == "\t".join(row).encode()

    def test_a_ceremony_gives_the_same_receipts(self) -> None:
        population = kit.targets()
        with self.make_table(population.rows[::-1], population.columns) as table:
            roster = EngineRoster.commit(table)
            made = kit.drawn(given=[roster, *kit.rosters()[1:]])
            assert made.envelopes == kit.drawn().envelopes
            assert kit.report_on(made).findings == kit.report_on(kit.drawn()).findings

    @pytest.mark.parametrize("change", ["INSERT INTO {} VALUES ('F999', 'Wuhua')", "DELETE FROM {}"])
    def test_rows_that_change_between_commitment_and_draw(self, change: str) -> None:
        """The draw is from the rows committed; whoever opens the table again is told that they have changed."""
        population = kit.targets()
        name = databases.own_table(self.engine, population.columns, population.rows)
        with self.opened(name) as table:
            made = kit.revealed(given=[EngineRoster.commit(table), *kit.rosters()[1:]])
            self.run(change.format(name))
            made.draw(time=kit.DRAWN, keys=kit.keys("organiser"))
            assert made.envelopes == kit.drawn().envelopes
        with self.opened(name) as table, pytest.raises(RosterError, match="not the ones committed"):
            made.commitment.check_manifests(made.rosters | {"targets": EngineRoster.commit(table)})

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_names(self, name: str) -> None:
        """Names of tables and columns are names, whatever they look like."""
        # SQLAlchemy does not know a column of MySQL again whose name has a backtick.
        columns = (f"{name} 1".replace("`", "'"), f"{name} 2".replace("`", "'"))
        table = sa.Table(
            name, sa.MetaData(), *(sa.Column(column, sa.Text, quote=True) for column in columns), quote=True
        )
        rows = [("a", "x"), ("b", "y"), ("c", "x")]
        with self.engine.begin() as connection:
            table.create(connection)
            connection.execute(sa.insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
        try:
            with self.opened(name, id=columns[0], rename={columns[1]: "kind"}) as opened:
                roster, plain = EngineRoster.commit(opened), memory(rows)
                assert roster.manifest == plain.manifest
                frame, true = frames(roster, plain, {"kind": ["x"]}, ["kind"])
                assert frame.lowest(KEY, {("x",): 1}) == true.lowest(KEY, {("x",): 1})
                assert roster.find(b"b") == b"b\ty"
        finally:
            with self.engine.begin() as connection:
                table.drop(connection)

    def test_numbers_and_missing_values(self) -> None:
        """Whole numbers are written in decimal; NULL is the empty field, in strata and filters too."""
        rows = [(-9223372036854775808, None, 0), (10, "", 7), (9, "x", None), (9223372036854775807, None, 7)]
        table = sa.Table(
            f"{databases.own_table(self.engine, ['id'], [])}n",
            sa.MetaData(),
            *(sa.Column("id", sa.BigInteger), sa.Column("kind", sa.String(9)), sa.Column("level", sa.SmallInteger)),
        )
        with self.engine.begin() as connection:
            table.create(connection)
            connection.execute(sa.insert(table), [dict(zip(("id", "kind", "level"), row, strict=True)) for row in rows])
        columns = ("id", "kind", "level")
        plain = memory([tuple("" if value is None else str(value) for value in row) for row in rows], columns)
        with self.opened(table.name) as opened:
            roster = EngineRoster.commit(opened)
            assert roster.manifest == plain.manifest
            for keep in ({}, {"kind": [""]}, {"level": ["7", ""]}, {"id": ["9", "10"]}):
                frame, true = frames(roster, plain, keep, ["kind", "level"])
                assert frame.sizes() == true.sizes()
                assert frame.lowest(KEY, true.sizes()) == true.lowest(KEY, true.sizes())
            assert roster.find(b"10") == b"10\t\t7"

    def test_the_number_of_rows_is_told_before_they_are_read(self) -> None:
        """It may be an estimate, or unknown for a table that was made just now; it is never below nothing."""
        with self.make_table([("a", "x"), ("b", "y")], ("id", "kind")) as table:
            about = table.rows_about()
            assert about is None or about > 0
            assert len(EngineRoster.commit(table)) == 2

    def test_rows_without_an_id(self) -> None:
        missing: Any = None
        table = self.make_table([("a", "x"), (missing, "y")], ("id", "kind"))
        with table, pytest.raises(RosterError, match="column 'id' is NULL; every row needs an id"):
            EngineRoster.commit(table)

    def test_a_view(self) -> None:
        name = databases.own_table(self.engine, ("code", "day"), [("b", "2024-01-02"), ("a", "2024-01-01")])
        self.run(f"CREATE VIEW v{name} AS SELECT code, day, code AS more FROM {name} WHERE day < '2024-02-01'")
        with self.opened(f"v{name}", id="code", columns=["day"]) as table:
            assert (
                EngineRoster.commit(table).manifest
                == memory([("a", "2024-01-01"), ("b", "2024-01-02")], ("id", "day")).manifest
            )

    random = "random()"
    """What gives another number below 1 each time."""

    def test_a_view_that_answers_otherwise_each_time(self) -> None:
        """Nothing is drawn from it, for what was committed to is not there any more."""
        name = databases.own_table(self.engine, ("id", "kind"), [(f"R{n:03d}", "x") for n in range(300)])
        other = f"CASE WHEN {self.random} < 0.5 THEN 'y' ELSE 'z' END AS other"
        self.run(f"CREATE VIEW o{name} AS SELECT id, {other} FROM {name}")
        with self.opened(f"o{name}", columns=["other"]) as table:
            roster = EngineRoster.commit(table)
            for keep, strata in (({}, ()), ({"other": ["y"]}, ()), ({}, ("other",))):
                with pytest.raises(RosterError, match="not the ones committed"):
                    roster.frame(keep, strata, where="task").lowest(KEY, {(): 3, ("y",): 3, ("z",): 3})

    def test_what_is_not_there(self) -> None:
        name = databases.own_table(self.engine, ("id", "kind"), [("a", "x")])
        for options, told in (
            ({"table": "absent"}, "has no table 'absent'"),
            ({"table": name, "schema": "absent"}, "absent"),
            ({"table": name, "id": "code"}, "has no column 'code'; it has id, kind"),
            ({"table": name, "columns": ["colour"]}, "has no column 'colour'"),
            ({"table": name, "rename": {"colour": "kind"}}, "has no column 'colour'"),
            ({"table": name, "rename": {"kind": "Kind of firm"}}, "column 2 is 'Kind of firm', not a name"),
            ({"table": name, "columns": ["kind", "kind"]}, "the column 'kind' is there twice"),
            ({"table": name, "id": "kind"}, "the column 'id' is there twice"),
        ):
            with pytest.raises(RosterError, match=told):
                self.opened(**options)

    def test_a_closed_table(self) -> None:
        table = self.make_table([("a", "x")], ("id", "kind"))
        roster = EngineRoster.commit(table)
        table.close()
        for act in (lambda: roster.find(b"a"), lambda: roster.frame({}, (), where="x"), lambda: [*roster.records()]):
            with pytest.raises(RosterError, match="roster targets: the table was closed; open it again"):
                act()
        table.close()

    def test_a_reading_that_is_given_up(self) -> None:
        """Whoever stops in the middle can go on with something else."""

        def stop(rows: int) -> None:
            raise KeyboardInterrupt

        rows = [(f"R{n:05d}", "x") for n in range(9000)]
        with self.make_table(rows, ("id", "kind")) as table:
            with pytest.raises(KeyboardInterrupt):
                EngineRoster.commit(table, progress=stop)
            assert EngineRoster.commit(table).manifest == memory(rows).manifest


class ServerCases(DatabaseCases):
    """What can go wrong with a server besides; subclass this, and say how a connection is ended from outside."""

    number: str
    """What the connection to be ended is asked for its number."""
    end: str
    """What another connection is told, to end that one."""

    def cut(self, table: SqlTable) -> None:
        """End the table's connection, as an administrator or a restart would."""
        number = table._snapshot.one(sa.select(sa.literal_column(self.number)))
        self.run(self.end.format(number))

    def refused_for_good(self, table: SqlTable, act: Callable[[], object]) -> None:
        """It is one clear error now, and no later call goes on with another state of the data."""
        with pytest.raises(
            RosterError, match=r"the connection to the database was lost; nothing was written; run this"
        ):
            act()
        for later in (lambda: EngineRoster.commit(table), table.check_unchanged):
            with pytest.raises(RosterError, match=r"was lost; .* \(earlier; open the table again\)"):
                later()
        table.close()
        gc.collect()  # a driver's complaint about the dead connection's cursor belongs to this test

    def test_a_connection_lost_before_the_draw(self) -> None:
        table = self.make_table([("a", "x")], ("id", "kind"))
        roster = EngineRoster.commit(table)
        self.cut(table)
        self.refused_for_good(table, lambda: roster.frame({}, ["kind"], where="task '1'"))

    @pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda suite: suite.name)
    def test_a_connection_lost_during_the_draw(self, suite: Suite) -> None:
        rows = [(f"R{n:05d}", "x") for n in range(500)]
        table = self.make_table(rows, ("id", "kind"))
        frame = EngineRoster.commit(table, suite).frame({}, ["kind"], where="task '1'")
        self.cut(table)
        self.refused_for_good(table, lambda: frame.lowest(KEY, {("x",): 5}))

    def test_a_connection_lost_between_the_pages(self) -> None:
        """In the middle of what the server sends: what came before does not count."""
        table = self.long_table()
        came = iter(table.pages(256))
        next(came)
        self.cut_meanwhile()
        self.refused_for_good(table, lambda: list(came))

    def test_a_connection_lost_during_the_commitment(self) -> None:
        table = self.long_table()
        cut: list[int] = []

        def progress(rows: int) -> None:
            if not cut:
                cut.append(rows)
                self.cut_meanwhile()

        self.refused_for_good(table, lambda: EngineRoster.commit(table, progress=progress))
        assert cut == [256]

    def long_table(self) -> SqlTable:
        """More rows than fit into what a server sends ahead."""
        table = self.make_table([(f"R{n:06d}" + "x" * 200, "x") for n in range(20000)], ("id", "kind"))
        self.connected = table._snapshot.one(sa.select(sa.literal_column(self.number)))
        return table

    def cut_meanwhile(self) -> None:
        """End the connection of the table from :meth:`long_table` while it is being read."""
        self.run(self.end.format(self.connected))
