"""The agency's log: one append-only tree over all its receipts, in the formats of C2SP (docs/spec/log.md).

A ceremony proves that its own draw was not bent. That there was no second ceremony beside it, no single ceremony can
prove: this takes a list of everything that was ever prepared, from which nothing can be taken away unnoticed.
Everything here is pure; files are :mod:`dblrandom.adapters.publiclog.folder`.
"""

from __future__ import annotations

from dblrandom.tlog.audit import Audit, Committed, LogFinding, Published, Terms, audit
from dblrandom.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from dblrandom.tlog.cosignature import Cosignature, check_cosignature, cosign
from dblrandom.tlog.entry import LogEntry
from dblrandom.tlog.note import LOG_KEY, WITNESS_KEY, Note, NoteSignature, VerifierKey
from dblrandom.tlog.proof import Logged, LogProof, verify_proof
from dblrandom.tlog.request import AddCheckpoint

__all__ = [
    "LOG_KEY",
    "WITNESS_KEY",
    "AddCheckpoint",
    "Audit",
    "Checkpoint",
    "Committed",
    "Cosignature",
    "LogEntry",
    "LogFinding",
    "LogProof",
    "Logged",
    "Note",
    "NoteSignature",
    "Published",
    "Terms",
    "VerifierKey",
    "audit",
    "check_cosignature",
    "cosign",
    "open_checkpoint",
    "sign_checkpoint",
    "verify_proof",
]
