"""JSON files that people pass around: declarations, manifests, proofs. They need not be canonical, only unambiguous."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from dblrandom.adapters.files import read_bytes
from dblrandom.kernel.canonical import decode_any_layout
from dblrandom.model import Json

__all__ = ["read_json", "read_member"]


def read_json(path: Path) -> Json:
    """Read a JSON file.

    Raises:
        CanonicalError: it is not JSON, or holds what canonical JSON cannot: a key twice, a fraction, ``-0``. A byte
            order mark at its beginning is passed over.
        FolderError: it cannot be read.
    """
    return decode_any_layout(read_bytes(path).removeprefix(BOM_UTF8), str(path))


def read_member(path: Path, name: str) -> Json:
    """Read a JSON file that is a thing itself, or what a command with ``--json`` printed around it."""
    value = read_json(path)
    return value[name] if isinstance(value, dict) and name in value else value
