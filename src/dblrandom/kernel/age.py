"""age v1 files: a header of stanzas that carry a file key, and a payload under that key (C2SP, age).

Only what a time-lock needs: bytes in memory, at most 1 MiB, and none of age's own recipient types. Base64 and armor
are read in their one canonical form.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Sequence

from attrs import frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dblrandom import limits
from dblrandom.errors import EntropyError, ReceiptError
from dblrandom.kernel.dsse import b64decode, b64encode

__all__ = [
    "KEY_BYTES",
    "MAX_AGE",
    "MAX_STANZAS",
    "AgeFile",
    "Stanza",
    "armor",
    "dearmor",
    "open_age",
    "read_age",
    "seal_age",
]

KEY_BYTES = 16
"""The length of a file key, and of a payload's nonce."""
MAX_AGE = limits.AGE_BYTES
"""The greatest size of a file that is read or written, in bytes."""
MAX_STANZAS = limits.AGE_STANZAS
"""The most stanzas that a header may have."""

_VERSION = b"age-encryption.org/v1"
_BEGIN, _END = "-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----"
_ARGUMENT = re.compile(r"[!-~]+")
_LONGEST_LINE = limits.AGE_LINE
_CHUNK, _TAG = 2**16, 16
_WHERE = "age file"


@frozen
class Stanza:
    """One way to the file key: its type and arguments, and the bytes that hold the wrapped key.

    Raises:
        EntropyError: no argument, or one that is empty or not of visible ASCII characters.
    """

    arguments: tuple[str, ...]
    body: bytes

    def __attrs_post_init__(self) -> None:
        if not self.arguments or not all(_ARGUMENT.fullmatch(a) for a in self.arguments):
            raise _bad("a stanza has a type and arguments of visible ASCII characters, with single spaces between")

    def to_bytes(self) -> bytes:
        """The stanza's lines: arguments, then the body in unpadded base64 whose last line has under 64 characters."""
        body = _unpadded(self.body)
        lines = [body[i : i + 64] for i in range(0, len(body) + 1, 64)]
        return "".join(f"{line}\n" for line in ("-> " + " ".join(self.arguments), *lines)).encode("ascii")


@frozen(kw_only=True)
class AgeFile:
    """A file whose form is right; whether it is genuine shows only under its key.

    Attributes:
        stanzas: in the file's order, at least one.
        header: the bytes that the MAC covers, from the start to the ``---``.
        mac: 32 bytes.
        payload: nonce and sealed chunks.
    """

    stanzas: tuple[Stanza, ...]
    header: bytes
    mac: bytes
    payload: bytes


def read_age(data: bytes) -> AgeFile:
    """Read a binary age file; armor has to be taken off before.

    Raises:
        EntropyError: too large, not version 1, or a header that departs from the format.
    """
    if len(data) > MAX_AGE:
        raise _bad(f"is over {MAX_AGE} bytes, more than any time-lock needs")
    lines = _Lines(data)
    if next(lines) != _VERSION.decode("ascii"):
        raise _bad("does not begin with the line age-encryption.org/v1")
    stanzas: list[Stanza] = []
    start = lines.place
    while (line := next(lines)).startswith("-> "):
        if len(stanzas) == MAX_STANZAS:
            raise _bad(f"has more than {MAX_STANZAS} stanzas")
        stanzas.append(Stanza(tuple(line[3:].split(" ")), _body(lines)))
        start = lines.place
    if not line.startswith("--- "):
        raise _bad("has a header line that neither begins a stanza nor is the MAC")
    if not stanzas:
        raise _bad("has no stanza, so nothing leads to its key")
    mac = _from_unpadded(line[4:])
    if len(mac) != 32:
        raise _bad(f"has a MAC of {len(mac)} bytes; it must be 32")
    return AgeFile(stanzas=tuple(stanzas), header=data[: start + 3], mac=mac, payload=data[lines.place :])


def open_age(file: AgeFile, file_key: bytes) -> bytes:
    """The plaintext, after header and payload have proved to be made with ``file_key``.

    Raises:
        EntropyError: the key has not 16 bytes, the header's MAC or a chunk fails, or the payload is cut short or too
            long.
    """
    if len(file_key) != KEY_BYTES:
        raise _bad(f"a file key has {KEY_BYTES} bytes, not {len(file_key)}")
    if not hmac.compare_digest(_mac(file_key, file.header), file.mac):
        raise _bad("the header's MAC does not match; the header was changed, or made with another key")
    nonce, sealed = file.payload[:KEY_BYTES], file.payload[KEY_BYTES:]
    if len(nonce) < KEY_BYTES:
        raise _bad("ends before its payload")
    aead = ChaCha20Poly1305(_derived(file_key, b"payload", nonce))
    plain: list[bytes] = []
    for counter, (chunk, last) in enumerate(_chunks(sealed, _CHUNK + _TAG)):
        try:
            plain.append(aead.decrypt(_stream_nonce(counter, last=last), chunk, None))
        except InvalidTag as error:
            raise _bad("the payload does not decrypt; it was changed or cut short") from error
    if len(plain) > 1 and not plain[-1]:
        raise _bad("the payload ends with an empty chunk")
    return b"".join(plain)


def seal_age(plaintext: bytes, stanzas: Sequence[Stanza], *, file_key: bytes, nonce: bytes) -> bytes:
    """A binary age file.

    ``file_key`` and ``nonce`` are 16 random bytes each that serve no other file.

    Raises:
        EntropyError: a key or nonce of another length, no stanza or too many, or a file that would be too large.
    """
    if len(file_key) != KEY_BYTES or len(nonce) != KEY_BYTES:
        raise _bad(f"needs a key and a nonce of {KEY_BYTES} bytes each")
    if not 1 <= len(stanzas) <= MAX_STANZAS:
        raise _bad(f"needs 1 to {MAX_STANZAS} stanzas")
    header = b"%b\n%b---" % (_VERSION, b"".join(s.to_bytes() for s in stanzas))
    mac = _unpadded(_mac(file_key, header)).encode("ascii")
    aead = ChaCha20Poly1305(_derived(file_key, b"payload", nonce))
    chunks = enumerate(_chunks(plaintext, _CHUNK))
    sealed = b"".join(aead.encrypt(_stream_nonce(i, last=last), chunk, None) for i, (chunk, last) in chunks)
    data = b"%b %b\n%b%b" % (header, mac, nonce, sealed)
    if len(data) > MAX_AGE:
        raise _bad(f"would be over {MAX_AGE} bytes, more than any time-lock needs")
    return data


def armor(data: bytes) -> str:
    """The file as text: padded base64 in lines of 64 characters between two marks."""
    text = b64encode(data)
    return "\n".join([_BEGIN, *(text[i : i + 64] for i in range(0, len(text), 64)), _END, ""])


def dearmor(text: str) -> bytes:
    """The bytes of an armored file; only what :func:`armor` writes is read, with or without the last line break.

    Raises:
        EntropyError: anything else.
    """
    if len(text) > 2 * MAX_AGE:
        raise _bad("its armor is too large")
    lines = text.removesuffix("\n").split("\n")
    try:
        data = b64decode("".join(lines[1:-1]))
    except ReceiptError as error:
        raise _bad("its armor is not canonical base64") from error
    if armor(data).removesuffix("\n") != text.removesuffix("\n"):
        raise _bad("its armor is not lines of 64 characters between the BEGIN and END marks and nothing else")
    return data


class _Lines(Iterator[str]):
    """The header's lines one after another; ``place`` is where the next one begins."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def __next__(self) -> str:
        end = self._data.find(b"\n", self.place, self.place + _LONGEST_LINE)
        if end < 0:
            raise _bad("is cut short in its header, or has a header line that is too long")
        line, self.place = self._data[self.place : end], end + 1
        try:
            return line.decode("ascii")
        except UnicodeDecodeError as error:
            raise _bad("has a header line that is not ASCII") from error


def _body(lines: _Lines) -> bytes:
    text = [next(lines)]
    while len(text[-1]) == 64:
        text.append(next(lines))
    if len(text[-1]) > 64:
        raise _bad("has a stanza line of more than 64 characters")
    return _from_unpadded("".join(text))


def _unpadded(data: bytes) -> str:
    return b64encode(data).rstrip("=")


def _from_unpadded(text: str) -> bytes:
    if "=" in text:
        raise _bad("has padded base64 in its header, which age forbids")
    try:
        return b64decode(text + "=" * (-len(text) % 4))
    except ReceiptError as error:
        raise _bad("has base64 in its header that is not canonical") from error


def _derived(file_key: bytes, info: bytes, salt: bytes | None = None) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(file_key)


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"header"), header, "sha256")


def _stream_nonce(counter: int, *, last: bool) -> bytes:
    return counter.to_bytes(11, "big") + bytes([last])


def _chunks(data: bytes, size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of ``size``, each with whether it is the last; empty data are one empty last piece."""
    for start in range(0, max(len(data), 1), size):
        yield data[start : start + size], start + size >= len(data)


def _bad(message: str) -> EntropyError:
    return EntropyError(message, where=_WHERE)
