"""Rosters: canonical files, manifests and proofs (docs/spec, section 2)."""

from dblrandom.roster.alike import alike_in_proof, alike_on
from dblrandom.roster.like import RosterLike
from dblrandom.roster.manifest import Manifest
from dblrandom.roster.paged import CommittedRoster, PagedRoster, line_in
from dblrandom.roster.proof import Proof, ProofPage, verify_absence, verify_presence
from dblrandom.roster.roster import Roster

__all__ = [
    "CommittedRoster",
    "Manifest",
    "PagedRoster",
    "Proof",
    "ProofPage",
    "Roster",
    "RosterLike",
    "alike_in_proof",
    "alike_on",
    "line_in",
    "verify_absence",
    "verify_presence",
]
