"""``dblrandom sign``: a party in another office adds its signature to a draft."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.adapters.files import read_bytes, write_atomic
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, key_option, signers
from dblrandom.cli.places import receipt_json
from dblrandom.cli.screen import Screen
from dblrandom.drawing import Commitment
from dblrandom.errors import StepError
from dblrandom.evidence import Receipt, add_signatures
from dblrandom.kernel.signing import keyid

__all__ = ["sign"]


@command("sign")
@click.argument("file", metavar="FILE", type=FILE)
@key_option
@click.option("--out", metavar="FILE", type=FILE, help="Where the signed envelope goes; in place of FILE by default.")
def sign(file: Path, keys: tuple[Path, ...], out: Path | None) -> Answer:
    """Add a signature to a draft.

    Shows what is signed, to be compared with what was agreed.
    """
    envelope = read_bytes(file)
    receipt = Receipt.parse(envelope, str(file))
    if receipt.type != "commitment":
        raise StepError(f"{file}: holds a {receipt.type}; only a commitment is signed in several offices")
    commitment = Commitment.from_json(receipt.body)
    held = signers(keys)
    signed = add_signatures(envelope, held, str(file))
    target = out or file
    write_atomic(target, signed)
    digest = receipt.digest(commitment.suite)
    roles = _roles(commitment)
    signed_as = {signer.keyid: roles.get(signer.keyid, []) for signer in held}

    def show(screen: Screen) -> None:
        screen.line(f"{receipt.type} {receipt.sequence} of {receipt.ceremony}, {receipt.time}")
        screen.line(f"digest {digest}")
        _show(screen, commitment)
        for key, parts in signed_as.items():
            screen.line(f"signed by {key} as {', '.join(parts) or 'nobody whom the commitment declares'}")
        screen.line(f"wrote {target}")
        screen.line("next: send it to the next party, or back to the organiser")

    signatures = [s.keyid for s in Receipt.parse(signed).signatures]
    data = {"wrote": [str(target)], "receipt": receipt_json(receipt, digest), "signed_as": signed_as}
    return Answer(data={**data, "signatures": signatures}, show=show)


def _roles(commitment: Commitment) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for signer in commitment.signers:
        found.setdefault(keyid(bytes.fromhex(signer.public_key)), []).append(signer.role)
    return found


def _show(screen: Screen, commitment: Commitment) -> None:
    """What a party should compare with what it was told, before anybody relies on its signature."""
    plan = commitment.plan
    screen.line(f"plan {plan.name}: {plan.title} ({plan.authority}, {plan.period}), {len(plan.tasks)} tasks")
    screen.table(("roster", "rows", "root"), [(m.name, m.rows, m.root) for m in commitment.rosters.values()])
    screen.table(
        ("source", "kind", "not before", "declared"),
        [
            (s.name, s.kind, s.not_before, ", ".join(f"{n} {value}" for n, value in s.terms.items()))
            for s in commitment.sources
        ],
    )
    screen.table(("role", "name", "public key"), [(s.role, s.name or "", s.public_key) for s in commitment.signers])
    screen.table(("deadline", "time"), commitment.deadlines.items())
