"""Every string of real published plans that the readers know of, and what becomes of it.

The strings are public facts, copied from published plans and item lists of Chinese authorities; punctuation is as it
was found. Those that leave something open must stay refused: a reader that begins to guess fails here.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from dblrandom.errors import PlanError
from dblrandom.model import Quota, Scope
from dblrandom.model.reading import (
    QuotaTerms,
    read_directed,
    read_frequency,
    read_level,
    read_methods,
    read_quota,
    read_targets,
    read_window,
)

FIRE_BRIGADE = (
    "(一)属于人员密集场所的消防安全重点单位,每月抽查比例不得低于总数的10%。\n"
    "(二)其他消防安全重点单位,每月抽查比例不得低于总数的5%。\n"
    "(三)2023年度受到1次(含)以上处罚的单位应当为重点抽查对象。"
)
GUANGZHOU = (
    "重点监管对象:每季度最低抽查12.5%; "
    "一般监管对象:每年最低抽查比为1:2.5(按照在岗在编执法人员数量与被抽查对象的比); "
    "特殊监管对象:每个季度最低抽查比例为25%"
)


@pytest.mark.parametrize(
    ("text", "ratio", "count"),
    [
        ("10户", None, 10),
        ("3户", None, 3),
        ("30%/3户", Fraction(3, 10), 3),
        ("2户", None, 2),
        ("25户", None, 25),
        ("5户", None, 5),
        ("20%", Fraction(1, 5), None),
        ("10%", Fraction(1, 10), None),
        ("1%", Fraction(1, 100), None),
        ("≥10%", Fraction(1, 10), None),
        ("按不低于5%的比例随机抽取55个", Fraction(1, 20), 55),
        ("25%,不少于1次/年", Fraction(1, 4), None),
        ("50%,不少于1次/年", Fraction(1, 2), None),
        ("5%", Fraction(1, 20), None),
        ("70%", Fraction(7, 10), None),
        ("3%", Fraction(3, 100), None),
        ("抽查比例不少于2‰", Fraction(1, 500), None),
        ("抽查比例不低于10%", Fraction(1, 10), None),
        ("80%", Fraction(4, 5), None),
        ("33%", Fraction(33, 100), None),
        ("30%", Fraction(3, 10), None),
        (" 3 0 ％ ", Fraction(3, 10), None),
        ("１０户", None, 10),
        ("12.5%", Fraction(1, 8), None),
    ],
)
def test_quotas_read(text: str, ratio: Fraction | None, count: int | None) -> None:
    assert read_quota(text) == QuotaTerms(ratio, count)


@pytest.mark.parametrize(
    ("text", "decide"),
    [
        ("根据企业信用分类结果,守信5%、警示10%、失信20%、严重失信40%比例抽取。", "several ratios"),
        ("县级、市级、省级登记管理机关对本级登记的社会组织的抽查比例分别不低于3%、4%和5%", "several ratios"),
        ("抽查比例100%,每月不少于1次", "how often"),
        ("1∶5", "for each inspector"),
        ("1∶10", "for each inspector"),
        ("每年至少对辖区内5%的a类排污单位进行抽查", "besides 5% it says of whom"),
        ("对信用风险高的D类企业,抽查比例范围为61%-100%,同一企业抽查频次根据监管实际需求确定", "range"),
        (FIRE_BRIGADE, "several ratios"),
        (GUANGZHOU, "several ratios"),
        ("根据实际情况确定", "state a count or a ratio"),
        ("2%-5%", "range"),
        ("3次/年", "how often"),
        ("10", "no unit"),
        ("110%", "over 1"),
        ("0户", "at least 1"),
        ("", "empty"),
    ],
)
def test_quotas_that_must_be_decided(text: str, decide: str) -> None:
    with pytest.raises(PlanError, match=r"^quota") as caught:
        read_quota(text)
    assert decide in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_quota_gets_its_scope_from_whoever_decides() -> None:
    assert read_quota("30%/3户").quota(Scope.STRATUM) == Quota(ratio=Fraction(3, 10), count=3, scope=Scope.STRATUM)


@pytest.mark.parametrize(
    ("text", "year", "start", "end"),
    [
        ("2024年2月—8月", None, "2024-02-01", "2024-08-31"),
        ("2024年2月-8月", None, "2024-02-01", "2024-08-31"),
        ("2024年2-8月", None, "2024-02-01", "2024-08-31"),
        ("10月-次年3月", 2022, "2022-10-01", "2023-03-31"),
        ("1-12月", 2023, "2023-01-01", "2023-12-31"),
        ("10月底", 2023, "2023-01-01", "2023-10-31"),
        ("本年度完成所有任务抽取工作", 2024, "2024-01-01", "2024-12-31"),
        ("2020年全年", None, "2020-01-01", "2020-12-31"),
        ("1—12", 2021, "2021-01-01", "2021-12-31"),
        ("3月-12月", 2021, "2021-03-01", "2021-12-31"),
        ("2023年10月至11月", None, "2023-10-01", "2023-11-30"),
        ("2024年 10 月至2025年1月(秋 粮)", None, "2024-10-01", "2025-01-31"),
        ("2024年4月1日至12月31日", None, "2024-04-01", "2024-12-31"),
        ("2024年1月～2月", None, "2024-01-01", "2024-02-29"),
        ("２０２３年２月", None, "2023-02-01", "2023-02-28"),
        ("第二季度", 2024, "2024-04-01", "2024-06-30"),
        ("2024年上半年", None, "2024-01-01", "2024-06-30"),
        ("2024年", 2020, "2024-01-01", "2024-12-31"),
    ]
    + [(f"2024年2月{dash}8月", None, "2024-02-01", "2024-08-31") for dash in "‐‑‒–—―−-－～~到"],
)
def test_windows_read(text: str, year: int | None, start: str, end: str) -> None:
    window = read_window(text, year)
    assert (window.start, window.end) == (start, end)
    assert window.text == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "year", "decide"),
    [
        ("局统一安排", 2024, "state the first and the last day"),
        ("根据政策性粮食出库时间确定", 2024, "state the first and the last day"),
        ("202441日至1231", 2024, "seem to be lost"),
        ("10月-次年3月", None, "names no year"),
        ("1-12月", None, "names no year"),
        ("1—12", None, "names no year"),
        ("3月-12月", None, "names no year"),
        ("10月底", None, "names no year"),
        ("本年度完成所有任务抽取工作", None, "names no year"),
        ("10月-3月", 2024, "ends before it begins"),
        ("13月-14月", 2024, "from 1 to 12"),
        ("0-5月", 2024, "from 1 to 12"),
        ("2024年2月-8月(5月除外)", None, "state the first"),
        ("2024年2月-8月(节假日除外)", None, "state the first"),
        ("2024年2月30日-8月1日", None, "not a date"),
        ("2月-8月", 0, "not a year"),
        ("完成", 2024, "state the first"),
        ("2" * 1001, 2024, "1001 characters"),
    ],
)
def test_windows_that_must_be_decided(text: str, year: int | None, decide: str) -> None:
    with pytest.raises(PlanError, match=r"^window") as caught:
        read_window(text, year)
    assert decide in str(caught.value)


@pytest.mark.parametrize(
    ("text", "tracks"),
    [
        ("市抽市查 县抽县查", [("city", ["city"]), ("county", ["county"])]),
        ("市抽市、县查", [("city", ["city", "county"])]),
        ("市抽县查", [("city", ["county"])]),
        ("市抽市查", [("city", ["city"])]),
        ("县抽县查", [("county", ["county"])]),
        ("省抽市查、省抽县查", [("province", ["city"]), ("province", ["county"])]),
        ("市级抽区级查", [("city", ["county"])]),
    ],
)
def test_levels_read(text: str, tracks: list[tuple[str, list[str]]]) -> None:
    level = read_level(text)
    assert level.text == text
    assert [(t["draw"], t["inspect"]) for t in level.to_json()["tracks"]] == tracks  # type: ignore[union-attr,call-overload,index]


@pytest.mark.parametrize(
    "text",
    ["各级自行组织发起", "市级组织发起(市局林政科负责)", "县食品药品监管部门的基层站所", "市抽", "市抽市查等", ""],
)
def test_levels_that_must_be_decided(text: str) -> None:
    with pytest.raises(PlanError, match=r"^level: "):
        read_level(text)


def test_methods() -> None:
    for text, methods in (
        ("现场检查 书面检查", ["on_site", "document_review"]),
        ("现场检查", ["on_site"]),
        ("现场检查、书面检查", ["on_site", "document_review"]),
        ("实地检查", ["on_site"]),
        ("现场检查或书面检查", ["on_site", "document_review"]),
        ("实地检查,现场检查,网络监测", ["on_site", "online"]),
    ):
        assert [method.value for method in read_methods(text)] == methods
    for bad in ("视情况", "现场检查 其他", "、", ""):
        with pytest.raises(PlanError, match=r"^methods: "):
            read_methods(bad)


def test_frequencies() -> None:
    for text, times in (("3次/年", 3), ("=1", 1), ("每月不少于1次", 12), ("每季度1次", 4), ("1次/半年", 2)):
        assert read_frequency(text) == times
    for bad in ("按照分层次监管，根据风险高低，依法属地确定。", "0次/年", "1", "=0"):
        with pytest.raises(PlanError, match=r"^frequency: "):
            read_frequency(bad)


def test_directed() -> None:
    assert read_directed("定向") is True
    assert read_directed("不定向") is False
    with pytest.raises(PlanError):
        read_directed("不涉及信用风险分类")


def test_targets_are_divided_outside_brackets_only() -> None:
    legal_persons = "自然人,企业法人,事业单位法人,社会团体法人,基金会法人,民办非企业法人,其他组织"
    assert read_targets(legal_persons) == tuple(legal_persons.split(","))
    for one in (
        "互联网上网服务营业场所(网吧、电脑休闲室等)",
        "场所(网吧,电脑休闲室等)",
        "第二、三类易制毒化学品的企业单位",
    ):
        assert read_targets(one) == (one,)
    assert read_targets("甲；乙") == ("甲", "乙")


@pytest.mark.parametrize("value", [None, 3, b"10%", ["10%"], "", " \n", "x" * 1001, "\ud800", "\x00"])
def test_only_plan_errors_leave(value: object) -> None:
    for reader in (read_quota, read_frequency, read_window, read_level, read_methods, read_directed):
        with pytest.raises(PlanError):
            reader(value)  # type: ignore[operator]
