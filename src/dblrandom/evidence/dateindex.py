"""Attestations in an order in which they are found without going through them all (docs/spec, section 7).

A chain may carry a hundred thousand signatures of witnesses, and dates are asked for at every receipt and every key.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

__all__ = ["DateIndex", "Earliest", "Seen"]


class Seen(Protocol):
    """What is needed of an attestation."""

    @property
    def witness(self) -> str:
        """Who saw it."""

    @property
    def attested(self) -> int:
        """Which receipt."""

    @property
    def sequence(self) -> int:
        """Where that stands."""

    @property
    def time(self) -> str:
        """When."""

    @property
    def kind(self) -> str:
        """How it is known."""

    @property
    def earliest(self) -> str | None:
        """The other bound of the moment."""


class Earliest:
    """The earliest of some times, and the earliest of anybody but whoever gave that one."""

    def __init__(self) -> None:
        self._first: tuple[str, str] | None = None
        self._other: tuple[str, str] | None = None

    def add(self, time: str, witness: str) -> None:
        """Take in one more."""
        if self._first is None or time < self._first[0]:
            if self._first is not None and self._first[1] != witness:
                self._other = self._first
            self._first = time, witness
        elif witness != self._first[1] and (self._other is None or time < self._other[0]):
            self._other = time, witness

    def besides(self, witness: str | None) -> str | None:
        """The earliest time that somebody other than ``witness`` gave, or ``None``."""
        found = self._other if self._first is not None and self._first[1] == witness else self._first
        return None if found is None else found[0]

    def copy(self) -> Earliest:
        """What was taken in so far."""
        made = Earliest()
        made._first, made._other = self._first, self._other
        return made


class DateIndex:
    """Attestations by the receipt that they attest and by that in which they stand; every answer is looked up."""

    def __init__(self, entries: Iterable[Seen]) -> None:
        self._down: list[Seen] = sorted(entries, key=lambda entry: -entry.attested)
        self._attested: list[int] = []
        self._earliest: list[Earliest] = []
        running = Earliest()
        for start, end in _runs([entry.attested for entry in self._down]):
            for entry in self._down[start:end]:
                running.add(entry.time, entry.witness)
            self._attested.append(-self._down[start].attested)
            self._earliest.append(running.copy())
        self._kinds = _kinds(self._down)
        self._last: dict[str, int] = {}
        self._at: dict[int, set[str]] = {}
        for entry in self._down:
            self._last.setdefault(entry.witness, entry.attested)
            if entry.kind == "witness":
                self._at.setdefault(entry.sequence, set()).add(entry.witness)
        self._before, self._latest = _latest(self._down)
        self._by: dict[int, list[str | None]] = {}

    def _place(self, sequence: int) -> int:
        """The last of the receipts attested, from the end of the chain on, that is not before ``sequence``."""
        return bisect_right(self._attested, -sequence) - 1

    def before(self, sequence: int, besides: str | None) -> str | None:
        """The earliest time that somebody other than ``besides`` gave for this receipt or a later one."""
        place = self._place(sequence)
        return None if place < 0 else self._earliest[place].besides(besides)

    def by(self, sequence: int, wanted: int) -> str | None:
        """The first time at which so many witnesses had seen the receipt."""
        if wanted not in self._by:
            self._by[wanted] = self._count(wanted)
        place = self._place(sequence)
        return None if place < 0 else self._by[wanted][place]

    def _count(self, wanted: int) -> list[str | None]:
        first: dict[str, str] = {}
        times: list[str] = []
        found: list[str | None] = []
        for start, end in _runs([entry.attested for entry in self._down]):
            for entry in self._down[start:end]:
                known = first.get(entry.witness)
                if known is not None and known <= entry.time:
                    continue
                if known is not None:
                    del times[bisect_left(times, known)]
                first[entry.witness] = entry.time
                insort(times, entry.time)
            found.append(times[wanted - 1] if len(times) >= wanted else None)
        return found

    def after(self, sequence: int) -> str | None:
        """The latest time that stands before the receipt."""
        place = bisect_left(self._before, sequence) - 1
        return None if place < 0 else self._latest[place]

    def witnesses(self, sequence: int) -> set[str]:
        """Who attests the receipt or a later one."""
        return {witness for witness, attested in self._last.items() if attested >= sequence}

    def at(self, sequence: int) -> frozenset[str]:
        """The witnesses who signed the witness receipt of this sequence."""
        return frozenset(self._at.get(sequence, ()))

    def kinds(self, sequence: int, until: str | None) -> set[str]:
        """The kinds of those who attest the receipt or a later one, before ``until``."""
        found = set()
        for kind, (attested, earliest) in self._kinds.items():
            place = bisect_right(attested, -sequence) - 1
            if place >= 0 and (until is None or earliest[place] < until):
                found.add(kind)
        return found


def _runs(values: Sequence[int]) -> list[tuple[int, int]]:
    """Where each run of equal values begins and ends."""
    starts = [n for n, value in enumerate(values) if n == 0 or value != values[n - 1]]
    return list(zip(starts, [*starts[1:], len(values)], strict=bool(starts)))


def _kinds(down: Iterable[Seen]) -> Mapping[str, tuple[list[int], list[str]]]:
    found: dict[str, tuple[list[int], list[str]]] = {}
    for entry in down:
        attested, earliest = found.setdefault(entry.kind, ([], []))
        attested.append(-entry.attested)
        earliest.append(min(entry.time, earliest[-1]) if earliest else entry.time)
    return found


def _latest(entries: Iterable[Seen]) -> tuple[list[int], list[str]]:
    """By the receipt in which they stand, the latest of the moments so far."""
    ordered = sorted(entries, key=lambda entry: entry.sequence)
    latest: list[str] = []
    for entry in ordered:
        moment = entry.earliest or entry.time
        latest.append(max(moment, latest[-1]) if latest else moment)
    return [entry.sequence for entry in ordered], latest
