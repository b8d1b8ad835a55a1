"""JSON files that people pass around: declarations, manifests, proofs. They need not be canonical, only unambiguous."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dblrandom.adapters.files import read_bytes
from dblrandom.errors import CanonicalError
from dblrandom.kernel.canonical import check_bounds, decode, encode
from dblrandom.model import Json

__all__ = ["read_json", "read_member"]


def read_json(path: Path) -> Json:
    """Read a JSON file.

    Raises:
        CanonicalError: it is not JSON, or holds what canonical JSON cannot: a key twice, a fraction.
        FolderError: it cannot be read.
    """
    where = str(path)
    data = read_bytes(path)
    check_bounds(data, where)
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=lambda pairs: _members(pairs, where))
    except ValueError as error:
        raise CanonicalError(f"not JSON that can be used: {error}", where=where) from error
    return decode(encode(value, where), where)


def read_member(path: Path, name: str) -> Json:
    """Read a JSON file that is a thing itself, or what a command with ``--json`` printed around it."""
    value = read_json(path)
    return value[name] if isinstance(value, dict) and name in value else value


def _members(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CanonicalError("a key occurs twice; keep one", where=where)
    return found
