"""An inspection plan: what is committed before the draw (docs/spec, sections 4 to 6)."""

from __future__ import annotations

from typing import Any, Self

import attrs

from dblrandom.errors import PlanError
from dblrandom.model.json import Json, Reader, listed, placed, show
from dblrandom.model.likeness import check_compared
from dblrandom.model.names import check_name, check_names_distinct, check_optional_text, check_text
from dblrandom.model.task import Task

__all__ = ["HEADER_TEXTS", "Plan"]

HEADER_TEXTS = ("title_en", "authority_en", "source", "recusals", "notice")
"""The header's members that may be left out."""

_NEEDED = ("name", "title", "authority", "period")


@attrs.frozen(kw_only=True)
class Plan:
    """A published plan: its header and its tasks.

    Attributes:
        name: short name, also of the ceremony if nothing else is said.
        title: the published title.
        authority: who published it.
        period: the time that the plan is for, such as ``2024``; a witness lets one commitment of it be open. Authority
            and period are compared, so both hold only characters that are seen and that Unicode 14.0 assigns.
        source: where it was published, or what it was read from.
        recusals: the recusals' roster.
        grounds: names of the lawful grounds for replacing a target or an inspector, such as ``not-found``.
        notice: what every reader must be told first, such as that the data are synthetic.
        tasks: at least one; ids distinct, by case too.

    Raises:
        PlanError: naming the member and its value.
    """

    name: str
    title: str
    title_en: str | None = None
    authority: str
    authority_en: str | None = None
    period: str
    source: str | None = None
    recusals: str | None = None
    grounds: tuple[str, ...] = ()
    notice: str | None = None
    tasks: tuple[Task, ...]

    def __attrs_post_init__(self) -> None:
        check_name(self.name, "plan.name")
        check_text(self.title, "plan.title")
        check_compared(check_text(self.authority, "plan.authority"), "plan.authority")
        check_compared(check_text(self.period, "plan.period", maximum=64), "plan.period")
        for name in HEADER_TEXTS:
            check_optional_text(getattr(self, name), f"plan.{name}")
        if self.recusals is not None:
            check_name(self.recusals, "plan.recusals")
        grounds = listed(self.grounds, "plan.grounds")
        names = tuple(check_name(ground, f"plan.grounds[{i}]") for i, ground in enumerate(grounds))
        check_names_distinct(names, "plan.grounds")
        object.__setattr__(self, "grounds", names)
        tasks = listed(self.tasks, "plan.tasks")
        for index, task in enumerate(tasks):
            if not isinstance(task, Task):
                raise PlanError(f"{show(task)} is not a task", where=f"plan.tasks[{index}]")
        if not tasks:
            raise PlanError("there is no task; a plan has at least one", where="plan.tasks")
        check_names_distinct((task.id for task in tasks), "plan.tasks")
        object.__setattr__(self, "tasks", tasks)

    def task(self, task_id: str) -> Task:
        """The task with that id.

        Raises:
            PlanError: where there is none.
        """
        for task in self.tasks:
            if task.id == task_id:
                return task
        known = ", ".join(task.id for task in self.tasks)
        raise PlanError(f"there is no task {show(task_id)}; there are {known}", where="plan")

    def header_json(self) -> dict[str, Json]:
        """The plan without its tasks: what a commitment carries as ``plan``."""
        found: dict[str, Json] = {name: getattr(self, name) for name in _NEEDED}
        found["grounds"] = [*self.grounds]
        found.update({name: getattr(self, name) for name in HEADER_TEXTS if getattr(self, name) is not None})
        return found

    def to_json(self) -> dict[str, Json]:
        """The header's members, and ``tasks``."""
        return {**self.header_json(), "tasks": [task.to_json() for task in self.tasks]}

    @classmethod
    def from_json(cls, header: object, tasks: object, where: str) -> Self:
        """Read a plan strictly from its header and its tasks, as a commitment carries them.

        Raises:
            PlanError: naming the path, such as ``plan.tasks[2].quota.count``.
        """
        items = enumerate(listed(tasks, f"{where}.tasks"))
        return cls.from_parts(header, [Task.from_json(item, f"{where}.tasks[{i}]") for i, item in items], where)

    @classmethod
    def from_parts(cls, header: object, tasks: list[Task], where: str) -> Self:
        """Read the header strictly and join it with tasks that are read already."""
        reader = Reader(header, where, (*_NEEDED, "grounds", *HEADER_TEXTS))
        found: dict[str, Any] = {name: reader.text(name) for name in _NEEDED}
        found |= {name: reader.text_or_none(name) for name in HEADER_TEXTS}
        with placed(where, "plan"):
            return cls(**found, grounds=reader.texts("grounds"), tasks=tuple(tasks))
