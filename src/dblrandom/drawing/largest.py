"""The largest receipts that any seed can lead to (docs/spec, section 6, "What must be writable").

A receipt that is over the limits of section 1 cannot be written. Were that known only when the seed is, whoever set up
the plan could have seen to it that a draw fails if a certain firm comes up. So committing works out the worst case:
the strata are known, who is open does not depend on the seed, and of each stratum the targets with the longest entries
are taken. Nothing here is exponential: it is linear in rows, slots and recusals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING

import attrs

from dblrandom.assigning import Eligibility
from dblrandom.assigning.matching import largest_team
from dblrandom.drawing.pairbudget import check_pairs
from dblrandom.drawing.sizes import COMMA, Size, limits, text_size
from dblrandom.errors import EntropyError, PlanError
from dblrandom.kernel.canonical import MAX_BYTES
from dblrandom.kernel.rows import MAX_ID_BYTES, id_of
from dblrandom.model import LARGEST_INTEGER, Json, Source, Task
from dblrandom.roster import RosterLike
from dblrandom.roster.roster import Roster
from dblrandom.sampling import Allocation, Frame, MemoryFrame, Stratum

if TYPE_CHECKING:
    from dblrandom.drawing.commitment import Commitment

__all__ = ["WorstCase", "check_reveal_fits", "check_writable", "largest_substitution", "largest_task"]

_EVIDENCE = {"drand": (2048, 32), "hashchain": (0, 0), "nist": (32768, 128), "public": (8448, 4), "secret": (2048, 32)}
"""Bytes and values that the evidence of a kind takes at most."""
_OTHER_EVIDENCE = (65536, 4096)
_VALUE = 256
_NAME = "n" * 64
_HEX = "0" * 64


def check_reveal_fits(commitment: Commitment) -> None:
    """Check that a reveal can be written whatever the values are; needs no roster.

    Raises:
        EntropyError: there are too many sources.
    """
    found = Size.of({"seed": _HEX, "values": []})
    for source in commitment.sources:
        found += _revealed(source)
    _check("the reveal", found, limits(commitment), partial(EntropyError, where="sources"), "declare fewer sources")


def _revealed(source: Source) -> Size:
    entry: dict[str, Json] = {"evidence": 0, "kind": source.kind, "name": source.name, "value": "0" * _VALUE}
    return Size.of(entry) + Size(*_EVIDENCE.get(source.kind, _OTHER_EVIDENCE)) + COMMA


@attrs.frozen(kw_only=True)
class WorstCase:
    """One task before its draw: all that the size of its entry depends on."""

    task: Task
    frame: Frame
    counts: Mapping[Stratum, Allocation]
    shortfall: int
    eligibility: Eligibility
    roster: RosterLike
    lengths: Lengths = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "lengths", Lengths(self.task, self.frame, self.roster))

    @property
    def units(self) -> int:
        """How many targets are drawn."""
        return sum(count.units for count in self.counts.values())

    def check_numbers(self) -> None:
        """Check that every number of the task's entry can be written.

        Raises:
            PlanError: naming the task and the number.
        """
        numbers = {"shortfall": self.shortfall, "cap": _worst_cap(self.task, self.units)}
        numbers |= {f"wanted of stratum {'/'.join(s) or 'of all'}": c.wanted for s, c in self.counts.items()}
        for name, number in numbers.items():
            if number > LARGEST_INTEGER:
                problem = f"the {name} could be {number}, over {LARGEST_INTEGER}, which no receipt can carry"
                raise PlanError(f"{problem}; lower the plan's number", where=f"task {self.task.id!r}")


def check_writable(commitment: Commitment, tasks: Sequence[WorstCase]) -> Size:
    """Check that a draw can be worked out, and that it and every substitution can be written, whatever the seed is.

    Returns:
        What the body of the draw takes at most.

    Raises:
        PlanError: a number or a receipt could be too large under some seed, or too many slots have too many inspectors.
    """
    check_pairs((case.units, case.eligibility) for case in tasks)
    room = limits(commitment)
    for case in tasks:
        case.check_numbers()
        error = partial(PlanError, where=f"task {case.task.id!r}")
        _check("a substitution", largest_substitution(case), room, error, "draw fewer targets, or use shorter ids")
    found = _together(largest_task(case, plain=True) for case in tasks)
    if found.bytes > room.bytes or found.values > room.values:
        found = _together(largest_task(case) for case in tasks)
    advice = "draw fewer targets in one ceremony, or lift recusals that leave a target without a team"
    _check("the draw", found, room, partial(PlanError, where="plan"), advice)
    return found


def _together(tasks: Iterable[Size]) -> Size:
    found = Size.of({"tasks": []})
    for size in tasks:
        found += size + COMMA
    return found


def _check(what: str, found: Size, room: Size, error: Callable[[str], Exception], advice: str) -> None:
    for taken, most, unit in ((found.bytes, room.bytes, "bytes"), (found.values, room.values, "values")):
        if taken > most:
            raise error(
                f"{what} could take {taken} {unit} under some seed, and a receipt has room for {most}: "
                f"it could not be written; {advice}"
            )


def _worst_cap(task: Task, units: int) -> int:
    """Nobody has more targets than were drawn, so neither has the smallest cap."""
    if task.team.cap is not None:
        return max(task.team.cap, units)
    return units + (1 if task.team.slack is None else task.team.slack)


class Lengths:
    """How long the ids of a frame can be, as JSON has them; counted only where the plain bound is not enough."""

    plain = 2 * MAX_ID_BYTES + 2
    """What no id is over."""

    def __init__(self, task: Task, frame: Frame, roster: RosterLike) -> None:
        self._task, self._frame, self._roster = task, frame, roster
        self._of_roster: Counter[int] | None = None

    def ids(self) -> Mapping[Stratum, Sequence[bytes]] | None:
        """The ids of each stratum, where the rows are at hand."""
        return self._frame.ids() if isinstance(self._frame, MemoryFrame) else None

    def longest(self, count: int) -> list[tuple[int, int]]:
        """The lengths of the ``count`` longest ids of the whole roster, each with how often it is taken."""
        if self._of_roster is None:
            self._of_roster = _measured(self._roster)
        found = []
        for length in sorted(self._of_roster, reverse=True):
            taken = min(count, self._of_roster[length])
            count -= taken
            if taken:
                found.append((length, taken))
        return found

    def placed(self, ids: Iterable[bytes]) -> dict[Stratum, list[bytes]]:
        """Those of the ids that are in the frame, by stratum; for a roster whose rows stay elsewhere."""
        names = [unit_id.decode() for unit_id in ids]
        columns = dict.fromkeys((*self._task.filter, *self._task.strata))
        fields = {column: self._roster.values(names, column) for column in columns if column != "id"}
        found: dict[Stratum, list[bytes]] = {}
        for name in self._roster.known(names):
            row = {"id": name} | {column: values[name] for column, values in fields.items()}
            if all(row[column] in wanted for column, wanted in self._task.filter.items()):
                found.setdefault(tuple(row[c] for c in self._task.strata), []).append(name.encode())
        return found


def _measured(roster: RosterLike) -> Counter[int]:
    """How many ids of a roster have which length; one scan where its rows stay elsewhere."""
    found: Counter[int] = Counter()
    if isinstance(roster, Roster):
        found.update(text_size(id_of(line)) for line in roster.lines)
        return found
    for row in roster.records():
        found[text_size(row["id"].encode())] += 1
    return found


@attrs.frozen
class _Costs:
    """What one drawn target adds to a draw: ``fixed``, and its id ``times`` over; more where recusals name it."""

    fixed: Size
    times: int
    named: Mapping[bytes, tuple[Size, int]]

    def plain(self, id_size: int) -> Size:
        return self.fixed + Size(self.times * id_size, 0)

    def of(self, unit_id: bytes) -> Size:
        fixed, times = self.named.get(unit_id, (self.fixed, self.times))
        return fixed + Size(times * text_size(unit_id), 0)


def _costs(task: Task, eligibility: Eligibility) -> _Costs:
    roles = [role.name for role in task.team.roles]
    unfit = {role: _unfit(eligibility, role) for role in roles}

    def cost(target: str) -> tuple[Size, int]:
        masks = [eligibility.mask(target, role) for role in roles]
        found = Size(0, 0)
        for role, mask in zip(roles, masks, strict=True):
            slot: dict[str, Json] = {
                "eligible": mask.bit_count(),
                "recused": eligibility.recused(target, role),
                "role": role,
                "target": "",
            }
            # Without the two quotes, which the length of the id counts.
            found += Size.of(slot) + COMMA + Size(-2, 0)
        if largest_team(masks) == len(masks):
            return found, len(roles)
        found += Size.of({"slots": [], "target": ""}) + COMMA + Size(-2, 0)
        for role in roles:
            found += Size.of({"candidates": [], "role": role}) + COMMA + unfit[role]
            for inspector, recusal in eligibility.kept_out(target, role):
                found += Size.of({"inspector": inspector, "recusal": recusal}) + COMMA
        return found, len(roles) + 1

    fixed, times = cost("")
    return _Costs(fixed, times, {target.encode(): cost(target) for target in eligibility.named if roles})


def _unfit(eligibility: Eligibility, role: str) -> Size:
    """What the inspectors take who do not pass the role's filter, in the list of an open target."""
    found = Size(0, 0)
    for reason in eligibility.reasons("", role):
        found += Size.of({"column": reason.column, "inspector": reason.inspector}) + COMMA
    return found


def largest_task(case: WorstCase, *, plain: bool = False) -> Size:
    """What the task's entry in a draw takes at most; ``plain``: without looking at any id of a target."""
    costs, counts = _costs(case.task, case.eligibility), case.counts
    fixed = _fixed(case)
    if plain:
        named = (size + Size(times * case.lengths.plain, 0) for size, times in costs.named.values())
        return fixed + costs.plain(case.lengths.plain).times(case.units) + _more(named, case.units, costs)
    ids = case.lengths.ids()
    if ids is not None:
        return sum((_worst_of(costs, ids[s], counts[s].units) for s in ids), fixed)
    found = sum((costs.plain(length).times(taken) for length, taken in case.lengths.longest(case.units)), fixed)
    for stratum, names in case.lengths.placed(costs.named).items():
        found += _more((costs.of(name) for name in names), counts[stratum].units, costs)
    return found


def _more(sizes: Iterable[Size], count: int, costs: _Costs) -> Size:
    """What the ``count`` greatest of the sizes add to what is counted for as many ordinary targets."""
    less, kept = costs.plain(0), list(sizes)
    return Size(
        sum(nlargest(count, (max(0, size.bytes - less.bytes) for size in kept))),
        sum(nlargest(count, (max(0, size.values - less.values) for size in kept))),
    )


def _worst_of(costs: _Costs, ids: Sequence[bytes], count: int) -> Size:
    """What the ``count`` targets of one stratum with the longest entries take."""
    plain, times = costs.fixed, costs.times
    special = [costs.of(i) for i in ids if i in costs.named]
    ordinary = (plain.bytes + times * text_size(i) for i in ids if i not in costs.named)
    # Values do not depend on the length of an id.
    values = [size.values for size in special] + [plain.values] * min(count, len(ids) - len(special))
    return Size(sum(nlargest(count, (*(size.bytes for size in special), *ordinary))), sum(nlargest(count, values)))


def _fixed(case: WorstCase) -> Size:
    """The task's entry without slots and open targets."""
    task, sizes = case.task, case.frame.sizes()
    entry: dict[str, Json] = {
        "task": task.id,
        "keys": {"targets": "0" * 32, "inspectors": "0" * 32},
        "size": sum(sizes.values()),
        "shortfall": case.shortfall,
        "strata": [],
        "assignment": {"smallest_cap": LARGEST_INTEGER, "cap": LARGEST_INTEGER, "slots": [], "open": []},
        "rosters": [
            _manifest(f"{task.id}.selected", ("id", *task.strata, "rank", "status")),
            _manifest(f"{task.id}.teams", ("id", *(role.name for role in task.team.roles))),
        ],
    }
    if task.quota is not None:
        entry["quota"] = task.quota.to_json()
    found = Size.of(entry)
    for stratum, size in sizes.items():
        found += Size.of(_stratum(stratum, size, case.counts[stratum])) + COMMA
    return found


def _manifest(name: str, columns: Sequence[str]) -> Json:
    return {"columns": [*columns], "name": name, "page_rows": 256, "root": _HEX, "rows": LARGEST_INTEGER}


def _stratum(stratum: Stratum, size: int, count: Allocation) -> Json:
    return {
        "stratum": list(stratum),
        "size": size,
        "wanted": count.wanted,
        "selected": count.units,
        "reserves": size - count.units,
        "shortfall": count.shortfall,
        "probability": {"numerator": count.units, "denominator": size},
        "last_ticket": _HEX,
    }


def largest_substitution(case: WorstCase) -> Size:
    """What one substitution takes at most: an inspector has no more slots than targets, a target no more than roles."""
    task, roles = case.task, [role.name for role in case.task.team.roles]
    person = max([4, *(text_size(i.encode()) for i in case.eligibility.inspectors)])
    slot = Size.of({"cap_waived": False, "inspector": 0, "role": "", "target": 0}) + COMMA
    slot += Size(person + max(map(len, roles), default=0) - 2, 0)
    fixed = Size.of({"ground": _NAME, "replaced": {"inspector": 0}, "replacement": 0, "slots": [], "task": task.id})
    fixed += Size(case.lengths.plain + max(case.lengths.plain, person), 0)
    if not roles:
        return fixed
    most = max(case.units, len(roles))
    found = fixed + slot.times(most) + Size(most * case.lengths.plain, 0)
    if found.bytes < MAX_BYTES // 2:
        return found
    of_targets = sum(length * taken for length, taken in case.lengths.longest(case.units))
    of_one = sum(length for length, _ in case.lengths.longest(1)) * len(roles)
    return max(
        fixed + slot.times(case.units) + Size(of_targets, 0),
        fixed + slot.times(len(roles)) + Size(of_one, 0),
        key=lambda size: size.bytes,
    )
