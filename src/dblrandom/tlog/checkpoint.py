"""Checkpoints: a log's name, size and root, signed by the log (C2SP tlog-checkpoint)."""

from __future__ import annotations

import attrs

from dblrandom.errors import InputError, KeyFileError, VerificationError
from dblrandom.kernel.dsse import b64encode
from dblrandom.kernel.signing import Signer, verify_ed25519
from dblrandom.model.json import show, whole
from dblrandom.tlog.note import LOG_KEY, MAX_NOTE, Note, NoteSignature, VerifierKey, check_key_name
from dblrandom.tlog.texts import HASH_SIZE, checked, lines_of, read_decimal, read_hash
from dblrandom.tlog.tree import root_of

__all__ = ["Checkpoint", "check_log_key", "open_checkpoint", "sign_checkpoint"]


@attrs.frozen(kw_only=True)
class Checkpoint:
    """The head of a log at one size; whether anybody signed it is the note's to say.

    Attributes:
        origin: the log's name, which is its key's name too.
        size: how many entries it has, up to 2^53-1.
        root: the root over their leaf hashes, 32 bytes.

    Raises:
        InputError: naming the member.
    """

    origin: str
    size: int
    root: bytes

    def __attrs_post_init__(self) -> None:
        check_key_name(self.origin, "checkpoint: origin")
        whole(self.size, "checkpoint: size", error=InputError)
        if len(self.root) != HASH_SIZE:
            raise InputError(f"is not {HASH_SIZE} bytes", where="checkpoint: root")
        if self.size == 0 and self.root != root_of(()):
            raise InputError("the root of no entries is not the hash of nothing", where="checkpoint")

    @property
    def text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root)}\n"

    @classmethod
    def parse(cls, text: object, where: str = "checkpoint") -> Checkpoint:
        """Read the text of a note strictly.

        Extension lines, which C2SP allows and advises against, are refused: nobody audits what they say.

        Raises:
            InputError: it is not exactly origin, size and root.
        """
        lines = lines_of(text, MAX_NOTE, where)
        if len(lines) != 3:
            raise InputError(
                f"has {len(lines)} lines; it is exactly origin, size and root, without extension lines", where=where
            )
        return cls(
            origin=check_key_name(lines[0], f"{where}: origin"),
            size=read_decimal(lines[1], "size", where),
            root=read_hash(lines[2], "root", where),
        )


def check_log_key(key: VerifierKey) -> None:
    """Refuse a key that is not a log's.

    Raises:
        KeyFileError: it is a witness's.
    """
    if key.type != LOG_KEY:
        raise KeyFileError(f"the key {key.name} is a witness's, not a log's", where="vkey")


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> Note:
    """The checkpoint as a note with the log's signature, by a key whose name is the origin.

    Raises:
        KeyFileError: the signer is not an Ed25519 key.
    """
    key = VerifierKey.of(checkpoint.origin, LOG_KEY, signer)
    signature = NoteSignature(key.name, key.key_id, signer.sign(checkpoint.text.encode()))
    return Note(checkpoint.text, (signature,))


def open_checkpoint(text: object, key: VerifierKey, where: str = "checkpoint") -> tuple[Note, Checkpoint]:
    """Check the log's signature on a checkpoint, and read it; cosignatures are not looked at.

    Raises:
        VerificationError: it is malformed, not signed by ``key``, signed twice, or of another origin.
        KeyFileError: ``key`` is not a log's.
    """
    check_log_key(key)
    with checked():
        note = Note.parse(text, where)
    signature = note.signature_of(key, where)
    if signature is None:
        raise VerificationError("log", f"there is no signature by the log {key.name}", where=where)
    try:
        verify_ed25519(key.public_key, signature.value, note.text.encode())
    except KeyFileError as error:
        raise VerificationError("log", f"the signature by {key.name} does not hold: {error}", where=where) from error
    with checked():
        checkpoint = Checkpoint.parse(note.text, where)
    if checkpoint.origin != key.name:
        raise VerificationError("log", f"its origin is {show(checkpoint.origin)}, not {key.name}", where=where)
    return note, checkpoint
