"""How much room a receipt has, and what values take of it (docs/spec, sections 1 and 6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import attrs

from dblrandom.kernel.canonical import MAX_BYTES, MAX_VALUES
from dblrandom.kernel.dsse import PAYLOAD_TYPE
from dblrandom.kernel.schemes import KEY_SIZES
from dblrandom.model import LARGEST_INTEGER, Json

if TYPE_CHECKING:
    from dblrandom.drawing.commitment import Commitment

__all__ = ["COMMA", "Size", "limits", "text_size"]

_NAME = "n" * 64
_HEX = "0" * 64
_SIGNATURES = {"ed25519": 88, "ml-dsa-44": 3228, "sm2": 96}
_MOST_SIGNATURES = 64


@attrs.frozen
class Size:
    """What something takes of a document: bytes of canonical JSON, and values."""

    bytes: int
    values: int

    def __add__(self, other: Size) -> Size:
        return Size(self.bytes + other.bytes, self.values + other.values)

    def times(self, count: int) -> Size:
        """So many of it."""
        return Size(self.bytes * count, self.values * count)

    @classmethod
    def of(cls, value: Json) -> Size:
        """The size of a value, without what separates it from the next."""
        return cls(len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()), _values(value))


def _values(value: Json) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_values, inner))


COMMA = Size(1, 0)


def text_size(data: bytes) -> int:
    """The bytes of a text as canonical JSON has it, its quotes too; for text without control characters."""
    return len(data) + 2 + data.count(b'"') + data.count(b"\\")


def limits(commitment: Commitment) -> Size:
    """What a body may take at most: the envelope is the narrower bound, with every declared key among its signers."""
    head: dict[str, Json] = {
        "body": {},
        "ceremony": _NAME,
        "previous": _HEX,
        "sequence": LARGEST_INTEGER,
        "time": "0000-00-00T00:00:00Z",
        "type": "substitution",
    }
    declared = {signer.public_key: signer.algorithm for signer in commitment.signers}
    signatures = sorted((_SIGNATURES[a] for a in declared.values() if a in KEY_SIZES), reverse=True)[:_MOST_SIGNATURES]
    around: dict[str, Json] = {
        "payload": "",
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": _HEX, "sig": "A" * length} for length in signatures],
    }
    payload = (MAX_BYTES - Size.of(around).bytes) // 4 * 3
    # A sealed body has a blind as well.
    outside = Size.of(head) + Size.of({"blind": _HEX})
    return Size(payload - outside.bytes, MAX_VALUES - outside.values)
