"""Every error that dblrandom raises, in one tree.

::

    DblrandomError
    ├── InputError               something given to the library is not what it must be
    │   ├── CanonicalError       bytes that are not canonical JSON (docs/spec, section 1)
    │   ├── PlanError            a plan, task, quota, window, level or team rule
    │   ├── RosterError          a roster, a row of it, a manifest or a proof (section 2)
    │   ├── EntropyError         a source's declaration, value or evidence (section 3)
    │   ├── ReceiptError         a receipt's envelope, payload or body (section 6)
    │   └── KeyFileError         a key or a signature that cannot be used
    ├── StepError                a ceremony's step that is not lawful now
    ├── FolderError              a ceremony folder or another file that cannot be read or written
    ├── VerificationError        evidence that was checked and does not hold (section 7)
    ├── NotYetPublic             a value that the world does not know yet; try again later
    ├── NetworkError             an answer that did not come, or is not what was asked for; nothing was changed
    └── MissingExtra             an optional library that this step needs is not installed

Each message is one line: what is wrong, where, and what to do about it.
"""

from __future__ import annotations

__all__ = [
    "CanonicalError",
    "DblrandomError",
    "EntropyError",
    "FolderError",
    "InputError",
    "KeyFileError",
    "MissingExtra",
    "NetworkError",
    "NotYetPublic",
    "PlanError",
    "ReceiptError",
    "RosterError",
    "StepError",
    "VerificationError",
]


def _one_line(text: str) -> str:
    """Show control characters and line breaks as escapes, so that a message cannot forge a second line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class DblrandomError(Exception):
    """The root of the tree; catching it catches everything that the library raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))


class InputError(DblrandomError):
    """Something given to the library is not what it must be.

    ``where`` names the place (a field, a row, a file) and is put before the message.
    """

    def __init__(self, message: str, *, where: str | None = None) -> None:
        self.where = where
        super().__init__(f"{where}: {message}" if where else message)


class CanonicalError(InputError):
    """Bytes that are not canonical JSON, or a value that has no canonical form."""


class PlanError(InputError):
    """A plan, or a part of one, that cannot be drawn from."""


class RosterError(InputError):
    """A roster, a row of it, a manifest or a proof that is not what the specification asks for."""


class EntropyError(InputError):
    """A source's declaration, value or evidence that is not acceptable."""


class ReceiptError(InputError):
    """A receipt whose envelope, payload or body is malformed."""


class KeyFileError(InputError):
    """A key or a signature that cannot be used."""


class StepError(DblrandomError):
    """A step of a ceremony that is not lawful now."""


class FolderError(DblrandomError):
    """A ceremony folder, or another file, that cannot be read or written."""


class VerificationError(DblrandomError):
    """Evidence that was checked and does not hold.

    ``check`` names the check that failed (``chain``, ``signature``, ``draw`` and so on) and ``where`` the
    receipt, roster or row at which it failed.
    """

    def __init__(self, check: str, message: str, *, where: str | None = None) -> None:
        self.check = check
        self.where = where
        super().__init__(f"{check}: {where}: {message}" if where else f"{check}: {message}")


class NotYetPublic(DblrandomError):
    """A value that the world does not know yet: nothing is wrong, it is only too early."""


class NetworkError(DblrandomError):
    """An answer from the network that did not come in time, is too large, or is not what was asked for.

    ``status`` is the HTTP status where there was one.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class MissingExtra(DblrandomError):
    """A step needs an optional library that is not installed; the message names the extra that brings it."""
