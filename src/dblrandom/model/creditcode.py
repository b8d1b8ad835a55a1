"""The unified social credit code (统一社会信用代码) and its check character: GB 32100-2015.

A code has 18 characters of a 31-letter alphabet (digits and capital letters without I, O, S, V, Z): registering
department, kind of body, six digits of the administrative division, nine characters of the organisation, and the check
character over the 17 before it. A check character finds slips of the pen; it does not show that a code was ever given
out, and one that does not fit does not show the contrary: among the codes of the standard's early years there are
genuine ones whose check character is another. Warn of such a code, and never refuse a firm for it.
"""

from __future__ import annotations

import re
from operator import getitem

from dblrandom.errors import PlanError
from dblrandom.model.json import show

__all__ = ["ALPHABET", "check_character", "check_fits", "is_valid"]

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of a code, each at its value."""

_WEIGHED = tuple(
    {character: value * weight for value, character in enumerate(ALPHABET)}
    for weight in (*(pow(3, place, 31) for place in range(17)), 1)
)
_FIRST = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{9}}")


def check_character(first17: str) -> str:
    """The check character for the first 17: the weights are 3^i mod 31, and the weighted sum with it is 0 mod 31.

    Raises:
        PlanError: where these are not the first 17 characters of a code.
    """
    given: object = first17
    if not isinstance(given, str) or not _FIRST.fullmatch(given):
        raise PlanError(
            f"{show(first17)} is not 17 characters of a code; use digits and capitals without I, O, S, V, Z, "
            "and six digits for the division",
            where="credit code",
        )
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(first17))
    return ALPHABET[-total % 31]


def check_fits(code: str) -> bool:
    """Whether the check character of a text fits that is known to have the right form, as :func:`is_valid` finds it."""
    return sum(map(getitem, _WEIGHED, code)) % 31 == 0


def is_valid(code: str) -> bool:
    """Whether the text is 18 characters of the right form that end in the right check character.

    Some genuine codes of the standard's early years do not: take a ``False`` as a reason to look, not to refuse.
    """
    given: object = code
    if not isinstance(given, str) or len(given) != 18 or not _FIRST.fullmatch(given[:17]):
        return False
    return given[17] in ALPHABET and check_fits(given)
