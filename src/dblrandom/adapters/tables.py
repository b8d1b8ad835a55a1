"""Tables as offices keep them (CSV) into populations: the importer's duties of docs/spec, section 2.

What the core compares to the byte is tidied here, once and before anything is committed: text is brought to Unicode's
NFC and trimmed, full-width letters and digits of ids become plain ones. What cannot be tidied without guessing, such as
two ids that look alike, is refused, naming the line of the file and the column.
"""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import frozen

from dblrandom.adapters.files import open_regular, os_failure
from dblrandom.errors import RosterError
from dblrandom.kernel.rows import BLIND, MAX_FIELD_BYTES, MAX_ID_BYTES
from dblrandom.kernel.text import is_name
from dblrandom.model import Population
from dblrandom.model.json import show
from dblrandom.model.names import ROSTER_NAME

__all__ = ["ENCODINGS", "INVISIBLE", "check_csv", "read_csv"]

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312")
"""How a file's text may be encoded. The first two both accept a byte order mark; the last three are read alike, since
GB 18030 holds the other two."""

_BOM = b"\xef\xbb\xbf"
_BLOCK = 1 << 20
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
INVISIBLE = re.compile(
    "[\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0100-\U000e01ef]"
)
"""Characters in an id that nobody sees."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAMED = {"\t": "a TAB", "\n": "a line break", "\r": "a line break", "\0": "a NUL"}


@frozen(kw_only=True)
class _Layout:
    """Which fields of a record are taken, in the population's order."""

    width: int
    columns: tuple[str, ...]
    id_at: int
    others_at: tuple[int, ...]


def read_csv(
    path: str | os.PathLike[str],
    *,
    id: str,  # noqa: A002 -- the word that the field and the specification use
    name: str | None = None,
    columns: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    confidential: bool = False,
    encoding: str = "utf-8-sig",
) -> Population:
    """Read a CSV file (RFC 4180, first line the header) into a population.

    Args:
        path: the file.
        id: the header of the column that identifies a row, as in the file or after ``rename``; it becomes ``id``.
        name: the roster's name; the file's name without its ending where it is not given.
        columns: which columns to take, after ``rename`` and besides the id, in this order; all in the file's order
            where it is not given.
        rename: headers that are not names of the protocol, to names that are: ``{"行政区": "district"}``.
        confidential: whether the roster must not disclose rows.
        encoding: one of :data:`ENCODINGS`.

    Raises:
        RosterError: naming the line of the file and the column.
        FolderError: the file cannot be read.
    """
    source = Path(path)
    where = source.name
    if encoding not in ENCODINGS:
        raise RosterError(f"{show(encoding)} is not one of {', '.join(ENCODINGS)}", where=f"{where}: encoding")
    roster = source.stem if name is None else name
    if not ROSTER_NAME.fullmatch(roster):
        raise RosterError(f"{show(roster)} is no name for a roster (A-Z a-z 0-9 . _ -); give one as name", where=where)
    with os_failure(source, "read it"), open(open_regular(source), "rb") as file, _text(file, encoding, where) as text:
        records = _records(text, encoding, where)
        layout = _layout(next(records, None), id, columns, dict(rename or {}), where)
        rows = tuple(_rows(records, layout, where))
    return Population(roster, layout.columns, rows, confidential)


def check_csv(path: str | os.PathLike[str], encoding: str) -> None:
    """Check that a file is CSV (RFC 4180) as far as quotes go; one without any is.

    Raises:
        RosterError: it is not, naming the line.
        FolderError: the system does not let it be read.
    """
    where = str(path)
    with os_failure(path, "read it"), open(open_regular(path), "rb") as file:
        if not any(b'"' in block for block in iter(partial(file.read, _BLOCK), b"")):
            return
        file.seek(0)
        with _text(file, encoding, where) as text:
            for _ in _records(text, encoding, where):
                pass


def _text(file: io.BufferedReader, encoding: str, where: str) -> io.TextIOWrapper:
    chinese = encoding.startswith("gb")
    if chinese and file.peek(3)[:3] == _BOM:
        raise RosterError(f"is UTF-8, not {encoding.upper()}; name no encoding", where=where)
    return io.TextIOWrapper(file, "gb18030" if chinese else "utf-8-sig", newline="")


def _records(text: io.TextIOWrapper, encoding: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Give each record with the line of the file on which it begins."""
    reader = csv.reader(text, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            other = "utf-8" if encoding.startswith("gb") else "gb18030"
            raise RosterError(
                f"is not {encoding.removesuffix('-sig').upper()} near line {line}; convert it, or name its encoding "
                f"(--encoding {other})",
                where=where,
            ) from error
        except csv.Error as error:
            raise RosterError(f"is not CSV: {error}; save it as CSV again", where=f"{where}: line {line}") from error
        yield line, record


def _layout(
    header: tuple[int, list[str]] | None,
    unit_id: str,
    columns: Sequence[str] | None,
    rename: dict[str, str],
    where: str,
) -> _Layout:
    if header is None:
        raise RosterError("is empty; its first line must name the columns", where=where)
    there = [_header(text, at, where) for at, text in enumerate(header[1], start=1)]
    listing = ", ".join(show(text) for text in there)
    if twice := [text for text in there if there.count(text) > 1]:
        raise RosterError(f"the column {show(twice[0])} is there twice; name each once", where=f"{where}: line 1")
    if strange := [text for text in rename if text not in there]:
        raise RosterError(f"there is no column {show(strange[0])} to rename; there are {listing}", where=where)
    names = [rename.get(text, text) for text in there]
    if unit_id not in names and unit_id not in there:
        raise RosterError(f"there is no column {show(unit_id)} for the id; there are {listing}", where=where)
    key = names.index(unit_id) if unit_id in names else there.index(unit_id)
    names[key] = "id"
    wanted = names if columns is None else [*(name for name in columns if name not in (unit_id, there[key]))]
    if missing := [name for name in wanted if name not in names]:
        raise RosterError(f"there is no column {show(missing[0])}; there are {listing}", where=where)
    taken = ["id", *(name for name in wanted if name != "id")]
    # Another column may be called id in the file, if only the others are wanted.
    passed = columns is not None and "id" not in columns
    for name in taken:
        _check_taken(name, taken if passed and name == "id" else names, taken, where)
    others = tuple(names.index(name) for name in taken[1:])
    return _Layout(width=len(there), columns=tuple(taken), id_at=key, others_at=others)


def _header(text: str, at: int, where: str) -> str:
    if found := _CONTROL.search(text):
        raise RosterError(f"column {at} has {_name_of(found[0])} in its name; remove it", where=f"{where}: line 1")
    tidy = unicodedata.normalize("NFC", text).strip()
    if not tidy:
        raise RosterError(f"column {at} has no name; give it one or remove it", where=f"{where}: line 1")
    return tidy


def _check_taken(name: str, names: list[str], taken: list[str], where: str) -> None:
    place = f"{where}: line 1"
    if not is_name(name):
        raise RosterError(
            f"{show(name)} is no name for a column (a-z 0-9 . _ -); rename it, or take only other columns "
            "(dblrandom roster build --rename OLD=NEW, --columns A,B)",
            where=place,
        )
    if name == BLIND:
        raise RosterError(f"the name {show(BLIND)} is the protocol's own; rename the column", where=place)
    if names.count(name) > 1 or taken.count(name) > 1:
        raise RosterError(f"two columns would be called {show(name)}; rename one of them", where=place)


def _rows(records: Iterator[tuple[int, list[str]]], layout: _Layout, where: str) -> Iterator[tuple[str, ...]]:
    seen: dict[str, tuple[int, str]] = {}
    for line, record in records:
        place = f"{where}: line {line}"
        if len(record) != layout.width:
            what = f"has {len(record)} fields, the header {layout.width}" if record else "is blank"
            raise RosterError(f"{what}; complete or remove it", where=place)
        unit_id = _id(record[layout.id_at], place)
        look = _look(unit_id)
        if look in seen:
            _refuse_alike(seen[look], unit_id, place)
        seen[look] = (line, unit_id)
        if not unit_id.isascii() and (found := INVISIBLE.search(unit_id)):
            raise RosterError(
                f"{show(unit_id)} has {_name_of(found[0])}, which nobody sees; remove it", where=f"{place}: id"
            )
        fields = zip(layout.columns[1:], layout.others_at, strict=True)
        yield unit_id, *(_cell(record[at], place, column) for column, at in fields)


def _refuse_alike(other: tuple[int, str], unit_id: str, place: str) -> None:
    line, text = other
    if text == unit_id:
        raise RosterError(f"the id {show(unit_id)} is on line {line} too; keep one of the two rows", where=place)
    raise RosterError(f"the id {unit_id!a} looks like {text!a} on line {line}; find out which is meant", where=place)


def _cell(text: str, place: str, column: str, maximum: int = MAX_FIELD_BYTES) -> str:
    """A field, checked first: trimming would otherwise hide a TAB or a line break at an end."""
    if found := _CONTROL.search(text):
        raise RosterError(f"has {_name_of(found[0])}; remove it", where=f"{place}: {column}")
    tidy = text.strip()
    if not tidy.isascii():
        tidy = unicodedata.normalize("NFC", tidy)
    if len(tidy) * 4 > maximum and len(tidy.encode("utf-8")) > maximum:
        raise RosterError(f"is longer than {maximum} bytes; shorten it", where=f"{place}: {column}")
    return tidy


def _id(text: str, place: str) -> str:
    # Folded before NFC: a full-width letter followed by an accent composes only once it is a plain letter.
    folded = text if text.isascii() else text.translate(_FULL_WIDTH)
    tidy = _cell(folded, place, "id", MAX_ID_BYTES)
    if not tidy:
        raise RosterError("is empty; every row needs one", where=f"{place}: id")
    return tidy


def _look(unit_id: str) -> str:
    """What two ids that a reader could take for each other have in common."""
    if unit_id.isascii():
        return unit_id.lower()
    folded = unicodedata.normalize("NFKC", _seen(unit_id))
    return _seen(folded).casefold()


def _seen(text: str) -> str:
    """The text without what does not show: format characters, variation selectors, fillers."""
    return "".join(c for c in INVISIBLE.sub("", text) if unicodedata.category(c) != "Cf")


def _name_of(character: str) -> str:
    return _NAMED.get(character, f"the character U+{ord(character):04X}")
