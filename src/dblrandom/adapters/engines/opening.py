"""One call for a roster wherever its rows are: a file, a folder, a database, a cluster (docs/engines)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import attrs

from dblrandom.adapters.engines.addresses import divided, is_address, placed, shown_place
from dblrandom.adapters.engines.parts import check_no_format
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.table import check_asked
from dblrandom.adapters.files import os_failure
from dblrandom.adapters.tables import read_csv
from dblrandom.errors import RosterError
from dblrandom.kernel.extras import load
from dblrandom.kernel.rows import header_line
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model.json import show
from dblrandom.model.names import check_roster_name
from dblrandom.model.progress import Progress, asked
from dblrandom.roster import Roster
from dblrandom.roster.manifest import PAGE_ROWS

if TYPE_CHECKING:
    from dblrandom.adapters.engines.arrow import ArrowTable
    from dblrandom.adapters.engines.sql import SqlTable

__all__ = ["ENGINES", "SMALL_BYTES", "SMALL_ROWS", "Progress", "arrow_table", "open_roster", "sql_table"]

ENGINES = ("datafusion", "memory", "spark", "sql")
"""The engines that can be named."""
SMALL_ROWS = 200_000
"""A file of at most so many rows, where it says how many it has, is read into memory."""
SMALL_BYTES = 64 * 1024 * 1024
"""A larger file is never read into memory unless that is asked for."""

_INTERVAL = 0.1


def open_roster(
    place: Any,
    *,
    name: str,
    id: str,  # noqa: A002  # as everywhere in the library
    columns: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    suite: Suite = SHA256,
    engine: str | None = None,
    encoding: str | None = None,
    progress: Callable[[Progress], object] | None = None,
    from_file: bool | str | os.PathLike[str] = False,
) -> Roster | EngineRoster:
    """Read a roster once and commit to it, wherever its rows are.

    The manifest does not depend on the engine: where two engines accept the same rows, they agree to the byte.

    Args:
        place: a file or folder (Parquet, CSV, TSV, Arrow); the URL of a database with the table after ``#``, such as
            ``postgresql://user@host/base#targets`` or ``...#schema.table`` (a dot in a name is written ``%2E``); or a
            Spark DataFrame.
        name: the roster's name.
        id: the column that becomes ``id``, as it is called there or after ``rename``.
        columns: the other columns to commit to, as they are called there or after ``rename``; by default all.
        rename: names of columns as they are called there, to the roster's.
        suite: the ceremony's suite.
        engine: one of :data:`ENGINES`; by default memory for small files, and whatever can read the place otherwise.
        encoding: of CSV and TSV files, see ``dblrandom.adapters.tables.ENCODINGS``.
        progress: told a few times a second how far it is; what it raises ends the reading, and nothing is left behind.
            Draws from files tell it too, once for some ten million rows. Where it is not given, whoever asked by
            :func:`dblrandom.model.progress.reporting` is told. Of databases the total may be an estimate.
        from_file: whether the place came from a file, and not from the person at this machine: the folder in which
            that file is, or ``True`` for the current one. Then a path is one below that folder, it leads to nothing
            else of this machine, and to no server by way of what the person has there. See
            :func:`dblrandom.adapters.engines.addresses.judged`.

    Raises:
        RosterError: rows that no roster may have, an unknown place or engine.
        FolderError: the system does not let a file be read.
        MissingExtra: the engine is not installed.
    """
    check_roster_name(name, "roster", error=RosterError)
    if engine is not None and engine not in ENGINES:
        raise RosterError(f"{show(engine)} is not one of {', '.join(ENGINES)}", where="engine")
    check_asked(id, columns, rename, f"roster {name}")
    new = dict(rename or {})
    if not isinstance(place, (str, os.PathLike)):
        _check_engine(engine, "spark", f"a {type(place).__name__}")
        if not type(place).__module__.startswith("pyspark."):
            raise RosterError(f"a {type(place).__name__} is neither a path, a URL nor a Spark DataFrame", where=name)
        load("pyspark", "spark", "a Spark DataFrame")
        from dblrandom.adapters.engines.spark import SparkTable

        made = SparkTable(place, name=name, **_as_stored(id, columns, new))
        return _committed(made, suite, progress, None)
    if isinstance(place, str) and is_address(place):
        _check_engine(engine, "sql", f"a URL that begins with {place.partition(':')[0]}://")
        stored = _as_stored(id, columns, new) | {"from_file": from_file is not False}
        return _from_database(place, name, stored, suite, progress)
    if engine in ("sql", "spark"):
        _check_engine(engine, "memory or datafusion", "a file")
    path = placed(place, from_file, str(place))
    check_no_format(path)
    chosen = engine or _choose(path)
    if chosen == "memory" and path.suffix.lower() == ".csv" and not path.is_dir():
        wanted = None if columns is None else [new.get(column, column) for column in columns]
        population = read_csv(
            path, id=id, name=name, columns=wanted, rename=new, encoding="utf-8-sig" if encoding is None else encoding
        )
        return _told(Roster.build(suite, population), progress)
    table = arrow_table().open(path, name=name, id=id, columns=columns, rename=new, encoding=encoding or "utf-8-sig")
    if chosen == "memory":
        return _told(_in_memory(table, suite), progress)
    total = table.files.rows()
    if progress is not None:
        table = attrs.evolve(table, watch=lambda: _Teller(progress, total).rows)
    return _committed(table, suite, progress, total)


def arrow_table() -> type[ArrowTable]:
    """The engine for files; a MissingExtra where its libraries are not installed."""
    for library in ("pyarrow", "datafusion"):
        load(library, "engine", "a roster in large files, or in Parquet, Arrow or TSV")
    from dblrandom.adapters.engines.arrow import ArrowTable

    return ArrowTable


def _check_engine(engine: str | None, right: str, what: str) -> None:
    if engine not in (None, right):
        raise RosterError(f"{what} is not read by {engine}; leave engine out, or name {right}", where="engine")


def _as_stored(unit_id: str, columns: Sequence[str] | None, rename: Mapping[str, str]) -> dict[str, Any]:
    """Names of columns as they are called where they are, whether they were given so or after renaming."""
    old = {new: stored for stored, new in rename.items()}
    chosen = None if columns is None else [old.get(column, column) for column in columns]
    return {"id": old.get(unit_id, unit_id), "columns": chosen, "rename": rename}


def _choose(path: Path) -> str:
    with os_failure(path, "read it"):
        if path.is_dir() or os.stat(path).st_size > SMALL_BYTES:
            return "datafusion"
    if path.suffix.lower() not in (".parquet", ".arrow", ".feather", ".ipc"):
        return "memory"
    arrow_table()
    from dblrandom.adapters.engines.arrowfiles import rows_of

    return "memory" if rows_of(path) <= SMALL_ROWS else "datafusion"


def _in_memory(table: ArrowTable, suite: Suite) -> Roster:
    # Committed first, so that rows in another order are sorted as they are elsewhere.
    roster = EngineRoster.commit(table, suite)
    pages = [bytes(page.data) for page in roster.table.pages(PAGE_ROWS)]
    return Roster.from_file(suite, table.name, b"".join([header_line(table.columns), b"\n", *pages]))


def _from_database(
    url: str, name: str, stored: Mapping[str, Any], suite: Suite, progress: Callable[[Progress], object] | None
) -> EngineRoster:
    return _committed(sql_table(url, name, stored), suite, progress, None)


def sql_table(url: str, name: str, stored: Mapping[str, Any]) -> SqlTable:
    """The table that an address names after ``#``; nothing of its rows is read yet.

    Raises:
        RosterError: the address is none, names no table, or the database refuses.
        MissingExtra: SQLAlchemy or the driver is not installed.
    """
    address, fragment = divided(url)
    *schema, table = map(unquote, fragment.split("."))
    if not table or len(schema) > 1:
        # The address is not shown: it may have a password.
        raise RosterError(
            "is not a file, and a database's URL names its table after #, as in postgresql://user@host/base#targets",
            where=shown_place(url),
        )
    load("sqlalchemy", "sql", "a roster in a database")
    from dblrandom.adapters.engines.sql import SqlTable

    return SqlTable(address, table, name=name, schema=schema[0] if schema else None, **stored)


def _committed(
    table: Any, suite: Suite, progress: Callable[[Progress], object] | None, total: int | None
) -> EngineRoster:
    told = asked() if progress is None else progress
    try:
        if told is None:
            return EngineRoster.commit(table, suite)
        teller = _Teller(told, getattr(table, "rows_about", lambda: None)() if total is None else total)
        roster = EngineRoster.commit(table, suite, progress=teller.rows)
        told(teller.at(len(roster), ended=True))
    except BaseException:
        getattr(table, "close", lambda: None)()
        raise
    return roster


def _told(roster: Roster, progress: Callable[[Progress], object] | None) -> Roster:
    if progress is not None:
        progress(Progress(rows=len(roster), total=len(roster), rate=0, remaining=0))
    return roster


class _Teller:
    """Tells of rows not at each page but a few times a second."""

    def __init__(self, progress: Callable[[Progress], object], total: int | None) -> None:
        self._progress, self._total = progress, total
        self._start = self._last = time.monotonic()

    def rows(self, rows: int) -> None:
        now = time.monotonic()
        if now - self._last >= _INTERVAL:
            self._last = now
            self._progress(self.at(rows))

    def at(self, rows: int, *, ended: bool = False) -> Progress:
        rate = int(rows / max(time.monotonic() - self._start, 1e-9))
        total = self._total
        if total is not None:
            total = rows if ended else max(total, rows)  # it may be an estimate
        remaining = None if total is None or not rate else -(-(total - rows) // rate)
        return Progress(rows=rows, total=total, rate=rate, remaining=remaining)
