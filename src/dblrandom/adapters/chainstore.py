"""The operator's side of a hash chain, the beacon that an office can run itself (docs/spec, section 3).

A folder holds the public ``chain.json`` and ``pulses/0000001.json`` and so on, one file for each revealed step, and
the operator's ``secrets/``. The pulses themselves are the only record of what was revealed: there is no counter that
could disagree with them, and a crash leaves the pulses up to some step, which is a lawful state.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Self

from attrs import frozen

from dblrandom.adapters.files import create, os_failure, read_bytes, sync_directory, sync_file
from dblrandom.adapters.journal import Change, apply, recover
from dblrandom.adapters.lock import FolderLock
from dblrandom.adapters.secretfiles import read_secret, secret_file
from dblrandom.beacons.hashchain import ChainSchedule
from dblrandom.errors import EntropyError, FolderError, InputError, NotYetPublic, StepError, VerificationError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.entropy import chain_ahead, chain_step
from dblrandom.kernel.suite import Suite, suite_named
from dblrandom.model import Json, Reader
from dblrandom.model.names import check_hex, check_time

__all__ = ["ChainInfo", "Pulse", "init", "read_info", "read_pulse", "tick", "verify"]

_INFO = "chain.json"
_PULSES = "pulses"
_SEED = "secrets/chain.seed"
_MARKS = "secrets/chain.marks"
_STAGED = "secrets/pulse.new"
_NAME = re.compile(r"[0-9]{7}\.json")
_LIMIT = 4096
# Values this many steps apart are kept beside the seed, so that a tick does not hash the whole chain again.
_MARK_EVERY = 1000
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


def init(
    folder: str | os.PathLike[str],
    *,
    length: int,
    genesis: str,
    period: int,
    operator_keyid: str,
    suite: Suite,
    seed32: bytes,
) -> ChainInfo:
    """Make a new chain of ``length`` steps from 32 secret bytes; all its files appear together or none does.

    Raises:
        EntropyError: a length, period, genesis, key id or seed that a chain cannot have.
        FolderError: there is a chain already, or the folder cannot be written.
    """
    place = Path(folder)
    schedule = ChainSchedule(genesis, period, length)
    marks = [seed32]
    chain_ahead(suite, seed32, 0)
    for step in range(_last_mark(length), -1, -_MARK_EVERY):
        above = min(step + _MARK_EVERY, length)
        marks.append(chain_ahead(suite, marks[-1], above - step))
    tip = marks.pop()
    info = ChainInfo(suite=suite, tip=tip.hex(), schedule=schedule, operator=operator_keyid)
    with os_failure(place, "make the chain's folder"):
        place.mkdir(parents=True, exist_ok=True)
    with FolderLock(place):
        recover(place)
        if os.path.lexists(place / _INFO) or os.path.lexists(place / _SEED) or os.path.lexists(place / _PULSES):
            raise FolderError(f"{place}: holds a chain already; choose another folder")
        apply(
            place,
            {
                _INFO: Change(encode(info.to_json())),
                _SEED: Change(secret_file(seed32), 0o600),
                _MARKS: Change("".join(f"{mark.hex()}\n" for mark in reversed(marks[1:])).encode("ascii"), 0o600),
            },
        )
    return info


def read_info(folder: str | os.PathLike[str]) -> ChainInfo:
    """Read ``chain.json``.

    Raises:
        FolderError: there is none that can be read.
        InputError: it is not canonical, or a member is wrong.
    """
    path = Path(folder) / _INFO
    return ChainInfo.from_json(decode(read_bytes(path, _LIMIT), str(path)), str(path))


def read_pulse(folder: str | os.PathLike[str], step: int) -> Pulse:
    """Read one revealed step; that its value leads to the tip is for the beacon's rules to check.

    Raises:
        NotYetPublic: the step is one of the chain's and has not been revealed, saying when it is due.
        FolderError: the file cannot be read.
        InputError: there is no such step, the file is not canonical, or it is another step or another chain's.
    """
    info = read_info(folder)
    due = info.schedule.time_of(step)
    if step == 0:
        raise EntropyError("step 0 is the tip itself and has no pulse; ask for 1 or more", where=str(folder))
    path = _pulse_path(Path(folder), step)
    if not os.path.lexists(path):
        raise NotYetPublic(f"{path}: step {step} has not been revealed; it is due at {due}")
    return _read_pulse(path, info, step)


def tick(folder: str | os.PathLike[str], now: str) -> list[Pulse]:
    """Reveal, in order, every step that is due at ``now`` and has not been revealed; return them.

    Raises:
        NotYetPublic: nothing is due, saying when the next step is.
        StepError: ``now`` is before a step that is revealed already, so that the clock is wrong; or none is left.
        FolderError: the folder cannot be read or written, its secrets do not belong to it, or another process is
            at work in it.
        InputError: a file of the chain is malformed.
    """
    place = Path(folder)
    with FolderLock(place):
        recover(place)
        info = read_info(place)
        last = _last_revealed(place, info)
        due = info.schedule.due(now)
        if last and due < last:
            raise StepError(
                f"{place}: the clock says {now}, but step {last}, due at {info.schedule.time_of(last)}, is revealed "
                "already; nothing was revealed: set the clock right"
            )
        if last == info.schedule.length:
            raise StepError(f"{place}: all {last} steps are revealed; make a new chain")
        if due == last:
            raise NotYetPublic(f"{place}: step {last + 1} is due at {info.schedule.time_of(last + 1)}")
        return _reveal(place, info, last, due)


def verify(folder: str | os.PathLike[str]) -> tuple[ChainInfo, int]:
    """Check every pulse of a chain and return what it is and the last revealed step (0 for none).

    Needs no secret, so that anyone can do it with a copy of the public files.

    Raises:
        VerificationError: naming the pulse that is missing, does not belong here or does not lead to the tip.
        FolderError: the folder cannot be read.
        InputError: ``chain.json`` is malformed.
    """
    place = Path(folder)
    info = read_info(place)
    try:
        last = _count(place)
    except FolderError as error:
        raise VerificationError("hashchain", str(error), where=_PULSES) from error
    before = info.tip
    for step in range(1, last + 1):
        path = _pulse_path(place, step)
        where = f"{_PULSES}/{path.name}"
        try:
            pulse = _read_pulse(path, info, step)
        except InputError as error:
            raise VerificationError("hashchain", str(error), where=where) from error
        if chain_step(info.suite, bytes.fromhex(pulse.value)).hex() != before:
            raise VerificationError("hashchain", "its value does not lead to the value before it", where=where)
        before = pulse.value
    return info, last


def _pulse_path(place: Path, step: int) -> Path:
    return place / _PULSES / f"{step:07d}.json"


def _count(place: Path) -> int:
    """How many pulses there are; their names must be those of the first steps, without gaps and extra files."""
    if not os.path.lexists(place / _PULSES):
        return 0
    if os.path.islink(place / _PULSES):
        raise FolderError(f"{place / _PULSES}: is a symbolic link; put the directory itself there")
    with os_failure(place / _PULSES, "list it"):
        names = os.listdir(place / _PULSES)
    for name in names:
        if _NAME.fullmatch(name) is None or name == "0000000.json":
            raise FolderError(f"{place / _PULSES}: holds {name!r}, which is no pulse; remove it")
    # Names are distinct and at least 1: the greatest equals their number only where none is missing.
    if names and int(max(names)[:7]) != len(names):
        present = set(names)
        gap = next(step for step in range(1, len(names) + 1) if f"{step:07d}.json" not in present)
        raise FolderError(f"{place / _PULSES}: step {gap} is missing before {max(names)}; restore it from a copy")
    return len(names)


def _read_pulse(path: Path, info: ChainInfo, step: int) -> Pulse:
    pulse = Pulse.from_json(decode(read_bytes(path, _LIMIT), str(path)), str(path))
    if pulse.tip != info.tip or pulse.step != step:
        raise EntropyError(f"is not step {step} of the chain with the tip {info.tip}", where=str(path))
    if pulse.time != info.schedule.time_of(step):
        raise EntropyError(f"says {pulse.time}; step {step} is due at {info.schedule.time_of(step)}", where=str(path))
    return pulse


def _last_revealed(place: Path, info: ChainInfo) -> int:
    last = _count(place)
    if last > info.schedule.length:
        raise FolderError(f"{place / _PULSES}: holds more pulses than the chain has steps; restore it from a copy")
    return last


def _last_mark(length: int) -> int:
    """The highest step below ``length`` whose value is kept as a mark; 0, the tip, where the chain is short."""
    return (length - 1) // _MARK_EVERY * _MARK_EVERY


def _reveal(place: Path, info: ChainInfo, last: int, due: int) -> list[Pulse]:
    values = [_value_of(place, info, due)]
    for _ in range(due - last):
        values.append(chain_step(info.suite, values[-1]))
    before = bytes.fromhex(_read_pulse(_pulse_path(place, last), info, last).value if last else info.tip)
    if values.pop() != before:
        raise FolderError(f"{place / 'secrets'}: these secrets do not lead to the chain's last pulse; restore them")
    pulses = []
    with os_failure(place / _PULSES, "write a pulse"):
        os.makedirs(place / _PULSES, exist_ok=True)
        sync_directory(place)
        for step, value in enumerate(reversed(values), start=last + 1):
            pulse = Pulse(tip=info.tip, step=step, value=value.hex(), time=info.schedule.time_of(step))
            _publish(place, pulse)
            pulses.append(pulse)
    return pulses


def _value_of(place: Path, info: ChainInfo, step: int) -> bytes:
    """The value of a step, hashed from the nearest mark above it, or from the seed."""
    length = info.schedule.length
    mark = -(-step // _MARK_EVERY) * _MARK_EVERY
    path = place / _MARKS
    # The marks follow from the seed: an operator who lost them is slower, not stuck.
    if mark > _last_mark(length) or not os.path.lexists(path):
        return chain_ahead(info.suite, bytes.fromhex(read_secret(place / _SEED)), length - step)
    lines = read_bytes(path, 65 * (_last_mark(length) // _MARK_EVERY), private=True).split(b"\n")
    try:
        value = bytes.fromhex(lines[mark // _MARK_EVERY - 1].decode("ascii"))
    except (IndexError, ValueError) as error:
        raise FolderError(f"{path}: is damaged; restore it from a copy") from error
    if len(value) != 32:
        raise FolderError(f"{path}: is damaged; remove it, the seed alone will do")
    return chain_ahead(info.suite, value, mark - step)


def _publish(place: Path, pulse: Pulse) -> None:
    # Staged outside of pulses/, where after a crash it would look like a pulse that nobody can explain.
    staged = place / _STAGED
    with suppress(FileNotFoundError):
        os.unlink(staged)
    create(staged, encode(pulse.to_json()), 0o644)
    sync_file(staged)
    os.replace(staged, _pulse_path(place, pulse.step))
    sync_directory(place / _PULSES)
