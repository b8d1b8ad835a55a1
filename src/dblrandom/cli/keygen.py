"""``dblrandom keygen``: a new key pair."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dblrandom.adapters.keyfiles import make_key, write_public_key
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE
from dblrandom.cli.screen import Screen
from dblrandom.errors import FolderConflict
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
def keygen(out: Path, public: Path | None, algorithm: str) -> Answer:
    """Make a key pair.

    Every receipt needs an Ed25519 signature; keys of the other algorithms sign beside it.
    """
    if public is not None and os.path.lexists(public):
        raise FolderConflict(
            f"{public}: exists already and is not overwritten; choose another name", code="file.exists"
        )
    signer = make_key(out, algorithm)
    wrote = [str(out)]
    if public is not None:
        write_public_key(public, signer.public_key)
        wrote.append(str(public))
    key = signer.public_key.hex()

    def show(screen: Screen) -> None:
        screen.line(f"algorithm   {algorithm}")
        screen.line(f"public key  {key if len(key) <= 130 else key[:64] + '... (whole in the file and with --json)'}")
        screen.line(f"keyid       {signer.keyid}")
        for place in wrote:
            screen.line(f"wrote {place}")
        screen.line(f"next: keep {out} to yourself, and publish the public key before the ceremony")

    return Answer(data={"algorithm": algorithm, "public_key": key, "keyid": signer.keyid, "wrote": wrote}, show=show)
