"""Time-locks: a party's secret encrypted to a later drand round, inside the commitment (docs/spec/timelock).

The holder of a locked secret cannot withhold it: when the round is out, anybody opens the lock with the round's
signature. A lock that opens to nothing usable is shown to be so by that same signature, and is its holder's fault.
"""

from __future__ import annotations

from typing import cast

from attrs import frozen

from dblrandom import limits
from dblrandom.beacons._terms import hex_term, place, whole_term
from dblrandom.beacons.drand import DrandBeacon, Round
from dblrandom.beacons.drandchain import PROFILES, ChainInfo
from dblrandom.errors import EntropyError, InputError, ReceiptError
from dblrandom.kernel.age import KEY_BYTES
from dblrandom.kernel.dsse import b64decode, b64encode
from dblrandom.kernel.entropy import secret_digest
from dblrandom.kernel.ibe import lockable, wrapped_bytes
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex
from dblrandom.kernel.tlock import Lock, decrypt, encrypt, read_lock
from dblrandom.model import Json, Source
from dblrandom.model.json import LARGEST_INTEGER, Reader, placed
from dblrandom.model.names import time_seconds, time_text

__all__ = [
    "LOCK_TERMS",
    "Opened",
    "check_lock",
    "check_lock_window",
    "check_misopened",
    "evidence_from_round",
    "is_locked",
    "lock_evidence",
    "lock_time",
    "locked_secret",
    "open_timelock",
    "round_source",
]

LOCK_TERMS = frozenset({"chain", "round", "timelock"})
"""What a secret declares besides where it is time-locked: all of these."""

_LONGEST_LOCK = limits.LOCK_CHARACTERS
_PAYLOAD_BYTES = KEY_BYTES + 64 + 16
"""Nonce, the secret's 64 characters in one chunk, and the chunk's tag."""


@frozen
class Opened:
    """What a valid round made of a time-lock: the committed secret, or the reason why it holds none.

    Attributes:
        secret: 64 lower-case hex characters, the committed digest's own; ``None`` where the lock misopened.
        reason: one line; ``None`` where the secret is there.
    """

    secret: str | None
    reason: str | None


def is_locked(source: Source) -> bool:
    """Whether a secret declares a time-lock.

    Raises:
        EntropyError: it declares a part of one.
    """
    declared = LOCK_TERMS & source.terms.keys()
    if declared and (missing := sorted(LOCK_TERMS - declared)):
        raise EntropyError(
            f"declares a time-lock without {missing[0]!r}; it takes chain, round and timelock", where=place(source)
        )
    return bool(declared)


def check_lock(source: Source) -> None:
    """Refuse a time-lock that has not the form of one for 64 characters, or is for another chain or round.

    Where the library knows the network, it must be unchained and ``not_before`` the very time of the round. Whether
    the lock opens to the secret shows only with the round (see :func:`open_timelock`).

    Raises:
        EntropyError: naming the term.
    """
    chain = hex_term(source, "chain")
    lock = _lock(source)
    where = f"{place(source)}: timelock"
    if lock.chain_hash != chain:
        raise EntropyError(f"is locked to the chain {lock.chain_hash}, not to the declared one", where=where)
    if lock.round != _round(source):
        raise EntropyError(f"is locked to round {lock.round}, not to the declared one", where=where)
    if len(lock.file.payload) != _PAYLOAD_BYTES:
        raise EntropyError(
            f"has a payload of {len(lock.file.payload)} bytes; that of a secret's 64 characters has {_PAYLOAD_BYTES}",
            where=where,
        )
    if info := PROFILES.get(chain):
        with placed(place(source), "chain"):
            scheme = lockable(info.scheme)
        if len(lock.wrapped) != wrapped_bytes(scheme):
            raise EntropyError(f"holds {len(lock.wrapped)} bytes, not {wrapped_bytes(scheme)}", where=where)
    DrandBeacon().check_source(round_source(source))


def lock_time(source: Source) -> str | None:
    """When the round that opens the lock is due, ``None`` where the library does not know the network."""
    return DrandBeacon().public_from(round_source(source))


def check_lock_window(source: Source, *, dated: str, margin: int, reveal_by: str) -> None:
    """Refuse a lock that opens before the commitment is safely dated, or too late for the reveal.

    What opens earlier is no secret when the commitment is made; what opens later can be withheld until the deadline.

    Args:
        source: a time-locked secret whose declaration is in order; its ``not_before`` is when the lock opens.
        dated: when the commitment is dated, ``YYYY-MM-DDThh:mm:ssZ``.
        margin: whole seconds that have to lie between.
        reveal_by: the deadline of the reveal.

    Raises:
        EntropyError: the lock opens outside that window.
    """
    where = f"{place(source)}: round"
    opens = time_seconds(source.not_before)
    if opens < time_seconds(dated) + margin:
        raise EntropyError(
            f"its time-lock opens at {source.not_before}, not {margin} s after {dated}; take a later round", where=where
        )
    if opens > time_seconds(reveal_by):
        raise EntropyError(
            f"its time-lock opens at {source.not_before}, after the deadline {reveal_by}; take an earlier round",
            where=where,
        )


def locked_secret(
    name: str,
    *,
    keyid: str,
    secret: str,
    info: ChainInfo,
    round: int,  # noqa: A002
    random: bytes,
    suite: Suite,
    ceremony: str,
) -> Source:
    """Declare a secret, 64 lower-case hex characters, that is locked to a round of this network.

    ``random`` is ``dblrandom.kernel.tlock.RANDOM_BYTES`` fresh random bytes, used once and then forgotten.

    Raises:
        EntropyError: an argument of another form, or a chained network.
        MissingExtra: the library for the curve is not installed.
    """
    digest = secret_digest(suite, ceremony, name, secret)
    try:
        opens = time_text(info.time_of(round))
    except EntropyError:
        raise
    except InputError as error:
        raise EntropyError(f"round {round} would be due beyond the year 9999", where=f"source {name!r}") from error
    age = encrypt(
        secret.encode("ascii"),
        chain_hash=info.hash,
        scheme=info.scheme,
        public_key=bytes.fromhex(info.public_key),
        round=round,
        random=random,
    )
    terms: dict[str, str | int] = {"keyid": keyid, "digest": digest}
    terms |= {"chain": info.hash, "round": round, "timelock": b64encode(age)}
    return Source(kind="secret", name=name, not_before=opens, terms=terms)


def lock_evidence(info: ChainInfo, found: Round) -> Json:
    """The evidence with which a time-locked secret goes into a reveal; nothing is verified here."""
    return {"chain": info.to_json(), "round": found.round, "signature": found.signature}


def evidence_from_round(lock: Source, evidence: Json) -> Json:
    """The evidence of a time-locked secret, from that of the round that opens it (:func:`round_source`)."""
    members = cast("dict[str, Json]", evidence)
    return {"chain": members["chain"], "round": lock.terms["round"], "signature": members["signature"]}


def open_timelock(source: Source, evidence: Json, *, suite: Suite, ceremony: str) -> Opened:
    """Open a secret's time-lock with its round.

    Args:
        source: a time-locked secret.
        evidence: ``{"chain", "round", "signature"}``, see :func:`lock_evidence`.
        suite: the ceremony's.
        ceremony: its name.

    Raises:
        EntropyError: the declaration has not its form, or the evidence is not the declared round. What a valid round
            shows of the lock is no error but what is returned.
        MissingExtra: the library for the curve is not installed.
    """
    if not is_locked(source):
        raise EntropyError("has no time-lock", where=place(source))
    check_lock(source)
    info, signature = _checked_round(source, evidence, suite=suite, ceremony=ceremony)
    chain = hex_term(source, "chain")
    try:
        text = decrypt(_age(source), chain_hash=chain, scheme=info.scheme, round=_round(source), signature=signature)
    except EntropyError as error:
        return Opened(None, f"the time-lock does not open ({error})")
    secret = text.decode("latin-1")
    if not is_hex(secret, 64):
        return Opened(None, "the time-lock opens to something else than 64 lower-case hex characters")
    if secret_digest(suite, ceremony, source.name, secret) != hex_term(source, "digest"):
        return Opened(None, "the time-lock opens to another secret than the one whose digest was committed")
    return Opened(secret, None)


def check_misopened(source: Source, evidence: Json, *, suite: Suite, ceremony: str) -> str:
    """The reason why a secret's time-lock holds no committed secret, proved by its round; the holder answers for it.

    Raises:
        EntropyError: the lock opens as it should, or the evidence is not the declared round.
        MissingExtra: the library for the curve is not installed.
    """
    opened = open_timelock(source, evidence, suite=suite, ceremony=ceremony)
    if opened.reason is None:
        raise EntropyError("its time-lock opens to the committed secret; nothing is wrong with it", where=place(source))
    return opened.reason


def _age(source: Source) -> bytes:
    text, where = source.terms["timelock"], f"{place(source)}: timelock"
    if not isinstance(text, str) or len(text) > _LONGEST_LOCK:
        raise EntropyError(f"is not base64 of at most {_LONGEST_LOCK} characters", where=where)
    try:
        return b64decode(text, where)
    except ReceiptError as error:
        raise EntropyError(str(error)) from error


def _lock(source: Source) -> Lock:
    age = _age(source)
    try:
        return read_lock(age)
    except EntropyError as error:
        raise EntropyError(str(error), where=f"{place(source)}: timelock") from error


def _round(source: Source) -> int:
    return whole_term(source, "round", 1, LARGEST_INTEGER)


def round_source(source: Source) -> Source:
    """The round that opens a locked secret, declared as a source of its own: what to wait for and to fetch."""
    terms: dict[str, str | int] = {"chain": hex_term(source, "chain"), "round": _round(source)}
    return Source(kind="drand", name=source.name, not_before=source.not_before, terms=terms)


def _checked_round(source: Source, evidence: Json, *, suite: Suite, ceremony: str) -> tuple[ChainInfo, str]:
    """The network and the signature of the declared round, verified."""
    where = f"{place(source)}: evidence"
    members = Reader(evidence, where, ("chain", "round", "signature"), error=EntropyError)
    number, signature, chain = members.whole("round"), members.text("signature"), cast("Json", members.value("chain"))
    if number != _round(source):
        raise EntropyError(f"is of round {number}, not of the declared one, {_round(source)}", where=where)
    with placed(where, "round"):
        found = Round(round=number, signature=signature)
    shown: Json = {"chain": chain, "signature": signature}
    DrandBeacon().check_value(round_source(source), found.value, shown, suite=suite, ceremony=ceremony)
    return ChainInfo.from_json(chain, members.at("chain")), signature
