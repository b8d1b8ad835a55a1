"""``dblrandom source``: the declaration of a source that is nobody's own: a drand round, a pulse, a public event."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.files import write_new
from dblrandom.adapters.network.nist import pulse_of
from dblrandom.beacons import BUILT_IN
from dblrandom.beacons.declared import MARK, declared_only
from dblrandom.beacons.drand import drand_source
from dblrandom.beacons.drandchain import PROFILES, ChainInfo, profile_named
from dblrandom.beacons.nist import check_sample
from dblrandom.beacons.public import CANCELLED
from dblrandom.beacons.pulse import WITH_LENGTH
from dblrandom.cli.answer import Answer, command, document
from dblrandom.cli.jsonfile import read_json
from dblrandom.cli.options import FILE, TIME
from dblrandom.cli.screen import Screen, note
from dblrandom.model import Source

__all__ = ["source"]

_ENOUGH = 2**64
_name_option = click.option("--name", metavar="SOURCE", required=True, help="The source's name in the commitment.")
_out_option = click.option(
    "--out", metavar="FILE", type=FILE, required=True, help="Where the declaration goes; never replaced."
)


@click.group("source", no_args_is_help=False)
def source() -> None:
    """Declare a public source, for 'commit --source FILE'.

    For an office's own hash chain see 'beacon' and 'commit --chain', for a party's secret 'secret new'.
    """


@command("drand")
@_name_option
@click.option(
    "--chain",
    metavar="NETWORK",
    default="quicknet",
    help="quicknet, default, or a file with what a relay says of another (INFO.json); quicknet by default.",
)
@click.option("--at", metavar="TIME", type=TIME, required=True, help="The first round at this time or after it.")
@_out_option
def drand(name: str, chain: str, at: str, out: Path) -> Answer:
    """Declare a round of a drand network."""
    if chain in (known.beacon_id for known in PROFILES.values()):
        info = profile_named(chain)
    else:
        info = ChainInfo.from_json(read_json(Path(chain)), chain)
    return _declared(drand_source(info, name, at=at), out)


@command("nist")
@_name_option
@click.option("--chain", metavar="N", type=int, default=2, help="The beacon's chain; 2 by default.")
@click.option("--pulse", metavar="I", type=int, required=True, help="The pulse's index in the chain.")
@click.option("--time", metavar="TIME", type=TIME, required=True, help="The pulse's time.")
@click.option(
    "--certificate", metavar="ID", help="The certificate that will sign it, 128 hex; one of NIST's pinned by default."
)
@click.option("--form", metavar="FORM", type=click.Choice([WITH_LENGTH]), help="How its output value is hashed.")
@click.option("--sample", metavar="PULSE.json", type=FILE, help="An earlier pulse of that beacon, to see that it fits.")
@_out_option
def nist(
    name: str,
    chain: int,
    pulse: int,
    time: str,
    certificate: str | None,
    form: str | None,
    sample: Path | None,
    out: Path,
) -> Answer:
    """Declare a pulse of the NIST beacon, or of another in its format.

    Index and time must fit: where the beacon misses a minute before, this pulse has another time, and there is no draw.
    """
    terms: dict[str, str | int] = {"chain": chain, "pulse": pulse, "time": time}
    if certificate is not None:
        terms["certificate"] = certificate
    if form is not None:
        terms["form"] = form
    declared = Source(kind="nist", name=name, not_before=time, terms=terms)
    BUILT_IN["nist"].check_source(declared)
    if sample is not None:
        check_sample(declared, pulse_of(read_json(sample), str(sample)))
    elif declared_only(declared) is not None:
        note(
            "warning: nothing shows that a pulse of this beacon can be verified here; try one with --sample PULSE.json"
        )
    return _declared(declared, out)


@command("public")
@_name_option
@click.option("--event", metavar="TEXT", required=True, help="Which event, its number or date, where it is published.")
@click.option("--form", metavar="FORM", required=True, help="How it is written, as in 'numbers 6 of 1-33, 1 of 1-16'.")
@click.option("--outcomes", metavar="N", type=int, required=True, help="How many outcomes are about equally likely.")
@click.option(
    "--cancelled",
    metavar="RULE",
    type=click.Choice(CANCELLED),
    required=True,
    help="If it is cancelled: next, where the next of its series counts, or void, where there is no draw.",
)
@click.option("--at", metavar="TIME", type=TIME, required=True, help="The first moment of the outcome being public.")
@_out_option
def public(name: str, event: str, form: str, outcomes: int, cancelled: str, at: str, out: Path) -> Answer:
    """Declare the outcome of a public event, such as a lottery."""
    terms: dict[str, str | int] = {"event": event, "form": form, "outcomes": outcomes, "cancelled": cancelled}
    return _declared(Source(kind="public", name=name, not_before=at, terms=terms), out)


def _declared(declared: Source, out: Path) -> Answer:
    """Check a declaration by its kind's rules, write it, and say what it is worth."""
    rules = BUILT_IN[declared.kind]
    rules.check_source(declared)
    outcomes, holder, unchecked = rules.outcomes(declared), rules.holder(declared), declared_only(declared)
    write_new(out, (document(declared.to_json()) + "\n").encode(), 0o644)
    if declared.not_before <= now():
        note(f"warning: its value is public since {declared.not_before}; no commitment can rest on it any more")
    # What the grammar of an event's form vouches for; the number declared stands in the mark.
    power = outcomes.bit_length() - 1
    count = f"2^{power}" if outcomes == 1 << power else str(outcomes)
    following = f"dblrandom commit ... --source {shlex.quote(str(out))}"

    def show(screen: Screen) -> None:
        screen.line(f"public from {declared.not_before}; {count} outcomes")
        if unchecked is not None:
            screen.line(f"{MARK}: {unchecked}")
        if outcomes < _ENOUGH:
            screen.line("grindable by itself: fewer than 2^64 outcomes; further sources multiply them")
        if holder is not None:
            screen.line(f"counts only for verifiers who trust it: dblrandom trust edit FILE --network {holder}")
        screen.line(f"wrote {out}")
        screen.line(f"next: {following}")

    data = {
        "declaration": declared.to_json(),
        "declared_not_checked": unchecked,
        "grindable": outcomes < _ENOUGH,
        "holder": holder,
        "outcomes": count,
        "public_from": declared.not_before,
        "wrote": [str(out)],
        "next": following,
    }
    return Answer(data=data, show=show)


for _command in (drand, nist, public):
    source.add_command(_command)
