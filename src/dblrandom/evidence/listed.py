"""One target against the result roster that the draw commits to (docs/spec, section 7).

Where the rows are not at hand, the last ticket is the organiser's word. But the draw's receipt also commits to the list
of those selected, and whoever is not on it with a ticket that had to be drawn has shown that the draw is forged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import attrs

from dblrandom.errors import RosterError, VerificationError
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Json, Task
from dblrandom.roster import Manifest, Roster, RosterLike

__all__ = ["Place", "check_listed", "result_roster"]


@attrs.frozen(kw_only=True)
class Place:
    """Where a target stands by its committed row: ``own`` is its ticket and ``last`` the stratum's last selected one.

    ``own`` is ``None`` where it is not in the frame.
    """

    id: str
    stratum: tuple[str, ...] = ()
    own: str | None = None
    last: str | None = None


def result_roster(
    suite: Suite, task: Task, entry: Mapping[str, Json], given: Mapping[str, RosterLike | bytes]
) -> RosterLike | None:
    """The list of those selected in a task, if it is among those given and is the one that the draw commits to.

    Raises:
        VerificationError: it is another than the draw names.
    """
    name = f"{task.id}.selected"
    data = given.get(name)
    if data is None:
        return None
    columns = ("id", *task.strata, "rank", "status")
    committed = Manifest.from_json(cast("Sequence[Json]", entry["rosters"])[0], name)
    try:
        found = Roster.from_file(suite, name, data, columns) if isinstance(data, bytes) else data
    except RosterError as error:
        raise VerificationError("draw", str(error), where=f"task {task.id!r}") from error
    if found.manifest != committed or found.columns != columns:
        raise VerificationError(
            "draw", f"{name} is not the result roster that the draw names", where=f"task {task.id!r}"
        )
    return found


def check_listed(suite: Suite, task: Task, entry: Mapping[str, Json], listed: RosterLike, place: Place) -> None:
    """Check that a target is listed exactly if its ticket had to be drawn, and its stratum as the draw says.

    Raises:
        VerificationError: naming the draw as forged, and what shows it.
    """
    rows = {row["id"]: row for row in listed.records()}
    mine = rows.get(place.id)
    if place.own is None:
        if mine is not None:
            raise _forged(task, f"{place.id!r} is among the drawn, and was not in the frame")
        return
    if mine is not None and tuple(mine[column] for column in task.strata) != place.stratum:
        raise _forged(task, f"{place.id!r} is drawn in another stratum than its own")
    if task.sampler.startswith("x-"):
        return
    status = None if mine is None else mine["status"]
    due = place.last is not None and place.own <= place.last
    if due and status != "selected":
        what = "a reserve only" if status else "not among the selected"
        raise _forged(task, f"the ticket of {place.id!r} is at or below the last ticket selected, and it is {what}")
    if status == "selected" and not due:
        raise _forged(
            task, f"the ticket of {place.id!r} is above the last ticket selected, and it is among the selected"
        )
    near = [row for row in rows.values() if tuple(row[column] for column in task.strata) == place.stratum]
    _check_stratum(suite, task, entry, near, place)


def _check_stratum(
    suite: Suite, task: Task, entry: Mapping[str, Json], near: Sequence[Mapping[str, str]], place: Place
) -> None:
    """The stratum's own rows: as many as the draw says, the last ticket among them, and no reserve out of turn."""
    strata = cast("list[dict[str, Json]]", entry["strata"])
    said = next(one for one in strata if one["stratum"] == list(place.stratum))
    key = str(cast("dict[str, Json]", entry["keys"])["targets"])
    tickets: dict[str, list[str]] = {"selected": [], "reserve": []}
    for row in near:
        tickets.setdefault(row["status"], []).append(ticket(suite, key, row["id"].encode()).hex())
    counts = {status: len(found) for status, found in tickets.items()}
    if counts != {"selected": said["selected"], "reserve": said["reserves"]}:
        raise _forged(task, "its result roster has not as many rows of this stratum as the draw says")
    if max(tickets["selected"], default=None) != place.last:
        raise _forged(task, "the last ticket selected is not that of anybody among the selected")
    reserves = tickets["reserve"]
    own = str(place.own)
    missing = own not in (*tickets["selected"], *reserves)
    if reserves and missing and own < max(reserves):
        raise _forged(task, f"{place.id!r} has a lower ticket than a reserve, and is not among the reserves")


def _forged(task: Task, problem: str) -> VerificationError:
    return VerificationError("draw", f"the draw is forged: {problem}", where=f"task {task.id!r}")
