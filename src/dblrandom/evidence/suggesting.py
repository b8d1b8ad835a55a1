"""The trust policy that a ceremony's own commitments suggest: a starting point, not a reason to trust."""

from __future__ import annotations

from collections.abc import Sequence

from dblrandom.drawing.commitment import Commitment
from dblrandom.evidence.trust import TrustedKey, TrustPolicy

__all__ = ["suggested_trust"]


def suggested_trust(*commitments: Commitment, margin: int = 60) -> TrustPolicy:
    """A policy that trusts every signer whom the commitments declare; a starting point, not a reason to trust.

    As many different witnesses as every one of them declares must date a commitment.
    """
    roles: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    algorithms: dict[str, str] = {}
    witnesses = []
    for commitment in commitments:
        first = [s for s in commitment.signers if s.role == "witness" and s.algorithm == "ed25519"]
        witnesses.append(len({s.name or s.public_key for s in first}))
        for signer in commitment.signers:
            roles.setdefault(signer.public_key, []).append(signer.role)
            algorithms[signer.public_key] = signer.algorithm
            names[signer.public_key] = signer.name or names.get(signer.public_key, signer.public_key[:16])
    return TrustPolicy(
        keys=tuple(
            TrustedKey(name=names[k], public_key=k, roles=_counting(held), algorithm=algorithms[k])
            for k, held in roles.items()
        ),
        margin=margin,
        witnesses=min(witnesses, default=0),
    )


def _counting(held: Sequence[str]) -> tuple[str, ...]:
    """The roles that a key can be trusted with: the organiser may hold a secret, and is not independent of himself."""
    return ("organiser",) if "organiser" in held else tuple(sorted(set(held)))
