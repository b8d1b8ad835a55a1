"""``dblrandom pubkey``: the public key of a private one, wherever it is kept."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dblrandom.adapters.keyfiles import write_public_key
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE
from dblrandom.cli.passphrase import KEY, passphrase_options, read_key
from dblrandom.cli.screen import Screen
from dblrandom.errors import FolderConflict

__all__ = ["pubkey"]


@command("pubkey")
@click.option(
    "--key", metavar="KEY", type=KEY, required=True, help="The private key: a file, or SCHEME:... of a plug-in."
)
@click.option("--out", metavar="FILE", type=FILE, help="Where the public key goes, besides stdout.")
@passphrase_options
def pubkey(key: Path | str, out: Path | None) -> Answer:
    """Tell the public key of a private key.

    For keys in a token or key service, which keygen did not make.
    """
    if out is not None and os.path.lexists(out):
        raise FolderConflict(f"{out}: exists already and is not overwritten; choose another name", code="file.exists")
    signer = read_key(key)
    if out is not None:
        write_public_key(out, signer.public_key)
    text = signer.public_key.hex()
    wrote = [] if out is None else [str(out)]

    def show(screen: Screen) -> None:
        screen.line(f"algorithm   {signer.algorithm}")
        screen.line(
            f"public key  {text if len(text) <= 130 else text[:64] + '... (whole in the file and with --json)'}"
        )
        screen.line(f"keyid       {signer.keyid}")
        for place in wrote:
            screen.line(f"wrote {place}")

    data = {"algorithm": signer.algorithm, "public_key": text, "keyid": signer.keyid, "wrote": wrote}
    return Answer(data=data, show=show)
