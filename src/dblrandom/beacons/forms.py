"""How the outcome of a public event is written: a form, and the one text that an outcome has in it (docs/spec/public).

A form leaves no choice. Were there two ways to write one outcome, whoever writes it down could pick the one whose draw
he likes. It also bounds how many outcomes there can be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import comb, perm, prod
from typing import Protocol

import attrs

from dblrandom import limits
from dblrandom.errors import EntropyError
from dblrandom.model.json import show

__all__ = ["Form", "Part", "canonical_value"]

LONGEST_VALUE = limits.EVENT_VALUE
"""Characters of a public value (docs/spec, section 3)."""

_LONGEST_FORM = limits.EVENT_FORM
_LONGEST_WRITING = limits.EVENT_WRITING
_COUNT = r"([1-9][0-9]{0,2})"
_DIGITS = re.compile(rf"digits {_COUNT}")
_DICE = re.compile(rf"dice {_COUNT}")
_DECIMAL = re.compile(r"decimal ([1-9]) places")
_NUMBERS = re.compile(rf"(numbers )?{_COUNT} of (0|[1-9][0-9]{{0,8}})-([1-9][0-9]{{0,8}})( in order)?")
_ASCII_DIGITS = re.compile(r"[0-9]+")
_WHOLE = re.compile(r"[0-9]{1,18}")
_PRICE = re.compile(r"0*((?:0|[1-9][0-9]{0,11})\.[0-9]+)")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_APART = re.compile(r"[ \t\r\n,;+/|、]+")
_WORDS = re.compile(r"[A-Z0-9]+")
# Written out, so that it depends on no version of Unicode: the full-width forms of ASCII and the ideographic space.
_NARROW = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}


class Part(Protocol):
    """One part of a form; it takes a fixed number of words of what a person has written."""

    @property
    def words(self) -> int:
        """How many words it takes."""
        ...

    @property
    def count(self) -> int:
        """How many different outcomes it can have."""
        ...

    @property
    def longest(self) -> int:
        """The greatest number of characters of its canonical text."""
        ...

    def canonical(self, words: Sequence[str], where: str) -> str:
        """The text of one outcome; refuses words that are none."""
        ...


@attrs.frozen
class Digits:
    """So many decimal digits, written together, with all their zeros."""

    length: int
    words: int = attrs.field(default=1, init=False)

    @property
    def count(self) -> int:
        return int(10**self.length)

    @property
    def longest(self) -> int:
        return self.length

    def canonical(self, words: Sequence[str], where: str) -> str:
        if len(words[0]) != self.length or not _ASCII_DIGITS.fullmatch(words[0]):
            raise EntropyError(f"{show(words[0])} is not {self.length} digits", where=where)
        return words[0]


@attrs.frozen
class Decimal:
    """A decimal number with so many places, up to 12 digits before the point."""

    places: int
    words: int = attrs.field(default=1, init=False)

    @property
    def count(self) -> int:
        return int(10 ** (12 + self.places))

    @property
    def longest(self) -> int:
        return 13 + self.places

    def canonical(self, words: Sequence[str], where: str) -> str:
        found = _PRICE.fullmatch(words[0])
        if found is None or len(found[1].partition(".")[2]) != self.places:
            raise EntropyError(f"{show(words[0])} is not a number with {self.places} decimal places", where=where)
        return found[1]


@attrs.frozen
class Numbers:
    """So many whole numbers in a range: different ones, ascending or in the order drawn; or dice, as they fell."""

    words: int
    low: int
    high: int
    ordered: bool = False
    repeated: bool = False

    @property
    def count(self) -> int:
        range_ = self.high - self.low + 1
        if self.repeated:
            return int(range_**self.words)
        return perm(range_, self.words) if self.ordered else comb(range_, self.words)

    @property
    def longest(self) -> int:
        return self.words * (len(str(self.high)) + 1) - 1

    def canonical(self, words: Sequence[str], where: str) -> str:
        numbers = [int(word) if _WHOLE.fullmatch(word) else -1 for word in words]
        for word, number in zip(words, numbers, strict=True):
            if not self.low <= number <= self.high:
                raise EntropyError(f"{show(word)} is not a number from {self.low} to {self.high}", where=where)
            if not self.repeated and numbers.count(number) > 1:
                raise EntropyError(f"{number} is there twice; the numbers of this form are different", where=where)
        return " ".join(str(number) for number in (numbers if self.ordered else sorted(numbers)))


@attrs.frozen
class Form:
    """A form, read: its parts in order, or none for ``text``.

    Attributes:
        text: what was declared.
        parts: each part.
    """

    text: str
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: object, where: str) -> Form:
        """Read ``text``, or one or more of these, joined by comma and space.

        ``digits 5``, ``dice 10``, ``decimal 2 places``, ``numbers 6 of 1-33``, ``numbers 3 of 1-20 in order``; after
        ``numbers`` the word itself may be left out, as in ``numbers 6 of 1-33, 1 of 1-16``.

        Raises:
            EntropyError: it is none, or a value in it could have more than 256 characters.
        """
        if not isinstance(text, str) or len(text) > _LONGEST_FORM:
            raise EntropyError(f"{show(text)} is not a form of at most {_LONGEST_FORM} characters", where=where)
        if text == "text":
            return cls(text, ())
        parts: list[Part] = []
        for piece in text.split(", "):
            parts.append(_part(piece, bool(parts) and isinstance(parts[-1], Numbers), where))
        if sum(part.longest + 3 for part in parts) - 3 > LONGEST_VALUE:
            raise EntropyError(f"a value in it could have more than {LONGEST_VALUE} characters", where=where)
        return cls(text, tuple(parts))

    @property
    def count(self) -> int | None:
        """How many different outcomes can be written in it; ``None`` for ``text``, which does not say."""
        return prod(part.count for part in self.parts) if self.parts else None

    def admitted_by(self, value: str) -> int:
        """How many outcomes the form can have, given one of them: of a ``text``, all that are no longer than it."""
        return sum(36**length for length in range(1, len(value) + 1)) if self.count is None else self.count

    def canonical(self, writing: object, where: str) -> str:
        """The one text of the outcome that a person has written, or an error where that is not plain.

        Full-width characters, spaces, commas, plus signs and strokes between numbers do not matter; missing digits,
        places or numbers, and anything else that is not expected, do.

        Raises:
            EntropyError: saying what is not understood.
        """
        if not isinstance(writing, str) or len(writing) > _LONGEST_WRITING:
            raise EntropyError(f"{show(writing)} is not an outcome in writing", where=where)
        narrow = writing.translate(_NARROW)
        if not self.parts:
            return _as_text(narrow, where)
        if any(isinstance(part, Decimal) for part in self.parts):
            narrow = _THOUSANDS.sub("", narrow)
        words = [word for word in _APART.split(narrow) if word]
        wanted = sum(part.words for part in self.parts)
        if len(words) != wanted:
            raise EntropyError(f"has {len(words)} numbers where the form {self.text!r} has {wanted}", where=where)
        found = []
        for part in self.parts:
            found.append(part.canonical(words[: part.words], where))
            words = words[part.words :]
        return " / ".join(found)


def canonical_value(form: str, text: str) -> str:
    """The canonical text of an outcome that a person has written; see :class:`Form`.

    Raises:
        EntropyError: the form is none, or the outcome is not one of this form.
    """
    return Form.parse(form, "form").canonical(text, "value")


def _part(piece: str, after_numbers: bool, where: str) -> Part:
    if found := _DIGITS.fullmatch(piece):
        return Digits(int(found[1]))
    if found := _DICE.fullmatch(piece):
        return Numbers(int(found[1]), 1, 6, ordered=True, repeated=True)
    if found := _DECIMAL.fullmatch(piece):
        return Decimal(int(found[1]))
    found = _NUMBERS.fullmatch(piece)
    if found is None or not (found[1] or after_numbers):
        known = "'digits 5', 'dice 10', 'decimal 2 places', 'numbers 6 of 1-33', 'numbers 3 of 1-20 in order' or 'text'"
        raise EntropyError(f"{show(piece)} is not a form; use {known}", where=where)
    words, low, high = int(found[2]), int(found[3]), int(found[4])
    if high - low + 1 < words:
        raise EntropyError(f"{show(piece)} asks for more different numbers than there are", where=where)
    return Numbers(words, low, high, ordered=found[5] is not None)


def _as_text(writing: str, where: str) -> str:
    """Capital letters and digits only, as in RFC 3797: spaces and signs are where two writings of one text differ."""
    if not writing.isascii():
        raise EntropyError("has characters beyond ASCII, which have no one spelling; use another form", where=where)
    found = "".join(_WORDS.findall(writing.upper()))
    if not 1 <= len(found) <= LONGEST_VALUE:
        raise EntropyError(f"has {len(found)} letters and digits, not 1 to {LONGEST_VALUE}", where=where)
    return found
