"""Cosignatures: a witness's word that, at a time, this was the largest tree it had seen (C2SP tlog-cosignature).

The type is Ed25519, ``cosignature/v1``. The signed message does not name the witness, so a key serves one name only.
"""

from __future__ import annotations

import attrs

from dblrandom.errors import InputError, KeyFileError, VerificationError
from dblrandom.kernel.signing import Signer, verify_ed25519
from dblrandom.model.names import check_time, time_seconds, time_text
from dblrandom.tlog.note import WITNESS_KEY, Note, NoteSignature, VerifierKey

__all__ = ["Cosignature", "check_cosignature", "check_witness_key", "cosign"]

_TIME_SIZE = 8
_SIGNATURE_SIZE = 64


@attrs.frozen
class Cosignature:
    """A cosignature that was checked: the witness's name, and the time ``YYYY-MM-DDThh:mm:ssZ`` that it vouches for."""

    witness: str
    time: str


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def check_witness_key(key: VerifierKey) -> None:
    """Refuse a key that is not a witness's.

    Raises:
        KeyFileError: it is a log's.
    """
    if key.type != WITNESS_KEY:
        raise KeyFileError(f"the key {key.name} is a log's (type 1), not a witness's (type 4)", where="vkey")


def cosign(text: str, *, name: str, signer: Signer, time: str) -> NoteSignature:
    """The cosignature of a checkpoint's text; whether it may be given is for the caller to have checked.

    Args:
        text: the note's text, without signatures.
        name: the witness's name.
        signer: its key.
        time: when it is given, after 1970-01-01T00:00:00Z.

    Raises:
        KeyFileError: a name or key that cannot be used.
        InputError: a time that is none.
    """
    key = VerifierKey.of(name, WITNESS_KEY, signer)
    seconds = time_seconds(check_time(time, "cosignature: time", error=InputError))
    if seconds < 1:
        raise InputError(f"{time} cannot be the time of a cosignature; set the clock", where="cosignature")
    value = seconds.to_bytes(_TIME_SIZE, "big") + signer.sign(_message(text, seconds))
    return NoteSignature(key.name, key.key_id, value)


def check_cosignature(
    note: Note, key: VerifierKey, *, as_of: str | None = None, where: str = "checkpoint"
) -> Cosignature | None:
    """Check the cosignature by one witness; ``None`` where it gave none.

    Args:
        note: the checkpoint with its signatures.
        key: the witness's key.
        as_of: the time at which it is judged; a later cosignature is refused.
        where: what to call the note in messages.

    Raises:
        VerificationError: there are two by this key, it has no time or one to come, or the signature does not hold.
        KeyFileError: ``key`` is not a witness's.
    """
    check_witness_key(key)
    signature = note.signature_of(key, where)
    if signature is None:
        return None
    if len(signature.value) != _TIME_SIZE + _SIGNATURE_SIZE:
        size = len(signature.value)
        what = "has no time" if size == _SIGNATURE_SIZE else f"has {size} bytes, not {_TIME_SIZE + _SIGNATURE_SIZE}"
        raise VerificationError("log", f"the cosignature by {key.name} {what}", where=where)
    seconds = int.from_bytes(signature.value[:_TIME_SIZE], "big")
    try:
        verify_ed25519(key.public_key, signature.value[_TIME_SIZE:], _message(note.text, seconds))
        time = time_text(seconds)
    except InputError as error:
        raise VerificationError("log", f"the cosignature by {key.name} does not hold: {error}", where=where) from error
    if seconds == 0:
        raise VerificationError("log", f"the cosignature by {key.name} has no time", where=where)
    if as_of is not None and time > check_time(as_of, "as_of", error=InputError):
        raise VerificationError("log", f"the cosignature by {key.name} is from the future: {time}", where=where)
    return Cosignature(key.name, time)
