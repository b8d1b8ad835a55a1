"""Filters over roster columns, roles, and how a team of inspectors is made (docs/spec, sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Self

import attrs

from dblrandom.errors import PlanError
from dblrandom.model.json import Json, Reader, ReadOnly, at, listed, placed, show, whole
from dblrandom.model.likeness import check_compared
from dblrandom.model.names import RESERVED_COLUMNS, check_field, check_name, check_names_distinct, check_optional_text

__all__ = ["Filter", "Role", "TeamRule"]


class Filter(ReadOnly[tuple[str, ...]]):
    """A conjunction of ``column in {values}``; with no columns every row passes.

    The values of a column are kept in the order of their UTF-8 bytes. The empty text matches the empty field, and only
    where it is listed.

    Raises:
        PlanError: for a column without values, a value given twice, or one that no roster field can hold or that has
            characters that cannot be compared.
    """

    __slots__ = ()

    def __init__(self, members: Mapping[str, Iterable[str]] | None = None, where: str = "filter") -> None:
        if members is None:
            members = {}
        if not isinstance(members, Mapping):
            raise PlanError(f"{show(members)} is not a table of columns", where=where)
        checked: dict[str, tuple[str, ...]] = {}
        for column, given in members.items():
            check_name(column, where)
            path = at(where, column)
            values = [
                check_compared(check_field(value, f"{path}[{i}]"), f"{path}[{i}]")
                for i, value in enumerate(listed(given, path))
            ]
            if not values:
                raise PlanError(
                    "lists no value, so that no row could pass; list one or leave the column out", where=path
                )
            # Python orders text by code point, which for text without surrogates is the order of its UTF-8 bytes.
            checked[column] = tuple(sorted(set(values)))
            if len(checked[column]) != len(values):
                raise PlanError("lists a value twice", where=path)
        super().__init__(checked)

    def to_json(self) -> dict[str, Json]:
        """``{column: [values]}``."""
        return {column: [*values] for column, values in self.items()}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a filter strictly; a ``PlanError`` names the path."""
        if not isinstance(value, Mapping):
            raise PlanError(f"{show(value)} is not a table of columns", where=where)
        return cls(value, where)


def as_filter(value: object, where: str) -> Filter:
    """The filter itself, or one made of a mapping."""
    return value if isinstance(value, Filter) else Filter.from_json(value, where)


@attrs.frozen
class Role:
    """A place in a team: its name, and which inspectors may take it.

    Raises:
        PlanError: naming the member.
    """

    name: str
    filter: Filter = attrs.field(factory=Filter)

    def __attrs_post_init__(self) -> None:
        check_name(self.name, "role.name")
        if self.name in RESERVED_COLUMNS:
            raise PlanError(f"{self.name!r} is kept for a result's own column; choose another name", where="role.name")
        object.__setattr__(self, "filter", as_filter(self.filter, "role.filter"))

    def to_json(self) -> dict[str, Json]:
        """``{"name", "filter"}``."""
        return {"name": self.name, "filter": self.filter.to_json()}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a role strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("name", "filter"))
        name = reader.text("name")
        picked = Filter.from_json(reader.value("filter"), reader.at("filter"))
        with placed(where, "role"):
            return cls(name, picked)


@attrs.frozen(kw_only=True)
class TeamRule:
    """How each drawn target is staffed.

    Attributes:
        roster: name of the inspectors' roster.
        roles: one for each slot of a team; fewer than two only with a ``reason``.
        cap: greatest number of targets for one inspector, where the smallest feasible load is not above it.
        slack: how far the cap used lies above the smallest feasible load; 1 where neither it nor ``cap`` is given.
        reason: why a team has fewer than two persons.

    Raises:
        PlanError: naming the member.
    """

    roster: str
    roles: tuple[Role, ...]
    cap: int | None = None
    slack: int | None = None
    reason: str | None = None

    def __attrs_post_init__(self) -> None:
        check_name(self.roster, "team.roster")
        roles = listed(self.roles, "team.roles")
        for index, role in enumerate(roles):
            if not isinstance(role, Role):
                raise PlanError(f"{show(role)} is not a role", where=f"team.roles[{index}]")
        check_names_distinct((role.name for role in roles), "team.roles")
        object.__setattr__(self, "roles", roles)
        self._check_loads()
        check_optional_text(self.reason, "team.reason")
        if len(roles) < 2 and self.reason is None:
            raise PlanError(f"{len(roles)} of at least 2; name a second role, or give the reason", where="team.roles")
        if len(roles) >= 2 and self.reason is not None:
            raise PlanError("a reason belongs to a team of fewer than two; leave it out", where="team.reason")

    def _check_loads(self) -> None:
        if self.cap is not None:
            whole(self.cap, "team.cap", minimum=1)
            if self.slack is not None:
                raise PlanError("slack stands in place of a cap; give only one of them", where="team.slack")
        elif self.slack is None:
            object.__setattr__(self, "slack", 1)
        else:
            whole(self.slack, "team.slack")

    def to_json(self) -> dict[str, Json]:
        """``{"roster", "roles", "slack" or "cap", "reason"?}``."""
        found: dict[str, Json] = {"roster": self.roster, "roles": [role.to_json() for role in self.roles]}
        given: dict[str, Json] = {"cap": self.cap, "slack": self.slack, "reason": self.reason}
        found.update({name: value for name, value in given.items() if value is not None})
        return found

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a team rule strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("roster", "roles", "cap", "slack", "reason"))
        roster = reader.text("roster")
        roles = tuple(Role.from_json(item, path) for item, path in reader.items("roles"))
        cap, slack = reader.whole_or_none("cap", minimum=1), reader.whole_or_none("slack")
        if cap is None and slack is None:
            raise PlanError("is missing and must be stated, unless cap is", where=reader.at("slack"))
        with placed(where, "team"):
            return cls(roster=roster, roles=roles, cap=cap, slack=slack, reason=reader.text_or_none("reason"))
