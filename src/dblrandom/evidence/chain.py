"""The chain of a ceremony: sequence, previous digests, times, and the grammar of types (docs/spec, section 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from dblrandom.errors import ReceiptError, VerificationError
from dblrandom.evidence.receipt import Receipt
from dblrandom.kernel.suite import Suite, suite_named

__all__ = ["GRAMMAR", "check_chain", "rests_on_draw", "settles_draw", "stage_after", "stage_of", "suite_of"]

# One row for each stage: which types may come next, and the stage that they lead to. A witness receipt may come
# anywhere but first and leaves the stage as it is.
GRAMMAR: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "empty": {"commitment": "committed"},
        "committed": {"void": "voided", "sealed": "sealing", "result": "sealing", "reveal": "revealed"},
        "voided": {"commitment": "committed"},
        "sealing": {"sealed": "sealing", "result": "sealing", "reveal": "revealed"},
        "revealed": {"draw": "drawn"},
        "drawn": {"substitution": "drawn", "sealed": "drawn", "result": "drawn"},
    }
)
"""The stages of a ceremony and the receipt types that lead from each to the next."""


def stage_after(stage: str, kind: str) -> str:
    """The stage to which a receipt of type ``kind`` leads.

    Raises:
        ReceiptError: the type is not lawful at this stage.
    """
    if kind == "witness":
        if stage == "empty":
            raise ReceiptError("a ceremony begins with a commitment, not with a witness receipt")
        return stage
    following = GRAMMAR[stage].get(kind)
    if following is not None:
        return following
    unfinished = stage in ("committed", "sealing", "revealed")
    if unfinished or (stage == "drawn" and kind in ("commitment", "draw", "reveal", "void")):
        raise ReceiptError(
            f"redraw after entropy: a {kind} cannot stand here, as nothing cancels or alters a draw ({_lawful(stage)})"
        )
    raise ReceiptError(f"a {kind} is not lawful here ({_lawful(stage)})")


def settles_draw(receipt: Receipt) -> bool:
    """Whether the draw is fixed by this receipt, in public or under a seal."""
    return receipt.type == "draw" or (receipt.type == "sealed" and receipt.body["type"] == "draw")


def rests_on_draw(receipt: Receipt) -> bool:
    """Whether it is about what was drawn, so that it cannot stand before the draw is fixed."""
    return receipt.type == "result" or (receipt.type == "sealed" and receipt.body["type"] in ("result", "substitution"))


def stage_of(receipts: Iterable[Receipt]) -> str:
    """The stage to which receipts lead, from the beginning.

    Raises:
        ReceiptError: one of them is not lawful in its place.
    """
    stage = "empty"
    for receipt in receipts:
        stage = stage_after(stage, receipt.type)
    return stage


def _lawful(stage: str) -> str:
    return f"the ceremony is {stage}; lawful next: {', '.join(sorted(GRAMMAR[stage]))} or witness"


def suite_of(receipts: Sequence[Receipt]) -> Suite:
    """The suite of a ceremony, which every commitment of it must name.

    Raises:
        VerificationError: no commitment first, or a suite that changes in mid-chain.
    """
    if not receipts:
        raise VerificationError("chain", "there is no receipt")
    if receipts[0].type != "commitment":
        raise VerificationError("chain", "a ceremony begins with a commitment", where=receipts[0].label)
    names = [(r, str(r.body["suite"])) for r in receipts if r.type == "commitment"]
    for receipt, name in names:
        if name != names[0][1]:
            raise VerificationError(
                "chain", f"the suite changes from {names[0][1]} to {name} in mid-chain", where=receipt.label
            )
    return suite_named(names[0][1])


def check_chain(receipts: Sequence[Receipt]) -> tuple[Suite, tuple[str, ...]]:
    """Check that receipts, in the order given, are one lawful ceremony or a lawful beginning of one.

    Returns:
        The suite, and the digest of each receipt.

    Raises:
        VerificationError: another ceremony's receipt, a sequence that jumps or repeats, a fork, a cut, a time that runs
            backwards, or a type that the grammar does not allow there.
    """
    suite = suite_of(receipts)
    digests: list[str] = []
    stage, settled = "empty", False
    for position, receipt in enumerate(receipts, 1):
        before = receipts[position - 2] if position > 1 else None
        _check_link(receipt, position, before, digests[-1] if digests else None, receipts[0].ceremony)
        try:
            stage = stage_after(stage, receipt.type)
        except ReceiptError as error:
            raise VerificationError("chain", str(error), where=receipt.label) from error
        settled = (settled and receipt.type != "commitment") or settles_draw(receipt)
        if rests_on_draw(receipt) and not settled:
            raise VerificationError(
                "chain", "no draw is public or sealed yet, on which it could rest", where=receipt.label
            )
        digests.append(receipt.digest(suite))
    return suite, tuple(digests)


def _check_link(receipt: Receipt, position: int, before: Receipt | None, previous: str | None, ceremony: str) -> None:
    if receipt.ceremony != ceremony:
        raise VerificationError(
            "chain", f"it is of the ceremony {receipt.ceremony!r}, not {ceremony!r}", where=receipt.label
        )
    if before is not None and receipt.sequence == before.sequence:
        raise VerificationError("chain", "there are two receipts for one sequence number", where=receipt.label)
    if receipt.sequence != position:
        raise VerificationError(
            "chain", f"sequence {position} was expected: a receipt is missing or repeated", where=receipt.label
        )
    if receipt.previous != previous:
        raise VerificationError(
            "chain",
            f"its previous digest is {receipt.previous}, but the receipt before has {previous}",
            where=receipt.label,
        )
    if before is not None and receipt.time < before.time:
        raise VerificationError("chain", f"its time {receipt.time} is before {before.time}", where=receipt.label)
