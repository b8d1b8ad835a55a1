"""Auditing a log's folder, held against an older checkpoint and against published ceremonies (docs/spec/log.md)."""

from __future__ import annotations

from collections.abc import Iterable

from dblrandom.adapters.publiclog.files import Log
from dblrandom.drawing import Commitment
from dblrandom.errors import VerificationError
from dblrandom.evidence import Transcript
from dblrandom.model.json import ReadOnly
from dblrandom.tlog import Audit, Checkpoint, LogEntry, Published, Terms, audit, open_checkpoint
from dblrandom.tlog.tree import check_consistency, consistency_path

__all__ = ["audit_log", "check_since", "published"]


def check_since(log: Log, text: object) -> Checkpoint:
    """Check that the log begins with what an older checkpoint, kept from then, says it was.

    Raises:
        VerificationError: the checkpoint is not by this log, or the log shrank, forks or was rewritten.
    """
    _, old = open_checkpoint(text, log.key, "older checkpoint")
    path = consistency_path(log.leaves, old.size) if old.size <= len(log.leaves) else ()
    check_consistency(old.size, log.checkpoint.size, old.root, log.checkpoint.root, path)
    return old


def published(ceremonies: Iterable[Transcript]) -> dict[str, Published]:
    """What published ceremonies say, for an audit; their chains were checked when they were read, and no more.

    Raises:
        VerificationError: two of them have one name.
    """
    found: dict[str, Published] = {}
    for ceremony in ceremonies:
        if ceremony.name in found:
            raise VerificationError("log", f"two ceremonies are called {ceremony.name!r}; audit them one by one")
        terms = {
            receipt.digest(ceremony.suite): _terms(Commitment.from_json(receipt.body))
            for receipt in ceremony.receipts
            if receipt.type == "commitment"
        }
        entries = tuple(LogEntry.of_payload(r.payload, ceremony.suite, r.label) for r in ceremony.receipts)
        found[ceremony.name] = Published(entries, ReadOnly(terms))
    return found


def _terms(commitment: Commitment) -> Terms:
    return Terms(
        authority=commitment.plan.authority,
        period=commitment.plan.period,
        deadline=commitment.deadlines["draw"],
        previous_ceremony=commitment.previous_ceremony,
    )


def audit_log(log: Log, *, until: str, since: object = None, ceremonies: Iterable[Transcript] | None = None) -> Audit:
    """Audit a log that was read.

    Args:
        log: the log.
        until: the time at which deadlines are judged.
        since: an older checkpoint of it, as text, that it must be consistent with.
        ceremonies: those that are published, where they are at hand.

    Raises:
        VerificationError: the log is not consistent with the older checkpoint, or the ceremonies are not lawful.
        InputError: ``until`` is not a time.
    """
    if since is not None:
        check_since(log, since)
    return audit(log.entries, until=until, published=None if ceremonies is None else published(ceremonies))
