"""What a declaration says and nothing can show: marked wherever a source is shown (docs/spec, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from dblrandom.beacons.drandchain import PROFILES
from dblrandom.beacons.nistcerts import PINNED
from dblrandom.beacons.public import declared_outcomes
from dblrandom.model import Source

__all__ = ["MARK", "declared_only", "lines", "public_already"]

MARK = "declared, not checked"
"""How everything is marked that rests on the word of whoever wrote the declaration."""


def declared_only(source: Source) -> str | None:
    """What of this source rests on the declarer's word, in one line without the mark; ``None`` where nothing does."""
    match source.kind:
        case "public":
            outcomes = declared_outcomes(source)
            return (
                f"{outcomes} outcomes, none of them counted unless the policy vouches for the event; that it takes "
                "place, and is nobody's own"
            )
        case "nist":
            certificate = source.terms.get("certificate")
            known = certificate is None or certificate in PINNED
            what = "signs pulses that can be verified, is a beacon's, and nobody's own"
            return None if known else f"that certificate {certificate}, which is not pinned, {what}"
        case "drand":
            chain = source.terms["chain"]
            return None if chain in PROFILES else f"that network {chain} is nobody's own, and when its rounds appear"
        case "hashchain":
            return f"when step {source.terms['step']} becomes public, unless the policy pins the chain"
        case "secret":
            return f"that the holder, key {source.terms['keyid']}, is independent of the organiser"
    return f"all that the kind {source.kind!r} does not check"


def public_already(sources: Sequence[Source], now: str) -> list[str]:
    """One line for each source whose value may be known by now, so that nothing new can rest on it."""
    return [
        f"source {source.name}: its value can be public since {source.not_before}, and it is {now}: who signs or dates "
        "this now vouches for nothing"
        for source in sources
        if source.not_before <= now
    ]


def lines(sources: Sequence[Source]) -> list[str]:
    """One line for each source of which something rests on the declarer's word, with the mark."""
    found = ((source.name, declared_only(source)) for source in sources)
    return [f"source {name}: {MARK}: {what}" for name, what in found if what is not None]
