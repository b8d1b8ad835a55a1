"""The stable codes of errors: what each means, and the HTTP status that suits it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["CODES", "Branch", "Cause"]


class Branch(StrEnum):
    """What kind of answer an error asks for; a service maps it to a status."""

    BAD_INPUT = "bad-input"
    """The caller has to send something else."""
    WRONG_ORDER = "wrong-order"
    """The ceremony is not at this step; look where it stands."""
    CONFLICT = "conflict"
    """Somebody else's work is in the way; look again, then repeat."""
    UNAVAILABLE = "unavailable"
    """Nothing is wrong with the request; the same one can succeed later, where the code says so after a repair."""
    VERIFICATION_FAILED = "verification-failed"
    """Evidence was checked and does not hold; to repeat it does not help."""


class Cause(NamedTuple):
    """What one code means."""

    branch: Branch
    http_status: int
    meaning: str


def _causes() -> Mapping[str, Cause]:
    found: dict[str, Cause] = {}
    for branch, status, codes in (
        (Branch.BAD_INPUT, 422, _BAD_INPUT),
        (Branch.BAD_INPUT, 404, _NOT_FOUND),
        (Branch.WRONG_ORDER, 409, _WRONG_ORDER),
        (Branch.CONFLICT, 409, _CONFLICT),
        (Branch.CONFLICT, 423, _BUSY),
        (Branch.UNAVAILABLE, 503, _UNAVAILABLE),
        (Branch.UNAVAILABLE, 500, _REPAIR),
        (Branch.UNAVAILABLE, 507, _FULL),
        (Branch.UNAVAILABLE, 501, _NOT_INSTALLED),
        (Branch.VERIFICATION_FAILED, 422, _FAILED),
    ):
        found |= {code: Cause(branch, status, meaning) for code, meaning in codes.items()}
    return MappingProxyType(found)


_BAD_INPUT = {
    "input.invalid": "something given is not what it must be",
    "canonical.invalid": "bytes that are not canonical JSON",
    "plan.invalid": "a plan, or a part of one, that cannot be drawn from",
    "roster.invalid": "a roster, a row, a manifest or a proof that is not what it must be",
    "source.invalid": "a source's declaration, value or evidence that is not acceptable",
    "receipt.invalid": "a receipt whose envelope, payload or body is malformed",
    "key.invalid": "a key or a signature that cannot be used",
    "key.passphrase-needed": "the private key is encrypted, and no passphrase was given",
    "key.passphrase-wrong": "the passphrase does not open the private key",
    "plugin.unknown": "no installed plug-in has this name",
    "folder.invalid": "a path or a folder that cannot be used like this",
    "file.kind": "a link, a directory, a device or a pipe where a file is needed",
    "file.too-large": "a file over the limit for its kind",
    "value.not-portable": "something that belongs to one process was to be pickled",
    "file.exposed": "a private file that others than its owner can read",
}
_NOT_FOUND = {
    "folder.none": "there is no ceremony, log or chain in this folder",
    "file.none": "there is no such file or folder",
    "roster.none": "the database has no such table, or the folder has not the rows of this roster",
    "target.none": "no target of the task has this id: it is not on the roster, or does not pass the filter",
}
_WRONG_ORDER = {"step.order": "the ceremony is not at this step"}
_CONFLICT = {
    "conflict": "somebody else's work is in the way",
    "folder.not-empty": "the folder holds something already",
    "folder.interrupted": "a step was interrupted here and has to be finished or undone first",
    "folder.foreign": "the folder holds a step or a secret, and this user is not known to have written it",
    "file.exists": "the file exists already and is never replaced",
    "roster.changed": "the rows are no longer those that were read or committed",
}
_BUSY = {
    "folder.busy": "another process holds the folder's lock",
    "roster.busy": "the roster's connection is reading for somebody else",
}
_UNAVAILABLE = {
    "unavailable": "it cannot be had now",
    "database.unreachable": "no connection to the database can be made",
    "database.lost": "the connection to the database was lost",
    "database.refused": "the database refuses: a login, a right, or the statement",
    "engine.failed": "the engine that holds the rows failed",
    "network.failed": "an answer did not come, or is not what was asked for",
    "value.not-yet": "the value is not public yet",
    "signer.unavailable": "the token or signing service does not answer, or was removed",
    "signer.refused": "the token or signing service refuses, such as for a wrong PIN",
}
_REPAIR = {
    "folder.unavailable": "the system cannot read or write the folder",
    "folder.read-only": "the file system is read-only",
    "folder.denied": "this user may not read or write it",
    "folder.damaged": "a file of the folder is damaged; restore it from a copy",
    "lock.unsupported": "the file system of the folder has no working locks",
    "plugin.broken": "an installed plug-in cannot be loaded or used",
}
_FULL = {"disk.full": "the disk, or the quota on it, is full"}
_NOT_INSTALLED = {"extra.missing": "an optional library is not installed"}
_FAILED = {"verification.failed": "evidence does not hold; verification.<check> names the check"}

CODES: Mapping[str, Cause] = _causes()
"""Every code of the library with its branch, the HTTP status that suits it, and its meaning.

The codes of :class:`VerificationError` are ``verification.`` and the name of the check; all of them mean the same as
``verification.failed``.
"""
