"""One task of a plan: whom to draw, how many, and who inspects (docs/spec, sections 4 and 5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

import attrs

from dblrandom.errors import PlanError
from dblrandom.model.json import Json, Reader, at, choice, freeze, listed, placed, show, thaw, whole
from dblrandom.model.names import (
    RESERVED_COLUMNS,
    check_name,
    check_names_distinct,
    check_optional_text,
    check_task_id,
    check_text,
)
from dblrandom.model.quota import Quota, Scope
from dblrandom.model.team import Filter, TeamRule, as_filter
from dblrandom.model.terms import InspectionMethod, LegalBasis, Level, Window

__all__ = ["SAMPLERS", "TASK_LISTS", "TASK_TEXTS", "Task"]

SAMPLERS = ("fixed-count", "percentage", "stratified")
"""The samplers of the specification; a third party's begins with ``x-``."""

_FOREIGN_SAMPLER = re.compile(r"x-[a-z0-9._-]{1,62}")

TASK_TEXTS = ("title_en", "department", "department_en", "domain", "domain_en", "remarks", "note")
"""The task's single descriptive texts, each of which may be left out."""
TASK_LISTS = ("items", "items_en", "targets", "targets_en")
"""The task's lists of descriptive texts."""
_PARTS: dict[str, Any] = {"filter": Filter, "team": TeamRule, "window": Window, "level": Level, "quota": Quota}
_NEEDED = ("id", "title", "roster", "sampler")
_MEMBERS = (
    *_NEEDED,
    *TASK_TEXTS,
    *TASK_LISTS,
    *_PARTS,
    "directed",
    "legal_bases",
    "methods",
    "parameters",
    "reserves",
    "strata",
)


def _all_of(kind: type, value: object, where: str) -> tuple[Any, ...]:
    values = listed(value, where)
    for index, item in enumerate(values):
        if not isinstance(item, kind):
            raise PlanError(f"{show(item)} is not a {kind.__name__}", where=f"{where}[{index}]")
    return values


def _one_of(kind: type, value: object, where: str) -> None:
    if not isinstance(value, kind):
        raise PlanError(f"{show(value)} is not a {kind.__name__}", where=where)


@attrs.frozen(kw_only=True)
class Task:
    """One line of a plan: whom to draw from which roster, how many, and who inspects.

    What decides the draw is ``id``, ``roster``, ``filter``, ``strata``, ``sampler``, ``parameters``, ``quota``,
    ``reserves`` and ``team``. The rest describes the task to the public; ``id`` and ``title`` are always there.

    Attributes:
        id: 1 to 55 of ``A-Z a-z 0-9 . _ -``.
        title: what is inspected, in the plan's words; ``title_en`` in English, and so on for the other pairs.
        department: the office that set the task.
        domain: field of the inspection (抽查领域).
        items: what is looked at (抽查事项).
        targets: the kinds of targets (检查对象).
        window: when the inspections are made.
        methods: the methods that the plan names.
        legal_bases: what the task rests on.
        level: who draws and who inspects (实施层级).
        remarks: the plan's remarks (备注).
        directed: whether the targets are chosen by a condition (定向) rather than among all (不定向).
        roster: the targets' roster.
        filter: which of its rows are the frame.
        strata: its columns whose values divide the frame, in order.
        sampler: ``fixed-count``, ``percentage``, ``stratified``, or ``x-...`` of a third party.
        parameters: of a third party's sampler: JSON without null, read-only; ``None`` otherwise.
        quota: how many; may be ``None`` for a third party's sampler only.
        reserves: units of each stratum that are drawn beyond the quota, to replace those that cannot be inspected.
        team: how each drawn target is staffed.
        note: what whoever entered the task has to say about its reading.

    Raises:
        PlanError: naming the task, the member and its value.
    """

    id: str
    title: str
    title_en: str | None = None
    department: str | None = None
    department_en: str | None = None
    domain: str | None = None
    domain_en: str | None = None
    items: tuple[str, ...] = ()
    items_en: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    targets_en: tuple[str, ...] = ()
    window: Window | None = None
    methods: tuple[InspectionMethod, ...] = ()
    legal_bases: tuple[LegalBasis, ...] = ()
    level: Level | None = None
    remarks: str | None = None
    directed: bool = False
    roster: str
    filter: Filter = attrs.field(factory=Filter)
    strata: tuple[str, ...] = ()
    sampler: str
    parameters: Mapping[str, Any] | None = None
    quota: Quota | None = None
    reserves: int = 0
    team: TeamRule
    note: str | None = None

    def __attrs_post_init__(self) -> None:
        path = partial(at, f'task "{check_task_id(self.id, "task.id")}"')
        self._check_description(path)
        self._check_frame(path)
        self._check_sampler(path)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_description(self, path: Callable[[str], str]) -> None:
        check_text(self.title, path("title"))
        for name in TASK_TEXTS:
            check_optional_text(getattr(self, name), path(name))
        for name in TASK_LISTS:
            texts = listed(getattr(self, name), path(name))
            self._set(name, tuple(check_text(text, f"{path(name)}[{i}]") for i, text in enumerate(texts)))
        methods = listed(self.methods, path("methods"))
        found = tuple(choice(method, InspectionMethod, f"{path('methods')}[{i}]") for i, method in enumerate(methods))
        check_names_distinct(found, path("methods"))
        self._set("methods", found)
        self._set("legal_bases", _all_of(LegalBasis, self.legal_bases, path("legal_bases")))
        if self.window is not None:
            _one_of(Window, self.window, path("window"))
        if self.level is not None:
            _one_of(Level, self.level, path("level"))
        _one_of(bool, self.directed, path("directed"))

    def _check_frame(self, path: Callable[[str], str]) -> None:
        check_name(self.roster, path("roster"))
        self._set("filter", as_filter(self.filter, path("filter")))
        strata = tuple(check_name(column, path("strata")) for column in listed(self.strata, path("strata")))
        check_names_distinct(strata, path("strata"))
        for column in strata:
            if column in RESERVED_COLUMNS:
                raise PlanError(
                    f"{column!r} cannot divide a frame; a result has such a column itself", where=path("strata")
                )
        self._set("strata", strata)
        whole(self.reserves, path("reserves"))
        _one_of(TeamRule, self.team, path("team"))
        if self.quota is not None:
            _one_of(Quota, self.quota, path("quota"))

    def _check_sampler(self, path: Callable[[str], str]) -> None:
        sampler: object = self.sampler
        if isinstance(sampler, str) and _FOREIGN_SAMPLER.fullmatch(sampler):
            if self.parameters is not None:
                if not isinstance(self.parameters, Mapping):
                    raise PlanError(f"{show(self.parameters)} is not a table of parameters", where=path("parameters"))
                self._set("parameters", freeze(self.parameters, path("parameters")))
            return
        if sampler not in SAMPLERS:
            raise PlanError(f"{show(sampler)} is not one of {', '.join(SAMPLERS)}, or x-...", where=path("sampler"))
        if self.parameters is not None:
            raise PlanError(f"the sampler {sampler} has none; leave them out", where=path("parameters"))
        if self.quota is None:
            raise PlanError(f"is missing; the sampler {sampler} needs one", where=path("quota"))
        if sampler == "stratified":
            self._check_stratified(self.quota, path)
        else:
            self._check_unstratified(self.quota, path)

    def _check_stratified(self, quota: Quota, path: Callable[[str], str]) -> None:
        if not self.strata:
            raise PlanError("is empty; name the columns that divide the frame", where=path("strata"))
        if quota.scope is Scope.FRAME:
            raise PlanError("frame does not suit stratified; choose stratum or total", where=path("quota.scope"))

    def _check_unstratified(self, quota: Quota, path: Callable[[str], str]) -> None:
        if self.strata:
            raise PlanError(f"the sampler {self.sampler} has one stratum; use stratified instead", where=path("strata"))
        if quota.scope is not Scope.FRAME:
            wrong = f"{quota.scope} does not suit the sampler {self.sampler}; choose frame, or the sampler stratified"
            raise PlanError(wrong, where=path("quota.scope"))
        if self.sampler == "fixed-count" and quota.ratio is not None:
            raise PlanError("fixed-count draws a count; use percentage for a ratio", where=path("quota.ratio"))
        if self.sampler == "fixed-count" and quota.count is None:
            raise PlanError("is missing; the sampler fixed-count needs one", where=path("quota.count"))
        if self.sampler == "percentage" and quota.ratio is None:
            raise PlanError("is missing; the sampler percentage needs one", where=path("quota.ratio"))

    def to_json(self) -> dict[str, Json]:
        """The task as a commitment carries it: lists and switches always, optional members where they are given."""
        found: dict[str, Json] = {
            "id": self.id,
            "title": self.title,
            "directed": self.directed,
            "roster": self.roster,
            "filter": self.filter.to_json(),
            "strata": [*self.strata],
            "sampler": self.sampler,
            "reserves": self.reserves,
            "team": self.team.to_json(),
            "methods": [method.value for method in self.methods],
            "legal_bases": [basis.to_json() for basis in self.legal_bases],
        }
        found.update({name: [*getattr(self, name)] for name in TASK_LISTS})
        found.update({name: getattr(self, name) for name in TASK_TEXTS if getattr(self, name) is not None})
        parts = {"window": self.window, "level": self.level, "quota": self.quota}
        found.update({name: part.to_json() for name, part in parts.items() if part is not None})
        if self.parameters is not None:
            found["parameters"] = thaw(self.parameters)
        return found

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a task strictly.

        Raises:
            PlanError: naming the path.
        """
        reader = Reader(value, where, _MEMBERS)
        found: dict[str, Any] = {name: reader.text(name) for name in _NEEDED}
        found |= {name: reader.text_or_none(name) for name in TASK_TEXTS}
        found |= {name: reader.texts(name) for name in (*TASK_LISTS, "strata")}
        found["methods"] = tuple(choice(item, InspectionMethod, path) for item, path in reader.items("methods"))
        found["legal_bases"] = tuple(LegalBasis.from_json(item, path) for item, path in reader.items("legal_bases"))
        found["directed"], found["reserves"] = reader.flag("directed"), reader.whole("reserves")
        for name, part in _PARTS.items():
            if reader.has(name) or name in ("filter", "team"):
                found[name] = part.from_json(reader.value(name), reader.at(name))
        if reader.has("parameters"):
            found["parameters"] = reader.value("parameters")
            _one_of(Mapping, found["parameters"], reader.at("parameters"))
        check_task_id(found["id"], reader.at("id"))
        with placed(where, f'task "{found["id"]}"'):
            return cls(**found)
