"""Writing the agency's log: static files that any web server can offer (docs/spec/log.md, C2SP tlog-tiles).

Tiles and entries are written first and the signed checkpoint last, each step through the journal: whatever interrupts
it, the checkpoint that stands speaks of files that stand, and the next command continues.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from dblrandom.adapters.files import make_directory, os_failure
from dblrandom.adapters.journal import Change, Ops, apply, recover
from dblrandom.adapters.lock import FolderLock
from dblrandom.adapters.publiclog.files import ARCHIVE, CHECKPOINT, VKEY, Log, checkpoint_at, read_log
from dblrandom.errors import FolderConflict, FolderMissing, InputError, KeyFileError, StepError
from dblrandom.evidence import Transcript
from dblrandom.kernel.signing import Signer
from dblrandom.tlog import LOG_KEY, Checkpoint, LogEntry, Note, VerifierKey, check_cosignature, sign_checkpoint
from dblrandom.tlog.note import read_signature_lines
from dblrandom.tlog.proof import check_keys
from dblrandom.tlog.tiles import files
from dblrandom.tlog.tree import root_of

__all__ = ["Appended", "append", "init", "merge_cosignatures"]


@frozen(kw_only=True)
class Appended:
    """What :func:`append` did: the log as it now is, the entries that are new, and what of an earlier step it ended."""

    log: Log
    added: tuple[LogEntry, ...]
    recovered: tuple[str, ...]


def init(folder: str | os.PathLike[str], *, origin: str, key: Signer) -> VerifierKey:
    """Make an empty log and sign its first checkpoint; returns the key that everyone checks it by.

    Args:
        folder: a new folder.
        origin: the log's name, an address without its scheme, such as ``log.example/receipts``.
        key: the log's private key, which should serve for nothing else.

    Raises:
        KeyFileError: a name or key that cannot be used.
        FolderError: the folder holds something already, or cannot be written.
    """
    place = Path(folder)
    vkey = VerifierKey.of(origin, LOG_KEY, key)
    note = sign_checkpoint(Checkpoint(origin=origin, size=0, root=root_of(())), key)
    make_directory(place)
    with FolderLock(place):
        recover(place)
        with os_failure(place, "list it"):
            there = sorted(name for name in os.listdir(place) if name != "lock")
        if there:
            raise FolderConflict(f"{place}: holds {there[0]!r} already; a log begins in a new folder")
        apply(place, {VKEY: Change(f"{vkey.text}\n".encode()), **_published(note, 0)})
    return vkey


def append(
    folder: str | os.PathLike[str], ceremonies: Iterable[Transcript], *, key: Signer, ops: Ops | None = None
) -> Appended:
    """Add every receipt of these ceremonies that is not in the log yet, and sign the new checkpoint.

    Args:
        folder: the log.
        ceremonies: each from its first receipt; what follows on what is logged is added, in order.
        key: the log's private key.
        ops: how the disk is changed; for tests.

    Raises:
        StepError: a receipt has the place of another one that is logged: a fork inside a ceremony.
        KeyFileError: the key is not this log's.
        VerificationError: the log does not hold.
        FolderError: somebody else is writing, or the folder cannot be read or written.
    """
    place = Path(folder)
    with _writing(place) as recovered:
        log = read_log(place)
        if log.key != VerifierKey.of(log.key.name, LOG_KEY, key):
            raise KeyFileError(f"this is not the key of the log {log.key.name}", where=str(place))
        added = _new(log, ceremonies)
        if not added:
            return Appended(log=log, added=(), recovered=recovered)
        entries, leaves = (*log.entries, *added), (*log.leaves, *(entry.leaf for entry in added))
        checkpoint = Checkpoint(origin=log.key.name, size=len(entries), root=root_of(leaves))
        note = sign_checkpoint(checkpoint, key)
        # A bundle is written whole, so the entries before the new ones are needed as bytes again.
        made = dict(files([entry.data for entry in entries], leaves, since=len(log.entries)))
        disk = ops or Ops()
        apply(place, {path: Change(data) for path, data in made.items()}, ops=disk)
        apply(place, {**_published(note, checkpoint.size), **_outgrown(place, made)}, ops=disk)
        grown = Log(folder=place, key=log.key, note=note, checkpoint=checkpoint, entries=entries, leaves=leaves)
        return Appended(log=grown, added=tuple(added), recovered=recovered)


def merge_cosignatures(
    folder: str | os.PathLike[str], text: str, *, witnesses: Iterable[VerifierKey], size: int | None = None
) -> Note:
    """Add witnesses' cosignatures to a checkpoint, and keep it with them.

    Args:
        folder: the log.
        text: the signature lines.
        witnesses: whose lines are taken; others are passed over.
        size: the checkpoint's size; the newest one's by default.

    Raises:
        InputError: a line is malformed, or none is by these witnesses.
        KeyFileError: a key is not a witness's, or one key has two names.
        VerificationError: a cosignature is not over this checkpoint.
        FolderError: somebody else is writing, or the folder cannot be read or written.
    """
    place = Path(folder)
    with _writing(place):
        log = read_log(place)
        size = log.checkpoint.size if size is None else size
        note = checkpoint_at(log, size)
        known = tuple(witnesses)
        check_keys(log.key, known, 1)
        given = [(w, line) for line in read_signature_lines(text, "cosignatures") for w in known if line.is_by(w)]
        if not given:
            raise InputError("none is by one of the witnesses given", where="cosignatures")
        for witness, line in given:
            check_cosignature(Note(note.text, (line,)), witness, where=f"cosignature over {size} entries")
            # The first one stays: its time is the earlier.
            if note.signature_of(witness) is None:
                note = Note(note.text, (*note.signatures, line))
        Note.parse(note.full, "checkpoint")
        changes = _published(note, size)
        if size != log.checkpoint.size:
            del changes[CHECKPOINT]
        apply(place, changes)
        return note


# --- inside --------------------------------------------------------------------------------------------------------


@contextmanager
def _writing(place: Path) -> Iterator[tuple[str, ...]]:
    """Hold the lock of a log's folder; gives what was ended of an earlier step."""
    if not place.is_dir():
        raise FolderMissing(f"{place}: there is no log here; begin one with: dblrandom log init", code="folder.none")
    with FolderLock(place):
        yield tuple(recover(place))


def _published(note: Note, size: int) -> dict[str, Change]:
    data = Change(note.full.encode())
    return {CHECKPOINT: data, f"{ARCHIVE}/{size}": data}


def _new(log: Log, ceremonies: Iterable[Transcript]) -> list[LogEntry]:
    known = {(entry.ceremony, entry.sequence): entry for entry in log.entries}
    added = []
    for ceremony in ceremonies:
        for receipt in ceremony.receipts:
            entry = LogEntry.of_payload(receipt.payload, ceremony.suite, receipt.label)
            place = (entry.ceremony, entry.sequence)
            if place not in known:
                known[place] = entry
                added.append(entry)
            elif known[place] != entry:
                raise StepError(
                    f"{entry.label} has the digest {entry.digest}, and the log holds another one, "
                    f"{known[place].digest}: a fork inside the ceremony; nothing was added"
                )
    return added


def _outgrown(place: Path, made: Mapping[str, bytes]) -> dict[str, Change]:
    """The partial files whose place a full one has taken."""
    found: dict[str, Change] = {}
    for path in made:
        beside = place / f"{path}.p"
        if beside.is_dir():
            with os_failure(beside, "list it"):
                found |= {
                    f"{path}.p/{name}": Change(None)
                    for name in os.listdir(beside)
                    if name.isascii() and name.isdecimal()
                }
    return found
