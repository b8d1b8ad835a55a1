"""drand rounds as sources of entropy: signatures that a threshold of operators makes together (docs/spec/drand).

A network of independent operators signs the number of each round at its time. Nobody can make the signature with
fewer than the threshold of them, there is only one, and anybody can check it against the network's public key.
"""

from __future__ import annotations

import hashlib
from typing import Self

import attrs

from dblrandom.beacons._terms import check_names, hex_term, place, whole_term
from dblrandom.beacons.drandchain import PROFILES, ChainInfo, relayed
from dblrandom.errors import EntropyError, InputError, KeyFileError
from dblrandom.kernel.bls import SCHEMES, round_message, verify_bls
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json, Source
from dblrandom.model.json import LARGEST_INTEGER, Reader, at, placed, show, whole
from dblrandom.model.names import check_time, time_seconds, time_text

__all__ = ["DrandBeacon", "Round", "check_round", "drand_source", "evidence_of"]

_TERMS = frozenset({"chain", "round"})


@attrs.frozen(kw_only=True)
class Round:
    """A round as a relay gives it; well-formed, and not yet verified (see :func:`check_round`).

    Attributes:
        round: its number, from 1.
        signature: hex of 48 or 96 bytes.
        previous_signature: that of the round before, hex of 96 bytes, or before round 1 the group hash, 32 bytes;
            ``None`` where rounds are not chained.

    Raises:
        EntropyError: naming the member.
    """

    round: int
    signature: str
    previous_signature: str | None = None

    def __attrs_post_init__(self) -> None:
        whole(self.round, "round.round", minimum=1, error=EntropyError)
        _check_hex(self.signature, (96, 192), "round.signature")
        if self.previous_signature is not None:
            _check_hex(self.previous_signature, (64, 192), "round.previous_signature")

    @property
    def value(self) -> str:
        """What enters the seed: SHA-256 of the signature's bytes, in hex. drand calls it the randomness."""
        return hashlib.sha256(bytes.fromhex(self.signature)).hexdigest()

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a relay's answer, of either version of its interface.

        Members that drand may add are passed over. ``randomness`` is never used, but where it is there it must be
        right. An empty ``previous_signature`` is one that is not there.

        Raises:
            EntropyError: naming the path.
        """
        answer = relayed(value, where, ("round", "signature", "previous_signature", "randomness"))
        number, signature = answer.whole("round"), answer.text("signature")
        previous = answer.text_or_none("previous_signature") or None
        with placed(where, "round"):
            found = cls(round=number, signature=signature, previous_signature=previous)
        if answer.has("randomness") and answer.text("randomness") != found.value:
            raise EntropyError(
                "forged randomness: it is not SHA-256 of the signature; do not trust this relay",
                where=answer.at("randomness"),
            )
        return found


def check_round(info: ChainInfo, found: Round, where: str) -> None:
    """Verify a round under its network's key; returns nothing.

    Raises:
        EntropyError: it is not that round of that network, for whatever reason.
        MissingExtra: the library for the curve is not installed.
    """
    scheme = SCHEMES[info.scheme]
    previous = found.previous_signature
    if scheme.chained:
        _check_previous(info, found, at(where, "previous_signature"))
    elif previous is not None:
        raise EntropyError(
            f"rounds of {info.scheme} sign no earlier signature; leave it out", where=at(where, "previous_signature")
        )
    message = round_message(found.round, bytes.fromhex(previous or ""))
    try:
        verify_bls(scheme, bytes.fromhex(info.public_key), bytes.fromhex(found.signature), message)
    except KeyFileError as error:
        what = f"is not the signature of round {found.round} of the chain {info.hash[:16]}..."
        raise EntropyError(f"{what} ({error})", where=at(where, "signature")) from error


def _check_previous(info: ChainInfo, found: Round, where: str) -> None:
    """Refuse a round of a chained network without the signature that it continues."""
    previous = found.previous_signature
    if previous is None:
        raise EntropyError(f"is missing; rounds of {info.scheme} sign the signature before them", where=where)
    if found.round == 1 and previous != info.group_hash:
        raise EntropyError("is not the group hash, which round 1 signs in its place", where=where)
    if found.round > 1 and len(previous) != 192:
        raise EntropyError(f"{show(previous)} is not 192 lower-case hex characters", where=where)


def drand_source(info: ChainInfo, name: str, *, at: str) -> Source:
    """Declare the first round that is due at the time ``at`` or after it.

    Raises:
        EntropyError: ``at`` is not a time, ``name`` is not a name, or the round's time lies beyond the year 9999.
    """
    number = info.next_round(time_seconds(check_time(at, "at", error=EntropyError)))
    return Source(
        kind="drand",
        name=name,
        not_before=_due(info, number, "at"),
        terms={"chain": info.hash, "round": number},
    )


def evidence_of(info: ChainInfo, found: Round) -> tuple[str, Json]:
    """The value of a round and the evidence that goes with it into a reveal; nothing is verified here."""
    evidence: dict[str, Json] = {"chain": info.to_json(), "signature": found.signature}
    if found.previous_signature is not None:
        evidence["previous_signature"] = found.previous_signature
    return found.value, evidence


@attrs.frozen
class DrandBeacon:
    """The rules of the kind ``drand``: ``chain``, a chain hash, and ``round``.

    The evidence has everything that verifies it offline: the signature, the signature before it where rounds are
    chained, and what identifies the network, which must hash to the declared chain.
    """

    @property
    def kind(self) -> str:
        """``drand``."""
        return "drand"

    def check_source(self, source: Source) -> None:
        """Refuse terms other than ``chain``, 64 hex characters, and ``round``, from 1.

        Where the library knows the network, ``not_before`` must be the very time of the round.

        Raises:
            EntropyError: naming the term.
        """
        chain, number = self._declared(source)
        if info := PROFILES.get(chain):
            _check_due(source, info, number)

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """Accept SHA-256 of the signature of the declared round, which the evidence has to prove.

        Raises:
            EntropyError: for any other value, and evidence that is not in its one form or does not prove it.
            MissingExtra: the library for the curve is not installed.
        """
        self.check_source(source)
        chain, number = self._declared(source)
        where = f"{place(source)}: evidence"
        info, found = _read_evidence(evidence, number, where)
        if info.hash != chain:
            raise EntropyError(f"is of the chain {info.hash}, not of the declared one", where=at(where, "chain"))
        if info != PROFILES.get(chain, info):
            raise EntropyError("is not what the library knows of this chain", where=at(where, "chain"))
        _check_due(source, info, number)
        if value != found.value:
            raise EntropyError(f"{show(value)} is not SHA-256 of the round's signature", where=place(source))
        check_round(info, found, where)

    def holder(self, source: Source) -> str | None:
        """``None`` for the networks that the library vouches for; for any other, its chain hash."""
        chain, _ = self._declared(source)
        return None if chain in PROFILES else chain

    def public_from(self, source: Source) -> str | None:
        """The time of the round where the library knows the network, else ``None``."""
        chain, number = self._declared(source)
        info = PROFILES.get(chain)
        return _due(info, number, f"{place(source)}: round") if info else None

    def outcomes(self, source: Source) -> int:
        """2**256: a hash of 32 bytes."""
        return 2**256

    def _declared(self, source: Source) -> tuple[str, int]:
        check_names(source, self.kind, _TERMS)
        return hex_term(source, "chain"), whole_term(source, "round", 1, LARGEST_INTEGER)


def _read_evidence(evidence: Json, number: int, where: str) -> tuple[ChainInfo, Round]:
    """The network and the round of evidence in its one form; neither is verified yet."""
    members = Reader(evidence, where, ("chain", "previous_signature", "signature"), error=EntropyError)
    info = ChainInfo.from_json(members.value("chain"), members.at("chain"))
    if info.to_json() != members.value("chain"):
        raise EntropyError(f"must have exactly the members {', '.join(info.to_json())}", where=members.at("chain"))
    signature, previous = members.text("signature"), members.text_or_none("previous_signature")
    with placed(where, "round"):
        return info, Round(round=number, signature=signature, previous_signature=previous)


def _due(info: ChainInfo, number: int, where: str) -> str:
    """The time of a round as text."""
    try:
        return time_text(info.time_of(number))
    except InputError as error:
        raise EntropyError(f"round {number} would be due beyond the year 9999", where=where) from error


def _check_due(source: Source, info: ChainInfo, number: int) -> None:
    """Refuse a declaration whose ``not_before`` is not the time of its round."""
    due = _due(info, number, f"{place(source)}: round")
    if source.not_before != due:
        raise EntropyError(
            f"round {number} is due at {due}, not at {source.not_before}", where=f"{place(source)}: not_before"
        )


def _check_hex(text: object, lengths: tuple[int, int], where: str) -> None:
    if not any(is_hex(text, length) for length in lengths):
        raise EntropyError(f"{show(text)} is not {lengths[0]} or {lengths[1]} lower-case hex characters", where=where)
