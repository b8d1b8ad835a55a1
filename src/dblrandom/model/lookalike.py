"""Texts that a reader could take for one another: capitals, width, leading zeros, dots, hyphens, letters of others.

Ids are compared byte by byte, and nothing here changes that. Who looks for a firm under ``91530102hc000001y1`` should
be told that ``91530102HC000001Y1`` is there, and who imports a list that holds both should ask which one is meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from dblrandom.model.characters import UNSEEN, in_class
from dblrandom.model.creditcode import is_valid

__all__ = ["INVISIBLE", "alike_among", "difference", "hint", "looks", "looks_of_plain", "own_form", "spellings"]

INVISIBLE = re.compile(f"[{in_class(UNSEEN, least=0x80)}]")
"""Characters that nobody sees."""

_DOTS = "\u00b7\u0387\u2022\u2027\u2219\u22c5\u2e31\u30fb\uff65\u16eb\u2024\u25cf"
_HYPHENS = "\u002d\u02d7\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u30fc\ufe58\ufe63\uff0d\u2500"
_OTHERS = (
    {ord(dot): "\u00b7" for dot in _DOTS}
    | {ord(hyphen): "-" for hyphen in _HYPHENS}
    | {ord(mark): "'" for mark in "\u2018\u2019\u02bc\u2032\u00b4`"}
    | {ord(mark): '"' for mark in "\u201c\u201d\u2033"}
    | {ord(mark): "~" for mark in "\u301c\u223c"}
    | {ord(mark): "/" for mark in "\u2044\u2215"}
    | {ord(mark): "0" for mark in "\u3007\u25cb\u25ef"}
)
_CYRILLIC = dict(
    zip(
        map(ord, "АВЕЅІЈКМНОРСТУХҮԀԌԚԜавеѕіјкморстухүԁһԛԝԍӏ"),
        "ABESIJKMHOPCTYXYDGQWaBesijkmopctyxydhqwgl",
        strict=True,
    )
)
_GREEK = dict(zip(map(ord, "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϳικνορυχϲ"), "ABEZHIKMNOPTYXCjiKvopuxc", strict=True))
_LATIN = dict(zip(map(ord, "ıɩɑɡʟᴏ"), "iiaglo", strict=True))
_LETTERS = _CYRILLIC | _GREEK | _LATIN
_DIGITS = str.maketrans("OI|", "011")
_SMALL_L = str.maketrans("l", "1")
# Letters that a unified social credit code never has, and what each is taken for (GB 32100-2015).
_IN_CODES = str.maketrans("ZSV", "25U")
_CODE = 18
_MOST = 64
_MORE_THAN_ONE = re.compile(r"[^0-9A-Za-km-z\n._-]|[ZSVzsv]")


def looks(text: str) -> frozenset[str]:
    """What a text looks like; two texts that share one of these look alike."""
    if text.isascii():
        found = {_folded(text)}
        if "l" in text:
            found.add(_folded(text.translate(_SMALL_L)))
    else:
        seen = _seen(unicodedata.normalize("NFKC", _seen(text)).translate(_OTHERS))
        plain = seen.translate(_LETTERS)
        found = {_folded(seen), _folded(plain), _folded(plain.translate(_SMALL_L))}
    found |= {key.translate(_IN_CODES) for key in found if len(key) == _CODE}
    return frozenset(found)


def looks_of_plain(texts: Sequence[str]) -> list[str] | None:
    """The only look of each text, quickly, where all are plain letters and digits; else ``None``."""
    joined = "\n".join(texts)
    if joined.count("\n") != len(texts) - 1 or not joined.isascii() or _MORE_THAN_ONE.search(joined):
        return None
    folded = joined.upper().translate(_DIGITS)
    keys = folded.split("\n")
    return [key.lstrip("0") or key[-1:] for key in keys] if "\n0" in folded or folded.startswith("0") else keys


def alike_among(text: str, others: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Those of the others that look like the text and are not the same, at most so many."""
    sought = looks(text)
    found: list[str] = []
    for other in others:
        if other != text and not sought.isdisjoint(looks(other)):
            found.append(other)
            if len(found) == most:
                break
    return tuple(found)


def hint(text: str, found: Iterable[str]) -> str:
    """What to add to a message that a text is not there, where others that look alike are; else nothing."""
    said = [f"{other!r} is, and looks alike ({difference(text, other)})" for other in found]
    return "; " + ", ".join(said) if said else ""


def own_form(text: str) -> str:
    """A text as lists have it: plain characters, and a credit code in capitals and without blanks."""
    plain = unicodedata.normalize("NFKC", _seen(text)).strip()
    code = re.sub(r"[\s-]", "", plain).upper()
    return code if is_valid(code) else plain


def spellings(text: str) -> frozenset[str]:
    """Other ways to write a text that look alike, to ask for where not every text can be gone through; at most 64."""
    wide = unicodedata.normalize("NFKC", _seen(text))
    bases = {text, wide, own_form(text), wide.translate(_LETTERS), re.sub(r"\s+", "", wide)}
    bases |= {base.translate(str.maketrans("OoIl", "0011")) for base in bases}
    bases |= {base.upper().translate(_IN_CODES) for base in bases if len(base) == _CODE}
    bases |= {base.translate(_OTHERS) for base in bases}
    bases |= {base.translate({0xB7: dot}) for base in bases for dot in "\u2022\u30fb" if "\u00b7" in base}
    found = dict.fromkeys(form for base in sorted(bases) for form in (base, base.upper(), base.lower()))
    if wide.isdecimal():
        stripped = wide.lstrip("0") or "0"
        found |= dict.fromkeys(stripped.zfill(width) for width in range(1, 21))
    return frozenset(list(found)[: _MOST + 1]) - {text, ""}


def difference(one: str, other: str) -> str:
    """In what two texts that look alike differ, in one or two words."""
    if one.casefold() == other.casefold():
        return "capital or small letters"
    wide, there = (unicodedata.normalize("NFKC", _seen(text)).casefold() for text in (one, other))
    if wide == there:
        return "width, or characters that nobody sees"
    if wide.lstrip("0") == there.lstrip("0"):
        return "leading zeros"
    if re.sub(r"\s", "", wide) == re.sub(r"\s", "", there):
        return "blanks"
    if wide.translate(_OTHERS) == there.translate(_OTHERS):
        return "the kind of dot, hyphen or mark"
    return "letters that look alike"


def _folded(text: str) -> str:
    """Case, blanks and leading zeros away, and of letters and digits that look alike the digit."""
    if not text.isascii():
        # Not upper: it would make of a Greek or Cyrillic small letter one that looks like another.
        text = text.casefold()
    key = "".join(text.upper().translate(_DIGITS).split())
    return key.lstrip("0") or key[-1:]


def _seen(text: str) -> str:
    """The text without what does not show: format characters, variation selectors, fillers."""
    return "".join(c for c in INVISIBLE.sub("", text) if unicodedata.category(c) != "Cf")
