"""The plan file: a plan as people write it, in TOML.

Top-level keys are the plan's header; each ``[[task]]`` is a task with the tables ``[task.quota]``, ``[task.window]``,
``[task.level]``, ``[task.filter]``, ``[task.team]``, ``[[task.team.role]]`` and ``[[task.legal_basis]]``. A ratio is
text: ``"30%"``, ``"2‰"``, ``"12.5%"`` or ``"3/10"``. What a task leaves out gets the value in which nothing is asked
for (no filter, no strata, no reserves, undirected); the quota's scope has no such value and is always stated.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import cast

from dblrandom.errors import PlanError
from dblrandom.model._tomlbudget import check_toml
from dblrandom.model.json import Json, Reader, at, listed, show
from dblrandom.model.plan import HEADER_TEXTS, Plan
from dblrandom.model.ratio import check_ratio, ratio_to_json
from dblrandom.model.task import TASK_LISTS, TASK_TEXTS, Task

__all__ = ["dumps", "loads", "parse_ratio", "ratio_text"]

_SHARE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?\s?([%‰])")
_PARTS = re.compile(r"([0-9]{1,16})\s?/\s?([0-9]{1,16})")
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")

_HEADER = ("name", "title", "authority", "period", "grounds", *HEADER_TEXTS)
_LINES = (
    *("id", "title", *TASK_TEXTS, *TASK_LISTS, "methods", "directed"),
    *("roster", "strata", "sampler", "reserves"),
)
_TASK = (*_LINES, "window", "level", "filter", "parameters", "quota", "team", "legal_basis")
_QUOTA = ("ratio", "count", "cap", "rounding", "scope", "minimum", "allow_zero")
_TEAM = ("roster", "role", "cap", "slack", "reason")


def parse_ratio(text: object, where: str) -> Fraction:
    """The ratio that ``30%``, ``2‰``, ``12.5%`` or ``3/10`` says, exactly.

    Raises:
        PlanError: for any other text.
    """
    if isinstance(text, str):
        # As Chinese input writes the sign; it can mean nothing else.
        text = text.replace("\uff05", "%")
        if found := _SHARE.fullmatch(text):
            digits, decimals = found[1], found[2] or ""
            per = 100 if found[3] == "%" else 1000
            return check_ratio(Fraction(int(digits + decimals), per * 10 ** len(decimals)), where)
        if (found := _PARTS.fullmatch(text)) and int(found[2]):
            return check_ratio(Fraction(int(found[1]), int(found[2])), where)
    raise PlanError(f'{show(text)} is not a ratio; write "30%", "2‰" or "3/10" in quotes', where=where)


def ratio_text(ratio: Fraction) -> str:
    """The shortest of the forms that ``parse_ratio`` reads: whole per cent, whole per mille, or a fraction."""
    for per, sign in ((100, "%"), (1000, "‰")):
        if per % ratio.denominator == 0:
            return f"{ratio.numerator * per // ratio.denominator}{sign}"
    return f"{ratio.numerator}/{ratio.denominator}"


def loads(text: str, where: str = "plan") -> Plan:
    """Read a plan file's text.

    Raises:
        PlanError: for TOML that cannot be read (with line and column), unknown or missing keys, and every rule of
            ``Plan`` and ``Task``, naming the task and the key.
    """
    given: object = text
    if not isinstance(given, str):
        raise PlanError(f"{show(given)} is not text", where=where)
    check_toml(given, where)
    try:
        found = tomllib.loads(given)
    except ValueError as error:
        raise PlanError(f"is not TOML: {error}", where=where) from None
    _table(found, where, (*_HEADER, "task"))
    header = {"grounds": [], **{key: value for key, value in found.items() if key != "task"}}
    before = "" if where == "plan" else f"{where}: "
    given_tasks = listed(found.get("task", []), f"{before}[[task]]")
    tasks = [_task(task, f'{before}task "{_label(task, number)}"') for number, task in enumerate(given_tasks, 1)]
    return Plan.from_parts(header, tasks, where)


def _label(task: object, number: int) -> str:
    name = task.get("id") if isinstance(task, dict) else None
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name) else f"#{number}"


def _table(value: object, where: str, known: tuple[str, ...]) -> dict[str, object]:
    return dict(Reader(value, where, known, kind="key").members())


def _part(table: dict[str, object], name: str, read: Callable[[object, str], object], where: str) -> None:
    if name in table:
        table[name] = read(table[name], at(where, name))


def _task(value: object, where: str) -> Task:
    task = {
        **{name: [] for name in (*TASK_LISTS, "methods", "strata", "legal_basis")},
        "directed": False,
        "reserves": 0,
        "filter": {},
        **_table(value, where, _TASK),
    }
    _part(task, "quota", _quota, where)
    _part(task, "window", _window, where)
    _part(task, "team", _team, where)
    task["legal_bases"] = task.pop("legal_basis")
    return Task.from_json(task, where)


def _quota(value: object, where: str) -> object:
    table = _table(value, where, _QUOTA)
    if "scope" not in table:
        hint = 'is missing; say what the quota is of: "frame", "stratum" or "total"'
        raise PlanError(hint, where=at(where, "scope"))
    _part(table, "ratio", lambda text, path: ratio_to_json(parse_ratio(text, path)), where)
    return {"rounding": "ceiling", **table}


def _window(value: object, where: str) -> object:
    table = _table(value, where, ("start", "end", "text"))
    for name in ("start", "end"):
        day = table.get(name)
        # TOML has dates of its own; a bare one means the same as one in quotes.
        if isinstance(day, date) and not isinstance(day, datetime):
            table[name] = day.isoformat()
    return table


def _team(value: object, where: str) -> object:
    table = _table(value, where, _TEAM)
    roles = listed(table.pop("role", []), at(where, "role"))
    table["roles"] = [
        {"filter": {}, **_table(role, f"{at(where, 'role')}[{index}]", ("name", "filter"))}
        for index, role in enumerate(roles)
    ]
    return table if "cap" in table else {"slack": 1, **table}


def dumps(plan: Plan) -> str:
    """The plan as a plan file; ``loads`` gives the same plan back."""
    lines = _pairs(plan.header_json(), _HEADER)
    for task in plan.tasks:
        lines += ["", "[[task]]", *_task_lines(task)]
    return "\n".join(lines) + "\n"


def _task_lines(task: Task) -> list[str]:
    found = task.to_json()
    lines = _pairs({name: value for name, value in found.items() if value != []}, _LINES)
    for name in ("window", "level", "filter", "parameters"):
        if name in found and not (name == "filter" and not task.filter):
            lines += ["", f"[task.{name}]", *_pairs(cast("dict[str, Json]", found[name]))]
    if task.quota is not None:
        quota = task.quota.to_json()
        if task.quota.ratio is not None:
            quota["ratio"] = ratio_text(task.quota.ratio)
        lines += [
            "",
            "[task.quota]",
            *_pairs(quota, _QUOTA),
        ]
    lines += ["", "[task.team]", *_pairs(task.team.to_json(), ("roster", "cap", "slack", "reason"))]
    for role in task.team.roles:
        lines += ["", "[[task.team.role]]", f"name = {_value(role.name)}"]
        if role.filter:
            lines.append(f"filter = {_value(role.filter.to_json())}")
    for basis in task.legal_bases:
        lines += ["", "[[task.legal_basis]]", *_pairs(basis.to_json())]
    return lines


def _pairs(table: Mapping[str, Json], order: tuple[str, ...] | None = None) -> list[str]:
    return [f"{_key(name)} = {_value(table[name])}" for name in order or table if name in table]


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    shown = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04X}" for c in shown) + '"'


def _value(value: Json) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    raise PlanError("null has no form in a plan file", where="plan")
