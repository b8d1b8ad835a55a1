"""``dblrandom secret``: what a party contributes to the seed."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.files import write_new
from dblrandom.adapters.secretfiles import write_secret
from dblrandom.adapters.sources import new_locked_secret, new_secret
from dblrandom.beacons.timelock import is_locked
from dblrandom.cli.answer import Answer, command, document
from dblrandom.cli.networks import network
from dblrandom.cli.options import FILE, PAST, TIME, suite_option
from dblrandom.cli.outputs import fresh, together
from dblrandom.cli.passphrase import KEY, passphrase_options, read_key
from dblrandom.cli.screen import Screen, note
from dblrandom.errors import EntropyError, KeyFileError
from dblrandom.kernel.suite import Suite
from dblrandom.model import Source

__all__ = ["secret"]


@click.group("secret", no_args_is_help=False)
def secret() -> None:
    """Make a party's secret."""


@command("new")
@click.option("--ceremony", metavar="NAME", required=True, help="The ceremony's name, which the digest binds.")
@click.option("--name", metavar="SOURCE", required=True, help="The source's name in the commitment.")
@click.option("--key", metavar="PARTY.pem", type=KEY, required=True, help="The party's private key.")
@passphrase_options
@click.option("--at", metavar="TIME", type=TIME, required=True, help="When the secret may be revealed.")
@click.option("--out", metavar="FILE", type=FILE, required=True, help="Where the secret goes; never replaced.")
@click.option("--declaration", metavar="FILE", type=FILE, help="Where the declaration goes, besides stdout.")
@click.option(
    "--lock",
    metavar="NETWORK",
    help="Time-lock it to the first round at --at: quicknet, or a file of a network's info.",
)
@click.option("--time", metavar="TIME", type=PAST, default=now, help="What time it is; the clock's by default.")
@suite_option
def new(
    ceremony: str,
    name: str,
    key: Path,
    at: str,
    out: Path,
    declaration: Path | None,
    lock: str | None,
    time: str,
    suite: Suite,
) -> Answer:
    """Make a secret and its declaration.

    With --lock nobody can withhold it: anybody opens it with a later drand round. A round that is out is refused.

    Prints the declaration (JSON), which the organiser needs for the commitment.
    """
    fresh(out=out, declaration=declaration)
    signer = read_key(key)
    if signer.algorithm != "ed25519":
        raise KeyFileError(
            f"a party's secret belongs to its ed25519 key, not to one of {signer.algorithm}", where=str(key)
        )
    if lock is None:
        source, value = new_secret(ceremony, name, keyid=signer.keyid, not_before=at, suite=suite)
    else:
        source, value = new_locked_secret(ceremony, name, keyid=signer.keyid, at=at, info=network(lock), suite=suite)
    _check_unknown(source, time)
    declared = source.to_json()
    with together() as wrote:
        write_secret(out, bytes.fromhex(value))
        wrote.append(str(out))
        if declaration is not None:
            write_new(declaration, (document(declared) + "\n").encode(), 0o644)
            wrote.append(str(declaration))
    following = f"give the declaration to the organiser, keep {out} secret, and sign the commitment with {key}"

    def show(screen: Screen) -> None:
        screen.document(declared)
        for place in wrote:
            note(f"wrote {place}")
        note(f"next: {following}")

    return Answer(data={"declaration": declared, "wrote": wrote, "next": following}, show=show)


def _check_unknown(source: Source, time: str) -> None:
    """Refuse a lock that anybody can open already; say of any other secret that its moment is over."""
    if source.not_before > time:
        return
    if is_locked(source):
        raise EntropyError(
            f"round {source.terms['round']} was due at {source.not_before}, so anybody can open this lock: the secret "
            "is public already; choose a later --at",
            where=f"source {source.name!r}",
        )
    note(f"warning: it may be revealed since {source.not_before}; no commitment can rest on it any more")


secret.add_command(new)
