"""Ceremonies that nobody admitted: taken apart, changed at will, and linked, signed and drawn again without a flaw.

An attack that is refused because a digest or a signature does not fit any more shows nothing. Here only what the
attacker changed is wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Commitment, make_draw
from dblrandom.errors import VerificationError
from dblrandom.evidence import Report, TrustPolicy, payload_bytes, sign_payload, verify
from dblrandom.kernel.entropy import seed
from dblrandom.kernel.schemes import SCHEMES
from dblrandom.kernel.signing import Signer
from dblrandom.kernel.suite import SHA256
from dblrandom.roster import Roster


@attrs.define(kw_only=True)
class Link:
    """One receipt before it is linked and signed. A witness's ``digest`` is that of what it attests."""

    type: str
    time: str
    body: dict[str, Any]
    keys: Sequence[Signer]


@attrs.frozen
class Forged:
    """Envelopes, their payloads, and the rosters that belong to them."""

    receipts: tuple[bytes, ...]
    payloads: tuple[bytes, ...]
    rosters: Mapping[str, Roster]


def apart(made: Ceremony, *seconds: Signer) -> list[Link]:
    """A ceremony's receipts, to be changed; ``seconds`` are signers other than the usual persons."""
    known = {s.keyid: s for s in (*kit.keys(*kit.ROLES), *seconds)}
    return [
        Link(
            type=receipt.type,
            time=receipt.time,
            body={n: copy.deepcopy(v) for n, v in receipt.body.items() if (receipt.type, n) != ("witness", "digest")},
            keys=[known[s.keyid] for s in receipt.signatures],
        )
        for receipt in made.receipts
    ]


def witness(time: str, attests: int, *keys: str, **body: Any) -> Link:
    """A witness receipt for the receipt with the sequence ``attests``."""
    return Link(type="witness", time=time, body={"sequence": attests, "time": time, **body}, keys=kit.keys(*keys))


def together(links: Iterable[Link], rosters: Iterable[Roster] | None = None) -> Forged:
    """Link and sign everything; seed and draw follow from what the reveal states."""
    base = {roster.name: roster for roster in rosters or kit.rosters()}
    found = dict(base)
    digests: list[str] = []
    payloads: list[bytes] = []
    envelopes: list[bytes] = []
    current: dict[str, Any] = {}
    committed = seeded = ""
    for sequence, link in enumerate(links, 1):
        body = dict(link.body)
        if link.type == "witness":
            body = {"ceremony": kit.NAME, "digest": digests[body["sequence"] - 1], **body}
        elif link.type == "reveal":
            lines = [(v["kind"], v["name"], v["value"]) for v in body["values"]]
            seeded = body["seed"] = seed(SHA256, committed, lines)
        elif link.type == "draw":
            made = make_draw(Commitment.from_json(current), seeded, base)
            body, found = made.to_json(), base | made.rosters
        previous = digests[-1] if digests else None
        payloads.append(
            payload_bytes(link.type, ceremony=kit.NAME, sequence=sequence, previous=previous, time=link.time, body=body)
        )
        digests.append(SHA256.hexhash(payloads[-1]))
        envelopes.append(sign_payload(payloads[-1], link.keys))
        if link.type == "commitment":
            committed, current = digests[-1], body
    return Forged(tuple(envelopes), tuple(payloads), found)


def attacked(made: Ceremony, change: Callable[[list[Link]], object], *seconds: Signer) -> Forged:
    """A ceremony with one change, flawless in everything else."""
    links = apart(made, *seconds)
    change(links)
    return together(links)


def judge(forged: Forged | Ceremony, **options: Any) -> Report:
    """What the verifier says at the moment of the last receipt."""
    trust: TrustPolicy = options.pop("trust", None) or kit.policy()
    schemes = SCHEMES | options.pop("schemes", {})
    receipts = forged.envelopes if isinstance(forged, Ceremony) else forged.receipts
    rosters = kit.all_rosters(forged) if isinstance(forged, Ceremony) else forged.rosters
    given: dict[str, Any] = {"rosters": rosters, "as_of": None, "vouched": True}
    return verify(receipts, trust=trust, schemes=schemes, **given | options)


def refused(forged: Forged | Ceremony, check: str, match: str, **options: Any) -> None:
    """Assert that the verifier refuses, by the right check and for the right reason, in one line."""
    with pytest.raises(VerificationError, match=match) as caught:
        judge(forged, **options)
    assert caught.value.check == check, str(caught.value)
    assert str(caught.value).isprintable()


def said(report: Report, finding: str) -> list[str]:
    """What the report says of one finding."""
    return [detail for found, detail in report.findings if found.value == finding]


def found(report: Report) -> set[str]:
    """The names of all findings."""
    return kit.findings(report)


def idle(report: Report) -> list[str]:
    """What the report says of witness receipts that do not count."""
    return [check.detail for check in report.not_checked if check.name == "witness"]
