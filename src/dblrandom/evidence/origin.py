"""Where a policy's keys come from: what a report says unless the verifier vouches for them (docs/spec, section 7).

The content of a policy cannot show where it was got. Whoever checked every key with its holder has the same keys as
whoever copied them out of the ceremony, and any key beside them can be added to a copy. So nothing is concluded from a
path, an order, a name or an entry more: only the verifier's own word ends the finding.
"""

from __future__ import annotations

from collections.abc import Iterable

from dblrandom.drawing.commitment import Commitment
from dblrandom.evidence.trust import TrustPolicy

__all__ = ["origin_detail"]

_UNVOUCHED = "this shows that the ceremony agrees with itself, not whose keys these are"


def origin_detail(policy: TrustPolicy, commitments: Iterable[Commitment], enclosed: TrustPolicy | None = None) -> str:
    """What is to be said of a policy for which nobody vouches.

    Args:
        policy: the policy that was used.
        commitments: those of the ceremony, which declare keys.
        enclosed: the policy that came along with the ceremony, if one did.
    """
    declared = {signer.public_key for commitment in commitments for signer in commitment.signers}
    used = {key.public_key for key in policy.keys} & declared
    if enclosed is not None and used <= {key.public_key for key in enclosed.keys}:
        return f"its keys are those of the policy that came with the folder: {_UNVOUCHED}"
    return f"its keys are those that the commitments declare, and nobody vouches for them: {_UNVOUCHED}"
