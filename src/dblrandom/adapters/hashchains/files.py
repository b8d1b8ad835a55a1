"""The public files of a hash chain: ``chain.json``, and ``pulses/0000001.json`` and so on (docs/spec, section 3).

They are all that a copy of a chain consists of. The pulses themselves are the only record of what was revealed: there
is no counter that could disagree with them, and a crash leaves the pulses up to some step, which is a lawful state.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from attrs import frozen

from dblrandom import limits
from dblrandom.adapters.files import create, make_directory, os_failure, read_bytes, sync_directory, sync_file
from dblrandom.beacons.hashchain import ChainSchedule
from dblrandom.errors import EntropyError, FolderError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.suite import Suite, suite_named
from dblrandom.model import Json, Reader, time_seconds
from dblrandom.model.names import check_hex, check_time
from dblrandom.model.progress import tracked

__all__ = [
    "INFO_NAME",
    "LIMIT",
    "PULSES_NAME",
    "ChainInfo",
    "Pulse",
    "count_pulses",
    "load_pulse",
    "pulse_path",
    "read_info",
    "write_pulses",
]

INFO_NAME = "chain.json"
"""The file that says what the chain is."""

PULSES_NAME = "pulses"
"""The directory with one file for each revealed step."""

LIMIT = limits.CHAIN_FILE_BYTES
"""The most bytes that one of these files may have."""

_STAGED = "pulse.new"
_NAME = re.compile(r"[0-9]{7}\.json")
_INFO_MEMBERS = ("genesis", "length", "operator", "period", "suite", "tip")
_PULSE_MEMBERS = ("step", "time", "tip", "value")


@frozen(kw_only=True)
class ChainInfo:
    """What everybody may know of a chain.

    Attributes:
        suite: whose hash makes the steps.
        tip: step 0, 64 lower-case hex characters; it names the chain.
        schedule: when each step becomes public.
        operator: the key id of who runs it, 64 lower-case hex characters.

    Raises:
        EntropyError: naming the member.
    """

    suite: Suite
    tip: str
    schedule: ChainSchedule
    operator: str

    def __attrs_post_init__(self) -> None:
        check_hex(self.tip, 64, "chain.tip", error=EntropyError)
        check_hex(self.operator, 64, "chain.operator", error=EntropyError)

    def step_at(self, time: str, where: str = "chain") -> int:
        """The first step, from 1 on, that becomes public at ``time`` or later; ``where`` is for messages.

        Raises:
            EntropyError: the chain has none so late.
        """
        check_time(time, "time", error=EntropyError)
        wait = time_seconds(time) - time_seconds(self.schedule.genesis)
        step = max(1, -(-wait // self.schedule.period))
        if step > self.schedule.length:
            end = self.schedule.time_of(self.schedule.length)
            raise EntropyError(f"the chain ends at {end}, before {time}; begin a new one", where=where)
        return step

    def to_json(self) -> dict[str, Json]:
        """One flat object: genesis, length, operator, period, suite (its name), tip."""
        return {
            "genesis": self.schedule.genesis,
            "length": self.schedule.length,
            "operator": self.operator,
            "period": self.schedule.period,
            "suite": self.suite.name,
            "tip": self.tip,
        }

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read one flat object strictly.

        Raises:
            InputError: naming the member.
        """
        reader = Reader(value, where, _INFO_MEMBERS, error=EntropyError)
        schedule = ChainSchedule(reader.text("genesis"), reader.whole("period"), reader.whole("length"))
        suite = suite_named(reader.text("suite"), reader.at("suite"))
        return cls(suite=suite, tip=reader.text("tip"), schedule=schedule, operator=reader.text("operator"))


@frozen(kw_only=True)
class Pulse:
    """One revealed step of a chain.

    Attributes:
        tip: the chain's name, 64 lower-case hex characters.
        step: how many steps lead from the value to the tip, at least 1.
        value: 64 lower-case hex characters.
        time: when the step was due, ``YYYY-MM-DDThh:mm:ssZ``; not when it was written.

    Raises:
        EntropyError: naming the member.
    """

    tip: str
    step: int
    value: str
    time: str

    def __attrs_post_init__(self) -> None:
        check_hex(self.tip, 64, "pulse.tip", error=EntropyError)
        check_hex(self.value, 64, "pulse.value", error=EntropyError)
        check_time(self.time, "pulse.time", error=EntropyError)

    def to_json(self) -> dict[str, Json]:
        """One flat object: step, time, tip, value."""
        return {"step": self.step, "time": self.time, "tip": self.tip, "value": self.value}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read one flat object strictly.

        Raises:
            EntropyError: naming the member.
        """
        reader = Reader(value, where, _PULSE_MEMBERS, error=EntropyError)
        step = reader.whole("step", minimum=1)
        return cls(tip=reader.text("tip"), step=step, value=reader.text("value"), time=reader.text("time"))

    def check(self, info: ChainInfo, where: str) -> None:
        """Refuse a pulse that is not of this chain, or is not dated as its schedule says.

        Whether its value leads to the tip is for the beacon's rules.

        Raises:
            EntropyError: saying what differs.
        """
        if self.tip != info.tip:
            raise EntropyError(f"is not a step of the chain with the tip {info.tip}", where=where)
        if self.time != info.schedule.time_of(self.step):
            due = info.schedule.time_of(self.step)
            raise EntropyError(f"says {self.time}; step {self.step} is due at {due}", where=where)


def read_info(folder: str | os.PathLike[str]) -> ChainInfo:
    """Read ``chain.json``.

    Raises:
        FolderError: there is none that can be read.
        InputError: it is not canonical, or a member is wrong.
    """
    path = Path(folder) / INFO_NAME
    return ChainInfo.from_json(decode(read_bytes(path, LIMIT), str(path)), str(path))


def pulse_path(folder: str | os.PathLike[str], step: int) -> Path:
    """Where a step's pulse is, once it is revealed."""
    return Path(folder) / PULSES_NAME / f"{step:07d}.json"


def load_pulse(folder: str | os.PathLike[str], info: ChainInfo, step: int) -> Pulse:
    """Read one pulse's file; that its value leads to the tip is for the beacon's rules to check.

    Raises:
        FolderError: the file cannot be read.
        InputError: it is not canonical, or it is another step or another chain's.
    """
    path = pulse_path(folder, step)
    pulse = Pulse.from_json(decode(read_bytes(path, LIMIT), str(path)), str(path))
    if pulse.step != step:
        raise EntropyError(f"is not step {step} of the chain with the tip {info.tip}", where=str(path))
    pulse.check(info, str(path))
    return pulse


def count_pulses(folder: str | os.PathLike[str], info: ChainInfo) -> int:
    """The last revealed step, 0 for none; the files' names must be those of the first steps, without gaps or others.

    Raises:
        FolderError: naming what is missing, is too much or cannot be listed.
    """
    place = Path(folder) / PULSES_NAME
    if not os.path.lexists(place):
        return 0
    if os.path.islink(place):
        raise FolderError(f"{place}: is a symbolic link; put the directory itself there")
    with os_failure(place, "list it"):
        names = os.listdir(place)
    for name in names:
        if _NAME.fullmatch(name) is None or name == "0000000.json":
            raise FolderError(f"{place}: holds {name!r}, which is no pulse; remove it")
    # Names are distinct and at least 1: the greatest equals their number only where none is missing.
    if names and int(max(names)[:7]) != len(names):
        present = set(names)
        gap = next(step for step in range(1, len(names) + 1) if f"{step:07d}.json" not in present)
        raise FolderError(f"{place}: step {gap} is missing before {max(names)}; restore it from a copy")
    if len(names) > info.schedule.length:
        raise FolderError(
            f"{place}: holds {len(names)} pulses, beyond the chain's {info.schedule.length} steps; "
            "restore it from a copy"
        )
    return len(names)


def write_pulses(folder: str | os.PathLike[str], pulses: Sequence[Pulse]) -> None:
    """Write pulses in the order given, each whole and on the disk before the next; needs the folder's lock.

    Raises:
        FolderError: the folder cannot be written; the pulses before are there.
    """
    place = Path(folder)
    # Staged outside of pulses/, where after a crash it would look like a pulse that nobody can explain.
    staged = place / _STAGED
    with os_failure(place / PULSES_NAME, "write a pulse"):
        make_directory(place / PULSES_NAME)
        sync_directory(place)
        for pulse in tracked(pulses, "writing the chain's steps", len(pulses)):
            with suppress(FileNotFoundError):
                os.unlink(staged)
            create(staged, encode(pulse.to_json()), 0o644)
            sync_file(staged)
            os.replace(staged, pulse_path(place, pulse.step))
            sync_directory(place / PULSES_NAME)
