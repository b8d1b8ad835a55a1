"""``dblrandom commit``: fix plan, rosters and sources before any value can be known."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import click

from dblrandom.adapters.files import read_bytes, write_new
from dblrandom.adapters.folder import CeremonyFolder, suggested_trust
from dblrandom.adapters.planfiles import load_plan
from dblrandom.adapters.tables import ENCODINGS
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.drafting import deadlines_of, declared_of, sources_of
from dblrandom.cli.options import (
    FILE,
    PAIR,
    TIME,
    folder_argument,
    pairs,
    signers,
    suite_option,
    time_option,
    trust_option,
)
from dblrandom.cli.places import beacons, read_trust, receipt_json, recovering, samplers, some_folder, step_answer
from dblrandom.cli.rosters import named_rosters
from dblrandom.cli.screen import Screen, note, working
from dblrandom.errors import PlanError, StepError, VerificationError
from dblrandom.evidence import Commitment, Declared, Receipt, TrustPolicy, sign_payload
from dblrandom.evidence.dating import check_declared_signers
from dblrandom.kernel.suite import SHA256, Suite, suite_named
from dblrandom.model import Plan, Source
from dblrandom.roster import Roster

__all__ = ["commit"]

_Pairs = tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class _Terms:
    """What a new commitment is made of."""

    name: str
    plan: Plan
    rosters: Sequence[Roster]
    sources: tuple[Source, ...]
    declared: tuple[Declared, ...]
    deadlines: Mapping[str, str]
    previous: str | None
    suite: Suite
    time: str

    def begin(self) -> Ceremony:
        """A ceremony that has no receipt yet."""
        return Ceremony.open(
            self.name, self.plan, self.rosters, suite=self.suite, beacons=beacons(), samplers=samplers()
        )

    def payload(self, ceremony: Ceremony) -> bytes:
        """What everyone has to sign."""
        return ceremony.draft_commitment(
            entropy=self.sources,
            signers=self.declared,
            deadlines=self.deadlines,
            time=self.time,
            previous_ceremony=self.previous,
        )


@command("commit")
@folder_argument
@click.option("--plan", "plan_file", metavar="PLAN.toml", type=FILE, help="The plan; not needed with --envelope.")
@click.option("--ceremony", metavar="NAME", help="The ceremony's name; needed for a new one.")
@click.option("--roster", metavar="NAME=FILE", type=PAIR, multiple=True, help="A roster, canonical or .csv with --id.")
@click.option("--id", "ids", metavar="[NAME=]COLUMN", multiple=True, help="The id column of a .csv roster.")
@click.option("--encoding", metavar="NAME", type=click.Choice(ENCODINGS), default="utf-8-sig", help="Of .csv rosters.")
@click.option("--chain", metavar="NAME=DIR", type=PAIR, multiple=True, help="A hash chain, with --at.")
@click.option("--at", metavar="TIME", type=TIME, help="The earliest lawful moment of the chains' values.")
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
@click.option("--key", "keys", metavar="KEY.pem", type=FILE, multiple=True, help="Private key that signs.")
@click.option("--draft", metavar="FILE", type=FILE, help="Write the envelope here for others to sign, not the folder.")
@click.option("--envelope", metavar="FILE", type=FILE, help="Take the envelope that everyone has signed.")
@trust_option
@time_option
@suite_option
def commit(
    folder: Path,
    plan_file: Path | None,
    ceremony: str | None,
    roster: _Pairs,
    ids: tuple[str, ...],
    encoding: str,
    chain: _Pairs,
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
    """Fix plan, rosters and sources; begins a ceremony, or follows a voided commitment.

    Parties in other offices sign a draft: commit --draft FILE, then sign FILE in each office, then
    commit --envelope FILE.
    """
    place = some_folder(folder)
    standing = None
    if place.exists():
        if trust is not None:
            raise click.UsageError("--trust is for a new ceremony; this folder has its trust.json")
        with recovering(place), working("reading the folder"):
            standing = place.load() if not place.interrupted() else _recovered(place)
        suite = standing.suite
    if envelope is not None:
        return _from_envelope(folder, place, standing, envelope, plan_file, roster, ids, encoding, trust)
    if plan_file is None or not roster or not keys:
        raise click.UsageError("commit needs --plan, --roster and --key")
    name = standing.name if standing is not None else ceremony
    if name is None or (ceremony is not None and ceremony != name):
        raise click.UsageError(f"this ceremony's name is {name}" if name else "give the new ceremony a name: --ceremony")
    plan = load_plan(plan_file)
    sources = sources_of(pairs(chain, "--chain"), source, pairs(secret, "--secret"), at)
    deadlines, remarks = deadlines_of(pairs(deadline, "--deadline"), sources, plan)
    terms = _Terms(
        name=name,
        plan=plan,
        rosters=named_rosters(suite, pairs(roster, "--roster"), ids, encoding),
        sources=sources,
        declared=declared_of(declare),
        deadlines=deadlines,
        previous=previous,
        suite=suite,
        time=time,
    )
    for remark in remarks:
        note(remark)
    if draft is not None:
        return _draft(folder, terms, standing, keys, draft)
    return _written(folder, place, standing, terms, keys, trust)
