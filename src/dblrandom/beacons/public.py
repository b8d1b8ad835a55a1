"""Outcomes of public events as sources: a lottery, a stock index, dice before a notary (docs/spec/public).

Nothing here can show that an outcome is true. The rules hold it to the declared form; that it happened so, everybody
can look up who reads the newspaper, and the report must say that it has not.
"""

from __future__ import annotations

import attrs

from dblrandom.beacons._terms import check_names, place, whole_term
from dblrandom.beacons.forms import Form
from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json, Source
from dblrandom.model.json import LARGEST_INTEGER, Reader, show
from dblrandom.model.names import check_text

__all__ = ["CANCELLED", "PublicBeacon", "form_only"]

CANCELLED = ("next", "void")
"""What may be declared for an event that is cancelled: the next of its series counts, or the draw is given up."""

_TERMS = frozenset({"event", "form", "outcomes", "cancelled"})
_LONGEST = 1024


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
        check_text(source.terms["event"], f"{place(source)}: event", maximum=_LONGEST, error=EntropyError)
        count = _form(source).count
        outcomes = whole_term(source, "outcomes", 2, LARGEST_INTEGER)
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
        reader = Reader(evidence, f"{where}: evidence", ("event", "report"), error=EntropyError)
        check_text(reader.value("report"), reader.at("report"), maximum=_LONGEST, error=EntropyError)
        if not reader.has("event"):
            return
        moved = check_text(reader.value("event"), reader.at("event"), maximum=_LONGEST, error=EntropyError)
        if source.terms["cancelled"] != "next":
            raise EntropyError(
                "another event was used, and the declaration says that the draw is void if this one is cancelled",
                where=reader.at("event"),
            )
        if moved == source.terms["event"]:
            raise EntropyError("is the declared event; leave it out", where=reader.at("event"))

    def holder(self, source: Source) -> str | None:
        """``None``: nobody has it before the public, if the event is what it is said to be."""
        return None

    def public_from(self, source: Source) -> str | None:
        """``None``: when the event takes place, only its text says, to people."""
        return None

    def outcomes(self, source: Source) -> int:
        """The term ``outcomes``: what the declarer vouches for, at most what the form can write."""
        return whole_term(source, "outcomes", 2, LARGEST_INTEGER)


def _form(source: Source) -> Form:
    return Form.parse(source.terms["form"], f"{place(source)}: form")
