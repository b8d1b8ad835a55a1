"""Plan files on disk; their format is :mod:`dblrandom.model.planfile`'s."""

from __future__ import annotations

import os

from dblrandom.adapters.files import read_bytes, write_atomic
from dblrandom.errors import PlanError
from dblrandom.model import Plan, planfile

__all__ = ["load_plan", "save_plan"]


def load_plan(path: str | os.PathLike[str]) -> Plan:
    """Read a plan from a TOML file.

    Raises:
        PlanError: it is not TOML, or not a plan; the message names the file, the table and the key.
        FolderError: the file cannot be read.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(f"it is not UTF-8 (byte {error.start}); save it as UTF-8", where=str(path)) from error
    return planfile.loads(text, str(path))


def save_plan(plan: Plan, path: str | os.PathLike[str]) -> None:
    """Write a plan as a TOML file that :func:`load_plan` reads back as an equal plan.

    Raises:
        FolderError: the file cannot be written.
    """
    write_atomic(path, planfile.dumps(plan).encode())
