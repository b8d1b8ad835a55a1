"""The two small alphabets of the protocol, names and lower-case hex (docs/spec, section 1)."""

from __future__ import annotations

import re

from dblrandom.model.names import NAME, ROSTER_NAME

__all__ = ["is_hex", "is_name", "is_task_id"]

_HEX = re.compile(r"(?:[0-9a-f]{2})+")


def is_name(text: object) -> bool:
    """Whether ``text`` is a name: 1 to 64 of ``a-z 0-9 . _ -``."""
    return isinstance(text, str) and NAME.fullmatch(text) is not None


def is_task_id(text: object) -> bool:
    """Whether ``text`` is a task id, or a roster's name: a name that may have ``A-Z`` too (sections 1 and 6)."""
    return isinstance(text, str) and ROSTER_NAME.fullmatch(text) is not None


def is_hex(text: object, length: int | None = None) -> bool:
    """Whether ``text`` is lower-case hex of whole bytes (at least one), of ``length`` characters where given."""
    return isinstance(text, str) and (length is None or len(text) == length) and _HEX.fullmatch(text) is not None
