"""Whether a clock may be believed: it is held against the seconds that pass whatever is done to it.

The two are compared over hours, not from one look to the next: a clock that is pushed by a little, often enough, is
as wrong as one that jumps. The comparison outlives the process, as long as the machine is not started anew.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from attrs import field, frozen

from dblrandom.adapters.files import read_bytes, write_atomic
from dblrandom.errors import InputError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.model import Reader, time_seconds, time_text

__all__ = ["BASELINE_NAME", "ClockGuard", "allowed_ahead", "boot_id", "steady_seconds"]

BASELINE_NAME = "secrets/clock.json"
"""Where the operator's folder keeps what the clock is held against."""

_STEP = 5
_MILLIONTHS = 300
_MOST = 60
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BOOT = re.compile("[0-9a-f-]{36}")
_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
_FAR = 1 << 53


def steady_seconds() -> int:
    """Seconds that have passed since some moment, whatever is done to the clock; with those asleep where possible."""
    nanoseconds = time.monotonic_ns() if _BOOT_CLOCK is None else time.clock_gettime_ns(_BOOT_CLOCK)
    return nanoseconds // 10**9


def boot_id() -> str | None:
    """What tells this start of the machine from others, or ``None`` where the system does not say."""
    try:
        text = _BOOT_ID.read_text("ascii").strip()
    except (OSError, UnicodeError):
        return None
    return text if _BOOT.fullmatch(text) else None


def allowed_ahead(elapsed: int) -> int:
    """By how many seconds a clock may be ahead after so many seconds: 5, and 300 millionths, and never over 60."""
    return min(_STEP + max(elapsed, 0) * _MILLIONTHS // 10**6, _MOST)


@frozen(kw_only=True)
class ClockGuard:
    """A moment at which the clock was believed.

    Attributes:
        wall: what the clock said, in seconds since 1970.
        steady: what had passed by the steady seconds.
        boot: which start of the machine these are of; ``None`` where that is not known.
        resumed: whether it was kept by an earlier process.
    """

    wall: int
    steady: int
    boot: str | None
    resumed: bool = field(default=False, eq=False)

    @classmethod
    def begin(
        cls,
        folder: Path,
        now: str,
        *,
        steady: Callable[[], int] = steady_seconds,
        boot: str | None,
        checked: bool = False,
    ) -> Self:
        """Take up what is kept in the operator's folder for this start of the machine, or begin and keep it.

        Args:
            folder: the operator's folder.
            now: what the clock says.
            steady: seconds that only ever pass.
            boot: :func:`boot_id`; where it is ``None``, nothing is kept and nothing is taken up.
            checked: the operator has made sure that the clock is right: begin anew.

        Raises:
            InputError: what is kept is damaged, or cannot be true.
            FolderError: it cannot be read or written.
        """
        passed = steady()
        fresh = cls(wall=time_seconds(now), steady=passed, boot=boot)
        if boot is None or not (folder / "secrets").is_dir():
            return fresh
        path = folder / BASELINE_NAME
        known = None if checked or not os.path.lexists(path) else cls._read(path)
        if known is not None and known.boot == boot:
            if known.steady > passed:
                raise InputError(f"is of a later moment than this one; {_ADVICE}", where=str(path))
            return known
        write_atomic(path, encode({"boot": boot, "steady": fresh.steady, "time": now}), 0o600)
        return fresh

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            reader = Reader(
                decode(read_bytes(path), str(path)), str(path), ("boot", "steady", "time"), error=InputError
            )
            steady = reader.whole("steady")
            if not _BOOT.fullmatch(reader.text("boot")) or not 0 <= steady < _FAR:
                raise InputError("is no start of a machine", where=str(path))
            return cls(wall=time_seconds(reader.text("time")), steady=steady, boot=reader.text("boot"), resumed=True)
        except InputError as error:
            raise InputError(f"{error}; {_ADVICE}") from error

    def ahead(self, now: str, steady: int) -> int:
        """By how many seconds the clock is ahead of what has really passed; below zero where it is behind."""
        return time_seconds(now) - self.wall - (steady - self.steady)

    def too_far(self, now: str, steady: int) -> bool:
        """Whether the clock is so far ahead that nothing may be revealed by it."""
        return self.ahead(now, steady) > allowed_ahead(steady - self.steady)

    def truly(self, steady: int) -> str:
        """What time it is by the seconds that have passed."""
        return time_text(self.wall + steady - self.steady)

    def complaint(self, now: str, steady: int) -> str:
        """What is wrong where :meth:`too_far`, for people."""
        return (
            f"the clock jumped ahead by {self.ahead(now, steady)} s of what has really passed since "
            f"{time_text(self.wall)}, to {now}; nothing is revealed until it is set back; {_ADVICE}"
        )


_ADVICE = "if you have made sure that this machine's clock is right, run the command again with --clock-checked"
