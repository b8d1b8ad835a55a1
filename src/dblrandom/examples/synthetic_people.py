"""Synthetic inspectors and recusals for the worked example: badge numbers without names, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from dblrandom.examples.synthetic import DISTRICTS, NOTICE
from dblrandom.model import AdministrativeLevel, Inspector, Recusal, RecusalGround, RecusalOrigin

__all__ = ["DRAWN_ON", "inspectors", "recusals"]

DRAWN_ON = "2024-02-01"
"""The date at which certificates are judged: the first day of the plan's window."""

_VALID_UNTIL = "2026-12-31"
_EXPIRED = {7: "2023-06-30", 18: "2023-09-30", 34: "2023-12-31", 52: "2024-01-31", 64: "2023-03-31"}
_CITY = "昆明市"


@frozen
class _Group:
    unit: str
    level: AdministrativeLevel
    field: str
    post: str
    count: int


_GROUPS = (
    _Group("市公安局网络安全保卫支队", AdministrativeLevel.CITY, "网络安全", "leader", 6),
    _Group("市公安局网络安全保卫支队", AdministrativeLevel.CITY, "网络安全", "officer", 10),
    _Group("市公安局网络安全保卫支队", AdministrativeLevel.CITY, "网络安全", "expert", 6),
    _Group("市公安局治安管理支队", AdministrativeLevel.CITY, "治安", "leader", 5),
    _Group("市公安局治安管理支队", AdministrativeLevel.CITY, "治安", "officer", 7),
    _Group("市公安局禁毒支队", AdministrativeLevel.CITY, "禁毒", "leader", 3),
    _Group("市公安局禁毒支队", AdministrativeLevel.CITY, "禁毒", "officer", 4),
    _Group("市公安局审计处", AdministrativeLevel.CITY, "财务审计", "accountant", 3),
    _Group("治安大队", AdministrativeLevel.COUNTY, "治安", "officer", 14),
    _Group("禁毒大队", AdministrativeLevel.COUNTY, "禁毒", "leader", 4),
    _Group("禁毒大队", AdministrativeLevel.COUNTY, "禁毒", "officer", 9),
)


def inspectors() -> tuple[Inspector, ...]:
    """Return the synthetic inspectors: 71 badges, five of them with a certificate that has expired."""
    people: list[Inspector] = []
    for group in _GROUPS:
        for number in range(group.count):
            badge = len(people) + 1
            district = _CITY if group.level is AdministrativeLevel.CITY else DISTRICTS[number % len(DISTRICTS)][0]
            people.append(_inspector(group, badge, district))
    return tuple(people)


def _inspector(group: _Group, badge: int, district: str) -> Inspector:
    unit = group.unit if group.level is AdministrativeLevel.CITY else f"{district}公安机关{group.unit}"
    return Inspector(
        id=_badge(badge),
        unit=unit,
        level=group.level,
        post=group.post,
        certificate=f"KM-ZF-SYN-{badge:04d}",
        certificate_until=_EXPIRED.get(badge, _VALID_UNTIL),
        extra={"district": district, "field": group.field, "notice": NOTICE},
    )


def _badge(number: int) -> str:
    return f"KM-SYN-{number:04d}"


# Inspector's badge number; category, and which of its targets, from 1 in the order in which the rows are made; ground;
# origin; approver's badge number.
_RECUSALS = (
    (1, "联网单位和个人", 57, RecusalGround.NEAR_RELATIVE, RecusalOrigin.DECLARED, 2),
    (9, "互联网上网服务营业场所", 12, RecusalGround.OWN_INTEREST, RecusalOrigin.REQUESTED, 1),
    (38, "工业大麻种植加工许可单位", 3, RecusalGround.NEAR_RELATIVE, RecusalOrigin.DECLARED, 35),
    (36, "工业大麻种植加工许可单位", 7, RecusalGround.OTHER_TIE, RecusalOrigin.ORDERED, 35),
    (39, "工业大麻种植加工许可单位", 1, RecusalGround.RELATIVE_INTEREST, RecusalOrigin.REQUESTED, 37),
    (47, "娱乐服务场所", 31, RecusalGround.PARTY, RecusalOrigin.DECLARED, 23),
    (19, "信息系统", 88, RecusalGround.OTHER_TIE, RecusalOrigin.DECLARED, 3),
    (24, "金融机构营业场所和金库", 115, RecusalGround.RELATIVE_INTEREST, RecusalOrigin.ORDERED, 23),
    (43, "典当业", 20, RecusalGround.OWN_INTEREST, RecusalOrigin.DECLARED, 25),
    (30, "油气企业", 64, RecusalGround.NEAR_RELATIVE, RecusalOrigin.REQUESTED, 26),
    (26, "专职守护押运配枪单位", 5, RecusalGround.OTHER_TIE, RecusalOrigin.ORDERED, 27),
    (60, "易制毒化学品企业", 333, RecusalGround.RELATIVE_INTEREST, RecusalOrigin.DECLARED, 59),
)


def recusals(targets: Sequence[Mapping[str, str]]) -> tuple[Recusal, ...]:
    """Return twelve synthetic recusals of inspectors from ``targets`` (rows with ``id`` and ``category``).

    They use every ground and every origin. No approver is the inspector; each is a leader on the inspectors' roster.
    """
    found: list[Recusal] = []
    for number, (inspector, category, nth, ground, origin, approver) in enumerate(_RECUSALS, start=1):
        of_category = [row["id"] for row in targets if row["category"] == category]
        found.append(
            Recusal(
                id=f"synthetic-{number:02d}",
                inspector=_badge(inspector),
                target=of_category[nth - 1],
                ground=ground,
                origin=origin,
                approver=_badge(approver),
            )
        )
    return tuple(found)
