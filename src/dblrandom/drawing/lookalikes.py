"""Rosters in which two values look the same and count as two (docs/spec, sections 2 and 4).

A firm in a stratum that only looks like its neighbours' is drawn with another probability than they are; one whose
field only looks like the filter's value is never drawn at all. Nobody would see either, so committing refuses both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from dblrandom.errors import PlanError
from dblrandom.model import Filter, Task
from dblrandom.model.json import show
from dblrandom.model.likeness import check_compared, likeness
from dblrandom.roster import RosterLike
from dblrandom.roster.roster import Roster
from dblrandom.sampling import Stratum

__all__ = ["check_filter_columns", "check_role_columns", "check_strata"]


def check_strata(task: Task, strata: Iterable[Stratum]) -> None:
    """Check that the values of a task's strata are seen, and that no two strata look the same.

    Raises:
        PlanError: naming the task and the values.
    """
    where = f"task {task.id!r}"
    known: dict[tuple[str, ...], Stratum] = {}
    for stratum in strata:
        for column, value in zip(task.strata, stratum, strict=True):
            check_compared(value, f"{where}, stratum column {column!r}")
        other = known.setdefault(tuple(map(likeness, stratum)), stratum)
        if other != stratum:
            raise PlanError(
                f"the strata {_shown(other)} and {_shown(stratum)} look the same; write them alike in the roster",
                where=where,
            )


def check_filter_columns(task: Task, roster: RosterLike) -> None:
    """Check that no value of the columns that the task's filter names looks like another that passes and it does not.

    Raises:
        PlanError: naming the column and the values.
    """
    where = f"task {task.id!r}"
    for column, values in _distinct(roster, [c for c in task.filter if c != "id"], where).items():
        _check_column(task.filter, column, values, where)


def check_role_columns(task: Task, columns: Sequence[str], rows: Collection[Sequence[str]]) -> None:
    """The same for the filters of the task's roles, over the rows of the inspectors' roster.

    Raises:
        PlanError: naming the role, the column and the values.
    """
    for role in task.team.roles:
        for column in role.filter:
            if column in columns and column != "id":
                place = list(columns).index(column)
                where = f"task {task.id!r}, role {role.name!r}"
                _check_column(role.filter, column, {row[place] for row in rows}, where)


def _check_column(wanted: Filter, column: str, values: Iterable[str], where: str) -> None:
    passing = {likeness(value): value for value in wanted[column]}
    for value in sorted(values):
        check_compared(value, f"{where}, column {column!r}")
        other = passing.get(likeness(value))
        if other is not None and value not in wanted[column]:
            raise PlanError(
                f"the values {show(other)}, which passes, and {show(value)}, which does not, look the same; "
                "write them alike in the roster",
                where=f"{where}, column {column!r}",
            )


def _distinct(roster: RosterLike, columns: Sequence[str], where: str) -> Mapping[str, Collection[str]]:
    """The values that occur in columns of a whole roster."""
    if not columns:
        return {}
    if isinstance(roster, Roster):
        places = [roster.columns.index(column) for column in columns]
        found: list[set[bytes]] = [set() for _ in columns]
        for line in roster.lines:
            fields = line.split(b"\t")
            for values, place in zip(found, places, strict=True):
                values.add(fields[place])
        return {column: {v.decode() for v in values} for column, values in zip(columns, found, strict=True)}
    # Its engine counts: one scan of a single column each, and only its values come back.
    frame = getattr(roster, "frame")  # noqa: B009 - see drawing.commitment.Framed
    return {column: {key[0] for key in frame({}, (column,), where=where).sizes()} for column in columns}


def _shown(stratum: Stratum) -> str:
    return " / ".join(map(show, stratum))
