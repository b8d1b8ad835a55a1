"""``dblrandom sign``: a party in another office adds its signature to a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.files import read_bytes, write_atomic
from dblrandom.adapters.sm2 import all_schemes
from dblrandom.beacons import declared
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, key_option, signers
from dblrandom.cli.places import beacons, receipt_json
from dblrandom.cli.screen import Screen, note, ratio
from dblrandom.drawing import Commitment, Declared
from dblrandom.errors import KeyFileError, MissingExtra, StepError, VerificationError
from dblrandom.evidence import Receipt, add_signatures
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.signing import Signer, keyid
from dblrandom.model import Filter, Quota

__all__ = ["sign"]

_MUST_SIGN = ("organiser", "party")


@command("sign")
@click.argument("file", metavar="FILE", type=FILE)
@key_option
@click.option("--out", metavar="FILE", type=FILE, help="Where the signed envelope goes; in place of FILE by default.")
def sign(file: Path, keys: tuple[Path, ...], out: Path | None) -> Answer:
    """Add a signature to a draft.

    Shows what is signed, to be compared with what was agreed, and who has still to sign.
    """
    envelope = read_bytes(file)
    receipt = Receipt.parse(envelope, str(file))
    if receipt.type != "commitment":
        raise StepError(f"{file}: holds a {receipt.type}; only a commitment is signed in several offices")
    commitment = Commitment.from_json(receipt.body)
    _check_draft(receipt, commitment)
    held = signers(keys)
    roles = _roles(commitment)
    _check_declared(held, roles, commitment, file)
    note(f"signing {receipt.ceremony}: {commitment.plan.authority}, period {commitment.plan.period}")
    note(
        "not checked here: whether a draw can be written for every seed, which takes the rosters (dblrandom plan check)"
    )
    signed = add_signatures(envelope, held, str(file))
    target = out or file
    write_atomic(target, signed)
    digest = receipt.digest(commitment.suite)
    signed_as = {signer.keyid: roles.get(signer.keyid, []) for signer in held}
    now_signed = Receipt.parse(signed)
    after = [s.keyid for s in now_signed.signatures]
    parts = [
        {"role": s.role, "name": s.name, "public_key": s.public_key, "state": _signed(now_signed, s)}
        for s in commitment.signers
    ]
    missing = sorted({str(p["name"] or p["public_key"]) for p in parts if p["state"] in ("missing", "bad signature")})

    unchecked = sorted({str(p["name"] or p["public_key"]) for p in parts if p["state"] == "not checked"})

    def show(screen: Screen) -> None:
        screen.line(f"{receipt.type} {receipt.sequence} of {receipt.ceremony}, {receipt.time}")
        screen.line(f"digest {digest}")
        _show(screen, commitment)
        for key, held_as in signed_as.items():
            screen.line(f"signed by {key} as {', '.join(held_as)}")
        screen.table(
            ("role", "name", "public key", "signature"),
            [(p["role"], p["name"] or "", str(p["public_key"])[:64], p["state"]) for p in parts],
        )
        screen.line(f"wrote {target}")
        screen.line(f"next: {_next(missing, unchecked)}")

    data: dict[str, Any] = {"wrote": [str(target)], "receipt": receipt_json(receipt, digest), "signed_as": signed_as}
    data["declared_not_checked"] = declared.lines(commitment.sources)
    data["public_already"] = declared.public_already(commitment.sources, now())
    return Answer(data={**data, "signatures": after, "signers": parts}, show=show)


def _check_draft(receipt: Receipt, commitment: Commitment) -> None:
    """Check what can be checked of a draft before it is signed: its terms, and the signatures that it has.

    Raises:
        VerificationError: a signature of somebody whom it declares is bad.
        PlanError, EntropyError: nothing could be drawn from it.
    """
    commitment.check(beacons())
    for signer in commitment.signers:
        if _signed(receipt, signer) == "bad signature":
            problem = f"the signature of {signer.name or signer.public_key} is bad; nothing was signed"
            raise VerificationError("signature", problem, where=receipt.label)


def _check_declared(held: Sequence[Signer], roles: Mapping[str, list[str]], commitment: Commitment, file: Path) -> None:
    """A signature of somebody whom the draft does not declare says nothing, and would stand beside those that do.

    Raises:
        KeyFileError: nothing was signed.
    """
    for signer in held:
        if signer.keyid not in roles:
            names = ", ".join(dict.fromkeys(s.name or s.public_key[:16] for s in commitment.signers))
            problem = f"the key {signer.keyid[:16]}... is of nobody in the draft ({names}); nothing was signed"
            raise KeyFileError(problem, where=str(file))


def _next(missing: Sequence[str], unchecked: Sequence[str]) -> str:
    if missing:
        return f"send it to {', '.join(missing)}"
    if unchecked:
        return f"send it back to the organiser: all have signed, not checked here are {', '.join(unchecked)}"
    return "send it back to the organiser: all have signed"


def _roles(commitment: Commitment) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for signer in commitment.signers:
        found.setdefault(keyid(bytes.fromhex(signer.public_key)), []).append(signer.role)
    return found


def _signed(receipt: Receipt, signer: Declared) -> str:
    """Whether a declared signer has signed, and where not, whether they must."""
    given = {s.keyid: s.value for s in receipt.signatures}.get(keyid(bytes.fromhex(signer.public_key)))
    if given is None:
        return "missing" if signer.role in _MUST_SIGN else "need not"
    scheme = all_schemes().get(signer.algorithm)
    if scheme is None:
        return "not checked"
    try:
        scheme.verify(bytes.fromhex(signer.public_key), given, pae(PAYLOAD_TYPE, receipt.payload))
    except MissingExtra:
        return "not checked"
    except KeyFileError:
        return "bad signature"
    return "signed"


def _passing(picked: Filter) -> str:
    return " and ".join(f"{c} in {', '.join(v or '(empty)' for v in values)}" for c, values in picked.items()) or "all"


def _quota(quota: Quota | None) -> str:
    if quota is None:
        return "by its sampler"
    members = {**quota.to_json(), **({} if quota.ratio is None else {"ratio": ratio(quota.ratio)})}
    ordered = ("ratio", "count", "cap", "rounding", "scope", "minimum", "allow_zero")
    return ", ".join(f"{name} {members[name]}" for name in ordered if name in members)


def _show(screen: Screen, commitment: Commitment) -> None:
    """What a party should compare with what it was told, before anybody relies on its signature."""
    plan = commitment.plan
    screen.line(f"plan {plan.name}: {plan.title} ({plan.authority}, {plan.period}), {len(plan.tasks)} tasks")
    screen.line(f"grounds {', '.join(plan.grounds) or 'none'}; recusals {plan.recusals or 'none'}")
    screen.table(("roster", "rows", "root"), [(m.name, m.rows, m.root) for m in commitment.rosters.values()])
    screen.table(
        ("task", "title", "roster", "filter", "strata", "sampler", "quota", "reserves"),
        [
            (t.id, t.title, t.roster, _passing(t.filter), ", ".join(t.strata), t.sampler, _quota(t.quota), t.reserves)
            for t in plan.tasks
        ],
    )
    screen.table(
        ("task", "role", "roster", "filter", "load"),
        [
            (
                t.id,
                r.name,
                t.team.roster,
                _passing(r.filter),
                f"cap {t.team.cap}" if t.team.cap else f"slack {t.team.slack}",
            )
            for t in plan.tasks
            for r in t.team.roles
        ],
    )
    screen.table(
        ("source", "kind", "not before", "declared"),
        [
            (s.name, s.kind, s.not_before, ", ".join(f"{n} {value}" for n, value in s.terms.items()))
            for s in commitment.sources
        ],
    )
    for line in (*declared.lines(commitment.sources), *declared.public_already(commitment.sources, now())):
        screen.line(line)
    screen.table(("deadline", "time"), commitment.deadlines.items())
