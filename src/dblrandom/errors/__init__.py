"""Every error that dblrandom raises, in one tree, each with a stable code.

::

    DblrandomError
    ├── InputError               something given to the library is not what it must be
    │   ├── CanonicalError       bytes that are not canonical JSON (docs/spec, section 1)
    │   ├── PlanError            a plan, task, quota, window, level or team rule
    │   ├── RosterError          a roster, a row of it, a manifest or a proof (section 2)
    │   │   ├── RosterBusy         (and ConflictError) its connection is reading for somebody else
    │   │   ├── RosterChanged      (and ConflictError) its rows are no longer those that were read or committed
    │   │   └── RosterUnavailable  (and UnavailableError) the database or the engine that holds its rows does not answer
    │   ├── EntropyError         a source's declaration, value or evidence (section 3)
    │   ├── ReceiptError         a receipt's envelope, payload or body (section 6)
    │   └── KeyFileError         a key or a signature that cannot be used
    │       └── SignerError        (and UnavailableError) a token or another outside signer that does not sign
    ├── StepError                a ceremony's step that cannot be taken now
    ├── FolderError              a ceremony folder or another file that cannot be read or written
    │   ├── FolderMissing          there is no such file, or no ceremony in the folder
    │   ├── FolderConflict         (and ConflictError) something is there already, or a step was interrupted there
    │   │   └── FolderBusy           another process holds the folder's lock
    │   └── FolderUnavailable      (and UnavailableError) the system or the disk refuses: permission, read-only, full
    ├── ConflictError            the base of what collides with somebody else's work
    ├── UnavailableError         the base of what cannot be had now, and may be had later
    │   ├── NotYetPublic           a value that the world does not know yet; try again later
    │   ├── NetworkError           an answer that did not come, or is not what was asked for; nothing was changed
    │   ├── PluginError            a plug-in that this step names cannot be loaded or used
    │   └── MissingExtra           an optional library that this step needs is not installed
    └── VerificationError        evidence that was checked and does not hold (section 7)

Each message is one line: what is wrong, where, and what to do about it. A program decides by
its ``code``, ``branch`` and ``http_status``, never by the message.
``CODES`` lists the codes. An error survives ``pickle`` and ``copy.deepcopy`` with everything that it carries.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from dblrandom.errors._codes import CODES, Branch, Cause

__all__ = [
    "CODES",
    "Branch",
    "CanonicalError",
    "Cause",
    "ConflictError",
    "DblrandomError",
    "EntropyError",
    "FolderBusy",
    "FolderConflict",
    "FolderError",
    "FolderMissing",
    "FolderUnavailable",
    "InputError",
    "KeyFileError",
    "MissingExtra",
    "NetworkError",
    "NotYetPublic",
    "PlanError",
    "PluginError",
    "ReceiptError",
    "RosterBusy",
    "RosterChanged",
    "RosterError",
    "RosterUnavailable",
    "SignerError",
    "StepError",
    "UnavailableError",
    "VerificationError",
]


_CODE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")


def _one_line(text: str) -> str:
    """Show control characters and line breaks as escapes, so that a message cannot forge a second line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _restored(kind: type[DblrandomError], arguments: tuple[object, ...], state: dict[str, Any]) -> DblrandomError:
    """The error as it was, whatever its constructor asks for; ``pickle`` and ``copy`` call it."""
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(state)
    return error


class DblrandomError(Exception):
    """The root of the tree; catching it catches everything that the library raises on purpose.

    Args:
        message: one line; what cannot be seen in it is escaped.
        where: the place (a field, a row, a file), put before the message.
        code: the cause, where it is narrower than the type's own code.

    Attributes:
        code: the cause as a stable text, such as ``folder.busy``.
        where: the place, or ``None``.
    """

    code: str = "input.invalid"
    where: str | None = None
    _branch: ClassVar[Branch] = Branch.BAD_INPUT

    def __init__(self, message: str, *, where: str | None = None, code: str | None = None) -> None:
        if where is not None:
            self.where = where
        if code is not None:
            self.code = code
        super().__init__(_one_line(f"{where}: {message}" if where else message))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args, dict(self.__dict__))

    @property
    def branch(self) -> Branch:
        """What kind of answer this error asks for."""
        cause = CODES.get(self.code)
        return self._branch if cause is None else cause.branch

    @property
    def http_status(self) -> int:
        """The HTTP status that suits it where a service passes it on."""
        cause = CODES.get(self.code)
        return _STATUS[self._branch] if cause is None else cause.http_status


_STATUS = {
    Branch.BAD_INPUT: 422,
    Branch.WRONG_ORDER: 409,
    Branch.CONFLICT: 409,
    Branch.UNAVAILABLE: 503,
    Branch.VERIFICATION_FAILED: 422,
}


class ConflictError(DblrandomError):
    """Somebody else's work is in the way: look how things stand, then repeat."""

    code = "conflict"
    _branch = Branch.CONFLICT


class UnavailableError(DblrandomError):
    """Something cannot be had now; nothing is wrong with the request, and the same one can succeed later."""

    code = "unavailable"
    _branch = Branch.UNAVAILABLE


class InputError(DblrandomError):
    """Something given to the library is not what it must be.

    ``where`` names the place (a field, a row, a file) and is put before the message. Some errors of rosters and keys
    are conflicts, or tell that something is unavailable: handle :class:`ConflictError` and :class:`UnavailableError`
    before this type, or decide by ``branch``.
    """


class CanonicalError(InputError):
    """Bytes that are not canonical JSON, or a value that has no canonical form."""

    code = "canonical.invalid"


class PlanError(InputError):
    """A plan, or a part of one, that cannot be drawn from."""

    code = "plan.invalid"


class RosterError(InputError):
    """A roster, a row of it, a manifest or a proof that is not what the specification asks for."""

    code = "roster.invalid"


class RosterBusy(RosterError, ConflictError):
    """The connection to a roster's rows is reading for somebody else, and does one thing at a time."""

    code = "roster.busy"
    _branch = Branch.CONFLICT


class RosterChanged(RosterError, ConflictError):
    """The rows of a roster are no longer those that were read or committed."""

    code = "roster.changed"
    _branch = Branch.CONFLICT


class RosterUnavailable(RosterError, UnavailableError):
    """The database or the engine that holds a roster's rows does not answer, or refuses."""

    code = "engine.failed"
    _branch = Branch.UNAVAILABLE


class EntropyError(InputError):
    """A source's declaration, value or evidence that is not acceptable."""

    code = "source.invalid"


class ReceiptError(InputError):
    """A receipt whose envelope, payload or body is malformed."""

    code = "receipt.invalid"


class KeyFileError(InputError):
    """A key or a signature that cannot be used."""

    code = "key.invalid"


class SignerError(KeyFileError, UnavailableError):
    """A token, or another signer outside of this library, does not sign."""

    code = "signer.unavailable"
    _branch = Branch.UNAVAILABLE


class StepError(DblrandomError):
    """A step of a ceremony that cannot be taken now."""

    code = "step.order"
    _branch = Branch.WRONG_ORDER


class FolderError(DblrandomError):
    """A ceremony folder, or another file, that cannot be read or written."""

    code = "folder.invalid"


class FolderMissing(FolderError):
    """There is no such file or folder, or no ceremony in the folder."""

    code = "file.none"


class FolderConflict(FolderError, ConflictError):
    """Something is there already and is not replaced, or a step was interrupted there."""

    code = "folder.not-empty"
    _branch = Branch.CONFLICT


class FolderBusy(FolderConflict):
    """Another process, or another part of this one, holds the folder's lock."""

    code = "folder.busy"


class FolderUnavailable(FolderError, UnavailableError):
    """The system refuses to read or write: no right, a read-only or full disk, a damaged file, no working locks."""

    code = "folder.unavailable"
    _branch = Branch.UNAVAILABLE


class VerificationError(DblrandomError):
    """Evidence that was checked and does not hold.

    ``check`` names the check that failed (``chain``, ``signature``, ``draw`` and so on) and ``where`` the
    receipt, roster or row at which it failed. The code is ``verification.`` and the check.
    """

    _branch = Branch.VERIFICATION_FAILED

    def __init__(self, check: str, message: str, *, where: str | None = None) -> None:
        self.check = check
        named = check.replace("_", "-").replace(" ", "-").lower()
        code = f"verification.{named}" if _CODE.fullmatch(named) else "verification.failed"
        super().__init__(f"{check}: {where}: {message}" if where else f"{check}: {message}", code=code)
        self.where = where


class NotYetPublic(UnavailableError):
    """A value that the world does not know yet: nothing is wrong, it is only too early."""

    code = "value.not-yet"


class NetworkError(UnavailableError):
    """An answer from the network that did not come in time, is too large, or is not what was asked for.

    ``status`` is the HTTP status where there was one.
    """

    code = "network.failed"

    def __init__(
        self, message: str, *, status: int | None = None, where: str | None = None, code: str | None = None
    ) -> None:
        self.status = status
        super().__init__(message, where=where, code=code)


class PluginError(UnavailableError):
    """An installed plug-in that this step names cannot be loaded or used."""

    code = "plugin.broken"


class MissingExtra(UnavailableError):
    """A step needs an optional library that is not installed; the message names the extra that brings it."""

    code = "extra.missing"
