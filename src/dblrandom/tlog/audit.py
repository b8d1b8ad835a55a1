"""Reading a log as a whole: which commitments were never drawn, which histories fork (docs/spec/log.md).

An entry is the agency's word and no more. What an audit shows from entries alone is what the agency has admitted to
have prepared; held against the published receipts, it shows what was kept back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import cast

import attrs

from dblrandom.errors import InputError
from dblrandom.model.deadlines import is_distant
from dblrandom.model.json import Json, ReadOnly
from dblrandom.model.likeness import likeness
from dblrandom.model.names import check_time
from dblrandom.tlog.entry import LogEntry

__all__ = ["Audit", "Committed", "LogFinding", "Published", "Terms", "audit"]


class LogFinding(StrEnum):
    """Something that an audit has to say; the names are fixed."""

    DISTANT = "distant deadline"
    """A commitment's draw is due so late that until then nobody can say that it was given up."""
    FORK = "fork"
    """Two receipts for one place of a ceremony, or one that follows on another than the one before it."""
    GAP = "gap"
    """A receipt of a ceremony is not in the log though a later one is."""
    NOT_LOGGED = "not logged"
    """A published receipt is not in the log."""
    NOT_PUBLISHED = "not published"
    """A logged receipt is not among those published."""
    OPEN_COMMITMENT = "open commitment"
    """A commitment was neither drawn nor voided, and it is not shown that its time is still to come."""
    REPEATED = "repeated"
    """One receipt was logged twice."""
    SAME_PERIOD = "same period"
    """More than one commitment of an authority for a period was not voided."""
    SAME_PREDECESSOR = "same predecessor"
    """Two ceremonies name the same end of an earlier one: they were prepared side by side."""


@attrs.frozen(kw_only=True)
class Terms:
    """What a published commitment says of itself.

    Attributes:
        authority: who draws.
        period: what the plan covers.
        deadline: when the draw is due.
        previous_ceremony: the end of the organiser's ceremony before, 64 hex characters, or ``None``.
    """

    authority: str
    period: str
    deadline: str
    previous_ceremony: str | None


@attrs.frozen
class Published:
    """The receipts of one published ceremony: their entries, and the terms of commitments by digest."""

    entries: tuple[LogEntry, ...]
    terms: ReadOnly[Terms]


@attrs.frozen(kw_only=True)
class Committed:
    """A commitment in the log, and what became of it.

    Attributes:
        entry: its entry.
        index: its place in the log.
        outcome: ``drawn``, ``voided`` or ``open``.
        sealed: whether sealed receipts follow on it, so that a draw may be there that is not public yet.
        terms: what it says, where its receipt was given.
        due: whether the deadline is over; ``None`` where it is not known.
    """

    entry: LogEntry
    index: int
    outcome: str
    sealed: bool
    terms: Terms | None
    due: bool | None

    def to_json(self) -> dict[str, Json]:
        """One flat object; ``deadline``, ``authority`` and ``period`` are null where they are not known."""
        terms = cast("dict[str, Json]", attrs.asdict(self.terms)) if self.terms else {}
        return {
            "authority": terms.get("authority"),
            "ceremony": self.entry.ceremony,
            "deadline": terms.get("deadline"),
            "digest": self.entry.digest,
            "due": self.due,
            "index": self.index,
            "outcome": self.outcome,
            "period": terms.get("period"),
            "sealed": self.sealed,
            "sequence": self.entry.sequence,
            "time": self.entry.time,
        }


@attrs.frozen(kw_only=True)
class Audit:
    """What a log says as a whole.

    Attributes:
        size: how many entries were read.
        until: the time at which deadlines were judged.
        commitments: every commitment, in the order of the log.
        findings: what has to be said, each with a sentence, in the order of the log.
    """

    size: int
    until: str
    commitments: tuple[Committed, ...]
    findings: tuple[tuple[LogFinding, str], ...]

    @property
    def open(self) -> tuple[Committed, ...]:
        """The commitments that were neither drawn nor voided."""
        return tuple(made for made in self.commitments if made.outcome == "open")

    def to_json(self) -> dict[str, Json]:
        """One object for programs."""
        return {
            "commitments": [made.to_json() for made in self.commitments],
            "findings": [{"finding": finding.value, "detail": detail} for finding, detail in self.findings],
            "size": self.size,
            "until": self.until,
        }


def audit(entries: Sequence[LogEntry], *, until: str, published: Mapping[str, Published] | None = None) -> Audit:
    """Audit the entries of a log, in order, from its beginning.

    Args:
        entries: every entry.
        until: the time at which deadlines are judged.
        published: the published ceremonies by name; without them deadlines, periods and what was kept back are not
            known, and nothing is said of them.

    Raises:
        InputError: ``until`` is not a time.
    """
    check_time(until, "until", error=InputError)
    terms = {digest: term for one in (published or {}).values() for digest, term in one.terms.items()}
    commitments = tuple(_commitments(entries, terms, until))
    findings = [*_histories(entries), *_left_open(commitments), *_distant(commitments), *_side_by_side(commitments)]
    if published is not None:
        findings += _kept_back(entries, published)
    return Audit(size=len(entries), until=until, commitments=commitments, findings=tuple(findings))


_Findings = Iterator[tuple[LogFinding, str]]


def _commitments(entries: Sequence[LogEntry], terms: Mapping[str, Terms], until: str) -> Iterator[Committed]:
    """Every commitment with its outcome; only what descends from it by digests can close it."""
    owner: dict[tuple[str, str], LogEntry] = {}
    outcomes: dict[tuple[str, str], str] = {}
    sealed: set[tuple[str, str]] = set()
    for entry in sorted(entries, key=lambda e: e.sequence):
        own = entry if entry.type == "commitment" else owner.get((entry.ceremony, entry.previous or ""))
        if own is None:
            continue
        owner[entry.ceremony, entry.digest] = own
        key = (own.ceremony, own.digest)
        if entry.type in ("draw", "void"):
            outcomes[key] = "drawn" if entry.type == "draw" else "voided"
        elif entry.type == "sealed":
            sealed.add(key)
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(entries):
        key = (entry.ceremony, entry.digest)
        if entry.type != "commitment" or key in seen:
            continue
        seen.add(key)
        said = terms.get(entry.digest)
        yield Committed(
            entry=entry,
            index=index,
            outcome=outcomes.get(key, "open"),
            sealed=key in sealed,
            terms=said,
            due=None if said is None else said.deadline < until,
        )


def _histories(entries: Sequence[LogEntry]) -> _Findings:
    """Each ceremony's chain, as far as the entries show it."""
    places: dict[tuple[str, int], list[LogEntry]] = defaultdict(list)
    for index, entry in enumerate(entries):
        known = places[entry.ceremony, entry.sequence]
        if entry in known:
            yield LogFinding.REPEATED, f"entry {index} is {entry.label} once more"
            continue
        if known:
            yield LogFinding.FORK, f"entry {index} is another {entry.label}: {entry.digest}, not {known[0].digest}"
        known.append(entry)
    for (ceremony, sequence), found in places.items():
        if sequence == 1:
            continue
        before = places.get((ceremony, sequence - 1), [])
        for entry in found:
            if not before:
                yield LogFinding.GAP, f"the receipt before {entry.label} is not in the log"
            elif entry.previous not in [e.digest for e in before]:
                yield LogFinding.FORK, f"{entry.label} follows on a receipt that is not in the log: {entry.previous}"


def _left_open(commitments: Sequence[Committed]) -> _Findings:
    for made in commitments:
        if made.outcome != "open" or made.due is False:
            continue
        due = f"its draw was due by {made.terms.deadline}" if made.terms else "its deadline is not known"
        seal = "; sealed receipts follow on it" if made.sealed else ""
        yield (
            LogFinding.OPEN_COMMITMENT,
            f"{made.entry.label}, of {made.entry.time}: never drawn or voided; {due}{seal}",
        )


def _distant(commitments: Sequence[Committed]) -> _Findings:
    for made in commitments:
        due = made.terms.deadline if made.terms is not None and made.outcome == "open" else None
        if due is not None and is_distant("draw", due, made.entry.time):
            hidden = f"its draw is due by {due}: until then nobody can say that it was given up"
            yield LogFinding.DISTANT, f"{made.entry.label}, of {made.entry.time}: {hidden}"


def _side_by_side(commitments: Sequence[Committed]) -> _Findings:
    periods: dict[tuple[str, str], list[Committed]] = defaultdict(list)
    before: dict[str, list[Committed]] = defaultdict(list)
    for made in commitments:
        if made.terms is not None and made.outcome != "voided":
            periods[likeness(made.terms.authority), likeness(made.terms.period)].append(made)
        if made.terms is not None and made.terms.previous_ceremony is not None and made.entry.sequence == 1:
            before[made.terms.previous_ceremony].append(made)
    for found in periods.values():
        if len(found) > 1:
            which = ", ".join(f"{made.entry.ceremony!r} ({made.outcome})" for made in found)
            authority, period = (_spelled(found, member) for member in ("authority", "period"))
            yield LogFinding.SAME_PERIOD, f"{authority} committed {len(found)} times for {period}: {which}"
    for digest, found in before.items():
        if len({made.entry.ceremony for made in found}) > 1:
            which = ", ".join(repr(made.entry.ceremony) for made in found)
            yield LogFinding.SAME_PREDECESSOR, f"{which} all follow on {digest}"


def _spelled(found: Sequence[Committed], member: str) -> str:
    """A text of several commitments that look alike; where it is not written alike, every way in which it is."""
    written = list(dict.fromkeys(str(getattr(made.terms, member)) for made in found))
    return written[0] if len(written) == 1 else f"{' and '.join(map(ascii, written))}, which look alike,"


def _kept_back(entries: Sequence[LogEntry], published: Mapping[str, Published]) -> list[tuple[LogFinding, str]]:
    found: list[tuple[LogFinding, str]] = []
    logged: dict[str, dict[LogEntry, None]] = defaultdict(dict)
    for entry in entries:
        logged[entry.ceremony][entry] = None
    for ceremony, own in logged.items():
        if ceremony not in published:
            found.append((LogFinding.NOT_PUBLISHED, f"nothing of {ceremony!r} is published; {len(own)} are logged"))
            continue
        there = set(published[ceremony].entries)
        found += [(LogFinding.NOT_PUBLISHED, f"{e.label}, {e.digest}") for e in own if e not in there]
    for one in published.values():
        missing = [e for e in one.entries if e not in logged.get(e.ceremony, {})]
        found += [(LogFinding.NOT_LOGGED, f"{e.label}, {e.digest}") for e in missing]
    return found
