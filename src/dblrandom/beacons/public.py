"""Outcomes of public events as sources: a lottery, a stock index, dice before a notary (docs/spec/public).

Nothing here can show that an outcome is true. The rules hold it to the declared form; that it happened so, everybody
can look up who reads the newspaper, and the report must say that it has not.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from dblrandom import limits
from dblrandom.beacons._terms import check_names, place, whole_term
from dblrandom.beacons.forms import Form
from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json, Source
from dblrandom.model.json import LARGEST_INTEGER, Reader, show
from dblrandom.model.likeness import check_compared, likeness
from dblrandom.model.names import check_text

__all__ = [
    "CANCELLED",
    "PublicBeacon",
    "counted_outcomes",
    "declared_outcomes",
    "event_used",
    "form_only",
    "shortest_text",
]

CANCELLED = ("next", "void")
"""What may be declared for an event that is cancelled: the next of its series counts, or the draw is given up."""

_TERMS = frozenset({"event", "form", "outcomes", "cancelled"})
_LONGEST = limits.EVENT_TEXT


def declared_outcomes(source: Source) -> int:
    """The term ``outcomes`` of a public event: the declarer's word, which nothing here can check.

    Raises:
        EntropyError: it is no whole number from 2.
    """
    return whole_term(source, "outcomes", 2, LARGEST_INTEGER)


def counted_outcomes(source: Source, vouched: int | None) -> int:
    """How many outcomes count: those that the verifier vouches for, at most what the form can write; 1 if nobody does.

    A form says what can be written, not what can happen, and says nothing of one event that is declared in parts or
    under several names. So nothing but a verifier's own look at the event counts.
    """
    if vouched is None:
        return 1
    form = _form(source)
    return vouched if form.count is None else min(vouched, form.count)


def shortest_text(source: Source) -> int:
    """The fewest characters that an outcome must have: 1, but for a ``text`` of many declared outcomes."""
    form, declared = _form(source), declared_outcomes(source)
    length = 1
    while form.count is None and form.admitted_by("0" * length) < declared:
        length += 1
    return length


def event_used(source: Source, evidence: Json) -> str:
    """The event whose outcome is the value: the declared one, or the one that took its place by the evidence."""
    moved = evidence.get("event") if isinstance(evidence, Mapping) else None
    return moved if isinstance(moved, str) else str(source.terms["event"])


def _event(text: object, where: str) -> str:
    """The name of an event, which is compared with others."""
    return check_compared(check_text(text, where, maximum=_LONGEST, error=EntropyError), where, error=EntropyError)


def form_only(source: Source, evidence: Json) -> str:
    """What a report must say of a value that passed: one line, for people."""
    reader = Reader(evidence, f"{place(source)}: evidence", ("event", "report"), error=EntropyError)
    moved = reader.text_or_none("event")
    event = (
        f"{moved!r}, said to have taken the place of {source.terms['event']!r}"
        if moved
        else show(source.terms["event"])
    )
    report = reader.text("report")
    return f"the outcome of {event} was checked in its form only; compare it with {report!r}"


@attrs.frozen
class PublicBeacon:
    """The rules of the kind ``public``: ``event``, ``form``, ``outcomes`` and ``cancelled``.

    The value is the outcome's canonical text. The evidence is ``{"report"}``, where the outcome was published; with
    ``event``, the event that was used, only where that is the next one because the declared one was cancelled.
    """

    @property
    def kind(self) -> str:
        """``public``."""
        return "public"

    def check_source(self, source: Source) -> None:
        """Refuse other terms, a form that is none, and more outcomes than the form can write.

        Raises:
            EntropyError: naming the term.
        """
        check_names(source, self.kind, _TERMS)
        _event(source.terms["event"], f"{place(source)}: event")
        count = _form(source).count
        outcomes = declared_outcomes(source)
        if count is not None and outcomes > count:
            raise EntropyError(
                f"{outcomes} is more than the {count} outcomes that the form {source.terms['form']!r} can write",
                where=f"{place(source)}: outcomes",
            )
        if source.terms["cancelled"] not in CANCELLED:
            raise EntropyError(
                f"{show(source.terms['cancelled'])} is not one of {', '.join(CANCELLED)}",
                where=f"{place(source)}: cancelled",
            )

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """Accept a text in the declared form, with word of where it was published. Whether it is true is not checked.

        Raises:
            EntropyError: another writing than the canonical one, or evidence that the declaration has no place for.
        """
        self.check_source(source)
        where = place(source)
        canonical = _form(source).canonical(value, where)
        if value != canonical:
            raise EntropyError(f"{show(value)} must be written {show(canonical)}", where=where)
        declared, admitted = declared_outcomes(source), _form(source).admitted_by(value)
        if declared > admitted:
            raise EntropyError(
                f"{declared} outcomes were declared, but only {admitted} texts are no longer than {show(value)}: "
                "this outcome cannot be used, and the declaration was false",
                where=where,
            )
        reader = Reader(evidence, f"{where}: evidence", ("event", "report"), error=EntropyError)
        check_text(reader.value("report"), reader.at("report"), maximum=_LONGEST, error=EntropyError)
        if not reader.has("event"):
            return
        moved = _event(reader.value("event"), reader.at("event"))
        if source.terms["cancelled"] != "next":
            raise EntropyError(
                "another event was used, and the declaration says that the draw is void if this one is cancelled",
                where=reader.at("event"),
            )
        if likeness(moved) == likeness(str(source.terms["event"])):
            raise EntropyError("is the declared event; leave it out", where=reader.at("event"))

    def holder(self, source: Source) -> str | None:
        """``None``: nobody has it before the public, if the event is what it is said to be."""
        return None

    def public_from(self, source: Source) -> str | None:
        """``None``: when the event takes place, only its text says, to people."""
        return None

    def outcomes(self, source: Source) -> int:
        """What the grammar of the form vouches for, at most the term ``outcomes``; 1 for a text or a price.

        The term itself is the declarer's word, which nothing here can check.
        """
        return counted_outcomes(source, None)


def _form(source: Source) -> Form:
    return Form.parse(source.terms["form"], f"{place(source)}: form")
