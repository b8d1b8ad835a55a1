"""How many outcomes the independent sources have together, and what of it is only declared (docs/spec, section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import cast

import attrs

from dblrandom.beacons import Beacon
from dblrandom.beacons.public import counted_outcomes, declared_outcomes, event_used
from dblrandom.drawing.commitment import beacon_for
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.report import Finding, Notes
from dblrandom.evidence.trust import TrustPolicy
from dblrandom.model import Json, Source
from dblrandom.model.likeness import likeness

__all__ = ["Breadth", "measure", "note_declared"]

_NO_COINCIDENCE = 1 << 20
"""From so many outcomes on, two events with the same numbers are taken for one event under two names."""

_WORDS = re.compile("[A-Z0-9.]+")


@attrs.frozen
class Breadth:
    """How many outcomes there are together, and the declared numbers that were not counted, by the source's name."""

    outcomes: int
    uncounted: Mapping[str, int]

    def __str__(self) -> str:
        """In words, with what was declared and is not counted."""
        more = ", ".join(f"{name} {count}" for name, count in self.uncounted.items())
        return f"{self.outcomes} outcomes" + (f" (declared, not checked and not counted: {more})" if more else "")


def measure(
    independent: Sequence[Source], trust: TrustPolicy, beacons: Mapping[str, Beacon], reveal: Receipt | None
) -> Breadth:
    """Multiply the outcomes of the sources; what is declared twice counts once, an event however it is declared.

    A public event has as many outcomes as the policy vouches for, or else as the grammar of its form does. Where the
    reveal says that another event took its place, that one is counted.
    """
    values = _values(reveal)
    groups: list[_Group] = []
    uncounted: dict[str, int] = {}
    for source in independent:
        if source.kind == "public":
            value, evidence = values.get(source.name, ("", None))
            event = event_used(source, evidence)
            count = counted_outcomes(source, trust.vouched(event))
            keys: frozenset[object] = frozenset({("public", _spelling(event))})
            if value and count >= _NO_COINCIDENCE:
                keys |= {("value", tuple(sorted(_WORDS.findall(value))))}
            if count < declared_outcomes(source):
                uncounted[source.name] = declared_outcomes(source)
        else:
            keys = frozenset({(source.kind, tuple(sorted(source.terms.items())))})
            count = beacon_for(source, beacons).outcomes(source)
        groups = _joined(groups, _Group(keys, count))
    return Breadth(prod(group.outcomes for group in groups), uncounted)


@attrs.frozen
class _Group:
    """Sources that are taken for one: what shows that they are, and how many outcomes the widest of them has."""

    keys: frozenset[object]
    outcomes: int


def _joined(groups: Sequence[_Group], new: _Group) -> list[_Group]:
    """The groups with one more, joined with every group that shares a key with it."""
    same = [group for group in groups if group.keys & new.keys]
    keys = new.keys.union(*(group.keys for group in same))
    return [g for g in groups if g not in same] + [_Group(keys, max(new.outcomes, *(g.outcomes for g in same), 1))]


def _spelling(event: str) -> str:
    """What is left of an event's name without the ways to write it: letters and digits only."""
    return "".join(character for character in likeness(event) if character.isalnum())


def note_declared(
    sources: Sequence[Source], trust: TrustPolicy, reveal: Receipt | None, label: str, notes: Notes
) -> None:
    """Say of each public event how many outcomes were declared, and whether anybody but the declarer vouches for it."""
    values = _values(reveal)
    for source in sources:
        if source.kind != "public":
            continue
        event = event_used(source, values.get(source.name, ("", None))[1])
        if event != source.terms["event"]:
            word = "that the declared one was cancelled, and that this one was next, is the word of whoever revealed"
            notes.found(Finding.REPLACED, f"{label}: {source.name}: {event!r} for {source.terms['event']!r}; {word}")
        vouched = trust.vouched(event)
        said = f"{source.name}: {declared_outcomes(source)} outcomes of {event!r}, written as {source.terms['form']!r}"
        if vouched is None:
            counted = counted_outcomes(source, None)
            veto = "an outcome that the form cannot write gives up the draw"
            notes.skipped("outcomes", label, f"{said}: declared, not checked; {counted} counted; {veto}")
        else:
            notes.passed("outcomes", label, f"{said}; the policy vouches for {vouched}")


def _values(reveal: Receipt | None) -> dict[str, tuple[str, Json]]:
    """Value and evidence of each source by name, as far as they can be read; whether they hold is checked elsewhere."""
    entries = cast("list[dict[str, Json]]", reveal.body["values"]) if reveal is not None else []
    return {str(entry["name"]): (str(entry["value"]), entry.get("evidence")) for entry in entries}
