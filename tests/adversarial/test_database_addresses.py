"""Addresses of databases that would hand out files, passwords or settings of whoever opens them."""

from __future__ import annotations

import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy")

import sqlalchemy as sa

from dblrandom.adapters.engines import addresses
from dblrandom.adapters.engines.indexing import open_indexed, save_index
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.engines.sql import SqlTable
from dblrandom.cli.outside import holds_password, shown
from dblrandom.errors import DblrandomError, FolderError, RosterError
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster

PASSWORD = "geheim-7"


def opened(place: Any, **options: Any) -> object:
    return open_roster(place, name="targets", id="id", **options)


# -- a server that asks for a file -------------------------------------------------------------------------------------


class Rogue:
    """A MySQL server of this test, on loopback only: whatever is asked, it answers "send me that file"."""

    def __init__(self, wanted: Path) -> None:
        self._wanted = str(wanted).encode()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.stolen = bytearray()
        self.offered: list[bool] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(5)
                try:
                    self._talk(peer)
                except (OSError, EOFError):
                    continue

    def _talk(self, peer: socket.socket) -> None:
        able = 0xFFFFFFFF & ~(1 << 11)  # everything but TLS
        self._send(
            peer,
            0,
            b"\x0a8.0.0\0"
            + (1).to_bytes(4, "little")
            + b"a" * 8
            + b"\0"
            + (able & 0xFFFF).to_bytes(2, "little")
            + b"\xff\2\0"
            + (able >> 16).to_bytes(2, "little")
            + bytes([21])
            + b"\0" * 10
            + b"b" * 12
            + b"\0"
            + b"mysql_native_password\0",
        )
        number, data = self._receive(peer)
        self.offered.append(bool(int.from_bytes(data[:4], "little") & 128))
        self._send(peer, number + 1, b"\0\0\0\2\0\0\0")
        while True:
            number, data = self._receive(peer)
            if data[:1] == b"\1":
                return
            if data[:4] != b"\3SET":
                self._send(peer, number + 1, b"\xfb" + self._wanted)
                number, data = self._receive(peer)
                while data:
                    self.stolen += data
                    number, data = self._receive(peer)
            self._send(peer, number + 1, b"\0\0\0\2\0\0\0")

    @staticmethod
    def _send(peer: socket.socket, number: int, data: bytes) -> None:
        peer.sendall(len(data).to_bytes(3, "little") + bytes([number % 256]) + data)

    @staticmethod
    def _receive(peer: socket.socket) -> tuple[int, bytes]:
        def exactly(count: int) -> bytes:
            found = b""
            while len(found) < count:
                more = peer.recv(count - len(found))
                if not more:
                    raise EOFError
                found += more
            return found

        head = exactly(4)
        return head[3], exactly(int.from_bytes(head[:3], "little"))


@pytest.fixture
def rogue(tmp_path: Path) -> Iterator[Rogue]:
    secret = tmp_path / "secret.txt"
    secret.write_text("synthetic secret of the reader")
    server = Rogue(secret)
    yield server
    server.close()


def test_the_rogue_server_steals_from_a_driver_that_lets_it(rogue: Rogue) -> None:
    """The attack works, so that the tests after this one can fail."""
    pymysql = pytest.importorskip("pymysql")
    peer = pymysql.connect(host="127.0.0.1", port=rogue.port, user="u", local_infile=True)
    peer.cursor().execute("SELECT 1")
    peer.close()
    assert bytes(rogue.stolen) == b"synthetic secret of the reader"


@pytest.mark.parametrize("driver", ["mysql+pymysql", "mariadb+pymysql", "mysql", "mariadb"])
def test_a_server_that_asks_for_a_file_gets_none(rogue: Rogue, driver: str) -> None:
    pytest.importorskip("pymysql")
    with pytest.raises(RosterError) as caught:
        opened(f"{driver}://u@127.0.0.1:{rogue.port}/db?charset=utf8mb4#t")
    assert str(caught.value).isprintable()
    assert rogue.offered == [False]
    assert b"synthetic" not in rogue.stolen


# -- parameters that no address may have -------------------------------------------------------------------------------

HOSTILE = [
    "mysql+pymysql://u@127.0.0.1/db?local_infile=1",
    "mysql+pymysql://u@127.0.0.1/db?charset=utf8mb4&local_infile=1",
    "mysql+pymysql://u@127.0.0.1/db?Local_Infile=1",
    "mysql+pymysql://u@127.0.0.1/db?local%5Finfile=1",
    "mysql+pymysql://u@127.0.0.1/db?client_flag=128",
    "mysql+pymysql://u@127.0.0.1/db?init_command=LOAD+DATA+LOCAL+INFILE+'/etc/passwd'+INTO+TABLE+t",
    "mysql+pymysql://u@127.0.0.1/db?sql_mode=x",
    "mysql+pymysql://u@127.0.0.1/db?conv=x",
    "mysql+pymysql://u@127.0.0.1/db?cursorclass=x",
    "mysql+pymysql://u@127.0.0.1/db?auth_plugin_map=x",
    "mysql+pymysql://u@127.0.0.1/db?server_public_key=x",
    "mysql+pymysql://u@127.0.0.1/db?bind_address=x",
    "mysql+mysqldb://u@127.0.0.1/db?plugin_dir=/home/u",
    "mysql+mysqldb://u@127.0.0.1/db?default_auth=dialog",
    "mysql+mysqlconnector://u@127.0.0.1/db?allow_local_infile=1",
    "mysql+asyncmy://u@127.0.0.1/db",
    "mariadb+mariadbconnector://u@127.0.0.1/db?local_infile=1",
    "postgresql+psycopg://u@127.0.0.1/db?sslkeylogfile=/home/u/keys",
    "postgresql+psycopg://u@127.0.0.1/db?replication=database",
    "postgresql+psycopg://u@127.0.0.1/db?prepare_threshold=0",
    "postgresql+psycopg://u@127.0.0.1/db?cursor_factory=x",
    "postgresql+psycopg://u@127.0.0.1/db?connection_factory=x",
    "postgresql+psycopg://u@127.0.0.1/db?context=x",
    "postgresql+psycopg://u@127.0.0.1/db?dbname=x%20passfile=/home/u/x",
    "postgresql+psycopg2://u@127.0.0.1/db?dsn=x",
    "postgresql+asyncpg://u@127.0.0.1/db",
    "postgresql+pg8000://u@127.0.0.1/db",
    "postgresql+psycopg://u@127.0.0.1/db?sslmode=require&sslmode=disable",
    "postgresql+psycopg://u@127.0.0.1/db?application_name=a%00b",
    "oracle://u@127.0.0.1/db",
    "mssql+pyodbc://u@127.0.0.1/db?odbc_connect=x",
    "duckdb:///x.db",
    "shillelagh+csv:///etc/passwd",
    "http://127.0.0.1/db",
    "file:///etc/passwd",
    "postgresql:/u@127.0.0.1/db",
]


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("from_file", [False, True])
def test_a_parameter_or_driver_that_is_on_no_list(
    address: str, from_file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before anything is opened, whoever gave it."""
    monkeypatch.setattr(sa, "create_engine", None)
    with pytest.raises(RosterError) as caught:
        opened(f"{address}#t", from_file=from_file)
    assert str(caught.value).isprintable()
    with pytest.raises(RosterError):
        addresses.judged(address, "test", from_file=from_file)


TYPED = [
    "mysql+pymysql://u@127.0.0.1/db?unix_socket=/run/s",
    "mysql+pymysql://u@127.0.0.1/db?read_default_file=/home/u/.my.cnf",
    "mysql+pymysql://u@127.0.0.1/db?read_default_file=/home/u/.my.cnf&read_default_group=draws",
    "mysql+pymysql://u@127.0.0.1/db?ssl_ca=/etc/ssl/ca.pem",
    "mysql+pymysql://u@127.0.0.1/db?ssl_key=/home/u/key.pem",
    "mysql+pymysql:///db",
    "postgresql+psycopg://u@127.0.0.1/db?service=register",
    "postgresql+psycopg://u@127.0.0.1/db?passfile=/home/u/.pgpass",
    "postgresql+psycopg://u@127.0.0.1/db?sslkey=/home/u/key.pem",
    "postgresql+psycopg://u@127.0.0.1/db?sslrootcert=/home/u/ca.pem",
    "postgresql+psycopg://u@127.0.0.1/db?options=-csearch_path%3Dregister",
    "postgresql+psycopg://u@127.0.0.1/db?host=/var/run/postgresql",
    "postgresql+psycopg://u@/db?host=/var/run/postgresql",
    "postgresql+psycopg:///db",
    "postgresql+psycopg://u@/db?host=@abstract",
]


@pytest.mark.parametrize("address", TYPED)
def test_what_only_the_person_at_this_machine_may_name(address: str) -> None:
    assert addresses.judged(address, "test").url.database == "db"
    with pytest.raises(RosterError, match="from a file"):
        addresses.judged(address, "test", from_file=True)
    with pytest.raises(RosterError, match="from a file"):
        opened(f"{address}#t", from_file=True)


SOCKETS = [
    "postgresql+psycopg://u@/db?host=:5432",
    "postgresql+psycopg2://u@/db?host=:5432",
    "postgresql+psycopg://u@h/db?host=:5432",
    "postgresql+psycopg://u@/db?host=127.0.0.1:1&host=:5432",
    "postgresql+psycopg://u@/db?host=:5432&host=127.0.0.1:1",
    "postgresql+psycopg://u@h/db?host=a&host=%20",
    "postgresql+psycopg://u@h/db?host=%20",
    "postgresql+psycopg://u@h/db?host=%C2%A0",
    "postgresql+psycopg://u@h/db?host=%20/run",
    "postgresql+psycopg://u@h/db?host=a,&port=1,2",
    "postgresql+psycopg://u@h/db?host=,a&port=1,2",
    "postgresql+psycopg://u@h/db?host=a,/run&port=1,2",
    "postgresql+psycopg://u@h/db?host=a:1&port=2",
    "postgresql+psycopg://u@h/db?port=/run",
    "postgresql+psycopg://%2Frun/db",
    "postgresql+psycopg://[:]/db",
    "postgresql+psycopg://./db",
    "mysql+pymysql://u@/db",
    "mysql+pymysql://u@./db",
    "mysql+mysqldb://u@/db",
    "mysql+mysqldb://u@localhost/db",
    "mysql+mysqldb://u@LocalHost:3306/db",
    "mysql+mysqldb://u@localhost./db",
    "mysql+mysqldb://u@[localhost:3306]/db",
    "mariadb+mysqldb://u@localhost/db",
]


@pytest.mark.parametrize("address", SOCKETS)
def test_no_way_to_write_a_host_reaches_a_socket(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each host is judged as the driver gets it: an empty one, or one of blanks, is a socket of this machine."""
    monkeypatch.setattr(sa, "create_engine", None)
    with pytest.raises(RosterError):
        addresses.judged(address, "test", from_file=True)
    with pytest.raises(RosterError):
        opened(f"{address}#t", from_file=True)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://u@localhost/db",
        "postgresql+psycopg://u@db-1.example:5432/db",
        "postgresql+psycopg://u@[::1]:5432/db",
        "postgresql+psycopg://u@/db?host=a:5432&host=b:5433",
        "postgresql+psycopg://u@/db?host=a,b&port=1,2",
        "postgresql+psycopg://u@h/db?port=5433",
        "mysql+pymysql://u@localhost/db",
        "mysql+mysqldb://u@127.0.0.1:3306/db",
        "mariadb+mysqldb://u@register.example/db",
    ],
)
def test_a_server_that_a_file_names(address: str) -> None:
    assert addresses.judged(address, "test", from_file=True).url.database == "db"


def test_an_address_from_a_file_uses_nothing_of_the_readers() -> None:
    found = addresses.judged("postgres://u@db.example/base?sslmode=require", "test", from_file=True)
    assert found.connect["password"] == ""
    assert not Path(found.connect["passfile"]).exists()
    assert not Path(found.connect["sslcert"]).exists()
    assert found.connect["gssencmode"] == "disable"
    own = addresses.judged("mysql+pymysql://u:p@db.example/base?charset=utf8mb4", "test", from_file=True)
    assert own.connect == {"local_infile": False}
    # The C libraries of MySQL and MariaDB take MYSQL_PWD where no password is given; an empty one is given.
    bare = addresses.judged("mysql+pymysql://u@db.example/base", "test", from_file=True)
    assert bare.connect["password"] == ""


class Asking:
    """A PostgreSQL server of this test, on loopback only: it asks every client for its password in clear text."""

    def __init__(self, host: str, port: int = 0) -> None:
        self._listening = socket.create_server((host, port))
        self.port = self._listening.getsockname()[1]
        self.told = bytearray()
        self.asked = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listening.accept()
            except OSError:
                return
            self.asked += 1
            with peer:
                peer.settimeout(10)
                while first := peer.recv(1024):
                    if first[4:8] == bytes.fromhex("04d2162f"):
                        peer.sendall(b"N")  # no encryption
                        continue
                    self.told += first
                    peer.sendall(b"R" + bytes.fromhex("0000000800000003"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 at hand")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGHOSTADDR", "127.0.0.1"),
        ("PGPASSWORD", PASSWORD),
        ("PGOPTIONS", f"-c x={PASSWORD}"),
        ("PGPASSFILE", "pgpass"),
        ("PGSERVICE", "own"),
    ],
)
def test_the_readers_environment_neither_leads_elsewhere_nor_is_sent(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    for kept, text in (
        ("pgpass", f"*:*:*:*:{PASSWORD}\n"),
        ("service", f"[own]\nhostaddr=127.0.0.1\npassword={PASSWORD}\nuser={PASSWORD}\noptions=-c x={PASSWORD}\n"),
    ):
        (tmp_path / kept).write_text(text)
        (tmp_path / kept).chmod(0o600)
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "service"))
    monkeypatch.setenv(name, str(tmp_path / value) if name == "PGPASSFILE" else value)
    named = Asking("127.0.0.2")
    try:
        hidden = Asking("127.0.0.1", named.port)
        try:
            with pytest.raises(DblrandomError) as refused:
                opened(f"postgresql+psycopg://u@127.0.0.2:{named.port}/db#t", from_file=True)
        finally:
            hidden.close()
    finally:
        named.close()
    assert hidden.asked == 0
    assert PASSWORD.encode() not in named.told
    assert (named.asked > 0) is (name != "PGSERVICE")
    assert name != "PGSERVICE" or "unset the variable PGSERVICE" in str(refused.value)


@pytest.mark.parametrize(
    "place",
    ["/etc/hosts.csv", "../other.csv", "a/../../b.csv", "~/x.csv", "~root/x.csv", "~root", "link/x.csv", "link.csv"],
)
def test_a_path_from_a_file_stays_below_it(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x.csv").write_text("id\na\n")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "link.csv").symlink_to(tmp_path / "there" / "x.csv")
    assert len(opened("there/x.csv", from_file=True)) == 1  # type: ignore[arg-type]
    with pytest.raises(RosterError, match="from a file"):
        opened(place, from_file=True)


@pytest.mark.skipif(sys.platform == "win32", reason="no links without privileges")
def test_a_path_from_a_file_is_judged_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere, secret = tmp_path / "folder", tmp_path / "elsewhere", tmp_path / "secret"
    for each in (folder, elsewhere, secret):
        each.mkdir()
        (each / "x.csv").write_text(f"id\n{each.name}\n")
    (folder / "there").symlink_to(secret)
    (folder / "link.csv").symlink_to(secret / "x.csv")
    # In the current folder these names are harmless.
    (elsewhere / "there").mkdir()
    (elsewhere / "there" / "x.csv").write_text("id\nelsewhere\n")
    (elsewhere / "link.csv").write_text("id\nelsewhere\n")
    monkeypatch.chdir(elsewhere)
    found = opened("x.csv", from_file=folder)
    assert b"folder" in found.to_file()  # type: ignore[attr-defined]
    roster = Roster.build(SHA256, Population("targets", ("id",), (("folder",),)))
    save_index(roster, tmp_path / "index")
    (folder / "x.tsv").write_bytes(roster.to_file())
    with open_indexed("x.tsv", tmp_path / "index", from_file=folder) as indexed:
        assert indexed.row("folder") == {"id": "folder"}
    for place in ("there/x.csv", "link.csv", "../secret/x.csv", str(secret / "x.csv"), "~/x.csv"):
        with pytest.raises(RosterError, match="from a file"):
            opened(place, from_file=folder)
        with pytest.raises(RosterError, match="from a file"):
            open_indexed(place, tmp_path / "index", from_file=folder)


@pytest.mark.parametrize(
    "place", ["{}/x.tsv", "../x.tsv", "there/../../x.tsv", "~root/x.tsv", "link/x.tsv", "link.tsv"]
)
def test_a_path_from_a_file_stays_below_it_where_there_is_an_index(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = Roster.build(SHA256, Population("targets", ("id", "kind"), (("F1", "x"), ("F2", "y"))))
    save_index(roster, tmp_path / "index")
    folder = tmp_path / "folder"
    for each in (tmp_path, folder / "there", folder / "~root"):
        each.mkdir(parents=True, exist_ok=True)
        (each / "x.tsv").write_bytes(roster.to_file())
    (folder / "link").symlink_to(folder / "there")
    (folder / "link.tsv").symlink_to(folder / "there" / "x.tsv")
    monkeypatch.chdir(folder)
    with open_indexed("there/x.tsv", tmp_path / "index", from_file=True) as found:
        assert found.row("F1") == {"id": "F1", "kind": "x"}
    with pytest.raises(RosterError, match="from a file"):
        open_indexed(place.format(tmp_path), tmp_path / "index", from_file=True)


# -- SQLite ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        "sqlite:///{}/missing.db",
        "sqlite:///file:{}/missing.db?mode=rwc&uri=true",
        "sqlite:///file:{}/missing.db?mode=rwc",
        "sqlite:///file:{}/missing.db",
        "sqlite:///FILE:{}/missing.db?uri=true",
        "sqlite:///{}/missing.db?mode=rwc",
        "sqlite:///{}/missing.db?uri=true&mode=rwc",
        "sqlite:///{}/missing.db?vfs=unix-none",
        "sqlite+pysqlite:///file:{}/missing.db?mode=rwc&uri=true",
        "sqlite+pysqlite_numeric:///{}/missing.db",
        "sqlite+aiosqlite:///{}/missing.db",
        "sqlite+pysqlcipher:///{}/missing.db",
        "sqlite:///{}/missing.db?factory=x",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://{}/missing.db",
    ],
)
def test_no_form_of_an_address_makes_a_missing_file(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((RosterError, FolderError)):
        opened(f"{form.format(tmp_path)}#t")
    assert list(tmp_path.iterdir()) == []


def database(place: Path) -> Path:
    with sqlite3.connect(place) as base:
        base.execute("CREATE TABLE t (id TEXT, kind TEXT)")
        base.executemany("INSERT INTO t VALUES (?, 'x')", [(f"R{n:03d}",) for n in range(600)])
    base.close()
    return place


def test_sqlite_is_opened_for_reading_only(tmp_path: Path) -> None:
    place = database(tmp_path / "ba se%41&.db")
    before = place.read_bytes()
    table = SqlTable(f"sqlite:///{str(place).replace('%', '%25')}", "t", name="targets", id="id")
    with table, pytest.raises(sa.exc.OperationalError, match="readonly"):
        table._snapshot._connection.exec_driver_sql("CREATE TABLE more (id TEXT)")
    assert place.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [place.name]


def test_a_view_of_a_received_database_calls_nothing_dangerous(tmp_path: Path) -> None:
    place = database(tmp_path / "base.db")
    with sqlite3.connect(place) as base:
        base.execute("CREATE VIEW v AS SELECT id, load_extension('none.so') AS kind FROM t")
    base.close()
    with pytest.raises(RosterError, match="the database refuses"):
        opened(f"sqlite:///{place}#v")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_an_address_of_something_that_is_no_file(kind: str, tmp_path: Path) -> None:
    import os

    place = tmp_path / "base.db"
    place.mkdir() if kind == "folder" else os.mkfifo(place)
    with pytest.raises(DblrandomError, match="not a regular file"):
        opened(f"sqlite:///{place}#t")


# -- passwords ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "held"),
    [
        ("postgresql://u:geheim@host/base#t", True),
        ("postgresql://u@host/base?password=geheim#t", True),
        ("mysql+pymysql://u@host/base?passwd=geheim#t", True),
        ("mysql+pymysql://u@host/base?charset=utf8mb4&passwd=geheim#t", True),
        ("postgresql://u@host/base?sslpassword=geheim#t", True),
        ("mysql+pymysql://u@host/base?ssl_key_password=geheim#t", True),
        ("postgresql://u@host/base?PASSWORD=geheim#t", True),
        ("postgresql://u@host/base?p%61ssword=geheim#t", True),
        ("mssql://u@host/base?pwd=geheim#t", True),
        ("postgresql://u@host/base?oauth_client_secret=geheim#t", True),
        ("postgresql://u:ge/heim@host/base#t", True),
        ("postgresql://u:ge#heim@host/base#t", True),
        ("postgresql://u:ge?heim@host/base#t", True),
        ("postgresql://u:geheim@/base?host=/run#t", True),
        ("POSTGRESQL://u:geheim@host/base#t", True),
        ("postgresql://u@host/base?passfile=/home/u/.pgpass#t", False),
        ("postgresql://u@host:5432/base#t", False),
        ("postgresql://u:@host/base#t", False),
        ("sqlite:////a:b@c/base.db#t", False),
        ("firms.parquet", False),
    ],
)
def test_a_password_is_seen_wherever_it_stands(place: str, held: bool) -> None:
    assert holds_password(place) is held
    assert "heim" not in shown(place)


@pytest.mark.parametrize(
    "place",
    [
        "postgresql+psycopg://u:{}@127.0.0.1:1/base#t",
        "postgresql+psycopg://u@127.0.0.1:1/base?password={}#t",
        "postgresql+psycopg://u@127.0.0.1:1/base?sslmode={}&password={}#t",
        "postgresql+psycopg://u@127.0.0.1:1/base?sslpassword={}&connect_timeout={}#t",
        "postgresql+psycopg://u:{}@127.0.0.1:1/base?nosuch=1#t",
        "postgresql+psycopg://u:{}@127.0.0.1:x/base#t",
        "mysql+pymysql://u:{}@127.0.0.1:1/base#t",
        "mysql+pymysql://u@127.0.0.1:1/base?passwd={}#t",
        "mysql+pymysql://u@127.0.0.1:1/base?connect_timeout={}&passwd={}#t",
        "oracle://u:{}@127.0.0.1:1/base#t",
        "postgresql:/u:{}@127.0.0.1:1/base#t",
        "postgresql://u:a#{}@127.0.0.1:1/base#t",
        "postgresql://u:a#{}@127.0.0.1:1/base",
        "postgresql://u:{}@127.0.0.1:1/base",
    ],
)
def test_no_message_shows_a_password(place: str) -> None:
    pytest.importorskip("psycopg")
    pytest.importorskip("pymysql")
    with pytest.raises(DblrandomError) as caught:
        opened(place.replace("{}", PASSWORD))
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in shown(place.replace("{}", PASSWORD))


def test_postgres_is_postgresql_with_a_driver_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    there = addresses.importlib.util.find_spec
    monkeypatch.setattr(addresses.importlib.util, "find_spec", lambda n: None if n == "psycopg2" else there(n))
    for address in ("postgres://u@host/base", "postgresql://u@host/base"):
        assert addresses.judged(address, "test").url.drivername == "postgresql+psycopg"
    assert addresses.judged("postgresql+psycopg2://u@host/base", "test").url.drivername == "postgresql+psycopg2"
