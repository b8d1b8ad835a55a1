"""The headings of a table: where they are, which columns are taken, and all that is wrong with them at once."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from dblrandom.adapters.tablecells import CONTROL, name_of
from dblrandom.adapters.tablereport import Collector
from dblrandom.kernel.rows import BLIND, MAX_FIELD_BYTES
from dblrandom.kernel.text import is_name
from dblrandom.limits import TABLE_COLUMNS
from dblrandom.model.json import show
from dblrandom.model.lookalike import INVISIBLE, own_form

__all__ = ["Layout", "Wanted", "divided_by", "heading_of", "layout_of"]

_LISTED = 40
_LONGEST = MAX_FIELD_BYTES


@frozen(kw_only=True)
class Wanted:
    """What the caller asked for: the id's column, the columns to take, and their new names."""

    id: str
    columns: Sequence[str] | None
    rename: Mapping[str, str]

    def is_there(self, texts: Sequence[str]) -> bool:
        """Whether a record could be the headings: the id's column is in it."""
        tidy = [heading_of(text) for text in texts]
        return self.id in tidy or any(self.rename.get(text) == self.id for text in tidy)


@frozen(kw_only=True)
class Layout:
    """Which fields of a record are taken, in the population's order.

    Attributes:
        headings: every heading of the file.
        columns: the roster's columns, ``id`` first.
        places: for each of them the place in a record.
    """

    headings: tuple[str, ...]
    columns: tuple[str, ...]
    places: tuple[int, ...]

    @property
    def width(self) -> int:
        """How many fields a record has."""
        return len(self.headings)


def heading_of(text: str) -> str:
    """A heading without blanks around it, in NFC; one that is too long for a heading as it is."""
    text = text.strip()
    return text if len(text) > _LONGEST else unicodedata.normalize("NFC", text).strip()


def divided_by(record: Sequence[str]) -> str | None:
    """The mark that divides a heading line which is no CSV, if it has one and no comma."""
    if len(record) != 1:
        return None
    return next((mark for mark in ";\t|" if record[0].count(mark)), None)


def layout_of(record: Sequence[str], wanted: Wanted, line: int, row: int, collector: Collector) -> Layout | None:
    """Which columns are taken; ``None`` where there is no id. What else is wrong is for the collector to know."""

    def fault(remark: str) -> None:
        collector.add("heading", remark, row=row, line=line)

    there = [_checked(text, at, fault) for at, text in enumerate(record, start=1)]
    listing = ", ".join(show(text) for text in there[:_LISTED]) + (" and more" if len(there) > _LISTED else "")
    for text in (text for text, times in Counter(there).items() if times > 1):
        fault(f"the column {show(text)} is there twice; name each once")

    def absent(name: str, what: str = "") -> None:
        remark = f"there is no column {show(name)}{what}{_why(name, there, wanted.rename)}; there are {listing}"
        collector.add("heading", remark, row=0, line=0)

    for text in wanted.rename:
        if text not in there:
            absent(text, " to rename")
    names = [wanted.rename.get(text, text) for text in there]
    if wanted.id not in names and wanted.id not in there:
        absent(wanted.id, " for the id")
        return None
    key = names.index(wanted.id) if wanted.id in names else there.index(wanted.id)
    names[key] = "id"
    given = wanted.columns
    chosen = names if given is None else [name for name in given if name not in (wanted.id, there[key])]
    for name in chosen:
        if name not in names:
            absent(name)
    taken = ["id", *(name for name in chosen if name != "id" and name in names)]
    if len(taken) > TABLE_COLUMNS:
        fault(f"there are {len(taken)} columns, and a roster has at most {TABLE_COLUMNS}; name those to be taken")
        return None
    # Another column may be called id in the file, if only the others are wanted.
    passed = given is not None and "id" not in given
    for name in dict.fromkeys(taken):
        _check_taken(name, taken if passed and name == "id" else names, taken, fault)
    return Layout(headings=tuple(there), columns=tuple(taken), places=(key, *(names.index(name) for name in taken[1:])))


def _why(name: str, there: Sequence[str], rename: Mapping[str, str]) -> str:
    """Why a name is missing that a reader would find in the list: it was renamed, or only looks like one."""
    if name in rename and name in there:
        return f": it is renamed to {show(rename[name])}, so name that"
    form = _look(name)
    if alike := next((text for text in there if text != name and _look(text) == form), None):
        return f" (it looks like {alike!a}, and is {name!a})"
    return ""


def _look(name: str) -> str:
    return INVISIBLE.sub("", own_form(name[:_LONGEST])).casefold()


def _checked(text: str, at: int, say: Callable[[str], None]) -> str:
    if found := CONTROL.search(text):
        say(f"column {at} has {name_of(found[0])} in its name; remove it")
        return text
    tidy = heading_of(text)
    if len(tidy) > _LONGEST:
        say(f"column {at} has a name of {len(tidy)} characters; shorten it")
    if not tidy:
        say(f"column {at} has no name; give it one or remove it")
    return tidy


def _check_taken(name: str, names: list[str], taken: list[str], say: Callable[[str], None]) -> None:
    if not is_name(name):
        say(
            f"{show(name)} is no name for a column (a-z 0-9 . _ -); rename it, or take only other columns "
            "(dblrandom roster build --rename OLD=NEW, --columns A,B)"
        )
    elif name == BLIND:
        say(f"the name {show(BLIND)} is the protocol's own; rename the column")
    elif names.count(name) > 1 or taken.count(name) > 1:
        say(f"two columns would be called {show(name)}; rename one of them")
