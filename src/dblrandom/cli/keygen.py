"""``dblrandom keygen``: a new key pair."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dblrandom.adapters.keyfiles import read_signer, write_private_key, write_public_key
from dblrandom.adapters.randomness import random_bytes
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE
from dblrandom.cli.screen import Screen
from dblrandom.errors import FolderError

__all__ = ["keygen"]


@command("keygen")
@click.option("--out", metavar="KEY.pem", type=FILE, required=True, help="Where the private key goes; never replaced.")
@click.option("--public", metavar="FILE", type=FILE, help="Where the public key goes, for everyone to have.")
def keygen(out: Path, public: Path | None) -> Answer:
    """Make a key pair (Ed25519)."""
    if public is not None and os.path.lexists(public):
        raise FolderError(f"{public}: exists already and is not overwritten; choose another name")
    write_private_key(out, random_bytes(32))
    signer = read_signer(out)
    wrote = [str(out)]
    if public is not None:
        write_public_key(public, signer.public_key)
        wrote.append(str(public))
    key = signer.public_key.hex()

    def show(screen: Screen) -> None:
        screen.line(f"public key  {key}")
        screen.line(f"keyid       {signer.keyid}")
        for place in wrote:
            screen.line(f"wrote {place}")
        screen.line(f"next: keep {out} to yourself, and publish the public key before the ceremony")

    return Answer(data={"public_key": key, "keyid": signer.keyid, "wrote": wrote}, show=show)
