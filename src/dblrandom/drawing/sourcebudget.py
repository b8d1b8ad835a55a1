"""How much the sources of one commitment may cost whoever verifies it (docs/spec, sections 3 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from dblrandom.errors import EntropyError
from dblrandom.limits import COMMITMENT_CHAIN_STEPS, SOURCES
from dblrandom.model import Source

__all__ = ["check_number", "check_steps"]


def check_number(sources: Sequence[Source]) -> None:
    """Refuse more sources than anybody has to check; each may ask for a pairing of curves.

    Raises:
        EntropyError: there are more than 64.
    """
    if len(sources) > SOURCES:
        raise EntropyError(f"{len(sources)} are declared; at most {SOURCES} are allowed", where="sources")


def check_steps(sources: Sequence[Source]) -> None:
    """Refuse more steps of hash chains than anybody has to hash; each source's terms are checked before.

    Raises:
        EntropyError: they add up to more than 2,000,000.
    """
    steps = sum(cast(int, source.terms["step"]) for source in sources if source.kind == "hashchain")
    if steps > COMMITMENT_CHAIN_STEPS:
        raise EntropyError(
            f"the hash chains have {steps} steps together, and {COMMITMENT_CHAIN_STEPS} are the most that a verifier "
            "is asked to hash; use fewer chains, or lower steps",
            where="sources",
        )
