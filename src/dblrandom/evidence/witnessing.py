"""What a witness remembers, so that nobody can show him two histories (docs/spec, section 6).

A witness who only looks at what he is shown would attest ten ceremonies prepared side by side. One who remembers
attests only what follows on what he saw before, and one open commitment of an organiser for a period at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

import attrs

from dblrandom.errors import InputError, StepError
from dblrandom.evidence.bodies import DIGEST, NAME
from dblrandom.evidence.shapes import Array, Integer, Object, OneOf, Text
from dblrandom.evidence.transcript import Transcript
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.signing import keyid
from dblrandom.model import Json
from dblrandom.model.likeness import likeness

__all__ = ["Seen", "WitnessMemory"]

# Not held to the rules for commitments of today: a memory that cannot be read protects nobody.
_REMEMBERED = Text(".{1,4096}", "a text of 1 to 4,096 characters")
_SEEN = Object(
    {
        "ceremony": NAME,
        "sequence": Integer(1),
        "digest": DIGEST,
        "authority": _REMEMBERED,
        "plan": NAME,
        "period": _REMEMBERED,
        "open": OneOf((True, False)),
    }
)
_SHAPE = Object({"specification": OneOf(("dblrandom/v1",)), "organisers": Object(others=Array(_SEEN, 1))})


@attrs.frozen(kw_only=True)
class Seen:
    """The last that a witness saw of one ceremony; ``open`` while it is committed and neither drawn nor voided."""

    ceremony: str
    sequence: int
    digest: str
    authority: str
    plan: str
    period: str
    open: bool

    def to_json(self) -> dict[str, Json]:
        """The entry as the memory's file has it."""
        return cast("dict[str, Json]", attrs.asdict(self))


@attrs.frozen
class WitnessMemory:
    """For each organiser's key id, the ceremonies seen, in the order in which they began."""

    organisers: Mapping[str, tuple[Seen, ...]] = attrs.field(factory=lambda: MappingProxyType({}))

    def knows(self, transcript: Transcript) -> bool:
        """Whether it holds anything of the ceremony or of one of its organisers; else there is nothing to compare."""
        seen = any(entry.ceremony == transcript.name for entries in self.organisers.values() for entry in entries)
        return seen or any(self.organisers.get(key) for key in _organisers(transcript))

    def check_and_remember(self, transcript: Transcript) -> WitnessMemory:
        """Check that a ceremony may be attested, and return the memory with it.

        Do this before signing, and keep the answer before the receipt goes out; do it again with the receipt in the
        chain, so that the next ceremony can link to it.

        Raises:
            StepError: the chain does not hold what was seen before, a new ceremony does not name the end of the last
                one, or another commitment of the organiser for the same period is open.
        """
        commitment = transcript.commitment
        now = Seen(
            ceremony=transcript.name,
            sequence=len(transcript.receipts),
            digest=cast(str, transcript.head),
            authority=commitment.plan.authority,
            plan=commitment.plan.name,
            period=commitment.plan.period,
            open=transcript.stage not in ("drawn", "voided"),
        )
        declared = _organisers(transcript)
        earlier = [key for key, entries in self.organisers.items() if any(e.ceremony == now.ceremony for e in entries)]
        self._check(now, transcript, declared)
        organisers = dict(self.organisers)
        for key in dict.fromkeys((*declared, *earlier)):
            before = organisers.get(key, ())
            known = any(seen.ceremony == now.ceremony for seen in before)
            # Who is an organiser no more has nothing open here: what is open is his successor's.
            state = now if key in declared else attrs.evolve(now, open=False)
            kept = tuple(state if seen.ceremony == now.ceremony else seen for seen in before)
            organisers[key] = kept if known else (*before, state)
        return WitnessMemory(MappingProxyType(organisers))

    def _check(self, now: Seen, transcript: Transcript, declared: Sequence[str]) -> None:
        everything = [seen for entries in self.organisers.values() for seen in entries]
        known = [seen for seen in everything if seen.ceremony == now.ceremony]
        for seen in known:
            _check_follows(seen, transcript)
        latest = [self.organisers[key][-1] for key in declared if self.organisers.get(key)]
        if not known and latest:
            _check_begins(latest, transcript)
        for seen in everything if now.open else ():
            same = (likeness(seen.authority), likeness(seen.period)) == (
                likeness(now.authority),
                likeness(now.period),
            )
            if seen.open and seen.ceremony != now.ceremony and same:
                raise StepError(
                    f"the commitment of {seen.ceremony!r} (plan {seen.plan!r}) for {now.period} is still open: "
                    "it must be drawn or voided before another of this period is attested"
                )

    def to_bytes(self) -> bytes:
        """The memory's file: canonical JSON."""
        entries: dict[str, Json] = {k: [seen.to_json() for seen in v] for k, v in self.organisers.items()}
        return encode({"specification": "dblrandom/v1", "organisers": entries})

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "witness memory") -> WitnessMemory:
        """Read a memory's file.

        Raises:
            InputError: it is not canonical JSON, or a member is missing, unknown or malformed.
        """
        value = decode(data, where)
        _SHAPE.check(value, where)
        organisers = cast("dict[str, list[dict[str, str]]]", cast("dict[str, Json]", value)["organisers"])
        for own in organisers:
            DIGEST.check(own, f"{where}: organisers")
        found = {own: tuple(Seen(**entry) for entry in entries) for own, entries in organisers.items()}  # type: ignore[arg-type]
        for entries in found.values():
            if len({seen.ceremony for seen in entries}) != len(entries):
                raise InputError("a ceremony is remembered twice", where=where)
        return cls(MappingProxyType(found))


def _organisers(transcript: Transcript) -> list[str]:
    """The key ids of the organisers whom the commitment in force declares."""
    signers = transcript.commitment.signers
    return [keyid(bytes.fromhex(signer.public_key)) for signer in signers if signer.role == "organiser"]


def _check_follows(seen: Seen, transcript: Transcript) -> None:
    if seen.sequence > len(transcript.receipts):
        raise StepError(
            f"{seen.ceremony!r} had {seen.sequence} receipts before, and now has {len(transcript.receipts)}: "
            "get the newer folder"
        )
    if transcript.receipts[seen.sequence - 1].digest(transcript.suite) != seen.digest:
        raise StepError(f"receipt {seen.sequence} of {seen.ceremony!r} is not the one that was seen before: a fork")


def _check_begins(latest: Sequence[Seen], transcript: Transcript) -> None:
    """A new ceremony names the end of the last one of its organiser; of several organisers, that of any of them."""
    named = transcript.receipts[0].body["previous_ceremony"]
    if named not in [seen.digest for seen in latest]:
        seen = latest[0]
        what = "nothing" if named is None else named
        raise StepError(
            f"the last seen of this organiser is {seen.digest} in {seen.ceremony!r}; {transcript.name!r} names "
            f"{what} as what came before it: witness the end of {seen.ceremony!r} first, or commit again"
        )
