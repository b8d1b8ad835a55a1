"""``dblrandom verify``: check everything that is in a folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from dblrandom.adapters.clock import now
from dblrandom.ceremony import Ceremony
from dblrandom.cli import exits
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.checked import checked, policy_options
from dblrandom.cli.options import TIME, csv_encoding_option, folder_argument, pairs, rosters_option
from dblrandom.cli.places import existing
from dblrandom.cli.rosters import rosters_of
from dblrandom.cli.screen import Screen, note
from dblrandom.evidence import Report

__all__ = ["show_report", "verify"]

_MANY = 5


def show_report(screen: Screen, report: Report) -> None:
    """What passed in short, and in full what was not checked and what was found."""
    screen.line(f"ceremony {report.ceremony}: {report.stage}; head {report.head}")
    counts = Counter(check.name for check in report.passed)
    screen.line("passed: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    for check in report.not_checked:
        screen.line(f"not checked: {check.name}: {check.subject}: {check.detail}")
    for finding, detail in report.findings:
        screen.line(f"finding: {finding.value}: {detail}")


def _waits_for(report: Report, ceremony: Ceremony) -> str | None:
    """What is still to come before the ceremony is decided, or ``None``."""
    if report.undecided:
        return "; ".join(f"{check.name}: {check.subject}: {check.detail}" for check in report.undecided)
    if report.stage in ("drawn", "voided"):
        return None
    kind = "draw" if report.stage == "revealed" else "reveal"
    sealed = any(seal.body["type"] == kind for seal in ceremony.closed_seals)
    how = f"the sealed {kind} to be opened (dblrandom unseal)" if sealed else f"the {kind}"
    return f"no draw yet; it waits for {how}, due by {ceremony.commitment.deadlines[kind]}"


@command("verify")
@folder_argument
@policy_options
@click.option(
    "--as-of", metavar="TIME", type=TIME, default=now, help="When deadlines are judged; the clock's time by default."
)
@rosters_option
@csv_encoding_option
def verify(
    folder: Path,
    trust: Path | None,
    vouched: bool,
    as_of: str,
    roster: tuple[tuple[str, str], ...],
    ids: tuple[str, ...],
    encoding: str,
) -> Answer:
    """Verify a ceremony.

    Exit code 1 where something does not hold, 3 where everything that is there holds and there is no draw yet, or
    where something that decides could not be checked: a void that nobody dated, a sampler that is not known here.
    """
    place = existing(folder, rosters_of(folder, pairs(roster, "--roster"), ids, encoding))
    report = checked(place, trust, vouched, as_of=as_of)
    waits = _waits_for(report, place.load())
    passed_over = list(place.passed_over)

    def show(screen: Screen) -> None:
        show_report(screen, report)
        if passed_over:
            names = ", ".join(passed_over[:_MANY]) + (
                f" and {len(passed_over) - _MANY} more" if passed_over[_MANY:] else ""
            )
            note(f"passed over, as a desktop or a file server left it here: {names}")
        screen.line("verified" if waits is None else f"everything that is there holds; {waits}")

    data = {"report": report.to_json(), "as_of": as_of, "waits_for": waits, "passed_over": passed_over}
    return Answer(data=data, show=show, exit=exits.DONE if waits is None else exits.UNDECIDED)
