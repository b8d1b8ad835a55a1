"""What is checked of a chain before anybody signs on top of it (docs/spec, section 6).

A chain that was kept in a database or a folder may have been changed by whoever can write there. Who signs the next
receipt vouches for all before it, since its ``previous`` covers them; so their signatures and bodies are checked first.
"""

from __future__ import annotations

from collections.abc import Mapping

from dblrandom.drawing.commitment import Commitment
from dblrandom.drawing.standing import standing_at_first
from dblrandom.errors import MissingExtra, StepError, VerificationError
from dblrandom.evidence.admission import check_signer
from dblrandom.evidence.aftermath import follow
from dblrandom.evidence.comparing import difference
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.report import failing
from dblrandom.evidence.suggesting import suggested_trust
from dblrandom.evidence.transcript import Transcript
from dblrandom.evidence.verify import verify
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.schemes import SCHEMES, Scheme
from dblrandom.kernel.signing import keyid
from dblrandom.roster import Roster

__all__ = ["check_aftermath_so_far", "check_so_far", "holds_rows"]

_UNSIGNED = "; nothing was signed"


def check_so_far(transcript: Transcript, schemes: Mapping[str, Scheme] = SCHEMES) -> None:
    """Check all that can be checked of the receipts alone: chain, signatures, dates, entropy, seed, stated draw.

    Every receipt must be signed by those whom the commitment in force declares for it, and by as many as the
    transcript's policy asks for, where it has one.

    Raises:
        VerificationError: a receipt does not hold.
        MissingExtra: an organiser's or a party's signature is of an algorithm that cannot be checked here.
    """
    policy = transcript.trust or suggested_trust(*transcript.commitments)
    try:
        verify(
            transcript.envelopes,
            trust=policy,
            beacons=transcript.beacons,
            samplers=transcript.samplers,
            schemes=schemes,
        )
        commitment = transcript.commitments[0]
        for receipt in transcript.receipts:
            if receipt.type == "commitment":
                commitment = Commitment.from_json(receipt.body)
                _check_each_can_be_checked(commitment, receipt, schemes)
                continue
            try:
                check_signer(commitment, receipt, schemes)
            except StepError as error:
                raise VerificationError("signature", str(error), where=receipt.label) from error
    except VerificationError as error:
        raise _unsigned(error) from error


def _check_each_can_be_checked(commitment: Commitment, receipt: Receipt, schemes: Mapping[str, Scheme]) -> None:
    """Check the signatures that make a commitment the organiser's and the parties' own, without passing over any.

    A verifier may go on without an algorithm and say so. Whoever signs next may not: the only signature of a declared
    key could be a false one, on a chain that somebody else made.
    """
    message = pae(PAYLOAD_TYPE, receipt.payload)
    given = {signature.keyid: signature.value for signature in receipt.signatures}
    for signer in commitment.signers:
        public = bytes.fromhex(signer.public_key)
        if signer.role not in ("organiser", "party"):
            continue
        scheme = schemes.get(signer.algorithm)
        if scheme is None:
            raise MissingExtra(
                f"{receipt.label}: the signature of {signer.name or signer.public_key} is of {signer.algorithm}, which "
                f"cannot be checked here: call check_receipts with the schemes that can{_UNSIGNED}"
            )
        with failing("signature", receipt.label):
            scheme.verify(public, given[keyid(public)], message)


def check_aftermath_so_far(transcript: Transcript) -> None:
    """Check the draw receipt, and all that followed it, against what the seed draws from the rosters.

    The draw is computed once for a transcript, so that a step which needs it anyway pays nothing more.

    Raises:
        VerificationError: a receipt says something else than the rules give.
        RosterError: rosters are missing, or are not the ones committed.
    """
    receipt = transcript.last("draw")
    if receipt is None:
        return
    draw = transcript.computed_draw()
    try:
        problem = difference(receipt.stated, draw.to_json(), "body")
        if problem is not None:
            raise VerificationError("draw", problem, where=receipt.label)
        standing = standing_at_first(transcript.suite, transcript.commitment.plan, draw)
        for later in transcript.receipts[receipt.sequence :]:
            if later.type in ("substitution", "result"):
                with failing(later.type, later.label):
                    follow(standing, later)
    except VerificationError as error:
        raise _unsigned(error) from error


def holds_rows(transcript: Transcript) -> bool:
    """Whether every committed roster is at hand in memory, so that a draw can be computed without asking an engine."""
    found = transcript.rosters
    return all(isinstance(found.get(name), Roster) for name in transcript.commitment.rosters)


def _unsigned(error: VerificationError) -> VerificationError:
    text = str(error).removeprefix(f"{error.check}: ")
    if error.where:
        text = text.removeprefix(f"{error.where}: ")
    return VerificationError(error.check, text + _UNSIGNED, where=error.where)
