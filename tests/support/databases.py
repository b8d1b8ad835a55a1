"""Real PostgreSQL and MariaDB servers for one test run: in a folder of their own, reached through a socket there.

No service of the machine is touched. The servers refuse to run as root, so then they run as the users that their
packages make.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
_NUMBERS = count(1)
_QUIET = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "listen_addresses=", "-c", "max_connections=20")


def own_table(engine: sa.Engine, columns: Sequence[str], rows: Sequence[Sequence[Any]], kind: Any = sa.Text) -> str:
    """A new table of text with these rows, in this order, and without any key; returns its name."""
    name = f"t{next(_NUMBERS)}"
    table = sa.Table(name, sa.MetaData(), *(sa.Column(column, kind, quote=True) for column in columns))
    with engine.begin() as connection:
        table.create(connection)
        if rows:
            connection.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in rows])
    return name


@contextmanager
def postgresql(encoding: str = "UTF8", *options: str) -> Iterator[sa.Engine]:
    """A PostgreSQL server with one empty database; skips the test where there is none on this machine."""
    pytest.importorskip("psycopg", reason="the driver psycopg is not installed")
    if not POSTGRESQL:
        pytest.skip("no PostgreSQL server under /usr/lib/postgresql; the package is postgresql")
    programs = POSTGRESQL[-1].parent
    with _folder("postgres") as (folder, run_as):
        init = [str(programs / "initdb"), "-D", f"{folder}/data", "-U", "owner", "-A", "trust", "-N", "-E", encoding]
        subprocess.run(
            [*run_as, *init, *(options or ("--locale=C.UTF-8",))], check=True, capture_output=True, cwd=folder
        )
        server = [str(programs / "postgres"), "-D", f"{folder}/data", "-k", str(folder), *_QUIET]
        url = sa.URL.create("postgresql+psycopg", "owner", database="postgres", query={"host": str(folder)})
        with _running([*run_as, *server], folder, ".s.PGSQL.5432", url) as engine:
            yield engine


@contextmanager
def mariadb() -> Iterator[sa.Engine]:
    """A MariaDB server with one empty database ``draws``; skips the test where there is none on this machine."""
    pytest.importorskip("pymysql", reason="the driver pymysql is not installed")
    server, install = (
        shutil.which(name, path="/usr/sbin:/usr/bin:/bin") for name in ("mariadbd", "mariadb-install-db")
    )
    if server is None or install is None:
        pytest.skip("no MariaDB server on this machine; the package is mariadb-server")
    with _folder("mysql") as (folder, run_as):
        base = ["--no-defaults", f"--datadir={folder}/data"]
        init = [install, *base, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([*run_as, *init], check=True, capture_output=True, cwd=folder)
        quiet = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--skip-networking"]
        start = [server, *base, f"--socket={folder}/s", f"--pid-file={folder}/pid", *quiet]
        place = sa.URL.create("mysql+pymysql", "root", query={"unix_socket": f"{folder}/s"})
        with _running([*run_as, *start], folder, "s", place) as engine:
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE DATABASE draws CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
            made = sa.create_engine(place.set(database="draws"))
            try:
                yield made
            finally:
                made.dispose()


@contextmanager
def _folder(user: str) -> Iterator[tuple[Path, list[str]]]:
    """A folder with a short path, as sockets need it, and the words that run a program as its owner."""
    with tempfile.TemporaryDirectory(prefix="db") as name:
        run_as: list[str] = []
        if os.geteuid() == 0:
            try:
                shutil.chown(name, user)
            except LookupError:
                pytest.skip(f"a server does not run as root, and there is no user {user}")
            run_as = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        yield Path(name), run_as


@contextmanager
def _running(command: Sequence[str], folder: Path, door: str, url: sa.URL) -> Iterator[sa.Engine]:
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    engine = sa.create_engine(url)
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text("utf-8", "replace")[-2000:])
            if _answers(folder / door, engine):
                break
            time.sleep(0.05)
        yield engine
    finally:
        engine.dispose()
        process.send_signal(signal.SIGINT if door.startswith(".s.PG") else signal.SIGTERM)  # at once, in both
        process.wait(30)


def _answers(door: Path, engine: sa.Engine) -> bool:
    """Whether the server takes connections; it knocks first, for a driver that is refused may leave a socket open."""
    with socket.socket(socket.AF_UNIX) as knocking:
        try:
            knocking.connect(str(door))
        except OSError:
            return False
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    return True
