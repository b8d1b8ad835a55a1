"""``dblrandom commit``: fix plan, rosters and sources before any value can be known."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.files import read_bytes, write_new
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.planfiles import load_plan
from dblrandom.adapters.rosterplaces import note_places
from dblrandom.beacons import declared
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.drafting import Named, deadlines_of, declared_of, sources_of
from dblrandom.cli.options import (
    FILE,
    PAIR,
    TIME,
    commit_time_option,
    csv_encoding_option,
    folder_argument,
    pairs,
    signers,
    suite_option,
    trust_option,
)
from dblrandom.cli.outside import absolute, holds_password
from dblrandom.cli.passphrase import KEY, passphrase_options
from dblrandom.cli.places import beacons, read_trust, receipt_json, recovering, samplers, some_folder, step_answer
from dblrandom.cli.rosters import named_rosters, outside_places
from dblrandom.cli.screen import Screen, note, working
from dblrandom.drawing import Commitment
from dblrandom.drawing.alikeids import alike_targets
from dblrandom.errors import FolderError, PlanError, StepError, VerificationError
from dblrandom.evidence import Receipt, TrustPolicy, sign_payload, suggested_trust
from dblrandom.evidence.signatures import check_declared_signers
from dblrandom.kernel.suite import Suite
from dblrandom.model import Plan
from dblrandom.roster import Roster, RosterLike

__all__ = ["commit"]

_Pairs = tuple[tuple[str, str], ...]


@command("commit")
@folder_argument
@click.option("--plan", "plan_file", metavar="PLAN.toml", type=FILE, help="The plan; not needed with --envelope.")
@click.option("--ceremony", metavar="NAME", help="The ceremony's name; needed for a new one.")
@click.option(
    "--roster",
    metavar="NAME=PLACE",
    type=PAIR,
    multiple=True,
    help="A roster: canonical, or a table with --id (.csv, Parquet, a folder, a database's URL#table).",
)
@click.option("--id", "ids", metavar="[NAME=]COLUMN", multiple=True, help="The id column of a table.")
@csv_encoding_option
@click.option("--chain", metavar="NAME=DIR", type=PAIR, multiple=True, help="A hash chain, with --at.")
@click.option("--drand", metavar="NAME=NETWORK", type=PAIR, multiple=True, help="A drand round: quicknet or default.")
@click.option("--at", metavar="TIME", type=TIME, help="The earliest moment of the chains' and rounds' values.")
@click.option("--source", metavar="FILE.json", type=FILE, multiple=True, help="Any other source's declaration.")
@click.option("--secret", metavar="NAME=FILE", type=PAIR, multiple=True, help="The declaration of a party's secret.")
@click.option(
    "--declare",
    metavar="ROLE=PUBLIC.pem[,NAME]",
    type=PAIR,
    multiple=True,
    help="A signer: organiser, party, operator, witness or auditor.",
)
@click.option(
    "--deadline",
    metavar="STAGE=TIME",
    type=PAIR,
    multiple=True,
    help="The last moment of reveal, draw or result; said where it is chosen by default.",
)
@click.option("--previous", metavar="DIGEST", help="The last digest of the organiser's ceremony before this one.")
@passphrase_options
@click.option("--key", "keys", metavar="KEY", type=KEY, multiple=True, help="Private key that signs.")
@click.option("--draft", metavar="FILE", type=FILE, help="Write the envelope here for others to sign, not the folder.")
@click.option("--envelope", metavar="FILE", type=FILE, help="Take the envelope that everyone has signed.")
@trust_option
@commit_time_option
@suite_option
def commit(
    folder: Path,
    plan_file: Path | None,
    ceremony: str | None,
    roster: _Pairs,
    ids: tuple[str, ...],
    encoding: str,
    chain: _Pairs,
    drand: _Pairs,
    at: str | None,
    source: tuple[Path, ...],
    secret: _Pairs,
    declare: _Pairs,
    deadline: _Pairs,
    previous: str | None,
    keys: tuple[Path, ...],
    draft: Path | None,
    envelope: Path | None,
    trust: Path | None,
    time: str,
    suite: Suite,
) -> Answer:
    """Fix plan, rosters and sources.

    Where no source is named, it is one round of drand's quicknet at --at, or an hour from now.

    Begins a ceremony in a new folder, or follows a voided commitment in its folder.

    Parties in other offices sign a draft: commit --draft FILE, then sign FILE in each office, then
    commit --envelope FILE.
    """
    place = some_folder(folder)
    outside = outside_places(pairs(roster, "--roster"), ids)
    with recovering(place):
        with working("reading the folder"):
            standing = _standing(place)
        if envelope is not None:
            signed = read_bytes(envelope)
            commitment = _commitment_in(signed, envelope)
            plan = commitment.plan
            if plan_file is not None and load_plan(plan_file) != plan:
                raise PlanError("this is not the plan that the envelope commits to", where=str(plan_file))
            rosters = named_rosters(commitment.suite, pairs(roster, "--roster"), ids, encoding)
            return _stored(folder, place, standing, signed, plan, rosters, read_trust(trust), outside)
        if plan_file is None or not roster or not keys:
            raise click.UsageError("commit needs --plan, --roster and --key, or --envelope")
        name = standing.name if standing is not None else ceremony
        if name is None or (ceremony is not None and ceremony != name):
            problem = f"this ceremony's name is {name}" if name else "give the new ceremony a name: --ceremony"
            raise click.UsageError(problem)
        suite = standing.suite if standing is not None else suite
        plan = load_plan(plan_file)
        named = Named(chains=pairs(chain, "--chain"), rounds=pairs(drand, "--drand"), secrets=pairs(secret, "--secret"))
        sources, told = sources_of(named, source, at=at, time=time)
        deadlines, remarks = deadlines_of(pairs(deadline, "--deadline"), sources, plan)
        named_signers = declared_of(declare)
        with working("reading the rosters"):
            rosters = named_rosters(suite, pairs(roster, "--roster"), ids, encoding)
        for remark in (*told, *remarks):
            note(remark)
        payload = _opened(name, plan, rosters, suite, standing).draft_commitment(
            entropy=sources, signers=named_signers, deadlines=deadlines, time=time, previous_ceremony=previous
        )
        signed = sign_payload(payload, signers(keys))
        if draft is not None:
            return _drafted(folder, signed, draft, suite)
        return _stored(folder, place, standing, signed, plan, rosters, read_trust(trust), outside)


def _standing(place: CeremonyFolder) -> Ceremony | None:
    """The ceremony that is in the folder already, if there is one."""
    if not place.exists():
        return None
    try:
        return place.update(lambda ceremony, _: ceremony)
    except FolderError:
        if place.exists():
            raise
        # A beginning that had been interrupted is undone now, so that there is nothing here.
        return None


def _opened(name: str, plan: Plan, rosters: Sequence[RosterLike], suite: Suite, standing: Ceremony | None) -> Ceremony:
    """The ceremony, new or standing, that is about to fix this plan and these rosters."""
    if standing is None:
        return Ceremony.open(name, plan, rosters, suite=suite, beacons=beacons(), samplers=samplers())
    standing.redraft(plan, rosters)
    return standing


def _commitment_in(envelope: bytes, path: Path) -> Commitment:
    receipt = Receipt.parse(envelope, str(path))
    if receipt.type != "commitment":
        raise StepError(f"{path}: holds a {receipt.type}, not a commitment")
    return Commitment.from_json(receipt.body)


def _drafted(folder: Path, envelope: bytes, draft: Path, suite: Suite) -> Answer:
    write_new(draft, envelope, 0o644)
    receipt = Receipt.parse(envelope)
    digest = receipt.digest(suite)
    unchecked = declared.lines(Commitment.from_json(receipt.body).sources)
    following = (
        f"every party runs: dblrandom sign {shlex.quote(str(draft))} --key KEY.pem; "
        f"then: dblrandom commit {shlex.quote(str(folder))} --envelope {shlex.quote(str(draft))} --roster NAME=FILE ..."
    )

    def show(screen: Screen) -> None:
        screen.line(f"wrote {draft}, signed by {len(receipt.signatures)}; nothing is committed yet")
        screen.line(f"digest {digest}")
        for line in unchecked:
            screen.line(line)
        screen.line(f"next: {following}")

    data: dict[str, Any] = {"wrote": [str(draft)], "receipt": receipt_json(receipt, digest), "next": following}
    return Answer(data={**data, "declared_not_checked": unchecked}, show=show)


def _alike(plan: Plan, rosters: Sequence[RosterLike]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Of each roster of targets in memory, two ids that look the same, if there are any."""
    targets = {task.roster for task in plan.tasks}
    for roster in rosters:
        pair = alike_targets(roster) if roster.name in targets else None
        if pair is not None:
            yield roster.name, pair


def _stored(
    folder: Path,
    place: CeremonyFolder,
    standing: Ceremony | None,
    envelope: bytes,
    plan: Plan,
    rosters: Sequence[RosterLike],
    trust: TrustPolicy | None,
    outside: Mapping[str, tuple[str, str]],
) -> Answer:
    """Put a signed commitment into the folder, with every signature that it declares."""
    receipt = Receipt.parse(envelope, "commitment")
    try:
        check_declared_signers(receipt)
    except VerificationError as error:
        raise StepError(
            f"{error}; give that --key too, or let the others sign a draft (commit --draft): nothing was committed"
        ) from error

    def act(ceremony: Ceremony) -> Ceremony:
        ceremony.admit(envelope)
        return ceremony

    # A small table was read into memory, and lies in the folder like any other roster.
    held = {found.name for found in rosters if isinstance(found, Roster)}
    elsewhere = {name: where for name, where in outside.items() if name not in held}
    suite = _commitment_in(envelope, folder).suite
    digest = receipt.digest(suite)

    def again(found: Ceremony, _: dict[str, bytes]) -> Ceremony:
        return act(_opened(found.name, plan, rosters, suite, found))

    with working("committing"):
        if standing is None:
            ceremony = act(_opened(receipt.ceremony, plan, rosters, suite, None))
            place.create(ceremony, trust or suggested_trust(ceremony.commitment))
        else:
            place.update(again, trust=lambda found: trust or suggested_trust(*found.commitments))
    _note_places(folder, digest, elsewhere)
    wrote = [str(folder / "trust.json")]
    sources = Commitment.from_json(receipt.body).sources
    unchecked, known = declared.lines(sources), declared.public_already(sources, now())
    unpinned = [s.name for s in sources if s.kind == "nist" and declared.declared_only(s) is not None]
    for name in unpinned:
        note(f"warning: source {name}: its certificate is not pinned; if no pulse verifies under it, there is no draw")
    for line in known:
        note(f"warning: {line}")
    for name, pair in _alike(plan, rosters):
        note(f"warning: roster {name}: the ids {pair[0]!r} and {pair[1]!r} look the same; is each its own target?")

    def show(screen: Screen) -> None:
        for line in unchecked:
            screen.line(line)

    return step_answer(
        folder, receipt, digest, show=show, wrote=wrote, declared_not_checked=unchecked, public_already=known
    )


def _note_places(folder: Path, digest: str, elsewhere: Mapping[str, tuple[str, str]]) -> None:
    """Note with this user where the rows are that the folder does not hold; the commitment stands in any case."""
    try:
        noted = note_places(
            folder, digest, {name: (absolute(where), column) for name, (where, column) in elsewhere.items()}
        )
    except FolderError as error:
        if elsewhere:
            note(f"where {', '.join(elsewhere)} is was not noted ({error}); note it later: dblrandom roster move")
        return
    for name, (where, _) in elsewhere.items():
        if holds_password(where):
            note(f"{name}: the URL's password is kept in {noted}, for the steps that come")
