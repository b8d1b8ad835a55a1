"""``dblrandom timestamp``: dates from RFC 3161 authorities, over the network or carried in files."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from pathlib import Path

import attrs
import click

from dblrandom.adapters import timestamping
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.network.http import Client
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, folder_argument, key_option, signers, time_option
from dblrandom.cli.places import receipt_at, receipt_json, sound, step_answer, take_step
from dblrandom.cli.screen import Screen, note, working
from dblrandom.errors import DblrandomError, StepError
from dblrandom.evidence import Receipt
from dblrandom.kernel.timestamps import Stamp, certificate_name, check_token, read_token

__all__ = ["timestamp"]


@click.group("timestamp", no_args_is_help=False)
def timestamp() -> None:
    """Have receipts dated by time-stamp authorities (RFC 3161).

    A date shows that a receipt existed by then. It does not show that there was no other; a witness does.
    """


_receipt_option = click.option(
    "--receipt", "number", metavar="N", type=int, help="The receipt to date; the last commitment by default."
)


@command("request")
@folder_argument
@click.option("--to", metavar="FILE.tsq", type=FILE, required=True, help="Where the request goes; never replaced.")
@_receipt_option
def request(folder: Path, to: Path, number: int | None) -> Answer:
    """Write a request that can be carried to an authority.

    It holds the SHA-256 of the receipt's payload and nothing else.
    """
    ceremony = sound(folder)
    dated = receipt_at(ceremony, number)
    digest = _imprint(dated)
    timestamping.write_request(to, digest)
    add = f"dblrandom timestamp add {shlex.quote(str(folder))} --receipt {dated.sequence}"
    following = f"{add} --response ANSWER.tsr --chain CA.pem --key KEY.pem"

    def show(screen: Screen) -> None:
        screen.line(f"asks for the date of {dated.label}, whose payload has the SHA-256 {digest.hex()}")
        screen.line(f"wrote {to}")
        screen.line(f"next: send it to an authority, then: {following}")

    told = {"receipt": receipt_json(dated, dated.digest(ceremony.suite)), "sha256": digest.hex()}
    return Answer(data={**told, "wrote": [str(to)], "next": following}, show=show)


@command("add")
@folder_argument
@key_option
@click.option("--response", "responses", metavar="FILE.tsr", type=FILE, multiple=True, help="An authority's answer.")
@click.option("--authority", "authorities", metavar="URL", multiple=True, help="Ask this authority now.")
@click.option(
    "--chain", metavar="CA.pem", type=FILE, multiple=True, help="Certificates up to the root, where the token has not."
)
@_receipt_option
@time_option
def add(
    folder: Path,
    keys: tuple[Path, ...],
    responses: tuple[Path, ...],
    authorities: tuple[str, ...],
    chain: tuple[Path, ...],
    number: int | None,
    time: str,
) -> Answer:
    """Add tokens to the ceremony, as a witness receipt.

    Whoever has a part in the ceremony can sign it, the organiser too. Each token is checked, up to the root that comes
    with it; whether that root is to be trusted is for verifiers to say.
    """
    if not responses and not authorities:
        raise click.UsageError("give --response FILE.tsr, or --authority URL")
    held = signers(keys)
    dated = receipt_at(sound(folder), number)
    imprint = _imprint(dated)
    tokens = [timestamping.read_response(path) for path in responses]
    for url in authorities:
        with working(f"asking {url}"):
            tokens.append(timestamping.fetch(url, imprint, Client()))
    chains = [timestamping.gather_chain(read_token(token), chain) for token in tokens]
    stamps = [
        check_token(token, certificates=links, roots=links[-1:], imprint=imprint, at=time)
        for token, links in zip(tokens, chains, strict=True)
    ]
    entries = [timestamping.to_entry(token, links) for token, links in zip(tokens, chains, strict=True)]

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> None:
        if receipt_at(ceremony, dated.sequence).payload != dated.payload:
            raise StepError(f"{folder}: it was changed meanwhile; run the command again")
        ceremony.witness(time=time, keys=held, tokens=entries, sequence=dated.sequence)

    taken = take_step(folder, act)
    note("verifiers must trust the root: compare its SHA-256 with what the authority publishes")

    def show(screen: Screen) -> None:
        for stamp, links in zip(stamps, chains, strict=True):
            screen.line(f"{dated.label} existed by {stamp.time}, says {stamp.authority}")
            root = hashlib.sha256(links[-1]).hexdigest()
            screen.line(f"root {certificate_name(links[-1])}, SHA-256 {root}; renew before {stamp.expires}")

    told = [_told(stamp, links) for stamp, links in zip(stamps, chains, strict=True)]
    return step_answer(folder, taken.receipt, taken.digest, show=show, tokens=told)


@command("show")
@folder_argument
def show_tokens(folder: Path) -> Answer:
    """List the tokens of a ceremony.

    Each is checked against the root that comes with it, and not against a trust policy; verify does that.
    """
    rows = list(_listed(sound(folder)))

    def show(screen: Screen) -> None:
        columns = ("receipt", "in", "existed by", "says", "expires", "")
        cells = [(r.dated, r.holder, r.time, r.authority, r.expires, r.problem or "holds") for r in rows]
        screen.table(columns, cells)
        screen.line(f"{len(rows)} token(s); a later token must date a token's receipt before it expires")

    return Answer(data={"tokens": [attrs.asdict(row) for row in rows]}, show=show)


@attrs.frozen(kw_only=True)
class _Row:
    dated: int
    holder: int
    time: str = ""
    authority: str = ""
    expires: str = ""
    problem: str = ""


def _listed(ceremony: Ceremony) -> Iterator[_Row]:
    for holder in ceremony.receipts:
        entries = holder.body.get("tokens") if holder.type == "witness" else None
        for entry in entries if isinstance(entries, list | tuple) else ():
            number = holder.body["sequence"]
            dated = number if isinstance(number, int) else 0
            row = _Row(dated=dated, holder=holder.sequence)
            try:
                token, chain = timestamping.from_entry(entry, holder.label)
                imprint = _imprint(receipt_at(ceremony, dated))
                stamp = check_token(token, certificates=chain, roots=chain[-1:], imprint=imprint)
            except DblrandomError as error:
                yield attrs.evolve(row, problem=str(error))
            else:
                yield attrs.evolve(row, time=stamp.time, authority=stamp.authority, expires=stamp.expires)


def _imprint(receipt: Receipt) -> bytes:
    return hashlib.sha256(receipt.payload).digest()


def _told(stamp: Stamp, chain: tuple[bytes, ...]) -> dict[str, str]:
    root = hashlib.sha256(chain[-1]).hexdigest()
    return {"time": stamp.time, "authority": stamp.authority, "expires": stamp.expires, "root_sha256": root}


for _command in (request, add, show_tokens):
    timestamp.add_command(_command)
