"""Dates from outside the ceremony: time stamps and log proofs that a witness receipt carries (docs/spec, section 6).

Whoever signs such a receipt vouches for nothing by it. What it carries dates the receipt that it attests, on the word
of an authority or of a log's witnesses, and only where the verifier trusts these.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import cast

import attrs

from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.report import failing
from dblrandom.evidence.trust import TrustPolicy
from dblrandom.kernel.dsse import b64decode
from dblrandom.kernel.signing import keyid
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.timestamps import Stamp, certificate_name, check_token
from dblrandom.model import Json
from dblrandom.tlog import LogEntry, LogProof, verify_proof
from dblrandom.tlog.proof import stands_in

__all__ = ["OutsideDate", "carries_date", "outside_dates", "self_signed_stamp"]


@attrs.frozen(kw_only=True)
class OutsideDate:
    """A date by somebody who signs no receipt.

    Attributes:
        name: of the authority, or of the log.
        kind: ``token`` or ``log``.
        time: by when the attested receipt existed.
        earliest: after when what carries the date was made; ``None`` where that is ``time`` itself.
        expires: from when on only a later date shows that this one was good; ``None`` where it does not expire.
    """

    name: str
    kind: str
    time: str
    earliest: str | None = None
    expires: str | None = None


def carries_date(receipt: Receipt) -> bool:
    """Whether a witness receipt carries a date from outside, so that its signer need not be a witness."""
    return "tokens" in receipt.body or "logged" in receipt.body


def outside_dates(
    receipt: Receipt, attested: Receipt, suite: Suite, trust: TrustPolicy, as_of: str | None, own: Collection[str]
) -> tuple[list[OutsideDate], list[str]]:
    """What the tokens and the log proof of a witness receipt show, and why some show nothing to this verifier.

    ``own`` are the ids of the organiser's keys; a log's witness who has one of them is none.

    Raises:
        VerificationError: a token up to a trusted root, or a proof from a trusted log, that does not hold.
    """
    found: list[OutsideDate] = []
    idle: list[str] = []
    for number, entry in enumerate(cast("list[dict[str, Json]]", receipt.body.get("tokens", [])), 1):
        where = f"token {number}"
        with failing("time stamp", receipt.label):
            chain = _certificates(entry, where)
            roots = [a for a in trust.authorities if a.root == chain[-1]]
            if not roots:
                idle.append(
                    f"{where} is of {certificate_name(chain[-1])!r}, an authority that the policy does not name"
                )
                continue
            stamp = _stamp(entry, chain, roots[0].root, attested, where)
        date = OutsideDate(
            name=roots[0].name, kind="token", time=stamp.time, earliest=stamp.earliest, expires=stamp.expires
        )
        found.append(date)
    if "logged" in receipt.body:
        shown = _logged(receipt, attested, suite, trust, as_of, own)
        if isinstance(shown, str):
            idle.append(shown)
        else:
            found.append(shown)
    return found, idle


def self_signed_stamp(receipt: Receipt, attested: Receipt, suite: Suite) -> None:
    """Check tokens and proof as far as they hold in themselves, whoever is trusted; for the organiser's own side.

    Raises:
        KeyFileError, InputError: one of them dates something else, or does not hold up to its own root.
    """
    for number, entry in enumerate(cast("list[dict[str, Json]]", receipt.body.get("tokens", [])), 1):
        chain = _certificates(entry, f"token {number}")
        _stamp(entry, chain, chain[-1], attested, f"token {number}")
    if "logged" in receipt.body:
        stands_in(LogProof.parse(receipt.body["logged"]), LogEntry.of_payload(attested.payload, suite).data)


def _certificates(entry: Mapping[str, Json], where: str) -> Sequence[bytes]:
    return [b64decode(text, f"{where}: certificate") for text in cast("list[str]", entry["certificates"])]


def _stamp(entry: Mapping[str, Json], chain: Sequence[bytes], root: bytes, attested: Receipt, where: str) -> Stamp:
    token = b64decode(cast(str, entry["token"]), where)
    imprint = sha256(attested.payload).digest()
    return check_token(token, certificates=chain, roots=[root], imprint=imprint, where=where)


def _logged(
    receipt: Receipt, attested: Receipt, suite: Suite, trust: TrustPolicy, as_of: str | None, own: Collection[str]
) -> OutsideDate | str:
    text = cast(str, receipt.body["logged"])
    with failing("log", receipt.label):
        origin = LogProof.parse(text).checkpoint.partition("\n")[0]
        entry = LogEntry.of_payload(attested.payload, suite).data
    log = next((log for log in trust.logs if log.verifier.name == origin), None)
    if log is None:
        return f"the proof is of the log {origin!r}, which the policy does not name"
    others = [key for key in log.cosigners if keyid(key.public_key) not in own]
    if len(others) < log.threshold:
        return f"the log {origin!r} has only {len(others)} witnesses whose key is not the organiser's"
    try:
        shown = verify_proof(
            text,
            entry=entry,
            log_vkey=log.verifier,
            witness_vkeys=others,
            threshold=log.threshold,
            as_of=as_of,
        )
    except (VerificationError, InputError) as error:
        raise VerificationError("log", str(error), where=receipt.label) from error
    return OutsideDate(name=origin, kind="log", time=shown.time)
