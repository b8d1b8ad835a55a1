"""Rosters in a database: PostgreSQL, MySQL, MariaDB, SQLite (docs/engines/sql.md).

A database is asked for rows and for nothing else: an index, a view or a server that says one thing when it is asked for
pages and another when it is asked who is drawn would decide the draw. Commitment and draw see one state of the data,
that of the transaction in which the table was opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dblrandom.adapters.engines._sqlrows import Lines
from dblrandom.adapters.engines._sqlsnapshot import Snapshot
from dblrandom.adapters.engines.sqldialects import SqlDialect, Text
from dblrandom.adapters.engines.table import Page, check_asked
from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.rows import check_columns
from dblrandom.model.closing import Closing
from dblrandom.model.names import check_roster_name
from dblrandom.model.portable import Bound

__all__ = ["SqlTable"]

_PAGES = 16
"""The pages that are fetched at once."""


class SqlTable(Bound, Closing):
    """A table or view of a database, as it is at the moment of opening; a context manager.

    Args:
        engine_or_url: an SQLAlchemy engine, or a URL to make one of, such as ``postgresql+psycopg://user@host/base``.
        table: the name of the table or view, exactly as the database has it.
        name: the roster's name.
        id: the column that holds the ids.
        columns: the other columns that belong to the roster, in order; all of the table's unless given.
        rename: the roster's names for columns that are called otherwise in the table.
        schema: the table's schema, unless it is the connection's own.
        dialect: how this database compares and hashes, where it is one that is not known here.
        from_file: whether the URL came from a file, and not from the person at this machine; see
            :func:`dblrandom.adapters.engines.addresses.judged`.

    Raises:
        RosterError: no connection, no such table or column, a type that is neither text nor whole numbers, a database
            that cannot keep bytes or one state of the data apart.
        MissingExtra: the driver that the URL names is not installed.
    """

    _instead = "open the roster again in the other process"

    def __init__(
        self,
        engine_or_url: sa.Engine | sa.URL | str,
        table: str,
        *,
        name: str,
        id: str,  # noqa: A002 - the name of the column that it stands for
        columns: Sequence[str] | None = None,
        rename: Mapping[str, str] | None = None,
        schema: str | None = None,
        dialect: SqlDialect | None = None,
        from_file: bool = False,
    ) -> None:
        check_roster_name(name, "roster", error=RosterError)
        self.name, self._where = name, f"roster {name}"
        check_asked(id, columns, rename, self._where)
        self._snapshot = Snapshot(engine_or_url, dialect, self._where, from_file=from_file)
        try:
            self._choose(table, schema, id, columns, rename or {})
        except BaseException:
            self.close()
            raise

    @property
    def columns(self) -> tuple[str, ...]:
        """The roster's columns, ``id`` first."""
        return tuple(self._texts)

    def close(self) -> None:
        """End the transaction, and the connection where this table opened it."""
        self._snapshot.close()

    def check_unchanged(self) -> None:
        """The rows are those of one transaction and cannot change; it must not have ended.

        Raises:
            RosterError: it has.
        """
        self._snapshot.one(sa.select(sa.literal_column("1")))

    def in_order(self) -> Self:
        """The table itself: the database sorts."""
        return self

    def rows_about(self) -> int | None:
        """About how many rows there are, where the database knows at once; for whoever waits, and for nothing else."""
        found = self._snapshot.one(self._about)
        return int(found) if isinstance(found, int) and found > 0 else None

    def pages(self, page_rows: int) -> Iterator[Page]:
        """See :meth:`dblrandom.adapters.engines.table.Table.pages`; read through a cursor of the server."""
        made, rest = Lines(self.columns, self._where), list[bytes]()
        for rows in self._snapshot.stream(self._select().order_by(self._order), page_rows * _PAGES):
            rest += made.add(rows)
            whole = len(rest) - len(rest) % page_rows
            yield from _paged(rest[:whole], page_rows)
            del rest[:whole]
        yield from _paged(rest, page_rows)
        there = self._snapshot.one(sa.select(sa.func.count()).select_from(self._own))
        if there != made.count:
            raise RosterChanged(
                f"{made.count} of {there} rows were read: the rows changed meanwhile", where=self._where
            )

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        """See :meth:`dblrandom.adapters.engines.table.Table.lines`."""
        low = self._order >= self._as_id(first)
        wanted = self._select().where(low if after is None else low & (self._order < self._as_id(after)))
        return Lines(self.columns, self._where).add(self._snapshot.all(wanted.order_by(self._order)))

    def _choose(
        self, table: str, schema: str | None, unit: str, others: Sequence[str] | None, rename: Mapping[str, str]
    ) -> None:
        """Decide on the columns, and make the expressions for them."""
        kinds, dialect = self._snapshot.begin(table, schema), self._snapshot.dialect
        chosen = [unit, *(others if others is not None else (column for column in kinds if column != unit))]
        for column in (*chosen, *rename):
            if column not in kinds:
                known = ", ".join(kinds)
                raise RosterError(f"the table {table!r} has no column {column!r}; it has {known}", where=self._where)
            if column in chosen and not dialect.takes(kinds[column]):
                said = f"the column {column!r} is neither text nor whole numbers, but {type(kinds[column]).__name__}"
                raise RosterError(f"{said}; leave it out, or make it text in a view", where=self._where)
        names = ["id", *(rename.get(column, column) for column in chosen[1:])]
        check_columns(names, False, f"{self._where}, columns")
        own = sa.table(
            quoted_name(table, True),
            *(sa.column(quoted_name(column, True), kinds[column]) for column in dict.fromkeys(chosen)),
            schema=None if schema is None else quoted_name(schema, True),
        ).alias("r")
        self._texts = {n: dialect.text(own.c[column], kinds[column]) for n, column in zip(names, chosen, strict=True)}
        self._own = own
        self._about = dialect.rows_about(own, table, schema)
        self._order = dialect.ordered(own.c[unit], kinds[unit])
        self._id_plain = self._order is own.c[unit]

    def _select(self) -> sa.Select[Any]:
        labelled = (text.label(f"c{place}") for place, text in enumerate(self._texts.values()))
        return sa.select(*labelled).select_from(self._own)

    def _as_id(self, unit_id: bytes) -> Text:
        sent = sa.literal(unit_id.decode("utf-8"), sa.TEXT)
        return sent if self._id_plain else self._snapshot.dialect.exact(sent)


def _paged(lines: Sequence[bytes], page_rows: int) -> Iterator[Page]:
    for start in range(0, len(lines), page_rows):
        page = lines[start : start + page_rows]
        yield Page(b"\n".join(page) + b"\n", page[0].partition(b"\t")[0])
