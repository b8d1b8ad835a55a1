"""The reader of a task's time (任务时间), and what every reader of published strings shares."""

from __future__ import annotations

import calendar
import re
import unicodedata

from dblrandom import limits
from dblrandom.errors import PlanError
from dblrandom.model.json import placed, show
from dblrandom.model.terms import Window

__all__ = ["plain_text", "read_window", "undecided"]

_LONGEST = limits.WORDING_CHARACTERS


def plain_text(text: object, where: str) -> str:
    """Compatibility forms folded (full-width digits and signs) and white space made single spaces."""
    if not isinstance(text, str):
        raise PlanError(f"{show(text)} is not text", where=where)
    if len(text) > _LONGEST:
        raise PlanError(f"has {len(text)} characters; at most {_LONGEST} are read", where=where)
    found = " ".join(unicodedata.normalize("NFKC", text).split())
    if not found:
        raise PlanError("is empty; state it", where=where)
    return found


def undecided(text: object, decide: str, where: str) -> PlanError:
    """The error for a string that leaves something open, with what has to be decided."""
    return PlanError(f"{show(text)} is not definite: {decide}", where=where)


_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－ー~～〜至到"), "-")
_YEAR = r"(?:(?P<{0}year>[0-9]{{4}})年度?|(?P<{0}next>次年))?"
_POINT = _YEAR + r"(?:(?P<{0}month>[0-9]{{1,2}})月)(?:(?P<{0}day>[0-9]{{1,2}})日)?"
_SPAN = re.compile(_POINT.format("a") + "-" + _POINT.format("b") + "底?")
_MONTHS = re.compile(_YEAR.format("a") + r"(?P<amonth>[0-9]{1,2})月?-(?P<bmonth>[0-9]{1,2})(?:月底?)?")
_UNTIL = re.compile(_YEAR.format("b") + r"(?P<bmonth>[0-9]{1,2})月底前?")
_ONE_MONTH = re.compile(_YEAR.format("a") + r"(?P<amonth>[0-9]{1,2})月")
_WHOLE = re.compile(
    _YEAR.format("a") + r"(?P<this>本年度?|年度)?(?P<part>全年|上半年|下半年|第?[一二三四1-4]季度)?内?(?:完成[^0-9]*)?"
)
_QUARTERS = {
    "一": (1, 3),
    "二": (4, 6),
    "三": (7, 9),
    "四": (10, 12),
    "1": (1, 3),
    "2": (4, 6),
    "3": (7, 9),
    "4": (10, 12),
}
_PART_MONTHS = {"全": (1, 12), "上": (1, 6), "下": (7, 12), **_QUARTERS}

_Day = tuple[int, int, int | None]


def read_window(text: str, year: int | None = None, where: str = "window") -> Window:
    """Read ``2024年2月—8月``, ``1-12月``, ``2020年全年``, ``10月-次年3月``, ``10月底`` and the like.

    Args:
        text: the plan's words, which the window keeps as its ``text``.
        year: the plan's year, for strings that do not name one.
        where: the place named in errors.

    Raises:
        PlanError: where the string leaves the days open, saying what must be decided.
    """
    if year is not None and (type(year) is not int or not 1 <= year <= 9998):
        raise PlanError(f"{show(year)} is not a year", where=where)
    found_text = plain_text(text, where)
    kept = " ".join(text.split())
    plain = re.sub(r"\((?:(?!除外)[^()0-9])*\)", "", found_text).replace(" ", "").translate(_DASHES)
    plain = re.sub("-+", "-", plain)
    for pattern in (_SPAN, _MONTHS):
        if found := pattern.fullmatch(plain):
            return _span(found.groupdict(), year, kept, where)
    if found := _UNTIL.fullmatch(plain):
        own = _year_of(found["byear"], found["bnext"], year, text, where)
        first = own - 1 if found["bnext"] else own
        return _window((first, 1, None), (own, int(found["bmonth"]), None), kept, where)
    if found := _ONE_MONTH.fullmatch(plain):
        own = _year_of(found["ayear"], found["anext"], year, text, where)
        return _window((own, int(found["amonth"]), None), (own, int(found["amonth"]), None), kept, where)
    if (found := _WHOLE.fullmatch(plain)) and any(found.groupdict().values()):
        own = _year_of(found["ayear"], found["anext"], year, text, where)
        first, last = _PART_MONTHS[(found["part"] or "全").removeprefix("第")[0]]
        return _window((own, first, None), (own, last, None), kept, where)
    if re.search(r"[0-9]{5,}", plain):
        raise undecided(text, "characters of its dates seem to be lost; state the first and the last day", where)
    raise undecided(text, "state the first and the last day", where)


def _year_of(own: str | None, following: str | None, year: int | None, text: object, where: str) -> int:
    if own is not None:
        return int(own)
    if year is None:
        raise undecided(text, "it names no year; give the plan's year", where)
    return year + (following is not None)


def _span(found: dict[str, str | None], year: int | None, kept: str, where: str) -> Window:
    start = _year_of(found["ayear"], found["anext"], year, kept, where)
    end = _year_of(found.get("byear"), found.get("bnext"), start, kept, where)
    first, last = int(found["amonth"] or 0), int(found["bmonth"] or 0)
    if end == start and last < first:
        raise undecided(kept, "it ends before it begins; state the year in which it ends", where)
    return _window((start, first, _day(found.get("aday"))), (end, last, _day(found.get("bday"))), kept, where)


def _day(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _window(start: _Day, end: _Day, kept: str, where: str) -> Window:
    """The window from the start's day (or its month's first) to the end's day (or its month's last)."""
    if not all(1 <= month <= 12 and 1 <= year <= 9999 for year, month, _ in (start, end)):
        raise undecided(kept, "a month is from 1 to 12; state the first and the last day", where)
    first = 1 if start[2] is None else start[2]
    last = calendar.monthrange(end[0], end[1])[1] if end[2] is None else end[2]
    with placed(where, "window"):
        return Window(
            f"{start[0]:04}-{start[1]:02}-{first:02}",
            f"{end[0]:04}-{end[1]:02}-{last:02}",
            kept,
        )
