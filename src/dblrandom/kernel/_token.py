"""What a time-stamp token says, read strictly and believed by nobody yet (RFC 3161 section 2.4.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from attrs import field, frozen

from dblrandom import limits
from dblrandom.errors import KeyFileError, PlanError
from dblrandom.kernel._cms import HASHES, SHA1_OID, TST_INFO, Signer, algorithm_of, read_signer
from dblrandom.kernel._der import (
    BIT_STRING,
    BOOLEAN,
    GENERAL_TIME,
    INTEGER,
    OCTETS,
    OID,
    SEQUENCE,
    SET,
    Fields,
    Node,
    context,
    node,
)
from dblrandom.model.json import show
from dblrandom.model.names import time_text

__all__ = ["MAX_TOKEN_BYTES", "Token", "read_token"]

MAX_TOKEN_BYTES = limits.TOKEN_BYTES
"""The longest token or response that is looked at; one with its chain takes about 6,000 bytes."""

_STATUS = ("granted", "granted with changes", "rejection", "waiting", "revocation warning", "revocation notice")
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_WHEN = re.compile(rb"([0-9]{14})(?:\.([0-9]{0,11}[1-9]))?Z")
_DAY = 86_400


@frozen(kw_only=True)
class Token:
    """What a token says.

    ``time`` is the latest moment that its ``genTime`` and accuracy allow, rounded up to the second: what it dates
    existed by then. ``earliest`` is the first such moment, rounded down: what contains the token was made after it.
    ``issued`` is ``genTime`` itself, rounded down. ``imprint_algorithm`` is a name such as ``sha256``, or a dotted
    identifier. ``certificates`` are those that the token carries (DER), in its order.
    """

    der: bytes = field(repr=False)
    time: str
    earliest: str
    issued: str
    policy: str
    serial: int
    imprint_algorithm: str
    imprint: bytes
    nonce: int | None
    certificates: tuple[bytes, ...] = field(repr=False)
    info: bytes = field(repr=False)
    signer: Signer = field(repr=False)


_NOT_TEXT = re.compile(rb"[^\t\n\r\x20-\x7e]")


def read_token(token: bytes, where: str = "time stamp") -> Token:
    """Read a token, or the token in a response that grants it; nothing is verified.

    Raises:
        KeyFileError: it is not DER, not a token, over 64 KiB, uses SHA-1 or another algorithm that is not taken, or is
            a response that refuses; the message then has the authority's own reason.
    """
    if len(token) > MAX_TOKEN_BYTES:
        raise KeyFileError(f"has {len(token)} bytes; a token has at most {MAX_TOKEN_BYTES}", where=where)
    _check_binary(token, where)
    outer = node(token, where)
    parts = outer.expect(SEQUENCE, "the token").parts()
    if parts and parts[0].tag == SEQUENCE:
        outer = _granted(outer.fields("the response"))
    return _token(outer)


def _check_binary(data: bytes, where: str) -> None:
    """Refuse what an authority's web page, a message or an encoded file gives, by its own name."""
    if not data:
        raise KeyFileError("is empty; it is no time-stamp answer", where=where)
    if data[0] != SEQUENCE or not _NOT_TEXT.search(data):
        raise KeyFileError(
            "is not a time-stamp answer (text, HTML or base64); save the answer as the authority sends it, in binary "
            "form (DER)",
            where=where,
        )


def _granted(response: Fields) -> Node:
    info = response.take(SEQUENCE, "the status").fields("the status")
    first = info.take(INTEGER, "the status")
    status = first.integer("the status")
    texts = info.optional(SEQUENCE)
    info.optional(BIT_STRING)
    info.end()
    if status not in (0, 1):
        name = _STATUS[status] if 0 <= status < len(_STATUS) else f"status {show(status)}"
        said = b"; ".join(part.content for part in texts.parts()) if texts else b""
        reason = f": {show(said.decode('utf-8', 'backslashreplace'))}" if said else ""
        raise first.fail(f"the authority did not grant it ({name}){reason}; ask again, or ask another")
    token = response.take(SEQUENCE, "the token")
    response.end()
    return token


def _token(outer: Node) -> Token:
    content = outer.fields("the token")
    if content.take(OID, "the content type").oid("the content type") != _SIGNED_DATA:
        raise outer.fail("is not signed data, so not a time stamp")
    wrapped = content.take(context(0), "the signed data").fields("the token", context(0))
    content.end()
    data = wrapped.take(SEQUENCE, "the signed data").fields("the signed data")
    wrapped.end()
    data.take(INTEGER, "the version")
    data.take(SET, "the digest algorithms")
    inner = data.take(SEQUENCE, "the content").fields("the content")
    if inner.take(OID, "the content type").oid("the content type") != TST_INFO:
        raise outer.fail("is signed data, but not a time stamp")
    explicit = inner.take(context(0), "the time stamp's text").fields("the content", context(0))
    text = explicit.take(OCTETS, "the time stamp's text").content
    explicit.end()
    inner.end()
    carried = data.optional(context(0))
    data.optional(context(1))
    signers = data.take(SET, "the signature").parts()
    data.end()
    if len(signers) != 1:
        raise outer.fail(f"has {len(signers)} signatures; a time stamp has one")
    return Token(
        der=outer.whole,
        certificates=tuple(part.whole for part in carried.parts()) if carried else (),
        info=text,
        signer=read_signer(signers[0]),
        **_info(node(text, outer.where)),
    )


def _info(whole: Node) -> dict[str, Any]:
    """The members of a token that stand in its ``TSTInfo``."""
    info = whole.fields("the time stamp's text")
    if info.take(INTEGER, "the version").integer("the version") != 1:
        raise whole.fail("is a time stamp of another version than 1")
    policy = info.take(OID, "the policy").oid("the policy")
    imprint = info.take(SEQUENCE, "the imprint").fields("the imprint")
    algorithm = algorithm_of(imprint.take(SEQUENCE, "the imprint's algorithm"), "the imprint's algorithm")
    digest = imprint.take(OCTETS, "the imprint").content
    imprint.end()
    serial = info.take(INTEGER, "the serial number").integer("the serial number")
    when = _moment(info.take(GENERAL_TIME, "the time"))
    accuracy = _accuracy(info.optional(SEQUENCE))
    info.optional(BOOLEAN)
    nonce = info.optional(INTEGER)
    info.optional(context(0))
    _check_extensions(info.optional(context(1)))
    info.end()
    if accuracy >= _DAY:
        raise whole.fail("claims an accuracy of a day or more, which dates nothing")
    if algorithm == SHA1_OID:
        raise whole.fail("dates a SHA-1 digest, which is no longer safe; ask for SHA-256")
    try:
        times = [time_text(second) for second in (ceil(when + accuracy), floor(when - accuracy), floor(when))]
    except PlanError as error:
        raise whole.fail("has a time that is not from year 1 to 9999") from error
    return {
        "time": times[0],
        "earliest": times[1],
        "issued": times[2],
        "policy": policy,
        "serial": serial,
        "imprint_algorithm": HASHES.get(algorithm, algorithm),
        "imprint": digest,
        "nonce": None if nonce is None else nonce.integer("the nonce"),
    }


def _moment(when: Node) -> Fraction:
    """Seconds since 1970."""
    found = _WHEN.fullmatch(when.content)
    try:
        if found:
            moment = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            fraction = found[2] or b"0"
            whole = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
            return whole + Fraction(int(fraction), 10 ** len(fraction))
    except ValueError:
        pass
    raise when.fail("has a time that is not a real one in UTC with at most 12 decimals")


def _accuracy(found: Node | None) -> Fraction:
    """Seconds; nothing said is nothing added."""
    if found is None:
        return Fraction(0)
    parts = found.fields("the accuracy")
    total = Fraction(0)
    for tag, unit in ((INTEGER, 1), (context(0, constructed=False), 1000), (context(1, constructed=False), 10**6)):
        part = parts.optional(tag)
        if part is not None:
            amount = Node(INTEGER, part.content, part.whole, part.where).integer("the accuracy")
            if amount < 0 or (unit > 1 and amount > 999):
                raise part.fail("has an accuracy that is out of range")
            total += Fraction(amount, unit)
    parts.end()
    return total


def _check_extensions(found: Node | None) -> None:
    for part in found.parts() if found else ():
        extension = part.fields("an extension")
        name = extension.take(OID, "an extension's name").oid("an extension's name")
        if extension.optional(BOOLEAN):
            raise part.fail(f"has a critical extension that is not understood ({name})")
