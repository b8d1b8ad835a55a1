"""``dblrandom roster``: lists into canonical form, proofs of single rows, and their checks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from dblrandom.adapters.engines.addresses import is_address
from dblrandom.adapters.engines.indexed import IndexedRoster
from dblrandom.adapters.engines.indexing import open_indexed, save_index
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.files import write_new
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.randomness import random_bytes
from dblrandom.adapters.tables import import_csv
from dblrandom.cli.answer import Answer, command, document
from dblrandom.cli.cases import case_json, show_case
from dblrandom.cli.checked import checked, policy_options, show_checked
from dblrandom.cli.jsonfile import read_member
from dblrandom.cli.options import FILE, pairs, suite_option
from dblrandom.cli.outputs import fresh, together
from dblrandom.cli.outside import is_outside, open_outside
from dblrandom.cli.places import existing
from dblrandom.cli.rostermove import move
from dblrandom.cli.rosters import read_roster
from dblrandom.cli.screen import Screen, note, working
from dblrandom.cli.tableoptions import (
    accept_option,
    encoding_option,
    refused,
    rename_option,
    report_file,
    report_option,
    tell_notes,
)
from dblrandom.errors import RosterError, VerificationError
from dblrandom.evidence import InspectorCase, TargetCase, Transcript, check_inspector, check_target
from dblrandom.evidence.report import failing
from dblrandom.kernel.rows import id_of
from dblrandom.kernel.suite import Suite
from dblrandom.model.lookalike import hint, own_form
from dblrandom.roster import Manifest, Proof, Roster, alike_in_proof, alike_on, verify_absence, verify_presence

__all__ = ["roster"]

_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]+:/")


@click.group("roster", no_args_is_help=False)
def roster() -> None:
    """Build, prove and check rosters."""


@command("build")
@click.argument("csv", metavar="CSV", type=FILE)
@click.option("--id", "column", metavar="COLUMN", required=True, help="The column that identifies a row.")
@click.option("--name", metavar="NAME", required=True, help="The roster's name in the plan.")
@click.option("--out", metavar="FILE.tsv", type=FILE, required=True, help="Where the roster goes; never replaced.")
@click.option("--columns", metavar="A,B", help="Which columns to take besides the id, in this order; all by default.")
@rename_option
@encoding_option
@accept_option
@report_option
@click.option("--confidential", is_flag=True, help="A roster whose rows must not be disclosed: each gets a blind.")
@suite_option
def build(
    csv: Path,
    out: Path,
    report: Path | None,
    confidential: bool,
    suite: Suite,
    **given: Any,
) -> Answer:
    """Make a roster of a CSV file.

    Prints its manifest. What was noticed or changed is told; where anything is wrong, all of it is, and no roster is
    made.
    """
    if _URL.match(str(csv)):
        raise click.UsageError(
            "a database is not read here: name it in commit --roster NAME=URL#table, or export a CSV"
        )
    fresh(out=out, report=report)
    columns = given["columns"]
    with working("reading the table"):
        found = import_csv(
            csv,
            id=given["column"],
            name=given["name"],
            columns=None if columns is None else [text for text in columns.split(",") if text],
            rename=pairs(given["rename"], "--rename"),
            confidential=confidential,
            encoding=given["encoding"],
            accept=given["accept"],
        )
        if found.population is None:
            return refused(found.report, report_file(found.report, report))
        blinds = [random_bytes(32).hex() for _ in found.population.rows] if confidential else None
        built = Roster.build(suite, found.population, blinds)
    manifest = built.manifest.to_json()
    with together() as wrote:
        wrote += report_file(found.report, report)
        write_new(out, built.to_file(), 0o600 if confidential else 0o644)
        wrote.append(str(out))

    def show(screen: Screen) -> None:
        screen.document(manifest)
        tell_notes(found.report)
        for path in wrote:
            note(f"wrote {path}")

    return Answer(data={"manifest": manifest, "report": found.report.to_json(), "wrote": wrote}, show=show)


@command("prove")
@click.argument("place", metavar="PLACE")
@click.option("--id", "row_id", metavar="ID", required=True, help="The row that is on the roster, or is not.")
@click.option("--column", metavar="COLUMN", help="The id column, where the place is a table.")
@click.option("--name", metavar="NAME", help="The roster's name; the file's name without its ending by default.")
@encoding_option
@click.option("--index", metavar="FILE", type=FILE, help="The roster's index: answers at once, whatever the size.")
@click.option("--out", metavar="FILE", type=FILE, help="Where the proof goes, besides stdout.")
@suite_option
def prove(
    place: str,
    row_id: str,
    column: str | None,
    name: str | None,
    encoding: str,
    index: Path | None,
    out: Path | None,
    suite: Suite,
) -> Answer:
    """Prove that an id is listed, or is not.

    PLACE is a canonical file, or with --column a table as commit takes it: a CSV or Parquet file, a folder of files, or
    URL#table of a database. With --index the roster is not read: the proof is checked against the index's manifest.
    """
    found: Roster | EngineRoster | IndexedRoster
    with working("reading the roster"):
        if index is None:
            found = _opened(place, column, name, suite, encoding)
        else:
            found = _by_index(place, column, name, index, encoding)
        made = found.prove(row_id)
        alike = () if _shows(made) else _alike(found, made)
    proof = made.to_json()
    wrote = []
    if out is not None:
        # A page of a confidential roster has the names and blinds of others too: who passes it on decides that.
        write_new(out, (document(proof) + "\n").encode(), 0o600 if found.manifest.confidential else 0o644)
        wrote.append(str(out))

    def show(screen: Screen) -> None:
        screen.document(proof)
        _tell_alike(row_id, made.roster, alike)
        for path in wrote:
            note(f"wrote {path}")
        note("not verified: that this is a committed roster; that does: roster check --proof FILE --folder DIR")

    return Answer(data={"proof": proof, "alike": [*alike], "wrote": wrote, "commitment_verified": False}, show=show)


def _shows(proof: Proof) -> bool:
    """Whether the proof's id is on its pages."""
    sought = proof.id.encode("utf-8", "replace")
    return any(id_of(line) == sought for page in proof.pages for line in page.lines.split(b"\n"))


def _alike(roster: Roster | EngineRoster | IndexedRoster, absent: Proof) -> tuple[str, ...]:
    """Ids of the roster that look like one that is not there; by an index only the likeliest are asked for."""
    if not isinstance(roster, IndexedRoster):
        return alike_on(roster, absent.id)
    forms = dict.fromkeys((own_form(absent.id), absent.id.upper(), absent.id.lower()))
    found = dict.fromkeys(alike_in_proof(absent))
    for form in forms:
        with contextlib.suppress(RosterError):
            if form != absent.id and _shows(roster.prove(form)):
                found[form] = None
    return tuple(found)


def _tell_alike(unit_id: str, roster: str, alike: Sequence[str]) -> None:
    """Say on stderr what else the id may have been meant to be; no verdict depends on it."""
    if alike:
        note(f"{unit_id!r} is not on the roster {roster!r}{hint(unit_id, alike)}")


@command("index")
@click.argument("place", metavar="PLACE")
@click.option("--column", metavar="COLUMN", help="The id column, where the place is a table.")
@click.option("--name", metavar="NAME", help="The roster's name; the file's name without its ending by default.")
@encoding_option
@click.option("--out", metavar="FILE", type=FILE, required=True, help="Where the index goes; never replaced.")
@suite_option
def index(place: str, column: str | None, name: str | None, encoding: str, out: Path, suite: Suite) -> Answer:
    """Make an index, with which prove answers at once.

    PLACE is as for prove, and is read once. Whoever uses the index needs the rows at the same place. Nothing in it is
    believed; made again, it is the same.
    """
    with working("reading the roster"):
        # Read where it is, however small: an index of what was read into memory is of another file.
        engine = None if column is None or is_address(place) else "datafusion"
        found = _opened(place, column, name, suite, encoding, engine)
        save_index(found, out)
    manifest = found.manifest.to_json()

    def show(screen: Screen) -> None:
        screen.document(manifest)
        note(f"wrote {out}")

    return Answer(data={"manifest": manifest, "wrote": [str(out)]}, show=show)


def _opened(
    place: str, column: str | None, name: str | None, suite: Suite, encoding: str, engine: str | None = None
) -> Roster | EngineRoster:
    if column is None and is_outside(place):
        raise click.UsageError("a table needs its id column: --column COLUMN")
    if name is None and is_address(place):
        raise click.UsageError("a table in a database needs the roster's name: --name NAME")
    named = name or Path(place).stem
    if column is None:
        return read_roster(suite, named, Path(place))
    return open_outside(named, place, column, suite, engine, encoding)


def _by_index(place: str, column: str | None, name: str | None, index: Path, encoding: str) -> IndexedRoster:
    found = open_indexed(place, index, id=column or "id", encoding=encoding)
    click.get_current_context().call_on_close(found.close)
    if name not in (None, found.name):
        raise click.UsageError(f"the index is of a roster named {found.name!r}; leave --name out")
    return found


@command("check")
@click.argument("file", metavar="[FILE.tsv]", type=FILE, required=False)
@click.option("--manifest", metavar="FILE.json", type=FILE, help="The manifest that was committed.")
@click.option("--proof", metavar="PROOF.json", type=FILE, help="Check this proof of one row, not a whole roster.")
@click.option("--folder", metavar="DIR", type=FILE, help="A ceremony: check the proof against its receipts.")
@click.option("--task", metavar="T", help="With --folder: whether the target was drawn for this task.")
@policy_options
@suite_option
def check(
    file: Path | None,
    manifest: Path | None,
    proof: Path | None,
    folder: Path | None,
    task: str | None,
    trust: Path | None,
    vouched: bool,
    suite: Suite,
) -> Answer:
    """Check a roster, or a proof of one row.

    A roster is checked whole, against a manifest where one is given; a proof against a manifest or a ceremony, which is
    verified first.
    """
    if (file is None) == (proof is None):
        raise click.UsageError("give either a roster's file or --proof")
    committed = None if manifest is None else Manifest.from_json(read_member(manifest, "manifest"), str(manifest))
    if file is not None:
        if folder is not None or task is not None:
            raise click.UsageError("--folder and --task go with --proof")
        _no_policy(trust, vouched)
        return _check_whole(suite, file, committed)
    if proof is None or (committed is None) == (folder is None):
        raise click.UsageError("a proof is checked against either --manifest or --folder")
    given = Proof.from_json(read_member(proof, "proof"), str(proof))
    if folder is not None:
        return _check_in_ceremony(existing(folder), trust, vouched, task, given)
    if task is not None or committed is None:
        raise click.UsageError("--task goes with --folder")
    _no_policy(trust, vouched)
    return _check_proof(suite, committed, given)


def _check_whole(suite: Suite, file: Path, committed: Manifest | None) -> Answer:
    name = file.stem if committed is None else committed.name
    with working("checking the roster"):
        try:
            found = read_roster(suite, name, file).manifest
        except RosterError as error:
            raise VerificationError("roster", str(error)) from error
    if committed is not None and found != committed:
        raise VerificationError("roster", "its rows are not the ones committed", where=str(file))
    against = "canonical" if committed is None else "canonical, and the one that the manifest commits to"
    text = f"verified: {found.rows} rows, root {found.root}; {against}"
    return Answer(data={"manifest": found.to_json()}, show=lambda screen: screen.line(text))


def _check_proof(suite: Suite, committed: Manifest, proof: Proof) -> Answer:
    """Presence or absence, whichever the proof is for; that the rest of the roster is in order is not shown by it."""
    row = None
    try:
        if _shows(proof):
            row = dict(verify_presence(suite, committed, proof))
        else:
            verify_absence(suite, committed, proof)
    except RosterError as error:
        raise VerificationError("proof", str(error)) from error
    absence = _of_absence(proof) if row is None else []
    shown = "is not on the roster" if row is None else "is on the roster"

    def show(screen: Screen) -> None:
        screen.line(f"verified: {proof.id!r} {shown} {committed.name!r} (this proof alone; the whole was not checked)")
        screen.line("not verified: that a ceremony committed to this manifest; that does: roster check --folder")
        screen.table(("column", "value"), (row or {}).items())
        for text in absence:
            screen.line(text)

    data = {"id": proof.id, "on_roster": row is not None, "row": row, "remarks": absence, "commitment_verified": False}
    return Answer(data=data, show=show)


def _of_absence(proof: Proof) -> list[str]:
    """What a person should know who reads that an id is not there: what looks alike, and how lists would write it."""
    alike, form = alike_in_proof(proof), own_form(proof.id)
    found = [f"{proof.id!r} is not on the roster{hint(proof.id, alike)}"] if alike else []
    if form not in ("", proof.id, *alike):
        found.append(f"lists have such an id as {form!r}: ask for a proof of that too")
    return found


def _no_policy(trust: Path | None, vouched: bool) -> None:
    if trust is not None or vouched:
        raise click.UsageError("--trust and --vouched go with --folder")


def _check_in_ceremony(
    place: CeremonyFolder, trust: Path | None, vouched: bool, task: str | None, proof: Proof
) -> Answer:
    report = checked(place, trust, vouched)
    with failing("receipt"):
        contents = place.contents()
        ceremony = Transcript.read(contents.receipts)
    case: TargetCase | InspectorCase
    if task is not None:
        # Asked here, since a task that there is none of says nothing about the proof.
        ceremony.commitment.task(task)
        case = check_target(ceremony, task, proof.id, proof, report=report, results=contents.results)
    else:
        case = check_inspector(ceremony, proof.roster, proof.id, proof, report=report)
    found = case_json(case)
    absence = [] if case.on_roster else _of_absence(proof)

    def show(screen: Screen) -> None:
        show_checked(screen, report)
        show_case(screen, case)
        for text in absence:
            screen.line(text)

    return Answer(data={"case": found, "remarks": absence, "report": report.to_json()}, show=show)


for _command in (build, index, prove, check, move):
    roster.add_command(_command)
