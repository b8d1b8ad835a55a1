"""How a task stands after its draw: substitutions of targets and inspectors, by rule (docs/spec, section 6).

Nobody chooses a replacement. A target is followed by its stratum's next unused reserve, and an empty slot is filled by
the rule of :func:`dblrandom.assigning.fill`, so that the same request always has the same answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from dblrandom.assigning import Filled, Refill, Slot
from dblrandom.drawing.draw import Draw, TaskDraw
from dblrandom.drawing.pairbudget import RefillBudget
from dblrandom.errors import StepError
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json, Plan, ResultCode
from dblrandom.model.lookalike import alike_among, hint

__all__ = ["Standing", "apply_result", "apply_substitution", "outcomes_in", "standing_at_first", "tell_more"]


class Standing:
    """The targets and teams of one task as they stand now; ``budget`` is that of all tasks of the ceremony."""

    def __init__(
        self, suite: Suite, drawn: TaskDraw, grounds: Sequence[str], budget: RefillBudget | None = None
    ) -> None:
        self._suite = suite
        self._drawn = drawn
        self._grounds = tuple(grounds)
        self._budget = budget or RefillBudget()
        self._reserves = {s.stratum: deque(unit.id for unit in s.reserves) for s in drawn.selection.strata}
        self._stratum = {u.id: s.stratum for s in drawn.selection.strata for u in (*s.selected, *s.reserves)}
        self._roles = [role.name for role in drawn.task.team.roles]
        self.teams: dict[str, list[str | None]] = {t.target: [m for _, m in t.members] for t in drawn.teams}
        """The active targets, each with one member for each role, ``None`` where the slot is empty."""
        self.due: list[str] = [unit.id for unit in drawn.selected]
        """Every target that was ever drawn or called: the denominator, which nothing makes smaller."""
        self._ever = set(self.due)
        self._serves: dict[str, dict[Slot, None]] = {}
        for target, team in self.teams.items():
            for role, member in zip(self._roles, team, strict=True):
                if member is not None:
                    self._serves.setdefault(member, {})[Slot(target, role)] = None
        self._refill: Refill | None = None
        self.replaced_inspectors: set[str] = set()
        self.told: dict[str, tuple[str, ...]] = {}
        """The result codes of each target that has any."""

    def replace_target(self, target: str, ground: str) -> dict[str, Json]:
        """Replace a drawn target by its stratum's next reserve; returns the body of the substitution.

        Raises:
            StepError: it is not (or no longer) a drawn target, or the ground is not in the committed list.
        """
        self._check(ground)
        if target not in self.teams:
            raise self._refused(f"{target!r} is not a target that stands drawn{_hint(target, self.teams)}")
        waiting = self._reserves[self._stratum[target]]
        if waiting:
            self._budget.spend(self._roles, self._drawn.eligibility)
        replacement = waiting.popleft() if waiting else None
        for role, member in zip(self._roles, self.teams.pop(target), strict=True):
            if member is not None:
                self._leave(member, Slot(target, role))
        filled: list[Filled] = []
        if replacement is not None:
            self.due.append(replacement)
            self._ever.add(replacement)
            self.teams[replacement] = [None] * len(self._roles)
            filled = self._fill([Slot(replacement, role) for role in self._roles])
        return self._body({"target": target}, ground, replacement, filled)

    def replace_inspector(self, inspector: str, ground: str) -> dict[str, Json]:
        """Replace an inspector in all his slots of this task; returns the body of the substitution.

        Raises:
            StepError: he serves in no slot of the task, or the ground is not in the committed list.
        """
        self._check(ground)
        slots = list(self._serves.get(inspector, ()))
        if not slots:
            serving = dict.fromkeys(m for team in self.teams.values() for m in team if m is not None)
            raise self._refused(f"the inspector {inspector!r} serves in none of its slots{_hint(inspector, serving)}")
        self._budget.spend((slot.role for slot in slots), self._drawn.eligibility)
        self.replaced_inspectors.add(inspector)
        if self._refill is not None:
            self._refill.replace(inspector)
        for slot in slots:
            self.teams[slot.target][self._roles.index(slot.role)] = None
            self._leave(inspector, slot)
        return self._body({"inspector": inspector}, ground, None, self._fill(slots))

    def staff(self, target: str, ground: str) -> dict[str, Json]:
        """Fill the empty slots of a target, as far as anyone can; returns the body of the substitution.

        Raises:
            StepError: the target has no empty slot, or the ground is not in the committed list.
        """
        self._check(ground)
        empty = [r for r, member in zip(self._roles, self.teams.get(target, []), strict=False) if member is None]
        if not empty:
            raise self._refused(f"{target!r} is not a drawn target with an empty slot{_hint(target, self.teams)}")
        self._budget.spend(empty, self._drawn.eligibility)
        return self._body({"open": target}, ground, None, self._fill([Slot(target, role) for role in empty]))

    def tell(self, outcomes: Mapping[str, Sequence[str]]) -> None:
        """Record what inspections found, result codes by target.

        Raises:
            StepError: a target that was never drawn, a code twice, or a second result for a target whose first was
                not pending: nothing amends a result.
        """
        for target in outcomes:
            if target not in self._ever:
                raise self._refused(f"{target!r} was never drawn{_hint(target, self.due)}")
        tell_more(self.told, self._drawn.task.id, outcomes)

    def _check(self, ground: str) -> None:
        if ground not in self._grounds:
            raise self._refused(
                f"the ground {ground!r} is not in the committed list: {', '.join(self._grounds) or 'none'}"
            )

    def _refused(self, message: str) -> StepError:
        return StepError(f"task {self._drawn.task.id!r}: {message}")

    def _leave(self, inspector: str, slot: Slot) -> None:
        del self._serves[inspector][slot]
        if self._refill is not None:
            self._refill.free(inspector)

    def _fill(self, slots: Sequence[Slot]) -> list[Filled]:
        if self._refill is None:
            self._refill = Refill(
                self._suite,
                self._drawn.inspectors_key,
                self._drawn.eligibility,
                replaced=self.replaced_inspectors,
                loads={inspector: len(served) for inspector, served in self._serves.items()},
                cap=self._drawn.assignment.cap,
            )
        filled = self._refill.fill(slots, {s.target: {m for m in self.teams[s.target] if m is not None} for s in slots})
        for entry in filled:
            self.teams[entry.slot.target][self._roles.index(entry.slot.role)] = entry.inspector
            if entry.inspector is not None:
                self._serves.setdefault(entry.inspector, {})[entry.slot] = None
        return filled

    def _body(
        self, replaced: dict[str, Json], ground: str, replacement: str | None, filled: Iterable[Filled]
    ) -> dict[str, Json]:
        slots: list[Json] = [
            {"target": f.slot.target, "role": f.slot.role, "inspector": f.inspector, "cap_waived": f.cap_waived}
            for f in filled
        ]
        return {
            "task": self._drawn.task.id,
            "replaced": replaced,
            "ground": ground,
            "replacement": replacement,
            "slots": slots,
        }


def apply_substitution(standing: Mapping[str, Standing], body: Mapping[str, Json]) -> dict[str, Json]:
    """Carry out the request that a substitution's body makes; returns the body that the rule gives.

    Raises:
        StepError: the request is not lawful now.
    """
    task = str(body["task"])
    if task not in standing:
        raise StepError(f"there is no task {task!r} in the draw")
    replaced = body["replaced"]
    ground = str(body["ground"])
    if not isinstance(replaced, dict) or len(replaced) != 1:
        raise StepError("a substitution replaces one target, one inspector, or staffs one open target")
    ((what, name),) = replaced.items()
    act = {
        "target": standing[task].replace_target,
        "inspector": standing[task].replace_inspector,
        "open": standing[task].staff,
    }
    if what not in act:
        raise StepError(f"a substitution cannot replace a {what!r}")
    return act[what](str(name), ground)


def outcomes_in(body: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """The result codes of each target in a result's body.

    Raises:
        StepError: a target is named twice.
    """
    outcomes = cast("list[dict[str, Any]]", body["outcomes"])
    found = {str(outcome["id"]): tuple(outcome["codes"]) for outcome in outcomes}
    if len(found) != len(outcomes):
        raise StepError(f"task {body['task']!r}: a target is named twice")
    return found


def tell_more(told: dict[str, tuple[str, ...]], task: str, outcomes: Mapping[str, Sequence[str]]) -> None:
    """Add to the results of a task's targets; nothing amends a result.

    Raises:
        StepError: a code twice, or a second result for a target whose first was not pending; nothing was added.
    """
    for target, codes in outcomes.items():
        if len(set(codes)) != len(codes):
            raise StepError(f"task {task!r}: the outcome of {target!r} has a code twice")
        if ResultCode.PENDING not in told.get(target, (ResultCode.PENDING,)):
            raise StepError(f"task {task!r}: {target!r} has a result already, and it was not pending")
    told.update((target, tuple(codes)) for target, codes in outcomes.items())


def apply_result(standing: Mapping[str, Standing], body: Mapping[str, Json]) -> None:
    """Record the outcomes of a result's body.

    Raises:
        StepError: an unknown task, a target named twice, or what :meth:`Standing.tell` refuses.
    """
    task = str(body["task"])
    if task not in standing:
        raise StepError(f"there is no task {task!r} in the draw")
    standing[task].tell(outcomes_in(body))


def standing_at_first(suite: Suite, plan: Plan, draw: Draw) -> dict[str, Standing]:
    """How every task stands right after the draw."""
    budget = RefillBudget()
    return {task: Standing(suite, drawn, plan.grounds, budget) for task, drawn in draw.items()}


def _hint(unit_id: str, others: Iterable[str]) -> str:
    return hint(unit_id, alike_among(unit_id, others))
