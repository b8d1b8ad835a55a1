"""Hash suites, and the lines of text that are hashed (docs/spec, section 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

import attrs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from dblrandom.errors import InputError

__all__ = ["SHA256", "SM3", "SUITES", "Suite", "lines", "suite_named"]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    try:
        context = hashes.Hash(hashes.SM3())
    except UnsupportedAlgorithm as error:
        raise InputError(
            "SM3 is not offered by the OpenSSL that this installation of cryptography uses; install one that has it",
            where="suite 'sm3'",
        ) from error
    context.update(data)
    return context.finalize()


@attrs.frozen
class Suite:
    """A hash function of 32 bytes, as a ceremony names it.

    Two suites of one name are one suite: a ceremony's receipts state the name only.
    """

    name: str
    hash: Callable[[bytes], bytes] = attrs.field(eq=False, repr=False)
    """``hash(data)`` is the digest of ``data``, 32 bytes."""

    def hexhash(self, data: bytes) -> str:
        """The digest of ``data`` in lower-case hex, 64 characters."""
        return self.hash(data).hex()


SHA256 = Suite("sha256", _sha256)
"""SHA-256 (FIPS 180-4), the usual suite."""

SM3 = Suite("sm3", _sm3)
"""SM3 (GB/T 32905-2016)."""

SUITES: Mapping[str, Suite] = MappingProxyType({suite.name: suite for suite in (SHA256, SM3)})
"""Every suite of the specification, by name."""


def suite_named(name: object, where: str = "suite") -> Suite:
    """The suite of that name.

    Raises:
        InputError: there is none.
    """
    if not isinstance(name, str) or name not in SUITES:
        raise InputError(f"{name!r} is not a suite; the suites are {' and '.join(SUITES)}", where=where)
    return SUITES[name]


def lines(*texts: str) -> bytes:
    """The texts as UTF-8 lines, each ended by one LF, the last one too.

    Raises:
        InputError: a text that has a line break of its own or is not Unicode.
    """
    for text in texts:
        if "\n" in text:
            raise InputError(f"{text!r} has a line break; a hashed line is one line", where="hashed lines")
    try:
        return "".join(f"{text}\n" for text in texts).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("a lone surrogate is not text; remove it", where="hashed lines") from error
