"""Ratios: two integers in lowest terms, never a float (docs/spec, section 1)."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from dblrandom.errors import InputError, PlanError
from dblrandom.model.json import LARGEST_INTEGER, Json, Reader, show

__all__ = ["check_ratio", "ratio_from_json", "ratio_to_json"]


def check_ratio(value: object, where: str, *, error: type[InputError] = PlanError) -> Fraction:
    """A fraction, zero or more, whose two integers a receipt can carry.

    Raises:
        PlanError: or ``error``, naming the value.
    """
    if not isinstance(value, Fraction):
        raise error(f"{show(value)} is not a ratio of two whole numbers", where=where)
    if value < 0:
        raise error("a ratio cannot be below zero", where=where)
    if max(value.numerator, value.denominator) > LARGEST_INTEGER:
        raise error(f"a ratio's whole numbers are at most {LARGEST_INTEGER}; choose a simpler ratio", where=where)
    return value


def ratio_to_json(ratio: Fraction) -> dict[str, Json]:
    """``{"numerator": 3, "denominator": 10}``."""
    return {"numerator": ratio.numerator, "denominator": ratio.denominator}


def ratio_from_json(value: object, where: str, *, error: type[InputError] = PlanError) -> Fraction:
    """Read a ratio, which must be in lowest terms: one value, one form.

    Raises:
        PlanError: or ``error``, naming the path.
    """
    reader = Reader(value, where, ("denominator", "numerator"), error=error)
    numerator = reader.whole("numerator")
    denominator = reader.whole("denominator", minimum=1)
    if gcd(numerator, denominator) != 1:
        lowest = Fraction(numerator, denominator)
        raise error(
            f"{numerator}/{denominator} is not in lowest terms; write {lowest.numerator}/{lowest.denominator}",
            where=where,
        )
    return Fraction(numerator, denominator)
