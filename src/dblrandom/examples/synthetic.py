"""Synthetic inspection targets for the worked example: invented rows, the same on every machine.

Nothing here describes a real firm. A credit code has the form of GB 32100 (registration class, division code, nine
characters, check character), so that importers and checks meet real lengths and a valid check character; but its
ninth body character is always ``Y``, which GB 11714 never uses as a check character, so no such code can ever have
been given to anybody. ``HC`` in the body stands for 合成, synthetic.

Every choice comes from SHA-256 of a fixed label and a counter, in integers: no generator whose stream may change
between versions of Python.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from hashlib import sha256
from itertools import accumulate

from attrs import frozen

from dblrandom.model.creditcode import check_character

__all__ = ["DISTRICTS", "NOTICE", "TARGET_COLUMNS", "choose", "target_rows"]

NOTICE = "synthetic"
"""What the column ``notice`` says in every row."""

TARGET_COLUMNS = ("id", "category", "district", "kind", "name", "notice", "risk")

DISTRICTS = (
    ("五华区", "530102", 16),
    ("盘龙区", "530103", 14),
    ("官渡区", "530111", 18),
    ("西山区", "530112", 14),
    ("东川区", "530113", 3),
    ("呈贡区", "530114", 8),
    ("晋宁区", "530115", 4),
    ("富民县", "530124", 2),
    ("宜良县", "530125", 4),
    ("石林彝族自治县", "530126", 2),
    ("嵩明县", "530127", 3),
    ("禄劝彝族苗族自治县", "530128", 2),
    ("寻甸回族彝族自治县", "530129", 3),
    ("安宁市", "530181", 7),
)
"""Kunming's county-level divisions: name, division code (GB/T 2260), and an invented weight out of 100."""

_RISKS = (("A", 55), ("B", 30), ("C", 12), ("D", 3))


@frozen
class _Group:
    """Some invented targets of one kind.

    ``register`` is the first two characters of a credit code, or a registration number's prefix where the target has
    no credit code of its own (a person, a computer system, a vault).
    """

    category: str
    kind: str
    count: int
    register: str
    noun: str


_GROUPS = (
    _Group("联网单位和个人", "自然人", 40, "KM-LW-SYN-", "联网个人"),
    _Group("联网单位和个人", "企业法人", 400, "91", "联网企业"),
    _Group("联网单位和个人", "事业单位法人", 70, "12", "联网事业单位"),
    _Group("联网单位和个人", "社会团体法人", 30, "51", "联网社会团体"),
    _Group("联网单位和个人", "基金会法人", 6, "53", "联网基金会"),
    _Group("联网单位和个人", "民办非企业法人", 34, "52", "联网民办非企业单位"),
    _Group("联网单位和个人", "其他组织", 20, "31", "联网其他组织"),
    _Group("互联网上网服务营业场所", "网吧", 130, "91", "网吧"),
    _Group("互联网上网服务营业场所", "电脑休闲室", 30, "92", "电脑休闲室"),
    _Group("工业大麻种植加工许可单位", "科学研究种植", 5, "12", "工业大麻科研种植单位"),
    _Group("工业大麻种植加工许可单位", "繁种种植", 4, "91", "工业大麻繁种种植单位"),
    _Group("工业大麻种植加工许可单位", "加工", 4, "91", "工业大麻加工单位"),
    _Group("废旧金属收购", "生产性废旧金属", 55, "91", "废旧金属收购企业"),
    _Group("废旧金属收购", "非生产性废旧金属", 35, "92", "废旧金属收购站"),
    _Group("公章刻制", "公章刻制", 70, "91", "公章刻制企业"),
    _Group("娱乐服务场所", "歌舞娱乐场所", 130, "91", "歌舞娱乐场所"),
    _Group("娱乐服务场所", "游艺娱乐场所", 50, "91", "游艺娱乐场所"),
    _Group("信息系统", "二级", 40, "KM-DJ-SYN-", "二级信息系统"),
    _Group("信息系统", "三级", 165, "KM-DJ-SYN-", "三级信息系统"),
    _Group("信息系统", "四级", 15, "KM-DJ-SYN-", "四级信息系统"),
    _Group("金融机构营业场所和金库", "营业场所", 110, "KM-JR-SYN-", "金融营业场所"),
    _Group("金融机构营业场所和金库", "金库", 20, "KM-JR-SYN-", "金库"),
    _Group("典当业", "典当行", 45, "91", "典当行"),
    _Group("油气企业", "成品油经营", 60, "91", "加油站"),
    _Group("油气企业", "燃气经营", 15, "91", "燃气企业"),
    _Group("油气企业", "油气储运", 10, "91", "油气储运企业"),
    _Group("专职守护押运配枪单位", "专职守护", 24, "12", "专职守护单位"),
    _Group("专职守护押运配枪单位", "专职押运", 12, "91", "专职押运单位"),
    _Group("易制毒化学品企业", "第一类", 20, "91", "第一类易制毒化学品企业"),
    _Group("易制毒化学品企业", "第二类", 240, "91", "第二类易制毒化学品企业"),
    _Group("易制毒化学品企业", "第三类", 400, "91", "第三类易制毒化学品企业"),
)


def choose(label: str, counter: int, weights: tuple[int, ...]) -> int:
    """Return an index into ``weights``, in proportion to them, decided by ``label`` and ``counter`` alone."""
    digest = sha256(f"dblrandom/kunming-2024/{label}/{counter}".encode()).digest()
    point = int.from_bytes(digest, "big") % sum(weights)
    return bisect_right(tuple(accumulate(weights)), point)


def target_rows() -> Iterator[dict[str, str]]:
    """Yield the synthetic targets, each a mapping over ``TARGET_COLUMNS``; ids are unique over all of them."""
    counter = 0
    for group in _GROUPS:
        for number in range(1, group.count + 1):
            counter += 1
            district, division, _ = DISTRICTS[choose("district", counter, tuple(weight for *_, weight in DISTRICTS))]
            risk, _ = _RISKS[choose("risk", counter, tuple(weight for _, weight in _RISKS))]
            yield {
                "id": _identifier(group.register, division, counter),
                "category": group.category,
                "district": district,
                "kind": group.kind,
                "name": f"合成示例{group.noun}{number:04d}",
                "notice": NOTICE,
                "risk": risk,
            }


def _identifier(register: str, division: str, counter: int) -> str:
    if len(register) > 2:
        return f"{register}{counter:06d}"
    first17 = f"{register}{division}HC{counter:06d}Y"
    return first17 + check_character(first17)
