"""One field of a table: what is tidied, and what a spreadsheet or a system may have done to it.

Most fields are plain. Whole columns of a block are therefore looked through at once (:func:`suspects`), and only what
stands out is taken apart (:func:`tidy`, :func:`tidy_id`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

import attrs

from dblrandom.adapters.tablekinds import NOTE
from dblrandom.kernel.rows import MAX_FIELD_BYTES, MAX_ID_BYTES
from dblrandom.model.creditcode import is_valid
from dblrandom.model.json import show
from dblrandom.model.lookalike import INVISIBLE

__all__ = ["CONTROL", "Cell", "Noticed", "name_of", "suspects", "suspects_in_ids", "tidy", "tidy_id"]

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, and what is no text."""

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_NAMED = {"\t": "a TAB", "\n": "a line break", "\r": "a line break", "\0": "a NUL"}
_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LOST = re.compile("[\ufffd\ufdd0-\ufdef\ufffe\uffff]|锟斤|斤拷|烫烫|屯屯|ï»¿|[ÃÂ][\u00a0-\u00bf]|â€")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_MARKUP = re.compile(
    r"&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});|</?[a-z][^<>]*>|\\[ux][0-9a-f]{2}|%[0-9a-f]{2}%[0-9a-f]{2}", re.IGNORECASE
)
_QUESTION = re.compile("\\?{2,}|\uff1f{2,}|[\u4e00-\u9fff]\\?|\\?[\u4e00-\u9fff]")
_SCIENTIFIC = re.compile(
    r"[+-]?\d+(?:[.,]\d+)?[eE][+-]\d+|[+-]?\d+[.,]\d+[eE]\d+|[+-]?\d+(?:[.,]\d+)?[×xX*·]10\^?[+-]?\d+"
)
_PERHAPS_SCIENTIFIC = re.compile(r"\d{1,2}[eE]\d{1,3}")
_THOUSANDS = re.compile("\\d{1,3}(?:[,\uff0c'\u2019]\\d{3})+(?:[.,]\\d+)?")
_DECIMAL = re.compile(r"\d+\.0+")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = re.compile(
    rf"\d{{1,2}}月\d{{1,2}}日?|{_MONTH}[-/ .]\d{{1,4}}|\d{{1,2}}[-/ .]{_MONTH}(?:[-/ .]\d{{2,4}})?", re.IGNORECASE
)
_DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?(?:[ T]\d{1,2}:\d{2}.*)?|\d{4}年\d{1,2}月|\d{1,2}/\d{1,2}(?:/\d{2,4})?"
    r"|\d{1,2}[-.]\d{1,2}[-.]\d{4}|\d{1,2}月|\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?"
)
_ERROR = re.compile(r"#[^\s#]{2,14}[!?]|#{2,}|Err:\d+|#DIV/0|#REF|#NAME|#VALUE|#NUM", re.IGNORECASE)
_NOTHING = frozenset(
    "#n/a n/a na null (null) <null> [null] none nan nil nat <na> \\n undefined - -- --- — —— – ― / \\ // * ** *** ? ?? "
    "??? . … ... ...... 无 没有 暂无 暂缺 空 空白 缺 缺失 未知 不详 不明 未填 待补 待补充 待定 无代码 xxx".split()
)
_TRUTH = frozenset("true false wahr falsch vrai faux verdadero falso истина ложь".split())
_APOSTROPHES = "'\u2019\u2018`\u00b4"
_TEXT_FORMULA = re.compile(r'=\s*(?:T\()?"((?:[^"]|"")*)"\)?')
_CODE_LETTERS = str.maketrans("IOZSV", "1025U")

# Anything here, and the text is looked at by itself.
_STANDS_OUT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0#?&<\\\\%\u0130ÃÂâï锟斤烫屯\uff1f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff"
    "\u1680\u2000-\u200a\u202f\u205f\u3000\ue000-\uf8ff\U000f0000-\U0010ffff" + INVISIBLE.pattern[1:]
)
_BEGINS = re.compile(
    "\n(?:[ =+\\-@'\u2019\u2018`\u00b4*/.\u2014\u2013\u2015\u2026(\\[]|[nN](?:[uU]|[aAoOiI][nNtTlL]?\n|one|one\n|/)"
    "|[uU]ndef|无\n|没有\n|暂|空|缺|未[知填]\n|不[详明]\n|待[补定]|[xX]{1,3}\n|\\d{1,2}月|\\d+(?:[.,]\\d+)?\\s*[eE×xX*·]"
    f"|\\d{{4,}}\\.0|\\d{{1,3}}[,\uff0c]\\d{{3}}|\\d{{1,2}}[-/ .]{_MONTH}|{_MONTH}[-/ .]\\d|Err:)",
    re.IGNORECASE,
)
# What most texts consist of: told six times as fast as that nothing stands out.
_EVERYDAY = re.compile("[\n -\"$'-;=>@-\\[\\]-~\u4e00-\u9fff（）《》，。、·－—]*")
_GARBLED = ("锟斤", "斤拷", "烫烫", "屯屯")
_BEYOND_CAPITALS = re.compile("[^0-9A-HJ-NPQRTUWXY\n]")
_NOT_PLAIN = re.compile("[^0-9A-Za-z\n._-]")
_ODD_AMONG_CAPITALS = re.compile(r"\n(?:[A-Z]*|[0-9]+E[0-9]+|([0-9])\1{5,})(?=\n)")
_ODD_AMONG_PLAIN = re.compile(
    rf"\n(?:[A-Za-z]*|[-.].*|\d+(?:\.\d+)?[eE][+-]?\d+|\d+\.0+|\d{{1,4}}[-.]\d{{1,2}}(?:[-.]\d{{1,4}})?"
    rf"|\d{{1,2}}[-.]{_MONTH}.*|{_MONTH}[-.]\d.*|([0-9])\1{{5,}}"
    r"|(?-i:(?=.{0,17}[a-zIOSVZ])[0-9A-Za-z]{18})|(?=.*-)(?:[0-9A-Za-z]-*){18})(?=\n)",
    re.IGNORECASE,
)


@attrs.frozen
class Noticed:
    """A kind, what is wrong and what to do or what was done, and another severity than the kind's own."""

    kind: str
    remark: str
    severity: str | None = None


@attrs.frozen
class Cell:
    """A field as it will stand in the roster, and what was noticed about it."""

    text: str
    noticed: tuple[Noticed, ...] = ()


def suspects(texts: Collection[str]) -> list[str]:
    """Those of the texts that :func:`tidy` has to look at; the others are as they should be."""
    long: list[str] = []
    if len(max(texts, key=len)) * 4 > MAX_FIELD_BYTES:
        long = [text for text in texts if len(text) * 4 > MAX_FIELD_BYTES]
        texts = [text for text in texts if len(text) * 4 <= MAX_FIELD_BYTES]
    joined = "\n" + "\n".join(texts) + "\n"
    if not _stands_out(joined, len(texts) + 1):
        return long
    return long + [text for text in texts if _stands_out(f"\n{text}\n", 2)]


def suspects_in_ids(texts: Collection[str]) -> list[str]:
    """Those of the texts that :func:`tidy_id` has to look at: all but plain letters, digits and hyphens."""
    long: list[str] = []
    if len(max(texts, key=len)) > MAX_ID_BYTES:
        long = [text for text in texts if len(text) > MAX_ID_BYTES]
        texts = [text for text in texts if len(text) <= MAX_ID_BYTES]
    joined = "\n" + "\n".join(texts) + "\n"
    if _plain_ids(joined, len(texts) + 1):
        return long
    return long + [text for text in texts if not _plain_ids(f"\n{text}\n", 2)]


def tidy(text: str) -> Cell:
    """A field that is not the id."""
    if too_long := _too_long(text, MAX_FIELD_BYTES):
        return too_long
    found: list[Noticed] = []
    plain = _bare(text, found, id_text=False)
    if not plain:
        return Cell(plain, tuple(found))
    _check_length(plain, MAX_FIELD_BYTES, found)
    if plain.startswith("="):
        plain = _formula(plain, found)
    elif plain[0] in _APOSTROPHES and len(plain) > 1:
        found.append(Noticed("leading-apostrophe", f"{show(text)} begins with an apostrophe; kept as it is"))
    elif plain[0] in "+-@" and re.match(r"[-+@][A-Za-z@(\"']", plain):
        found.append(Noticed("formula", f"{show(text)} could be a formula; kept as it is", NOTE))
    _mangled(plain, found)
    folded = _folded(plain)
    if folded.casefold() in _NOTHING:
        found.append(Noticed("placeholder", f"{show(text)} is a word for nothing; kept as it is"))
    elif _ERROR.fullmatch(folded):
        found.append(_error(text))
    elif _SCIENTIFIC.fullmatch(folded):
        found.append(Noticed("scientific-notation", f"{show(text)} is a number that lost its digits; kept as it is"))
    elif _THOUSANDS.fullmatch(folded):
        found.append(Noticed("thousands-separator", f"{show(text)} has marks between thousands; kept as it is"))
    elif _DECIMAL.fullmatch(folded) and folded.index(".") >= 4:
        found.append(Noticed("decimal-ending", f"{show(text)} ends in .0, as a program writes a code; kept as it is"))
    elif _DAY.fullmatch(folded):
        found.append(Noticed("spreadsheet-date", f"{show(text)} may be a code that became a date; kept as it is"))
    return Cell(plain, tuple(found))


def tidy_id(text: str) -> Cell:
    """An id; a repair that only an accepted kind allows is made in any case, since else the table is refused."""
    if too_long := _too_long(text, MAX_ID_BYTES):
        return too_long
    found: list[Noticed] = []
    # Folded before NFC: a full-width letter followed by an accent composes only once it is a plain letter.
    folded = text if text.isascii() else text.translate(_FULL_WIDTH)
    if folded.strip() != text.strip():
        found.append(Noticed("full-width", f"{show(text)} had full-width characters; made plain"))
    plain = _bare(folded, found, id_text=True)
    if not plain:
        found.append(Noticed("empty", "is empty; every row needs one"))
        return Cell(plain, tuple(found))
    _check_length(plain, MAX_ID_BYTES, found)
    if plain[0] in _APOSTROPHES and len(plain) > 1:
        found.append(Noticed("leading-apostrophe", f"{show(text)} begins with an apostrophe; export the text itself"))
        plain = plain[1:].strip()
    if plain[0] == "=" or (plain[0] in "+-@" and plain.casefold() not in _NOTHING):
        plain = _formula(plain, found)
    _mangled(plain, found, id_text=True)
    if special := _special(plain):
        found.append(special)
    else:
        plain = _code(plain, found)
    return Cell(plain, tuple(found))


def name_of(character: str) -> str:
    """What to call a character that should not be there."""
    return _NAMED.get(character, f"the character U+{ord(character):04X}")


def _stands_out(joined: str, breaks: int) -> bool:
    return (
        joined.count("\n") != breaks
        or " \n" in joined
        or (not _everyday(joined) and _STANDS_OUT.search(joined) is not None)
        or _BEGINS.search(joined) is not None
        or not (joined.isascii() or unicodedata.is_normalized("NFC", joined))
    )


def _everyday(joined: str) -> bool:
    found = _EVERYDAY.match(joined)
    return found is not None and found.end() == len(joined) and not any(text in joined for text in _GARBLED)


def _plain_ids(joined: str, breaks: int) -> bool:
    if joined.count("\n") != breaks:
        return False
    if _BEYOND_CAPITALS.search(joined) is None:
        return _ODD_AMONG_CAPITALS.search(joined) is None
    return _NOT_PLAIN.search(joined) is None and _ODD_AMONG_PLAIN.search(joined) is None


def _bare(text: str, found: list[Noticed], *, id_text: bool) -> str:
    """The text without what is around it, in NFC, and without what nobody sees."""
    core = text.strip("\t ")
    if core != text and "\t" in text and not CONTROL.search(core):
        found.append(Noticed("tab-at-end", f"{show(text)} has a TAB at an end; remove it"))
        text = text.strip("\t ")
    if control := CONTROL.search(text):
        found.append(Noticed("control-character", f"has {name_of(control[0])}; remove it"))
    bare = text.strip()
    if bare != text:
        found.append(Noticed("trimmed", f"{show(text)} had blanks at an end; taken off"))
    if not bare.isascii():
        composed = unicodedata.normalize("NFC", bare)
        if composed != bare:
            found.append(Noticed("composed", f"{show(bare)} was not in Unicode's NFC; composed"))
        bare = _unseen(composed, found)
        bare = _blanks(bare, found, id_text=id_text)
    return bare


def _unseen(text: str, found: list[Noticed]) -> str:
    unseen = next((match for match in INVISIBLE.finditer(text) if not CONTROL.match(match[0])), None)
    if unseen is None:
        return text
    found.append(Noticed("invisible", f"{show(text)} has {name_of(unseen[0])}, which nobody sees; remove it"))
    return unicodedata.normalize("NFC", INVISIBLE.sub("", text)).strip()


def _blanks(text: str, found: list[Noticed], *, id_text: bool) -> str:
    if not (blank := _BLANK.search(text)):
        return text
    what = f"{show(text)} has {name_of(blank[0])}, a blank that is not the space"
    found.append(Noticed("unusual-blank", f"{what}; write a space" if id_text else f"{what}; kept as it is"))
    return _BLANK.sub(" ", text) if id_text else text


def _too_long(text: str, maximum: int) -> Cell | None:
    """A field so long that nothing else is looked for in it; what is left of it is empty, since no roster has it.

    Normal forms take time that grows with the square of the length, so the length comes first.
    """
    if len(text) * 4 <= maximum or len(text.strip().encode("utf-8", "replace")) <= maximum:
        return None
    return Cell("", (Noticed("too-long", f"is longer than {maximum} bytes; shorten it"),))


def _check_length(text: str, maximum: int, found: list[Noticed]) -> None:
    if len(text) * 4 > maximum and len(text.encode("utf-8", "replace")) > maximum:
        found.append(Noticed("too-long", f"is longer than {maximum} bytes; shorten it"))


def _formula(text: str, found: list[Noticed]) -> str:
    if unwrapped := _TEXT_FORMULA.fullmatch(text):
        found.append(Noticed("formula", f"{show(text)} is a spreadsheet formula; export the value"))
        return unwrapped[1].replace('""', '"').strip() or text
    found.append(Noticed("formula", f"{show(text)} begins as a spreadsheet formula does; export the value"))
    return text


def _mangled(text: str, found: list[Noticed], *, id_text: bool = False) -> None:
    kept = "" if id_text else "; kept as it is"
    if lost := _LOST.search(text):
        shown = " ".join(f"U+{ord(character):04X}" for character in lost[0])
        found.append(Noticed("replacement-character", f"{show(text)} has {shown}: a system lost its text; get it anew"))
    if private := _PRIVATE.search(text):
        what = f"{show(text)} has {name_of(private[0])}, for private use, which differs from system to system"
        found.append(Noticed("private-use", what + ("; write the character itself" if id_text else kept)))
    if _MARKUP.search(text):
        found.append(Noticed("markup", f"{show(text)} has tags or escapes{'; export the text' if id_text else kept}"))
    asked = "?" in text or "\uff1f" in text if id_text else _QUESTION.search(text)
    if asked and text.strip("?\uff1f"):
        what = f"{show(text)} has question marks, perhaps for lost characters"
        found.append(Noticed("question-marks", what + ("; get the text anew" if id_text else kept)))


def _error(text: str) -> Noticed:
    return Noticed("spreadsheet-error", f"{show(text)} is what a spreadsheet shows for an error; get the value itself")


def _special(text: str) -> Noticed | None:
    """What an id is instead of an id."""
    folded = _folded(text)
    small = folded.casefold()
    again = "format the column as text and export again"
    if small in _NOTHING or re.fullmatch(r"0{6,}|([0-9])\1{14,}|x{3,10}", folded):
        return Noticed("placeholder", f"{show(text)} is a word for nothing; find out the id")
    if _ERROR.fullmatch(folded):
        return _error(text)
    if small in _TRUTH:
        return Noticed("boolean", f"{show(text)} is a value of a spreadsheet; {again}")
    if _SCIENTIFIC.fullmatch(folded):
        return Noticed("scientific-notation", f"{show(text)} is a number that a spreadsheet rounded; {again}")
    if _PERHAPS_SCIENTIFIC.fullmatch(folded):
        return Noticed("scientific-notation", f"{show(text)} could be a rounded number; look whether it is right", NOTE)
    if _DECIMAL.fullmatch(folded):
        return Noticed("decimal-ending", f"{show(text)} ends in .0, as a program writes a number; {again}")
    if _THOUSANDS.fullmatch(folded):
        return Noticed("thousands-separator", f"{show(text)} has marks between thousands; {again}")
    if _DAY.fullmatch(text) or _DATE.fullmatch(text):
        return Noticed("spreadsheet-date", f"{show(text)} is a date, perhaps made of a code; {again}")
    return None


def _code(text: str, found: list[Noticed]) -> str:
    """A credit code in another form than its own."""
    if not text.isascii() or len(text) < 18 or is_valid(text):
        return text
    joined = re.sub(r"[\s-]", "", text)
    if len(joined) != 18:
        return text
    code = joined.upper()
    if is_valid(code):
        if joined != text:
            found.append(Noticed("spaced-code", f"{show(text)} is the code {code}; write it without blanks or hyphens"))
        if code != joined:
            found.append(Noticed("lower-case-code", f"{show(text)} is the code {code}; write it in capitals"))
        return code
    likely = code.translate(_CODE_LETTERS)
    if likely != code and is_valid(likely):
        found.append(Noticed("credit-code-letter", f"{show(text)} may be {likely}: no code has I, O, S, V or Z; look"))
    return text


def _folded(text: str) -> str:
    """The text as a number or a word for nothing is recognised: plain characters, no blanks."""
    return "".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).split())
