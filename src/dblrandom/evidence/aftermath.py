"""What follows a draw: substitutions, results, seals and deadlines (docs/spec, sections 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dblrandom.drawing.commitment import Commitment
from dblrandom.drawing.draw import Draw
from dblrandom.drawing.standing import (
    Standing,
    apply_result,
    apply_substitution,
    outcomes_in,
    standing_at_first,
    tell_more,
)
from dblrandom.errors import StepError, VerificationError
from dblrandom.evidence.comparing import difference
from dblrandom.evidence.judging import Case, Committed
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.report import Finding, failing
from dblrandom.evidence.sealing import open_seals
from dblrandom.kernel.suite import Suite

__all__ = ["check_aftermath", "check_deadlines", "check_seals", "follow"]


def check_aftermath(case: Case, committed: Committed, draw: Draw | None) -> dict[str, Standing] | None:
    """Carry out every substitution and record every result again, in the order of the chain.

    Returns:
        How each task stands at the end, or ``None`` where the draw was not recomputed.

    Raises:
        VerificationError: a substitution that is not lawful or that chose otherwise than the rule; a result for a
            target that had not been drawn, or a second one.
    """
    commitment = committed.commitment
    standing = None if draw is None else standing_at_first(commitment.suite, commitment.plan, draw)
    told: dict[str, dict[str, tuple[str, ...]]] = {task.id: {} for task in commitment.plan.tasks}
    for receipt in case.receipts:
        if receipt.type not in ("result", "substitution"):
            continue
        with failing(receipt.type, receipt.label):
            _check_without_draw(commitment, told, receipt)
        if standing is None or receipt.body["task"] not in standing:
            case.notes.skipped(receipt.type, receipt.label, "the draw was not recomputed")
            continue
        with failing(receipt.type, receipt.label):
            follow(standing, receipt)
        case.notes.passed(receipt.type, receipt.label, f"task {receipt.body['task']}: lawful, and what the rules give")
    return standing


def _check_without_draw(commitment: Commitment, told: dict[str, dict[str, tuple[str, ...]]], receipt: Receipt) -> None:
    """What needs no draw: the task, the ground, and that no target has two results of which the first is final."""
    task = str(receipt.body["task"])
    if task not in told:
        raise StepError(f"there is no task {task!r} in the plan")
    if receipt.type == "result":
        tell_more(told[task], task, outcomes_in(receipt.stated))
    elif receipt.body["ground"] not in commitment.plan.grounds:
        raise StepError(f"task {task!r}: the ground {receipt.body['ground']!r} is not in the committed list")


def follow(standing: Mapping[str, Standing], receipt: Receipt) -> None:
    """Carry out one substitution, or record one result, that a receipt states.

    Raises:
        StepError, PlanError: it is not allowed, or is not what the rules give.
    """
    if receipt.type == "result":
        apply_result(standing, receipt.stated)
        return
    problem = difference(receipt.stated, apply_substitution(standing, receipt.stated), "body")
    if problem is not None:
        raise StepError(problem)


def check_seals(case: Case, suite: Suite) -> None:
    """Check every seal; what is published in place of something sealed must be that thing.

    Raises:
        VerificationError: a reveal or draw that was sealed twice, or published otherwise than it was sealed; a body
            that has a ``blind`` without having been sealed.
    """
    seals = open_seals(case.receipts, suite)
    for kind in ("reveal", "draw"):
        sealed = [r for r in case.receipts if r.type == "sealed" and r.body["type"] == kind]
        if len(sealed) > 1:
            raise VerificationError("seal", f"there is one {kind}, and it was sealed already", where=sealed[1].label)
        published = next((r for r in case.receipts if r.type == kind), None)
        if sealed and published is not None and seals[sealed[0].sequence] is None:
            raise VerificationError("seal", f"the {kind} published is not the one sealed here", where=sealed[0].label)
    opened = set(seals.values())
    for receipt in case.receipts:
        if "blind" in receipt.body and receipt.sequence not in opened:
            raise VerificationError("seal", "its body has a blind and opens no seal", where=receipt.label)
    for sequence, opening in seals.items():
        label = case.receipts[sequence - 1].label
        if opening is None:
            case.notes.skipped("seal", label, "what it seals has not been published yet")
        else:
            case.notes.passed("seal", label, f"opened by {case.receipts[opening - 1].label}")


def check_deadlines(
    case: Case,
    committed: Committed,
    stage: str,
    standing: Mapping[str, Standing] | None,
    signers: Mapping[int, Sequence[str]],
) -> None:
    """Judge what is missing, and note what was late; ``signers`` are the names whose signatures count, by sequence.

    Raises:
        VerificationError: the time for a stage is over at ``as_of`` and the ceremony has not got there; a commitment
            that was never drawn or voided, a draw without its results, a seal that stayed closed.
    """
    # Until the last of the two is open, what is still sealed was seen by the auditors alone.
    auditors = _audited(case) if stage in ("sealing", "revealed") else []
    if auditors:
        detail = f"the sealed draw was checked in full by {', '.join(auditors)}, not by you"
        case.notes.found(Finding.ATTESTED, detail)
    if case.as_of is None:
        case.notes.skipped("deadlines", "ceremony", "no time was given at which to judge them")
        return
    deadlines = committed.commitment.deadlines
    if stage == "voided":
        case.notes.passed("deadlines", "ceremony", "the last commitment was voided, so nothing more is due")
        return
    if auditors:
        case.notes.skipped("deadlines", "ceremony", "the draw stays sealed to the public")
        return
    for kind in ("reveal", "draw"):
        receipt = next((r for r in case.receipts if r.type == kind), None)
        if receipt is None and case.as_of > deadlines[kind]:
            raise VerificationError("deadlines", f"the {kind} was due by {deadlines[kind]} and is not there")
        if receipt is not None:
            _note_late(case, receipt, deadlines[kind])
    if case.as_of > deadlines["result"]:
        # Before the results that are missing: a seal that stays closed may be why they are.
        _check_all_open(case, committed.commitment.suite, signers)
    _check_results_due(case, deadlines["result"], standing)
    case.notes.passed("deadlines", "ceremony", f"judged at {case.as_of}")


def _check_all_open(case: Case, suite: Suite, signers: Mapping[int, Sequence[str]]) -> None:
    for sequence, opening in open_seals(case.receipts, suite).items():
        if opening is None:
            seal = case.receipts[sequence - 1]
            said = f"what it seals was never published, and {_names(signers[sequence])} sealed it"
            later = _added_by_others(case, seal, signers)
            if later is not None:
                said += f"; {later.label}, signed by {_names(signers[later.sequence])}, was added while it was closed"
            raise VerificationError("deadlines", said, where=seal.label)


def _added_by_others(case: Case, seal: Receipt, signers: Mapping[int, Sequence[str]]) -> Receipt | None:
    """The first result or substitution, open or sealed, after such a seal by others, which may keep it shut."""
    told = ("result", "substitution")
    if seal.body["type"] not in told:
        return None
    for receipt in case.receipts[seal.sequence :]:
        kind = receipt.body["type"] if receipt.type == "sealed" else receipt.type
        if kind in told and not set(signers[receipt.sequence]) & set(signers[seal.sequence]):
            return receipt
    return None


def _names(signers: Sequence[str]) -> str:
    return ", ".join(map(repr, signers)) or "nobody whose signature counts"


def _note_late(case: Case, receipt: Receipt, deadline: str) -> None:
    """Only witnesses show that something was done in time; without them it is late once the time is over."""
    dated, after = case.dates.before(receipt.sequence), case.dates.after(receipt.sequence)
    if after is not None and after > deadline:
        case.notes.found(Finding.LATE, f"the {receipt.type} was due by {deadline} and was made after {after}")
    elif (dated is None and case.as_of is not None and case.as_of > deadline) or (dated or deadline) > deadline:
        shown = f"is dated {dated}" if dated else "is dated by nobody"
        case.notes.found(Finding.LATE, f"the {receipt.type} was due by {deadline} and {shown}")


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
    for task, state in standing.items():
        missing = [target for target in state.due if target not in state.told]
        if missing:
            count = f"{len(missing)} of {len(state.due)}"
            raise VerificationError(
                "deadlines",
                f"task {task}: {count} results were due by {deadline}, first {missing[0]!r}",
            )
