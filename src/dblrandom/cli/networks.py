"""How a drand network is named on the command line: by the library's name for it, or by a file with its info."""

from __future__ import annotations

from pathlib import Path

from dblrandom.beacons.drandchain import ChainInfo, profile_named
from dblrandom.cli.jsonfile import read_json

__all__ = ["network"]


def network(text: str) -> ChainInfo:
    """The network ``quicknet`` or ``default``, or the one that a relay's info in a file describes.

    Raises:
        EntropyError: the library knows no such network, or the file is no network's info.
        FolderError: the file cannot be read.
    """
    if text.endswith(".json") or "/" in text:
        return ChainInfo.from_json(read_json(Path(text)), text)
    return profile_named(text)
