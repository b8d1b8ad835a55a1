"""What a spreadsheet or a system may have done to ids in a CSV file that is too large for the importer.

Only what an id can hardly be is looked for here, by regular expressions on whole columns: the importer of small files
(:mod:`dblrandom.adapters.tables`) knows many more kinds, compares all ids with one another, and can be told to accept.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dblrandom.errors import RosterError
from dblrandom.model.json import show

__all__ = ["check_fields", "check_ids"]

_AGAIN = "format the column as text and export again"
_DAMAGE = (
    (
        r"^[+-]?\d+(?:[.,]\d+)?\s*[eE]\s*[+-]\d+$|^[+-]?\d+[.,]\d+\s*[eE]\s*\d+$",
        "scientific-notation",
        f"is a number that a spreadsheet rounded; {_AGAIN}",
    ),
    (r"^=|^'", "formula", "begins as a spreadsheet's formula or text does; export the value"),
    (r"^#\S*[!?]$|^#N/A$|^#{2,}$", "spreadsheet-error", "is what a spreadsheet shows for an error; get the value"),
    (
        r"^(?i:null|\(null\)|none|nan|n/a|\\n|undefined)$|^(?:[-\x{2014}\x{2013}]+|无|空|暂无|未知|不详)$",
        "placeholder",
        "is a word for nothing; find out the id",
    ),
    (r"\x{fffd}|锟斤|斤拷", "replacement-character", "has a mark for text that a system lost; get it anew"),
    (r"^\d+\.0+$", "decimal-ending", f"ends in .0, as a program writes a number; {_AGAIN}"),
    (r"^\d{1,3}(?:,\d{3})+$", "thousands-separator", f"has marks between thousands; {_AGAIN}"),
    (r"^[(（]?[合总小共]\s*计[)）:：]?$", "total-row", "is a sum, not a unit; remove the row"),
)
# Where it is no id: what the importer of small files refuses there too, in its own forms.
_DAMAGE_ELSEWHERE = (
    (r"^=", "formula", "begins as a spreadsheet's formula does; export the value"),
    (
        r"^(?i:#[^\s#]{2,14}[!?]|#{2,}|Err:\d+|#DIV/0|#REF|#NAME|#VALUE|#NUM)$",
        "spreadsheet-error",
        "is what a spreadsheet shows for an error; get the value",
    ),
    (
        r"[\x{fffd}\x{fdd0}-\x{fdef}\x{fffe}\x{ffff}]|锟斤|斤拷|烫烫|屯屯|ï»¿|[ÃÂ][\x{a0}-\x{bf}]|â€",
        "replacement-character",
        "has a mark for text that a system lost; get it anew",
    ),
)
_ANY_ELSEWHERE = "|".join(f"(?:{pattern})" for pattern, _, _ in _DAMAGE_ELSEWHERE)
_ANY = "|".join(f"(?:{pattern})" for pattern, _, _ in _DAMAGE)
_LONG = r"^[1-9]\d{15,}$"
_ROUNDED = r"^[1-9]\d{14}0+$"
_FEW = 3
_SHARE = 5


def check_ids(ids: pa.Array, start: int, where: str) -> None:
    """Refuse a batch of ids with one that a spreadsheet or a system damaged.

    Args:
        ids: the ids, as text.
        start: the number of the first row, from 1.
        where: the roster, for messages.

    Raises:
        RosterError: naming the kind, the row and what to do.
    """
    found = pc.match_substring_regex(ids, _ANY)
    if pc.any(found, min_count=0).as_py():
        at = pc.index(found, True).as_py()
        text = ids[at].as_py()
        for pattern, kind, what in _DAMAGE:
            if pc.match_substring_regex(ids.slice(at, 1), pattern)[0].as_py():
                raise _refused(f"{show(text)} {what}", kind, start + at, where)
    rounded = pc.match_substring_regex(ids, _ROUNDED)
    few = pc.sum(rounded, min_count=0).as_py()
    if few < _FEW:
        return
    if few * _SHARE > pc.sum(pc.match_substring_regex(ids, _LONG), min_count=0).as_py():
        at = pc.index(rounded, True).as_py()
        what = f"{show(ids[at].as_py())} and {few - 1} more have zeros after 15 digits, as a spreadsheet leaves them"
        raise _refused(f"{what}; {_AGAIN}", "rounded-number", start + at, where)


def check_fields(column: pa.Array, name: str, start: int, where: str) -> None:
    """Refuse a batch of fields that are no ids with one that a spreadsheet or a system damaged.

    Args:
        column: the fields, as text.
        name: the column.
        start: the number of the first row, from 1.
        where: the roster, for messages.

    Raises:
        RosterError: naming the kind, the row, the column and what to do.
    """
    found = pc.match_substring_regex(column, _ANY_ELSEWHERE)
    if not pc.any(found, min_count=0).as_py():
        return
    at = pc.index(found, True).as_py()
    for pattern, kind, what in _DAMAGE_ELSEWHERE:
        if pc.match_substring_regex(column.slice(at, 1), pattern)[0].as_py():
            raise RosterError(f"{show(column[at].as_py())} {what} ({kind})", where=f"{where}, row {start + at}: {name}")


def _refused(what: str, kind: str, row: int, where: str) -> RosterError:
    way = f"or, where it is right so, make the roster with: roster build --accept {kind}"
    return RosterError(f"the id {what}; {way}", where=f"{where}, row {row} as read")
