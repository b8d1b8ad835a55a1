"""``dblrandom keygen``: a new key pair."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.adapters.keyfiles import make_key, write_public_key
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE
from dblrandom.cli.outputs import fresh, together
from dblrandom.cli.passphrase import asked_twice, given_passphrase, passphrase_options
from dblrandom.cli.screen import Screen
from dblrandom.kernel.schemes import KEY_SIZES

__all__ = ["keygen"]


@command("keygen")
@click.option("--out", metavar="KEY.pem", type=FILE, required=True, help="Where the private key goes; never replaced.")
@click.option("--public", metavar="FILE", type=FILE, help="Where the public key goes, for everyone to have.")
@click.option(
    "--algorithm",
    metavar="NAME",
    type=click.Choice(tuple(KEY_SIZES)),
    default="ed25519",
    help="ed25519, or for second signatures ml-dsa-44 or sm2; ed25519 by default.",
)
@click.option("--passphrase", is_flag=True, help="Encrypt the private key; asks for the passphrase on the terminal.")
@passphrase_options
def keygen(out: Path, public: Path | None, algorithm: str, passphrase: bool) -> Answer:
    """Make a key pair.

    Every receipt needs an Ed25519 signature; keys of the other algorithms sign beside it.
    """
    fresh(out=out, public=public)
    secret = asked_twice(out) if passphrase else given_passphrase()
    with together() as wrote:
        signer = make_key(out, algorithm, passphrase=secret)
        wrote.append(str(out))
        if public is not None:
            write_public_key(public, signer.public_key)
            wrote.append(str(public))
    key = signer.public_key.hex()

    def show(screen: Screen) -> None:
        screen.line(f"algorithm   {algorithm}")
        screen.line(f"public key  {key if len(key) <= 130 else key[:64] + '... (whole in the file and with --json)'}")
        screen.line(f"keyid       {signer.keyid}")
        if secret is not None:
            screen.line("encrypted   under the passphrase; without it the key is lost")
        for place in wrote:
            screen.line(f"wrote {place}")
        screen.line(f"next: keep {out} to yourself, and publish the public key before the ceremony")

    return Answer(
        data={
            "algorithm": algorithm,
            "public_key": key,
            "keyid": signer.keyid,
            "encrypted": secret is not None,
            "wrote": wrote,
        },
        show=show,
    )
