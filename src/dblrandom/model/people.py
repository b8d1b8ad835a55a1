"""Inspectors and recusals (回避), as typed values from which rosters are made (docs/spec, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Self

import attrs

from dblrandom.errors import PlanError
from dblrandom.model.json import Json, Reader, ReadOnly, at, choice, placed, show
from dblrandom.model.names import BLIND, check_date, check_field, check_id, check_name
from dblrandom.model.population import Population
from dblrandom.model.terms import AdministrativeLevel

__all__ = [
    "RECUSAL_COLUMNS",
    "Inspector",
    "Recusal",
    "RecusalGround",
    "RecusalOrigin",
    "inspector_population",
    "recusal_population",
]

_INSPECTOR_COLUMNS = ("id", "unit", "level", "post", "certificate")

RECUSAL_COLUMNS = ("id", "inspector", "target", "ground", "approver")
"""The columns of the roster of recusals (a confidential one has ``blind`` after them)."""


@attrs.frozen(kw_only=True)
class Inspector:
    """A person who may be drawn to inspect.

    Attributes:
        id: a job number; a pseudonymous one keeps the person unknown until the visit.
        unit: the office that the person belongs to.
        level: the level of that office.
        post: what the person can be drawn as, such as ``leader`` or ``accountant``.
        certificate: number of the law-enforcement certificate (执法证), or ``None``.
        certificate_until: the last day on which it is valid, ``YYYY-MM-DD``; ``None`` where it does not end.
        extra: further columns and their fields; read-only.

    Raises:
        PlanError: naming the member.
    """

    id: str
    unit: str
    level: AdministrativeLevel
    post: str
    certificate: str | None = None
    certificate_until: str | None = None
    extra: Mapping[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        check_id(self.id, "inspector.id")
        check_field(self.unit, "inspector.unit")
        object.__setattr__(self, "level", choice(self.level, AdministrativeLevel, "inspector.level"))
        check_field(self.post, "inspector.post")
        if self.certificate is not None:
            check_field(self.certificate, "inspector.certificate")
        if self.certificate_until is not None:
            check_date(self.certificate_until, "inspector.certificate_until")
            if self.certificate is None:
                raise PlanError("has an end, but there is no certificate", where="inspector.certificate_until")
        if not isinstance(self.extra, Mapping):
            raise PlanError(f"{show(self.extra)} is not a table of columns", where="inspector.extra")
        for column, field in self.extra.items():
            if check_name(column, "inspector.extra") in (*_INSPECTOR_COLUMNS, BLIND):
                raise PlanError(f"{column!r} is not an extra column", where="inspector.extra")
            check_field(field, at("inspector.extra", column))
        object.__setattr__(self, "extra", ReadOnly(self.extra))

    def standing(self, on: str) -> str:
        """``valid``, ``expired`` or ``none``: the certificate on that day (``YYYY-MM-DD``)."""
        check_date(on, "on")
        if self.certificate is None:
            return "none"
        return "expired" if self.certificate_until is not None and self.certificate_until < on else "valid"

    def row(self, on: str) -> dict[str, str]:
        """The roster's row as of a day: id, unit, level, post, certificate, and the extra columns.

        ``certificate`` is the certificate's standing, which a role's filter can ask for; its number would only disclose
        the person.
        """
        own = (self.id, self.unit, self.level.value, self.post, self.standing(on))
        return {**dict(zip(_INSPECTOR_COLUMNS, own, strict=True)), **self.extra}

    def to_json(self) -> dict[str, Json]:
        """``{"id", "unit", "level", "post", "certificate"?, "certificate_until"?, "extra"}``."""
        found: dict[str, Json] = {"id": self.id, "unit": self.unit, "level": self.level.value, "post": self.post}
        for name in ("certificate", "certificate_until"):
            if getattr(self, name) is not None:
                found[name] = getattr(self, name)
        found["extra"] = dict(self.extra)
        return found

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read an inspector strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("id", "unit", "level", "post", "certificate", "certificate_until", "extra"))
        extra = reader.value("extra")
        if not isinstance(extra, Mapping):
            raise PlanError(f"{show(extra)} is not a table of columns", where=reader.at("extra"))
        with placed(where, "inspector"):
            return cls(
                id=reader.text("id"),
                unit=reader.text("unit"),
                level=reader.choice("level", AdministrativeLevel),
                post=reader.text("post"),
                certificate=reader.text_or_none("certificate"),
                certificate_until=reader.text_or_none("certificate_until"),
                extra=extra,
            )


def inspector_population(
    inspectors: Iterable[Inspector], on: str, name: str = "inspectors", *, confidential: bool = False
) -> Population:
    """The inspectors as of a day; all must have the same extra columns.

    Raises:
        PlanError: naming the inspector whose columns differ.
    """
    rows: list[dict[str, str]] = []
    columns: tuple[str, ...] = _INSPECTOR_COLUMNS
    for inspector in inspectors:
        row = inspector.row(on)
        if not rows:
            columns = tuple(row)
        elif row.keys() != set(columns):
            raise PlanError("has other extra columns than the first", where=f'inspector "{inspector.id}"')
        rows.append(row)
    return Population.from_dicts(name, columns, rows, confidential=confidential)


class RecusalGround(StrEnum):
    """Why a person must not inspect a target."""

    PARTY = "party"
    """Is a party to the matter."""
    NEAR_RELATIVE = "near-relative"
    """Is a near relative of a party."""
    OWN_INTEREST = "own-interest"
    """Has an interest in the matter."""
    RELATIVE_INTEREST = "relative-interest"
    """Has a near relative with an interest in the matter."""
    OTHER_TIE = "other-tie"
    """Has another tie that may affect fairness."""


class RecusalOrigin(StrEnum):
    """How a recusal came about."""

    DECLARED = "declared"
    """The inspector declared it."""
    REQUESTED = "requested"
    """The target or another party asked for it."""
    ORDERED = "ordered"
    """A superior ordered it."""


@attrs.frozen(kw_only=True)
class Recusal:
    """A pair of inspector and target that must not meet.

    Attributes:
        id: of the recusal; it is what an open target's record cites.
        inspector: the inspector's id.
        target: the target's id.
        ground: why.
        origin: how it came about.
        approver: who approved it; never the inspector himself, who could else steer himself.

    Raises:
        PlanError: naming the member.
    """

    id: str
    inspector: str
    target: str
    ground: RecusalGround
    origin: RecusalOrigin
    approver: str

    def __attrs_post_init__(self) -> None:
        for name in ("id", "inspector", "target", "approver"):
            check_id(getattr(self, name), f"recusal.{name}")
        object.__setattr__(self, "ground", choice(self.ground, RecusalGround, "recusal.ground"))
        object.__setattr__(self, "origin", choice(self.origin, RecusalOrigin, "recusal.origin"))
        if self.approver == self.inspector:
            raise PlanError(f"{show(self.approver)} is the inspector; name another", where="recusal.approver")

    def row(self) -> dict[str, str]:
        """The roster's row; its ``ground`` is ``<ground>:<origin>``."""
        own = (self.id, self.inspector, self.target, f"{self.ground}:{self.origin}", self.approver)
        return dict(zip(RECUSAL_COLUMNS, own, strict=True))

    def to_json(self) -> dict[str, Json]:
        """``{"id", "inspector", "target", "ground", "origin", "approver"}``."""
        return {**self.row(), "ground": self.ground.value, "origin": self.origin.value}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a recusal strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, (*RECUSAL_COLUMNS, "origin"))
        with placed(where, "recusal"):
            return cls(
                id=reader.text("id"),
                inspector=reader.text("inspector"),
                target=reader.text("target"),
                ground=reader.choice("ground", RecusalGround),
                origin=reader.choice("origin", RecusalOrigin),
                approver=reader.text("approver"),
            )


def recusal_population(
    recusals: Iterable[Recusal], name: str = "recusals", *, confidential: bool = False
) -> Population:
    """The recusals as a population with the columns id, inspector, target, ground, approver."""
    rows = (recusal.row() for recusal in recusals)
    return Population.from_dicts(name, RECUSAL_COLUMNS, rows, confidential=confidential)
