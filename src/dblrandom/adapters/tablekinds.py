"""The kinds of things that an import of a table notices, each with a stable name (docs/tables.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from dblrandom.errors import RosterError
from dblrandom.model.json import show

__all__ = ["KINDS", "Kind", "accepted_of", "render"]

DEFECT, NOTE = "defect", "note"


@attrs.frozen
class Kind:
    """One kind of finding.

    Attributes:
        name: as reports have it.
        meaning: what it is.
        in_id: ``defect``, ``note`` or ``None`` where it is found in an id, or concerns a row or the file.
        elsewhere: the same for any other column.
        accepted: what becomes of it where the user accepts the kind; ``None`` where it cannot be accepted.
    """

    name: str
    meaning: str
    in_id: str | None
    elsewhere: str | None
    accepted: str | None = None


_AS_IT_IS = "taken as it is"
_LEFT_OUT = "the row is left out"

_ALL = (
    # The file and its headings.
    Kind("not-csv", "the file is not CSV from here on: quotes that do not close, or close too early", DEFECT, None),
    Kind("encoding", "bytes that are no text in the file's encoding", DEFECT, None),
    Kind("delimiter", "the columns are divided by `;`, TAB or `|`, not by commas", DEFECT, None),
    Kind("heading", "a column without a name, a name twice, or one that a roster cannot have", DEFECT, None),
    Kind("title-row", "lines above the headings, such as a title", DEFECT, None, "these lines are left out"),
    Kind("no-rows", "there are headings and no row", DEFECT, None, "an empty roster is made"),
    # Rows.
    Kind("missing-fields", "a row with fewer fields than there are headings", DEFECT, None),
    Kind("extra-fields", "a row with more fields than there are headings", DEFECT, None),
    Kind("blank-row", "a row without any text", DEFECT, None, _LEFT_OUT),
    Kind("total-row", "合计, 总计, 小计, 共计, Total: a sum, not a unit", DEFECT, None, _LEFT_OUT),
    Kind("note-row", "备注, 填表人, 审核人, 注: and the like, in a row without an id", DEFECT, None, _LEFT_OUT),
    Kind("repeated-heading", "the headings again, in the middle of the table", DEFECT, None, _LEFT_OUT),
    Kind("identical-row", "a row that is there twice, the same in every column taken", DEFECT, None, "kept once"),
    Kind("duplicate-id", "two rows that have the same id and differ", DEFECT, None),
    Kind("lookalike-ids", "two ids that look alike and are not the same", DEFECT, None, "both are taken"),
    # Fields.
    Kind("empty", "an id without any text", DEFECT, None),
    Kind("too-long", "more bytes than a field may have (255 in an id, 1,024 elsewhere)", DEFECT, DEFECT),
    Kind("control-character", "a line break, a TAB within, a NUL or another control character", DEFECT, DEFECT),
    Kind("tab-at-end", "a TAB before or after the text, put there against spreadsheets", DEFECT, DEFECT, "taken off"),
    Kind("invisible", "a character that nobody sees", DEFECT, DEFECT, "taken out"),
    Kind("unusual-blank", "a blank within the text that is not the space U+0020", DEFECT, NOTE, "made a space"),
    Kind("replacement-character", "U+FFFD, 锟斤拷 or the like: text that a system lost", DEFECT, DEFECT, _AS_IT_IS),
    Kind("question-marks", "question marks where characters were lost", DEFECT, NOTE, _AS_IT_IS),
    Kind("private-use", "a character for private use, which differs from system to system", DEFECT, NOTE, _AS_IT_IS),
    Kind("markup", "tags or entities of HTML, or escapes", DEFECT, NOTE, _AS_IT_IS),
    Kind("scientific-notation", "a number such as 9.15301E+17: its digits are lost", DEFECT, NOTE, _AS_IT_IS),
    Kind("rounded-number", "a long number of which only 15 to 17 digits are left", DEFECT, None, _AS_IT_IS),
    Kind("lost-zeros", "a number that is shorter than the others, which begin with zeros", DEFECT, None, _AS_IT_IS),
    Kind("decimal-ending", "a number that ends in .0", DEFECT, NOTE, _AS_IT_IS),
    Kind("thousands-separator", "a number with marks between thousands", DEFECT, NOTE, _AS_IT_IS),
    Kind("formula", "a formula of a spreadsheet", DEFECT, DEFECT, 'the text of ="text" is taken, others as they are'),
    Kind("leading-apostrophe", "an apostrophe before the text, as in spreadsheets", DEFECT, NOTE, "taken off an id"),
    Kind("spreadsheet-date", "a date or time that a spreadsheet made of a code", DEFECT, NOTE, _AS_IT_IS),
    Kind("boolean", "TRUE or FALSE", DEFECT, None, _AS_IT_IS),
    Kind("spreadsheet-error", "#REF!, #NAME?, #VALUE! and the like, or ####", DEFECT, DEFECT, _AS_IT_IS),
    Kind("placeholder", "#N/A, NULL, nan, 无, -: a word for nothing", DEFECT, NOTE, _AS_IT_IS),
    Kind("lower-case-code", "a credit code in small letters", DEFECT, None, "written in capitals"),
    Kind("spaced-code", "a credit code with blanks or hyphens in it", DEFECT, None, "they are taken out"),
    Kind("credit-code-letter", "I, O, S, V or Z in a credit code, which has none of them", DEFECT, None, _AS_IT_IS),
    Kind("credit-code-check", "a credit code whose check character does not fit; some genuine ones do not", NOTE, None),
    Kind("odd-id", "an id without a digit, where nearly all others have one", NOTE, None),
    Kind("short-id", "a number with fewer digits than nearly all other ids", NOTE, None),
    Kind("trimmed", "blanks before or after the text were taken off", NOTE, NOTE),
    Kind("full-width", "full-width letters, digits or marks of an id were made plain ones", NOTE, None),
    Kind("composed", "the text was brought to Unicode's NFC", NOTE, NOTE),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind by its name."""


def render() -> str:
    """The table of the documentation, in Markdown."""
    lines = [
        "| kind | meaning | in an id, a row or the file | in another column | with `--accept` |",
        "|---|---|---|---|---|",
    ]
    for kind in _ALL:
        cells = (f"`{kind.name}`", kind.meaning, kind.in_id or "", kind.elsewhere or "", kind.accepted or "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def accepted_of(names: Iterable[str]) -> frozenset[str]:
    """The kinds that a user accepts.

    Raises:
        RosterError: there is no such kind, or it cannot be accepted.
    """
    found = frozenset(names)
    for name in sorted(found):
        if name not in KINDS or KINDS[name].accepted is None:
            allowed = ", ".join(kind.name for kind in _ALL if kind.accepted is not None)
            why = "is no kind" if name not in KINDS else "cannot be accepted"
            raise RosterError(f"{show(name)} {why}; there are {allowed}", where="accept")
    return found
