"""How many are drawn: ratio, count, cap, rounding and scope (docs/spec, section 4, point 3)."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import Self

import attrs

from dblrandom.errors import PlanError
from dblrandom.model.json import Json, Reader, choice, placed, whole
from dblrandom.model.names import check_text
from dblrandom.model.ratio import check_ratio, ratio_from_json, ratio_to_json

__all__ = ["Quota", "Rounding", "Scope"]


class Rounding(StrEnum):
    """How ``ratio * N`` becomes a whole number of units."""

    CEILING = "ceiling"
    FLOOR = "floor"
    HALF_UP = "half_up"


class Scope(StrEnum):
    """What the quota is a quota of.

    Plans that share a number among counties seldom say how; so a scope is always stated, never assumed.
    """

    FRAME = "frame"
    """The whole frame, which is one stratum."""
    STRATUM = "stratum"
    """Each stratum for itself."""
    TOTAL = "total"
    """One total over the frame, allocated to the strata in proportion to their size."""


@attrs.frozen(kw_only=True)
class Quota:
    """How many units of a stratum (or of the frame) are drawn.

    Attributes:
        ratio: share of the units, above 0 and at most 1; the number of units is ``max(round(ratio * N), count)``.
        count: least number of units, at least 1.
        cap: greatest number of units, at least 1 and not below ``count``.
        rounding: of ``ratio * N``.
        scope: what N is counted over.
        minimum: with ``Scope.TOTAL`` only: units that no stratum's share falls below (1 where it is not given).
        allow_zero: the reason for which a stratum may end with nobody drawn; without one that is refused.

    Raises:
        PlanError: naming the member and its value.
    """

    ratio: Fraction | None = None
    count: int | None = None
    cap: int | None = None
    rounding: Rounding = Rounding.CEILING
    scope: Scope
    minimum: int | None = None
    allow_zero: str | None = None

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "rounding", choice(self.rounding, Rounding, "quota.rounding"))
        object.__setattr__(self, "scope", choice(self.scope, Scope, "quota.scope"))
        self._check_terms()
        if self.minimum is not None:
            whole(self.minimum, "quota.minimum")
            if self.scope is not Scope.TOTAL:
                raise PlanError(f"a minimum needs the scope total, not {self.scope}", where="quota.minimum")
        if self.allow_zero is not None:
            check_text(self.allow_zero, "quota.allow_zero")

    def _check_terms(self) -> None:
        if self.ratio is None and self.count is None:
            raise PlanError("state a ratio, a count, or both", where="quota")
        if self.ratio is not None:
            check_ratio(self.ratio, "quota.ratio")
            if self.ratio == 0:
                raise PlanError("0 is not above 0", where="quota.ratio")
            if self.ratio > 1:
                raise PlanError(f"{self.ratio} is over 1", where="quota.ratio")
        if self.count is not None:
            whole(self.count, "quota.count", minimum=1)
        if self.cap is not None:
            whole(self.cap, "quota.cap", minimum=1)
            if self.count is not None and self.cap < self.count:
                raise PlanError(f"{self.cap} is below the count of {self.count}", where="quota.cap")

    def to_json(self) -> dict[str, Json]:
        """``{"ratio"?, "count"?, "cap"?, "rounding", "scope", "minimum"?, "allow_zero"?}``."""
        found: dict[str, Json] = {"rounding": self.rounding.value, "scope": self.scope.value}
        if self.ratio is not None:
            found["ratio"] = ratio_to_json(self.ratio)
        given: dict[str, Json] = {
            "count": self.count,
            "cap": self.cap,
            "minimum": self.minimum,
            "allow_zero": self.allow_zero,
        }
        found.update({name: value for name, value in given.items() if value is not None})
        return found

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a quota strictly.

        Raises:
            PlanError: naming the path.
        """
        reader = Reader(value, where, ("ratio", "count", "cap", "rounding", "scope", "minimum", "allow_zero"))
        ratio = ratio_from_json(reader.value("ratio"), reader.at("ratio")) if reader.has("ratio") else None
        terms = {name: reader.whole_or_none(name, minimum=1) for name in ("count", "cap")}
        rounding, scope = reader.choice("rounding", Rounding), reader.choice("scope", Scope)
        minimum, reason = reader.whole_or_none("minimum"), reader.text_or_none("allow_zero")
        with placed(where, "quota"):
            return cls(ratio=ratio, **terms, rounding=rounding, scope=scope, minimum=minimum, allow_zero=reason)
