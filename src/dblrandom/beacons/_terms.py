"""Reading the terms of a source strictly: exactly those of its kind, each of its type."""

from __future__ import annotations

from dblrandom.errors import EntropyError
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json, Source
from dblrandom.model.json import show

__all__ = ["check_names", "hex_term", "place", "refuse_evidence", "whole_term"]


def place(source: Source) -> str:
    """What to call the source in messages."""
    return f"source {source.name!r}"


def check_names(source: Source, kind: str, names: frozenset[str]) -> None:
    """Refuse a source of another kind, a missing term and one that the kind does not know."""
    if source.kind != kind:
        raise EntropyError(f"is of kind {source.kind!r}, not {kind!r}", where=place(source))
    if missing := sorted(names - source.terms.keys()):
        raise EntropyError(
            f"does not declare {missing[0]!r}, which a source of kind {kind!r} must", where=place(source)
        )
    if unknown := sorted(source.terms.keys() - names):
        known = ", ".join(sorted(names))
        raise EntropyError(f"declares {show(unknown[0])}; a source of kind {kind!r} has {known}", where=place(source))


def hex_term(source: Source, name: str) -> str:
    """A term of 32 bytes in lower-case hex."""
    value = source.terms[name]
    if not isinstance(value, str) or not is_hex(value, 64):
        raise EntropyError(f"{show(value)} is not 64 lower-case hex characters", where=f"{place(source)}: {name}")
    return value


def whole_term(source: Source, name: str, least: int, most: int) -> int:
    """A term that is a whole number in these bounds, both included."""
    value = source.terms[name]
    if type(value) is not int or not least <= value <= most:
        raise EntropyError(
            f"{show(value)} is not a whole number from {least} to {most}", where=f"{place(source)}: {name}"
        )
    return value


def refuse_evidence(source: Source, evidence: Json) -> None:
    """Refuse evidence where the value proves itself: what nobody checks must not stand beside what is checked."""
    if evidence is not None:
        raise EntropyError(f"a value of kind {source.kind!r} needs no evidence; leave it out", where=place(source))
