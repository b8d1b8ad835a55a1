"""Sign only what was checked: all rules are held against a receipt before any key is asked (docs/spec, section 6)."""

from __future__ import annotations

from collections.abc import Sequence

from dblrandom.evidence.admission import check_admissible, check_all_sign, check_next, check_signer
from dblrandom.evidence.receipt import Receipt, receipt_to_sign, sign_payload
from dblrandom.evidence.transcript import Transcript
from dblrandom.kernel.signing import Signer

__all__ = ["sign_commitment", "sign_step"]


def sign_commitment(transcript: Transcript, payload: bytes, keys: Sequence[Signer]) -> bytes:
    """The envelope of a commitment whose terms are checked already.

    Raises:
        StepError: it is not the next receipt, or somebody is missing who has to sign; nothing was signed.
    """
    draft = receipt_to_sign(payload, keys)
    check_next(transcript, draft)
    check_all_sign(draft, {})
    return sign_payload(payload, keys)


def sign_step(transcript: Transcript, payload: bytes, keys: Sequence[Signer]) -> Receipt:
    """The receipt of a step after the commitment, which may be added as it is.

    Raises:
        StepError, EntropyError, PlanError, RosterError: as for ``check_admissible``; nothing was signed. Or a key that
            signs otherwise than its public key says.
    """
    check_admissible(transcript, receipt_to_sign(payload, keys), rosters=transcript.rosters, margin=0, schemes={})
    receipt = Receipt.parse(sign_payload(payload, keys))
    check_signer(transcript.commitment, receipt)
    return receipt
