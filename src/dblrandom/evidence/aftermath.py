"""What follows a draw: substitutions, results, seals and deadlines (docs/spec, sections 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dblrandom.errors import VerificationError
from dblrandom.evidence.comparing import difference
from dblrandom.evidence.drawing import Draw
from dblrandom.evidence.judging import Case, Committed
from dblrandom.evidence.report import Finding, failing
from dblrandom.evidence.standing import Standing, apply_substitution, standing_after
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json

__all__ = ["check_deadlines", "check_results", "check_seals", "check_substitutions", "open_seals"]


def check_substitutions(case: Case, committed: Committed, draw: Draw | None) -> dict[str, Standing] | None:
    """Carry out every substitution again; returns how each task stands, or ``None`` where the draw was not recomputed.

    Raises:
        VerificationError: a substitution that is not lawful, or that chose otherwise than the rule.
    """
    receipts = [r for r in case.receipts if r.type == "substitution"]
    if draw is None:
        for receipt in receipts:
            case.notes.skipped("substitution", receipt.label, "the draw was not recomputed")
        return None
    standing = standing_after(committed.commitment.suite, committed.commitment.plan, draw, [])
    for receipt in receipts:
        stated = receipt.stated
        with failing("substitution", receipt.label):
            found = apply_substitution(standing, stated)
        problem = difference(stated, found, "body")
        if problem is not None:
            raise VerificationError("substitution", problem, where=receipt.label)
        case.notes.passed("substitution", receipt.label, f"task {stated['task']}: the rule gives the same replacement")
    return standing


def check_results(case: Case, standing: Mapping[str, Standing] | None) -> None:
    """Check that every outcome belongs to a target that was drawn.

    Raises:
        VerificationError: an unknown task, a target that was never drawn, one named twice, or a code named twice.
    """
    for receipt in case.receipts:
        if receipt.type != "result":
            continue
        outcomes = cast("list[dict[str, Json]]", receipt.body["outcomes"])
        ids = [str(outcome["id"]) for outcome in outcomes]
        if len(set(ids)) != len(ids):
            raise VerificationError("result", "it names a target twice", where=receipt.label)
        for outcome in outcomes:
            codes = cast("list[str]", outcome["codes"])
            if len(set(codes)) != len(codes):
                raise VerificationError(
                    "result", f"the outcome of {outcome['id']!r} has a code twice", where=receipt.label
                )
        if standing is None:
            case.notes.skipped("result", receipt.label, "the draw was not recomputed")
            continue
        task = str(receipt.body["task"])
        if task not in standing:
            raise VerificationError("result", f"there is no task {task!r}", where=receipt.label)
        for target in ids:
            if target not in standing[task].due:
                raise VerificationError("result", f"{target!r} was never drawn for task {task!r}", where=receipt.label)
        case.notes.passed("result", receipt.label, f"task {task}: {len(ids)} outcomes of drawn targets")


def open_seals(case: Case, suite: Suite) -> tuple[list[tuple[int, str]], list[tuple[int, int]]]:
    """Match every seal with the first later receipt of its type whose body it is of.

    Returns:
        The seals still closed, as (sequence, type), and the opened ones, as (sequence, sequence of the opening).
    """
    closed, opened = [], []
    used: set[int] = set()
    for seal in case.receipts:
        if seal.type != "sealed":
            continue
        for later in case.receipts[seal.sequence :]:
            if later.type != seal.body["type"] or later.sequence in used:
                continue
            if suite.hexhash(encode(dict(later.body))) == seal.body["digest"]:
                used.add(later.sequence)
                opened.append((seal.sequence, later.sequence))
                break
        else:
            closed.append((seal.sequence, str(seal.body["type"])))
    return closed, opened


def check_seals(case: Case, suite: Suite) -> None:
    """Check every seal; what is published in place of something sealed must be that thing.

    Raises:
        VerificationError: a sealed reveal or draw was followed by another one than was sealed, an opened body has no
            ``blind``, or two seals were made for one thing.
    """
    closed, opened = open_seals(case, suite)
    by_sequence = {receipt.sequence: receipt for receipt in case.receipts}
    published = {r.type: r for r in case.receipts if r.type in ("reveal", "draw")}
    for sequence, kind in closed:
        label = by_sequence[sequence].label
        if kind in published:
            raise VerificationError("seal", f"the {kind} that was published is not the one sealed here", where=label)
        case.notes.skipped("seal", label, f"the sealed {kind} has not been published yet")
    for sequence, opening in opened:
        label = by_sequence[sequence].label
        if "blind" not in by_sequence[opening].body:
            raise VerificationError(
                "seal", f"the body opened by {by_sequence[opening].label} has no blind", where=label
            )
        case.notes.passed("seal", label, f"opened by {by_sequence[opening].label}")


def check_deadlines(case: Case, committed: Committed, stage: str, standing: Mapping[str, Standing] | None) -> None:
    """Judge what is missing, and note what was late.

    Raises:
        VerificationError: the time for a stage is over at ``as_of`` and the ceremony has not got there; a commitment
            that was never drawn or voided, a draw without its results, a seal that stayed closed.
    """
    if case.as_of is None:
        case.notes.skipped("deadlines", "ceremony", "no time was given at which to judge them")
        return
    deadlines = committed.commitment.deadlines
    if stage == "voided":
        case.notes.passed("deadlines", "ceremony", "the last commitment was voided, so nothing more is due")
        return
    if stage == "sealing" and (auditors := _audited(case)):
        detail = f"the sealed draw was checked in full by {', '.join(auditors)}, not by you"
        case.notes.found(Finding.ATTESTED, detail)
        case.notes.skipped("deadlines", "ceremony", "the draw stays sealed to the public")
        return
    for kind in ("reveal", "draw"):
        receipt = next((r for r in case.receipts if r.type == kind), None)
        if receipt is None and case.as_of > deadlines[kind]:
            raise VerificationError("deadlines", f"the {kind} was due by {deadlines[kind]} and is not there")
        after = case.dates.after(receipt.sequence) if receipt else None
        if after is not None and after > deadlines[kind]:
            case.notes.found(Finding.LATE, f"the {kind} was due by {deadlines[kind]} and was made after {after}")
    _check_results_due(case, deadlines["result"], standing)
    closed, _ = open_seals(case, committed.commitment.suite)
    if closed and case.as_of > deadlines["result"]:
        sequence, kind = closed[0]
        raise VerificationError("deadlines", f"the {kind} sealed by receipt {sequence} was never published")
    case.notes.passed("deadlines", "ceremony", f"judged at {case.as_of}")


def _audited(case: Case) -> list[str]:
    """The trusted auditors who attest the sealed draw, where reveal and draw are both sealed."""
    seals = {str(r.body["type"]): r.sequence for r in case.receipts if r.type == "sealed"}
    if not {"reveal", "draw"} <= seals.keys():
        return []
    last = max(seals["reveal"], seals["draw"])
    return sorted({audit.witness for audit in case.dates.audits if audit.attested >= last})


def _check_results_due(case: Case, deadline: str, standing: Mapping[str, Standing] | None) -> None:
    if case.as_of is None or case.as_of <= deadline:
        return
    if standing is None:
        case.notes.skipped("deadlines", "results", "the draw was not recomputed, so it is not known what was due")
        return
    told: dict[str, set[str]] = {}
    for receipt in case.receipts:
        if receipt.type == "result":
            outcomes = cast("list[dict[str, Json]]", receipt.body["outcomes"])
            told.setdefault(str(receipt.body["task"]), set()).update(str(o["id"]) for o in outcomes)
    for task, state in standing.items():
        missing = [target for target in state.due if target not in told.get(task, set())]
        if missing:
            count = f"{len(missing)} of {len(state.due)}"
            raise VerificationError(
                "deadlines",
                f"task {task}: {count} results were due by {deadline}, first {missing[0]!r}",
            )
