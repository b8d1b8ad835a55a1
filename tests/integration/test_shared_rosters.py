"""Rosters in services: closed when done, shared by threads, not used after a fork, and clear when a driver fails."""

from __future__ import annotations

import gc
import os
import select
import signal
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import databases
import pytest
import sqlalchemy as sa
import sqlcases
from elsewhere import draw_from_files

from dblrandom.adapters.engines import turns
from dblrandom.adapters.engines.lazy import LazyRoster
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.sql import SqlTable
from dblrandom.errors import DblrandomError, RosterError
from dblrandom.roster import Roster, verify_presence

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
ROWS = [(f"R{n:05d}", "abc"[n % 3]) for n in range(3000)]
PLAIN = sqlcases.memory(ROWS)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function (MySQLResult|SSCursor)",
    "ignore:.*ServerCursor.* was deleted while still open:ResourceWarning",
)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[sa.Engine]:
    with databases.postgresql() as engine:
        yield engine


@pytest.fixture(scope="module")
def mariadb() -> Iterator[sa.Engine]:
    with databases.mariadb() as engine:
        yield engine


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path_factory.mktemp('base') / 'base.db'}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request: pytest.FixtureRequest) -> sa.Engine:
    found: sa.Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def address(engine: sa.Engine) -> str:
    """Where the rows of ROWS are, in a table of its own."""
    name = databases.own_table(engine, ("id", "kind"), ROWS, sa.String(40))
    return f"{engine.url.render_as_string(hide_password=False)}#{name}"


def opened(place: Any, **options: Any) -> Any:
    return open_roster(place, name="targets", id="id", **options)


# -- closed ------------------------------------------------------------------------------------------------------------


def uses(roster: Any) -> dict[str, Callable[[], object]]:
    """Everything that needs the rows."""
    return {
        "find": lambda: roster.find(b"R00001"),
        "known": lambda: roster.known(["R00001"]),
        "values": lambda: roster.values(["R00001"], "kind"),
        "row": lambda: roster.row("R00001"),
        "records": lambda: list(roster.records()),
        "prove": lambda: roster.prove("R00001"),
    }


def check_closed(roster: Any) -> None:
    roster.close()
    roster.close()
    assert roster.manifest == PLAIN.manifest
    for what, use in uses(roster).items():
        with pytest.raises(RosterError, match="was closed; open it again"):
            pytest.fail(f"{what} gave {use()!r}")


def test_a_roster_in_a_database_is_closed(address: str, engine: sa.Engine) -> None:
    with opened(address) as roster:
        assert roster.prove("R00001") == PLAIN.prove("R00001")
    check_closed(roster)
    with pytest.raises(RosterError, match="was closed"):
        roster.frame({}, (), where="x")
    with engine.begin() as connection:  # nothing holds the table any more
        connection.exec_driver_sql(f"DROP TABLE {address.rpartition('#')[2]}")


def test_a_closed_roster_leaves_no_transaction(postgresql: sa.Engine) -> None:
    name = databases.own_table(postgresql, ("id", "kind"), ROWS)
    idle = sa.text("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")

    def transactions() -> int:
        with postgresql.connect() as connection:
            return int(connection.execute(idle).scalar_one())

    assert transactions() == 0
    roster = opened(f"{postgresql.url.render_as_string(hide_password=False)}#{name}")
    assert transactions() == 1
    next(roster.records())
    roster.close()
    assert transactions() == 0


@pytest.mark.parametrize("kind", ["csv", "parquet", "table"])
def test_every_other_kind_is_closed_alike(kind: str, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("datafusion")
    (tmp_path / "r.csv").write_text("id,kind\n" + "".join(f"{a},{b}\n" for a, b in ROWS))
    parquet.write_table(
        pa.table([list(c) for c in zip(*ROWS, strict=True)], names=["id", "kind"]), tmp_path / "r.parquet"
    )
    place = tmp_path / f"r.{'csv' if kind == 'csv' else 'parquet'}"
    with opened(place, engine="datafusion" if kind == "table" else None) as roster:
        assert isinstance(roster, EngineRoster if kind == "table" else Roster)
        assert roster.prove("R00001") == PLAIN.prove("R00001")
    check_closed(roster)


def test_one_that_opens_when_it_is_asked_closes_what_it_opened(address: str) -> None:
    inner: list[Any] = []

    def opening() -> Any:
        inner.append(opened(address))
        return inner[-1]

    with LazyRoster(PLAIN.manifest, PLAIN.suite, opening) as lazy:
        assert lazy.find(b"R00001") == b"R00001\tb"
    check_closed(lazy)
    check_closed(inner[0])
    never = LazyRoster(PLAIN.manifest, PLAIN.suite, opening)
    check_closed(never)
    assert len(inner) == 1


# -- threads -----------------------------------------------------------------------------------------------------------


def many_threads(roster: Any, frame: Any) -> list[BaseException]:
    """Eight threads that ask for everything at once, and what went wrong."""
    wrong: list[BaseException] = []
    begin = threading.Barrier(8)
    true = sqlcases.MemoryFrame(PLAIN.suite, PLAIN.columns, PLAIN.lines, {}, ("kind",), where="x")
    lowest = true.lowest(KEY, dict.fromkeys(true.sizes(), 3))

    def ask(number: int) -> None:
        begin.wait()
        for turn in range(6):
            unit_id, kind = ROWS[(number * 331 + turn * 97) % len(ROWS)]
            try:
                verify_presence(PLAIN.suite, PLAIN.manifest, roster.prove(unit_id))
                assert roster.find(unit_id.encode()) == f"{unit_id}\t{kind}".encode()
                assert roster.known([unit_id, "none"]) == {unit_id}
                assert roster.values([unit_id], "kind") == {unit_id: kind}
                if turn % 3 == 0:
                    drawn = frame() if frame else true
                    assert drawn.lowest(KEY, dict.fromkeys(true.sizes(), 3)) == lowest
                    assert sum(1 for _ in roster.records()) == len(ROWS)
            except BaseException as error:
                wrong.append(error)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    return wrong


def test_eight_threads_share_a_roster_in_a_database(address: str) -> None:
    with opened(address) as roster:
        assert many_threads(roster, lambda: roster.frame({}, ("kind",), where="x")) == []


def test_eight_threads_share_a_roster_in_files(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("datafusion")
    parquet.write_table(
        pa.table([list(c) for c in zip(*ROWS, strict=True)], names=["id", "kind"]), tmp_path / "r.parquet"
    )
    with opened(tmp_path / "r.parquet", engine="datafusion") as roster:
        assert many_threads(roster, lambda: roster.frame({}, ("kind",), where="x")) == []


def test_eight_threads_share_a_roster_in_memory() -> None:
    assert many_threads(PLAIN, None) == []


def test_a_thread_waits_for_another_that_reads_and_is_told_where_that_has_no_end(
    mariadb: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection of MariaDB hands out rows or answers, never both."""
    name = databases.own_table(mariadb, ("id", "kind"), ROWS, sa.String(40))
    monkeypatch.setattr(turns, "WAIT", 0.2)
    with opened(f"{mariadb.url.render_as_string(hide_password=False)}#{name}") as roster:
        reading = roster.records()
        next(reading)
        with pytest.raises(RosterError, match="this connection does one thing at a time"):
            roster.find(b"R00001")
        with ThreadPoolExecutor(1) as pool:
            with pytest.raises(RosterError, match="its rows are being read in another thread"):
                pool.submit(roster.find, b"R00001").result()
            monkeypatch.setattr(turns, "WAIT", 60)
            waiting = pool.submit(roster.find, b"R00001")
            assert sum(1 for _ in reading) == len(ROWS) - 1
            assert waiting.result() == b"R00001\tb"
        assert roster.find(b"R00002") == b"R00002\tc"


# -- forks -------------------------------------------------------------------------------------------------------------


def in_a_fork(act: Callable[[], object]) -> str:
    """What a forked process says of this, within seconds."""
    came, goes = os.pipe()
    child = os.fork()
    if not child:
        said = "nothing"
        try:
            act()
        except DblrandomError as error:
            said = str(error)
        except BaseException as error:
            said = f"foreign: {error!r}"
        gc.collect()
        os.write(goes, said.encode())
        os._exit(0)
    os.close(goes)
    with os.fdopen(came, "rb") as told:
        if not select.select([told], [], [], 120)[0]:
            os.kill(child, signal.SIGKILL)
        found = told.read().decode()
    os.waitpid(child, 0)
    return found or "hung"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_is_told_and_leaves_the_parents_connection_alone(address: str) -> None:
    with opened(address) as roster:
        reading = roster.records()
        next(reading)

        def everything() -> None:
            for what, use in uses(roster).items():
                with pytest.raises(RosterError, match="was opened before this process was forked"):
                    pytest.fail(f"{what} gave {use()!r}")
            nonlocal reading
            del reading
            roster.table.close()
            raise RosterError("told each time")

        assert in_a_fork(everything) == "told each time"
        assert sum(1 for _ in reading) == len(ROWS) - 1
        assert roster.prove("R00001") == PLAIN.prove("R00001")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_after_a_draw_from_files_is_told_or_works_and_never_hangs(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("datafusion")
    place = str(tmp_path / "r.parquet")
    parquet.write_table(pa.table([list(c) for c in zip(*ROWS, strict=True)], names=["id", "kind"]), place)
    here = draw_from_files(place, KEY)
    told = "DataFusion was used before this process was forked and does not work here; start processes by the method"
    found = in_a_fork(lambda: draw_from_files(place, KEY))
    assert found == "nothing" or told in found
    # Not multiprocessing.Pool: it waits for ever where its worker cannot import what it is to run.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(draw_from_files, place, KEY).result(timeout=120) == here


# -- what drivers raise ------------------------------------------------------------------------------------------------

FOREIGN = [
    ValueError("bad value"),
    OSError(5, "input/output error"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    struct.error("unpack requires a buffer of 4 bytes"),
    AttributeError("'NoneType' object has no attribute 'read'"),
    RuntimeError("**WARN**: Received LOAD_LOCAL packet but local_infile option is false."),
    IndexError("index out of range"),
    TypeError("can't concat str to bytes"),
    AssertionError("Protocol error, expecting EOF"),
    EOFError(),
    MemoryError(),
    NotImplementedError("x"),
]


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("step", ["connect", "look", "read", "ask"])
def test_what_a_driver_raises_comes_out_as_the_librarys_own(
    sqlite: sa.Engine, error: Exception, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drivers raise more than errors of databases, wherever they are in their work; each is one line."""
    name = databases.own_table(sqlite, ("id", "kind"), ROWS[:300])
    failing = [step == "connect"]

    def fail(*given: Any, **named: Any) -> None:
        if failing[0]:
            raise error

    engine = sa.create_engine(sqlite.url)
    if step == "connect":
        sa.event.listen(engine, "do_connect", fail)
    else:
        sa.event.listen(engine, "before_cursor_execute", fail)
    try:
        if step in ("connect", "look"):
            failing[0] = True
            with pytest.raises(RosterError) as caught:
                SqlTable(engine, name, name="targets", id="id")
        else:
            table = SqlTable(engine, name, name="targets", id="id")
            roster = EngineRoster.commit(table) if step == "ask" else None
            failing[0] = True
            with pytest.raises(RosterError) as caught:
                roster.prove("R00001") if roster else EngineRoster.commit(table)
            failing[0] = False
            with pytest.raises(RosterError, match="earlier; open the table again"):
                EngineRoster.commit(table)
            table.close()
        assert str(caught.value).isprintable()
        assert caught.value.__cause__ is not None
    finally:
        engine.dispose()
