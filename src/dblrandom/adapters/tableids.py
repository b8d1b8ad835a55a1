"""All ids of a table together: rounded numbers, lost zeros, ids unlike the others, check characters, look-alikes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dblrandom.adapters.tablereport import Collector
from dblrandom.model.creditcode import check_fits, is_valid
from dblrandom.model.json import show
from dblrandom.model.lookalike import difference, looks, looks_of_plain

__all__ = ["Seen", "check_ids", "pair"]

Place = Callable[[int], Mapping[str, Any]]
"""The place of a row's id, by its number among the rows, as a finding has it."""

_DIGITS_OF_A_SPREADSHEET = 15
_DIGITS_OF_A_DOUBLE = 309
_SAMPLE = 500
_DIGIT = re.compile(r"\d")
_SHAPE = re.compile("[1-9A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


class Seen:
    """The ids so far, by what they look like."""

    def __init__(self) -> None:
        self._by_look: dict[str, int] = {}
        # Only ids that look like another and are not the first of their look stand here.
        self._others: dict[str, int] = {}
        self.ids: list[str] = []

    def add(self, ids: Sequence[str]) -> list[tuple[int, int]]:
        """Take further ids; of those that equal or look like another, the pair of their numbers, the earlier first.

        An equal one comes before one that looks alike.
        """
        start = len(self.ids)
        self.ids += ids
        plain = looks_of_plain(ids)
        if plain is not None:
            fresh = dict(zip(plain, range(start, start + len(ids)), strict=True))
            if len(fresh) == len(ids) and self._by_look.keys().isdisjoint(fresh):
                self._by_look.update(fresh)
                return []
        found = []
        for at, unit_id in enumerate(ids, start):
            keys = looks(unit_id)
            others = [self._by_look[key] for key in keys if key in self._by_look]
            equal = next((other for other in others if self.ids[other] == unit_id), self._others.get(unit_id))
            if equal is not None:
                found.append((equal, at))
            elif others:
                found.append((min(others), at))
                self._others[unit_id] = at
            for key in keys:
                self._by_look.setdefault(key, at)
        return found


def pair(ids: Sequence[str], rows: Sequence[tuple[str, ...]], first: int, second: int, line: int) -> tuple[str, str]:
    """The kind of two ids that are the same or look alike, with a remark; ``line`` is that of the first."""
    one, other = ids[first], ids[second]
    if one != other:
        how = difference(one, other)
        return "lookalike-ids", f"the id {other!a} looks like {one!a} on line {line} ({how}); find out which is meant"
    if rows[first] == rows[second]:
        return "identical-row", f"the id {show(one)} is on line {line} too, with the same fields; remove the repetition"
    if not _could_be_rounded(one) or not _short(int(one)):
        if re.fullmatch(r".*\d[eE]\+?\d+", one):
            return "duplicate-id", _rounded_pair(one, line)
        remark = f"the id {show(one)} is on line {line} too, with other fields; find out the right id of each row"
        return "duplicate-id", remark
    return "duplicate-id", _rounded_pair(one, line)


def _could_be_rounded(text: str) -> bool:
    """Whether it is a whole number in plain digits that a spreadsheet could hold, and not to the last digit."""
    return text.isascii() and text.isdigit() and _DIGITS_OF_A_SPREADSHEET < len(text) <= _DIGITS_OF_A_DOUBLE


def _rounded_pair(unit_id: str, line: int) -> str:
    return (
        f"the id {show(unit_id)} is on line {line} too, because a spreadsheet rounded both; keep both rows, format the "
        "column as text and export again"
    )


def check_ids(ids: Sequence[str], place: Place, collector: Collector) -> None:
    """Notice what only all ids together show."""
    numbers = [at for at, unit_id in enumerate(ids) if unit_id.isdigit() and unit_id.isascii()]
    _rounded(ids, numbers, place, collector)
    _lengths(ids, numbers, place, collector)
    _odd(ids, place, collector)
    _codes(ids, place, collector)


def _rounded(ids: Sequence[str], numbers: Sequence[int], place: Place, collector: Collector) -> None:
    long = [at for at in numbers if len(ids[at]) > _DIGITS_OF_A_SPREADSHEET and ids[at][0] != "0"]
    fifteen = {at for at in long if not ids[at][_DIGITS_OF_A_SPREADSHEET:].strip("0")}
    expected = sum(10.0 ** (_DIGITS_OF_A_SPREADSHEET - len(ids[at])) for at in long)
    likely = len(fifteen) > 2 * expected
    # Other programs keep 16 or 17 digits: every number that they leave is one that a double can hold.
    wide = [at for at in long if len(ids[at]) >= 18 and _could_be_rounded(ids[at])]
    doubles = {at for at in wide if _short(int(ids[at]))}
    all_doubles = len(doubles) >= 2 and len(doubles) * 2 > len(wide)
    # A check that does not fit says something only where most do.
    checked = [_fits(ids[at]) for at in long[:_SAMPLE]]
    telling = sum(checked) * 2 > len(checked)
    for at in sorted(fifteen | doubles):
        text = ids[at]
        unfit = telling and not _fits(text)
        if at in fifteen and (likely or unfit or all_doubles):
            what = f"{show(text)} has zeros after 15 digits, as a spreadsheet leaves them"
        elif at in doubles and (all_doubles or unfit):
            what = f"{show(text)} is a number as a program rounds it"
        else:
            continue
        collector.add("rounded-number", f"{what}; format the column as text and export again", **place(at))


def _fits(text: str) -> bool:
    return len(text) == 18 and (is_valid(text) or _is_person(text))


def _short(number: int) -> bool:
    """Whether a program that holds numbers as doubles would give back the number as it is."""
    double = float(number) if number < 10**300 else 0.0
    return int(double) == number or int(Decimal(repr(double))) == number


def _is_person(text: str) -> bool:
    """Whether the check digit of a resident's number (GB 11643) fits."""
    if not text[:17].isdigit():
        return False
    weighed = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[weighed % 11] == text[17]


def _lengths(ids: Sequence[str], numbers: Sequence[int], place: Place, collector: Collector) -> None:
    if len(numbers) < 3 or len(numbers) * 2 < len(ids):
        return
    lengths = Counter(len(ids[at]) for at in numbers)
    usual, count = max(lengths.items(), key=lambda item: (item[1], item[0]))
    # Whichever form is the majority: zeros kept in some ids say how long all of them were.
    padded = max((len(ids[at]) for at in numbers if ids[at][0] == "0" and len(ids[at]) > 1), default=0)
    longer = sum(times for length, times in lengths.items() if length > padded)
    telling = longer * 10 <= len(numbers)
    lost = [at for at in numbers if len(ids[at]) < padded and ids[at][0] != "0"] if telling else []
    shorter = [at for at in numbers if len(ids[at]) < usual]
    if lost:
        for at in lost:
            what = f"{show(ids[at])} has {len(ids[at])} digits where ids that begin with 0 have {padded}"
            remark = f"{what}; its zeros were lost: format the column as text and export again"
            collector.add("lost-zeros", remark, **place(at))
    elif shorter and usual >= 12 and count * 5 >= len(numbers) * 4:
        for at in shorter:
            remark = f"{show(ids[at])} has {len(ids[at])} digits where most ids have {usual}; look whether it is right"
            collector.add("short-id", remark, **place(at))


def _odd(ids: Sequence[str], place: Place, collector: Collector) -> None:
    without = [at for at, unit_id in enumerate(ids) if _DIGIT.search(unit_id) is None and unit_id]
    if without and len(without) * 20 <= len(ids):
        for at in without:
            remark = f"{show(ids[at])} has no digit, unlike the other ids; look whether it is a unit"
            collector.add("odd-id", remark, **place(at))


def _codes(ids: Sequence[str], place: Place, collector: Collector) -> None:
    codes = [at for at, unit_id in enumerate(ids) if len(unit_id) == 18 and _SHAPE.fullmatch(unit_id)]
    unfit = [at for at in codes if not check_fits(ids[at])]
    # A column of which most fit no check character holds something else.
    if len(codes) * 2 < len(ids) or len(unfit) * 2 > len(codes):
        return
    for at in unfit:
        if not _is_person(ids[at]):
            remark = f"the check character of {show(ids[at])} does not fit; look for a slip, some genuine codes are so"
            collector.add("credit-code-check", remark, **place(at))
