"""What a draw gave and what the inspections found: selections, teams and result codes (docs/spec, sections 4 to 6)."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Self

import attrs

from dblrandom.errors import InputError, PlanError
from dblrandom.model.json import Json, Reader, listed, placed, show, whole
from dblrandom.model.names import check_field, check_hex, check_id, check_name, check_names_distinct, check_task_id
from dblrandom.model.ratio import check_ratio, ratio_from_json, ratio_to_json

__all__ = ["ResultCode", "SelectedUnit", "Selection", "StratumSelection", "Team"]


class ResultCode(StrEnum):
    """What an inspection found; several may apply to one target."""

    NO_PROBLEM = "no-problem"
    NOT_PUBLISHED = "not-published"
    FALSE_PUBLICATION = "false-publication"
    NOT_REACHABLE = "not-reachable"
    CORRECTION_ORDERED = "correction-ordered"
    PENDING = "pending"
    REFUSED = "refused"
    NOT_IN_BUSINESS = "not-in-business"
    CLOSED = "closed"
    DEREGISTERED = "deregistered"

    @property
    def chinese(self) -> str:
        """The words in which results are published."""
        return _RESULTS[self]

    @classmethod
    def read(cls, text: object, where: str = "result code", *, error: type[InputError] = PlanError) -> ResultCode:
        """The code of a text: the code itself, or exactly its published words.

        Raises:
            PlanError: or ``error``, where it is neither.
        """
        for code in cls:
            if text in (code.value, code.chinese):
                return code
        known = ", ".join(f"{code.value} ({code.chinese})" for code in cls)
        raise error(f"{show(text)} is not one of {known}", where=where)


_RESULTS = {
    ResultCode.NO_PROBLEM: "未发现问题",
    ResultCode.NOT_PUBLISHED: "未按规定公示应当公示的信息",
    ResultCode.FALSE_PUBLICATION: "公示信息隐瞒真实情况弄虚作假",
    ResultCode.NOT_REACHABLE: "通过登记的住所无法联系",
    ResultCode.CORRECTION_ORDERED: "发现问题已责令改正",
    ResultCode.PENDING: "发现问题待后续处理",
    ResultCode.REFUSED: "不配合检查情节严重",
    ResultCode.NOT_IN_BUSINESS: "未发现开展本次抽查涉及的经营活动",
    ResultCode.CLOSED: "已关闭停业或正在组织清算",
    ResultCode.DEREGISTERED: "注销、吊销、撤销、迁出",
}


def _stratum(values: object, where: str) -> tuple[str, ...]:
    return tuple(check_field(value, f"{where}[{i}]") for i, value in enumerate(listed(values, where)))


def _probability(value: object, where: str) -> None:
    ratio = check_ratio(value, where)
    if ratio > 1:
        raise PlanError(f"{ratio} is over 1", where=where)


@attrs.frozen(kw_only=True)
class SelectedUnit:
    """A unit that was drawn, or that is a reserve.

    Attributes:
        id: of the roster's row.
        stratum: the values of the stratum columns, in the task's order.
        rank: from 1 in the order of tickets in its stratum; reserves follow on.
        ticket: 64 hexadecimal characters.
        probability: of being among the first drawn, n/N of its stratum.
        weight: units of the frame that it stands for, N/n; 0 where nobody of its stratum is drawn.

    Raises:
        PlanError: naming the member.
    """

    id: str
    stratum: tuple[str, ...]
    rank: int
    ticket: str
    probability: Fraction
    weight: Fraction

    def __attrs_post_init__(self) -> None:
        check_id(self.id, "unit.id")
        object.__setattr__(self, "stratum", _stratum(self.stratum, "unit.stratum"))
        whole(self.rank, "unit.rank", minimum=1)
        check_hex(self.ticket, 64, "unit.ticket")
        _probability(self.probability, "unit.probability")
        check_ratio(self.weight, "unit.weight")

    def to_json(self) -> dict[str, Json]:
        """``{"id", "stratum", "rank", "ticket", "probability", "weight"}``."""
        return {
            "id": self.id,
            "stratum": [*self.stratum],
            "rank": self.rank,
            "ticket": self.ticket,
            "probability": ratio_to_json(self.probability),
            "weight": ratio_to_json(self.weight),
        }

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a unit strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("id", "stratum", "rank", "ticket", "probability", "weight"))
        with placed(where, "unit"):
            return cls(
                id=reader.text("id"),
                stratum=reader.texts("stratum"),
                rank=reader.whole("rank", minimum=1),
                ticket=reader.text("ticket"),
                probability=ratio_from_json(reader.value("probability"), reader.at("probability")),
                weight=ratio_from_json(reader.value("weight"), reader.at("weight")),
            )


@attrs.frozen(kw_only=True)
class StratumSelection:
    """What was drawn in one stratum.

    Attributes:
        stratum: the values of the stratum columns; empty where a task has none.
        size: rows of the stratum, N.
        wanted: units that the quota asked for, before N and cap limit them.
        selected: in the order drawn.
        reserves: in the order in which they will be used.
        shortfall: units asked for that the stratum does not have.
        probability: n/N.

    Raises:
        PlanError: naming the member.
    """

    stratum: tuple[str, ...]
    size: int
    wanted: int
    selected: tuple[SelectedUnit, ...]
    reserves: tuple[SelectedUnit, ...]
    shortfall: int
    probability: Fraction

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "stratum", _stratum(self.stratum, "stratum.stratum"))
        for name in ("size", "wanted", "shortfall"):
            whole(getattr(self, name), f"stratum.{name}")
        for name in ("selected", "reserves"):
            units = listed(getattr(self, name), f"stratum.{name}")
            for index, unit in enumerate(units):
                if not isinstance(unit, SelectedUnit):
                    raise PlanError(f"{show(unit)} is not a unit", where=f"stratum.{name}[{index}]")
            object.__setattr__(self, name, units)
        if len(self.selected) + len(self.reserves) > self.size:
            raise PlanError(f"more units than the stratum's size of {self.size}", where="stratum.selected")
        _probability(self.probability, "stratum.probability")

    def to_json(self) -> dict[str, Json]:
        """``{"stratum", "size", "wanted", "selected", "reserves", "shortfall", "probability"}``."""
        return {
            "stratum": [*self.stratum],
            "size": self.size,
            "wanted": self.wanted,
            "selected": [unit.to_json() for unit in self.selected],
            "reserves": [unit.to_json() for unit in self.reserves],
            "shortfall": self.shortfall,
            "probability": ratio_to_json(self.probability),
        }

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a stratum strictly; a ``PlanError`` names the path."""
        members = ("stratum", "size", "wanted", "selected", "reserves", "shortfall", "probability")
        reader = Reader(value, where, members)
        selected = tuple(SelectedUnit.from_json(item, path) for item, path in reader.items("selected"))
        reserves = tuple(SelectedUnit.from_json(item, path) for item, path in reader.items("reserves"))
        with placed(where, "stratum"):
            return cls(
                stratum=reader.texts("stratum"),
                size=reader.whole("size"),
                wanted=reader.whole("wanted"),
                selected=selected,
                reserves=reserves,
                shortfall=reader.whole("shortfall"),
                probability=ratio_from_json(reader.value("probability"), reader.at("probability")),
            )


@attrs.frozen
class Selection:
    """What was drawn for one task, under which key, stratum by stratum.

    Raises:
        PlanError: naming the member.
    """

    task: str
    key: str
    strata: tuple[StratumSelection, ...]

    def __attrs_post_init__(self) -> None:
        check_task_id(self.task, "selection.task")
        check_hex(self.key, 32, "selection.key")
        strata = listed(self.strata, "selection.strata")
        for index, stratum in enumerate(strata):
            if not isinstance(stratum, StratumSelection):
                raise PlanError(f"{show(stratum)} is not a stratum", where=f"selection.strata[{index}]")
        object.__setattr__(self, "strata", strata)

    @property
    def selected(self) -> tuple[SelectedUnit, ...]:
        """The units drawn in all strata, in order."""
        return tuple(unit for stratum in self.strata for unit in stratum.selected)

    @property
    def reserves(self) -> tuple[SelectedUnit, ...]:
        """The reserves of all strata, in order."""
        return tuple(unit for stratum in self.strata for unit in stratum.reserves)

    def to_json(self) -> dict[str, Json]:
        """``{"task", "key", "strata"}``."""
        return {"task": self.task, "key": self.key, "strata": [stratum.to_json() for stratum in self.strata]}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a selection strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("task", "key", "strata"))
        strata = tuple(StratumSelection.from_json(item, path) for item, path in reader.items("strata"))
        with placed(where, "selection"):
            return cls(reader.text("task"), reader.text("key"), strata)


@attrs.frozen
class Team:
    """Who inspects one target.

    Attributes:
        target: the target's id.
        members: role and inspector's id, in the task's order of roles; ``None`` where nobody could be found.

    Raises:
        PlanError: naming the member; also where one person has two places.
    """

    target: str
    members: tuple[tuple[str, str | None], ...]

    def __attrs_post_init__(self) -> None:
        check_id(self.target, "team.target")
        members = []
        for index, member in enumerate(listed(self.members, "team.members")):
            where = f"team.members[{index}]"
            pair = listed(member, where)
            if len(pair) != 2:
                raise PlanError("is not a role and an inspector", where=where)
            check_name(pair[0], where)
            members.append((pair[0], None if pair[1] is None else check_id(pair[1], where)))
        check_names_distinct((role for role, _ in members), "team.members")
        found = [inspector for _, inspector in members if inspector is not None]
        if len(set(found)) != len(found):
            raise PlanError("one person has two places; a team's persons are different", where="team.members")
        object.__setattr__(self, "members", tuple(members))

    def member(self, role: str) -> str | None:
        """The inspector in a role, or ``None``.

        Raises:
            PlanError: where the team has no such role.
        """
        for name, inspector in self.members:
            if name == role:
                return inspector
        raise PlanError(f"there is no role {show(role)}", where=f'team of "{self.target}"')

    def to_json(self) -> dict[str, Json]:
        """``{"target", "members": [{"role", "inspector": id or null}]}``."""
        return {
            "target": self.target,
            "members": [{"role": role, "inspector": inspector} for role, inspector in self.members],
        }

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a team strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("target", "members"))
        members: list[tuple[str, str | None]] = []
        for item, path in reader.items("members"):
            member = Reader(item, path, ("role", "inspector"))
            empty = member.value("inspector") is None
            members.append((member.text("role"), None if empty else member.text("inspector")))
        with placed(where, "team"):
            return cls(reader.text("target"), tuple(members))
