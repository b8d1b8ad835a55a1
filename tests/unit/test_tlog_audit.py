"""Auditing entries: outcomes follow the links between digests, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import ceremonies as kit
import pytest

from dblrandom.adapters.publiclog.audit import published
from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence import Transcript
from dblrandom.model.json import ReadOnly
from dblrandom.tlog import Audit, LogEntry, LogFinding, Published, Terms, audit

LATER = "2025-01-01T00:00:00Z"


def digest(label: str) -> str:
    return kit.h32(label).hex()


def entry(label: str, *, before: str | None, sequence: int, kind: str, ceremony: str = "one") -> LogEntry:
    return LogEntry(
        ceremony=ceremony,
        sequence=sequence,
        type=kind,
        time=kit.COMMITTED,
        suite="sha256",
        digest=digest(label),
        previous=None if before is None else digest(before),
        payload_sha256=digest(label),
    )


def chain(ceremony: str, *kinds: str) -> list[LogEntry]:
    labels = [f"{ceremony} {n} {kind}" for n, kind in enumerate(kinds, 1)]
    return [
        entry(label, before=labels[n - 2] if n > 1 else None, sequence=n, kind=kind, ceremony=ceremony)
        for n, (label, kind) in enumerate(zip(labels, kinds, strict=True), 1)
    ]


def terms(period: str = "2024", deadline: str = "2024-03-04T00:00:00Z", before: str | None = None) -> Terms:
    return Terms(authority="synthetic authority", period=period, deadline=deadline, previous_ceremony=before)


def known(*chains: tuple[Iterable[LogEntry], Terms]) -> dict[str, Published]:
    found = {}
    for entries, term in chains:
        own = tuple(entries)
        said = {e.digest: term for e in own if e.type == "commitment"}
        found[own[0].ceremony] = Published(own, ReadOnly(said))
    return found


def outcomes(found: Audit) -> list[tuple[str, str]]:
    return [(made.entry.ceremony, made.outcome) for made in found.commitments]


def names(found: Audit) -> list[str]:
    return [finding.value for finding, _ in found.findings]


def test_drawn_and_voided_commitments_are_accounted_for() -> None:
    one = chain("one", "commitment", "witness", "void", "commitment", "witness", "reveal", "draw", "result")
    found = audit(one, until=LATER)
    assert outcomes(found) == [("one", "voided"), ("one", "drawn")]
    assert (found.findings, found.open, found.size) == ((), (), 8)


def test_a_commitment_that_was_left_is_open() -> None:
    found = audit([*chain("one", "commitment", "witness"), *chain("two", "commitment", "sealed")], until=LATER)
    assert outcomes(found) == [("one", "open"), ("two", "open")]
    assert [made.sealed for made in found.open] == [False, True]
    assert names(found) == ["open commitment", "open commitment"]
    assert "deadline is not known" in found.findings[0][1]
    assert "sealed receipts follow" in found.findings[1][1]


def test_deadlines_come_from_published_receipts() -> None:
    one = chain("one", "commitment")
    for until, due, reported in (("2024-03-04T00:00:00Z", False, []), (LATER, True, ["open commitment"])):
        found = audit(one, until=until, published=known((one, terms())))
        assert found.open[0].due is due
        assert names(found) == reported
        assert found.open[0].to_json()["deadline"] == "2024-03-04T00:00:00Z"


def test_a_draw_closes_only_the_commitment_that_it_descends_from() -> None:
    """A second commitment beside the first is not closed by the first one's draw."""
    one = chain("one", "commitment", "reveal", "draw")
    beside = entry("another", before=None, sequence=1, kind="commitment")
    found = audit([*one, beside], until=LATER)
    assert outcomes(found) == [("one", "drawn"), ("one", "open")]
    assert names(found) == ["fork", "open commitment"]


def test_a_draw_of_another_ceremony_closes_nothing() -> None:
    one = chain("one", "commitment")
    stray = entry("stray", before="one 1 commitment", sequence=2, kind="draw", ceremony="two")
    assert outcomes(audit([*one, stray], until=LATER)) == [("one", "open")]


def test_gaps_forks_and_repetitions_are_found() -> None:
    one = chain("one", "commitment", "witness", "void")
    assert names(audit([one[0], one[2]], until=LATER)) == ["gap", "open commitment"]
    assert names(audit([*one, one[1]], until=LATER)) == ["repeated"]
    other = entry("other", before="elsewhere", sequence=3, kind="void")
    assert names(audit([*one[:2], other], until=LATER)) == ["fork", "open commitment"]
    assert audit([*one, one[0]], until=LATER).commitments == audit(one, until=LATER).commitments


def test_order_in_the_log_decides_nothing() -> None:
    one = chain("one", "commitment", "witness", "void")
    assert outcomes(audit(one[::-1], until=LATER)) == [("one", "voided")]


def test_one_period_and_one_predecessor_are_used_once() -> None:
    one, two = chain("one", "commitment", "reveal", "draw"), chain("two", "commitment", "reveal", "draw")
    both = [*one, *two]
    same = known((one, terms(before="ab" * 32)), (two, terms(before="ab" * 32)))
    assert names(audit(both, until=LATER, published=same)) == ["same period", "same predecessor"]
    other = known((one, terms(before="ab" * 32)), (two, terms(period="2025", before="cd" * 32)))
    assert names(audit(both, until=LATER, published=other)) == []


def test_a_voided_commitment_leaves_its_period_free() -> None:
    one, two = chain("one", "commitment", "void"), chain("two", "commitment", "reveal", "draw")
    assert names(audit([*one, *two], until=LATER, published=known((one, terms()), (two, terms())))) == []


def test_what_is_logged_and_not_published_and_the_reverse() -> None:
    one, two = chain("one", "commitment", "reveal", "draw"), chain("two", "commitment", "void")
    found = audit([*one[:2], *two], until=LATER, published=known((one, terms())))
    assert sorted(set(names(found))) == ["not logged", "not published", "open commitment"]
    details = dict(found.findings)
    assert "receipt 3 (draw) of 'one'" in details[LogFinding.NOT_LOGGED]
    assert "nothing of 'two' is published; 2 are logged" in details[LogFinding.NOT_PUBLISHED]


def test_without_published_receipts_nothing_is_said_of_publication() -> None:
    assert names(audit(chain("one", "commitment", "void"), until=LATER)) == []
    assert names(audit(chain("one", "commitment", "void"), until=LATER, published={})) == ["not published"]


def test_an_empty_log_has_nothing_to_say() -> None:
    found = audit([], until=LATER)
    assert found.to_json() == {"commitments": [], "findings": [], "size": 0, "until": LATER}


def test_until_is_a_time() -> None:
    with pytest.raises(InputError):
        audit([], until="today")


def test_terms_are_those_of_the_commitment() -> None:
    made = kit.drawn()
    (one,) = published([Transcript.read(made.envelopes)]).values()
    said = one.terms[made.receipts[0].digest(made.suite)]
    assert said == Terms(
        authority="synthetic authority", period="2024", deadline=kit.DEADLINES["draw"], previous_ceremony=None
    )
    assert len(one.entries) == len(made.receipts)
    with pytest.raises(VerificationError, match="two ceremonies are called"):
        published([made, made])
