"""Asking time-stamp authorities, over HTTP or by files that are carried, and what a receipt keeps of their answers.

An authority gets a SHA-256 digest and nothing else: no name, no roster, no receipt (docs/dates.md).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol

from dblrandom import limits
from dblrandom.adapters.files import read_bytes, write_new
from dblrandom.adapters.randomness import random_bytes
from dblrandom.errors import KeyFileError
from dblrandom.kernel.dsse import b64decode, b64encode
from dblrandom.kernel.timestamps import (
    MAX_TOKEN_BYTES,
    Token,
    certificates_from_pem,
    make_request,
    order_chain,
    read_token,
)

__all__ = ["Poster", "fetch", "from_entry", "gather_chain", "read_response", "request", "to_entry", "write_request"]

_MOST_PEM_BYTES = limits.PEM_BYTES


class Poster(Protocol):
    """What sends a request: :class:`dblrandom.adapters.network.http.Client`, or a stand-in for it."""

    def post(self, url: str, data: bytes, *, content_type: str, limit: int) -> bytes:
        """The body of the answer."""


def request(payload_sha256: bytes, nonce: int | None = None) -> bytes:
    """The request for a token over a receipt's payload, as ``openssl ts -query -digest`` makes it.

    Without a nonce it is the same bytes whoever makes it. A request that is carried by hand needs none: an older token
    over the same payload would only be the better one.

    Raises:
        KeyFileError: the digest is not 32 bytes, or the nonce is not from 0 to 2^64-1.
    """
    return make_request(payload_sha256, nonce)


def write_request(path: str | os.PathLike[str], payload_sha256: bytes) -> None:
    """Write a request into a new file (``.tsq``), to be carried to an authority.

    Raises:
        FolderError: something is there already, or the place cannot be written.
    """
    write_new(path, request(payload_sha256), 0o644)


def fetch(url: str, payload_sha256: bytes, client: Poster) -> bytes:
    """Ask an authority for a token over a receipt's payload (RFC 3161 section 3.4); returns the token, unverified.

    Raises:
        NetworkError: no answer came.
        KeyFileError: the authority refused, or the answer is no token, is for another digest or for another request.
    """
    nonce = int.from_bytes(random_bytes(8), "big")
    query = request(payload_sha256, nonce)
    answer = client.post(url, query, content_type="application/timestamp-query", limit=MAX_TOKEN_BYTES)
    token = read_token(answer, "the authority's answer")
    if token.nonce != nonce:
        raise KeyFileError("is for another request (its nonce differs); ask again", where="the authority's answer")
    if token.imprint != payload_sha256:
        raise KeyFileError("dates another digest than was asked for; ask again", where="the authority's answer")
    return token.der


def read_response(path: str | os.PathLike[str]) -> bytes:
    """Read the token in an authority's response (``.tsr``), or a token by itself; unverified.

    Raises:
        FolderError: the file cannot be read.
        KeyFileError: it holds no token, or a refusal.
    """
    return read_token(read_bytes(path, MAX_TOKEN_BYTES), os.fspath(path)).der


def gather_chain(token: Token, files: Sequence[str | os.PathLike[str]]) -> tuple[bytes, ...]:
    """The token's whole chain in DER, the authority's own certificate first, from the token and from PEM files.

    Raises:
        FolderError: a file cannot be read.
        KeyFileError: a file holds no certificates, or one is missing; the message says whose.
    """
    given = [der for path in files for der in certificates_from_pem(read_bytes(path, _MOST_PEM_BYTES), os.fspath(path))]
    return order_chain(token, given)


def to_entry(token: bytes, certificates: Sequence[bytes]) -> dict[str, Any]:
    """A token and its chain as a receipt carries them (docs/spec/timestamps.md)."""
    return {"token": b64encode(token), "certificates": [b64encode(der) for der in certificates]}


def from_entry(entry: Any, where: str = "token") -> tuple[bytes, tuple[bytes, ...]]:
    """The bytes of a token and of its chain from what a receipt carries.

    Raises:
        KeyFileError: it is not an object of ``token`` and ``certificates``.
        ReceiptError: a text is not base64.
    """
    match entry:
        case {"token": str(token), "certificates": [*chain]} if all(isinstance(der, str) for der in chain):
            return b64decode(token, where), tuple(b64decode(str(der), where) for der in chain)
    raise KeyFileError("is not a token with its certificates", where=where)
