"""Receipts, trust and verification: bytes and trust in, a typed report out, or an error (docs/spec, sections 6, 7)."""

from dblrandom.evidence.anchors import Authority, PinnedChain, TrustedEvent, TrustedLog
from dblrandom.evidence.bodies import schema, schemas
from dblrandom.evidence.receipt import Receipt, add_signatures, payload_bytes, sign_payload
from dblrandom.evidence.report import Check, Finding, Report, Status
from dblrandom.evidence.single import InspectorCase, TargetCase, check_inspector, check_target
from dblrandom.evidence.suggesting import suggested_trust
from dblrandom.evidence.transcript import Transcript
from dblrandom.evidence.trust import Requirement, TrustedKey, TrustPolicy
from dblrandom.evidence.verify import REHEARSAL_PREFIX, verify
from dblrandom.evidence.witnessing import WitnessMemory

__all__ = [
    "REHEARSAL_PREFIX",
    "Authority",
    "Check",
    "Finding",
    "InspectorCase",
    "PinnedChain",
    "Receipt",
    "Report",
    "Requirement",
    "Status",
    "TargetCase",
    "Transcript",
    "TrustPolicy",
    "TrustedEvent",
    "TrustedKey",
    "TrustedLog",
    "WitnessMemory",
    "add_signatures",
    "check_inspector",
    "check_target",
    "payload_bytes",
    "schema",
    "schemas",
    "sign_payload",
    "suggested_trust",
    "verify",
]
