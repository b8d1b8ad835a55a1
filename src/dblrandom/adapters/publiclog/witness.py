"""A witness of logs: what it cosigned last of each, and whether it may cosign more (C2SP tlog-witness).

Its memory is one file. It is written before a cosignature goes out: a witness who forgot what it signed could be
brought to sign two histories.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self, cast

from attrs import asdict, frozen

from dblrandom.adapters.files import read_bytes, write_atomic
from dblrandom.adapters.lock import FolderLock
from dblrandom.errors import InputError, StepError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.signing import Signer
from dblrandom.model import Json, Reader
from dblrandom.model.names import check_hex, check_time
from dblrandom.tlog import WITNESS_KEY, AddCheckpoint, Checkpoint, NoteSignature, VerifierKey, cosign, open_checkpoint
from dblrandom.tlog.note import check_key_name
from dblrandom.tlog.proof import check_keys
from dblrandom.tlog.tree import check_consistency, root_of

__all__ = ["SeenLog", "check_first", "cosign_request", "seen"]

_SPECIFICATION = "dblrandom/v1"


@frozen(kw_only=True)
class SeenLog:
    """What a witness cosigned last of one log.

    Attributes:
        vkey: the log's key.
        size: how many entries it had.
        root: its root, 64 hex characters.
        time: when it was cosigned.
    """

    vkey: str
    size: int
    root: str
    time: str

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read one log's part of the memory.

        Raises:
            InputError: naming the member.
        """
        reader = Reader(value, where, ("root", "size", "time", "vkey"), error=InputError)
        return cls(
            vkey=VerifierKey.parse(reader.text("vkey"), reader.at("vkey")).text,
            size=reader.whole("size"),
            root=check_hex(reader.text("root"), 64, reader.at("root"), error=InputError),
            time=check_time(reader.text("time"), reader.at("time"), error=InputError),
        )


def seen(memory: str | os.PathLike[str]) -> dict[str, SeenLog]:
    """What the witness cosigned last, by the log's origin; nothing where the file is new.

    Raises:
        FolderError: the file cannot be read.
        InputError: it is damaged.
    """
    where = os.fspath(memory)
    if not os.path.lexists(memory):
        return {}
    reader = Reader(decode(read_bytes(memory), where), where, ("logs", "specification"), error=InputError)
    if reader.text("specification") != _SPECIFICATION:
        raise InputError(f"is not {_SPECIFICATION}", where=reader.at("specification"))
    logs = reader.value("logs")
    if not isinstance(logs, Mapping):
        raise InputError("is not a table of logs", where=reader.at("logs"))
    names = [check_key_name(origin, reader.at("logs")) for origin in logs]
    return {origin: SeenLog.from_json(logs[origin], reader.at("logs")) for origin in names}


def cosign_request(
    text: object,
    *,
    memory: str | os.PathLike[str],
    name: str,
    key: Signer,
    log: VerifierKey,
    time: str,
    first: bool = False,
) -> NoteSignature:
    """Check a log's request against what was cosigned before, remember it, and cosign it.

    Args:
        text: the request (:class:`dblrandom.tlog.request.AddCheckpoint`).
        memory: the witness's file; made where it is new, with ``first``.
        name: the witness's name, which its key has for all logs.
        key: the witness's private key, which serves for nothing else.
        log: the log's key, which the witness has from outside.
        time: the time, which must not run backwards.
        first: whether this witness never cosigned this log before, so that there is nothing to compare it with. A
            memory that is lost, or a file that is misspelt, must not pass for that.

    Raises:
        VerificationError: the checkpoint is not the log's, or the log shrinks, forks or was rewritten.
        StepError: the memory does not know this log and it is not ``first``, or knows it and it is. Or the request
            begins at another size than the one cosigned last, the clock runs backwards, or the log has another key.
        InputError: the request is malformed, or a name, key or time cannot be used.
        FolderError: the memory cannot be read or written.
    """
    asked = AddCheckpoint.parse(text)
    note, checkpoint = open_checkpoint(asked.checkpoint, log, "request: checkpoint")
    check_keys(log, [VerifierKey.of(name, WITNESS_KEY, key)], 1)
    signature = cosign(note.text, name=name, signer=key, time=time)
    with FolderLock(Path(memory).absolute().parent):
        logs = seen(memory)
        before = logs.get(checkpoint.origin)
        check_first(memory, checkpoint.origin, before, first)
        _check_grown(before, asked, checkpoint)
        if before is not None and before.vkey != log.text:
            raise StepError(f"the log {checkpoint.origin} had the key {before.vkey} before; ask its agency why")
        if before is not None and time < before.time:
            raise StepError(f"it is {time}, and this log was cosigned at {before.time}: set the clock right")
        logs[checkpoint.origin] = SeenLog(vkey=log.text, size=checkpoint.size, root=checkpoint.root.hex(), time=time)
        known = {origin: cast("Json", asdict(one)) for origin, one in logs.items()}
        write_atomic(memory, encode({"specification": _SPECIFICATION, "logs": known}), 0o600)
    return signature


def check_first(memory: str | os.PathLike[str], origin: str, before: SeenLog | None, first: bool) -> None:
    """Check that a memory that does not know a log is meant to be new to it.

    Raises:
        StepError: it does not know the log and it is not ``first``, or knows it and it is.
    """
    if before is None and not first:
        there = "remembers nothing of" if os.path.lexists(memory) else "is not there, so nothing is remembered of"
        raise StepError(
            f"{os.fspath(memory)} {there} the log {origin}: find the right file, or a fork could be signed; "
            "only if this witness has never cosigned this log, say --first"
        )
    if before is not None and first:
        raise StepError(
            f"{os.fspath(memory)} remembers {before.size} entries of {origin}, cosigned at {before.time}: it is not "
            "the first cosignature; leave out --first"
        )


def _check_grown(before: SeenLog | None, asked: AddCheckpoint, now: Checkpoint) -> None:
    size, root = (0, root_of(())) if before is None else (before.size, bytes.fromhex(before.root))
    if now.size <= size:
        # A fork or a log that shrinks is called so whatever else is wrong with the request.
        check_consistency(size, now.size, root, now.root, ())
    if asked.old != size:
        raise StepError(f"this witness cosigned {size} entries of {now.origin} last; ask again from there")
    check_consistency(size, now.size, root, now.root, asked.path)
