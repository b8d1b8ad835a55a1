"""Whole rows of a table: blank ones, totals, notes, the headings again; fields too few or too many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dblrandom.adapters.tablelayout import Layout, heading_of
from dblrandom.model.json import show

__all__ = ["may_be_no_data", "no_data", "wrong_width"]

_TOTAL = re.compile(
    r"[(（【]?(?:本页|本表|全[省市州县区部])?(?:合|总|小|共|累)\s*(?:计|数)(?:[)）】:：(（].*|\s*[\d,.]+.*)?"
    r"|(?:grand\s*|sub[\s-]*)?totals?(?:\b\s*+[:：]?\s*+[\d,.]*)|sum\s*+[:：]?\s*+[\d,.]*",
    re.IGNORECASE | re.DOTALL,
)
_NOTE = re.compile(
    r"(?:备\s*注|附\s*注|注|说\s*明|填\s*表\s*说\s*明|填\s*表\s*人|填\s*报\s*人|填\s*报\s*单\s*位|填\s*表\s*日\s*期|制\s*表|"
    r"审\s*核|复\s*核|经\s*办|负\s*责\s*人|联\s*系\s*人|联\s*系\s*电\s*话|单\s*位\s*[(（]?\s*盖\s*章|盖\s*章|数\s*据\s*来\s*源|资\s*料\s*来\s*源|"
    r"统\s*计\s*时\s*间|导\s*出\s*时\s*间|第\s*\d+\s*页|共\s*\d+|note|notes|remark|remarks|source|prepared by|page \d)"
    r"(?:$|[\s:：)）,，.。、0-9共(（人者日]|单位|时间|机关|部门).*",
    re.IGNORECASE | re.DOTALL,
)
_MAY_BE = re.compile(
    "\n(?:[(（【]?(?:[合总小共累]|本[页表]|全[省市州县区部])|sub|grand|total|sum|备|附|注|说|填|制|审|复|经|负|联|单|盖|数|资|统|导|第|note|remark|source|"
    "prepared|page)",
    re.IGNORECASE,
)


def may_be_no_data(firsts: Iterable[str]) -> bool:
    """Whether one of these fields, each the first of its row, begins as a total or a note does."""
    return _MAY_BE.search("\n" + "\n".join(firsts)) is not None


def no_data(record: Sequence[str], layout: Layout) -> tuple[str, str] | None:
    """The kind of a row that is no data, with a remark; ``None`` for a row that is a unit."""
    cells = [(at, text) for at, field in enumerate(record) if (text := field.strip())]
    if not cells:
        return "blank-row", "is blank; complete or remove it"
    key = layout.places[0]
    at, first = cells[0]
    without_id = not any(place == key for place, _ in cells)
    if _is_heading(record, layout):
        return "repeated-heading", "is the headings again; remove the row from the table"
    own = record[key].strip() if key < len(record) else ""
    total = next((text for text in (own, first) if _TOTAL.fullmatch(text)), None)
    if total is not None and (total == own or without_id or not _is_unit(own)):
        return "total-row", f"{show(total)} is a sum, not a unit; remove the row from the table"
    if _NOTE.fullmatch(first) and (without_id or at == key) and len(cells) <= max(2, layout.width // 2):
        return "note-row", f"{show(first)} is a note about the table; remove the row from it"
    return None


def wrong_width(record: Sequence[str], layout: Layout, before: int | None) -> tuple[str, str]:
    """The kind of a row with too few or too many fields, with a remark.

    Args:
        record: the row.
        layout: the headings.
        before: how many fields the row before has, where it has too few as well.
    """
    what = f"has {len(record)} fields, the header {layout.width}"
    if len(record) > layout.width:
        return "extra-fields", f"{what}; complete or remove it"
    if before is not None and before + len(record) - 1 == layout.width:
        return "missing-fields", f"{what}, and goes on from the row before; put the field with a line break in quotes"
    return "missing-fields", f"{what}; complete or remove it"


def _is_heading(record: Sequence[str], layout: Layout) -> bool:
    same = sum(heading_of(field) == name for field, name in zip(record, layout.headings, strict=False))
    key = layout.places[0]
    if key >= len(record) or heading_of(record[key]) != layout.headings[key]:
        return False
    return same * 2 > len(layout.headings) or same == len(layout.headings)


def _is_unit(unit_id: str) -> bool:
    """Whether what stands in the id's column could be one, and not a number such as ``2999户``."""
    return len(unit_id) >= 6 and not re.fullmatch(r"[\d,.]+\s*[户家人条个名项]", unit_id)
