"""Seals: what was fixed before it was published, and what opened it (docs/spec, section 6)."""

from __future__ import annotations

from collections.abc import Sequence

from dblrandom.evidence.receipt import Receipt
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.suite import Suite

__all__ = ["open_seals"]


def open_seals(receipts: Sequence[Receipt], suite: Suite) -> dict[int, int | None]:
    """Match every seal with the first later receipt of its type whose body, with its ``blind``, it is of.

    Returns:
        For the sequence of each seal, that of the receipt that opened it, or ``None``.
    """
    bodies: dict[tuple[str, str], list[int]] = {}
    for receipt in receipts:
        if "blind" in receipt.body:
            bodies.setdefault((receipt.type, suite.hexhash(encode(dict(receipt.body)))), []).append(receipt.sequence)
    found: dict[int, int | None] = {}
    for seal in receipts:
        if seal.type == "sealed":
            waiting = bodies.get((str(seal.body["type"]), str(seal.body["digest"])), [])
            opening = next((sequence for sequence in waiting if sequence > seal.sequence), None)
            if opening is not None:
                waiting.remove(opening)
            found[seal.sequence] = opening
    return found
