"""One state of a database, and what goes wrong with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import TypeEngine

from dblrandom.adapters.engines.sqldialects import SqlDialect, dialect_named
from dblrandom.adapters.files import os_failure
from dblrandom.errors import MissingExtra, RosterBusy, RosterError, RosterUnavailable

__all__ = ["Snapshot"]

# While a connection is made, drivers give a number to few of their errors: the server's own words have to do.
_REFUSED = re.compile(
    r"authentication failed|access denied|permission denied|no pg_hba|not allowed|unknown database"
    r"|(?:role|database) .* does not exist|no password|password (?:was )?(?:not )?supplied",
    re.IGNORECASE,
)


class Snapshot:
    """One connection in one transaction, in which every answer is of the same state of the data.

    Whatever a driver raises ends it, for nobody knows of what state later answers would be.
    """

    def __init__(self, engine_or_url: sa.Engine | sa.URL | str, dialect: SqlDialect | None, where: str) -> None:
        self._where, self._ended, self._reading = where, "", False
        self._own = not isinstance(engine_or_url, sa.Engine)
        self._engine = engine_or_url if isinstance(engine_or_url, sa.Engine) else _engine(engine_or_url, where)
        try:
            self.dialect = dialect or dialect_named(self._engine.dialect.name, where)
            try:
                self._connection = self._engine.connect()
            except (SQLAlchemyError, OSError) as error:
                raise _failure(error, where, connecting=True) from error
        except BaseException:
            self._dispose()
            raise

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
        """End the transaction, and the connection where it was made for it."""
        self._ended = self._ended or "the table was closed; open it again"
        for end in (self._connection.rollback, self._connection.close):
            with suppress(Exception):  # as in stream()
                end()
        self._dispose()

    def one(self, statement: sa.Select[Any]) -> Any:
        """The only value that a statement gives.

        Raises:
            RosterError: the database did not answer.
        """
        return self.all(statement)[0][0]

    def all(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """All rows that a statement gives.

        Raises:
            RosterError: the database did not answer.
        """
        with self._asking():
            return self._connection.execute(statement).all()

    def stream(self, statement: sa.Select[Any], size: int) -> Iterator[Sequence[sa.Row[Any]]]:
        """The rows that a statement gives, ``size`` at a time.

        Raises:
            RosterError: the database did not answer.
        """
        with self._asking():
            result = self._connection.execute(statement, execution_options={"yield_per": size})
            self._reading = not self.dialect.concurrent
            try:
                yield from result.partitions()
            finally:
                self._reading = False
                with suppress(Exception):  # of a dead connection a driver may say anything, or nothing worth telling
                    result.close()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if self._ended:
            raise RosterUnavailable(self._ended, where=self._where, code="database.lost")
        if self._reading:
            told = "its rows are being read, and this connection does one thing at a time"
            raise RosterBusy(told, where=self._where)
        try:
            yield
        except (SQLAlchemyError, OSError, UnicodeError) as error:
            failure = _failure(error, self._where)
            self._ended = f"{_told(error)} (earlier; open the table again)"
            raise failure from error

    def _dispose(self) -> None:
        if self._own:
            self._engine.dispose()


def _engine(url: sa.URL | str, where: str) -> sa.Engine:
    try:
        made = sa.create_engine(url, poolclass=NullPool)
        file = made.url.database
        if made.dialect.name == "sqlite" and file and not file.startswith((":memory:", "file:")):
            with os_failure(file, "read it"):
                os.stat(file)  # SQLite would make a file that is missing
        return made
    except ImportError as error:
        raise MissingExtra(
            f"the URL asks for the driver {error.name}, which is not installed; install it, or name one that is, as in "
            "postgresql+psycopg:// and mysql+pymysql://"
        ) from error
    except (SQLAlchemyError, ValueError, TypeError) as error:
        advice = "give one like postgresql+psycopg://user@host/base"
        raise RosterError(f"this is not the URL of a database; {advice}", where=where) from error


def _failure(error: Exception, where: str, *, connecting: bool = False) -> RosterUnavailable:
    """The library's own error for what a driver raised, with the code that tells why."""
    code = "database.unreachable" if connecting else "database.refused"
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        code = "database.lost"
    elif connecting and _REFUSED.search(str(getattr(error, "orig", None) or error)):
        code = "database.refused"
    return RosterUnavailable(_told(error), where=where, code=code)


def _told(error: Exception) -> str:
    """What a driver says, in its first line: it names neither statements nor values."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "the connection to the database was lost; nothing was written; run this step again"
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    return f"the database refuses: {said:.300}; nothing was written"
