"""Which columns of files are the roster's, and of which types they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dblrandom.adapters.engines.arrowuuid import is_uuid
from dblrandom.errors import RosterError
from dblrandom.kernel.rows import BLIND
from dblrandom.kernel.text import is_name
from dblrandom.limits import TABLE_COLUMNS, TABLE_SCHEMA
from dblrandom.model.json import show

__all__ = ["check_alike", "is_text", "layout", "types"]


def layout(
    there: list[str], unit_id: str, columns: Sequence[str] | None, rename: dict[str, str], where: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files' own names of the wanted columns, and the roster's; as :func:`dblrandom.adapters.tables.read_csv`."""
    listing = ", ".join(map(show, there[:40]))
    if len(there) > TABLE_SCHEMA:
        raise RosterError(f"has {len(there)} columns; at most {TABLE_SCHEMA} are read", where=where)
    if strange := [name for name in rename if name not in there]:
        raise RosterError(f"there is no column {show(strange[0])} to rename; there are {listing}", where=where)
    names = [rename.get(name, name) for name in there]
    if unit_id not in names and unit_id not in there:
        raise RosterError(f"there is no column {show(unit_id)} for the id; there are {listing}", where=where)
    key = names.index(unit_id) if unit_id in names else there.index(unit_id)
    others = names[:key] + names[key + 1 :]
    if columns is not None:
        if missing := [c for c in columns if c not in names and c not in there and c != "id"]:
            raise RosterError(f"there is no column {show(missing[0])}; there are {listing}", where=where)
        others = [rename.get(c, c) for c in columns if c not in ("id", names[key], there[key])]
    if len(others) >= TABLE_COLUMNS:
        problem = (
            f"has {len(others) + 1} columns, and a roster at most {TABLE_COLUMNS}; name those that are to be taken"
        )
        raise RosterError(problem, where=where)
    for name in others:
        if not is_name(name):
            raise RosterError(
                f"{show(name)} is no name for a column (a-z 0-9 . _ -); rename it: rename={{{name!r}: 'another'}}, or "
                "take only other columns",
                where=where,
            )
        if name == BLIND:
            raise RosterError("the name 'blind' is the protocol's own; rename the column", where=where)
        if [*others, "id"].count(name) > 1:
            raise RosterError(f"two columns would be called {show(name)}; rename one of them", where=where)
    places = [key, *map(names.index, others)]
    for place in places:
        if there.count(there[place]) > 1 or (place != key and names.count(names[place]) > 1):
            raise RosterError(f"the column {show(there[place])} is there twice; name each once", where=where)
    return tuple(there[place] for place in places), ("id", *others)


def types(schema: pa.Schema, sources: Sequence[str], where: str) -> tuple[Any, ...]:
    """The Arrow types of these columns, each of which is there once, as text, whole numbers or UUIDs."""
    found = Counter(schema.names)
    for source in sources:
        if found[source] != 1:
            problem = "is there twice" if source in found else "is missing, which other parts have"
            raise RosterError(f"the column {show(source)} {problem}", where=where)
        kind = schema.field(source).type
        if not is_text(kind) and not pa.types.is_integer(kind) and not is_uuid(kind):
            other = ", or as UUIDs if they are" if kind == pa.binary(16) else ""
            raise RosterError(
                f"the column {show(source)} is of type {kind}; write it as text, so that its form is decided{other}",
                where=where,
            )
    return tuple(schema.field(source).type for source in sources)


def check_alike(one: Sequence[Any], other: Sequence[Any], sources: Sequence[str], where: str) -> None:
    """Refuse a part in which a column is of another type; the types of text are alike, since they hold the same."""
    for mine, theirs, source in zip(one, other, sources, strict=True):
        if mine != theirs and not (is_text(mine) and is_text(theirs)):
            raise RosterError(
                f"the column {show(source)} is of type {theirs}, in other parts {mine}; write them alike", where=where
            )


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is one of text, if need be by a dictionary."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    # Nothing in Arrow casts a dictionary of views.
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_string_view(kind))
