"""A redo log: the files that one step writes appear all together or not at all, whatever interrupts it.

The new files are first staged below ``.pending/`` and flushed; then ``.pending/journal``, which lists them, is moved
into place in one rename. Before that rename the step has not happened, after it the step has: what is left to do is
only to move staged files to where they belong, and that can be repeated until it is done. Nobody but the holder of
the folder's lock may call :func:`apply` or :func:`recover`.

Whoever sends a folder can put a step into it. So before a step is staged its journal's hash is noted with the user's
state, outside of the folder, and only a step that was noted is ended.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from dblrandom.adapters.files import create, file_hash, os_failure, sync_directory, sync_file
from dblrandom.adapters.journalfile import (
    MODES,
    PENDING_NAME,
    Entry,
    check_entries,
    is_directory,
    journal_bytes,
    read_journal,
)
from dblrandom.adapters.usernotes import forget_step, note_step, noted_step
from dblrandom.errors import FolderConflict, FolderError, FolderUnavailable

__all__ = ["FINISHED", "PENDING_NAME", "SECRETS_NAME", "Change", "Ops", "apply", "pending", "recover"]

FINISHED = "finished an interrupted step: "
"""What :func:`recover` says first of each file of a step that it has ended."""

SECRETS_NAME = "secrets"
"""The directory, at the top of a folder, that only its owner may enter."""

_log = logging.getLogger(__name__)
_JOURNAL = "journal"
_JOURNAL_NEW = "journal.new"
_STAGED = re.compile(r"[0-9]{6}")


@frozen
class Change:
    """What becomes of one file: ``data`` is its new content, ``None`` removes it; ``mode`` is 0o644 or 0o600."""

    data: bytes | None
    mode: int = 0o644


class Ops:
    """Every operation by which this module changes the disk; a test replaces it to fail between any two of them."""

    def mkdir(self, path: Path, mode: int) -> None:
        """Make a directory."""
        os.mkdir(path, mode)

    def write(self, path: Path, data: bytes, mode: int) -> None:
        """Make a new file with this content and mode."""
        create(path, data, mode)

    def fsync(self, path: Path) -> None:
        """Flush a file's content."""
        sync_file(path)

    def fsync_directory(self, path: Path) -> None:
        """Flush a directory's entries."""
        sync_directory(path)

    def rename(self, source: Path, target: Path) -> None:
        """Move a file, replacing what is there."""
        os.replace(source, target)

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def rmdir(self, path: Path) -> None:
        """Remove an empty directory."""
        os.rmdir(path)


_PLAIN = Ops()


def pending(root: str | os.PathLike[str]) -> bool:
    """Say whether a step was begun here and not ended; changes nothing."""
    return os.path.lexists(Path(root) / PENDING_NAME)


def apply(root: str | os.PathLike[str], changes: Mapping[str, Change], *, ops: Ops = _PLAIN) -> None:
    """Make all of these changes below ``root``, or none.

    Paths are relative with forward slashes. Directories are made as needed (0700 for ``secrets`` and below it, else
    0755) and removed where a removal leaves them empty.

    Raises:
        FolderError: where a path is not lawful, an earlier step was interrupted (:func:`recover` first), or the
            disk refuses. If the message says that the step stands, :func:`recover` ends it; otherwise nothing changed.
    """
    folder = Path(root)
    if pending(folder):
        raise FolderConflict(
            f"{folder}: an earlier step was interrupted; recover the folder before a new step",
            code="folder.interrupted",
        )
    entries = _entries_of(folder, changes)
    if not entries:
        return
    committed = False
    note_step(folder, hashlib.sha256(journal_bytes(entries)).hexdigest())
    try:
        with os_failure(folder, "write the step"):
            _stage(folder, entries, changes, ops)
            _commit(folder, entries, ops)
            committed = True
            _roll_forward(folder, entries, ops)
        receipts = ", ".join(entry.target for entry in entries if entry.target.startswith("receipts/"))
        _log.info("wrote %d files to %s: %s", len(entries), folder, receipts or "no receipt")
    except FolderError as error:
        # Only where the disk refused: any other exception means that the process is being stopped, and tidying up
        # then would race against its end. Recovery does the same later.
        if committed or os.path.lexists(folder / PENDING_NAME / _JOURNAL):
            told = f"{error}; the step stands: recover the folder to end it"
            raise FolderUnavailable(told, code=error.code) from error
        if pending(folder):
            with suppress(FolderError, OSError):
                _discard(folder, ops)
        raise
    finally:
        if not pending(folder):
            forget_step(folder)


def recover(root: str | os.PathLike[str], *, own: bool = False, ops: Ops = _PLAIN) -> list[str]:
    """End what an interruption left: finish a step whose journal stands, undo one whose journal does not.

    Returns one sentence for each thing done; an empty list where there was nothing to do. It can itself be
    interrupted at any moment and run again.

    Args:
        root: the folder.
        own: the caller knows that nobody else wrote the folder; otherwise only a step is ended that this user began
            on this machine.
        ops: what changes the disk.

    Raises:
        FolderConflict: this user did not begin the step; nothing was changed.
        FolderError: where the journal or a staged file is damaged, or ``.pending`` holds what no step puts there.
    """
    folder = Path(root)
    if not pending(folder):
        return []
    done = _end(folder, own, ops)
    forget_step(folder)
    return done


def _end(folder: Path, own: bool, ops: Ops) -> list[str]:
    place = folder / PENDING_NAME
    if not is_directory(place):
        raise FolderUnavailable(f"{place}: is not a directory; remove it by hand", code="folder.damaged")
    if not os.path.lexists(place / _JOURNAL):
        if not own and noted_step(folder) is None:
            raise _not_begun(folder)
        with os_failure(folder, "undo the interrupted step"):
            count = _discard(folder, ops)
        if count == 0:
            return ["cleared away what a step had left behind; no file was waiting to be written"]
        return [f"undid an interrupted step: {count} staged file(s) discarded, nothing was changed"]
    entries = read_journal(folder, place / _JOURNAL)
    if not own and noted_step(folder) != hashlib.sha256(journal_bytes(entries)).hexdigest():
        raise _not_begun(folder)
    with os_failure(folder, "finish the interrupted step"):
        _roll_forward(folder, entries, ops)
    return [f"{FINISHED}{'wrote' if entry.sha256 else 'removed'} {entry.target}" for entry in entries]


def _not_begun(folder: Path) -> FolderConflict:
    return FolderConflict(
        f"{folder / PENDING_NAME}: holds a step that you did not begin here on this machine, so it is not finished; if "
        f"somebody sent you the folder, get it again without {PENDING_NAME}; if it is your own, copied or moved here, "
        f"say so: dblrandom adopt {shlex.quote(str(folder))}",
        code="folder.foreign",
    )


# --- before the commit point ---------------------------------------------------------------------------------------


def _entries_of(folder: Path, changes: Mapping[str, Change]) -> list[Entry]:
    """Check every change before anything is touched, and put writes before removals."""
    entries = []
    for target, change in sorted(changes.items()):
        if change.mode not in MODES:
            raise FolderError(f"{target}: mode {change.mode:o} is neither 644 nor 600")
        digest = None if change.data is None else hashlib.sha256(change.data).hexdigest()
        entries.append(Entry(target, digest, change.mode))
    entries.sort(key=lambda entry: entry.sha256 is None)
    check_entries(folder, entries, str(folder))
    return entries


def _staged(folder: Path, number: int) -> Path:
    return folder / PENDING_NAME / f"{number:06d}"


def _stage(folder: Path, entries: list[Entry], changes: Mapping[str, Change], ops: Ops) -> None:
    place = folder / PENDING_NAME
    ops.mkdir(place, 0o700)
    for number, entry in enumerate(entries):
        data = changes[entry.target].data
        if data is not None:
            ops.write(_staged(folder, number), data, entry.mode)
            ops.fsync(_staged(folder, number))
    ops.fsync_directory(place)


def _commit(folder: Path, entries: list[Entry], ops: Ops) -> None:
    place = folder / PENDING_NAME
    ops.write(place / _JOURNAL_NEW, journal_bytes(entries), 0o600)
    ops.fsync(place / _JOURNAL_NEW)
    ops.fsync_directory(folder)
    ops.rename(place / _JOURNAL_NEW, place / _JOURNAL)
    ops.fsync_directory(place)


def _discard(folder: Path, ops: Ops) -> int:
    """Remove what was staged without a journal; nothing that a step does not make is ever removed."""
    place = folder / PENDING_NAME
    with os_failure(place, "list it"):
        names = sorted(os.listdir(place))
    for name in names:
        if not (_STAGED.fullmatch(name) or name == _JOURNAL_NEW) or is_directory(place / name):
            told = f"{place}: holds {name!r}, which no step puts there; look at it and remove it by hand"
            raise FolderUnavailable(told, code="folder.damaged")
    for name in names:
        ops.unlink(place / name)
    ops.rmdir(place)
    ops.fsync_directory(folder)
    return sum(name != _JOURNAL_NEW for name in names)


# --- after the commit point ----------------------------------------------------------------------------------------


def _roll_forward(folder: Path, entries: list[Entry], ops: Ops) -> None:
    """Move every staged file into place; whatever part of this was done before is done again or left as it is."""
    # All hashes first: a damaged file must be noticed before the folder is half old and half new.
    waiting = [number for number, entry in enumerate(entries) if _still_staged(folder, number, entry)]
    for number in waiting:
        _make_directories(folder, entries[number], ops)
        ops.rename(_staged(folder, number), folder / entries[number].target)
    for entry in entries:
        if entry.sha256 is None and os.path.lexists(folder / entry.target):
            ops.unlink(folder / entry.target)
    _settle(folder, entries, ops)
    place = folder / PENDING_NAME
    ops.fsync_directory(place)
    ops.unlink(place / _JOURNAL)
    ops.rmdir(place)
    ops.fsync_directory(folder)


def _still_staged(folder: Path, number: int, entry: Entry) -> bool:
    if entry.sha256 is None:
        return False
    staged = _staged(folder, number)
    waits = os.path.lexists(staged)
    where = staged if waits else folder / entry.target
    if not os.path.lexists(where) or file_hash(where) != entry.sha256:
        told = f"{where}: is not the file that the step wrote; restore the folder from a copy"
        raise FolderUnavailable(told, code="folder.damaged")
    return waits


def _make_directories(folder: Path, entry: Entry, ops: Ops) -> None:
    place = folder
    *above, _ = entry.target.split("/")
    for part in above:
        place = place / part
        if not os.path.lexists(place):
            ops.mkdir(place, 0o700 if above[0] == SECRETS_NAME else 0o755)
            ops.fsync_directory(place.parent)


def _settle(folder: Path, entries: list[Entry], ops: Ops) -> None:
    """Flush every directory that was changed, and remove those that a removal has left empty."""
    above = {(folder / entry.target).parent for entry in entries}
    removed = {(folder / entry.target).parent for entry in entries if entry.sha256 is None}
    for place in sorted(removed, key=lambda path: len(path.parts), reverse=True):
        # A directory that is gone already may have gone in an earlier attempt: go on with the one above it.
        while place != folder and not (os.path.isdir(place) and os.listdir(place)):
            if os.path.isdir(place):
                ops.rmdir(place)
            place = place.parent
            above.add(place)
    for place in sorted(above):
        if os.path.isdir(place):
            ops.fsync_directory(place)
