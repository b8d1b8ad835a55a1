"""The report of a verification: every check by name, passed or not and why (docs/spec, section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import attrs

from dblrandom.errors import DblrandomError, NotYetPublic, RosterBusy, UnavailableError, VerificationError
from dblrandom.model import Json

__all__ = ["Check", "Finding", "Notes", "Report", "Status", "failing"]


class Status(StrEnum):
    """What became of a check; one that fails raises instead."""

    PASSED = "passed"
    NOT_CHECKED = "not checked"


class Finding(StrEnum):
    """What a sound ceremony can still lack; each is said in the report, and none is an error by itself."""

    NOT_INDEPENDENT = "not verifiable against the organiser"
    GRINDABLE = "grindable"
    WITHHOLDING = "withholding possible"
    UNIQUENESS = "uniqueness not shown"
    UNDATED = "commitment not dated"
    REHEARSAL = "rehearsal"
    PREDICTABLE = "predictable assignment"
    ALIKE_IDS = "ids that look alike"
    LATE = "late"
    DISTANT = "distant deadline"
    AHEAD = "dated ahead"
    MISOPENED = "time-lock misopened"
    ATTESTED = "attested, not publicly verifiable"
    REDRAW = "redraw possible"
    REPLACED = "event replaced"
    NO_CHANCE = "nothing left to chance"
    SELF_TRUST = "trust policy not from outside"


@attrs.frozen
class Check:
    """One check of one thing. ``detail`` says what was compared, or why it was not checked."""

    name: str
    subject: str
    status: Status
    detail: str

    def to_json(self) -> dict[str, Json]:
        """The check as JSON."""
        return {"check": self.name, "subject": self.subject, "status": self.status.value, "detail": self.detail}


_DECIDING = frozenset({"draw", "sampler", "void"})
"""Checks without which nobody can say whether a ceremony holds."""


@attrs.frozen(kw_only=True)
class Report:
    """What ``verify`` returns: nothing in it failed, and what was not checked is said.

    ``stage`` is where the ceremony stands (``committed``, ``voided``, ``sealing``, ``revealed``, ``drawn``); only with
    ``drawn`` is there a draw that was verified. ``findings`` pairs each finding with what it is about.
    """

    ceremony: str
    stage: str
    head: str
    checks: tuple[Check, ...]
    findings: tuple[tuple[Finding, str], ...]

    @property
    def passed(self) -> tuple[Check, ...]:
        """The checks that passed."""
        return tuple(c for c in self.checks if c.status is Status.PASSED)

    @property
    def not_checked(self) -> tuple[Check, ...]:
        """The checks that were not made, each with its reason."""
        return tuple(c for c in self.checks if c.status is Status.NOT_CHECKED)

    @property
    def undecided(self) -> tuple[Check, ...]:
        """The checks that were not made and decide: until they are, the ceremony is neither verified nor refused."""
        # Where there is no draw yet, nothing was to be drawn again: the stage says what the ceremony waits for.
        deciding = _DECIDING if self.stage == "drawn" else _DECIDING - {"draw"}
        return tuple(c for c in self.not_checked if c.name in deciding)

    def to_json(self) -> dict[str, Json]:
        """The report as JSON."""
        return {
            "ceremony": self.ceremony,
            "stage": self.stage,
            "head": self.head,
            "checks": [check.to_json() for check in self.checks],
            "findings": [{"finding": finding.value, "detail": detail} for finding, detail in self.findings],
        }


@contextmanager
def failing(check: str, where: str | None = None) -> Iterator[None]:
    """Within this, any error of the library is a failed verification: the evidence was read, and does not hold.

    What cannot be had now (a library, a database, a plug-in, a disk), and a connection that is busy, say nothing of the
    evidence: these errors pass, so that nobody is told of a forgery where a server was down.
    """
    try:
        yield
    except DblrandomError as error:
        unread = isinstance(error, UnavailableError | RosterBusy) and not isinstance(error, NotYetPublic)
        if unread or isinstance(error, VerificationError):
            raise
        raise VerificationError(check, str(error), where=where) from error


class Notes:
    """Collects checks and findings while a verification runs."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.findings: list[tuple[Finding, str]] = []

    def passed(self, name: str, subject: str, detail: str) -> None:
        """Record a check that passed."""
        self.checks.append(Check(name, subject, Status.PASSED, detail))

    def skipped(self, name: str, subject: str, reason: str) -> None:
        """Record a check that was not made."""
        self.checks.append(Check(name, subject, Status.NOT_CHECKED, reason))

    def found(self, finding: Finding, detail: str) -> None:
        """Record what is missing."""
        self.findings.append((finding, detail))
