"""Proofs that an entry stands in the log, which anyone checks offline (C2SP tlog-proof)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from dblrandom.errors import InputError, KeyFileError, VerificationError
from dblrandom.kernel.merkle import leaf_hash, root_from_path
from dblrandom.kernel.suite import SHA256
from dblrandom.model.json import Json, show, whole
from dblrandom.tlog.checkpoint import Checkpoint, check_log_key, open_checkpoint
from dblrandom.tlog.cosignature import Cosignature, check_cosignature, check_witness_key
from dblrandom.tlog.note import MAX_NOTE, Note, VerifierKey
from dblrandom.tlog.texts import checked, hashes_and_note, lines_of, read_decimal, read_hashes_and_note
from dblrandom.tlog.tree import MAX_PATH

__all__ = ["LogProof", "Logged", "check_keys", "stands_in", "verify_proof"]

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = "index "
_MAX = MAX_NOTE + 64 * (MAX_PATH + 4)


@attrs.frozen(kw_only=True)
class LogProof:
    """A proof as it is stored; nothing in it is verified.

    Attributes:
        index: the entry's place in the log, from 0.
        path: the audit path, 32 bytes each, from the leaf to the root.
        checkpoint: the signed note, verbatim.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        """The proof's file."""
        return f"{_FIRST}\n{_INDEX}{self.index}\n{hashes_and_note(self.path, self.checkpoint)}"

    @classmethod
    def parse(cls, text: object, where: str = "proof") -> LogProof:
        """Read a proof strictly.

        The line ``extra``, which C2SP allows, is refused: nothing signs it, and a log of receipts has no use for it.

        Raises:
            InputError: it is not a proof.
        """
        lines = lines_of(text, _MAX, where)
        if len(lines) < 2 or lines[0] != _FIRST:
            raise InputError(f"does not begin with the line {_FIRST}", where=where)
        if lines[1].startswith("extra "):
            raise InputError("has extra data, which nothing signs; a proof of this log has none", where=where)
        if not lines[1].startswith(_INDEX):
            raise InputError(f"{show(lines[1])} is not the line of the index", where=where)
        index = read_decimal(lines[1].removeprefix(_INDEX), "index", where)
        path, checkpoint = read_hashes_and_note(lines[2:], MAX_PATH, "path", where)
        return cls(index=index, path=path, checkpoint=checkpoint)


@attrs.frozen(kw_only=True)
class Logged:
    """What a verified proof shows.

    Attributes:
        origin: the log.
        index: the entry's place in it, from 0.
        size: the size of the tree that the witnesses saw.
        time: when, at the latest, the entry stood in the log: by then as many witnesses as were asked for had vouched
            for a tree with it.
        witnesses: the names of all who did, with their times, by time.
    """

    origin: str
    index: int
    size: int
    time: str
    witnesses: tuple[Cosignature, ...]

    def to_json(self) -> dict[str, Json]:
        """One object; ``witnesses`` is a list of name and time."""
        return {
            "index": self.index,
            "origin": self.origin,
            "size": self.size,
            "time": self.time,
            "witnesses": [{"name": given.witness, "time": given.time} for given in self.witnesses],
        }


def stands_in(proof: LogProof, entry: bytes) -> Checkpoint:
    """Check that an entry stands under a proof's own checkpoint, whoever signed that; returns the checkpoint.

    Raises:
        InputError: the checkpoint is malformed, or the entry is another one.
    """
    checkpoint = Checkpoint.parse(Note.parse(proof.checkpoint, "proof: checkpoint").text, "proof: checkpoint")
    if root_from_path(SHA256, leaf_hash(SHA256, entry), proof.index, checkpoint.size, proof.path) != checkpoint.root:
        raise InputError(f"entry {proof.index} of {checkpoint.size} is another one", where="proof")
    return checkpoint


def verify_proof(
    text: object,
    *,
    entry: bytes,
    log_vkey: VerifierKey,
    witness_vkeys: Sequence[VerifierKey],
    threshold: int,
    as_of: str | None = None,
) -> Logged:
    """Check that an entry stands in a log that enough witnesses saw, and when.

    Args:
        text: the proof's text.
        entry: the entry's bytes (:attr:`dblrandom.tlog.entry.LogEntry.data`), made by the verifier from the receipt.
        log_vkey: the log's key; its name is the only origin that is taken.
        witness_vkeys: the witnesses that the verifier trusts.
        threshold: how many of them must have cosigned, at least 1.
        as_of: the time at which it is judged; later cosignatures are refused. Without it none is.

    Raises:
        VerificationError: the proof is malformed or does not hold, or too few witnesses cosigned.
        KeyFileError: a key of the wrong type, one key under two names, or the log's own key as a witness's.
        InputError: a threshold that the witnesses cannot reach.
    """
    check_keys(log_vkey, witness_vkeys, threshold)
    with checked():
        proof = LogProof.parse(text)
    note, checkpoint = open_checkpoint(proof.checkpoint, log_vkey, "proof: checkpoint")
    with checked():
        root = root_from_path(SHA256, leaf_hash(SHA256, entry), proof.index, checkpoint.size, proof.path)
    if root != checkpoint.root:
        raise VerificationError("log", f"entry {proof.index} of {checkpoint.size} is another one", where="proof")
    given = [check_cosignature(note, key, as_of=as_of, where="proof: checkpoint") for key in witness_vkeys]
    found = sorted((g for g in given if g is not None), key=lambda g: (g.time, g.witness))
    if len(found) < threshold:
        raise VerificationError(
            "log", f"{len(found)} known witnesses cosigned, and {threshold} are asked for", where="proof: checkpoint"
        )
    return Logged(
        origin=checkpoint.origin,
        index=proof.index,
        size=checkpoint.size,
        time=found[threshold - 1].time,
        witnesses=tuple(found),
    )


def check_keys(log: VerifierKey, witnesses: Sequence[VerifierKey], threshold: int) -> None:
    """Check that a log's key, its witnesses' and their threshold make sense together.

    Raises:
        KeyFileError: a key of the wrong type, one key under two names (the cosigned message has no name in it), or the
            log's own key as a witness's.
        InputError: a threshold below 1 or above the number of witnesses.
    """
    check_log_key(log)
    names: dict[bytes, str] = {log.public_key: log.name}
    for key in witnesses:
        check_witness_key(key)
        if key.public_key in names:
            raise KeyFileError(
                f"{key.name} and {names[key.public_key]} are one key; each witness needs its own", where="vkey"
            )
        names[key.public_key] = key.name
    whole(threshold, "threshold", minimum=1, error=InputError)
    if threshold > len(witnesses):
        raise InputError(f"{threshold} of {len(witnesses)} witnesses cannot be reached", where="threshold")
