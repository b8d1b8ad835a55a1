"""No verdict without a verification: what is checked before anything is said of a ceremony, and how that is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.cli.options import trust_option
from dblrandom.cli.places import read_trust
from dblrandom.cli.screen import Screen, working
from dblrandom.evidence import Report

__all__ = ["checked", "policy_options", "recomputed", "show_checked"]

F = TypeVar("F", bound=Callable[..., Any])


def policy_options(function: F) -> F:
    """Against whose policy a ceremony is verified, and whether somebody vouches for that policy's keys."""
    vouched = click.option(
        "--vouched",
        is_flag=True,
        help="You got the keys of --trust from outside, and compared them with what their holders publish.",
    )
    return trust_option(vouched(function))


def checked(place: CeremonyFolder, trust: Path | None, vouched: bool, *, as_of: str | None = None) -> Report:
    """Verify a ceremony's folder with all rows that are at hand; without ``as_of`` no deadline is judged.

    Raises:
        VerificationError: something does not hold.
        UsageError: somebody vouches for no policy.
    """
    if vouched and trust is None:
        raise click.UsageError("--vouched goes with --trust FILE: nobody can vouch for the policy in the folder")
    with working("verifying"):
        return place.verify(read_trust(trust), as_of=as_of, vouched=vouched)


def recomputed(report: Report) -> bool:
    """Whether the verification drew again, since all rows were at hand."""
    return any(check.name == "draw" for check in report.passed)


def show_checked(screen: Screen, report: Report, mark: str = "") -> None:
    """Say in short what was verified before a verdict, and all that was found; ``mark`` begins each line."""
    what = "chain, signatures and dates"
    if report.stage == "drawn":
        what = "chain, signatures, dates, seed and draw" if recomputed(report) else "chain, signatures, dates and seed"
    screen.line(f"{mark}verified before this was said: {what}")
    if report.stage == "drawn" and not recomputed(report):
        why = next((c.detail for c in report.not_checked if c.name == "draw"), "")
        screen.line(f"{mark}not checked: the draw was {why}")
    for finding, detail in report.findings:
        screen.line(f"{mark}finding: {finding.value}: {detail}")
