"""Draws in a database: counting, and candidates below a bound, by queries that run where the rows are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from dblrandom.adapters.engines._sqlsnapshot import Snapshot
from dblrandom.adapters.engines.sqldialects import Text
from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.rows import row_line
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import Stratum

__all__ = ["SqlScan", "SqlSource"]

_STRATA = 5000
"""The strata whose bounds go into one query."""
_ROWS = 4096
"""The rows that are fetched at once."""


@frozen
class SqlSource:
    """Where the rows are: a snapshot, a table in it, and the text of each column of the roster."""

    snapshot: Snapshot
    table: sa.FromClause
    texts: Mapping[str, Text]

    def select(self, *what: Text) -> sa.Select[Any]:
        """A SELECT from the table."""
        return sa.select(*what).select_from(self.table)

    def exact(self, column: str) -> Text:
        """A column to be grouped and compared by bytes, empty where it is NULL."""
        return self.snapshot.dialect.exact(sa.func.coalesce(self.texts[column], sa.literal_column("''")))

    def listed(self, rows: Sequence[Sequence[str]], width: int, keys: int) -> sa.Subquery:
        """Rows of text, sent to the server as one parameter: a subquery with the columns ``v0`` and so on."""
        dialect = self.snapshot.dialect
        sent = sa.bindparam("rows", json.dumps(rows), type_=sa.Text, unique=True)
        names = (sa.column(name, sa.Text) for name in (*dialect.more, *(f"v{place}" for place in range(width))))
        return sa.text(dialect.values(width, keys)).bindparams(sent).columns(*names).subquery()


class SqlScan:
    """The rows of one task, by strata, counted and drawn from in the server."""

    def __init__(
        self, source: SqlSource, suite: Suite, keep: Mapping[str, Sequence[str]], strata: Sequence[str], where: str
    ) -> None:
        self._source, self._suite, self._keep, self._where = source, suite, keep, where
        self._snapshot, self._dialect = source.snapshot, source.snapshot.dialect
        self._strata = [source.exact(column).label(f"s{place}") for place, column in enumerate(strata)]

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`dblrandom.sampling.Scan.sizes`."""
        for column, values in self._keep.items():
            self._check_seen(column, values)
        found: dict[Stratum, int] = {}
        inner = self._filtered(self._source.select(*self._strata, sa.literal_column("1").label("one"))).subquery()
        keys = [inner.c[label.name] for label in self._strata]
        for row in self._snapshot.all(sa.select(*keys, sa.func.count(inner.c.one)).group_by(*keys)):
            *key, count = tuple(row)
            stratum = tuple(map(_decoded, key))
            if count:
                found[stratum] = found.get(stratum, 0) + count
        return found

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """See :meth:`dblrandom.sampling.Scan.below`."""
        if self._suite.name not in self._dialect.suites:
            yield from self._hashed_here(key, bounds)
            return
        strata = list(bounds)
        for start in range(0, len(strata), _STRATA):
            yield from self._hashed_there(key, {s: bounds[s] for s in strata[start : start + _STRATA]})

    def _hashed_there(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """Only the candidates travel."""
        dialect, unit_id, width = self._dialect, self._source.texts["id"], len(self._strata)
        ticket = dialect.ticket(self._suite, sa.literal(f"{key}:", sa.TEXT), unit_id)
        sent = self._source.listed([[*s, "" if b is None else b.hex()] for s, b in bounds.items()], width + 1, width)
        same, bound = dialect.same([label.element for label in self._strata], sent), sent.c[f"v{width}"]
        below = (bound == sa.literal_column("''")) | (ticket < dialect.bound(bound))
        statement = self._source.select(*self._strata, ticket.label("ticket"), unit_id.label("unit")).where(same, below)
        # A cursor where very many rows may come; without one, a server can use several cores.
        every = None in bounds.values()
        batches = self._streamed(statement) if every else iter([self._snapshot.all(self._filtered(statement))])
        for rows in batches:
            for *stratum, found, unit in rows:
                yield tuple(map(_decoded, stratum)), _digest(found) + unit.encode("utf-8")

    def _hashed_here(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """All rows that pass the filter travel, where the server does not know the suite or there is none."""
        nowhere = bytes(32)
        for rows in self._streamed(self._source.select(*self._strata, self._source.texts["id"].label("unit"))):
            hashed = candidates(self._suite, key, [row[-1].encode("utf-8") for row in rows])
            for row, found in zip(rows, hashed, strict=True):
                stratum = tuple(map(_decoded, row[:-1]))
                if (bound := bounds.get(stratum, nowhere)) is None or found[:32] < bound:
                    yield stratum, found

    def _streamed(self, statement: sa.Select[Any]) -> Iterator[Sequence[Sequence[Any]]]:
        return self._snapshot.stream(self._filtered(statement), _ROWS)

    def _filtered(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        for column, values in self._keep.items():
            statement = statement.where(self._among(column, values))
        return statement

    def _among(self, column: str, values: Sequence[str]) -> Text:
        sent = self._source.listed([[value] for value in dict.fromkeys(values) if _can_be_field(value)], 1, 1)
        return self._source.exact(column).in_(sa.select(self._dialect.exact(sent.c.v0)))

    def _check_seen(self, column: str, values: Sequence[str]) -> None:
        exact = self._source.exact(column)
        seen = self._snapshot.all(
            self._source.select(exact.label("seen")).where(self._among(column, values)).distinct()
        )
        unseen = set(values) - {_decoded(value) for (value,) in seen}
        if unseen:
            value = min(unseen, key=lambda text: text.encode("utf-8", "surrogatepass"))
            told = f"no row of the whole roster has {column} = {value!r}; mend the filter or the roster"
            raise PlanError(told, where=self._where)


def _decoded(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8")


def _digest(value: Any) -> bytes:
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value)


def _can_be_field(value: str) -> bool:
    """Whether any row could have this value; the others must not trouble the server."""
    try:
        row_line(("x", value), ("id", "value"))
    except RosterError:
        return False
    return True
