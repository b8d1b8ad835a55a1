"""Signed notes, and the keys by which they are checked (C2SP signed-note).

A note is a text, an empty line, and one line for each signature. A key is known by its name and a short id of name,
type and key; a signature by any other key is passed over and counts for nothing.
"""

from __future__ import annotations

import re
from functools import cache

import attrs

from dblrandom import limits
from dblrandom.errors import InputError, KeyFileError, VerificationError
from dblrandom.kernel.dsse import b64decode, b64encode
from dblrandom.kernel.signing import Signer, check_public_key
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.text import is_hex
from dblrandom.model.characters import SPACES, UNASSIGNED, UNSEEN, in_class
from dblrandom.model.json import show
from dblrandom.tlog.texts import lines_of

__all__ = [
    "LOG_KEY",
    "MAX_NOTE",
    "MAX_SIGNATURES",
    "WITNESS_KEY",
    "Note",
    "NoteSignature",
    "VerifierKey",
    "check_key_name",
    "read_signature_lines",
]

LOG_KEY = 0x01
"""The signature type of a log's key: Ed25519 over the note's text."""
WITNESS_KEY = 0x04
"""The signature type of a witness's key: Ed25519 over a time and the text (C2SP tlog-cosignature)."""
MAX_NOTE = limits.NOTE_CHARACTERS
"""The longest note, in characters; room for post-quantum signatures by keys that are not known here."""
MAX_SIGNATURES = limits.NOTE_SIGNATURES
"""The most signatures of one note."""

_DASH = "\u2014 "
_PRIVATE = "E000-F8FF F0000-FFFFD 100000-10FFFD"
_LONGEST_NAME = 255


@cache
def _not_in_name() -> re.Pattern[str]:
    inside = "".join(map(in_class, (UNSEEN, UNASSIGNED, SPACES, _PRIVATE)))
    return re.compile(f"[+{inside}\ud800-\udfff]")


def check_key_name(name: object, where: str = "key name") -> str:
    """A key's name, which for a log is its origin too: 1 to 255 bytes of UTF-8 without spaces and plus signs.

    Refused as well is what nobody sees, what Unicode 14.0 does not assign, and what is for private use.

    Raises:
        KeyFileError: anything else.
    """
    if not isinstance(name, str) or not name or _not_in_name().search(name):
        raise KeyFileError(
            f"{show(name)} is not a key's name; use an address without spaces and '+', such as log.example/receipts",
            where=where,
        )
    if len(name.encode("utf-8")) > _LONGEST_NAME:
        raise KeyFileError(f"a name has at most {_LONGEST_NAME} bytes", where=where)
    return name


@attrs.frozen
class VerifierKey:
    """A public key of a log or a witness, by which its signatures are known and checked.

    Attributes:
        name: the key's name; a log's is its origin.
        type: :data:`LOG_KEY` or :data:`WITNESS_KEY`.
        public_key: the raw Ed25519 key, 32 bytes.

    Raises:
        KeyFileError: a name, type or key that cannot be used.
    """

    name: str
    type: int
    public_key: bytes = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        check_key_name(self.name, "vkey")
        if type(self.type) is not int or self.type not in (LOG_KEY, WITNESS_KEY):
            raise KeyFileError(
                f"keys of type {show(self.type)} are not known here; 1 (a log's) and 4 (a witness's) are", where="vkey"
            )
        check_public_key(self.public_key, "vkey")

    @classmethod
    def of(cls, name: str, type: int, signer: Signer) -> VerifierKey:  # noqa: A002  # as the field is called
        """The key of a signer.

        Raises:
            KeyFileError: it signs with another algorithm than Ed25519, or the name cannot be used.
        """
        if signer.algorithm != "ed25519":
            raise KeyFileError(f"a log and its witnesses sign with ed25519, not with {signer.algorithm}")
        return cls(name, type, signer.public_key)

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256 of name, line feed, type and key."""
        return SHA256.hash(f"{self.name}\n".encode() + self._typed)[:4]

    @property
    def _typed(self) -> bytes:
        return bytes([self.type]) + self.public_key

    @property
    def text(self) -> str:
        """The vkey text, ``<name>+<key id in hex>+<base64 of type and key>``."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self._typed)}"

    @classmethod
    def parse(cls, text: object, where: str = "vkey") -> VerifierKey:
        """Read a vkey text, whose id must be that of its key.

        Raises:
            KeyFileError: it is not one, or has a type that is not known here.
        """
        parts = text.split("+", 2) if isinstance(text, str) else []
        if len(parts) != 3 or not is_hex(parts[1], 8):
            raise KeyFileError(f"{show(text)} is not a verifier key of the form name+id+key", where=where)
        try:
            typed = b64decode(parts[2])
        except InputError as error:
            raise KeyFileError(f"{show(text)} does not end in standard padded base64", where=where) from error
        if not typed:
            raise KeyFileError("holds no key", where=where)
        key = cls(parts[0], typed[0], typed[1:])
        if key.key_id.hex() != parts[1]:
            raise KeyFileError(f"the id {parts[1]} is not that of the key, {key.key_id.hex()}", where=where)
        return key


@attrs.frozen
class NoteSignature:
    """One signature line: the key's name, its id of 4 bytes, and what the key's type makes of the signature."""

    name: str
    key_id: bytes
    value: bytes = attrs.field(repr=False)

    @property
    def line(self) -> str:
        """The line, ended by a line feed."""
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.value)}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether name and id are those of ``key``; the signature itself is not checked."""
        return self.name == key.name and self.key_id == key.key_id


@attrs.frozen
class Note:
    """A text and its signatures; nothing is verified.

    Attributes:
        text: what is signed, every line ended by a line feed.
        signatures: at least one.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    @property
    def full(self) -> str:
        """The whole note, as it is stored."""
        return f"{self.text}\n{''.join(signature.line for signature in self.signatures)}"

    @classmethod
    def parse(cls, text: object, where: str = "note") -> Note:
        """Read a note strictly; its only form is what :attr:`full` gives again.

        Raises:
            InputError: it is not a note.
        """
        lines = lines_of(text, MAX_NOTE, where)
        # The text may have empty lines of its own: the last one is what divides it from the signatures.
        place = max((number for number, line in enumerate(lines) if not line), default=0)
        if place == 0:
            raise InputError("has no text above an empty line; it is not a signed note", where=where)
        return cls("".join(f"{line}\n" for line in lines[:place]), _signatures(lines[place + 1 :], where))

    def signature_of(self, key: VerifierKey, where: str = "note") -> NoteSignature | None:
        """The signature by ``key``, unverified, or ``None``.

        Raises:
            VerificationError: there are two: a key signs a note once, and whoever adds a second hopes to be counted
                twice or to have one checked and the other one read.
        """
        found = [signature for signature in self.signatures if signature.is_by(key)]
        if len(found) > 1:
            raise VerificationError("log", f"the note has a second signature by the same key, {key.name}", where=where)
        return found[0] if found else None


def read_signature_lines(text: object, where: str = "signatures") -> tuple[NoteSignature, ...]:
    """Read signature lines without a note, as a witness sends them.

    Raises:
        InputError: there is none, or one is malformed.
    """
    return _signatures(lines_of(text, MAX_NOTE, where), where)


def _signatures(lines: list[str], where: str) -> tuple[NoteSignature, ...]:
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise InputError(f"has {len(lines)} signatures; 1 to {MAX_SIGNATURES} are lawful", where=where)
    return tuple(_signature(line, f"{where}: signature {number}") for number, line in enumerate(lines, 1))


def _signature(line: str, where: str) -> NoteSignature:
    name, separator, coded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator:
        raise InputError(f"{show(line)} is not an em dash, a name and base64 with single spaces between", where=where)
    if not name or any(c.isspace() or c == "+" for c in name):
        raise InputError(f"{show(name)} is not a key's name", where=where)
    data = b64decode(coded, where)
    if len(data) < 5:
        raise InputError("has no signature after the key's id", where=where)
    return NoteSignature(name, data[:4], data[4:])
