"""What a draw receipt must be even where the rosters are not at hand (docs/spec, sections 4 to 7).

Keys follow from the seed, counts from the stated sizes, and the result rosters from the keys: all of that is checked
from the receipts and the result rosters alone. Only that the sizes are true, and that nobody with a lower ticket was
left out, takes the roster itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import cast

from dblrandom.assigning import Slot, slot_order
from dblrandom.drawing.commitment import Commitment
from dblrandom.drawing.lookalikes import check_strata
from dblrandom.errors import ReceiptError
from dblrandom.evidence.report import Notes
from dblrandom.kernel.entropy import draw_key
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Json, Task, ratio_to_json
from dblrandom.roster import Manifest, RosterLike
from dblrandom.sampling import Sampler, has_sampler, sampler_for, task_shortfall

__all__ = ["check_stated_draw", "difference"]

Entry = Mapping[str, Json]


def difference(stated: object, found: object, where: str) -> str | None:
    """Say where two JSON values first differ, or ``None``: ``stated`` is the receipt's, ``found`` is recomputed."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for name in sorted(stated.keys() | found.keys()):
            if name not in stated or name not in found:
                return f"{where}: the member {name!r} is {'missing' if name in found else 'too much'}"
            inner = difference(stated[name], found[name], f"{where}.{name}")
            if inner is not None:
                return inner
        return None
    if isinstance(stated, list) and isinstance(found, list):
        for index, (left, right) in enumerate(zip(stated, found, strict=False)):
            inner = difference(left, right, f"{where}[{index}]")
            if inner is not None:
                return inner
        if len(stated) != len(found):
            return f"{where}: the receipt has {len(stated)} entries, recomputed are {len(found)}"
        return None
    if type(stated) is type(found) and stated == found:
        return None
    return f"{where}: the receipt says {stated!r}, recomputed is {found!r}"


def check_stated_draw(
    commitment: Commitment,
    seed: str,
    body: Mapping[str, Json],
    given: Mapping[str, RosterLike],
    samplers: Sequence[Sampler],
    notes: Notes,
) -> None:
    """Check the body of a draw receipt as far as seed and result rosters reach.

    Raises:
        ReceiptError: naming the task and what is wrong with it.
    """
    entries = cast("list[Entry]", body["tasks"])
    if [entry["task"] for entry in entries] != [task.id for task in commitment.plan.tasks]:
        raise ReceiptError("its tasks are not those committed, in their order")
    for task, entry in zip(commitment.plan.tasks, entries, strict=True):
        where = f"task {task.id!r}"
        _check_keys(commitment.suite, seed, task, entry, where)
        _check_counts(task, entry, samplers, where)
        selected, teams = _check_manifests(task, entry, where)
        _check_selected(commitment.suite, task, entry, selected, given, notes)
        _check_teams(commitment.suite, task, entry, teams, given, notes)


def _same(stated: object, found: object, where: str) -> None:
    problem = difference(stated, found, where)
    if problem is not None:
        raise ReceiptError(problem)


def _check_keys(suite: Suite, seed: str, task: Task, entry: Entry, where: str) -> None:
    keys = {purpose: draw_key(suite, seed, task.id, purpose) for purpose in ("targets", "inspectors")}
    _same(entry["keys"], keys, f"{where}: keys")
    _same(entry.get("quota"), task.quota.to_json() if task.quota else None, f"{where}: quota")


def _check_counts(task: Task, entry: Entry, samplers: Sequence[Sampler], where: str) -> None:
    strata = cast("list[dict[str, Json]]", entry["strata"])
    sizes = {tuple(cast("list[str]", s["stratum"])): cast(int, s["size"]) for s in strata}
    ordered = sorted(sizes, key=lambda values: b"\t".join(v.encode() for v in values))
    if len(sizes) != len(strata) or list(sizes) != ordered or any(len(s) != len(task.strata) for s in sizes):
        raise ReceiptError("its strata are not distinct and in the order of their bytes", where=where)
    check_strata(task, sizes)
    _same(entry["size"], sum(sizes.values()), f"{where}: size")
    if not has_sampler(task, samplers):
        return
    allocated = sampler_for(task, samplers).allocate(task, sizes)
    _same(entry["shortfall"], task_shortfall(task, sizes, allocated), f"{where}: shortfall")
    for stratum, stated in zip(sizes, strata, strict=True):
        share = allocated[stratum]
        found: dict[str, Json] = {
            "wanted": share.wanted,
            "selected": share.units,
            "shortfall": share.shortfall,
            "reserves": min(task.reserves, sizes[stratum] - share.units),
            "probability": ratio_to_json(Fraction(share.units, sizes[stratum])),
        }
        _same({name: stated[name] for name in found}, found, f"{where}: stratum {'/'.join(stratum) or 'of all'}")


def _check_manifests(task: Task, entry: Entry, where: str) -> tuple[Manifest, Manifest]:
    stated = [Manifest.from_json(m, where) for m in cast("list[Json]", entry["rosters"])]
    strata = cast("list[dict[str, int]]", entry["strata"])
    drawn = sum(s["selected"] for s in strata)
    found = [(m.name, m.columns, m.page_rows, m.rows) for m in stated]
    roles = tuple(role.name for role in task.team.roles)
    expected = [
        (
            f"{task.id}.selected",
            ("id", *task.strata, "rank", "status"),
            256,
            drawn + sum(s["reserves"] for s in strata),
        ),
        (f"{task.id}.teams", ("id", *roles), 256, drawn),
    ]
    if found != expected:
        raise ReceiptError(f"its result rosters should be {expected}, and are {found}", where=where)
    return stated[0], stated[1]


def _given(manifest: Manifest, given: Mapping[str, RosterLike], notes: Notes) -> RosterLike | None:
    roster = given.get(manifest.name)
    if roster is None:
        notes.skipped("result roster", manifest.name, "it was not given")
    elif roster.manifest != manifest:
        raise ReceiptError("its rows are not those of the draw receipt", where=f"roster {manifest.name!r}")
    return roster


def _check_selected(
    suite: Suite, task: Task, entry: Entry, manifest: Manifest, given: Mapping[str, RosterLike], notes: Notes
) -> None:
    roster = _given(manifest, given, notes)
    if roster is None:
        return
    where = f"roster {roster.name!r}"
    key = str(cast("dict[str, Json]", entry["keys"])["targets"])
    groups: dict[tuple[str, ...], list[tuple[int, bytes, str]]] = {}
    for row in roster.records():
        rank = row["rank"]
        if not rank.isascii() or not rank.isdigit() or rank != str(int(rank[:12])):
            raise ReceiptError(f"the rank {rank!r} of {row['id']!r} is not a whole number", where=where)
        candidate = ticket(suite, key, row["id"].encode()) + row["id"].encode()
        groups.setdefault(tuple(row[c] for c in task.strata), []).append((int(rank), candidate, row["status"]))
    for stratum in cast("list[dict[str, Json]]", entry["strata"]):
        values = tuple(cast("list[str]", stratum["stratum"]))
        by_ticket = not task.sampler.startswith("x-")
        _check_ranks(
            sorted(groups.pop(values, [])), stratum, by_ticket, f"{where}, stratum {'/'.join(values) or 'of all'}"
        )
    if groups:
        raise ReceiptError(f"it has rows of strata that were not drawn: {sorted(groups)}", where=where)
    notes.passed(
        "result roster", roster.name, f"{manifest.rows} rows in the order of their tickets, root {manifest.root}"
    )


def _check_ranks(
    rows: Sequence[tuple[int, bytes, str]], stratum: Mapping[str, Json], by_ticket: bool, where: str
) -> None:
    selected, reserves = cast(int, stratum["selected"]), cast(int, stratum["reserves"])
    if [rank for rank, _, _ in rows] != list(range(1, selected + reserves + 1)):
        raise ReceiptError(f"its ranks are not 1 to {selected + reserves}", where=where)
    if [status for _, _, status in rows] != ["selected"] * selected + ["reserve"] * reserves:
        raise ReceiptError(f"it must have {selected} selected and then {reserves} reserves", where=where)
    candidates = [candidate for _, candidate, _ in rows]
    if by_ticket and candidates != sorted(candidates):
        raise ReceiptError("its ranks are not in the order of the tickets", where=where)
    last = candidates[selected - 1][:32].hex() if selected else None
    if stratum["last_ticket"] != last:
        raise ReceiptError(
            f"the last selected ticket is {last}, the receipt says {stratum['last_ticket']}", where=where
        )


def _check_teams(
    suite: Suite, task: Task, entry: Entry, manifest: Manifest, given: Mapping[str, RosterLike], notes: Notes
) -> None:
    roster = _given(manifest, given, notes)
    if roster is None:
        return
    assignment = cast("dict[str, Json]", entry["assignment"])
    selected = given.get(f"{task.id}.selected")
    if selected is not None:
        drawn = {row["id"] for row in selected.records() if row["status"] == "selected"}
        if drawn != {row["id"] for row in roster.records()}:
            raise ReceiptError("its targets are not the selected ones", where=f"roster {roster.name!r}")
    _check_slots(task, suite, entry, [row["id"] for row in roster.records()])
    open_targets = {str(o["target"]) for o in cast("list[Entry]", assignment["open"])}
    loads: dict[str, int] = {}
    for row in roster.records():
        team = [row[role.name] for role in task.team.roles if row[role.name]]
        where = f"roster {roster.name!r}, target {row['id']!r}"
        if len(set(team)) != len(team):
            raise ReceiptError("one person is on the team twice", where=where)
        if len(team) != (0 if row["id"] in open_targets else len(task.team.roles)):
            raise ReceiptError("its team is not complete, and it is not recorded as open", where=where)
        for person in team:
            loads[person] = loads.get(person, 0) + 1
    if max(loads.values(), default=0) > cast(int, assignment["cap"]):
        raise ReceiptError(f"somebody has more than {assignment['cap']} targets", where=f"roster {roster.name!r}")
    notes.passed(
        "result roster", roster.name, f"{manifest.rows} teams of different persons under the cap, root {manifest.root}"
    )


def _check_slots(task: Task, suite: Suite, entry: Entry, targets: Sequence[str]) -> None:
    """The slots follow from the targets and the key, and the cap in force from the smallest one and the task."""
    where = f"task {task.id!r}: assignment"
    assignment = cast("dict[str, Json]", entry["assignment"])
    key = str(cast("dict[str, Json]", entry["keys"])["inspectors"])
    slots = [Slot(target, role.name) for target in targets for role in task.team.roles]
    stated = [(slot["target"], slot["role"]) for slot in cast("list[Entry]", assignment["slots"])]
    if stated != [(slots[n].target, slots[n].role) for n in slot_order(suite, key, slots)]:
        raise ReceiptError("its slots are not those of the drawn targets in the order of their tickets", where=where)
    smallest = cast(int, assignment["smallest_cap"])
    slack = 1 if task.team.slack is None else task.team.slack
    used = max(task.team.cap, smallest) if task.team.cap is not None else smallest + slack
    staffed = len(cast("list[Json]", assignment["open"])) < len(targets) and bool(task.team.roles)
    if (smallest, assignment["cap"]) != ((smallest, used) if staffed else (0, 0)) or (staffed and not smallest):
        raise ReceiptError(f"its cap is {assignment['cap']}, which does not follow from {smallest}", where=where)
