"""The exit codes; the help and the documentation are made from this table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["DONE", "ERROR", "EXITS", "FAILED", "INTERRUPTED", "UNDECIDED"]

DONE = 0
FAILED = 1
ERROR = 2
UNDECIDED = 3
INTERRUPTED = 130

EXITS: Mapping[int, str] = MappingProxyType(
    {
        DONE: "done, or verified",
        FAILED: "a verification failed: evidence was checked and does not hold; nothing else gives this code",
        ERROR: "wrong usage or another error; nothing was half written",
        UNDECIDED: "undecided: a value is not public yet, there is no draw yet, or what decides could not be checked",
        INTERRUPTED: "interrupted, such as by Ctrl-C; the next step finishes or undoes what was begun",
    }
)
"""Every exit code and its meaning."""
