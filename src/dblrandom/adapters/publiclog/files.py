"""Reading the agency's log: every hash is recomputed from the entries up to the signed checkpoint (docs/spec/log.md).

What was read is then what the log signed, whoever offers the copy. Proofs and requests to witnesses are made from it.
"""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen

from dblrandom.adapters.files import os_failure, read_bytes
from dblrandom.errors import FolderMissing, InputError, StepError, VerificationError
from dblrandom.kernel.merkle import inclusion_path
from dblrandom.kernel.suite import SHA256
from dblrandom.tlog import AddCheckpoint, Checkpoint, LogEntry, LogProof, Note, VerifierKey, open_checkpoint
from dblrandom.tlog.entry import MAX_ENTRY
from dblrandom.tlog.note import MAX_NOTE
from dblrandom.tlog.texts import checked
from dblrandom.tlog.tiles import WIDTH, bundle_path, files, read_bundle, read_tile, spans, tile_path
from dblrandom.tlog.tree import consistency_path, root_of

__all__ = [
    "ARCHIVE",
    "CHECKPOINT",
    "VKEY",
    "Log",
    "checkpoint_at",
    "prove",
    "read_log",
    "read_text",
    "request",
]

CHECKPOINT = "checkpoint"
"""The newest signed checkpoint."""
ARCHIVE = "checkpoints"
"""Every checkpoint that was signed, by its size, with the cosignatures that were merged into it."""
VKEY = "vkey"
"""The log's key, for convenience: a verifier has it from elsewhere."""

_LARGEST = WIDTH * (MAX_ENTRY + 2)


@frozen(kw_only=True)
class Log:
    """A log that was read whole and agrees with its signed checkpoint.

    Attributes:
        folder: where it is.
        key: the log's key, by which the checkpoint was checked.
        note: the checkpoint as it is stored, with all signatures.
        checkpoint: what it says.
        entries: every entry, in order.
        leaves: their leaf hashes.
    """

    folder: Path
    key: VerifierKey
    note: Note
    checkpoint: Checkpoint
    entries: tuple[LogEntry, ...]
    leaves: tuple[bytes, ...]


def read_text(path: str | os.PathLike[str], limit: int = 2 * MAX_NOTE) -> str:
    """The text of a file of at most ``limit`` bytes, with its line breaks as they are.

    Raises:
        FolderError: it cannot be read.
        InputError: it is not UTF-8.
    """
    try:
        return read_bytes(path, limit).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8", where=os.fspath(path)) from error


def read_log(folder: str | os.PathLike[str], key: VerifierKey | None = None) -> Log:
    """Read a whole log and recompute it up to its checkpoint; needs nothing secret.

    Args:
        folder: the log, or a copy of its public files.
        key: the log's key, from outside. Without it the one in the folder is taken, which shows that the log agrees
            with itself and not whose it is.

    Raises:
        VerificationError: a file is malformed or missing, or does not lead to the signed root.
        FolderError: there is no log here, or it cannot be read.
        KeyFileError: the folder's own key is malformed.
    """
    place = Path(folder)
    if not os.path.lexists(place / CHECKPOINT):
        raise FolderMissing(f"{place}: there is no log here; begin one with: dblrandom log init", code="folder.none")
    if key is None:
        key = VerifierKey.parse(read_text(place / VKEY).removesuffix("\n"), str(place / VKEY))
    with checked():
        text = read_text(place / CHECKPOINT)
    note, checkpoint = open_checkpoint(text, key, str(place / CHECKPOINT))
    entries, leaves = _read_entries(place, checkpoint)
    return Log(folder=place, key=key, note=note, checkpoint=checkpoint, entries=entries, leaves=leaves)


def checkpoint_at(log: Log, size: int) -> Note:
    """The checkpoint that the log signed at a size, with the cosignatures that were merged into it.

    Raises:
        FolderError: none was kept.
        VerificationError: it is malformed, not by the log, or of another tree.
    """
    note, checkpoint = _kept_at(log, size)
    if checkpoint.size != size or checkpoint.root != root_of(log.leaves[:size]):
        where = str(log.folder / ARCHIVE / str(size))
        raise VerificationError("log", f"is not of the first {size} entries: the log forks", where=where)
    return note


def request(log: Log, old: int) -> AddCheckpoint:
    """What a witness who cosigned the size ``old`` last (0: none) is asked to cosign now.

    Raises:
        VerificationError: the log is smaller than that.
    """
    if old > log.checkpoint.size:
        raise VerificationError("log", f"the log shrinks, from {old} entries to {log.checkpoint.size}")
    return AddCheckpoint(old=old, path=tuple(consistency_path(log.leaves, old)), checkpoint=log.note.full)


def prove(log: Log, ceremony: str, sequence: int, *, threshold: int = 1) -> LogProof:
    """The proof that a receipt is in the log, against the earliest checkpoint that dates it.

    That is the smallest one with the receipt and at least ``threshold`` signatures beside the log's own; where there is
    none, the newest checkpoint, which dates nothing.

    Raises:
        StepError: the receipt is not in the log.
        VerificationError: a checkpoint that was kept does not hold.
        FolderError: the log cannot be read.
    """
    found = (n for n, e in enumerate(log.entries) if (e.ceremony, e.sequence) == (ceremony, sequence))
    index = next(found, None)
    if index is None:
        raise StepError(f"receipt {sequence} of {ceremony!r} is not in the log; append the ceremony first")
    size = next((kept for kept in _kept(log, index) if _cosigned(log, kept) >= threshold), log.checkpoint.size)
    path = inclusion_path(SHA256, log.leaves[:size], index)
    return LogProof(index=index, path=tuple(path), checkpoint=checkpoint_at(log, size).full)


def _kept(log: Log, index: int) -> list[int]:
    """The sizes of the checkpoints that were kept and cover an entry, ascending."""
    place = log.folder / ARCHIVE
    if not place.is_dir():
        return []
    with os_failure(place, "list it"):
        names = os.listdir(place)
    sizes = (int(name) for name in names if name.isascii() and name.isdecimal() and len(name) <= 16)
    return sorted(size for size in sizes if index < size <= log.checkpoint.size)


def _kept_at(log: Log, size: int) -> tuple[Note, Checkpoint]:
    """A checkpoint that was kept, with the log's signature checked."""
    if size == log.checkpoint.size:
        return log.note, log.checkpoint
    path = log.folder / ARCHIVE / str(size)
    if not 0 <= size <= log.checkpoint.size or not os.path.lexists(path):
        raise FolderMissing(f"{log.folder}: there is no checkpoint of {size} entries")
    with checked():
        text = read_text(path)
    return open_checkpoint(text, log.key, str(path))


def _cosigned(log: Log, size: int) -> int:
    """How many signatures a checkpoint has beside the log's own; whose they are, the log cannot say."""
    return sum(not signature.is_by(log.key) for signature in _kept_at(log, size)[0].signatures)


def _read_entries(place: Path, checkpoint: Checkpoint) -> tuple[tuple[LogEntry, ...], tuple[bytes, ...]]:
    entries: list[LogEntry] = []
    leaves: list[bytes] = []
    for index, width in spans(checkpoint.size):
        for data in _row(place, index, width, entries=True):
            with checked():
                entries.append(LogEntry.parse(data, f"{place}: entry {len(entries)}"))
            leaves.append(entries[-1].leaf)
        if leaves[index * WIDTH :] != _row(place, index, width, entries=False):
            raise VerificationError(
                "log", "an entry is not the one whose hash stands there", where=str(place / tile_path(0, index, width))
            )
    if root_of(leaves) != checkpoint.root:
        raise VerificationError(
            "log", "the entries do not lead to the signed root: the log was rewritten", where=str(place / CHECKPOINT)
        )
    for path, data in files([], leaves):
        if not path.startswith("tile/0/") and _file(place, path, len(data)) != data:
            raise VerificationError("log", "is not what the entries lead to", where=str(place / path))
    return tuple(entries), tuple(leaves)


def _row(place: Path, index: int, width: int, *, entries: bool) -> list[bytes]:
    """The entries of a bundle, or the hashes of the tile of level 0 beside it."""

    def read(width: int) -> list[bytes]:
        path = bundle_path(index, width) if entries else tile_path(0, index, width)
        data = _file(place, path, _LARGEST)
        with checked():
            return (read_bundle if entries else read_tile)(data, width, str(place / path))

    full, part = (
        (bundle_path(index), bundle_path(index, width))
        if entries
        else (
            tile_path(0, index),
            tile_path(0, index, width),
        )
    )
    # A log that grew after the checkpoint was read may have the full file in the place of the partial one.
    if not os.path.lexists(place / part) and os.path.lexists(place / full):
        return read(WIDTH)[:width]
    return read(width)


def _file(place: Path, path: str, limit: int) -> bytes:
    if not os.path.lexists(place / path):
        raise VerificationError("log", "is missing; get the log again", where=str(place / path))
    return read_bytes(place / path, limit)
