"""How each kind of database gives text, and orders it by bytes (docs/engines/sql.md).

Nothing here may depend on the collation, the client's encoding or the settings of a server. An expression that is wrong
costs a refusal and never another draw: every row is checked, and every page that is read again is held against the
commitment.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import ColumnElement, Connection
from sqlalchemy.types import TypeEngine

from dblrandom.errors import RosterError

__all__ = ["MYSQL", "POSTGRESQL", "SQLITE", "Mysql", "Postgresql", "SqlDialect", "Sqlite", "dialect_named"]

Text = ColumnElement[Any]


@frozen
class SqlDialect:
    """The few expressions in which databases differ; a subclass adds another kind of database.

    Attributes:
        options: SQLAlchemy's options of the connection, among them an isolation that shows one state of the data.
        begin: the statement that begins a transaction with that state, where the driver does not do it by itself.
        concurrent: whether a connection can be asked something while it still hands out the rows of another answer.
    """

    options: ClassVar[Mapping[str, Any]] = MappingProxyType({"isolation_level": "REPEATABLE READ"})
    begin: ClassVar[str | None] = None
    concurrent: ClassVar[bool] = True

    def check(self, connection: Connection, table: str, schema: str | None, where: str) -> None:
        """Check that the server, the connection and the table keep the text and the one state of the data.

        Raises:
            RosterError: they do not; it says what to change.
        """

    def takes(self, kind: TypeEngine[Any]) -> bool:
        """Whether columns of this type have one text: those of text, whole numbers and UUIDs (lower case) have."""
        return isinstance(kind, sa.String | sa.Integer | sa.Uuid)

    def text(self, column: Text, kind: TypeEngine[Any]) -> Text:
        """A column as text in Unicode, NULL where it is NULL; whole numbers in decimal."""
        raise NotImplementedError

    def exact(self, text: Text) -> Text:
        """Text that is equal and ordered by its bytes in UTF-8; the answer may be bytes."""
        raise NotImplementedError

    def rows_about(self, own: sa.FromClause, table: str, schema: str | None) -> sa.Executable:
        """A statement with one value: about how many rows there are, or NULL where only reading them would tell."""
        return sa.select(sa.null())

    def ordered(self, column: Text, kind: TypeEngine[Any]) -> Text:
        """The id, to be compared and ordered by its bytes; one that an index serves, if it can be."""
        return self.exact(self.text(column, kind))


class Postgresql(SqlDialect):
    """PostgreSQL, 11 or later, with a database in UTF-8."""

    options = MappingProxyType({"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})

    def check(self, connection: Connection, table: str, schema: str | None, where: str) -> None:
        """See :meth:`SqlDialect.check`: the database's encoding."""
        encoding = connection.execute(sa.text("SELECT current_setting('server_encoding')")).scalar()
        if encoding != "UTF8":
            raise RosterError(f"the database's encoding is {encoding!r}; copy the table to one in UTF8", where=where)

    def text(self, column: Text, kind: TypeEngine[Any]) -> Text:
        """See :meth:`SqlDialect.text`; a cast to text takes the padding off ``char(n)``."""
        return column if type(kind) in (sa.VARCHAR, sa.TEXT) else sa.cast(column, sa.TEXT)

    def exact(self, text: Text) -> Text:
        """See :meth:`SqlDialect.exact`; in UTF-8 the collation "C" is the order of the bytes."""
        return sa.collate(text, "C")

    def rows_about(self, own: sa.FromClause, table: str, schema: str | None) -> sa.Executable:
        """See :meth:`SqlDialect.rows_about`; what the server's own statistics say, which views do not have."""
        found = sa.text(
            "SELECT (SELECT CAST(c.reltuples AS bigint) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname = :name AND c.relkind IN ('r', 'm', 'p')"
            " AND (n.nspname = CAST(:place AS text) OR CAST(:place AS text) IS NULL AND pg_table_is_visible(c.oid)))"
        )
        return found.bindparams(name=table, place=schema)


class Mysql(SqlDialect):
    """MySQL 8 and MariaDB 10.6 or later, with tables that have transactions."""

    begin = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
    concurrent = False
    engines: ClassVar[frozenset[str]] = frozenset({"InnoDB", "ROCKSDB"})

    def check(self, connection: Connection, table: str, schema: str | None, where: str) -> None:
        """See :meth:`SqlDialect.check`: the connection's character sets, and the table's storage engine."""
        sets = connection.execute(
            sa.text("SELECT @@character_set_client, @@character_set_connection, @@character_set_results")
        ).one()
        if set(sets) != {"utf8mb4"}:
            advice = "which loses characters; add charset=utf8mb4 to the URL"
            raise RosterError(f"the connection's character sets are {', '.join(map(str, sets))}, {advice}", where=where)
        found = sa.text(
            "SELECT engine FROM information_schema.tables WHERE table_name = :name"
            " AND table_schema = COALESCE(:place, DATABASE())"
        )
        engine = connection.execute(found, {"name": table, "place": schema}).scalar()
        if engine is not None and engine not in self.engines:
            advice = "has no transactions, so the rows could change during a draw; use InnoDB"
            raise RosterError(f"the table's storage engine {engine} {advice}", where=where)

    def text(self, column: Text, kind: TypeEngine[Any]) -> Text:
        """See :meth:`SqlDialect.text`; CHAR loses its padding whatever the server's mode, numbers their zero-fill."""
        if isinstance(kind, sa.Integer):
            column = sa.cast(column + sa.literal_column("0"), sa.CHAR)
        text = sa.func.convert(column.op("USING")(sa.literal_column("utf8mb4")), type_=sa.TEXT)
        return sa.func.rtrim(text, type_=sa.TEXT) if isinstance(kind, sa.CHAR) else text

    def exact(self, text: Text) -> Text:
        """See :meth:`SqlDialect.exact`; collations ignore blanks at the end, even those named after bytes."""
        return sa.cast(text, sa.LargeBinary)

    def rows_about(self, own: sa.FromClause, table: str, schema: str | None) -> sa.Executable:
        """See :meth:`SqlDialect.rows_about`; what the server's own statistics say, which views do not have."""
        found = sa.text(
            "SELECT (SELECT table_rows FROM information_schema.tables WHERE table_name = :name"
            " AND table_schema = COALESCE(:place, DATABASE()))"
        )
        return found.bindparams(name=table, place=schema)

    def ordered(self, column: Text, kind: TypeEngine[Any]) -> Text:
        """See :meth:`SqlDialect.ordered`; a column declared ``utf8mb4_bin`` or ``ascii_bin`` is in order by itself."""
        collation = str(getattr(kind, "collation", None) or "")
        plain = isinstance(kind, sa.VARCHAR) and collation in ("utf8mb4_bin", "utf8mb3_bin", "utf8_bin", "ascii_bin")
        return column if plain else super().ordered(column, kind)


class Sqlite(SqlDialect):
    """SQLite: a file, of which nobody else is asked."""

    options: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    begin = "BEGIN"

    def check(self, connection: Connection, table: str, schema: str | None, where: str) -> None:
        """See :meth:`SqlDialect.check`: the file's encoding."""
        encoding = connection.exec_driver_sql("PRAGMA encoding").scalar()
        if encoding != "UTF-8":
            raise RosterError(f"the database's encoding is {encoding!r}; copy it to one in UTF-8", where=where)

    def takes(self, kind: TypeEngine[Any]) -> bool:
        """Any: here values have types and not columns, and each is checked when it is read."""
        return True

    def text(self, column: Text, kind: TypeEngine[Any]) -> Text:
        """See :meth:`SqlDialect.text`; what is neither text nor a whole number stays what it is, and is refused."""
        if isinstance(kind, sa.String):
            return column
        return sa.case((sa.func.typeof(column) == "integer", sa.cast(column, sa.TEXT)), else_=column)

    def exact(self, text: Text) -> Text:
        """See :meth:`SqlDialect.exact`."""
        return sa.collate(text, "BINARY")

    def rows_about(self, own: sa.FromClause, table: str, schema: str | None) -> sa.Executable:
        """See :meth:`SqlDialect.rows_about`; counting is quick where nobody else is asked."""
        return sa.select(sa.func.count()).select_from(own)


POSTGRESQL = Postgresql()
"""PostgreSQL."""
MYSQL = Mysql()
"""MySQL and MariaDB."""
SQLITE = Sqlite()
"""SQLite."""
_DIALECTS: Mapping[str, SqlDialect] = MappingProxyType(
    {"postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MYSQL, "sqlite": SQLITE}
)


def dialect_named(name: str, where: str) -> SqlDialect:
    """The dialect for SQLAlchemy's name of a kind of database.

    Raises:
        RosterError: there is none.
    """
    if name not in _DIALECTS:
        known = ", ".join(_DIALECTS)
        raise RosterError(f"draws were not tried in {name!r}; there are {known}, or give a dialect", where=where)
    return _DIALECTS[name]
