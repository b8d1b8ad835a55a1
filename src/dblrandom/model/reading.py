"""Readers of the strings that published plans hold: quotas, windows, levels, methods, frequencies and lists.

They help whoever enters a plan, and decide nothing: what was read is committed as values. A string that leaves
something open is refused with a line that says what must be decided; nothing is guessed. Where a string is in doubt,
this is how it is read:

- ``30%/3户``: both a ratio and a count; the quota is then the greater of the two, which meets either meaning.
- ``≥10%``, ``不低于10%``, ``不少于2‰``: the ratio itself. The plan allows more; the least is what the public is owed.
- ``按不低于5%的比例随机抽取55个``: ratio and count; the draw then falls short of neither.
- ``25%,不少于1次/年``: 25 %; one draw a year is what a task is. A number per month or quarter must be made into tasks.
- ``现场检查或书面检查``: both, as the methods that the plan names; who uses which is not the draw's business.
- ``市抽市、县查``: one track, in which the city draws and both inspect; ``市抽市查 县抽县查`` are two tracks.
- ``10月底``: a deadline: from the first day of the year to the last of October.
- ``1—12``: months, as in ``1-12月``, of the year that is given; ``本年度完成所有任务抽取工作``: that whole year.
- a year in the string outweighs the ``year`` that is given; a bracket without digits is kept in the text and not read.
- ``=1`` in a column of frequencies: once in the plan's year.

Not read, since it must be decided: ranges (``2%-5%``), several ratios or classes in one string, numbers per inspector
(``1∶5``), shares of a class (``5%的a类排污单位``: the class belongs into the task's filter), a number without a unit,
who inspects where only who leads is said, and dates whose characters are lost (``202441日至1231``).
"""

from __future__ import annotations

import re
from fractions import Fraction

import attrs

from dblrandom.errors import PlanError
from dblrandom.model.json import placed, show
from dblrandom.model.planfile import parse_ratio
from dblrandom.model.quota import Quota, Rounding, Scope
from dblrandom.model.readwindow import plain_text, read_window, undecided
from dblrandom.model.terms import AdministrativeLevel, InspectionMethod, Level, Track

__all__ = [
    "QuotaTerms",
    "read_directed",
    "read_frequency",
    "read_level",
    "read_methods",
    "read_quota",
    "read_targets",
    "read_window",
]


@attrs.frozen
class QuotaTerms:
    """What a plan's string says of a quota: a ratio, a count, or both; never what it is a quota of."""

    ratio: Fraction | None
    count: int | None

    def quota(self, scope: Scope, rounding: Rounding = Rounding.CEILING) -> Quota:
        """The quota with the scope, and the rounding, that whoever enters the plan decides on."""
        return Quota(ratio=self.ratio, count=self.count, scope=scope, rounding=rounding)


_SHARE = r"(?P<ratio>[0-9]{1,9}(?:\.[0-9]{1,6})?[%‰])"
_COUNT = r"(?P<count>[0-9]{1,12})(?:户|家|个|件|人|所|处|名|套|单位)"
_LEAST = r"(?:≥|>=|不低于|不少于|不得低于|不得少于|至少|最低)?"
_ONCE = r"(?:[,;、]?(?:每年)?(?:不少于|至少)?1次(?:/年)?|[,;、]?每年(?:不少于|至少)?1次)?"
_QUOTAS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:抽查)?(?:比例)?(?:为|:)?{_LEAST}{_SHARE}{_ONCE}",
        rf"(?:抽查)?(?:户数|数量)?(?:为|:)?{_LEAST}{_COUNT}{_ONCE}",
        rf"{_SHARE}[/、,且]{{1,2}}{_LEAST}{_COUNT}",
        rf"按{_LEAST}{_SHARE}的?比例(?:随机)?抽[取查]{_COUNT}",
        rf"按{_LEAST}{_SHARE}的?比例(?:随机)?(?:抽[取查])?",
    )
)


def read_quota(text: str, where: str = "quota") -> QuotaTerms:
    """Read ``10户``, ``20%``, ``30%/3户``, ``抽查比例不低于10%`` and the like.

    Raises:
        PlanError: where the string leaves open how many are drawn, saying what must be decided.
    """
    plain = plain_text(text, where).replace(" ", "").rstrip("。.")
    for pattern in _QUOTAS:
        if found := pattern.fullmatch(plain):
            parts = found.groupdict()
            ratio = parse_ratio(parts["ratio"], where) if parts.get("ratio") else None
            count = int(parts["count"]) if parts.get("count") else None
            with placed(where, "quota"):
                Quota(ratio=ratio, count=count, scope=Scope.FRAME)
            return QuotaTerms(ratio, count)
    raise undecided(text, _what_of_quota(plain), where)


def _what_of_quota(plain: str) -> str:
    shares = re.findall(r"[0-9.]+[%‰]", plain)
    if re.search(r"[0-9][%‰]?[-~—–至][0-9.]+[%‰]", plain):
        return "it is a range; state one ratio within it"
    if len(shares) > 1:
        return "it names several ratios; make a task, or a stratum, for each class with its own ratio"
    if re.search(r"[0-9][:∶][0-9]", plain):
        return "it counts targets for each inspector; state a count, or a ratio of the targets"
    if re.search(r"次/|每[月季周]|[0-9]次", plain):
        return "it says how often, which is not how many; make a task for each draw, with a count or a ratio"
    if len(shares) == 1:
        return f"besides {shares[0]} it says of whom; state the ratio, and put the class into the task's filter"
    if re.search(r"[0-9]", plain):
        return "its number has no unit; state a count (10户) or a ratio (10%)"
    return "state a count or a ratio"


_PER_YEAR = {"年": 1, "半年": 2, "季": 4, "季度": 4, "月": 12, "个月": 12, "周": 52}


def read_frequency(text: str, where: str = "frequency") -> int:
    """Read how many draws a year holds: ``3次/年``, ``每月1次``, ``=1`` (in a column of frequencies: once).

    Raises:
        PlanError: where the string leaves it open.
    """
    plain = plain_text(text, where).replace(" ", "")
    if found := re.fullmatch(r"=([1-9][0-9]{0,2})", plain):
        return int(found[1])
    per = "|".join(sorted(_PER_YEAR, key=len, reverse=True))
    found = re.fullmatch(rf"{_LEAST}([1-9][0-9]{{0,2}})次/(?:每)?({per})", plain)
    if found:
        return int(found[1]) * _PER_YEAR[found[2]]
    found = re.fullmatch(rf"每({per}){_LEAST}([1-9][0-9]{{0,2}})次", plain)
    if found:
        return int(found[2]) * _PER_YEAR[found[1]]
    raise undecided(text, "state how many draws a year", where)


_LEVELS = {
    "省": AdministrativeLevel.PROVINCE,
    "市": AdministrativeLevel.CITY,
    "县": AdministrativeLevel.COUNTY,
    "区": AdministrativeLevel.COUNTY,
}
_TRACK = re.compile(r"(省|市|县|区)级?抽((?:(?:省|市|县|区)级?[、,和及/]?)+)查")


def read_level(text: str, where: str = "level") -> Level:
    """Read ``市抽市查 县抽县查``, ``市抽县查``, ``市抽市、县查``: who draws, and who inspects.

    How a quota is shared among counties is never in such a string; the quota's scope has to say it.

    Raises:
        PlanError: where the string does not say both.
    """
    plain = plain_text(text, where)
    rest, tracks = plain, []
    while found := _TRACK.match(rest):
        inspect = tuple(dict.fromkeys(_LEVELS[c] for c in found[2] if c in _LEVELS))
        tracks.append(Track(_LEVELS[found[1]], inspect))
        rest = rest[found.end() :].lstrip(" 、,;和及/。")
    if rest or not tracks:
        decide = "state which level draws and which inspects, for each track"
        if re.search(r"[省市县区]级?(?:局)?组织", plain):
            decide = "it says who leads and not who inspects; " + decide
        raise undecided(text, decide, where)
    return Level(tuple(dict.fromkeys(tracks)), " ".join(text.split()))


_METHODS = {
    InspectionMethod.ON_SITE: ("现场检查", "实地检查", "实地核查", "现场核查", "现场抽查"),
    InspectionMethod.DOCUMENT_REVIEW: ("书面检查", "书面审查", "书面核查", "资料审查"),
    InspectionMethod.ONLINE: ("网络监测", "网络检查", "网上检查", "在线监测", "线上检查"),
    InspectionMethod.SAMPLE_TEST: ("抽样检测", "抽样检验", "抽样检查", "抽检"),
    InspectionMethod.DELEGATED: ("委托专业机构检查", "委托专业机构", "委托第三方检查", "委托第三方"),
}
_METHOD_OF = {word: method for method, words in _METHODS.items() for word in words}


def read_methods(text: str, where: str = "methods") -> tuple[InspectionMethod, ...]:
    """Read ``现场检查 书面检查``: the methods that the plan names, in its order.

    Raises:
        PlanError: for a word that is not known, naming it.
    """
    found = []
    for word in re.split(r"[ 、,;/+或和与及。]+", plain_text(text, where)):
        if word and word not in _METHOD_OF:
            known = ", ".join(words[0] for words in _METHODS.values())
            raise PlanError(f"{show(word)} is not a method that is known; use {known}", where=where)
        if word:
            found.append(_METHOD_OF[word])
    if not found:
        raise undecided(text, "name a method", where)
    return tuple(dict.fromkeys(found))


def read_directed(text: str, where: str = "directed") -> bool:
    """Read ``定向`` (true) or ``不定向`` (false)."""
    words = {"定向": True, "定向抽查": True, "不定向": False, "不定向抽查": False, "非定向": False}
    plain = plain_text(text, where)
    if plain not in words:
        raise undecided(text, "state whether the draw is directed (定向) or not (不定向)", where)
    return words[plain]


def read_targets(text: str, where: str = "targets") -> tuple[str, ...]:
    """Read a list of kinds of targets, divided by commas or semicolons outside brackets.

    The enumeration comma (、) divides nothing: in published plans it stands within one kind (``第二、三类``).
    """
    found, depth, start = [], 0, 0
    plain = plain_text(text, where)
    for index, character in enumerate(plain):
        depth += (character in "([{《") - (character in ")]}》")
        if character in ",;" and depth <= 0:
            found.append(plain[start:index])
            start = index + 1
    found.append(plain[start:])
    return tuple(part.strip() for part in found if part.strip())
