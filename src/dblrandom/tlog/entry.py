"""What the log holds of a receipt: a small object that names it and binds its payload (docs/spec/log.md)."""

from __future__ import annotations

from typing import cast

import attrs

from dblrandom import limits
from dblrandom.errors import InputError, ReceiptError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.merkle import leaf_hash
from dblrandom.kernel.suite import SHA256, Suite, suite_named
from dblrandom.model.json import Json, Reader, whole
from dblrandom.model.names import check_hex, check_name, check_time

__all__ = ["MAX_ENTRY", "LogEntry"]

MAX_ENTRY = limits.ENTRY_BYTES
"""The longest entry in bytes, as the length of two bytes in a bundle can say it."""

_MEMBERS = ("ceremony", "digest", "payload_sha256", "previous", "sequence", "suite", "time", "type")


@attrs.frozen(kw_only=True)
class LogEntry:
    """One entry of the log.

    Attributes:
        ceremony: the ceremony's name.
        sequence: the receipt's place in the ceremony, from 1.
        type: the receipt's type.
        time: the receipt's own time, which decides nothing.
        suite: the name of the ceremony's hash suite.
        digest: the receipt's digest in that suite, 64 hex characters.
        previous: the digest of the receipt before; ``None`` for the first one.
        payload_sha256: SHA-256 of the payload, 64 hex characters; under ``sha256`` the same as ``digest``.

    Raises:
        ReceiptError: naming the member.
    """

    ceremony: str
    sequence: int
    type: str
    time: str
    suite: str
    digest: str
    previous: str | None
    payload_sha256: str

    def __attrs_post_init__(self) -> None:
        check_name(self.ceremony, "entry.ceremony", error=ReceiptError)
        whole(self.sequence, "entry.sequence", minimum=1, error=ReceiptError)
        check_name(self.type, "entry.type", error=ReceiptError)
        check_time(self.time, "entry.time", error=ReceiptError)
        try:
            suite_named(self.suite)
        except InputError as error:
            raise ReceiptError(str(error), where="entry") from error
        for name in ("digest", "payload_sha256"):
            check_hex(getattr(self, name), 64, f"entry.{name}", error=ReceiptError)
        if self.previous is not None:
            check_hex(self.previous, 64, "entry.previous", error=ReceiptError)
        if (self.previous is None) != (self.sequence == 1):
            raise ReceiptError("the first receipt of a ceremony, and no other, has none before it", where="entry")
        if self.suite == SHA256.name and self.digest != self.payload_sha256:
            raise ReceiptError("is not the digest, which is SHA-256 too", where="entry.payload_sha256")

    @property
    def data(self) -> bytes:
        """The entry's bytes: canonical JSON."""
        return encode(cast("dict[str, Json]", attrs.asdict(self)), "entry")

    @property
    def leaf(self) -> bytes:
        """The leaf hash in the log's tree, 32 bytes (RFC 9162 section 2.1.1)."""
        return leaf_hash(SHA256, self.data)

    @property
    def label(self) -> str:
        """How findings call the receipt: ``receipt 4 (reveal) of 'name'``."""
        return f"receipt {self.sequence} ({self.type}) of {self.ceremony!r}"

    @classmethod
    def of_payload(cls, payload: bytes, suite: Suite, where: str = "payload") -> LogEntry:
        """The entry of a receipt, from the payload that was signed and the ceremony's suite.

        Raises:
            CanonicalError: the payload is not canonical JSON.
            ReceiptError: it lacks one of the members that an entry repeats.
        """
        head = Reader(decode(payload, where), where, (*_MEMBERS, "body"), error=ReceiptError)
        return cls(
            ceremony=head.text("ceremony"),
            sequence=head.whole("sequence", minimum=1),
            type=head.text("type"),
            time=head.text("time"),
            suite=suite.name,
            digest=suite.hexhash(payload),
            previous=_previous(head),
            payload_sha256=SHA256.hexhash(payload),
        )

    @classmethod
    def parse(cls, data: bytes, where: str = "entry") -> LogEntry:
        """Read an entry's bytes strictly.

        Raises:
            CanonicalError: they are not canonical JSON.
            ReceiptError: a member is missing, unknown or malformed.
        """
        if len(data) > MAX_ENTRY:
            raise ReceiptError(f"has {len(data)} bytes; at most {MAX_ENTRY} are allowed", where=where)
        members = Reader(decode(data, where), where, _MEMBERS, error=ReceiptError)
        texts = {n: members.text(n) for n in _MEMBERS if n not in ("previous", "sequence")}
        return cls(sequence=members.whole("sequence", minimum=1), previous=_previous(members), **texts)


def _previous(members: Reader) -> str | None:
    return None if members.value("previous") is None else members.text("previous")
