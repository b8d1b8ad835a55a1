"""Fingerprints that nobody can prepare two texts for: under a key that is fresh and told to nobody."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.hazmat.primitives.poly1305 import Poly1305

__all__ = ["FINGERPRINT_BYTES", "Fingerprints"]

FINGERPRINT_BYTES = 16


class Fingerprints:
    """Poly1305 (RFC 8439, section 2.5), to compare two readings of what others wrote; nothing of it is ever written.

    For texts that were chosen without the key, the chance that two of them have one fingerprint is at most their length
    in bytes divided by 2^106.

    Args:
        key: 32 bytes from the system, drawn for this comparison; neither it nor a fingerprint leaves the process.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, parts: Iterable[bytes | memoryview]) -> bytes:
        """The fingerprint of the parts as one text; where they end is not part of it."""
        made = Poly1305(self._key)
        for part in parts:
            made.update(part)
        return made.finalize()
