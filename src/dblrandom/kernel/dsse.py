"""The envelope's two primitives: DSSE's pre-authentication encoding and strict base64 (docs/spec, section 6)."""

from __future__ import annotations

import base64
import binascii

from dblrandom.errors import ReceiptError

__all__ = ["PAYLOAD_TYPE", "b64decode", "b64encode", "pae"]

PAYLOAD_TYPE = "application/vnd.dblrandom.v1+json"
"""The payload type of every receipt."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding, version 1, of a type and a payload.

    Raises:
        ReceiptError: a type that is not Unicode.
    """
    try:
        kind = payload_type.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ReceiptError("a lone surrogate is not text; remove it", where="payloadType") from error
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def b64encode(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def b64decode(text: str, where: str = "base64") -> bytes:
    """Read standard, padded base64 whose trailing bits are zero; only what :func:`b64encode` writes is taken.

    Raises:
        ReceiptError: anything else.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ReceiptError("not standard padded base64", where=where) from error
    if b64encode(data) != text:
        raise ReceiptError("not the one base64 form of its bytes (trailing bits must be zero)", where=where)
    return data
