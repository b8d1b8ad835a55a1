"""One state of a database, and what goes wrong with it."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import TypeEngine

from dblrandom.adapters.engines.addresses import judged, sqlite_uri, without_passwords
from dblrandom.adapters.engines.sqldialects import SqlDialect, dialect_named
from dblrandom.adapters.engines.turns import Turn, check_process, left_to_the_parent
from dblrandom.errors import DblrandomError, MissingExtra, RosterError, RosterUnavailable
from dblrandom.model.portable import Bound

__all__ = ["Snapshot"]

# While a connection is made, drivers give a number to few of their errors: the server's own words have to do.
_REFUSED = re.compile(
    r"authentication failed|access denied|permission denied|no pg_hba|not allowed|unknown database"
    r"|(?:role|database) .* does not exist|no password|password (?:was )?(?:not )?supplied",
    re.IGNORECASE,
)


class Snapshot(Bound):
    """One connection in one transaction, in which every answer is of the same state of the data.

    Threads may share it: they take turns, one statement at a time. A forked process may not use it, since two would
    then speak into one connection. Whatever a driver raises ends it, for nobody knows of what state later answers
    would be.
    """

    _instead = "open the roster again in the other process"

    def __init__(
        self,
        engine_or_url: sa.Engine | sa.URL | str,
        dialect: SqlDialect | None,
        where: str,
        *,
        from_file: bool = False,
    ) -> None:
        self._where, self._ended, self._process = where, "", os.getpid()
        self._turn, self._results = Turn(where), set[sa.CursorResult[Any]]()
        self._own = not isinstance(engine_or_url, sa.Engine)
        self._passwords: tuple[str, ...] = ()
        if isinstance(engine_or_url, sa.Engine):
            self._engine = engine_or_url
        else:
            self._engine, self._passwords = _engine(engine_or_url, where, from_file=from_file)
        try:
            self.dialect = dialect or dialect_named(self._engine.dialect.name, where)
            try:
                self._connection = self._engine.connect()
            except Exception as error:
                raise self._failure(error, connecting=True) from error
        except BaseException:
            self._dispose()
            raise
        left_to_the_parent(self)

    def begin(self, table: str, schema: str | None) -> dict[str, TypeEngine[Any]]:
        """Begin the transaction, and say which columns a table or view has, and of which types.

        Raises:
            RosterError: there is no such table, or the server would not keep its rows apart or as they are.
        """
        with self._asking():
            self._connection.execution_options(**self.dialect.options)
            if self.dialect.begin is not None:
                self._connection.exec_driver_sql(self.dialect.begin)
            self.dialect.check(self._connection, table, schema, self._where)
            place = None if schema is None else quoted_name(schema, True)
            try:
                found = sa.inspect(self._connection).get_columns(quoted_name(table, True), place)
            except NoSuchTableError as error:
                named = repr(table) if schema is None else f"{table!r} in the schema {schema!r}"
                told = f"the database has no table {named}; mind capital letters"
                raise RosterError(told, where=self._where, code="roster.none") from error
        return {column["name"]: column["type"] for column in found}

    def close(self) -> None:
        """End the transaction, and the connection where it was made for it; any number of times."""
        self._ended = self._ended or "the table was closed; open it again"
        if os.getpid() != self._process:
            return  # it is the parent's, and would be ended there
        with self._turn.last():
            for end in (self._connection.rollback, self._connection.close):
                with suppress(Exception):  # as in stream()
                    end()
            self._dispose()

    def one(self, statement: sa.Executable) -> Any:
        """The only value that a statement gives.

        Raises:
            RosterError: the database did not answer.
        """
        return self.all(statement)[0][0]

    def all(self, statement: sa.Executable) -> Sequence[sa.Row[Any]]:
        """All rows that a statement gives.

        Raises:
            RosterError: the database did not answer.
        """
        with self._asking():
            return self._connection.execute(statement).all()

    def stream(self, statement: sa.Select[Any], size: int) -> Iterator[Sequence[sa.Row[Any]]]:
        """The rows that a statement gives, ``size`` at a time.

        Others may ask meanwhile where the database can answer; where it cannot, other threads wait until the last row.

        Raises:
            RosterError: the database did not answer.
        """
        check_process(self._process, self._where)
        reading = None if self.dialect.concurrent else self._turn.begin()
        result = None
        try:
            with self._asking(reading):
                result = self._connection.execute(statement, execution_options={"yield_per": size})
                self._results.add(result)
                batches = result.partitions()
            while True:
                with self._asking(reading):
                    rows = next(batches, None)
                if rows is None:
                    return
                yield rows
        finally:
            if os.getpid() == self._process:
                self._finish(result, reading)

    def _finish(self, result: sa.CursorResult[Any] | None, reading: object | None) -> None:
        with suppress(Exception), self._turn.taken(reading):  # of a dead connection a driver may say anything
            if result is not None:
                self._results.discard(result)
                result.close()
        if reading is not None:
            self._turn.end(reading)

    @contextmanager
    def _asking(self, reading: object | None = None) -> Iterator[None]:
        check_process(self._process, self._where)
        with self._turn.taken(reading):
            if self._ended:
                raise RosterUnavailable(self._ended, where=self._where, code="database.lost")
            try:
                yield
            except DblrandomError:
                raise
            except Exception as error:  # drivers raise whatever goes wrong inside them, not only errors of databases
                self._ended = f"{_told(error, self._passwords)} (earlier; open the table again)"
                raise self._failure(error) from error

    def _failure(self, error: Exception, *, connecting: bool = False) -> RosterUnavailable:
        """The library's own error for what a driver raised, with the code that tells why."""
        code = "database.unreachable" if connecting else "database.refused"
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            code = "database.lost"
        elif connecting and _REFUSED.search(str(getattr(error, "orig", None) or error)):
            code = "database.refused"
        return RosterUnavailable(_told(error, self._passwords), where=self._where, code=code)

    def _dispose(self) -> None:
        if self._own:
            self._engine.dispose()


def _engine(given: sa.URL | str, where: str, *, from_file: bool) -> tuple[sa.Engine, tuple[str, ...]]:
    """An engine for an address that was judged, and the passwords that no message may show."""
    address = judged(given, where, from_file=from_file)
    try:
        if address.file is not None:
            opened = partial(_read_only, address.file, float(address.url.query.get("timeout", 5)))  # type: ignore[arg-type]
            return sa.create_engine("sqlite+pysqlite://", creator=opened, poolclass=NullPool), ()
        made = sa.create_engine(address.url, poolclass=NullPool, connect_args=dict(address.connect))
    except ImportError as error:
        raise MissingExtra(
            f"the URL asks for the driver {error.name}, which is not installed; install it, or name one that is, as in "
            "postgresql+psycopg:// and mysql+pymysql://"
        ) from error
    except Exception as error:  # a dialect may raise anything at what it does not understand
        advice = "give one like postgresql+psycopg://user@host/base"
        raise RosterError(f"this is not the URL of a database; {advice}", where=where) from error
    return made, address.passwords


def _read_only(file: str, timeout: float) -> sqlite3.Connection:
    """SQLite without the power to write, to make a file, or to call what a received file's views name."""
    opened = sqlite3.connect(sqlite_uri(file), uri=True, timeout=timeout, check_same_thread=False)
    try:
        for setting in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            opened.execute(f"PRAGMA {setting}")
    except BaseException:
        opened.close()
        raise
    return opened


def _told(error: Exception, passwords: Sequence[str]) -> str:
    """What a driver says, in its first line: it names neither statements nor values, and no password."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "the connection to the database was lost; nothing was written; run this step again"
    said = without_passwords(str(getattr(error, "orig", None) or error), passwords).strip().partition("\n")[0]
    if not isinstance(error, SQLAlchemyError):
        said = f"{type(error).__name__}: {said}"  # of the driver's own inside, whose words alone say little
    return f"the database refuses: {said:.300}; nothing was written"
