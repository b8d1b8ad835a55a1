"""What a verifier will make of a ceremony who trusts everybody for what the commitments declare (docs/spec, section 7).

The organiser asks it before he signs, so that no step leads to where every verifier must refuse.
"""

from __future__ import annotations

from typing import cast

from dblrandom.drawing.commitment import Commitment
from dblrandom.errors import DblrandomError, PlanError, StepError, UnavailableError
from dblrandom.evidence.chain import check_chain
from dblrandom.evidence.dating import Dates, read_dates
from dblrandom.evidence.judging import Case, Committed, decisive_moment, judge_entropy
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.report import Notes
from dblrandom.evidence.signatures import read_signatures
from dblrandom.evidence.suggesting import suggested_trust
from dblrandom.evidence.transcript import Transcript

__all__ = ["check_dated", "check_parts", "check_void_dated", "dated_by_all"]


def dated_by_all(transcript: Transcript, sequence: int) -> str | None:
    """When the last of the declared witnesses who must do so had seen a receipt, or ``None``."""
    case = _case(transcript)
    return case.dates.by(sequence, case.trust.witnesses)


def check_dated(transcript: Transcript) -> None:
    """Check that the commitment in force was dated as verifiers will ask, before something rests on its values.

    Raises:
        StepError: too few declared witnesses dated it, or too late.
    """
    case, receipt = _case(transcript), cast(Receipt, transcript.last("commitment"))
    if not case.trust.witnesses:
        return
    found = len(case.dates.witnesses(receipt.sequence))
    if found < case.trust.witnesses:
        raise StepError(
            f"{found} of {case.trust.witnesses} declared witnesses dated the commitment, so no verifier would accept "
            "what rests on it: void it, and commit again"
        )
    try:
        judge_entropy(_committed(transcript, case), case)
    except UnavailableError:
        raise
    except DblrandomError as error:
        raise StepError(f"no verifier would accept what rests on this commitment: {error}") from error


def check_void_dated(transcript: Transcript) -> None:
    """Check that the void at the end of the chain was dated by those whom verifiers will ask, and in time.

    Raises:
        StepError: it was not.
    """
    case, void = _case(transcript), cast(Receipt, transcript.last("void"))
    if "proof" in void.body:
        return
    seen = any(r.type == "witness" for r in transcript.receipts[void.sequence :])
    dated = case.dates.by(void.sequence, case.trust.witnesses) if case.trust.witnesses else void.time if seen else None
    if dated is None:
        raise StepError("the void is not dated: let every declared witness see it before the next commitment")
    moment = decisive_moment(_committed(transcript, case), case)
    if case.trust.witnesses and dated >= moment:
        raise StepError(f"the void was dated {dated}, not before {moment}: nothing may follow it")


def check_parts(transcript: Transcript, commitment: Commitment) -> None:
    """Check that those whom a commitment declares can do what verifiers will ask of them.

    Raises:
        PlanError: nobody could sign as the organiser, nobody could be told from the organiser, or too few could date.
    """
    if not any(s.role == "organiser" and s.algorithm == "ed25519" for s in commitment.signers):
        raise PlanError("no organiser has an Ed25519 key, which every receipt needs: declare one", where="signers")
    if transcript.trust is not None:
        return
    try:
        trust = suggested_trust(*transcript.commitments, commitment)
    except DblrandomError as error:
        raise PlanError(f"no trust policy can hold all of them: {error}", where="signers") from error
    declared = {s.public_key for s in commitment.signers if s.role == "witness" and s.algorithm == "ed25519"}
    holders = {key.name for key in trust.keys if key.public_key in declared and "witness" in key.roles}
    if len(holders) < trust.witnesses:
        raise PlanError(
            f"{trust.witnesses} witnesses are declared, but only {len(holders)} differ by key and name: "
            "give each key one name, and each witness a key",
            where="signers",
        )


def _case(transcript: Transcript) -> Case:
    """The ceremony before that verifier, at no time in particular."""
    trust = transcript.trust or suggested_trust(*transcript.commitments)
    try:
        suite, digests = check_chain(transcript.receipts)
        signed = {r.sequence: read_signatures(r, trust).keys for r in transcript.receipts}
        dates = read_dates(transcript.receipts, digests, signed, suite, trust) if trust.witnesses else Dates(())
    except UnavailableError:
        raise
    except DblrandomError as error:
        raise StepError(f"no verifier would accept this ceremony: {error}") from error
    return Case(
        receipts=transcript.receipts, trust=trust, dates=dates, beacons=transcript.beacons, as_of=None, notes=Notes()
    )


def _committed(transcript: Transcript, case: Case) -> Committed:
    """The commitment in force, in its place."""
    receipt = cast(Receipt, transcript.last("commitment"))
    signed = frozenset(key.keyid for key in read_signatures(receipt, case.trust).keys)
    return Committed(receipt=receipt, commitment=transcript.commitment, signed=signed, used_before=frozenset())
