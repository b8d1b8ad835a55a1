"""``dblrandom explain``: how a person rechecks one target by hand, with a shell and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import attrs
import click

from dblrandom.beacons import declared
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.cases import case_json
from dblrandom.cli.checked import checked, policy_options, show_checked
from dblrandom.cli.options import folder_argument
from dblrandom.cli.places import existing
from dblrandom.cli.screen import Screen, safe, working
from dblrandom.cli.shell import entered, hashed, printed, printed_lines, quoted
from dblrandom.errors import FolderError, InputError, NotYetPublic
from dblrandom.evidence import Receipt, TargetCase, check_target
from dblrandom.kernel.entropy import draw_key, key_lines, seed_lines
from dblrandom.model.lookalike import hint
from dblrandom.roster import alike_on

__all__ = ["explain"]


@attrs.frozen
class _Line:
    """One command, what it is for, and what it must print; the commands go into one shell, one after the other."""

    what: str
    command: str
    expected: str


@command("explain")
@folder_argument
@policy_options
@click.option("--task", metavar="T", required=True, help="The task.")
@click.option("--id", "target", metavar="ID", required=True, help="The target: a firm, a person, a place.")
def explain(folder: Path, trust: Path | None, vouched: bool, task: str, target: str) -> Answer:
    """Recheck one target by hand.

    Verifies the ceremony first. Prints the few shell lines with which anyone recomputes its ticket, the last of which
    says ok by itself; exit code 3 before the draw.
    """
    with working("reading the ceremony"):
        place = existing(folder)
        ceremony = place.load()
    if ceremony.last("draw") is None:
        raise NotYetPublic(f"{folder}: there is no draw yet, so no ticket exists")
    name = ceremony.commitment.task(task).roster
    if name not in ceremony.rosters:
        raise FolderError(f"{folder}: the rows of {name!r} are not in it; check a proof with: roster check --proof")
    roster = ceremony.rosters[name]
    report, results = checked(place, trust, vouched), place.contents().results
    case = check_target(ceremony, task, target, roster.prove(target), report=report, results=results)
    if case.ticket is None:
        why = "is not on the roster" if not case.on_roster else "does not pass the task's filter"
        alike = "" if case.on_roster else hint(target, alike_on(roster, target))
        problem = f"{target!r} {why} {roster.name!r}: it had no ticket in task {task!r}{alike}"
        raise InputError(problem, code="target.none")
    lines = _lines(ceremony, case)
    verdict = _verdict(ceremony, case)
    unchecked = declared.lines(ceremony.commitment.sources)

    def show(screen: Screen) -> None:
        screen.line(f"# {case.id!r} in task {task} of {ceremony.name}; what each line must print stands below it")
        screen.verbatim(entered(str(folder.absolute())))
        for line in lines:
            screen.line(f"# {line.what}")
            screen.verbatim(line.command)
            screen.line(f"#   {line.expected}")
        for unsure in unchecked:
            screen.line(f"# {unsure}")
        show_checked(screen, report, "# ")
        screen.line(f"# {verdict}")

    shown = [attrs.asdict(line) for line in lines]
    data = {
        "case": case_json(case),
        "lines": shown,
        "verdict": verdict,
        "declared_not_checked": unchecked,
        "report": report.to_json(),
    }
    return Answer(data=data, show=show)


def _lines(ceremony: Ceremony, case: TargetCase) -> Sequence[_Line]:
    """From the commitment's file to the ticket: four hashes of text that is all there to be read, and a comparison."""
    suite = ceremony.suite
    committed, reveal = (cast(Receipt, ceremony.last(kind)) for kind in ("commitment", "reveal"))
    values = [(e["kind"], e["name"], e["value"]) for e in cast("list[dict[str, str]]", reveal.body["values"])]
    seed = str(reveal.body["seed"])
    key = draw_key(suite, seed, case.task, "targets")
    file = f"receipts/{committed.sequence:04d}-commitment.json"
    steps = (
        (
            "digest",
            "the digest of the commitment: the hash of what was signed",
            hashed(suite, f"cut -d '\"' -f 4 {file} | base64 -d"),
            ceremony.commitment_digest,
        ),
        (
            "seed",
            "the seed: the hash of that digest and the sources' values",
            hashed(suite, printed_lines(_texts(seed_lines(ceremony.commitment_digest, values)))),
            seed,
        ),
        (
            "key",
            "the task's key: the first 32 characters of the hash of the seed and the task",
            hashed(suite, printed_lines(_texts(key_lines(seed, case.task, "targets"))), 32),
            key,
        ),
        (
            "ticket",
            "the ticket: the hash of the key, a colon and the id",
            hashed(suite, printed(f"{key}:{case.id}", ascii_only=_other_encoding())),
            str(case.ticket),
        ),
    )
    # Without double quotes around $(...), in which an interactive shell would take a ! in an id for its history.
    lines = [_Line(what, f'{name}=$({command}); echo "${name}"', value) for name, what, command, value in steps]
    expected = quoted(" ".join(value for *_, value in steps))
    compared = f'test "$digest $seed $key $ticket" = {expected} && echo ok'
    return *lines, _Line(
        "all four compared with what they must be; where one differs, nothing is printed", compared, "ok"
    )


def _other_encoding() -> bool:
    """Whether what is pasted from this output would not be UTF-8 any more, and so another id."""
    return (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"


def _texts(data: bytes) -> list[str]:
    return data.decode("utf-8").split("\n")[:-1]


def _verdict(ceremony: Ceremony, case: TargetCase) -> str:
    stratum = f"stratum {' / '.join(case.stratum)!r}" if case.stratum else "frame"
    if case.last_ticket is None:
        return safe(f"nobody was drawn in the {stratum}")
    if case.drawn is None:
        return safe(
            f"the sampler {ceremony.commitment.task(case.task).sampler} decides otherwise than by the lowest tickets"
        )
    related = "at or below" if case.drawn else "above"
    lies = f"the last selected ticket of the {stratum} is {case.last_ticket}; this one lies {related} it"
    if not (case.recomputed or case.listed):
        return safe(f"{lies}; whether it was drawn was not compared, since the list of those drawn is not here")
    text = f"{lies}: {'drawn' if case.drawn else 'not drawn'}"
    standing = ceremony.standing[case.task]
    if case.drawn and case.id not in standing.teams:
        text += ", and replaced later"
    elif not case.drawn and case.id in standing.due:
        text += ", and called later as a reserve"
    return safe(text)
