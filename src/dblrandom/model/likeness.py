"""Texts that readers take for the same (docs/spec, characters).

Names of agencies, periods, events and strata are compared by machines and read by people. Where the two could part,
:func:`likeness` decides: two texts are *alike* exactly if it gives the same for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from dblrandom.errors import InputError, PlanError
from dblrandom.model.characters import SPACES, UNASSIGNED, UNICODE, UNSEEN, first_unassigned, first_unseen, in_class
from dblrandom.model.json import show

__all__ = ["alike_pair", "check_compared", "likeness", "likenesses"]

_DASHES = "2010 2012-2015 2212"
"""What is left of dashes after normal form KC; all of them are seen as the hyphen."""

_DROPPED = re.compile(f"[{in_class(UNSEEN)}\ud800-\udfff]")
_SPACES = re.compile(f"[{in_class(SPACES)}]")
_DASH = re.compile(f"[{in_class(_DASHES)}]")
_RUNS = re.compile(f"([{in_class(UNASSIGNED)}]+)")


def likeness(text: str) -> str:
    """What is compared in place of ``text``; never shown, never stored.

    Characters that nobody sees are dropped; then normal form KC, full case folding, and normal form KC again; then
    spaces are dropped, and every dash is a hyphen. Code points that Unicode 14.0 does not assign stay as they are and
    divide the text for these steps, so that the answer is the same under every later edition of Unicode: its stability
    policies fix both operations for assigned characters.
    """
    if text.isascii() and text.isprintable():
        return text.lower().replace(" ", "")
    seen = _DROPPED.sub("", text)
    runs = [run if place % 2 else _folded(run) for place, run in enumerate(_RUNS.split(seen))]
    return _DASH.sub("-", _SPACES.sub("", "".join(runs)))


def _folded(run: str) -> str:
    return normalize("NFKC", normalize("NFKC", run).casefold())


def likenesses(texts: Sequence[str]) -> list[str]:
    """The likeness of each of many texts, in a fraction of the time where they are as ids of rosters are."""
    joined = "\n".join(texts)
    # Which characters there are is looked at once for each, and not wherever it stands.
    kinds = "".join(set(joined) - {"\n"})
    if joined.count("\n") != len(texts) - 1 or _DROPPED.search(kinds) or _RUNS.search(kinds):
        return [likeness(text) for text in texts]
    if kinds.isascii():
        return joined.lower().replace(" ", "").split("\n")
    # A line feed is left alone by all of these, and nothing is ever put together across it.
    folded = _folded(joined)
    for found in set(folded):
        if _SPACES.match(found) or _DASH.match(found):
            folded = folded.replace(found, "-" if _DASH.match(found) else "")
    return folded.split("\n")


def alike_pair(texts: Iterable[str]) -> tuple[str, str] | None:
    """Two different texts that are alike, or ``None``; the same text given twice is no such pair."""
    known: dict[str, str] = {}
    for text in texts:
        other = known.setdefault(likeness(text), text)
        if other != text:
            return other, text
    return None


def check_compared(text: str, where: str, *, error: type[InputError] = PlanError) -> str:
    """A text that is compared with others: only characters that are seen, and that Unicode 14.0 assigns.

    The empty text passes. What else the text must be is for others to check.

    Raises:
        PlanError: or ``error``, naming the character.
    """
    if found := first_unseen(text):
        problem = f"has the character U+{ord(found[0]):04X} at position {found.start() + 1}"
        raise error(f"{show(text)} {problem}; remove what cannot be seen", where=where)
    if found := first_unassigned(text):
        problem = f"has the character U+{ord(found[0]):04X}, which Unicode {UNICODE} does not assign"
        raise error(f"{show(text)} {problem}; write it with other characters, since it is compared", where=where)
    return text
