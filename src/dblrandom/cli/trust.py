"""``dblrandom trust``: the policy of a verifier: make one, look at it, and change it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import click

from dblrandom.adapters import trustfiles
from dblrandom.beacons.drandchain import PROFILES
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.jsonfile import read_json
from dblrandom.cli.logoptions import VKEY
from dblrandom.cli.options import FILE, PAIR, TIME, folder_argument
from dblrandom.cli.parameters import ParamType
from dblrandom.cli.places import existing, sound
from dblrandom.cli.screen import Screen, note, working
from dblrandom.evidence import Requirement, TrustedEvent, TrustedLog, TrustPolicy, suggested_trust
from dblrandom.kernel.canonical import encode

__all__ = ["trust"]

_SHORT = 16
_HASH = 64
_NEED = re.compile(r"([a-z]+)=([a-z]+)(?:/([a-z0-9-]+))?:([0-9]{1,6})(?::(.+))?", re.DOTALL)
_COMPARE = "compare each key with what its holder publishes; until then this is no more than the organiser's word"


@click.group("trust", no_args_is_help=False)
def trust() -> None:
    """Say whom you trust, for 'verify --trust FILE' and for witnesses."""


class _Limit(ParamType[tuple[str, str]]):
    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        # A name may hold an equals sign and a time never does, so the last one is the one that is meant.
        holder, separator, time = str(value).rpartition("=")
        if not separator or not holder:
            self.fail(f"{value!r} is not NAME=TIME", param, ctx)
        return holder, TIME.convert(time, param, ctx)


class _Event(ParamType[TrustedEvent]):
    name = "event"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> TrustedEvent:
        if isinstance(value, TrustedEvent):
            return value
        event, _, count = str(value).rpartition("=")
        if not event or not re.fullmatch("[1-9][0-9]{0,15}", count):
            self.fail(f"{value!r} is not EVENT=N, with N from 2", param, ctx)
        return TrustedEvent(event=event, outcomes=int(count))


class _Need(ParamType[tuple[str, Requirement]]):
    name = "need"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Requirement]:
        if isinstance(value, tuple):
            return value
        found = _NEED.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not TYPE=ROLE:N, or TYPE=ROLE:N:NAME|NAME", param, ctx)
        kind, role, algorithm, threshold, names = found.groups()
        of = tuple(names.split("|")) if names else ()
        return kind, Requirement(role, int(threshold), of, algorithm or "ed25519")


@command("new")
@folder_argument
@click.option("--out", metavar="FILE", type=FILE, required=True, help="Where the policy goes; never replaced.")
def new(folder: Path, out: Path) -> Answer:
    """Make a policy from what a ceremony's commitments say.

    It trusts every signer whom they declare, for what they declare. 'commit' puts the same into the folder as
    trust.json. It becomes yours when you have compared each key with what its holder publishes; then give it to
    'verify --trust FILE'.
    """
    with working("reading the ceremony"):
        policy = suggested_trust(*sound(folder).commitments)
    trustfiles.write_policy(out, policy)
    following = f"dblrandom verify {shlex.quote(str(folder))} --trust {shlex.quote(str(out))}"

    def show(screen: Screen) -> None:
        screen.table(("holder", "roles", "key"), [(k.name, ", ".join(k.roles), k.keyid) for k in policy.keys])
        screen.line(f"wrote {out}")
        screen.line(_COMPARE)
        screen.line(f"next: when you have compared them: {following}")

    return Answer(data={**_told(policy), "wrote": [str(out)], "next": following}, show=show)


@command("show")
@click.argument("file", metavar="FILE|CEREMONY", type=FILE)
def show_policy(file: Path) -> Answer:
    """Show a policy: a file, or the one that a ceremony's folder suggests."""
    suggested = file.is_dir()
    policy = existing(file).trust() if suggested else _read(file)

    def show(screen: Screen) -> None:
        _show(screen, policy)
        for remark in trustfiles.remarks_on(policy):
            screen.line(f"remark: {remark}")
        if suggested:
            screen.line(_COMPARE)

    return Answer(data={**_told(policy), "suggested": suggested}, show=show)


@command("edit")
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--out", metavar="FILE", type=FILE, help="A new file for it; in place of FILE by default.")
@click.option(
    "--key",
    metavar="ROLE=PUBLIC.pem,NAME",
    type=PAIR,
    multiple=True,
    help="A holder's key; again for each further role of it.",
)
@click.option(
    "--revoke",
    metavar="NAME=TIME",
    type=_Limit(),
    multiple=True,
    help="From when on a key no longer counts; NAME is its holder or its id.",
)
@click.option(
    "--valid-until", metavar="NAME=TIME", type=_Limit(), multiple=True, help="The last moment of a key's signatures."
)
@click.option("--chain", metavar="DIR", type=FILE, multiple=True, help="Pin the hash chain in this folder, or a copy.")
@click.option("--authority", metavar="NAME=ROOT.pem", type=PAIR, multiple=True, help="A time-stamp authority.")
@click.option("--log", metavar="VKEY", type=VKEY, help="A log's public key, or a file with it.")
@click.option("--log-witness", metavar="VKEY", type=VKEY, multiple=True, help="A witness who cosigns the log.")
@click.option("--log-threshold", metavar="N", type=int, help="How many of them must cosign; all of them by default.")
@click.option(
    "--network", metavar="HASH", multiple=True, help="A drand chain, or a certificate's id, that is nobody's own."
)
@click.option(
    "--event",
    metavar="EVENT=N",
    type=_Event(),
    multiple=True,
    help="A public event that you have looked up, word for word as it is declared, and how many outcomes are about "
    "equally likely.",
)
@click.option(
    "--require",
    metavar="TYPE=ROLE[/ALGORITHM]:N[:NAMES]",
    type=_Need(),
    multiple=True,
    help="How many holders of a role must sign a type of receipts, of those where some are named, with vertical bars "
    "between them; replaces what was required of the type.",
)
@click.option("--witnesses", metavar="N", type=int, help="How many must date a commitment.")
@click.option("--margin", metavar="SECONDS", type=int, help="From that date to the earliest value, at least.")
@click.option("--previous", metavar="DIGEST", help="The end of the organiser's ceremony before this one.")
def edit(file: Path, out: Path | None, **given: Any) -> Answer:
    """Change a policy of your own.

    It is for 'verify --trust FILE', and for witnesses. An anchor that is there under the same name, and is another,
    is never replaced: take it out of the file first.
    """
    steps = list(_steps(given))
    if not steps:
        raise click.UsageError("nothing to change: give --key, --chain or another option")
    policy, told = _read(file), []
    for what, change in steps:
        changed = change(policy)
        told.append(what if changed != policy else f"{what}: was so already")
        policy = changed
    target = out or file
    trustfiles.write_policy(target, policy, replace=out is None)
    remarks = trustfiles.remarks_on(policy)

    def show(screen: Screen) -> None:
        for line in told:
            screen.line(line)
        screen.line(f"wrote {target}")
        for remark in remarks:
            note(f"remark: {remark}")

    return Answer(data={**_told(policy), "changes": told, "wrote": [str(target)]}, show=show)


def _read(file: Path) -> TrustPolicy:
    """The policy in a file that people may have written, so that it need not be canonical."""
    return TrustPolicy.from_bytes(encode(read_json(file)), str(file))


_Step = tuple[str, Callable[[TrustPolicy], TrustPolicy]]


def _steps(given: Mapping[str, Any]) -> Iterator[_Step]:
    """What the options ask for, each with its name; keys come first, as other entries may name their holders."""
    for role, text in given["key"]:
        place, _, name = text.partition(",")
        if not name:
            raise click.UsageError(f"--key {role}={text} names no holder; give {role}={place},NAME")
        key = trustfiles.read_key(role, Path(place), name)
        yield f"key {key.keyid[:_SHORT]} of {name}: {role}", partial(trustfiles.with_key, key=key)
    for member, option in (("revoked", "revoke"), ("valid_until", "valid_until")):
        for holder, time in given[option]:
            what = f"{holder}: {member.replace('_', ' ')} {time}"
            yield what, partial(trustfiles.with_limits, holder=holder, **{member: time})
    yield from _anchors(given)
    needs: dict[str, list[Requirement]] = {}
    for kind, need in given["require"]:
        needs.setdefault(kind, []).append(need)
    for kind, wanted in needs.items():
        what = f"{kind}: {_needs(wanted)}"
        yield what, partial(trustfiles.with_requirements, kind=kind, needs=wanted)
    for option, member in (("witnesses", "witnesses"), ("margin", "margin"), ("previous", "previous_ceremony")):
        if given[option] is not None:
            yield f"{option} {given[option]}", partial(_with, **{member: given[option]})


def _with(policy: TrustPolicy, **changes: Any) -> TrustPolicy:
    return attrs.evolve(policy, **changes)


def _anchors(given: Mapping[str, Any]) -> Iterator[_Step]:
    for folder in given["chain"]:
        with working("checking the chain"):
            chain = trustfiles.read_chain(folder)
        yield f"chain {chain.tip[:_SHORT]} of {folder}", partial(trustfiles.with_chain, chain=chain)
    for name, path in given["authority"]:
        authority = trustfiles.read_authority(name, Path(path))
        root = trustfiles.root_of(authority)
        what = f"authority {name}: {root.subject}, SHA-256 {root.sha256}, until {root.expires}"
        yield what, partial(trustfiles.with_authority, authority=authority)
    witnesses, threshold = given["log_witness"], given["log_threshold"]
    if given["log"] is not None and witnesses:
        texts = tuple(key.text for key in witnesses)
        log = TrustedLog(
            key=given["log"].text, witnesses=texts, threshold=len(texts) if threshold is None else threshold
        )
        what = f"log {log.verifier.name}: {log.threshold} of {len(texts)} witnesses"
        yield what, partial(trustfiles.with_log, log=log)
    elif given["log"] is not None or witnesses or threshold is not None:
        raise click.UsageError("--log and --log-witness go together")
    for network in given["network"]:
        yield f"network {network}", partial(trustfiles.with_network, network=network)
    for event in given["event"]:
        yield f"event {event.event}: {event.outcomes} outcomes", partial(trustfiles.with_event, event=event)


def _needs(needs: Iterable[Requirement]) -> str:
    """Who must sign, in words."""
    found = []
    for need in needs:
        how = "" if need.algorithm == "ed25519" else f" by {need.algorithm}"
        among = f" of {', '.join(need.of)}" if need.of else ""
        found.append(f"{need.threshold} {need.role}{how}{among}")
    return "; ".join(found) or "nobody"


def _told(policy: TrustPolicy) -> dict[str, Any]:
    """What programs are told: the policy, and what is computed from it."""
    roots = [{"name": a.name, **attrs.asdict(trustfiles.root_of(a))} for a in policy.authorities]
    keys = [{"name": key.name, "keyid": key.keyid} for key in policy.keys]
    return {"trust": policy.to_json(), "keys": keys, "roots": roots, "remarks": list(trustfiles.remarks_on(policy))}


def _show(screen: Screen, policy: TrustPolicy) -> None:
    screen.table(
        ("holder", "roles", "key", "algorithm", "valid from", "valid until", "revoked"),
        [
            (
                key.name,
                ", ".join(key.roles),
                key.keyid[:_SHORT],
                key.algorithm,
                key.valid_from or "-",
                key.valid_until or "-",
                key.revoked or "-",
            )
            for key in policy.keys
        ],
    )
    screen.table(("receipt", "must be signed by"), [(kind, _needs(needs)) for kind, needs in policy.require.items()])
    screen.line(f"a commitment must be dated by {policy.witnesses}, {policy.margin} s before the earliest value")
    if policy.previous_ceremony is not None:
        screen.line(f"the organiser's ceremony before ended with {policy.previous_ceremony}")
    _show_anchors(screen, policy)


def _show_anchors(screen: Screen, policy: TrustPolicy) -> None:
    chains = []
    for chain in policy.chains:
        operator = policy.key(chain.operator)
        who = operator.name if operator else chain.operator[:_SHORT]
        chains.append((chain.tip[:_SHORT], who, chain.genesis, f"{chain.period} s"))
    screen.table(("pinned chain", "operator", "step 0 at", "a step every"), chains)
    roots = [(a.name, trustfiles.root_of(a)) for a in policy.authorities]
    screen.table(("authority", "root", "SHA-256", "expires"), [(n, r.subject, r.sha256, r.expires) for n, r in roots])
    screen.table(
        ("log", "needs", "of the witnesses"),
        [(g.verifier.name, g.threshold, ", ".join(key.name for key in g.cosigners)) for g in policy.logs],
    )
    screen.table(("event", "outcomes"), [(known.event, known.outcomes) for known in policy.events])
    screen.table(("network", "is a"), [(network, _network(network)) for network in policy.networks])


def _network(network: str) -> str:
    known = PROFILES.get(network)
    if known is not None:
        return f"drand chain, {known.beacon_id}; it counts without this entry too"
    return "drand chain" if len(network) == _HASH else "certificate"


for _command in (new, show_policy, edit):
    trust.add_command(_command)
