"""Commands that write several files: all of them, or none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dblrandom.cli.options import distinct
from dblrandom.errors import FolderConflict, FolderMissing

__all__ = ["fresh", "together"]


def fresh(**given: Path | None) -> None:
    """Refuse files that cannot be made, before anything is: one that is there, one twice, one without its folder.

    Args:
        given: the file of each option, by the option's name.

    Raises:
        UsageError: two options name one file.
        FolderError: something is there already, or there is no folder for it.
    """
    distinct(**given)
    for path in given.values():
        if path is None:
            continue
        if os.path.lexists(path):
            told = f"{path}: exists already and is not overwritten; choose another name"
            raise FolderConflict(told, code="file.exists")
        if not path.parent.is_dir():
            raise FolderMissing(f"{path}: there is no folder {path.parent}; make it first", code="file.none")


@contextmanager
def together() -> Iterator[list[str]]:
    """Remove the files that were written, where a later one cannot be; whoever writes one adds it to the list."""
    written: list[str] = []
    try:
        yield written
    except BaseException:
        for path in written:
            with suppress(OSError):
                Path(path).unlink()
        raise
